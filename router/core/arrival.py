"""Something happened on a buyer's timeline: put it in its place, and draw the consequences.

`arrive` is the one way onto a timeline. It sorts what comes in time, early enough to be
judged, late (see `late`), or too late to judge anything, and then reconciles: what changed
in the live view — a session opened or ended, a deadline armed, met or missed, work opened or
settled — becomes facts and changes of hands.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from router.core import assignment, autos, away, late, ledger, session
from router.core.facts import (
    DeadlineArmed,
    DeadlineMissed,
    DeadlineSettled,
    DeadlineWithdrawn,
    ItemOpened,
    ItemSettled,
    SessionClosed,
    SessionOpened,
)
from router.core.state import State, thread_key
from router.core.thread import (
    PastSession,
    Thread,
    Work,
    answer_retimed,
    closed_before_it_came,
    refold,
    take,
)
from router.core.view import ANSWERS, AUTO_TEXT, BUYER, SHOP, Miss, Moment, View

PAST_KEPT = 20
NOTED_KEPT = 20
"""Settled work of a buyer whose notes can be looked up here; the log has all."""

Deadlines = dict[tuple[str, str], int]
"""Pending deadlines by (rule, key)."""


class Before(NamedTuple):
    """What a thread's live view said before something changed it."""

    sessions: int
    deadlines: Deadlines
    misses: tuple[Miss, ...]


def before(thread: Thread) -> Before:
    live = thread.live
    return Before(live.sessions, deadlines_of(live), thread.misses)


def deadlines_of(view: View) -> Deadlines:
    """The deadlines that are pending (not missed) in this view."""
    found: Deadlines = {}
    if view.wait is not None and not view.wait.missed:
        found["reply", ""] = view.wait.due_ms
    if view.follow_up is not None:
        found["follow_up", ""] = view.follow_up.due_ms
    for item in view.pending:
        if item.running:
            found[item.kind, item.key] = item.due_ms
    return found


def arrive(state: State, thread: Thread, moment: Moment) -> bool:
    """Take a moment onto the thread's timeline; False when it is too late to judge anything."""
    rules = state.rules(thread.shop)
    clock_ms = state.at_ms
    if moment.sent_ms < clock_ms - rules.policy.late_limit_ms:
        return False
    state.touch(thread)
    thread.seen_ms = clock_ms
    if thread.told:
        away.heard(state, thread, moment)
    was = before(thread)
    horizon_ms = state.horizon_ms(thread.shop, clock_ms)
    if moment.sent_ms < horizon_ms:
        _arrive_late(state, thread, moment, horizon_ms)
    else:
        if moment.rank == BUYER and closed_before_it_came(thread, moment):
            moment = msgspec.structs.replace(moment, sent_ms=clock_ms, true_ms=moment.sent_ms)
        take(thread, rules, moment, clock_ms, horizon_ms)
        if moment.rank == SHOP and moment.flags & ANSWERS:
            if answer_retimed(thread, moment.sent_ms):
                refold(thread, rules, clock_ms)
    reconcile(state, thread, was)
    return True


def _arrive_late(state: State, thread: Thread, moment: Moment, horizon_ms: int) -> None:
    rules = state.rules(thread.shop)
    ledger.seal_thread(state, thread, horizon_ms - 1)
    still = late.take_away(state, thread, moment)
    ledger.reverse_disproved(state, thread, moment)
    refold(thread, rules, state.at_ms)
    if still is not None:
        take(thread, rules, still, state.at_ms, horizon_ms)


def reconcile(state: State, thread: Thread, was: Before) -> None:
    """Make what people see and hold agree with the live view."""
    state.touch(thread)
    state.counters.sessions += thread.live.sessions - was.sessions
    _reconcile_session(state, thread)
    _reconcile_work(state, thread)
    _tell_misses(state, thread, was.misses)
    _tell_deadlines(state, thread, was.deadlines)
    if thread.session and not thread.agent and not thread.with_bot:
        state.queue_session(thread)


