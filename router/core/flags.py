"""Conduct flags: what was found in agents' messages, and what people say to it (RULES §1, §6).

The one who wrote the message answers for it, whoever holds the session. A flag is judged by the
policy that was in force at the shop when the message was sent: its rule is charged at once, or
waits for a supervisor, who confirms or dismisses it, or is never charged. Readings in favour of
the agent: what was sent outside the service hours is flagged and not charged; what a bot or an
automatic reply said is never charged; what nobody is known to have written neither. A message
that is recalled keeps its flag: it was read.

The allow-list is looked at when a flag is raised, never afterwards: allowing a phrase lifts no
charge by itself. A phrase excuses a finding when it is the matched text itself, or stands around
it in the message ("微信支付" around "微信"), in whatever case.
"""

from __future__ import annotations

from router.core import commands as c
from router.core import ledger
from router.core.facts import FlagConfirmed, FlagDismissed, FlagRaised, PhraseListed
from router.core.inbound import unknown_shop
from router.core.outcome import Rejected
from router.core.policy import in_service
from router.core.records import Allowed, Breach, Flag
from router.core.state import State, pair_key

AROUND = 20
"""Characters on each side of a match in which a phrase of the allow-list is looked for."""


def raise_flag(state: State, command: c.RaiseFlag) -> Rejected | None:
    """Put a finding down, and charge it where the policy says at once.

    The same finding again changes nothing. Refused: `unknown_shop`, `allowed`.
    """
    if refused := unknown_shop(state, command.shop):
        return refused
    if (command.shop, command.buyer, command.flag) in state.flag_ids:
        return None
    if is_allowed(
        state,
        command.rule,
        command.shop,
        command.matched,
        ahead=command.ahead,
        behind=command.behind,
    ):
        return Rejected("allowed", command.matched)
    flag = _put_down(state, command)
    rule = state.rules(flag.shop).at(flag.sent_ms).policy.conduct_rule(flag.rule)
    if rule.charge == "at_once":
        _confirm(state, flag, by="", why="")
    return None


def _put_down(state: State, command: c.RaiseFlag) -> Flag:
    state.counters.flag_no += 1
    proof = {command.offset, *command.evidence, state.offset} - {0}
    flag = Flag(
        id=f"{state.desk.id}-f{state.counters.flag_no}",
        name=command.flag,
        rule=command.rule,
        shop=command.shop,
        buyer=command.buyer,
        session=command.session,
        message=command.message,
        agent=command.agent,
        sub_account=command.sub_account,
        sent_ms=command.sent_ms,
        start=command.start,
        end=command.end,
        matched=command.matched,
        source=command.source,
        detail=command.detail,
        lexicon=command.lexicon,
        raised_ms=state.at_ms,
        proof=sorted(proof),
        automatic=command.by != "human",
    )
    state.flags[flag.id] = flag
    state.flag_ids[flag.shop, flag.buyer, flag.name] = flag.id
    state.changed(flag)
    state.say(
        FlagRaised(
            at_ms=state.at_ms,
            flag=flag.id,
            rule=flag.rule,
            shop=flag.shop,
            buyer=flag.buyer,
            session=flag.session,
            message=flag.message,
            agent=flag.agent,
            sub_account=flag.sub_account,
        )
    )
    return flag


def confirm(state: State, command: c.ConfirmFlag) -> Rejected | None:
    """A supervisor agrees; what the rule costs is charged.

    Refused: `no_such_flag`, `already_confirmed`, `already_dismissed`.
    """
    flag = state.flags.get(command.flag)
    if flag is None:
        return Rejected("no_such_flag", command.flag)
    if flag.state != "open":
        return Rejected(f"already_{flag.state}", flag.id)
    _confirm(state, flag, by=command.supervisor, why=command.why)
    return None


def _confirm(state: State, flag: Flag, *, by: str, why: str) -> None:
    breach = _charge(state, flag)
    flag.state = "confirmed"
    flag.by = by
    flag.why = why
    flag.at_ms = state.at_ms
    flag.breach = breach.id if breach is not None else ""
    state.changed(flag)
    state.say(
        FlagConfirmed(
            at_ms=state.at_ms,
            flag=flag.id,
            rule=flag.rule,
            agent=flag.agent,
            by=by,
            breach=flag.breach,
        )
    )


def _charge(state: State, flag: Flag) -> Breach | None:
    """The breach of a confirmed flag; None where its rule costs nothing."""
    rule = state.rules(flag.shop).at(flag.sent_ms).policy.conduct_rule(flag.rule)
    if rule.charge == "never" or rule.fine_fen <= 0:
        return None
    return ledger.book_breach(
        state,
        rule=flag.rule,
        shop=flag.shop,
        buyer=flag.buyer,
        session=flag.session,
        key=flag.id,
        armed_ms=flag.sent_ms,
        due_ms=flag.sent_ms,
        agent=flag.agent,
        sub_account=flag.sub_account,
        fine_fen=rule.fine_fen,
        uncharged=_uncharged(state, flag),
        proof=(*flag.proof, state.offset),
    )


