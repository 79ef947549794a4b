"""The clock: when each thread wants to be looked at, and what happens then (RULES §2, §3).

A thread has one entry among the desk's timers: the earliest of what it waits for — a
warning, a rescue, a deadline's `due` (noticing), a verdict (sealing), a session's end by
itself, being forgotten. What fires is stamped with the moment it was due, whenever the
owner came to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from router.core import arrival, assignment, autos, away, bots, ledger
from router.core.facts import DeadlineWarned
from router.core.policy import DAY_MS, Policy
from router.core.state import State, thread_key
from router.core.thread import Thread
from router.core.timeline import advance, wait_runs
from router.core.view import (
    RESCUED,
    WARNED,
    WINDOW_OPEN,
    FollowUp,
    Miss,
    Pending,
    Wait,
    has_open_order,
    idle_end_ms,
)

ORDERS_KEPT_MS = 400 * DAY_MS
"""How long a buyer with an order that was never closed is remembered after the last event."""

CLOSED_ORDERS_KEPT_MS = 30 * DAY_MS
"""How long it is remembered that an order was closed, what was remarked and noted."""


def rearm(state: State, thread: Thread) -> None:
    """Let the clock stop at this thread when it next matters."""
    key = thread_key(thread.shop, thread.buyer)
    if key not in state.threads:
        return
    next_ms = due_next_ms(state, thread)
    state.arm(thread, key, max(next_ms, state.at_ms) if next_ms >= 0 else -1)


def due_next_ms(state: State, thread: Thread) -> int:
    """When this thread next matters; -1: never."""
    return min(_moments(state, thread), default=-1)


def _moments(state: State, thread: Thread) -> Iterator[int]:
    live = thread.live
    rules = state.rules(thread.shop)
    policy = rules.policy
    if live.wait is not None:
        if wait_runs(live.wait, rules):
            yield live.wait.due_ms
        if not live.wait.missed:
            if _wants_warning(live.wait, policy):
                yield live.wait.due_ms - policy.warn_before_ms
            if thread.agent and _wants_rescue(live.wait, policy):
                yield live.wait.due_ms - policy.rescue_before_ms
    if live.follow_up is not None:
        yield from _follow_up_moments(live.follow_up, policy)
    for item in live.pending:
        if item.running:
            yield item.due_ms
            if _wants_warning(item, policy):
                yield item.due_ms - policy.warn_before_ms
    if thread.misses:
        yield state.seal_at_ms(thread.shop, thread.misses[0].due_ms)
    yield from _beside(state, thread, policy)
    if live.open:
        yield idle_end_ms(live, rules) + state.shop(thread.shop).lateness_ms
    elif not thread.misses and not any(i.running for i in live.pending):
        yield _forget_at_ms(state, thread)


def _beside(state: State, thread: Thread, policy: Policy) -> Iterator[int]:
    if thread.told or thread.silences:
        yield from away.moments(state, thread)
    if policy.waiting_text and thread.live.wait is not None:
        yield from autos.moments(state, thread)
    if thread.bot is not None:
        bot_ms = bots.next_ms(state, thread)
        if bot_ms >= 0:
            yield bot_ms


def _follow_up_moments(owed: FollowUp, policy: Policy) -> Iterator[int]:
    yield owed.due_ms
    if not owed.told & WINDOW_OPEN:
        yield owed.from_ms
    if not owed.told & WARNED:
        yield owed.due_ms - policy.warn_before_ms


def _wants_warning(deadline: Wait | Pending, policy: Policy) -> bool:
    warn_ms = deadline.due_ms - policy.warn_before_ms
    return not deadline.told & WARNED and warn_ms > deadline.armed_ms


def _wants_rescue(wait: Wait, policy: Policy) -> bool:
    rescue_ms = wait.due_ms - policy.rescue_before_ms
    return bool(policy.rescue_before_ms) and not wait.told & RESCUED and rescue_ms > wait.armed_ms


def _forget_at_ms(state: State, thread: Thread) -> int:
    policy = state.rules(thread.shop).policy
    keep_ms = max(policy.sticky_ms, policy.order_window_ms, policy.late_limit_ms)
    if has_open_order(thread.live) or thread.work:
        keep_ms = ORDERS_KEPT_MS
    elif thread.live.orders or thread.remarked or thread.noted:
        keep_ms = max(keep_ms, CLOSED_ORDERS_KEPT_MS)
    last_ms = max(thread.seen_ms, thread.last_ms, thread.live.ended_ms)
    return last_ms + keep_ms + state.shop(thread.shop).lateness_ms + 1


def fire(state: State, thread: Thread, at_ms: int) -> None:
    """All that this thread waits for at this moment."""
    rules = state.rules(thread.shop)
    autos.fire(state, thread)  # these two before the deadlines of this very moment have passed
    bots.fire(state, thread)
    was = arrival.before(thread)
    missed: list[Miss] = []
    advance(thread.live, rules, at_ms, missed)
    thread.misses += tuple(missed)
    state.touch(thread)
    _warn(state, thread)
    _rescue(state, thread)
    if thread.misses and state.seal_at_ms(thread.shop, thread.misses[0].due_ms) <= at_ms:
        ledger.seal_thread(state, thread, state.sealable_ms(thread.shop, at_ms))
    arrival.reconcile(state, thread, was)
    if thread.told or thread.silences:
        away.fire(state, thread)
    _trim(state, thread)
    if not thread.live.open and not thread.misses and _forget_at_ms(state, thread) <= at_ms:
        if not any(item.running for item in thread.live.pending):
            state.forget_thread(thread)


def _warn(state: State, thread: Thread) -> None:
    live, policy = thread.live, state.rules(thread.shop).policy
    soon_ms = state.at_ms + policy.warn_before_ms
    wait = live.wait
    if wait is not None and not wait.missed and wait.due_ms <= soon_ms:
        if _wants_warning(wait, policy):
            _say_warned(state, thread, "reply", "", wait.due_ms, thread.agent)
        wait.told |= WARNED
    owed = live.follow_up
    if owed is not None and owed.from_ms <= state.at_ms and not owed.told & WINDOW_OPEN:
        owed.told |= WINDOW_OPEN
        state.say(
            DeadlineWarned(
                at_ms=state.at_ms,
                session=thread.session,
                shop=thread.shop,
                buyer=thread.buyer,
                rule="follow_up",
                due_ms=owed.due_ms,
                agent=thread.agent,
                what="window_open",
            )
        )
    if owed is not None and owed.due_ms <= soon_ms and not owed.told & WARNED:
        owed.told |= WARNED
        _say_warned(state, thread, "follow_up", "", owed.due_ms, thread.agent)
    for item in live.pending:
        if item.running and item.due_ms <= soon_ms:
            if _wants_warning(item, policy):
                work = thread.work.get(f"{item.kind}/{item.key}")
                agent = work.agent if work else ""
                _say_warned(state, thread, item.kind, item.key, item.due_ms, agent)
            item.told |= WARNED


def _say_warned(state: State, thread: Thread, rule: str, key: str, due_ms: int, agent: str) -> None:
    state.say(
        DeadlineWarned(
            at_ms=state.at_ms,
            session=thread.session,
            shop=thread.shop,
            buyer=thread.buyer,
            rule=rule,
            due_ms=due_ms,
            key=key,
            agent=agent,
        )
    )


def _rescue(state: State, thread: Thread) -> None:
    """Before a breach, let somebody else answer whose hands are free; once per wait (RULES §3)."""
    wait, policy = thread.live.wait, state.rules(thread.shop).policy
    if wait is None or wait.missed or not thread.agent or not _wants_rescue(wait, policy):
        return
    if state.at_ms < wait.due_ms - policy.rescue_before_ms:
        return
    wait.told |= RESCUED
    if any(out.from_ms <= state.at_ms <= out.to_ms for out in state.counters.outages):
        return  # nobody could have seen it
    assignment.move(state, thread, "rescue", but_not=thread.agent, given=True)


def _trim(state: State, thread: Thread) -> None:
    """Forget what no verdict can need any more."""
    policy = state.rules(thread.shop).policy
    sealed_ms = state.sealable_ms(thread.shop, state.at_ms)
    thread.breaches = tuple(
        breach
        for breach in thread.breaches
        if state.breaches[breach].due_ms > state.at_ms - policy.late_limit_ms
    )
    if not thread.misses:
        thread.kept = None
    keep_from_ms = sealed_ms - policy.grace_ms
    if thread.misses:
        keep_from_ms = min(keep_from_ms, thread.misses[0].due_ms - policy.grace_ms)
    holds = thread.holds
    while len(holds) > 4 and holds[1].at_ms < keep_from_ms:
        del holds[0]
