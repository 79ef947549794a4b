"""`GET /v1/events`: a desk's facts as they are committed, as server-sent events.

An event's id is `{seq}:{index}`: the commit, and the fact's place among the desk's facts in
it, whoever may see it. So `Last-Event-ID` resumes without a loss or a repeat. An open stream
of an agent is also the heartbeat of presence set in the console.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from aiohttp import web

from router.core import facts as f
from router.core.state import State
from router.http import sight
from router.http import views as v
from router.http.follower import following
from router.http.problems import Problem
from router.http.routes import STREAM, Call, Route
from router.http.streams import Stream, event
from router.owner import Committed, Unowned
from router.service import Lagging

CHECK_S = 9.5
"""How often it is asked whether the reader's login or token still stands."""
HEARTBEAT_S = 9.5
"""A stream that has said nothing for this long says so; looked at every 10 s at the latest."""

WHOLE = 1 << 40
"""Stands for the index of a commit's last fact: `{seq}` alone means all of that commit."""


class Place(NamedTuple):
    """Up to where a reader has everything."""

    seq: int
    nth: int


def read_place(text: str) -> Place | None:
    """Raises a 400 `Problem`; None for "" (from now on)."""
    if not text:
        return None
    seq, colon, index = text.partition(":")
    numbers = (seq, index) if colon else (seq,)
    if len(text) > 30 or not all(n.isascii() and n.isdecimal() for n in numbers):
        raise Problem(400, "Last-Event-ID: expected {seq}:{index}", reason="bad_request")
    return Place(int(seq), int(index) if colon else WHOLE)


async def get_events(call: Call) -> web.StreamResponse:
    query = call.query(v.EventsQuery)
    desk = call.one_desk(query.desk)
    header = call.request.headers.get("Last-Event-ID", "")
    place = read_place(header or query.last_event_id)
    context = call.context
    call.state(desk)  # raises where it is not here yet: answered 503
    stream = Stream(call.request, context.settings.write_timeout_s)
    context.streams.add(stream, call.user.id)
    agent = call.user.agent
    if agent:
        context.attendance.opened(desk, agent)
    try:
        await stream.open()
        feed = Feed(call, stream, desk, "" if call.supervises else agent, place)
        return await stream.run(asyncio.create_task(feed.run()))
    finally:
        context.streams.remove(stream)
        if agent:
            context.attendance.closed(desk, agent)


class Feed:
    """Writes one desk's facts to one stream."""

    def __init__(
        self, call: Call, stream: Stream, desk: str, agent: str, place: Place | None
    ) -> None:
        context = call.context
        self._call = call
        self._context = context
        self._stream = stream
        self._desk = desk
        self._agent = agent
        now = Place(context.service.partition(desk).owner.seq, WHOLE)
        self._place = now if place is None else place
        self._loop = asyncio.get_running_loop()
        self._last_s = self._checked_s = self._loop.time()

    async def run(self) -> None:
        try:
            after = await self._after()
            async with following(self._context.service, self._desk, after) as commits:
                async for committed in commits:
                    if not await self._may():
                        return
                    await self._write(committed)
        except (Lagging, Unowned) as error:
            self._context.streams.resets += 1
            await self._stream.write(event({"why": str(error)}, name="reset"))

    async def _may(self) -> bool:
        """Whether the reader is still who they were; looked at now and then."""
        now_s = self._loop.time()
        if now_s - self._checked_s < CHECK_S:
            return True
        self._checked_s = now_s
        return await self._call.stands()

    async def _after(self) -> int:
        """Behind which commit to begin. Raises `Lagging` where something could be missing."""
        seq, nth = self._place
        partition = self._context.service.partition(self._desk)
        if seq > partition.owner.seq:
            raise Lagging("this place is not in the stream: it was another log's")
        after = seq if nth >= WHOLE else seq - 1
        if after <= 0:  # what the service takes for "all that there is"
            _, first = await partition.log.first_offsets()
            if first > 1:
                raise Lagging("what came since is not in the stream any more")
        return max(after, 0)

    async def _write(self, committed: Committed | None) -> None:
        if committed is not None:
            data = b"".join(self._events(committed))
            if data:
                await self._say(data)
                return
        if self._loop.time() - self._last_s >= HEARTBEAT_S:
            await self._say(b": still here\n\n")

    async def _say(self, data: bytes) -> None:
        await self._stream.write(data)
        self._last_s = self._loop.time()

    def _events(self, committed: Committed) -> list[bytes]:
        state = self._context.state(self._desk) if self._agent else None
        found: list[bytes] = []
        seq = committed.seq
        for desk, facts in committed.desks:
            if desk != self._desk:
                continue
            for index, fact in enumerate(facts):
                if (seq, index) > self._place and self._sees(state, fact):
                    kind = str(fact.__struct_config__.tag)
                    found.append(event(fact, name=kind, event_id=f"{seq}:{index}"))
        self._place = Place(seq, WHOLE)
        return found

    def _sees(self, state: State | None, fact: f.AnyFact) -> bool:
        return state is None or sight.sees_fact(state, self._agent, fact)


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/events",
        handler=get_events,
        summary="Facts as they are committed: server-sent events, resumable by Last-Event-ID",
        summary_zh="实时事件流(SSE),可用 Last-Event-ID 续传;也是客服台在线状态的心跳",
        tag="live",
        query=v.EventsQuery,
        answer=f.AnyFact,
        answer_type=STREAM,
    ),
)
