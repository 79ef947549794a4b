"""`GET /v1/events`: a desk's facts as they are committed, as server-sent events.

An event's id is `{seq}:{index}`: the commit, and the fact's place among the desk's facts in
it, whoever may see it. So `Last-Event-ID` resumes without a loss or a repeat. An open stream
of an agent is also the heartbeat of presence set in the console.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from aiohttp import web

from router.core import facts as f
from router.http import sight
from router.http import views as v
from router.http.announcer import Ear, Heard, heard
from router.http.problems import Problem
from router.http.routes import STREAM, Call, Route
from router.http.streams import Stream, event
from router.log.codec import decode_facts
from router.log.ports import FactBatch, LogError
from router.owner import Unowned
from router.service import Lagging

CHECK_S = 9.5
"""How often it is asked whether the reader's login or token still stands."""
HEARTBEAT_S = 9.5
"""A stream that has said nothing for this long says so."""

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
    context.streams.add(stream, call.user.id, call.login.id if call.login else 0)
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
        self._checked_s = self._loop.time()

    async def run(self) -> None:
        try:
            after = await self._after()
            async with self._context.announcer.listening(self._desk, self._agent) as ear:
                await self._catch_up(after, ear.after)
                await self._listen(ear)
        except (Lagging, Unowned, LogError) as error:
            self._context.streams.resets += 1
            await self._stream.write(event({"why": str(error)}, name="reset"))

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

    async def _catch_up(self, after: int, upto: int) -> None:
        """Write what was committed behind `after`, up to where listening begins."""
        service = self._context.service
        await service.check_reach(self._desk, after)
        while after < upto and (batches := await service.stored(self._desk, after)):
            after = batches[-1].seq
            await self._write(
                heard(batch.seq, index, fact)
                for batch in batches
                if batch.seq <= upto
                for index, fact in enumerate(self._facts_of(batch))
                if self._sees(fact)
            )

    async def _listen(self, ear: Ear) -> None:
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    told = await ear.next()
            except TimeoutError:
                told = []
                await self._stream.write(b": still here\n\n")
            if told is None or not await self._may():
                return
            if told:
                await self._write(told)

    async def _may(self) -> bool:
        """Whether the reader is still who they were; looked at now and then."""
        now_s = self._loop.time()
        if now_s - self._checked_s < CHECK_S:
            return True
        self._checked_s = now_s
        return await self._call.stands()

    async def _write(self, told: Iterable[Heard]) -> None:
        """All of it that lies behind the reader's place."""
        data = b"".join(one.data for one in told if (one.seq, one.nth) > self._place)
        if data:
            await self._stream.write(data)

    def _facts_of(self, batch: FactBatch) -> Iterator[f.AnyFact]:
        for desk, facts in decode_facts(batch.body):
            if desk == self._desk:
                yield from facts

    def _sees(self, fact: f.AnyFact) -> bool:
        if not self._agent:
            return True
        return sight.sees_fact(self._context.state(self._desk), self._agent, fact)


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
