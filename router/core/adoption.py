"""A desk's configuration takes effect, at once and for what is open too.

What an agent or sub-account that is not there any more was holding goes to others, or waits;
their records are forgotten (ledger and breaches name them for ever).
"""

from __future__ import annotations

from router.core import assignment, planning, presence
from router.core.commands import AdoptDesk
from router.core.facts import DeskAdopted
from router.core.outcome import Rejected
from router.core.state import State
from router.core.thread import Thread, settle_past


def adopt_desk(state: State, command: AdoptDesk) -> Rejected | None:
    if state.desk.id and command.desk.id != state.desk.id:
        return Rejected("other_desk", command.desk.id)
    for thread in state.threads.values():
        settle_past(thread, state.horizon_ms(thread.shop, state.at_ms))
    state.put_by(command.desk)
    state.adopt(command.desk)
    state.dirty["desk"] = command.desk
    state.say(DeskAdopted(at_ms=state.at_ms, desk=command.desk.id, by=command.by))
    agents, seats = _gone(state)
    if agents or seats:
        _hand_on(state, agents, seats)
        _forget(state, agents, seats)
        state.adopt(command.desk)
    planning.desk_changed(state)
    for thread in state.threads.values():
        state.touch(thread)
    for agent in sorted(state.persons):
        presence.watch(state, state.persons[agent])
        state.freed[agent] = None
    return None


def _gone(state: State) -> tuple[list[str], list[str]]:
    """The agents and sub-accounts that this desk does not have, or has at another shop."""
    agents = {agent.id: None for agent in state.desk.agents}
    shops = {sub.id: sub.shop for sub in state.desk.sub_accounts}
    return (
        [agent for agent in sorted(state.persons) if agent not in agents],
        [seat for seat in sorted(state.seats) if shops.get(seat) != state.seats[seat].shop],
    )


def _hand_on(state: State, agents: list[str], seats: list[str]) -> None:
    """Let nobody who is gone hold anything; what is due first is handed on first."""
    for agent in agents:
        person = state.persons[agent]
        if person.presence == "online":
            state.pools.left_online(person)
        person.presence = "offline"
    for seat_id in seats:
        state.seats[seat_id].platform = "offline"
        state.pools.touch_seat(seat_id)
    for thread in sorted(state.threads.values(), key=lambda t: state.session_piece(t)[1]):
        _hand_on_thread(state, thread, agents, seats)


def _hand_on_thread(state: State, thread: Thread, agents: list[str], seats: list[str]) -> None:
    if thread.agent in agents or thread.sub_account in seats:
        if not assignment.move(state, thread, "reassign"):
            assignment.enqueue(state, thread)
    for work in thread.work.values():
        if work.agent in agents or work.sub_account in seats:
            assignment.assign_work(state, thread, work)


def _forget(state: State, agents: list[str], seats: list[str]) -> None:
    for seat in state.seats.values():
        if seat.agent in agents:
            seat.agent = ""
            state.changed(seat)
    for seat_id in seats:
        del state.seats[seat_id]
        state.dirty[f"s:{seat_id}"] = None
    for agent in agents:
        del state.persons[agent]
        state.dirty[f"p:{agent}"] = None
