"""The runner: at least once, in order, from where it stood; and what it cannot handle."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from router.core.facts import PresenceChanged
from router.log.archive import Archive
from router.log.memory import MemoryLog
from router.log.ports import Log, LogUnavailable
from tests.workers.stage import VirtualTime, Writer, message
from workers.archiver import Archiver
from workers.runner import Keyed, Runner


class Handler:
    """Notes what it is given; raises over the messages in `bad`, and what is in `errors`."""

    def __init__(self) -> None:
        self.got: list[Keyed] = []
        self.bad: set[str] = set()
        self.errors: list[Exception] = []
        self._changed = asyncio.Condition()

    async def __call__(self, facts: Sequence[Keyed]) -> None:
        if self.errors:
            raise self.errors.pop(0)
        for keyed in facts:
            if getattr(keyed.fact, "message", "") in self.bad:
                raise ValueError(f"bad {keyed.key}")
        async with self._changed:
            self.got.extend(facts)
            self._changed.notify_all()

    async def seen(self, count: int) -> list[str]:
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: len(self.got) >= count)
        return [keyed.key for keyed in self.got]


def make(archive: Archive, log: Log, handler: Handler, **more: object) -> Runner:
    return Runner("worker", archive, log, handler, wait_ms=60_000, **more)  # type: ignore[arg-type]


async def test_hands_over_facts_by_key_and_starts_behind_them(archive: Archive, log: Log) -> None:
    writer = Writer(log)
    await writer.say(message("m1"), PresenceChanged(at_ms=1, agent="a", to="online"), message("m2"))
    await writer.commit()
    await writer.say(message("m3"))
    first, handler = Handler(), Handler()
    runner = make(archive, log, first)
    running = asyncio.create_task(runner.run())
    assert await first.seen(4) == ["0:1:0", "0:1:1", "0:1:2", "0:3:0"]
    await writer.say(message("m4"))
    assert (await first.seen(5))[4] == "0:4:0"
    runner.stop()
    await running
    await writer.say(message("m5"))
    runner = make(archive, log, handler, kinds=(type(message("m")),))
    running = asyncio.create_task(runner.run())
    assert await handler.seen(1) == ["0:5:0"]
    runner.stop()
    await running
    assert await archive.bookmark("worker", 0) == 5


async def test_reads_the_archive_where_the_stream_is_trimmed(archive: Archive, log: Log) -> None:
    writer = Writer(log)
    for number in range(20):
        await writer.append(b"x")
        await writer.say(message(f"m{number}"))
    archiver = Archiver(archive, log, keep_entries=1, keep_commits=1, trim_step=1)
    archiver.stop()
    await archiver.run()
    assert await log.first_offsets() == (20, 20)
    handler = Handler()
    runner = make(archive, log, handler, page=3)
    running = asyncio.create_task(runner.run())
    assert await handler.seen(20) == [f"0:{seq}:0" for seq in range(1, 21)]
    runner.stop()
    await running


async def test_after_a_crash_what_was_not_stored_comes_again(archive: Archive) -> None:
    log = MemoryLog(0)
    writer = Writer(log)
    await writer.say(message("m1"))
    entered = asyncio.Event()

    async def hangs(_facts: Sequence[Keyed]) -> None:
        entered.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(Runner("worker", archive, log, hangs).run())
    await entered.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await archive.bookmark("worker", 0) == 0
    handler = Handler()
    runner = make(archive, log, handler)
    running = asyncio.create_task(runner.run())
    assert await handler.seen(1) == ["0:1:0"]
    runner.stop()
    await running


async def test_a_bad_fact_becomes_a_dead_letter_and_the_rest_goes_on(
    archive: Archive, time: VirtualTime
) -> None:
    log = MemoryLog(0)
    writer = Writer(log)
    await writer.say(message("good"), message("bad"), message("fine"))
    await writer.commit(b"\xc1 not facts")
    await writer.say(message("last"))
    handler = Handler()
    handler.bad = {"bad"}
    runner = make(archive, log, handler, tries=3, sleep=time.sleep)
    running = asyncio.create_task(runner.run())
    assert [await time.advance() for _ in range(2)] == [100, 200]
    assert await handler.seen(3) == ["0:1:0", "0:1:2", "0:3:0"]
    runner.stop()
    await running
    letters = await archive.dead_letters("worker")
    assert [letter.key for letter in letters] == ["0:2:0", "0:1:1"]
    assert letters[1].error == "ValueError: bad 0:1:1"
    assert runner.dead == await archive.dead_count("worker") == 2
    assert await archive.bookmark("worker", 0) == 3


async def test_trouble_with_the_log_is_no_facts_fault(archive: Archive, time: VirtualTime) -> None:
    log = MemoryLog(0)
    await Writer(log).say(message("m1"))
    handler = Handler()
    handler.errors = [LogUnavailable("away") for _ in range(20)]
    runner = make(archive, log, handler, tries=2, sleep=time.sleep)
    running = asyncio.create_task(runner.run())
    waits = [await time.advance() for _ in range(20)]
    assert waits[:3] == [100, 200, 400]
    assert waits[-1] == 5_000
    assert await handler.seen(1) == ["0:1:0"]
    runner.stop()
    await running
    assert await archive.dead_count("worker") == 0


async def test_stopping_amid_retries_buries_nothing(archive: Archive, time: VirtualTime) -> None:
    log = MemoryLog(0)
    await Writer(log).say(message("bad"))
    handler = Handler()
    handler.bad = {"bad"}
    runner = make(archive, log, handler, sleep=time.sleep)
    running = asyncio.create_task(runner.run())
    await time.advance()
    runner.stop()
    async with asyncio.timeout(10):
        await running
    assert await archive.dead_count("worker") == 0
    assert await archive.bookmark("worker", 0) == 0


@pytest.mark.parametrize("stop_first", [True, False])
async def test_stop_ends_a_waiting_runner(archive: Archive, stop_first: bool) -> None:
    runner = make(archive, MemoryLog(0), Handler())
    if stop_first:
        runner.stop()
    running = asyncio.create_task(runner.run())
    await asyncio.sleep(0)
    runner.stop()
    async with asyncio.timeout(10):
        await running
