"""Online, away, offline; sub-accounts paused and signed on to (RULES §4).

Leaving with buyers waiting needs a choice: `inform` them or `transfer` them. Going offline
moves all that has a deadline pending; the rest is picked up when the buyer writes. What they owe
to those whom they told is `away`'s.

A console is heard by its event stream. Presence without such a heartbeat can be ended by the
desk's policy: some time after it was set last, or when the agent's shift is over.
"""

from __future__ import annotations

from router.core import arrival, assignment, attendance, autos, away, operators
from router.core.commands import (
    Choice,
    GoSilent,
    PauseSubAccount,
    SetPresence,
    SignOn,
    SubAccountPresence,
)
from router.core.facts import PresenceChanged
from router.core.outcome import Rejected
from router.core.records import Person
from router.core.state import State
from router.core.thread import Thread
from router.core.view import ANSWERS, SHOP, Moment, is_waiting

CAME_KEPT = 8


def set_presence(state: State, command: SetPresence) -> Rejected | None:
    """An agent's own act, or a supervisor's about them. Refused without a choice where one is
    needed, with the list of the sessions in question."""
    person = state.persons.get(command.agent)
    if person is None:
        return Rejected("unknown_agent", command.agent)
    by_supervisor = command.by not in ("", command.agent)
    if by_supervisor and not command.reason:
        return Rejected("reason_needed", "a supervisor who sets somebody's presence says why")
    choice = command.open_sessions or ("transfer" if by_supervisor else "")
    waiting = _waiting(state, command.agent) if command.to != "online" else []
    if waiting and not choice:
        sessions = ",".join(thread.session for thread in waiting)
        return Rejected("open_sessions_choice_needed", sessions)
    back_ms = state.at_ms + command.back_in_ms if command.back_in_ms else 0
    _set(state, person, command, back_ms)
    if command.to != "online":
        _leave(state, person, waiting, choice, command.to)
    elif not by_supervisor:
        away.came_back(state, person.id)
    return None


def go_silent(state: State, command: GoSilent) -> Rejected | None:
    """Their console is gone: offline, in the same way, with what waits moved on."""
    person = state.persons.get(command.agent)
    if person is None:
        return Rejected("unknown_agent", command.agent)
    if person.presence == "offline" or not person.console or person.since_ms > command.since_ms:
        return Rejected("not_silent", "their presence was set anew since")
    for thread in _waiting(state, person.id):
        away.fell_silent(state, thread, command.since_ms, person.offset)
    _end(state, person, "silent")
    return None


def _end(state: State, person: Person, reason: str) -> None:
    """The router takes them for gone: what waits is passed on."""
    waiting = _waiting(state, person.id)
    change = SetPresence(agent=person.id, to="offline", reason=reason, by="router")
    _set(state, person, change, 0)
    _leave(state, person, waiting, "transfer", "offline")


def _waiting(state: State, agent: str) -> list[Thread]:
    found = [t for t in state.held_by(agent) if t.agent == agent and is_waiting(t.live)]
    return sorted(found, key=lambda t: (t.live.wait.due_ms if t.live.wait else 0, t.no))


def _set(state: State, person: Person, command: SetPresence, back_ms: int) -> None:
    was, was_since_ms = person.presence, person.since_ms
    if was != "online" and command.to == "online":
        state.pools.came_online(person)
        for seat_id in state.pools.seats_of.get(person.id, ()):
            state.changed(state.seats[seat_id])  # their pace may have been raised
        person.idle_since_ms = state.at_ms
    elif was == "online" and command.to != "online":
        state.pools.left_online(person)
    if was != command.to:
        person.since_ms = state.at_ms
    if was == "offline" and command.to != "offline":
        person.came = (*person.came, state.at_ms)[-CAME_KEPT:]
    person.set_ms, person.offset = state.at_ms, state.offset
    person.presence = command.to
    person.reason = command.reason
    person.back_ms = back_ms
    person.set_by = command.by or command.agent
    person.console = command.console
    state.changed(person)
    watch(state, person)
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
    attendance.note(state, person, was, was_since_ms)


