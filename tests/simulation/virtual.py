"""An event loop in virtual time: when nothing is ready, the clock jumps to what comes next.

No sleeping, no threads, no sockets that matter: what a run does depends on its seed alone.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

START_MS = 1_795_000_000_000
START_S = 1_000.0
"""What `time.monotonic` says then: not zero, as no clock of a running machine does."""

T = TypeVar("T")


class Stuck(Exception):
    """Nothing is ready and nothing is scheduled: the simulation would wait for ever."""


class _Jumping(selectors.BaseSelector):
    """Never finds a file ready; a wait moves the clock instead."""

    def __init__(self) -> None:
        self.now_s = START_S
        self._keys: dict[int, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        fd = fileobj if isinstance(fileobj, int) else int(fileobj.fileno())
        self._keys[fd] = selectors.SelectorKey(fileobj, fd, events, data)
        return self._keys[fd]

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj if isinstance(fileobj, int) else int(fileobj.fileno()))

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Stuck("nothing is scheduled any more")
        self.now_s += max(0.0, timeout)
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its `time` is moved by waiting alone."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now_s

    def clock_ms(self) -> int:
        """The same moment as the server's clock tells it."""
        return START_MS + int((self._jumping.now_s - START_S) * 1000 + 1e-6)


def run_virtually(main: Coroutine[Any, Any, T], loop: VirtualLoop) -> T:
    """Run to the end; everything that still runs then is cancelled."""
    try:
        asyncio.set_event_loop(loop)
        return loop.run_until_complete(main)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        asyncio.set_event_loop(None)
        loop.close()
