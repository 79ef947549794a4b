"""`zhiban bench broker`: messages stepped and committed a second by one owner, large and small.

The sessions are opened through the inbox; then a backlog is appended, two messages a session
(the buyer's, later the holder's answer), and a fresh owner works it off with real commits. The
small desk has so few sessions that it is measured several times over, on partitions of its own,
with the same number of messages a session: so the cost of a message can be compared.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Iterator
from typing import NamedTuple

from router.bench.measure import Measured, conditions, cpu_s, measured, say, scratch
from router.bench.world import (
    answer,
    append_all,
    buyer_message,
    consumed,
    end,
    make_desk,
    open_sessions,
)
from router.core import commands as c
from router.log.embedded import EmbeddedServer
from router.log.ports import Log
from router.log.redis import RedisLogs
from router.owner import Owner

PROMISED = 15_000
ANSWER_BEHIND = 400
"""So many messages after the buyer's comes the answer."""


class Sizes(NamedTuple):
    """How large the measurement is; the tests take smaller ones."""

    agents: int = 1_000
    sessions: int = 100_000
    small_agents: int = 10
    small_sessions: int = 1_000
    small_rounds: int = 12


class Run(NamedTuple):
    """A backlog worked off."""

    messages: int
    wall_s: float
    owner_cpu_s: float
    server_cpu_s: float


async def measure(sizes: Sizes = Sizes()) -> list[Measured]:  # noqa: B008  # immutable
    with scratch() as directory:
        async with (
            EmbeddedServer(directory / "data") as server,
            await RedisLogs.connect(server.url) as logs,
        ):
            note = conditions(directory)
            small: list[Run] = []
            half = sizes.small_rounds // 2
            for round_ in range(half):
                small.append(await _small(logs.log(10 + round_), sizes, server.pid))
            large = await work_off(logs.log(1), sizes.agents, sizes.sessions, server.pid)
            for round_ in range(half, sizes.small_rounds):
                small.append(await _small(logs.log(10 + round_), sizes, server.pid))
    return _results(sizes, large, small, note)


async def _small(log: Log, sizes: Sizes, server_pid: int) -> Run:
    return await work_off(log, sizes.small_agents, sizes.small_sessions, server_pid)


async def work_off(log: Log, agents: int, sessions: int, server_pid: int) -> Run:
    """Open the sessions, append a backlog, and let a fresh owner work it off."""
    say(f"… {agents:,} agents, {sessions:,} sessions")
    desk = make_desk(agents)
    holders = await open_sessions(log, desk, sessions)
    await append_all(log, _backlog(holders))
    tail = (await log.meta()).tail
    # The desk is not adopted anew: the records have it.
    owner = Owner(log, "measured", lease_ms=60_000)
    running = asyncio.create_task(owner.run())
    await owner.wait_loaded()
    offset, server_s = owner.offset, cpu_s(server_pid)
    begin, own_s = time.perf_counter(), time.process_time()
    await consumed(owner, tail)
    wall_s, own_s = time.perf_counter() - begin, time.process_time() - own_s
    run = Run(tail - offset, wall_s, own_s, cpu_s(server_pid) - server_s)
    await end(owner, running)
    return run


def _backlog(holders: dict[tuple[str, str], str]) -> Iterator[c.AnyCommand]:
    """Every session gets a line of the buyer's and, a while later, one of its holder's."""
    order = list(holders)
    random.Random(3).shuffle(order)  # noqa: S311  # the same in every run
    for number in range(len(order) + ANSWER_BEHIND):
        if number < len(order):
            shop, buyer = order[number]
            yield buyer_message(shop, buyer, f"b{number}")
        if number >= ANSWER_BEHIND:
            shop, buyer = order[number - ANSWER_BEHIND]
            yield answer(shop, buyer, f"a{number}", holders[shop, buyer])


def _results(sizes: Sizes, large: Run, small: list[Run], note: str) -> list[Measured]:
    rate = large.messages / large.wall_s
    small_rate = statistics.median(run.messages / run.wall_s for run in small)
    cost_us = large.owner_cpu_s / large.messages * 1e6
    small_us = statistics.median(run.owner_cpu_s / run.messages * 1e6 for run in small)
    world = (
        f"{sizes.agents:,} agents, {sizes.sessions:,} open sessions; {large.messages:,} messages,"
        f" half buyers' half answers, 300–500 bytes; against {sizes.small_agents} agents,"
        f" {sizes.small_sessions:,} sessions, median of {len(small)} runs; the owner on one core,"
        f" Valkey on another; {note}"
    )
    return [
        measured(
            "broker.messages_per_s",
            "每秒处理并提交的消息(对照为承诺值) / messages stepped and committed (floor: promised)",
            rate,
            "1/s",
            floor=PROMISED,
            note=world,
        ),
        measured(
            "broker.wall_per_message",
            "每条消息耗时,大对小(≤1.5) / time a message, large against small (<= 1.5)",
            1e6 / rate,
            "us",
            floor=1e6 / small_rate,
            note=world,
        ),
        measured(
            "broker.cpu_per_message",
            "每条消息的处理器时间,大对小(≤1.5) / processor time, large to small (<= 1.5)",
            cost_us,
            "us",
            floor=small_us,
            note=world,
        ),
        measured(
            "broker.server_cpu_per_message",
            "Valkey 每条消息的处理器时间 / Valkey's processor time a message",
            large.server_cpu_s / large.messages * 1e6,
            "us",
            note=world,
        ),
    ]
