"""Who operates which sub-account: one person at a time (RULES §3), by hand or from the roster.

A shift names its sub-accounts; where it names none, they are those that the desk's
configuration gives to its agent. The roster takes none from somebody who is here: they
finish, and it passes when they go offline, or when their handover is acknowledged whole.
"""

from __future__ import annotations

from router.core import assignment
from router.core.commands_shift import PlannedShift
from router.core.facts import Cause, SubAccountChanged
from router.core.records import Seat, Shift
from router.core.state import State


def change_operator(
    state: State, seat: Seat, agent: str, cause: Cause = "transfer", *, within: bool = False
) -> None:
    """`agent` ("" for nobody) operates the sub-account from now on, with all it holds; where
    they are not here, somebody else has that. `within`: the router's own choice, which exceeds
    no capacity (RULES §3): what they have no room for goes to others, or waits."""
    before, was_on_duty = seat.agent, state.pools.on_duty(seat)
    held = state.held_by(before) if before else []
    sessions = [thread for thread in held if thread.sub_account == seat.id]
    work = [(t, w) for t in held for w in t.work.values() if w.sub_account == seat.id]
    state.pools.sign_on(seat, agent)
    seat_changed(state, seat, was_on_duty=was_on_duty)
    if before:
        state.pools.touch_person(before)
    here = bool(agent) and state.persons[agent].presence != "offline"
    for thread in sessions:
        if here and (not within or _has_room(state, seat)):
            assignment.give(state, thread, seat, cause)
        elif not assignment.move(state, thread, cause):
            assignment.enqueue(state, thread, quiet=within)
    for thread, item in work:
        if item.agent == before:
            if here:
                assignment.give_work(state, thread, item, seat, cause)
            else:
                assignment.assign_work(state, thread, item)


def _has_room(state: State, seat: Seat) -> bool:
    """Whether the new operator can take one of the sessions that the sub-account holds: it
    counts for the sub-account already."""
    seat.load -= 1
    room = state.pools.available(seat)
    seat.load += 1
    return room


def seat_changed(state: State, seat: Seat, *, was_on_duty: bool) -> None:
    """Its operator, or whether it is paused, is another: pools hear of it, and the outside."""
    if not was_on_duty and state.pools.on_duty(seat):
        state.pools.came_on_duty(seat)
    state.changed(seat)
    state.pools.touch_seat(seat.id)
    if seat.agent:
        state.freed[seat.agent] = None
    state.say(
        SubAccountChanged(
            at_ms=state.at_ms,
            sub_account=seat.id,
            agent=seat.agent,
            paused=seat.paused,
            platform=seat.platform,
        )
    )


def sub_accounts_of(state: State, shift: Shift | PlannedShift) -> list[str]:
    """Those that the shift's agent is to operate: the shift's own, or those theirs anyway."""
    if shift.sub_accounts:
        return list(shift.sub_accounts)
    return [sub.id for sub in state.desk.sub_accounts if sub.agent == shift.agent]


def sign_on(state: State, shift: Shift) -> None:
    """The shift is on and its agent online: what nobody here operates goes to them."""
    if state.persons[shift.agent].presence != "online":
        return
    for name in sub_accounts_of(state, shift):
        seat = state.seats.get(name)
        if seat is None or seat.agent == shift.agent:
            continue
        operator = state.persons.get(seat.agent)
        if operator is None or operator.presence == "offline":
            change_operator(state, seat, shift.agent, within=True)


def pass_seats(state: State, agent: str) -> None:
    """Somebody has gone offline: their sub-accounts go to who is online, on shift and rostered
    for them; the shift that began first where several are."""
    seats = [state.seats[name] for name in list(state.pools.seats_of.get(agent, ()))]
    if not seats or not state.rota.on:
        return
    heirs = _rostered(state, agent)
    for seat in seats:
        heir = heirs.get(seat.id)
        if heir:
            change_operator(state, seat, heir, within=True)


def _rostered(state: State, but_not: str) -> dict[str, str]:
    """Who is online, on shift and rostered for each sub-account."""
    found: dict[str, str] = {}
    for shift in state.rota.all_on():
        if shift.agent != but_not and state.persons[shift.agent].presence == "online":
            for name in sub_accounts_of(state, shift):
                found.setdefault(name, shift.agent)
    return found


def shared(state: State, one: Shift, other: Shift) -> list[str]:
    """The sub-accounts that both shifts are rostered for."""
    theirs = dict.fromkeys(sub_accounts_of(state, other))
    return [name for name in sub_accounts_of(state, one) if name in theirs]