def _uncharged(state: State, flag: Flag) -> str:
    if flag.automatic:
        return "not_written_by_a_person"
    if not flag.agent:
        return "nobody_is_known_to_have_written_it"
    if not in_service(state.shop(flag.shop).service_hours, flag.sent_ms):
        return "out_of_service_hours"
    return ""


def dismiss(state: State, command: c.DismissFlag) -> Rejected | None:
    """A supervisor disagrees, with a reason; what was charged is taken back.

    Refused: `no_such_flag`, `already_dismissed`, `reason_needed`.
    """
    flag = state.flags.get(command.flag)
    if flag is None:
        return Rejected("no_such_flag", command.flag)
    if flag.state == "dismissed":
        return Rejected("already_dismissed", flag.id)
    if not command.why.strip():
        return Rejected("reason_needed", "who dismisses a flag says why")
    breach = state.breaches.get(flag.breach)
    if breach is not None and not breach.reversed:
        why = f"flag_dismissed:{command.why}"
        ledger.reverse(state, breach, why=why, offset=state.offset, by=command.supervisor)
    flag.state = "dismissed"
    flag.by = command.supervisor
    flag.why = command.why
    flag.at_ms = state.at_ms
    state.changed(flag)
    state.say(
        FlagDismissed(
            at_ms=state.at_ms,
            flag=flag.id,
            rule=flag.rule,
            agent=flag.agent,
            by=command.supervisor,
            why=command.why,
        )
    )
    phrase = command.allow.strip()
    if phrase and pair_key(flag.shop, flag.rule, phrase) not in state.allowed:
        by, why = command.supervisor, command.why
        _allow(state, phrase, rule=flag.rule, shop=flag.shop, by=by, why=why, flag=flag.id)
    return None


# The allow-list


def is_allowed(
    state: State, rule: str, shop: str, matched: str, *, ahead: str = "", behind: str = ""
) -> bool:
    """Whether a phrase of the allow-list excuses a match; `ahead`, `behind`: the text around it.

    What was not said (an honorific that is missing) matches nothing, and no phrase excuses it.
    """
    if not matched or not state.allowed:
        return False
    head, match = ahead.casefold(), matched.casefold()
    text, start = head + match + behind.casefold(), len(head)
    return any(
        entry.rule in ("", rule)
        and entry.shop in ("", shop)
        and _covers(entry.phrase.casefold(), text, start, start + len(match))
        for entry in state.allowed.values()
    )


def _covers(phrase: str, text: str, start: int, end: int) -> bool:
    """Whether the phrase stands in the text around all that lies between `start` and `end`."""
    at = text.find(phrase, max(0, end - len(phrase)))
    return 0 <= at <= start


def allow(state: State, command: c.AllowPhrase) -> Rejected | None:
    """Refused: `phrase_needed`, `unknown_shop`, `already_allowed`."""
    phrase = command.phrase.strip()
    if not phrase:
        return Rejected("phrase_needed")
    if command.shop and (refused := unknown_shop(state, command.shop)):
        return refused
    if pair_key(command.shop, command.rule, phrase) in state.allowed:
        return Rejected("already_allowed", phrase)
    by, why = command.by, command.why
    _allow(state, phrase, rule=command.rule, shop=command.shop, by=by, why=why, flag="")
    return None


def _allow(
    state: State, phrase: str, *, rule: str, shop: str, by: str, why: str, flag: str
) -> None:
    entry = Allowed(
        phrase=phrase, rule=rule, shop=shop, by=by, why=why, at_ms=state.at_ms, flag=flag
    )
    state.allowed[pair_key(shop, rule, phrase)] = entry
    state.changed(entry)
    state.say(
        PhraseListed(at_ms=state.at_ms, phrase=phrase, rule=rule, shop=shop, by=by, allowed=True)
    )


def disallow(state: State, command: c.ForbidPhrase) -> Rejected | None:
    """Refused: `no_such_phrase`."""
    key = pair_key(command.shop, command.rule, command.phrase.strip())
    entry = state.allowed.pop(key, None)
    if entry is None:
        return Rejected("no_such_phrase", command.phrase)
    state.dirty[f"l:{key}"] = None
    state.say(
        PhraseListed(
            at_ms=state.at_ms,
            phrase=entry.phrase,
            rule=entry.rule,
            shop=entry.shop,
            by=command.by,
            allowed=False,
        )
    )
    return None
