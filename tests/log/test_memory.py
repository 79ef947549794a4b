"""What the twin in memory has beyond a log: faults, a clock that is moved, many partitions."""

from __future__ import annotations

import asyncio

import pytest

from router.log.memory import MemoryLog, MemoryLogs
from router.log.ports import (
    Draft,
    FactBatch,
    LogError,
    LogFull,
    LogUnavailable,
    Repeated,
    RepeatKind,
)
from tests.log.steps import a_commit, draft, leased


class Faults:
    """Raises once, at the call and stage it was told."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self._planned: dict[tuple[str, str], LogError] = {}

    def plan(self, method: str, stage: str, error: LogError) -> None:
        self._planned[method, stage] = error

    def __call__(self, method: str, stage: str) -> None:
        self.seen.append((method, stage))
        error = self._planned.pop((method, stage), None)
        if error:
            raise error


async def test_a_fault_before_a_call_leaves_no_trace() -> None:
    faults = Faults()
    log = MemoryLog(0, faults=faults)
    faults.plan("append", "before", LogFull("no memory"))
    with pytest.raises(LogFull):
        await log.append([draft(b"a")])
    assert (await log.meta()).tail == 0
    assert ("append", "after") not in faults.seen


async def test_a_reply_can_be_lost_after_the_effect() -> None:
    faults = Faults()
    log = MemoryLog(0, faults=faults)
    faults.plan("append", "after", LogUnavailable("reply lost"))
    with pytest.raises(LogUnavailable):
        await log.append([draft(b"a")])
    assert await log.append([draft(b"a")]) == [Repeated(RepeatKind.DELIVERY)]
    lease = await leased(log)
    faults.plan("commit", "after", LogUnavailable("reply lost"))
    step = a_commit(lease, 1, offset=1, key=b"value")
    with pytest.raises(LogUnavailable):
        await log.commit(step)
    assert await log.commit(step) is False
    assert [item async for item in log.records()] == [("key", b"value")]


async def test_every_call_passes_both_points() -> None:
    faults = Faults()
    log = MemoryLog(0, faults=faults)
    await log.append([Draft(b"")])
    await log.read(0, limit=1)
    await log.entries([1])
    await log.clock()
    lease = await log.renew(await leased(log), ttl_ms=1_000)
    await log.commit(a_commit(lease, 1, offset=1))
    await log.meta()
    assert [item async for item in log.records()] == []
    await log.facts(0, limit=1)
    await log.first_offsets()
    await log.trim(inbox_to=1, facts_to=0)
    await log.release(lease)
    methods = ["append", "read", "entries", "clock", "acquire", "renew", "commit", "meta"]
    methods += ["records", "facts", "first_offsets", "trim", "release"]
    assert faults.seen == [(name, stage) for name in methods for stage in ("before", "after")]


async def test_a_read_waits_by_the_clock_it_was_given() -> None:
    now_ms = 1_000
    log = MemoryLog(0, clock=lambda: now_ms)
    async with asyncio.timeout(5):
        waiting = asyncio.create_task(log.read(0, limit=1, wait_ms=60_000))
        await asyncio.sleep(0)
        now_ms += 59_999
        log.tick()
        await asyncio.sleep(0)
        assert not waiting.done()
        now_ms += 1
        log.tick()
        assert (await waiting).clock_ms == now_ms


async def test_partitions_are_apart_and_stay() -> None:
    logs = MemoryLogs()
    assert logs.findings == ()
    await logs.log(1).append([Draft(b"one")])
    await logs.log(2).commit(a_commit(await leased(logs.log(2)), 1))
    await logs.close()
    assert (await logs.log(1).meta()).tail == 1
    assert await logs.log(1).facts(0, limit=1) == []
    assert await logs.log(2).facts(0, limit=1) == [FactBatch(1, b"facts")]
