"""An outbound worker with its bridge, that can be stopped, crashed and started again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from router.log.archive import Archive
from router.log.memory import MemoryLog
from tests.workers.stage import (
    Bridge,
    Reports,
    Request,
    VirtualTime,
    keyed,
)
from workers.outbound import Outbound, Target


class Stage:
    """An outbound worker with its bridge; `outbound` is the running one."""

    def __init__(self, archive: Archive, bridge: Bridge, time: VirtualTime) -> None:
        self.archive = archive
        self.bridge = bridge
        self.time = time
        self.reports = Reports()
        self.log = MemoryLog(0)
        self.targets: dict[str, Target] = {"shop": bridge.target(), "other": bridge.target("other")}
        self.options: dict[str, Any] = {"clock": time, "sleep": time.sleep}
        self.outbound = self._new()
        self._running: asyncio.Task[None] | None = None

    def _new(self) -> Outbound:
        return Outbound(self.archive, self.targets.get, self.reports.submit, **self.options)

    async def start(self, **options: Any) -> None:
        self.options |= options
        self.outbound = self._new()
        await self.outbound.prepare()
        self._running = asyncio.create_task(self.outbound.run())

    async def stop(self) -> None:
        if self._running is not None:
            self.outbound.stop()
            async with asyncio.timeout(10):
                await self._running
            self._running = None

    async def crash(self) -> None:
        assert self._running is not None
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        self._running = None

    async def take(self, *facts: Any, seq: int = 1) -> None:
        await self.outbound.take(self.log, keyed(facts, seq=seq))

    async def counts(self) -> dict[str, int]:
        return {str(state): count for state, count in (await self.outbound.outbox.counts()).items()}

    async def settled(self, **counts: int) -> None:
        """Returns when the outbox holds just that."""
        async with asyncio.timeout(10):
            while await self.counts() != counts:
                await asyncio.sleep(0)


def held(release: asyncio.Event) -> Callable[[Request, web.Request], Awaitable[web.Response]]:
    async def answer(_request: Request, _raw: web.Request) -> web.Response:
        await release.wait()
        return web.Response(status=200)

    return answer
