"""Who holds what: giving, moving, queueing, taking up again (RULES §3).

The only place where a session or a work item changes hands. `given` marks a move for which
the previous holder still answers: their own act, or a rescue from them (RULES §2, "Who is
charged").
"""

from __future__ import annotations

from router.core import autos, away, bot_asking, session
from router.core.facts import (
    Cause,
    ItemAssigned,
    SessionAssigned,
    SessionQueued,
)
from router.core.records import Seat
from router.core.state import State, thread_key
from router.core.thread import Hold, Thread, Work


def assign_new(state: State, thread: Thread) -> None:
    """Find a holder for a session that has just opened: the familiar one, the best, or none."""
    seat = _familiar(state, thread)
    if seat is not None:
        give(state, thread, seat, "sticky")
    elif (seat := best(state, thread)) is not None:
        give(state, thread, seat, "new")
    else:
        enqueue(state, thread)


def _familiar(state: State, thread: Thread) -> Seat | None:
    """The same buyer within the day goes back to the same agent, if that agent can take it."""
    sticky_ms = state.rules(thread.shop).policy.sticky_ms
    if not thread.last_agent or state.at_ms > thread.last_ms + sticky_ms:
        return None
    return state.pools.seat_of(
        thread.last_agent,
        thread.shop,
        preferred=thread.last_sub_account,
        group=wanted_group(state, thread),
    )


def wanted_group(state: State, thread: Thread) -> str:
    return state.pools.wanted_group(thread.shop, thread.group)


def best(state: State, thread: Thread, *, but_not: str = "") -> Seat | None:
    """Who can take this session, by the desk's strategy."""
    return state.pools.pick(thread.shop, wanted_group(state, thread), but_not=but_not)


def move(
    state: State, thread: Thread, cause: Cause, *, but_not: str = "", given: bool = False
) -> bool:
    """Let whoever can take the session have it; False when nobody can (nothing is changed)."""
    seat = best(state, thread, but_not=but_not)
    if seat is None:
        return False
    give(state, thread, seat, cause, given=given)
    return True


def give(state: State, thread: Thread, seat: Seat, cause: Cause, *, given: bool = False) -> None:
    """Let the operator of this sub-account hold the session from now on."""
    before_agent, before_seat = thread.agent, thread.sub_account
    state.touch(thread)
    if before_agent != seat.agent:
        away.let_go(state, thread)
    _let_go(state, thread)
    bot_asking.taken(thread)
    thread.holds.append(Hold(state.at_ms, seat.agent, seat.id, cause, given, state.offset))
    session.change(thread, "give")
    thread.answered = False
    thread.informed = False
    thread.last_agent, thread.last_sub_account = seat.agent, seat.id
    state.queue.drop(thread_key(thread.shop, thread.buyer))
    _load(state, seat, +1)
    state.pools.received(seat)
    state.pools.touch_person(seat.agent)
    state.note_held(seat.agent, thread)
    state.say(
        SessionAssigned(
            at_ms=state.at_ms,
            session=thread.session,
            shop=thread.shop,
            buyer=thread.buyer,
            sub_account=seat.id,
            agent=seat.agent,
            cause=cause,
            from_agent=before_agent,
            from_sub_account=before_seat,
        )
    )
    for work in thread.work.values():
        kind = state.kind(thread.shop, work.kind)
        if work.agent != seat.agent and kind is not None and kind.follows_session:
            give_work(state, thread, work, seat, cause, given=given)


def enqueue(state: State, thread: Thread, *, given: bool = False, quiet: bool = False) -> None:
    """Nobody can take it: it waits until somebody comes free. `quiet`: the buyer waits for
    nothing, and is not told."""
    before_agent = thread.agent
    state.touch(thread)
    away.let_go(state, thread)
    _let_go(state, thread)
    thread.holds.append(Hold(state.at_ms, "", "", "queue", given, state.offset))
    session.change(thread, "queue")
    state.queue_session(thread)
    state.say(
        SessionQueued(
            at_ms=state.at_ms,
            session=thread.session,
            shop=thread.shop,
            buyer=thread.buyer,
            from_agent=before_agent,
        )
    )
    text = state.rules(thread.shop).policy.queue_text
    if text and not thread.greeted and not quiet:
        thread.greeted = True
        message = f"queue-{thread.session}"
        autos.send(state, thread, message, text, sub_account="")
        autos.keep_active(state, thread, message)
    bot_asking.queued(state, thread)


