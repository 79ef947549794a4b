"""Puts a proof together: everything that a charge rests on, from the records and the log.

Pure: it is given the desk's state and the entries of the log, and reads nothing itself. Whoever
doubts a fine sees the rule in its words, the deadline's arithmetic, who held the session and why
they pay, and the log's entries in order of when they were sent, each with its place in the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from router.clocktime import format_ms
from router.core import commands as c
from router.core.ledger import SESSION_RULES
from router.core.policy import CONDUCT, Policy
from router.core.records import Breach, Flag
from router.core.state import State
from router.core.thread import Hold, Thread, read_lines
from router.core.view import Rules
from router.http import showing
from router.http import views_ledger as v
from router.http.api_conduct import shown as flag_view
from router.http.rule_words import why_uncharged, words_of
from router.log.codec import Undecodable, decode_entry
from router.log.ports import Entry

AROUND = 20
"""Messages shown on each side of those that prove something."""
TEXT_LIMIT = 2_000
_CONDUCT = frozenset(rule.rule for rule in CONDUCT)
_THEIR_OWN = frozenset({"away", "handover"})
"""Rules about what an agent does themselves, whoever holds what."""


class Subject(NamedTuple):
    """What is to be proved: a breach, a flag, or both."""

    id: str
    desk: str
    breach: Breach | None
    flag: Flag | None

    @property
    def agent(self) -> str:
        """Whose it is; "" for nobody's."""
        if self.breach is not None and self.breach.agent:
            return self.breach.agent
        return self.flag.agent if self.flag is not None else ""

    @property
    def shop(self) -> str:
        return self.breach.shop if self.breach is not None else self._flag.shop

    @property
    def buyer(self) -> str:
        return self.breach.buyer if self.breach is not None else self._flag.buyer

    @property
    def session(self) -> str:
        return self.breach.session if self.breach is not None else self._flag.session

    @property
    def rule(self) -> str:
        return self.breach.rule if self.breach is not None else self._flag.rule

    @property
    def began_ms(self) -> int:
        """When the clock began that stands beside the messages."""
        return self.breach.armed_ms if self.breach is not None else self._flag.sent_ms

    @property
    def _flag(self) -> Flag:
        assert self.flag is not None, "a subject is a breach or a flag"
        return self.flag


def subject(state: State, desk: str, name: str) -> Subject | None:
    """What this id of a ledger entry, a breach or a flag is about."""
    breach_id = name
    if (entry := state.entries.get(name)) is not None:
        breach_id = entry.breach
    flag = state.flags.get(name)
    if flag is not None:
        breach_id = flag.breach
    breach = state.breaches.get(breach_id)
    if flag is None and breach is not None:
        flag = state.flags.get(breach.key)
    if breach is None and flag is None:
        return None
    return Subject(name, desk, breach, flag)


# Which entries of the log


def proving(about: Subject) -> set[int]:
    """The offsets that it rests on."""
    found = set(about.flag.proof) if about.flag is not None else set()
    if about.breach is not None:
        found.update(about.breach.proof)
    return found


def offsets(state: State, about: Subject) -> list[int]:
    """The entries to show: those that prove it, and the session's messages around them."""
    wanted = proving(about)
    lines = _session_lines(state, about)
    if lines and wanted:
        first = sum(offset < min(wanted) for offset in lines)
        last = sum(offset <= max(wanted) for offset in lines)
        wanted.update(lines[max(0, first - AROUND) : last + AROUND])
    if about.breach is not None:
        entries = (e for e in state.entries.values() if e.breach == about.breach.id)
        wanted.update(offset for entry in entries for offset in entry.proof)
    return sorted(wanted - {0})


def _session_lines(state: State, about: Subject) -> list[int]:
    thread = state.thread(about.shop, about.buyer)
    if thread is None:
        return []
    if thread.session == about.session:
        return read_lines(thread.lines)
    past = next((past for past in thread.past if past.id == about.session), None)
    return read_lines(past.lines) if past is not None else []


# The parts


