"""Server-sent events: the bytes, the limits, and the end of a stream.

A stream is bounded on all sides: how many there are, how far one may fall behind (then it
gets `reset` and ends), how long a reader may take nothing (then it is cut).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

from router.http.problems import Problem
from router.http.routes import encode

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}
RETRY_MS = 2_000


def event(data: object, *, name: str = "", event_id: str = "") -> bytes:
    """One event as it stands on the wire. JSON never has a bare line end."""
    head = (f"id: {event_id}\n" if event_id else "") + (f"event: {name}\n" if name else "")
    return head.encode() + b"data: " + encode(data) + b"\n\n"


class Streams:
    """The open streams of this process."""

    def __init__(self, limit: int, per_user: int) -> None:
        self._limit = limit
        self._per_user = per_user
        self._open: dict[Stream, tuple[str, int]] = {}
        """By whom: the user, and the login (0: with a token)."""
        self._by_user: Counter[str] = Counter()
        self._closing = False
        self.resets = 0

    def __len__(self) -> int:
        return len(self._open)

    def add(self, stream: Stream, user: str, login: int) -> None:
        """Raises a 429 or 503 `Problem`."""
        if self._closing:
            raise Problem(503, "shutting down", reason="shedding", retry_after_s=2)
        if len(self._open) >= self._limit or self._by_user[user] >= self._per_user:
            raise Problem(429, "too many event streams", reason="shedding", retry_after_s=10)
        self._open[stream] = user, login
        self._by_user[user] += 1

    def remove(self, stream: Stream) -> None:
        user, _ = self._open.pop(stream)
        self._by_user[user] -= 1
        if not self._by_user[user]:
            del self._by_user[user]

    def end(self, gone: Callable[[str, int], bool]) -> None:
        """Logins have ended: so do their streams, and their readers learn of it."""
        for stream, (user, login) in list(self._open.items()):
            if login and gone(user, login):
                stream.end()

    def close(self) -> None:
        """Shutting down: all streams say so and end."""
        self._closing = True
        for stream in list(self._open):
            stream.end()


class Stream:
    """One response that stays open. `feed` is what writes to it, until it ends."""

    def __init__(self, request: web.Request, write_timeout_s: float) -> None:
        self._request = request
        self._write_timeout_s = write_timeout_s
        self._response = web.StreamResponse(headers=HEADERS)
        self._ended = asyncio.Event()

    def end(self) -> None:
        self._ended.set()

    async def open(self) -> None:
        await self._response.prepare(self._request)
        await self.write(f"retry: {RETRY_MS}\n\n: open\n\n".encode())

    async def write(self, data: bytes) -> None:
        """Raises ConnectionError when the reader is gone, or takes nothing."""
        try:
            async with asyncio.timeout(self._write_timeout_s):
                await self._response.write(data)
        except TimeoutError:
            if self._request.transport is not None:
                self._request.transport.abort()
            raise ConnectionResetError("the reader takes nothing") from None

    async def run(self, feed: asyncio.Task[None]) -> web.StreamResponse:
        """Until `feed` ends, the reader goes, or `end` is called (then with a last event)."""
        ended = asyncio.create_task(self._ended.wait())
        try:
            await asyncio.wait({feed, ended}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                await self._stop(feed)
                await self.write(event({"why": "ended"}, name="bye"))
            else:
                feed.result()
            await self._response.write_eof()
        except ConnectionError:
            pass  # the reader is gone: nothing is left to be said
        finally:
            ended.cancel()
            await self._stop(feed)
        return self._response

    async def _stop(self, feed: asyncio.Task[None]) -> None:
        feed.cancel()
        with suppress(asyncio.CancelledError, ConnectionError):
            await feed
