"""`/v1/queue` and `/v1/board`: the desk as it is now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import takewhile

import msgspec

from router.clocktime import format_ms
from router.core.kinds import CALL_BACK
from router.core.policy import BEIJING_OFFSET_MS, DAY_MS
from router.core.records import Appeal, Flag
from router.core.state import State, holds
from router.core.thread import Thread
from router.core.view import is_waiting
from router.http import showing, showing_shifts, sight
from router.http import views as v
from router.http.api_people import roster
from router.http.routes import Call, Route

TAG = "live"

SHOWN = 200
"""Sessions, queue places and deadlines on the board."""


def _queue(call: Call, desk: str) -> Iterator[tuple[int, v.QueueView]]:
    """What waits, with since when; the earliest deadline first."""
    state = call.state(desk)
    shops = None if call.supervises else sight.shops_of(state, call.agent)
    for piece, shop, group in state.queue.pieces():
        thread = state.threads.get(piece.thread)
        if thread is None or (shops is not None and shop not in shops):
            continue
        since_ms = showing.waiting_since_ms(thread, thread.work.get(piece.work))
        yield since_ms, showing.queued(desk, thread, piece, group)


async def get_queue(call: Call) -> v.QueueList:
    query = call.query(v.QueueQuery)
    found = [
        shown
        for desk in call.desks(query.desk)
        for _, shown in _queue(call, desk)
        if query.shop in ("", shown.shop)
    ]
    start = int(query.cursor) if query.cursor.isdecimal() and query.cursor.isascii() else 0
    end = start + query.limit
    queue = await call.named(found[start:end])
    return v.QueueList(queue=queue, next_cursor=str(end) if end < len(found) else None)


async def get_board(call: Call) -> v.BoardView:
    query = call.query(v.BoardQuery)
    desk = call.one_desk(query.desk)
    state = call.state(desk)
    owner = call.context.service.partition(desk).owner
    threads = _visible(call, state)
    queue = list(_queue(call, desk))
    due = sorted(
        (due_ms, thread.no, rule, key, thread)
        for thread in threads
        for (rule, key), due_ms in showing.pending(thread).items()
    )
    first_due = {thread.no: due_ms for due_ms, _, _, _, thread in reversed(due)}
    first_due |= {t.no: t.live.wait.due_ms for t in threads if t.live.wait and is_waiting(t.live)}
    threads.sort(key=lambda thread: (first_due.get(thread.no, 1 << 60), thread.no))
    listed = [thread for thread in threads if thread.session] if query.sessions else []
    oldest_ms = min((since_ms for since_ms, _ in queue), default=owner.clock_ms)
    shown = v.BoardView(
        desk=desk,
        name=state.desk.name,
        now=format_ms(owner.clock_ms),
        cursor=str(owner.seq),
        counts=_counts(call, state, threads, len(queue), owner.clock_ms),
        oldest_wait_ms=max(0, owner.clock_ms - oldest_ms),
        shops=[v.BoardShop(id=shop.id, name=shop.name) for shop in state.desk.shops],
        agents=roster(call, desk).all(),
        queue=[shown for _, shown in queue[:SHOWN]],
        deadlines=[_due(desk, *item) for item in due[:SHOWN]],
        sessions=[showing.session(showing.ref(desk, state, t)) for t in listed[:SHOWN]],
        promises=_promises(call, desk, threads),
        rostered=_rostered(call, state, owner.clock_ms),
        handovers=_handovers(call, state),
    )
    return msgspec.structs.replace(  # `cursor` must not be ahead of what is shown
        shown,
        queue=await call.named(shown.queue),
        deadlines=await call.named(shown.deadlines),
        sessions=await call.named(shown.sessions),
        promises=await call.named(shown.promises),
    )


def _visible(call: Call, state: State) -> list[Thread]:
    """The threads with an open session or pending work that the caller may see."""
    if call.supervises:
        found = list(state.sessions.values())
        found += [t for t in {t.no: t for t in state.items.values()}.values() if not t.session]
        return found
    agent = call.agent
    held = (state.threads.get(key) for key in state.held.get(agent, ()))
    return [thread for thread in held if thread is not None and holds(thread, agent)]


def _rostered(call: Call, state: State, clock_ms: int) -> list[v.RosteredView]:
    agent = "" if call.supervises else call.agent
    found = [
        showing_shifts.rostered(state, shift, clock_ms)
        for shift in state.rota.all_on()
        if agent in ("", shift.agent)
    ]
    return sorted(found, key=lambda each: each.here)


def _handovers(call: Call, state: State) -> list[v.OpenHandoverView]:
    found = [
        each
        for each in reversed(state.rota.all_open())
        if call.supervises or showing_shifts.sees_handover(state, call.agent, each)
    ]
    return [showing_shifts.open_handover(each) for each in found[:SHOWN]]


def _promises(call: Call, desk: str, threads: list[Thread]) -> list[v.WorkView]:
    """Call-backs that were promised, until they are done (RULES §5, §9)."""
    agent = "" if call.supervises else call.agent
    found = [
        (work.due_ms, thread.no, work.key, thread, work)
        for thread in threads
        for work in thread.work.values()
        if work.kind == CALL_BACK.name and agent in ("", work.agent)
    ]
    found.sort(key=lambda item: item[:3])
    return [showing.work(desk, thread, work) for _, _, _, thread, work in found[:SHOWN]]


def _due(desk: str, due_ms: int, _no: int, rule: str, key: str, thread: Thread) -> v.Due:
    work = thread.work.get(f"{rule}/{key}") if key else None
    return v.Due(
        desk=desk,
        session=thread.session,
        shop=thread.shop,
        buyer=thread.buyer,
        rule=rule,
        key=key,
        agent=work.agent if work else thread.agent,
        due_at=format_ms(due_ms),
    )


def _counts(
    call: Call, state: State, threads: list[Thread], queued: int, clock_ms: int
) -> v.Counts:
    today_ms = clock_ms - (clock_ms + BEIJING_OFFSET_MS) % DAY_MS
    agent = "" if call.supervises else call.agent
    # In the order in which they were sealed; what was sealed before today fell due before it.
    sealed_today = takewhile(
        lambda breach: breach.sealed_ms >= today_ms, reversed(state.breaches.values())
    )
    breaches = [
        breach
        for breach in sealed_today
        if breach.due_ms >= today_ms and agent in ("", breach.agent)
    ]
    sessions = [thread for thread in threads if thread.session]
    presences = [person.presence for person in state.persons.values()]
    return v.Counts(
        sessions=len(sessions),
        held=sum(bool(thread.agent) for thread in sessions),
        queued=queued,
        waiting=sum(is_waiting(thread.live) for thread in sessions),
        work=sum(len(thread.work) for thread in threads),
        online=presences.count("online"),
        away=presences.count("away"),
        offline=presences.count("offline"),
        breaches_today=sum(not breach.reversed for breach in breaches),
        fines_today_fen=sum(
            breach.fine_fen for breach in breaches if not breach.reversed and not breach.waived
        ),
        flags_open=_to_answer(call, state.flags.values()),
        appeals_open=_to_answer(call, state.appeals.values()),
    )


def _to_answer(call: Call, items: Iterable[Flag] | Iterable[Appeal]) -> int:
    """How many are open and for the caller to answer: nobody judges themselves."""
    if not call.supervises:
        return 0
    own = call.user.agent
    return sum(each.state == "open" and (not own or each.agent != own) for each in items)


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/queue",
        handler=get_queue,
        summary="What waits for somebody to take it, the earliest deadline first",
        summary_zh="排队中的会话和工作,期限早的在前",
        tag=TAG,
        query=v.QueueQuery,
        answer=v.QueueList,
    ),
    Route(
        method="GET",
        path="/v1/board",
        handler=get_board,
        summary="A desk at a glance: agents, queue, deadlines, sessions, today's breaches",
        summary_zh="看板:客服、排队、期限、会话、今日违规",
        tag=TAG,
        query=v.BoardQuery,
        answer=v.BoardView,
    ),
)
