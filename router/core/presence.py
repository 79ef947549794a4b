"""Online, away, offline; sub-accounts paused and signed on to (RULES §4).

Leaving with buyers waiting needs a choice: `inform` them or `transfer` them. Going offline
moves all that has a deadline pending; the rest is picked up when the buyer writes.
"""

from __future__ import annotations

from router.core import arrival, assignment
from router.core.commands import (
    Choice,
    GoSilent,
    PauseSubAccount,
    SetPresence,
    SignOn,
    SubAccountPresence,
)
from router.core.facts import PresenceChanged, SubAccountChanged
from router.core.outcome import Rejected
from router.core.records import Person, Seat
from router.core.state import State
from router.core.thread import Thread
from router.core.view import ANSWERS, SHOP, Moment, is_waiting


def set_presence(state: State, command: SetPresence) -> Rejected | None:
    """An agent's own act, or a supervisor's about them. Refused without a choice where one is
    needed, with the list of the sessions in question."""
    person = state.persons.get(command.agent)
    if person is None:
        return Rejected("unknown_agent", command.agent)
    by_supervisor = command.by not in ("", command.agent)
    if by_supervisor and not command.reason:
        return Rejected("reason_needed", "a supervisor who sets somebody's presence says why")
    choice = command.open_sessions
    waiting = _waiting(state, command.agent) if command.to != "online" else []
    if waiting and not choice:
        if not by_supervisor:
            sessions = ",".join(thread.session for thread in waiting)
            return Rejected("open_sessions_choice_needed", sessions)
        choice = "transfer"
    back_ms = state.at_ms + command.back_in_ms if command.back_in_ms else 0
    _set(state, person, command, back_ms)
    if command.to != "online":
        _leave(state, person, waiting, choice, command.to)
    return None


def go_silent(state: State, command: GoSilent) -> Rejected | None:
    """Their console is gone: offline, in the same way, with what waits moved on."""
    person = state.persons.get(command.agent)
    if person is None:
        return Rejected("unknown_agent", command.agent)
    if person.presence == "offline" or not person.console or person.since_ms > command.since_ms:
        return Rejected("not_silent", "their presence was set anew since")
    waiting = _waiting(state, command.agent)
    change = SetPresence(agent=person.id, to="offline", reason="silent", by="router")
    _set(state, person, change, 0)
    _leave(state, person, waiting, "transfer", "offline")
    return None


def _waiting(state: State, agent: str) -> list[Thread]:
    found = [t for t in state.held_by(agent) if t.agent == agent and is_waiting(t.live)]
    return sorted(found, key=lambda t: (t.live.wait.due_ms if t.live.wait else 0, t.no))


def _set(state: State, person: Person, command: SetPresence, back_ms: int) -> None:
    was = person.presence
    if was != "online" and command.to == "online":
        state.pools.came_online(person)
        for seat_id in state.pools.seats_of.get(person.id, ()):
            state.changed(state.seats[seat_id])  # their pace may have been raised
        person.idle_since_ms = state.at_ms
    elif was == "online" and command.to != "online":
        state.pools.left_online(person)
    if was != command.to:
        person.since_ms = state.at_ms
    person.presence = command.to
    person.reason = command.reason
    person.back_ms = back_ms
    person.set_by = command.by or command.agent
    person.console = command.console
    state.changed(person)
    state.pools.touch_person(person.id)
    state.freed[person.id] = None
    state.say(
        PresenceChanged(
            at_ms=state.at_ms,
            agent=person.id,
            to=command.to,
            reason=command.reason,
            by=person.set_by,
            back_ms=back_ms,
        )
    )


def _leave(state: State, person: Person, waiting: list[Thread], choice: Choice, to: str) -> None:
    for thread in waiting:
        if choice == "inform":
            _inform(state, thread)
        else:
            pass_on(state, thread, person.id)
    if to == "offline":
        for thread in state.held_by(person.id):
            _pass_on_pending(state, thread, person.id)


def _inform(state: State, thread: Thread) -> None:
    """The away message in the agent's name: answers the buyer, starts no follow-up."""
    message = f"away-{thread.session}-{state.offset}"
    text = state.rules(thread.shop).policy.away_text
    assignment.request_text(state, thread, message, text, sub_account=thread.sub_account)
    moment = Moment(state.at_ms, SHOP, message, state.offset, ANSWERS)
    arrival.arrive(state, thread, moment)
    thread.informed = True


