"""The owner that `bench recovery` kills, and the one that takes over: a process of its own.

Run as `python -m router.bench.recovery_owner URL AGENTS`; prints a line for each step on the way
with the moment of the machine's monotonic clock, which all processes share.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from router.bench.measure import run_loop
from router.bench.world import make_desk
from router.core import commands as c
from router.log.redis import RedisLogs
from router.owner import Owner


def tell(what: str) -> None:
    sys.stdout.write(f"{what} {time.monotonic()}\n")
    sys.stdout.flush()


class Told:
    """A partition's log that says when the lease was granted."""

    def __init__(self, log: Any) -> None:
        self._log = log

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    async def acquire(self, owner: str, *, ttl_ms: int) -> Any:
        lease = await self._log.acquire(owner, ttl_ms=ttl_ms)
        if lease is not None:
            tell("lease")
        return lease


async def run(url: str, agents: int) -> None:
    async with await RedisLogs.connect(url) as logs:
        log: Any = Told(logs.log(0))
        owner = Owner(log, "bench", desks=[c.AdoptDesk(desk=make_desk(agents), by="bench")])
        tell("started")
        running = asyncio.create_task(owner.run())
        await owner.wait_loaded()
        tell("loaded")
        await running


if __name__ == "__main__":
    run_loop(run(sys.argv[1], int(sys.argv[2])))
