"""Verdicts, charges, and what takes them back (RULES §1, §2).

A breach is a fact for ever. A charge is an entry of the ledger; late proof and waivers are
further entries that lift it. Nothing here is ever edited away: what an agent owes is the sum
of their entries.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from router.core.facts import BreachReversed, BreachSealed, BreachWaived, EntryBooked
from router.core.pending import cancels, counts, kind_of, progress, proofs
from router.core.policy import in_service
from router.core.records import Breach, LedgerEntry
from router.core.state import State
from router.core.thread import Hold, Thread, Work, seal
from router.core.view import (
    ANSWERS,
    BUYER,
    FAREWELL,
    HUMAN,
    ORDER,
    ORDER_CLOSE,
    SHOP,
    Miss,
    Moment,
    Rules,
)

SESSION_RULES = ("reply", "follow_up")


class Charge(NamedTuple):
    """Who answers for a miss, and why nobody does where `agent` is empty."""

    agent: str
    sub_account: str
    uncharged: str
    offset: int
    """Of what made them the holder."""


def holds_of(thread: Thread, miss: Miss) -> list[Hold]:
    """Who held the session, or the work item, that this deadline belongs to."""
    if miss.rule in SESSION_RULES:
        return thread.holds
    name = f"{miss.rule}/{miss.key}"
    work = thread.work.get(name)
    return work.holds if work is not None else (thread.kept or {}).get(name, [])


def _index_at(holds: list[Hold], due_ms: int) -> int:
    """The hold in force at `due_ms`; a session that ends at that moment was still held at it."""
    index = len(holds) - 1
    while index >= 0:
        hold = holds[index]
        if hold.at_ms < due_ms or (hold.at_ms == due_ms and hold.cause != "closed"):
            break
        index -= 1
    return index


def holder_at(thread: Thread, miss: Miss) -> Hold:
    """The hold in force when the deadline was due."""
    holds = holds_of(thread, miss)
    index = _index_at(holds, miss.due_ms)
    return holds[index] if index >= 0 else Hold(miss.due_ms, "", "", "", False, 0)


def charge_for(thread: Thread, miss: Miss, grace_ms: int) -> Charge:
    """RULES §2, "Who is charged"."""
    holds = holds_of(thread, miss)
    index = _index_at(holds, miss.due_ms)
    while index >= 0:
        hold = holds[index]
        if not hold.agent:
            return Charge("", "", "nobody_held_it", 0)
        first = index
        while first > 0 and holds[first - 1].agent == hold.agent:
            first -= 1  # the same person through another sub-account
        if miss.came_ms and miss.due_ms - miss.came_ms < grace_ms:
            # Whoever held the session: a late arrival brought them this wait.
            return Charge("", "", "came_too_late_to_the_holder", 0)
        if miss.due_ms - holds[first].at_ms >= grace_ms:
            return Charge(hold.agent, hold.sub_account, "", hold.offset)
        if not holds[first].given:
            return Charge("", "", "came_too_late_to_the_holder", 0)
        index = first - 1
    return Charge("", "", "nobody_held_it", 0)


def session_at(thread: Thread, due_ms: int) -> str:
    """The session that was open at this moment, or the last one before it."""
    if thread.session and thread.opened_ms <= due_ms:
        return thread.session
    for past in reversed(thread.past):
        if past.opened_ms <= due_ms:
            return past.id
    return thread.session


def seal_thread(state: State, thread: Thread, to_ms: int) -> None:
    """Judge all deadlines of the thread up to `to_ms`, and charge."""
    for miss in seal(thread, state.rules(thread.shop), to_ms):
        _book_breach(state, thread, miss)


def _book_breach(state: State, thread: Thread, miss: Miss) -> None:
    shop = state.shop(thread.shop)
    rules = state.rules(thread.shop).at(miss.armed_ms)
    charge = charge_for(thread, miss, rules.policy.grace_ms)
    uncharged = charge.uncharged
    fine_fen = 0 if uncharged else rules.fine_fen(miss.rule)
    if shop.service_hours and not (
        in_service(shop.service_hours, miss.armed_ms)
        and in_service(shop.service_hours, miss.due_ms)
    ):
        uncharged, fine_fen = "out_of_service_hours", 0
    breach = book_breach(
        state,
        rule=miss.rule,
        shop=thread.shop,
        buyer=thread.buyer,
        session=session_at(thread, miss.due_ms),
        key=miss.key,
        order=miss.order,
        armed_ms=miss.armed_ms,
        asked_ms=miss.asked_ms,
        from_ms=miss.from_ms,
        due_ms=miss.due_ms,
        agent=charge.agent,
        sub_account=charge.sub_account,
        fine_fen=fine_fen,
        uncharged=uncharged,
        proof=(miss.offset, charge.offset),
    )
    breach.done = list(miss.done)
    thread.breaches = (*thread.breaches, breach.id)


def book_breach(
    state: State,
    *,
    rule: str,
    armed_ms: int,
    due_ms: int,
    agent: str,
    fine_fen: int,
    proof: Iterable[int],
    sub_account: str = "",
    shop: str = "",
    buyer: str = "",
    session: str = "",
    key: str = "",
    order: str = "",
    asked_ms: int = 0,
    from_ms: int = 0,
    uncharged: str = "",
) -> Breach:
    """Put down a breach, and charge for it unless `uncharged` says why not. For all rules:
    deadlines, what was left or not handed over, what was said."""
    state.counters.breach_no += 1
    breach = Breach(
        id=f"{state.desk.id}-b{state.counters.breach_no}",
        rule=rule,
        shop=shop,
        buyer=buyer,
        session=session,
        key=key,
        order=order,
        armed_ms=armed_ms,
        asked_ms=asked_ms,
        from_ms=from_ms,
        due_ms=due_ms,
        sealed_ms=state.at_ms,
        agent="" if uncharged else agent,
        sub_account="" if uncharged else sub_account,
        fine_fen=0 if uncharged else fine_fen,
        uncharged=uncharged,
        proof=sorted({offset: None for offset in proof if offset}),
    )
    state.breaches[breach.id] = breach
    state.changed(breach)
    state.say(
        BreachSealed(
            at_ms=state.at_ms,
            breach=breach.id,
            session=breach.session,
            shop=breach.shop,
            buyer=breach.buyer,
            rule=breach.rule,
            due_ms=breach.due_ms,
            key=breach.key,
            agent=breach.agent,
            sub_account=breach.sub_account,
            fine_fen=breach.fine_fen,
        )
    )
    if breach.agent and breach.fine_fen:
        _book(state, breach, "charge", breach.fine_fen, why=rule, by="", proof=breach.proof)
    return breach


def _book(
    state: State, breach: Breach, kind: str, fine_fen: int, *, why: str, by: str, proof: list[int]
) -> None:
    state.counters.entry_no += 1
    entry = LedgerEntry(
        id=f"{state.desk.id}-e{state.counters.entry_no}",
        kind=kind,
        breach=breach.id,
        rule=breach.rule,
        shop=breach.shop,
        session=breach.session,
        agent=breach.agent,
        sub_account=breach.sub_account,
        due_ms=breach.due_ms,
        fine_fen=fine_fen,
        at_ms=state.at_ms,
        by=by,
        why=why,
        proof=proof,
    )
    state.entries[entry.id] = entry
    state.changed(entry)
    state.say(
        EntryBooked(
            at_ms=state.at_ms,
            entry=entry.id,
            kind="charge" if kind == "charge" else "reversal" if kind == "reversal" else "waiver",
            breach=breach.id,
            agent=breach.agent,
            fine_fen=fine_fen,
            why=why,
            by=by,
        )
    )


def _is_charged(breach: Breach) -> bool:
    return bool(breach.agent and breach.fine_fen and not breach.reversed and not breach.waived)


def reverse_disproved(state: State, thread: Thread, moment: Moment) -> None:
    """Late proof: reverse the sealed breaches that this moment shows to be none."""
    rules = state.rules(thread.shop)
    for breach_id in thread.breaches:
        breach = state.breaches[breach_id]
        if breach.reversed:
            continue
        if _disproves(rules, moment, breach):
            reverse(state, breach, why=f"late_proof:{moment.key}", offset=moment.offset)
        else:
            _keep_part(state, rules, moment, breach)


def reverse(state: State, breach: Breach, *, why: str, offset: int, by: str = "") -> None:
    """It was none after all: the entry at `offset` shows it."""
    if _is_charged(breach):
        _book(state, breach, "reversal", -breach.fine_fen, why=why, by=by, proof=[offset])
    breach.reversed = True
    breach.reversed_why = why
    breach.proof = sorted(dict.fromkeys((*breach.proof, offset)))
    state.changed(breach)
    state.say(BreachReversed(at_ms=state.at_ms, breach=breach.id, why=why, offset=offset))


def _disproves(rules: Rules, moment: Moment, breach: Breach) -> bool:
    sent_ms = moment.sent_ms
    in_time = breach.armed_ms <= sent_ms <= breach.due_ms
    if breach.rule == "away" and not breach.key:
        return _answers_the_told(moment, breach)
    if breach.rule in ("reply", "away"):  # with a key: the reply that a silence left behind
        return in_time and moment.rank == SHOP and bool(moment.flags & ANSWERS)
    if breach.rule == "follow_up":
        if moment.rank == SHOP and moment.flags & HUMAN:
            asked = breach.from_ms <= sent_ms <= breach.due_ms
            return asked or breach.asked_ms <= sent_ms < breach.armed_ms
        if moment.rank == BUYER:
            return breach.armed_ms < sent_ms <= breach.due_ms
        return moment.rank == ORDER and sent_ms <= breach.due_ms
    if moment.rank in (ORDER, ORDER_CLOSE):
        return _cancels(rules, moment, breach)
    return _proved(rules, moment, breach)[1]


def _answers_the_told(moment: Moment, breach: Breach) -> bool:
    """A person's message since the buyer was told (`asked_ms`), or the buyer took leave."""
    if moment.rank == SHOP:
        return bool(moment.flags & HUMAN) and breach.asked_ms <= moment.sent_ms <= breach.due_ms
    took_leave = moment.rank == BUYER and bool(moment.flags & FAREWELL)
    return took_leave and breach.asked_ms < moment.sent_ms <= breach.due_ms


