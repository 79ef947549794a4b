"""A shift's life by the clock (RULES §5): it begins, its agent is told of the handover, it ends,
and some time after that its handover is judged.

    planned ── from_ms ──▶ on ── to_ms ──▶ over ── due_ms ──▶ (judged)
        └────── cancelled by a supervisor ──────┘

What is due at a millisecond comes after the commands of that millisecond: who comes online at
the very start is there in time, who files at the very end of the grace is, too.
"""

from __future__ import annotations

from router.core import attendance, duties, handover, operators
from router.core.facts import HandoverOwed, ShiftBegan, ShiftEnded
from router.core.records import Shift
from router.core.state import State


def rearm(state: State, shift: Shift) -> None:
    """Let the clock stop at this shift when it next matters: planned, changed, or begun."""
    next_ms = -1
    if shift.state == "planned":
        next_ms = shift.from_ms
    elif shift.state == "on":
        next_ms = shift.to_ms
        if not shift.told:
            next_ms -= duties.grace_ms(state)
    state.set_alarm(shift, max(next_ms, state.at_ms) if next_ms >= 0 else -1)


def fire(state: State, shift: Shift) -> None:
    """The clock has stopped at this shift."""
    if shift.state == "planned":
        _begin(state, shift)
    elif shift.state == "on" and state.at_ms < shift.to_ms:
        _tell(state, shift)
    elif shift.state == "on":
        _end(state, shift)
    elif shift.state == "over":
        _judge(state, shift)


def _begin(state: State, shift: Shift) -> None:
    shift.state = "on"
    state.rota.note_shift(shift)
    present = attendance.at_start(state, shift)
    state.changed(shift)
    state.say(ShiftBegan(at_ms=state.at_ms, shift=shift.id, agent=shift.agent, present=present))
    operators.sign_on(state, shift)
    rearm(state, shift)


def _tell(state: State, shift: Shift) -> None:
    """From now on who goes offline has to have handed over."""
    shift.told = True
    if duties.owed(state, shift):
        state.say(
            HandoverOwed(
                at_ms=state.at_ms,
                agent=shift.agent,
                shift=shift.id,
                what="file",
                due_ms=shift.to_ms + duties.grace_ms(state),
            )
        )
    rearm(state, shift)


def _end(state: State, shift: Shift) -> None:
    present = attendance.at_end(state, shift)
    shift.state = "over"
    state.rota.note_shift(shift)
    state.changed(shift)
    state.say(
        ShiftEnded(
            at_ms=state.at_ms,
            shift=shift.id,
            agent=shift.agent,
            present=present,
            handover=shift.handover,
        )
    )
    if not present:
        attendance.keep_open(state, shift)
        if attendance.leaves_for_good(state, shift.agent):
            attendance.pass_on_all(state, shift.agent)
    if duties.owed(state, shift) or (shift.breach and not shift.handover):
        due_ms = shift.to_ms + duties.grace_ms(state)
        shift.due_ms = duties.extended_ms(state, shift.to_ms, due_ms)
        state.set_alarm(shift, shift.due_ms)
    else:
        shift.judged = True


def _judge(state: State, shift: Shift) -> None:
    """The time to file is over. What nobody handed over the router does, so that the next shift
    has it."""
    if state.at_ms < shift.due_ms:
        state.set_alarm(shift, shift.due_ms)
        return
    duties.not_filed(state, shift)
    state.changed(shift)
    if not shift.handover:
        handover.file_by_router(state, shift)


def extend(state: State, shift: Shift, from_ms: int, to_ms: int) -> None:
    """An outage was noted: whoever had to file in it has its length more (RULES §2)."""
    if shift.state == "over" and shift.next_ms >= 0 and shift.due_ms >= from_ms:
        shift.due_ms += to_ms - from_ms
        state.set_alarm(shift, shift.due_ms)