def _reconcile_session(state: State, thread: Thread) -> None:
    live = thread.live
    if thread.session and (not live.open or live.sessions > thread.serial):
        _close(state, thread)
    if live.open and not thread.session:
        _open(state, thread)
    if thread.session:
        thread.serial = live.sessions
        thread.opened_ms = live.opened_ms
        _reconcile_closing(thread)


def _reconcile_closing(thread: Thread) -> None:
    if thread.live.closing and thread.state in ("bot", "queued", "held"):
        session.change(thread, "ask_close")
    elif thread.state == "closing" and not thread.live.closing:
        session.change(thread, "forget_close")


def _open(state: State, thread: Thread) -> None:
    state.counters.session_no += 1
    thread.session = f"{state.desk.id}-s{state.counters.session_no}"
    thread.serial = thread.live.sessions
    thread.opened_ms = thread.live.opened_ms
    thread.greeted = False
    thread.answered = False
    session.change(thread, "open")
    state.sessions[thread.session] = thread
    thread.group = thread.wanted or _group_for(thread)
    state.say(
        SessionOpened(
            at_ms=state.at_ms,
            session=thread.session,
            shop=thread.shop,
            buyer=thread.buyer,
            opened_ms=thread.opened_ms,
        )
    )


def _group_for(thread: Thread) -> str:
    """售后 for a buyer with an order or a refund, else 售前 (RULES §3)."""
    if any(not bits & 1 for bits in thread.live.orders.values()):
        return "after_sale"
    if any(item.kind == "refund" for item in thread.live.pending):
        return "after_sale"
    return "pre_sale"


def _close(state: State, thread: Thread) -> None:
    live = thread.live
    agent, sub_account = thread.agent, thread.sub_account
    away.ended(state, thread, live.ended_ms)
    assignment.release(state, thread)
    session.change(thread, "close")
    thread.bot = None
    why = live.ended_why if live.ended_ms >= thread.opened_ms else "idle"
    past = PastSession(
        thread.session,
        thread.opened_ms,
        live.ended_ms,
        why,
        agent,
        sub_account,
        thread.lines,
        autos.taken_away(thread),
    )
    thread.past = (*thread.past, past)[-PAST_KEPT:]
    state.sessions.pop(thread.session)
    state.say(
        SessionClosed(
            at_ms=state.at_ms,
            session=thread.session,
            shop=thread.shop,
            buyer=thread.buyer,
            why=_WHY[why],
            ended_ms=live.ended_ms,
            agent=agent,
            opened_ms=thread.opened_ms,
        )
    )
    thread.session = ""
    thread.lines = b""


_WHY: dict[str, Literal["holder", "supervisor", "platform", "idle"]] = {
    "holder": "holder",
    "supervisor": "supervisor",
    "platform": "platform",
    "idle": "idle",
}


def _reconcile_work(state: State, thread: Thread) -> None:
    if not thread.live.pending and not thread.work:
        return
    pending = {f"{item.kind}/{item.key}": item for item in thread.live.pending}
    for name in [name for name in thread.work if name not in pending]:
        _drop_work(state, thread, name)
    for name, item in pending.items():
        work = thread.work.get(name)
        if work is not None and work.opened_ms == item.armed_ms:
            if work.due_ms != item.due_ms:  # an outage gave it more time
                work.due_ms = item.due_ms
                if work.queued:
                    state.queue_work(thread, work)
            continue
        if work is not None:
            _drop_work(state, thread, name)
        state.counters.work_no += 1
        work = Work(
            id=f"{state.desk.id}-w{state.counters.work_no}",
            kind=item.kind,
            key=item.key,
            order=item.order,
            opened_ms=item.armed_ms,
            due_ms=item.due_ms,
            reason="",
            offset=item.offset,
            for_supervisors=not item.due_ms,
        )
        thread.work[name] = work
        state.items[thread.shop, work.kind, work.key] = thread
        state.say(
            ItemOpened(
                at_ms=state.at_ms,
                item=work.id,
                kind=work.kind,
                key=work.key,
                shop=thread.shop,
                buyer=thread.buyer,
                due_ms=work.due_ms,
            )
        )