def _cancels(rules: Rules, moment: Moment, breach: Breach) -> bool:
    kind = kind_of(rules, breach.rule, breach.armed_ms)
    if kind is None or breach.order != moment.key or moment.sent_ms > breach.due_ms:
        return False
    event = "order.closed" if moment.rank == ORDER_CLOSE else f"order.{moment.event}"
    return cancels(kind, event, breach.armed_ms, moment.sent_ms)


def _proved(rules: Rules, moment: Moment, breach: Breach) -> tuple[tuple[str, ...], bool]:
    """What is known to have been done of a work item in time, with this; whether it is enough."""
    done = tuple(breach.done)
    kind = kind_of(rules, breach.rule, breach.armed_ms)
    if kind is None or moment.sent_ms > breach.due_ms or not counts(kind, breach.armed_ms, moment):
        return done, False
    return progress(kind, done, proofs(moment, breach.rule, breach.key, breach.order))


def _keep_part(state: State, rules: Rules, moment: Moment, breach: Breach) -> None:
    """Of several proofs, each of which is needed, this is one: the others may come yet."""
    done, _ = _proved(rules, moment, breach)
    if list(done) != breach.done:
        breach.done = list(done)
        breach.proof = sorted(dict.fromkeys((*breach.proof, moment.offset)))
        state.changed(breach)


def waive(state: State, breach: Breach, *, by: str, why: str) -> None:
    """A supervisor lifts the charge; the breach stands."""
    if _is_charged(breach):
        _book(state, breach, "waiver", -breach.fine_fen, why=why, by=by, proof=[state.offset])
    breach.waived = True
    breach.waived_by = by
    breach.waived_why = why
    state.changed(breach)
    state.say(BreachWaived(at_ms=state.at_ms, breach=breach.id, by=by, why=why))


def keep_holds(thread: Thread, work: Work) -> None:
    """Settled work whose deadline was missed: remember who held it until the verdict."""
    if any(miss.rule == work.kind and miss.key == work.key for miss in thread.misses):
        thread.kept = {**(thread.kept or {}), f"{work.kind}/{work.key}": work.holds}
