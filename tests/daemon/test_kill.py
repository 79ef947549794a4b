"""The daemon, or its server, is killed in the middle of a stream of webhooks."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import pytest

from router.core import facts as f
from tests.daemon.books import (
    Books,
    check_deadlines,
    check_once,
    is_identical,
    read_books,
    standing,
)
from tests.daemon.process import Zhiban, answers, asks, event, now_ms, stage, until

Strike = Callable[[], Awaitable[None]]


class Stream:
    """Platforms that deliver until they are taken, a buyer's events in order: buyers who ask,
    agents who answer on the platform in time (but not those of every fifth buyer)."""

    def __init__(self, daemon: Zhiban, seed: int) -> None:
        self.daemon = daemon
        self.random = Random(seed)
        self.asked: dict[str, int] = {}
        """By buyer: when they wrote."""
        self.answered: set[str] = set()
        self.taken = 0

    async def run(self, buyers: int, clients: int = 16) -> None:
        numbers = iter(range(len(self.asked), len(self.asked) + buyers))
        async with asyncio.TaskGroup() as group:
            for _ in range(clients):
                group.create_task(self._client(numbers))

    async def _client(self, numbers: object) -> None:
        for number in numbers:  # type: ignore[attr-defined]
            buyer, at_ms = f"b{number}", now_ms()
            self.asked[buyer] = at_ms
            await self._send("message.received", at_ms, asks(buyer, f"q{number}"))
            if number % 5:
                self.answered.add(buyer)
                words = answers(buyer, f"r{number}", f"a{number % 3}")
                await self._send("message.sent", at_ms + 150, words)

    async def _send(self, kind: str, at_ms: int, data: dict[str, object]) -> None:
        name, body = event(kind, at_ms, **data)
        await self.daemon.insist(name, body)
        self.taken += 1

    async def reaches(self, count: int, running: asyncio.Task[None]) -> None:
        """Until so many were taken."""

        async def there() -> bool:
            assert not running.done(), (running, self.taken, count)
            return self.taken >= count

        await until(there, 60, lambda: self.daemon.log[-2_000:], pause_s=0.002)


async def struck(stream: Stream, buyers: int, strikes: list[Strike]) -> None:
    """Run the stream; strike at seeded points of it."""
    running = asyncio.create_task(stream.run(buyers))
    try:
        ahead = buyers * 9 // 5 // (len(strikes) + 1)
        for strike in strikes:
            ahead_of = stream.random.randint(ahead // 3, ahead)
            await stream.reaches(stream.taken + ahead_of, running)
            await strike()
        async with asyncio.timeout(90):
            await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def sealed(stream: Stream) -> None:
    """Until everything that must become a breach is one."""
    wanted = len(stream.asked) - len(stream.answered)

    async def holds() -> bool:
        found = await stream.daemon.get("/v1/breaches?rule=reply&limit=500", "boss")
        return found.status == 200 and len(found.body["breaches"]) >= wanted

    await until(holds, 40, lambda: stream.daemon.log[-2_000:])


async def check(stream: Stream, *, outages: int) -> Books:
    daemon = stream.daemon
    await sealed(stream)
    said = await is_identical(daemon.config)
    books = await read_books(daemon.config)
    check_once(books, [f"q{buyer[1:]}" for buyer in stream.asked])
    check_once(books, [f"r{buyer[1:]}" for buyer in stream.answered], side="shop")
    check_deadlines(books, lateness_ms=1_000)
    check_sessions(books, stream)
    assert len(books.of(f.OutageNoted)) >= outages
    left = set(stream.asked) - stream.answered
    assert standing(books) == dict.fromkeys(left, 1)
    reversed_ = [b for b in books.breaches if b["reversed"]]
    assert not reversed_, "somebody was fined for the downtime, until late proof came"
    assert len(books.breaches) == len(left)
    print(f"{stream.taken} taken, {len(left)} breaches, {len(books.of(f.OutageNoted))} outages;")
    print(said)
    return books


def check_sessions(books: Books, stream: Stream) -> None:
    """Each buyer's messages are in one session, all in the same."""
    sessions: dict[str, set[str]] = {}
    for noted in books.of(f.MessageNoted):
        sessions.setdefault(noted.buyer, set()).add(noted.session)
    assert set(sessions) == set(stream.asked)
    assert all(len(names - {""}) == len(names) == 1 for names in sessions.values())
    assert books.state.counters.sessions == len(stream.asked)


async def kills(tmp_path: Path, seed: int, times: int, buyers: int) -> None:
    async with stage(tmp_path) as make:
        daemon = make(follow_up_from="1h", follow_up_to="2h")
        await daemon.start()
        stream = Stream(daemon, seed)
        for agent in ("a0", "a1", "a2"):
            await daemon.does("PUT", f"/v1/agents/{agent}/presence", to="online", reason="x")

        async def again() -> None:
            await daemon.kill()
            await daemon.start()

        await struck(stream, buyers, [again] * times)
        books = await check(stream, outages=times)
        assert await daemon.terminate() == 0
        await is_identical(daemon.config)
        assert (await read_books(daemon.config)).ledger == books.ledger


async def test_the_daemon_is_killed_twice_in_a_stream(tmp_path: Path) -> None:
    await kills(tmp_path, seed=1, times=2, buyers=300)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 7))
async def test_the_daemon_is_killed_again_and_again(tmp_path: Path, seed: int) -> None:
    await kills(tmp_path, seed, times=6, buyers=1_500)


async def test_the_embedded_server_is_killed_in_a_stream(tmp_path: Path) -> None:
    async with stage(tmp_path) as make:
        daemon = make(follow_up_from="1h", follow_up_to="2h")
        await daemon.start()
        process = daemon.process
        stream = Stream(daemon, seed=7)
        for agent in ("a0", "a1", "a2"):
            await daemon.does("PUT", f"/v1/agents/{agent}/presence", to="online", reason="x")

        async def server() -> None:
            was = daemon.server_pid()
            os.kill(was, signal.SIGKILL)

            async def another() -> bool:
                return daemon.server_pid() not in (0, was)

            await until(another, 20)
            await daemon.ready()

        await struck(stream, 300, [server, server])
        await check(stream, outages=0)
        assert daemon.process is process
        assert process is not None
        assert process.poll() is None
        assert await daemon.terminate() == 0
        await is_identical(daemon.config)
