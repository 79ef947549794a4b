"""Who was there when they were rostered (RULES §5), told by their presence. No fine is for it.

`note` hears of each change of presence, `hand_on` follows when somebody has gone offline: what
is theirs waits for nobody who has left. In mid-shift only what has a deadline is passed on
(RULES §4); from the grace before a shift's end on, or once it is handed over, all is.
"""

from __future__ import annotations

from router.core import assignment, drafting, duties, operators
from router.core.drafting import FILED_WITHIN_MS
from router.core.facts import AttendanceNoted
from router.core.records import Person, Shift
from router.core.state import State


def note(state: State, person: Person, was: str, was_since_ms: int) -> None:
    """Their presence is another than it was (since `was_since_ms`)."""
    if person.presence == was:
        return
    for shift in state.rota.of(person.id):
        if shift.state == "on":
            if was == "away":
                add_away(shift, was_since_ms, state.at_ms)
            if was == "offline":
                _came(state, shift)
            elif person.presence == "offline":
                _left(state, person, shift)
            state.changed(shift)
            operators.sign_on(state, shift)
        elif shift.state == "over" and not shift.judged:
            if person.presence == "offline":
                _left(state, person, shift)
            shift.excused = shift.excused and person.presence == "offline"
            state.changed(shift)


def _came(state: State, shift: Shift) -> None:
    """They are here (again): what was passed on in mid-shift is others' business from now on."""
    shift.left_ms = 0
    shift.excused = False
    if state.at_ms < shift.to_ms - duties.grace_ms(state):
        shift.left_open = []
    if shift.came_ms:
        return
    shift.came_ms = state.at_ms
    shift.came_offset = state.offset
    late_ms = state.at_ms - max(shift.from_ms, shift.planned_ms)
    if late_ms > state.desk.policy.late_after_ms:
        shift.late_ms = late_ms
        _say(state, shift, "late", late_ms)


def _left(state: State, person: Person, shift: Shift) -> None:
    """Remember what was theirs, before it is passed on; then see whether they may go."""
    if shift.state == "on":
        shift.left_ms = state.at_ms
    shift.left_offset = state.offset
    shift.excused = duties.by_supervisor(person)
    keep_open(state, shift)
    duties.left(state, person, shift)


def keep_open(state: State, shift: Shift) -> None:
    """Note what is open of theirs, for a handover that is not filed yet."""
    if not shift.handover:
        shift.left_open = drafting.open_lines_of(state, shift)
        state.changed(shift)


def add_away(shift: Shift, since_ms: int, to_ms: int) -> None:
    """They were away from `since_ms` to `to_ms`; only what lies in the shift counts."""
    from_ms = max(since_ms, shift.from_ms)
    to_ms = min(to_ms, shift.to_ms)
    shift.away_ms += max(0, to_ms - from_ms)
    shift.away_in_breaks_ms += sum(
        max(0, min(to_ms, break_to_ms) - max(from_ms, break_from_ms))
        for break_from_ms, break_to_ms in shift.breaks
    )


def at_start(state: State, shift: Shift) -> bool:
    """The shift begins: whether its agent is there."""
    person = state.persons[shift.agent]
    if person.presence == "offline":
        return False
    shift.came_ms = state.at_ms
    shift.came_offset = person.offset
    return True


def at_end(state: State, shift: Shift) -> bool:
    """The shift ends: whether its agent is there; who never came or left early is noted."""
    person = state.persons[shift.agent]
    if person.presence == "away":
        add_away(shift, person.since_ms, shift.to_ms)
    if not shift.came_ms:
        shift.absent = True
        _say(state, shift, "absent", shift.to_ms - shift.from_ms)
    elif shift.left_ms and shift.left_ms < shift.to_ms:
        shift.early_ms = shift.to_ms - shift.left_ms
        _say(state, shift, "left_early", shift.early_ms)
    return person.presence != "offline"


def _say(state: State, shift: Shift, what: str, by_ms: int) -> None:
    state.say(
        AttendanceNoted(
            at_ms=state.at_ms,
            shift=shift.id,
            agent=shift.agent,
            what="late" if what == "late" else "absent" if what == "absent" else "left_early",
            by_ms=by_ms,
        )
    )


# Having left


def hand_on(state: State, person: Person) -> None:
    """They have gone offline, and what has a deadline was passed on: their sub-accounts go to
    who is rostered for them, and all that is still theirs to others where they left for good."""
    operators.pass_seats(state, person.id)
    if leaves_for_good(state, person.id):
        pass_on_all(state, person.id)


def leaves_for_good(state: State, agent: str) -> bool:
    """Whether who goes offline now has left: their shift is handed over, over, or nearly so."""
    on = state.rota.on_of(agent)
    if on:
        near_ms = state.at_ms + duties.grace_ms(state)
        return all(
            shift.handover or (near_ms >= shift.to_ms and not duties.continues(state, shift))
            for shift in on
        )
    since_ms = state.at_ms - FILED_WITHIN_MS
    over = (s.state == "over" and s.to_ms >= since_ms for s in state.rota.of(agent))
    return any(over) or any(h.filed_ms >= since_ms for h in state.rota.filed_by(agent))


def pass_on_all(state: State, agent: str) -> None:
    """All that this agent holds goes to somebody who can take it, else to the queue."""
    for thread in state.held_by(agent):
        if thread.agent == agent:
            if not assignment.move(state, thread, "transfer", but_not=agent):
                assignment.enqueue(state, thread, quiet=True)
        for work in list(thread.work.values()):
            if work.agent == agent:
                assignment.assign_work(state, thread, work, but_not=agent)
