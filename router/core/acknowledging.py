"""The next shift takes a handover over, line by line or whole (RULES §5).

What a line names moves to them, full or not (RULES §3); what has ended, or is in other hands
by now, is only marked. With the whole go the sub-accounts that both shifts are rostered for,
and all that they hold.
"""

from __future__ import annotations

from router.core import assignment, drafting, operators
from router.core import commands as c
from router.core.facts import HandoverAcknowledged
from router.core.outcome import Rejected
from router.core.records import HandedLine, Handover, Seat, Shift
from router.core.state import State


def acknowledge(state: State, command: c.AcknowledgeHandover) -> Rejected | None:
    """By whom it is for; by anybody online where it is for nobody, or they are not online.

    Refused: `unknown_agent`, `no_such_handover`, `already_acknowledged` (the whole, or a line),
    `own_handover`, `agent_offline`, `not_yours`, `no_such_line`, `no_sub_account` (a line
    names what is at a shop where they have none).
    """
    person = state.persons.get(command.agent)
    if person is None:
        return Rejected("unknown_agent", command.agent)
    handover = _handover_of(state, command)
    if isinstance(handover, Rejected):
        return handover
    if handover.acknowledged_ms:
        return Rejected("already_acknowledged", f"{handover.id} by {handover.acknowledged_by}")
    if handover.agent == command.agent:
        return Rejected("own_handover", handover.id)
    if person.presence == "offline":
        return Rejected("agent_offline", command.agent)
    if command.agent != handover.to:
        named = state.persons.get(handover.to)
        if named is not None and named.presence == "online":
            return Rejected("not_yours", f"{handover.id} is for {handover.to}")
        if person.presence != "online":
            return Rejected("agent_offline", f"{command.agent} is {person.presence}")
    refused = _refuse_lines(state, handover, command)
    if refused is not None:
        return refused
    if command.lines:
        _take_lines(state, handover, command)
    else:
        _take_whole(state, handover, command.agent)
    return None


def _handover_of(state: State, command: c.AcknowledgeHandover) -> Handover | Rejected:
    if command.handover:
        handover = state.handovers.get(command.handover)
        return handover or Rejected("no_such_handover", command.handover)
    found = [h for h in state.rota.all_open() if h.agent != command.agent]
    theirs = [h for h in found if h.to == command.agent] or [h for h in found if not h.to]
    return theirs[-1] if theirs else Rejected("no_such_handover", f"none for {command.agent}")


def _refuse_lines(
    state: State, handover: Handover, command: c.AcknowledgeHandover
) -> Rejected | None:
    for number in command.lines:
        if not 0 <= number < len(handover.lines):
            return Rejected("no_such_line", str(number))
        line = handover.lines[number]
        if line.taken_ms:
            return Rejected("already_acknowledged", f"line {number} by {line.taken_by}")
        if _moves(state, handover, line, command.agent):
            if _seat(state, command.agent, line.shop) is None:
                return Rejected(
                    "no_sub_account", f"line {number}: {command.agent} has none at {line.shop}"
                )
    return None


def _take_lines(state: State, handover: Handover, command: c.AcknowledgeHandover) -> None:
    numbers = list(dict.fromkeys(command.lines))
    for number in numbers:
        _take(state, handover, handover.lines[number], command.agent)
    whole = all(line.taken_ms for line in handover.lines)
    if whole:
        _pass_seats(state, handover, command.agent)
    _close(state, handover, command.agent, numbers, whole=whole)


def _take_whole(state: State, handover: Handover, agent: str) -> None:
    _pass_seats(state, handover, agent)
    numbers = [number for number, line in enumerate(handover.lines) if not line.taken_ms]
    for number in numbers:
        _take(state, handover, handover.lines[number], agent)
    _close(state, handover, agent, numbers, whole=True)


def _close(state: State, handover: Handover, agent: str, lines: list[int], *, whole: bool) -> None:
    if whole:
        handover.acknowledged_by = agent
        handover.acknowledged_ms = state.at_ms
        handover.judged = True
        state.rota.note_handover(handover)
        state.set_alarm(handover, -1)
    state.changed(handover)
    state.say(
        HandoverAcknowledged(
            at_ms=state.at_ms,
            handover=handover.id,
            agent=agent,
            lines=tuple(lines),
            whole=whole,
        )
    )


def _pass_seats(state: State, handover: Handover, agent: str) -> None:
    """The sub-accounts that the outgoing agent operates still, and both are rostered for."""
    outgoing = state.shifts.get(handover.shift)
    incoming = _shift_of(state, handover, agent)
    if outgoing is None or incoming is None:
        return
    for name in operators.shared(state, outgoing, incoming):
        seat = state.seats.get(name)
        if seat is not None and seat.agent in ("", handover.agent):
            operators.change_operator(state, seat, agent, "handover")


def _shift_of(state: State, handover: Handover, agent: str) -> Shift | None:
    """The shift in which this agent takes it over."""
    shift = state.shifts.get(handover.to_shift)
    if shift is not None and shift.agent == agent:
        return shift
    return next(iter(state.rota.on_of(agent)), None)


def _moves(state: State, handover: Handover, line: HandedLine, agent: str) -> bool:
    """Whether what the line names is open, and nobody else has it by now."""
    if line.about == "other" or not line.ref or not drafting.is_open(state, line):
        return False
    holder = drafting.holder_of(state, line)
    if holder:
        return holder == handover.agent != agent
    found = drafting.find_item(state, line)
    return found is None or not found[1].taken_by  # a supervisor's stays with them


def _take(state: State, handover: Handover, line: HandedLine, agent: str) -> None:
    if _moves(state, handover, line, agent):
        _move(state, handover, line, agent)
    line.taken_by = agent
    line.taken_ms = state.at_ms


def _move(state: State, handover: Handover, line: HandedLine, agent: str) -> None:
    """To a sub-account of theirs at that shop. Without one: to whoever can take it; else it
    stays with the outgoing agent as long as they are here, and waits in the queue from then on."""
    seat = _seat(state, agent, line.shop)
    outgoing = state.persons.get(handover.agent)
    left = outgoing is None or outgoing.presence == "offline"
    if line.about == "session":
        thread = state.sessions[line.ref]
        if seat is not None:
            assignment.give(state, thread, seat, "handover")
        elif thread.agent and not assignment.move(
            state, thread, "handover", but_not=handover.agent
        ):
            if left:
                assignment.enqueue(state, thread, quiet=True)
        return
    found = drafting.find_item(state, line)
    assert found is not None  # it moves, so it is open
    thread, work = found
    if seat is not None:
        assignment.give_work(state, thread, work, seat, "handover")
    elif work.agent and left:
        assignment.assign_work(state, thread, work, but_not=handover.agent)


def _seat(state: State, agent: str, shop: str) -> Seat | None:
    """A sub-account of theirs at this shop: one with room first, then one that is not paused."""
    seat = state.pools.seat_of(agent, shop)
    if seat is not None:
        return seat
    seats = [state.seats[name] for name in state.pools.seats_of.get(agent, ())]
    here = [each for each in seats if each.shop == shop]
    on_duty = [each for each in here if state.pools.on_duty(each)]
    return next(iter(on_duty or here), None)
