"""`zhiban bench recovery`: the owner of many open sessions is killed; when is the next assigned?

The clock runs from SIGKILL until the facts show the first assignment of a buyer who wrote right
after it. The next owner is started at that moment, as a supervisor would: its start overlaps the
time for which the dead one's lease still stands.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from asyncio.subprocess import PIPE, Process
from typing import NamedTuple

from router.bench.measure import Measured, conditions, measured, say, scratch
from router.bench.world import (
    append_all,
    buyer_message,
    everybody_online,
    first_messages,
    make_desk,
)
from router.core.facts import SessionAssigned
from router.log.codec import decode_facts
from router.log.embedded import EmbeddedServer
from router.log.ports import Log
from router.log.redis import RedisLogs
from router.owner import LEASE_MS


class Sizes(NamedTuple):
    """How large the measurement is; the tests take smaller ones."""

    agents: int = 1_000
    sessions: int = 100_000
    kills: int = 3


class Recovery(NamedTuple):
    """The parts of one recovery, in seconds."""

    whole_s: float
    start_s: float
    lease_s: float
    """From the kill until the lease was granted; the start is in it."""
    load_s: float
    assign_s: float


async def measure(sizes: Sizes = Sizes()) -> list[Measured]:  # noqa: B008  # immutable
    with scratch() as directory:
        async with (
            EmbeddedServer(directory / "data") as server,
            await RedisLogs.connect(server.url) as logs,
        ):
            note = conditions(directory)
            log, desk = logs.log(0), make_desk(sizes.agents)
            say(f"… opening {sizes.sessions:,} sessions")
            process = await _owner(server.url, sizes.agents)
            try:
                await _line(process, "loaded")
                await append_all(log, everybody_online(desk))
                await append_all(log, first_messages(desk, sizes.sessions))
                await _caught_up(log)
                found: list[Recovery] = []
                for number in range(sizes.kills):
                    say(f"… kill {number + 1} of {sizes.kills}")
                    # Not always at the same moment of the lease's life.
                    await asyncio.sleep(0.6 * number)
                    process, recovery = await _kill(process, server.url, log, sizes, number)
                    found.append(recovery)
            finally:
                await _end(process)
    return _results(sizes, found, note)


async def _owner(url: str, agents: int) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "router.bench.recovery_owner", url, str(agents)), stdout=PIPE
    )


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()


async def _line(process: Process, what: str) -> float:
    """When the owner came to this step."""
    assert process.stdout is not None
    async with asyncio.timeout(120):
        while line := (await process.stdout.readline()).decode():
            name, at_s = line.split()
            if name == what:
                return float(at_s)
    raise RuntimeError(f"the owner ended before it was {what}")


async def _caught_up(log: Log) -> None:
    async with asyncio.timeout(300):
        while (meta := await log.meta()).offset < meta.tail:  # noqa: ASYNC110  # no event here
            await asyncio.sleep(0.05)


async def _kill(
    process: Process, url: str, log: Log, sizes: Sizes, number: int
) -> tuple[Process, Recovery]:
    seq = (await log.meta()).seq
    process.kill()
    killed_s = time.monotonic()
    next_ = await _owner(url, sizes.agents)
    buyer = f"after{number}"
    await append_all(log, [buyer_message("shop0", buyer, f"after-{number}")])
    assigned = asyncio.create_task(_assigned(log, seq, buyer))
    started_s = await _line(next_, "started")
    lease_s = await _line(next_, "lease")
    loaded_s = await _line(next_, "loaded")
    assigned_s = await assigned
    await process.wait()
    parts = (started_s - killed_s, lease_s - killed_s, loaded_s - lease_s, assigned_s - loaded_s)
    return next_, Recovery(assigned_s - killed_s, *parts)


async def _assigned(log: Log, seq: int, buyer: str) -> float:
    """When the facts that assign this buyer's session could be read."""
    async with asyncio.timeout(120):
        while True:
            for batch in await log.facts(seq, limit=100, wait_ms=1_000):
                seq = batch.seq
                for _, facts in decode_facts(batch.body):
                    if any(isinstance(f, SessionAssigned) and f.buyer == buyer for f in facts):
                        return time.monotonic()


def _results(sizes: Sizes, found: list[Recovery], note: str) -> list[Measured]:
    note = (
        f"{sizes.agents:,} agents, {sizes.sessions:,} open sessions; the owner killed by SIGKILL"
        f" {sizes.kills} times, its lease of {LEASE_MS / 1000:g} s renewed every third of it;"
        f" medians; {note}"
    )

    def row(name: str, title: str, part: str) -> Measured:
        value = statistics.median(getattr(recovery, part) for recovery in found)
        return measured(f"recovery.{name}", title, value, "s", note=note)

    worst = max(recovery.whole_s for recovery in found)
    return [
        row("next_assignment_s", "到下一次分配 / until the next assignment", "whole_s"),
        measured("recovery.worst_s", "其中最久 / the longest of them", worst, "s", note=note),
        row("lease_s", "其中:等租约到期 / of it: the lease runs out", "lease_s"),
        row("load_s", "其中:载入 / of it: loading", "load_s"),
        row("assign_s", "其中:第一次分配 / of it: the first assignment", "assign_s"),
        row(
            "start_s",
            "新进程启动(与租约重叠) / the new process's start (within the lease)",
            "start_s",
        ),
    ]
