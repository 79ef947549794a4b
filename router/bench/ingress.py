"""`zhiban bench ingress`: signed webhooks accepted a second, against the fastest handler.

The real door and the floor are servers of the same kind, each in a process of its own; rounds of
load alternate between them, so that both meet the same machine.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from router.bench.load import Sent, send, signed_requests
from router.bench.measure import Measured, conditions, cpu_s, measured, say, scratch
from router.bench.world import now_ms
from router.log.embedded import EmbeddedServer


class Sizes(NamedTuple):
    """How large the measurement is; the tests take smaller ones."""

    connections: int = 64
    rounds: int = 4
    seconds: float = 2.5
    requests: int = 80_000
    """Made for each round: more than can be taken in it."""


class Round(NamedTuple):
    """A round of load on one server."""

    sent: Sent
    server_cpu_s: float
    log_cpu_s: float


class Server:
    """A server process under load."""

    def __init__(self, process: Process, port: int, log_pid: int) -> None:
        self._process = process
        self._port = port
        self._log_pid = log_pid

    async def cpu_s(self) -> float:
        """Its processor time so far."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        return float(await self._process.stdout.readline())

    async def round(self, name: str, sizes: Sizes) -> Round:
        requests = signed_requests(sizes.requests, name)
        server_s, log_s = await self.cpu_s(), cpu_s(self._log_pid)
        sent = await send(
            self._port, requests, connections=sizes.connections, seconds=sizes.seconds
        )
        if sent.refused or not sent.accepted:
            raise RuntimeError(f"{sent.refused} of {sent.accepted + sent.refused} were refused")
        return Round(sent, await self.cpu_s() - server_s, cpu_s(self._log_pid) - log_s)


@asynccontextmanager
async def server(kind: str, url: str, log_pid: int) -> AsyncIterator[Server]:
    """A process with the server of this kind, until the block ends."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "router.bench.ingress_server", kind, url), stdin=PIPE, stdout=PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        port = int(await process.stdout.readline())
        # The first request is nobody's measure.
        warm = await send(
            port, signed_requests(1, f"warm-{kind}-{now_ms()}"), connections=1, seconds=10
        )
        if not warm.accepted:
            raise RuntimeError(f"the server {kind!r} takes no webhooks")
        yield Server(process, port, log_pid)
        process.stdin.close()
        async with asyncio.timeout(20):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def measure(sizes: Sizes = Sizes()) -> list[Measured]:  # noqa: B008  # immutable
    kinds = ("floor", "plain", "real", "whole")
    rounds: dict[str, list[Round]] = {kind: [] for kind in kinds}
    with scratch() as directory:
        async with EmbeddedServer(directory / "data") as log:
            note = conditions(directory)
            for number in range(sizes.rounds):
                for kind in kinds:
                    say(f"… round {number + 1} of {sizes.rounds}: {kind}")
                    async with server(kind, log.url, log.pid) as under_test:
                        done = await under_test.round(f"{kind}{number}", sizes)
                    rounds[kind].append(done)
    return _results(sizes, rounds, note)


def _results(sizes: Sizes, rounds: dict[str, list[Round]], note: str) -> list[Measured]:
    def rate(kind: str) -> float:
        return statistics.median(r.sent.accepted / r.sent.wall_s for r in rounds[kind])

    def cpu_us(kind: str) -> float:
        return statistics.median(r.server_cpu_s / r.sent.accepted * 1e6 for r in rounds[kind])

    real = rounds["real"]
    took = sorted(ms for round_ in real for ms in round_.sent.ms)
    log_us = statistics.median(r.log_cpu_s / r.sent.accepted * 1e6 for r in real)
    note = (
        f"{sizes.connections} connections, texts of 300–500 bytes; medians of {sizes.rounds}"
        f" rounds of {sizes.seconds:g} s, alternating; server, load generator and Valkey are three"
        f" processes; {note}"
    )
    return [
        measured(
            "ingress.accepted_per_s",
            "每秒收下的签名 webhook(对照:最快处理) / signed webhooks accepted (floor: the fastest)",
            rate("real"),
            "1/s",
            floor=rate("floor"),
            note=note,
        ),
        measured(
            "ingress.accepted_per_s_beside_plain",
            "同上(对照:用普通应答的处理) / the same (floor: with an ordinary response)",
            rate("real"),
            "1/s",
            floor=rate("plain"),
            note=note,
        ),
        measured(
            "ingress.cpu_per_webhook",
            "服务进程每条的处理器时间 / the server's processor time a webhook",
            cpu_us("real"),
            "us",
            floor=cpu_us("floor"),
            note=note,
        ),
        measured(
            "ingress.server_cpu_per_webhook",
            "Valkey 每条的处理器时间 / Valkey's processor time a webhook",
            log_us,
            "us",
            note=note,
        ),
        measured("ingress.p50", "耗时中位数 / time, median", took[len(took) // 2], "ms", note=note),
        measured(
            "ingress.p99", "耗时 p99 / time, p99", took[len(took) * 99 // 100], "ms", note=note
        ),
        measured(
            "ingress.whole_accepted_per_s",
            "同一进程还在分配会话时 / with the broker at work in the same process",
            rate("whole"),
            "1/s",
            floor=rate("floor"),
            note=note,
        ),
    ]