def assemble(state: State, about: Subject, entries: Iterable[Entry]) -> v.ProofView:
    """The whole proof; `entries`: what the log has at `offsets`."""
    breach = about.breach
    rules = state.rules(about.shop).at(about.began_ms)
    booked = [e for e in state.entries.values() if breach is not None and e.breach == breach.id]
    appeal_id = next((state.appealed[e.id] for e in booked if e.id in state.appealed), "")
    words = words_of(about.rule)
    return v.ProofView(
        id=about.id,
        desk=about.desk,
        rule=v.RuleWords(id=about.rule, zh=words.zh, en=words.en),
        breach=showing.breach(about.desk, breach) if breach is not None else None,
        flag=flag_view(about.desk, about.flag) if about.flag is not None else None,
        charged=_charged(state, about),
        policy=numbers(rules, about.rule, state.shop(about.shop).lateness_ms),
        policy_since_at=showing.at(rules.since_ms),
        reckoning=_reckoning(about),
        holders=[] if about.flag is not None else _holders(state, about),
        lines=_lines(about, entries),
        entries=[showing.entry(about.desk, state, entry) for entry in booked],
        appeal=appeal_view(state, about.desk, appeal_id) if appeal_id else None,
    )


def appeal_view(state: State, desk: str, name: str) -> v.AppealView:
    """An appeal as it is shown."""
    found = state.appeals[name]
    entry = state.entries[found.entry]
    return v.AppealView(
        id=found.id,
        desk=desk,
        entry=found.entry,
        breach=found.breach,
        rule=entry.rule,
        fine_fen=entry.fine_fen,
        agent=found.agent,
        why=found.why,
        at=format_ms(found.at_ms),
        state=found.state,
        by=found.by,
        answer=found.answer,
        answered_at=showing.at(found.answered_ms),
    )


def _charged(state: State, about: Subject) -> v.RuleWords:
    breach = about.breach
    if breach is None:
        answer = about.flag.state if about.flag is not None else ""
        zh = {"open": "等主管处理,未罚", "dismissed": "已驳回,不罚"}.get(answer, "该规则不罚款")
        en = {"open": "waits for a supervisor", "dismissed": "dismissed: nothing is charged"}
        return v.RuleWords(id=answer, zh=zh, en=en.get(answer, "this rule costs nothing"))
    if breach.uncharged:
        words = why_uncharged(breach.uncharged)
        return v.RuleWords(id=breach.uncharged, zh=words.zh, en=words.en)
    if about.flag is not None:
        return v.RuleWords(id=breach.agent, zh="是他写的", en="they wrote it")
    if breach.rule in _THEIR_OWN:
        return v.RuleWords(id=breach.agent, zh="这是他自己该做的", en="it was theirs to do")
    holders = _holders(state, about)
    if holders and holders[-1].agent != breach.agent:
        zh = "到期前不久才从他那里转出,仍由他负责"
        return v.RuleWords(id=breach.agent, zh=zh, en="it left them too shortly before it fell due")
    return v.RuleWords(id=breach.agent, zh="到期时由他接待", en="they held it when it fell due")


def numbers(rules: Rules, rule: str, lateness_ms: int) -> list[v.PolicyNumber]:
    """The numbers of the policy that judged it."""
    policy: Policy = rules.policy
    found: list[tuple[str, str]] = []
    kind = rules.by_name.get(rule)
    if rule in _CONDUCT:
        conduct = policy.conduct_rule(rule)
        return _numbers([("fine", yuan(conduct.fine_fen)), ("charge", conduct.charge)])
    if rule == "reply":
        found = [("reply", clock(policy.reply_ms)), ("fine", yuan(policy.reply_fine_fen))]
    elif rule == "follow_up":
        found = [
            ("follow_up_from", clock(policy.follow_up_from_ms)),
            ("follow_up_to", clock(policy.follow_up_to_ms)),
            ("fine", yuan(policy.follow_up_fine_fen)),
        ]
    elif rule == "away":
        found = [
            ("away_return", clock(policy.away_return_ms)),
            ("fine", yuan(policy.away_fine_fen)),
        ]
    elif rule == "handover":
        found = [
            ("handover_grace", clock(policy.handover_grace_ms)),
            ("fine", yuan(policy.handover_fine_fen)),
        ]
    elif kind is not None:
        found = [("due", clock(kind.due_ms)), ("fine", yuan(kind.fine_fen))]
    found += [("grace", clock(policy.grace_ms)), ("lateness", clock(lateness_ms))]
    return _numbers(found)


def _numbers(found: Sequence[tuple[str, str]]) -> list[v.PolicyNumber]:
    return [v.PolicyNumber(name=name, value=value) for name, value in found]