def _leave(state: State, person: Person, waiting: list[Thread], choice: Choice, to: str) -> None:
    waits = {thread.no: None for thread in waiting}
    owed = [thread for thread in away.owed(state, person.id) if thread.no not in waits]
    if not choice:
        for thread in owed:
            away.suspend(state, thread)
        owed = []
    for thread in (*waiting, *owed):
        if choice == "inform":
            _inform(state, thread)
        else:
            pass_on(state, thread, person.id)
    if to == "offline":
        for thread in state.held_by(person.id):
            _pass_on_pending(state, thread, person.id)
        attendance.hand_on(state, person)


def _inform(state: State, thread: Thread) -> None:
    """The away message in the agent's name: answers the buyer, starts no follow-up."""
    message = f"away-{thread.session}-{state.offset}"
    text = state.rules(thread.shop).policy.away_text
    away.tell(state, thread)
    autos.send(state, thread, message, text, sub_account=thread.sub_account)
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
    operators.seat_changed(state, seat, was_on_duty=was_on_duty)
    return None


def pause(state: State, command: PauseSubAccount) -> Rejected | None:
    seat = state.seats.get(command.sub_account)
    if seat is None:
        return Rejected("unknown_sub_account", command.sub_account)
    was_on_duty = state.pools.on_duty(seat)
    seat.paused = command.paused
    operators.seat_changed(state, seat, was_on_duty=was_on_duty)
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
    operators.change_operator(state, seat, command.agent)
    return None


# What the clock ends


def fire(state: State, person: Person) -> None:
    """The clock ends their presence, if it is still the one to be ended (RULES §4)."""
    expires_ms, over_ms = _expires_ms(state, person), _shift_over_ms(state, person)
    if 0 <= expires_ms <= state.at_ms:
        _end(state, person, "expired")
    elif 0 <= over_ms <= state.at_ms:
        _end(state, person, "shift_over")
    else:
        watch(state, person)


def shifts_changed(state: State) -> None:
    """Look again at those of whom a shift has changed."""
    rostered, state.rostered = state.rostered, {}
    for agent in rostered:
        person = state.persons.get(agent)
        if person is not None:
            watch(state, person)


def watch(state: State, person: Person) -> None:
    """Let the clock stop when it is to end this presence: it was set, the policy has changed, or
    a shift of theirs."""
    ends_ms = presence_ends_ms(state, person)
    state.set_alarm(person, max(ends_ms, state.at_ms) if ends_ms >= 0 else -1)


def presence_ends_ms(state: State, person: Person) -> int:
    """When the clock is to end it; -1: never."""
    ends = (_expires_ms(state, person), _shift_over_ms(state, person))
    return min((ends_ms for ends_ms in ends if ends_ms >= 0), default=-1)


def _expires_ms(state: State, person: Person) -> int:
    max_ms = state.desk.policy.presence_max_ms
    if not max_ms or not _has_no_heartbeat(person):
        return -1
    return person.set_ms + max_ms


def _shift_over_ms(state: State, person: Person) -> int:
    """When a shift that ends while they are here is over, and no other is on then; where it has to
    be handed over, they have the grace to do it. Who is here without a shift, or comes after one,
    works on of their own will."""
    policy = state.desk.policy
    if not policy.presence_ends_with_shift or not _has_no_heartbeat(person):
        return -1
    theirs = [shift for shift in state.rota.of(person.id) if shift.state != "cancelled"]
    grace_ms = policy.handover_grace_ms if policy.handover_required else 0
    overs = (s.to_ms + grace_ms for s in theirs if s.to_ms > person.set_ms)
    return min(
        (at_ms for at_ms in overs if not any(s.from_ms <= at_ms < s.to_ms for s in theirs)),
        default=-1,
    )


def _has_no_heartbeat(person: Person) -> bool:
    return person.presence != "offline" and not person.console
