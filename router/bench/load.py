"""A load generator that is no bottleneck: keep-alive connections with requests made beforehand.

It knows just as much of HTTP as it takes to tell one small answer from the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import NamedTuple, cast

from router.bench.ingress_server import KEY, SHOP
from router.bench.world import TEXTS, now_ms
from router.channels import standard_webhooks
from router.clocktime import format_ms


def signed_requests(count: int, run: str) -> list[bytes]:
    """Whole requests, each with ids of its own, signed now."""
    stamp_ms = now_ms()
    timestamp = format_ms(stamp_ms)
    found = []
    for number in range(count):
        body = (
            f'{{"type":"message.received","timestamp":"{timestamp}","data":{{"buyer":'
            f'"buyer{number % 5000}","message":"{run}-{number}","kind":"text",'
            f'"text":"{TEXTS[number % len(TEXTS)]}"}}}}'
        ).encode()
        headers = standard_webhooks.headers(KEY, f"{run}-{number}", stamp_ms // 1000, body)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        found.append(
            (
                f"POST /hooks/bridge/{SHOP} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{lines}\r\n"
            ).encode()
            + body
        )
    return found


class Sent(NamedTuple):
    """What a round of load gave."""

    accepted: int
    refused: int
    wall_s: float
    ms: list[float]
    """How long each accepted one took."""


class _Connection(asyncio.Protocol):
    def __init__(self, round_: _Round) -> None:
        self._round = round_
        self._transport: asyncio.Transport | None = None
        self._begun_s = 0.0
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def _next(self) -> None:
        assert self._transport is not None
        request = self._round.next()
        if request is None:
            self._transport.close()
            return
        self._begun_s = self._round.loop.time()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        data = self._head + data
        head, gap, body = data.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if not gap or len(body) < int(length or 0):
            self._head = data
            return
        self._head = b""
        self._round.answered(data.startswith(b"HTTP/1.1 200"), self._begun_s)
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._round.lost()


class _Round:
    def __init__(self, requests: list[bytes], connections: int, seconds: float) -> None:
        self.loop = asyncio.get_running_loop()
        self._requests: Iterator[bytes] = iter(requests)
        self._open = connections
        self._until_s = self.loop.time() + seconds
        self._refused = 0
        self._took: list[float] = []
        self._last_s = 0.0
        self.done = asyncio.Event()

    def next(self) -> bytes | None:
        return next(self._requests, None) if self.loop.time() < self._until_s else None

    def answered(self, accepted: bool, begun_s: float) -> None:
        self._last_s = self.loop.time()
        if accepted:
            self._took.append((self._last_s - begun_s) * 1000)
        else:
            self._refused += 1

    def lost(self) -> None:
        self._open -= 1
        if self._open == 0:
            self.done.set()

    def sent(self, began_s: float) -> Sent:
        return Sent(len(self._took), self._refused, self._last_s - began_s, self._took)


async def send(port: int, requests: list[bytes], *, connections: int, seconds: float) -> Sent:
    """Send the requests over so many connections, one after the other on each, until the time
    is up or there are no more."""
    loop = asyncio.get_running_loop()
    round_ = _Round(requests, connections, seconds)
    began_s = loop.time()
    for _ in range(connections):
        await loop.create_connection(lambda: _Connection(round_), "127.0.0.1", port)
    await round_.done.wait()
    return round_.sent(began_s)
