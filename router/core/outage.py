"""The router was not there for a while (RULES §2, "After an outage")."""

from __future__ import annotations

from router.core import arrival, away, handover, shifts
from router.core.commands import NoteOutage
from router.core.facts import OutageNoted
from router.core.outcome import Rejected
from router.core.policy import DAY_MS
from router.core.records import Outage
from router.core.state import State
from router.core.thread import Thread, sealed_view, set_sealed, settle
from router.core.view import View


def note(state: State, command: NoteOutage) -> None:
    """Hold back the verdicts on what fell due in it; where our console is the agents' only
    client, give running deadlines the time back.

    Timers are left as they are: one that comes too early finds nothing to do, and is set anew.
    """
    if command.to_ms <= command.from_ms:
        return
    counters = state.counters
    counters.outages = [o for o in counters.outages if o.to_ms > command.to_ms - DAY_MS]
    counters.outages.append(Outage(command.from_ms, command.to_ms))
    for thread in sorted(state.threads.values(), key=lambda thread: thread.no):
        if state.shop(thread.shop).console_only:
            _extend(state, thread, command.from_ms, command.to_ms)
    for shift in list(state.shifts.values()):
        shifts.extend(state, shift, command.from_ms, command.to_ms)
    for each in state.rota.all_open():
        handover.extend(state, each, command.from_ms, command.to_ms)


def told(state: State, command: NoteOutage) -> Rejected | None:
    if command.to_ms <= command.from_ms:
        return Rejected("empty_outage")
    state.say(OutageNoted(at_ms=state.at_ms, from_ms=command.from_ms, to_ms=command.to_ms))
    return None


def _extend(state: State, thread: Thread, from_ms: int, to_ms: int) -> None:
    was = arrival.before(thread)
    if not thread.misses:
        settle(thread)  # nothing can come late here: the buffer would arm the old deadlines again
    sealed = sealed_view(thread)
    for view in (sealed, thread.live):
        _extend_view(view, from_ms, to_ms - from_ms)
    set_sealed(thread, sealed)
    away.extend(thread, from_ms, to_ms - from_ms)
    arrival.reconcile(state, thread, was)


def _extend_view(view: View, from_ms: int, by_ms: int) -> None:
    if view.wait is not None and view.wait.due_ms >= from_ms:
        view.wait.due_ms += by_ms
    if view.follow_up is not None and view.follow_up.due_ms >= from_ms:
        if view.follow_up.from_ms >= from_ms:
            view.follow_up.from_ms += by_ms
        view.follow_up.due_ms += by_ms
    for item in view.pending:
        if item.running and item.due_ms >= from_ms:
            item.due_ms += by_ms