def _reckoning(about: Subject) -> list[v.Reckoning]:
    flag, breach = about.flag, about.breach
    steps: list[tuple[int, str, str]] = []
    if flag is not None:
        steps.append((flag.sent_ms, "消息发出", "the message was sent"))
        steps.append((flag.raised_ms, "被标记", "it was flagged"))
        if flag.at_ms:
            zh, en = ("确认", "confirmed") if flag.state == "confirmed" else ("驳回", "dismissed")
            steps.append((flag.at_ms, f"标记{zh}", f"the flag was {en}"))
    elif breach is not None:
        if breach.asked_ms:
            steps.append(
                (breach.asked_ms, "买家最后一条消息", "the buyer's last message before it")
            )
        steps.append((breach.armed_ms, "开始计时", "the clock begins"))
        if breach.from_ms:
            steps.append((breach.from_ms, "可以开始询问", "the window opens"))
        length = clock(breach.due_ms - breach.armed_ms)
        zh = f"到期:开始后 {length}(这一毫秒仍算按时)"
        en = f"due: {length} after it began (this millisecond is still in time)"
        steps.append((breach.due_ms, zh, en))
        steps.append((breach.sealed_ms, "定案", "sealed: what counts has arrived"))
    began_ms = about.began_ms
    return [
        v.Reckoning(at=format_ms(at_ms), clock=clock(at_ms - began_ms, sign=True), zh=zh, en=en)
        for at_ms, zh, en in steps
    ]


def _holders(state: State, about: Subject) -> list[v.HeldBy]:
    thread = state.thread(about.shop, about.buyer)
    breach = about.breach
    if thread is None or breach is None:
        return []
    return [
        v.HeldBy(
            at=format_ms(hold.at_ms),
            agent=hold.agent,
            sub_account=hold.sub_account,
            cause=hold.cause,
            given=hold.given,
            offset=hold.offset,
        )
        for hold in _holds(thread, breach)
        if hold.at_ms <= breach.due_ms
    ]


def _holds(thread: Thread, breach: Breach) -> Sequence[Hold]:
    if breach.rule in SESSION_RULES:
        return thread.holds
    name = f"{breach.rule}/{breach.key}"
    work = thread.work.get(name)
    return work.holds if work is not None else (thread.kept or {}).get(name, ())


def _lines(about: Subject, entries: Iterable[Entry]) -> list[v.ProofLine]:
    wanted = proving(about)
    found: list[tuple[int, int, v.ProofLine]] = []
    for entry in entries:
        try:
            command = decode_entry(entry.body).command
        except Undecodable:
            continue
        sent_ms = min(getattr(command, "sent_ms", 0) or entry.at_ms, entry.at_ms)
        if isinstance(command, c.RaiseFlag):
            sent_ms = entry.at_ms
        who, sub_account = _who(command)
        line = v.ProofLine(
            offset=entry.offset,
            type=str(command.__struct_config__.tag),
            sent_at=format_ms(sent_ms),
            received_at=format_ms(entry.at_ms),
            clock=clock(sent_ms - about.began_ms, sign=True),
            who=who,
            sub_account=sub_account,
            text=_text(command)[:TEXT_LIMIT],
            proves=entry.offset in wanted,
        )
        found.append((sent_ms, entry.offset, line))
    return [line for _, _, line in sorted(found, key=lambda each: each[:2])]


def _who(command: c.AnyCommand) -> tuple[str, str]:
    """Who did it, and through which sub-account."""
    sub_account = str(getattr(command, "sub_account", ""))
    match command:
        case c.MessageReceived() | c.MessageRecalled() | c.OrderChanged() | c.RefundRequested():
            return "buyer", ""
        case c.RaiseFlag():
            return "inspector", ""
        case c.MessageSent() | c.WriteMessage() if command.by != "human":
            return command.by, sub_account
        case c.MessageSent():
            return sub_account, sub_account
    for name in ("agent", "supervisor", "by_agent", "by"):
        if who := getattr(command, name, ""):
            return str(who), sub_account
    return "platform", sub_account


def _text(command: c.AnyCommand) -> str:
    """What it says, in one line."""
    match command:
        case c.OrderChanged():
            return f"{command.event} {command.order}"
        case c.RaiseFlag():
            return f"{command.rule}: {command.matched or command.detail}"
    content = getattr(command, "content", None)
    if isinstance(content, c.Content):
        said = (content.text, content.order, content.product, content.url)
        return next((text for text in said if text), "")
    for name in ("refund", "order", "why", "reason", "to"):
        if value := getattr(command, name, ""):
            return str(value)
    return ""


def clock(length_ms: int, *, sign: bool = False) -> str:
    """`4:59.999`, `1:02:03`, `-0:12`; with a plus sign where one is asked for."""
    mark = "-" if length_ms < 0 else "+" if sign else ""
    seconds, millis = divmod(abs(length_ms), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"{mark}{text}.{millis:03}" if millis or sign else f"{mark}{text}"


def yuan(fen: int) -> str:
    """`¥20.00`."""
    return f"¥{fen / 100:.2f}"
