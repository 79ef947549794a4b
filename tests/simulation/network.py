"""The one log, and each process's troubled way to it.

`WatchedLog` is the server: the log in memory, which tells the auditor what took effect.
`Wire` is a process's connection: requests and replies take time, get lost, meet a server
that is away or full; a frozen process neither sends nor hears.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from random import Random
from typing import Any, Protocol, TypeVar

from router.log.memory import MemoryLog
from router.log.ports import (
    Appended,
    Commit,
    Conflicting,
    Draft,
    Entry,
    FactBatch,
    Lease,
    LogFull,
    LogUnavailable,
    Meta,
    Reading,
    RecordPage,
    Repeated,
)

T = TypeVar("T")
Receipts = list[Appended | Repeated | Conflicting]

WRITES = ("append", "acquire", "renew", "release", "commit")


class Watcher(Protocol):
    """Who hears what took effect at the server."""

    def appended(self, drafts: Sequence[Draft], receipts: Receipts) -> None: ...

    def granted(self, lease: Lease, now_ms: int) -> None: ...

    def renewed(self, lease: Lease) -> None: ...

    def released(self, lease: Lease) -> None: ...

    def committed(self, commit: Commit, now_ms: int, meta: Meta) -> None: ...


class WatchedLog(MemoryLog):
    """The server."""

    def __init__(self, clock: Callable[[], int], watcher: Watcher) -> None:
        super().__init__(0, clock=clock)
        self._watcher = watcher

    async def append(self, drafts: Sequence[Draft]) -> Receipts:
        receipts = await super().append(drafts)
        self._watcher.appended(drafts, receipts)
        return receipts

    async def acquire(self, owner: str, *, ttl_ms: int) -> Lease | None:
        lease = await super().acquire(owner, ttl_ms=ttl_ms)
        if lease is not None:
            self._watcher.granted(lease, self._clock())
        return lease

    async def renew(self, lease: Lease, *, ttl_ms: int) -> Lease:
        renewed = await super().renew(lease, ttl_ms=ttl_ms)
        self._watcher.renewed(renewed)
        return renewed

    async def release(self, lease: Lease) -> None:
        await super().release(lease)
        self._watcher.released(lease)

    async def commit(self, commit: Commit) -> bool:
        applied = await super().commit(commit)
        if applied:
            self._watcher.committed(commit, self._clock(), self._meta)
        return applied


class Weather:
    """What is wrong with the server and the network at large, for everybody."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.away = False
        self.full = False
        self.lost_before = 0.0
        """How probably a request never arrives."""
        self.lost_after = 0.0
        """How probably a reply never arrives."""
        self.strays = 0.0
        """How probably a write that was given up takes effect later all the same."""
        self.delay_s = 0.002
        self.calls = 0
        self.counts: dict[str, int] = {}

    def clear(self) -> None:
        self.away = self.full = False
        self.lost_before = self.lost_after = self.strays = 0.0

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


class Wire:
    """One process's connection to the log (a `ports.Log`); it dies with the process."""

    partition = 0

    def __init__(
        self,
        log: MemoryLog,
        weather: Weather,
        spawn: Callable[[Coroutine[Any, Any, Any]], Any],
    ) -> None:
        self._log = log
        self._weather = weather
        self._spawn = spawn
        self.dead = False
        self.calls = 0
        self.crash_at_call = -1
        self.crash: Callable[[], None] = lambda: None
        self._open = asyncio.Event()
        self._open.set()

    def freeze(self) -> None:
        self._open.clear()

    def thaw(self) -> None:
        self._open.set()

    async def _call(self, name: str, effect: Callable[[], Coroutine[Any, Any, T]]) -> T:
        weather, chance = self._weather, self._weather.random
        weather.calls += 1
        self.calls += 1
        if self.calls == self.crash_at_call:
            asyncio.get_running_loop().call_soon(self.crash)
        stray = name in WRITES and chance.random() < weather.strays
        try:
            await self._pass()
            if weather.away or chance.random() < weather.lost_before:
                weather.count("lost request")
                raise LogUnavailable("no answer")
        except (LogUnavailable, asyncio.CancelledError):
            if stray and not weather.away:
                weather.count("stray write")
                self._spawn(self._late(effect))
            raise
        if name == "append" and weather.full:
            weather.count("full")
            raise LogFull("no memory left")
        result = await effect()
        await self._pass()
        if weather.away or chance.random() < weather.lost_after:
            weather.count("lost reply")
            raise LogUnavailable("the reply was lost")
        return result

    async def _pass(self) -> None:
        """One way over the network."""
        if self.dead:
            raise asyncio.CancelledError
        await asyncio.sleep(self._weather.delay_s * self._weather.random.random())
        if not self._open.is_set():
            await self._open.wait()
        if self.dead:
            raise asyncio.CancelledError

    async def _late(self, effect: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        await asyncio.sleep(self._weather.random.choice((0.01, 0.5, 3.0, 8.0)))
        await effect()

    # The port

    async def append(self, drafts: Sequence[Draft]) -> Receipts:
        return await self._call("append", lambda: self._log.append(drafts))

    async def read(self, after: int, *, limit: int, wait_ms: int = 0) -> Reading:
        return await self._call("read", lambda: self._log.read(after, limit=limit, wait_ms=wait_ms))

    async def entries(self, offsets: Sequence[int]) -> list[Entry | None]:
        return await self._call("entries", lambda: self._log.entries(offsets))

    async def clock(self) -> int:
        return await self._call("clock", self._log.clock)

    async def acquire(self, owner: str, *, ttl_ms: int) -> Lease | None:
        return await self._call("acquire", lambda: self._log.acquire(owner, ttl_ms=ttl_ms))

    async def renew(self, lease: Lease, *, ttl_ms: int) -> Lease:
        return await self._call("renew", lambda: self._log.renew(lease, ttl_ms=ttl_ms))

    async def release(self, lease: Lease) -> None:
        await self._call("release", lambda: self._log.release(lease))

    async def commit(self, commit: Commit) -> bool:
        return await self._call("commit", lambda: self._log.commit(commit))

    async def meta(self) -> Meta:
        return await self._call("meta", self._log.meta)

    async def records(self) -> AsyncIterator[tuple[str, bytes]]:
        async def all_of_them() -> list[tuple[str, bytes]]:
            return [item async for item in self._log.records()]

        # In two looks, as a server's scan: only who holds the lease sees one state in them.
        first = await self._call("records", all_of_them)
        for item in first[: len(first) // 2]:
            yield item
        seen = {key for key, _ in first[: len(first) // 2]}
        for key, body in await self._call("records", all_of_them):
            if key not in seen:
                yield key, body

    async def record_pages(self) -> AsyncIterator[RecordPage]:
        async for page in self._log.record_pages():
            yield page

    async def facts(self, after: int, *, limit: int, wait_ms: int = 0) -> list[FactBatch]:
        return await self._call("facts", lambda: self._log.facts(after, limit=limit))

    async def first_offsets(self) -> tuple[int, int]:
        return await self._call("first_offsets", self._log.first_offsets)

    async def trim(self, *, inbox_to: int, facts_to: int) -> None:
        raise NotImplementedError