def pass_on(state: State, thread: Thread, agent: str) -> None:
    """Somebody else takes the session, or it waits in the queue."""
    if not assignment.move(state, thread, "transfer", but_not=agent):
        assignment.enqueue(state, thread)


def _pass_on_pending(state: State, thread: Thread, agent: str) -> None:
    live = thread.live
    if thread.agent == agent:
        follows = any(
            item.running and (kind := state.kind(thread.shop, item.kind)) and kind.follows_session
            for item in live.pending
        )
        if is_waiting(live) or live.follow_up is not None or follows:
            pass_on(state, thread, agent)
    for work in list(thread.work.values()):
        if work.agent == agent:
            assignment.assign_work(state, thread, work, but_not=agent)


def hand_on_if_absent(state: State, thread: Thread) -> None:
    """A buyer writes: what an offline holder left is picked up, and an away one's moves (§3)."""
    if not thread.agent:
        return
    person = state.persons[thread.agent]
    if person.presence == "offline":
        pass_on(state, thread, person.id)
    elif person.presence == "away":
        if state.rules(thread.shop).policy.away_messages == "move":
            assignment.move(state, thread, "transfer", but_not=person.id)


def hand_on_if_left(state: State, thread: Thread, sent_ms: int) -> None:
    """What their holder said before going offline reaches us after it: a follow-up that it
    starts goes to somebody else, as it would have then (§4)."""
    if not thread.agent or thread.live.follow_up is None:
        return
    person = state.persons[thread.agent]
    if person.presence == "offline" and sent_ms <= person.since_ms:
        pass_on(state, thread, person.id)


# Sub-accounts


def sub_account_presence(state: State, command: SubAccountPresence) -> Rejected | None:
    """The platform's word on one sub-account."""
    seat = state.seats.get(command.sub_account)
    if seat is None:
        return Rejected("unknown_sub_account", command.sub_account)
    was_on_duty = state.pools.on_duty(seat)
    seat.platform = command.presence
    _seat_changed(state, seat, was_on_duty=was_on_duty)
    return None


def pause(state: State, command: PauseSubAccount) -> Rejected | None:
    seat = state.seats.get(command.sub_account)
    if seat is None:
        return Rejected("unknown_sub_account", command.sub_account)
    was_on_duty = state.pools.on_duty(seat)
    seat.paused = command.paused
    _seat_changed(state, seat, was_on_duty=was_on_duty)
    return None


def sign_on(state: State, command: SignOn) -> Rejected | None:
    """One operator at a time: what the sub-account holds goes with it to the new one, if any."""
    seat = state.seats.get(command.sub_account)
    if seat is None:
        return Rejected("unknown_sub_account", command.sub_account)
    if command.agent and command.agent not in state.persons:
        return Rejected("unknown_agent", command.agent)
    if command.agent == seat.agent:
        return Rejected("already_signed_on", command.agent)
    change_operator(state, seat, command.agent)
    return None


def change_operator(state: State, seat: Seat, agent: str) -> None:
    """`agent` ("" for nobody) operates the sub-account from now on, with all it holds; where
    they are not here, somebody else has that."""
    before, was_on_duty = seat.agent, state.pools.on_duty(seat)
    held = state.held_by(before) if before else []
    sessions = [thread for thread in held if thread.sub_account == seat.id]
    work = [(t, w) for t in held for w in t.work.values() if w.sub_account == seat.id]
    state.pools.sign_on(seat, agent)
    _seat_changed(state, seat, was_on_duty=was_on_duty)
    if before:
        state.pools.touch_person(before)
    here = bool(agent) and state.persons[agent].presence != "offline"
    for thread in sessions:
        if here:
            assignment.give(state, thread, seat, "transfer")
        elif not assignment.move(state, thread, "transfer"):
            assignment.enqueue(state, thread)
    for thread, item in work:
        if item.agent == before:
            if here:
                assignment.give_work(state, thread, item, seat, "transfer")
            else:
                assignment.assign_work(state, thread, item)


def _seat_changed(state: State, seat: Seat, *, was_on_duty: bool) -> None:
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


def fire(state: State, person: Person) -> None:
    """The clock ends their presence (RULES §4)."""
    del state, person
