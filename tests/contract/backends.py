"""The three things that keep a log, and what a test can do behind their backs."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from router.log.keys import DELIVERY_SPAN_MS, MESSAGE_SPAN_MS, Keys
from router.log.memory import MemoryLog
from router.log.ports import Log, RepeatKey, RepeatKind
from router.log.redis import RedisLogs
from tests.servers import Client, client

PARTITION = 7
START_MS = 1_795_000_000_000


class Backend(Protocol):
    @property
    def log(self) -> Log:
        """The partition's log."""
        ...

    @property
    def other(self) -> Log:
        """The same log, as another process has it."""
        ...

    async def arrived(self, key: RepeatKey, at_ms: int) -> None:
        """Let `key` be remembered from a delivery at that time."""
        ...

    async def expire_lease(self) -> None: ...

    async def stop_clock(self, at_ms: int) -> None:
        """Let the log's clock stand at a time ahead of the server's: that was set back."""
        ...

    async def has_waiting(self, count: int) -> None:
        """Returns when so many reads wait at the server."""
        ...


class FakeClock:
    """A clock that only moves when it is told to."""

    def __init__(self) -> None:
        self.now_ms = START_MS

    def __call__(self) -> int:
        return self.now_ms


class MemoryBackend:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.log = self.other = MemoryLog(PARTITION, clock=self.clock, schema=3)

    async def arrived(self, key: RepeatKey, at_ms: int) -> None:
        self.log._seen.remember(key, at_ms)

    async def expire_lease(self) -> None:
        self.log._lease = self.log._lease._replace(expires_ms=self.clock())

    async def stop_clock(self, at_ms: int) -> None:
        self.log._meta = self.log._meta._replace(clock_ms=at_ms)

    async def has_waiting(self, count: int) -> None:
        del count
        await asyncio.sleep(0)  # they run up to where they wait


class ServerBackend:
    def __init__(self, logs: RedisLogs, admin: Client) -> None:
        self.log, self.other = logs.log(PARTITION), logs.log(PARTITION)
        self._admin = admin
        self._keys = Keys(PARTITION)

    async def arrived(self, key: RepeatKey, at_ms: int) -> None:
        keys = self._keys
        if key.kind is RepeatKind.FACT:
            await self._admin("SADD", keys.fact_bucket(key.month), key.digest)
            return
        if key.kind is RepeatKind.DELIVERY:
            bucket, span_ms = keys.delivery_buckets(at_ms)[0], DELIVERY_SPAN_MS
        else:
            bucket, span_ms = keys.message_buckets(at_ms)[0], MESSAGE_SPAN_MS
        value = struct.pack(">I", at_ms % span_ms) + key.check
        await self._admin("HSET", bucket, key.digest, value)

    async def expire_lease(self) -> None:
        now_s, micros = await self._admin("TIME")
        now_ms = int(now_s) * 1000 + int(micros) // 1000
        await self._admin("HSET", self._keys.lease, "expires", now_ms)

    async def stop_clock(self, at_ms: int) -> None:
        await self._admin("HSET", self._keys.meta, "clock", at_ms)

    async def has_waiting(self, count: int) -> None:
        while (await self._admin.info("clients"))["blocked_clients"] < count:
            await asyncio.sleep(0.001)


@asynccontextmanager
async def server_backend(url: str) -> AsyncIterator[Backend]:
    async with await RedisLogs.connect(url, schema=3) as logs, client(url) as admin:
        yield ServerBackend(logs, admin)
