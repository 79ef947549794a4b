"""How a worker is asked to end: waits and pauses that `stop` cuts short."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

Sleep = Callable[[float], Awaitable[object]]
"""Sleeps for so many seconds: `asyncio.sleep`, or virtual time."""

Result = TypeVar("Result")


class Stop:
    """A worker's wish to end, and its ways to wait for something else meanwhile."""

    def __init__(self, sleep: Sleep = asyncio.sleep) -> None:
        self._sleep = sleep
        self._asked = asyncio.Event()

    @property
    def asked(self) -> bool:
        return self._asked.is_set()

    def ask(self) -> None:
        self._asked.set()

    async def unless(self, doing: Coroutine[Any, Any, Result]) -> Result | None:
        """What `doing` gives; None when it was cancelled because the worker shall end."""
        task = asyncio.ensure_future(doing)
        asked = asyncio.ensure_future(self._asked.wait())
        try:
            await asyncio.wait((task, asked), return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            task.cancel()
            asked.cancel()
            await asyncio.gather(task, asked, return_exceptions=True)

    async def pause(self, delay_s: float) -> None:
        """Sleep, but not beyond the wish to end."""
        await self.unless(self._nap(delay_s))

    async def _nap(self, delay_s: float) -> None:
        await self._sleep(delay_s)