def _drop_work(state: State, thread: Thread, name: str) -> None:
    work = thread.work.pop(name)
    state.items.pop((thread.shop, work.kind, work.key), None)
    state.queue.drop(thread_key(thread.shop, thread.buyer), name)
    ledger.keep_holds(thread, work)
    if work.notes:
        work.ended_ms = state.at_ms
        thread.noted = (*thread.noted, work)[-NOTED_KEPT:]
    state.say(
        ItemSettled(
            at_ms=state.at_ms,
            item=work.id,
            kind=work.kind,
            key=work.key,
            shop=thread.shop,
            buyer=thread.buyer,
            how="withdrawn" if work.withdrawn_by else "settled",
            by=work.withdrawn_by,
        )
    )


def hand_out(state: State, thread: Thread) -> None:
    """Find holders for a session that has just opened, and for work that has."""
    if thread.state == "opened":
        assignment.assign_new(state, thread)
    for name, work in list(thread.work.items()):
        if not work.holds:
            _tell_buyer(state, thread, work)
            if thread.work.get(name) is work:
                assignment.assign_work(state, thread, work)
    _reconcile_closing(thread)


def _tell_buyer(state: State, thread: Thread, work: Work) -> None:
    """Send the automatic text of its kind, if it has one (RULES §9, shipping_notice).

    It counts as sent when the item opened: what reaches us late is not the router's delay.
    """
    kind = state.kind(thread.shop, work.kind)
    if kind is None or not kind.auto_text or not work.order:
        return
    message = f"{work.kind}-{work.key}"
    text = kind.auto_text.replace("{order}", work.order)
    autos.send(state, thread, message, text, sub_account=thread.sub_account, which=work.kind)
    moment = Moment(
        work.opened_ms,
        SHOP,
        message,
        state.offset,
        AUTO_TEXT,
        order=work.order,
        shows=(work.order,) if "{order}" in kind.auto_text else (),
        category=work.kind,
    )
    arrive(state, thread, moment)


def _tell_misses(state: State, thread: Thread, was: tuple[Miss, ...]) -> None:
    if thread.misses == was:
        return
    for miss in thread.misses:
        if miss not in was:
            state.say(
                DeadlineMissed(
                    at_ms=state.at_ms,
                    session=thread.session,
                    shop=thread.shop,
                    buyer=thread.buyer,
                    rule=miss.rule,
                    due_ms=miss.due_ms,
                    key=miss.key,
                    agent=ledger.holder_at(thread, miss).agent,
                )
            )
    sealed_ms = state.sealable_ms(thread.shop, state.at_ms)
    for miss in was:
        if miss not in thread.misses and miss.due_ms > sealed_ms:
            state.say(
                DeadlineWithdrawn(
                    at_ms=state.at_ms,
                    session=thread.session,
                    shop=thread.shop,
                    buyer=thread.buyer,
                    rule=miss.rule,
                    due_ms=miss.due_ms,
                    key=miss.key,
                )
            )


def _tell_deadlines(state: State, thread: Thread, was: Deadlines) -> None:
    now = deadlines_of(thread.live)
    if now == was:
        return
    missed = {(miss.rule, miss.key, miss.due_ms) for miss in thread.misses}
    for (rule, key), due_ms in was.items():
        if now.get((rule, key)) != due_ms and (rule, key, due_ms) not in missed:
            state.say(
                DeadlineSettled(
                    at_ms=state.at_ms,
                    session=thread.session,
                    shop=thread.shop,
                    buyer=thread.buyer,
                    rule=rule,
                    due_ms=due_ms,
                    key=key,
                )
            )
    for (rule, key), due_ms in now.items():
        if was.get((rule, key)) != due_ms:
            state.say(
                DeadlineArmed(
                    at_ms=state.at_ms,
                    session=thread.session,
                    shop=thread.shop,
                    buyer=thread.buyer,
                    rule=rule,
                    due_ms=due_ms,
                    key=key,
                )
            )
