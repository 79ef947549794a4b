"""What the workers' tests stand on: virtual time, a partition's owner, a bridge."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from aiohttp import web
from aiohttp.test_utils import TestServer

from router.channels.standard_webhooks import key_of
from router.core.commands import AnyCommand, ReportDelivery
from router.core.facts import AnyFact, DeliveryRequested, SessionAssigned
from router.log.codec import encode_facts
from router.log.ports import Appended, Commit, Draft, Entry, FactBatch, Lease, Log
from workers.outbound import Target
from workers.runner import Keyed

START_MS = 1_795_000_000_000
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000


class VirtualTime:
    """A clock that moves from one sleeper's end to the next, when it is told to."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self.now_ms = now_ms
        self._sleepers: list[tuple[int, asyncio.Future[None]]] = []
        self._asleep = asyncio.Event()

    def __call__(self) -> int:
        return self.now_ms

    async def sleep(self, delay_s: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now_ms + round(delay_s * 1000), future))
        self._asleep.set()
        await future

    async def advance(self) -> int:
        """Wait until somebody sleeps; move to the first one's end. Gives how far, in ms."""
        async with asyncio.timeout(10):
            while not (awake := self.sleepers()):
                self._asleep.clear()
                await self._asleep.wait()
        due_ms, future = min(awake, key=lambda sleeper: sleeper[0])
        moved_ms = due_ms - self.now_ms
        self.now_ms = due_ms
        future.set_result(None)
        return moved_ms

    def sleepers(self) -> list[tuple[int, asyncio.Future[None]]]:
        self._sleepers = [sleeper for sleeper in self._sleepers if not sleeper[1].done()]
        return self._sleepers


class Writer:
    """Plays ingress and owner of a partition, and remembers what it wrote."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.entries: list[Entry] = []
        self.batches: list[FactBatch] = []
        self.seq = 0
        self.offset = 0
        self._lease: Lease | None = None

    async def append(self, *bodies: bytes) -> list[int]:
        results = await self.log.append([Draft(body) for body in bodies])
        offsets = []
        for body, result in zip(bodies, results, strict=True):
            assert isinstance(result, Appended)
            self.entries.append(Entry(result.offset, result.at_ms, body))
            offsets.append(result.offset)
        return offsets

    async def commit(self, facts: bytes = b"", *, offset: int | None = None) -> int:
        """Consume up to `offset` (default: all)."""
        if self._lease is None:
            self._lease = await self.log.acquire("writer", ttl_ms=600_000)
        assert self._lease is not None
        self.offset = len(self.entries) if offset is None else offset
        clock_ms = self.entries[self.offset - 1].at_ms if self.offset else 0
        self.seq += 1
        batch = f"batch-{self.seq}"
        await self.log.commit(
            Commit(self._lease, batch, self.seq, self.offset, clock_ms, facts, {})
        )
        if facts:
            self.batches.append(FactBatch(self.seq, facts))
        return self.seq

    async def say(self, *facts: AnyFact, desk: str = "desk") -> int:
        return await self.commit(encode_facts([(desk, facts)]))


class Request(NamedTuple):
    """What the bridge got."""

    at_ms: int
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = Callable[[Request, web.Request], Awaitable[web.StreamResponse]]


def status(code: int, **headers: str) -> Answer:
    async def answer(_request: Request, _raw: web.Request) -> web.StreamResponse:
        return web.Response(status=code, headers=headers, text="")

    return answer


async def hang_up(_request: Request, raw: web.Request) -> web.StreamResponse:
    """Take it, and close the connection instead of an answer."""
    assert raw.transport is not None
    raw.transport.abort()
    return web.Response()


class Bridge:
    """A real server. `answer` answers what `answers` has no answer for."""

    def __init__(self, time: Callable[[], int]) -> None:
        self._time = time
        self.requests: list[Request] = []
        self.answers: list[Answer] = []
        self.answer: Answer = status(204)
        self.busy: dict[str, int] = {}
        self.most_busy: dict[str, int] = {}
        self._changed = asyncio.Condition()
        app = web.Application()
        app.router.add_post("/{tail:.*}", self._handle)
        self.server = TestServer(app)

    def target(self, shop: str = "shop", *, events: bool = False) -> Target:
        url = str(self.server.make_url(f"/{shop}"))
        return Target(url=url, key=key_of(SECRET), events=events)

    async def seen(self, count: int) -> list[Request]:
        """All requests, once there were so many."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: len(self.requests) >= count)
        return self.requests

    async def _handle(self, raw: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in raw.headers.items()}
        request = Request(self._time(), raw.path, headers, await raw.read())
        path = raw.path
        self.busy[path] = self.busy.get(path, 0) + 1
        self.most_busy[path] = max(self.most_busy.get(path, 0), self.busy[path])
        answer = self.answers.pop(0) if self.answers else self.answer
        try:
            async with self._changed:
                self.requests.append(request)
                self._changed.notify_all()
            return await answer(request, raw)
        finally:
            self.busy[path] -= 1


class Reports:
    """Takes the worker's commands."""

    def __init__(self) -> None:
        self.commands: list[ReportDelivery] = []
        self.errors: list[Exception] = []
        self._changed = asyncio.Condition()

    async def submit(self, desk: str, command: AnyCommand) -> None:
        assert desk == "desk"
        assert isinstance(command, ReportDelivery)
        if self.errors:
            raise self.errors.pop(0)
        async with self._changed:
            self.commands.append(command)
            self._changed.notify_all()

    async def seen(self, count: int) -> list[tuple[str, str, str]]:
        """Message, outcome and detail of all, once there were so many."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: len(self.commands) >= count)
        return [(command.message, command.outcome, command.detail) for command in self.commands]


def message(
    name: str,
    *,
    session: str = "s1",
    shop: str = "shop",
    text: str = "您好",
    offset: int = 0,
    at_ms: int = START_MS,
    expires_in_ms: int = 10 * MINUTE,
) -> DeliveryRequested:
    return DeliveryRequested(
        at_ms=at_ms,
        session=session,
        shop=shop,
        buyer="buyer",
        message=name,
        sub_account="shop:anna",
        kind="text",
        by="human",
        expires_ms=at_ms + expires_in_ms,
        offset=offset,
        text=text,
    )


def assigned(*, session: str = "s1", from_agent: str = "", at_ms: int = START_MS) -> AnyFact:
    return SessionAssigned(
        at_ms=at_ms,
        session=session,
        shop="shop",
        buyer="buyer",
        sub_account="shop:anna",
        agent="anna",
        cause="transfer" if from_agent else "new",
        from_agent=from_agent,
    )


def keyed(facts: Sequence[AnyFact], *, seq: int = 1, partition: int = 0) -> list[Keyed]:
    return [Keyed(partition, seq, place, "desk", fact) for place, fact in enumerate(facts)]
