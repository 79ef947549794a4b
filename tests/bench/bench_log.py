"""How fast a partition's log appends and commits, with every write on disk before the answer.

    python -m tests.bench.bench_log [redis|valkey|URL] [--seconds N] [--uvloop]

Prints a table: rate, time of a call, and what an entry costs in processor time at the
client and at the server (only where the server's process can be seen). A server given by
URL must be empty: the measurement leaves its entries in partition 99.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import uvloop

from router.log.ports import Commit, Draft, RepeatKey, RepeatKind
from router.log.redis import RedisLog, RedisLogs
from tests.servers import client, running

PARTITION = 99
BODY = b"x" * 300
FACTS = b"f" * 300
RECORDS_LIVE = 20_000


@dataclass
class Cost:
    """A measured run of calls that carry `size` entries each."""

    name: str
    size: int
    calls: int
    wall_s: float
    client_s: float
    server_s: float | None

    def __str__(self) -> str:
        entries = self.calls * self.size
        server = f"{self.server_s / entries * 1e6:.2f}" if self.server_s is not None else "-"
        return (
            f"{self.name:<26}{self.size:>6}{entries / self.wall_s:>12,.0f}"
            f"{self.wall_s / self.calls * 1e3:>10.2f}"
            f"{self.client_s / entries * 1e6:>13.2f}{server:>13}"
        )


HEAD = f"{'':<26}{'batch':>6}{'entries/s':>12}{'ms/call':>10}{'client µs/e':>13}{'server µs/e':>13}"


def drafts(size: int) -> list[Draft]:
    """As the bridge's messages come: a delivery's id and a message's."""
    return [
        Draft(
            BODY,
            (
                RepeatKey(RepeatKind.DELIVERY, os.urandom(16), os.urandom(8)),
                RepeatKey(RepeatKind.MESSAGE, os.urandom(16)),
            ),
        )
        for _ in range(size)
    ]


async def measured(
    name: str, size: int, pid: int | None, calls: AsyncIterator[object], seconds: float = 60
) -> Cost:
    """The cost of making `calls` until they end or the time is up."""
    server_s, own_s, begin_s = _server_s(pid), time.process_time(), time.perf_counter()
    made = 0
    async for _ in calls:
        made += 1
        if time.perf_counter() - begin_s > seconds:
            break
    wall_s, now_s = time.perf_counter() - begin_s, _server_s(pid)
    spent_s = now_s - server_s if now_s is not None and server_s is not None else None
    return Cost(name, size, made, wall_s, time.process_time() - own_s, spent_s)


async def appends(log: RedisLog, batches: list[list[Draft]]) -> AsyncIterator[object]:
    for batch in batches:
        yield await log.append(batch)


async def reads(log: RedisLog) -> AsyncIterator[object]:
    offset, tail = 0, (await log.meta()).tail
    while offset < tail:
        reading = await log.read(offset, limit=256)
        offset = reading.entries[-1].offset
        yield reading


def record_changes(record_bytes: int) -> list[dict[str, bytes | None]]:
    return [
        {f"s:{(n * 256 + i) % RECORDS_LIVE}": os.urandom(record_bytes) for i in range(256)}
        for n in range(100)
    ]


async def commits(
    log: RedisLog, changes: list[dict[str, bytes | None]], facts: bytes
) -> AsyncGenerator[object, None]:
    lease = await log.acquire("bench", ttl_ms=3_600_000)
    assert lease
    first = (await log.meta()).seq + 1
    try:
        for seq in count(first):
            batch, change = f"{lease.nonce}:{seq}", changes[seq % len(changes)]
            yield await log.commit(Commit(lease, batch, seq, 0, 0, facts, change))
    finally:
        await log.release(lease)


async def bench(url: str, seconds: float, pid: int | None) -> None:
    async with await RedisLogs.connect(url) as logs, client(url) as admin:
        server = await admin.info("server")
        name = "valkey" if "valkey_version" in server else "redis"
        print(f"{name} {server[f'{name}_version']}, {type(asyncio.get_running_loop()).__module__}")
        for finding in logs.findings:
            print(finding)
        print(HEAD)
        log = logs.log(PARTITION)
        for size in (1, 16, 64, 256):
            # More than can be appended in time, made beforehand.
            enough = int(seconds * min(4_000, 100_000 / size))
            batches = [drafts(size) for _ in range(enough)]
            print(await measured("append", size, pid, appends(log, batches), seconds))
        print(await measured("read", 256, pid, reads(log)))
        for name, record_bytes, facts in (
            ("commit 300 B", 300, FACTS),
            ("commit 350 B + 1 kB facts", 350, b"f" * 262_144),
        ):
            async with aclosing(commits(log, record_changes(record_bytes), facts)) as calls:
                print(await measured(name, 256, pid, calls, seconds))


def _server_s(pid: int | None) -> float | None:
    """Processor time of another process on Linux."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("server", nargs="?", default="valkey")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--uvloop", action="store_true")
    given = parser.parse_args()
    run = uvloop.run if given.uvloop else asyncio.run
    if given.server in {"redis", "valkey"}:
        with running(given.server) as server:
            run(bench(server.url, given.seconds, server.process.pid))
    else:
        run(bench(given.server, given.seconds, None))
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"client's peak memory {peak_mib} MiB")


if __name__ == "__main__":
    main()