def release(state: State, thread: Thread) -> None:
    """The session has ended: its place is free."""
    if thread.agent:
        thread.last_ms = state.at_ms
    _let_go(state, thread)
    thread.holds.append(Hold(state.at_ms, "", "", "closed", False, state.offset))
    state.queue.drop(thread_key(thread.shop, thread.buyer))


def _let_go(state: State, thread: Thread) -> None:
    agent = thread.agent
    if not agent:
        return
    thread.last_ms = state.at_ms
    seat = state.seats[thread.sub_account]
    if not thread.answered and thread.live.open:
        state.pools.not_received(agent)
    _load(state, seat, -1, agent=agent)
    state.pools.touch_person(agent)
    state.freed[agent] = None


def _load(state: State, seat: Seat, by: int, *, agent: str = "") -> None:
    seat.load += by
    seat.idle_since_ms = state.at_ms
    state.changed(seat)
    person = state.persons[agent or seat.agent]
    person.load += by
    person.idle_since_ms = state.at_ms
    state.changed(person)


# Work items


def assign_work(state: State, thread: Thread, work: Work, *, but_not: str = "") -> None:
    """The holder of the buyer's open session if on duty, else by the strategy, else the queue."""
    kind = state.kind(thread.shop, work.kind)
    holder = state.seats.get(thread.sub_account) if thread.agent else None
    if holder is not None and holder.agent != but_not and state.pools.on_duty(holder):
        give_work(state, thread, work, holder, "new")
        return
    group = state.pools.wanted_group(thread.shop, kind.group if kind else "")
    seat = state.pools.pick_on_duty(thread.shop, group, but_not=but_not)
    if seat is not None:
        give_work(state, thread, work, seat, "new")
    else:
        enqueue_work(state, thread, work)


def give_work(
    state: State, thread: Thread, work: Work, seat: Seat, cause: str, *, given: bool = False
) -> None:
    state.touch(thread)
    work.holds.append(Hold(state.at_ms, seat.agent, seat.id, cause, given, state.offset))
    work.queued = False
    state.queue.drop(thread_key(thread.shop, thread.buyer), f"{work.kind}/{work.key}")
    state.note_held(seat.agent, thread)
    _say_work(state, thread, work)


def enqueue_work(state: State, thread: Thread, work: Work) -> None:
    state.touch(thread)
    work.holds.append(Hold(state.at_ms, "", "", "queue", False, state.offset))
    work.queued = True
    state.queue_work(thread, work)
    _say_work(state, thread, work)


def _say_work(state: State, thread: Thread, work: Work) -> None:
    state.say(
        ItemAssigned(
            at_ms=state.at_ms,
            item=work.id,
            kind=work.kind,
            key=work.key,
            shop=thread.shop,
            buyer=thread.buyer,
            agent=work.agent,
            sub_account=work.sub_account,
        )
    )


# Coming free


def fill(state: State) -> None:
    """Whoever came free in this step takes what waits, the earliest deadline first."""
    while state.freed:
        agent = next(iter(state.freed))
        del state.freed[agent]
        if len(state.queue):
            _fill_agent(state, agent)


def _fill_agent(state: State, agent: str) -> None:
    pools = state.pools
    while True:
        best_choice: tuple[tuple[int, int, str, str], Seat] | None = None
        for seat_id in pools.seats_of.get(agent, ()):
            seat = state.seats[seat_id]
            if not pools.on_duty(seat):
                continue
            groups = [g for g in state.queue.groups(seat.shop) if pools.takes_group(seat, g)]
            piece = state.queue.first(
                [(seat.shop, group) for group in groups], sessions=pools.capacity_left(seat)
            )
            if piece is not None and (best_choice is None or piece < best_choice[0]):
                best_choice = (piece, seat)
        if best_choice is None:
            return
        (_, _, work_name, key), seat = best_choice
        thread = state.threads[key]
        if work_name:
            give_work(state, thread, thread.work[work_name], seat, "from_queue")
        else:
            give(state, thread, seat, "from_queue")
