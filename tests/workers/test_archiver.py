"""The archive, the archiver, and both read as one with the stream."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from router.log.archive import (
    Archive,
    Position,
    entries_at,
    merged_entries,
    merged_facts,
)
from router.log.memory import MemoryLog
from router.log.ports import Entry, FactBatch, Log, LogCorrupt, LogUnavailable, Reading
from router.log.sqlite import Database, SchemaTooNew
from tests.workers.stage import VirtualTime, Writer
from workers.archiver import Archiver


def entry(offset: int) -> Entry:
    return Entry(offset, 1_000 + offset, b"body %d" % offset)


def batch(seq: int) -> FactBatch:
    return FactBatch(seq, b"facts %d" % seq)


def eager(archive: Archive, log: Log, *, keep: int = 1, page: int = 500) -> Archiver:
    """Trims whatever it may."""
    return Archiver(
        archive,
        log,
        keep_entries=keep,
        keep_commits=keep,
        trim_step=1,
        page=page,
        wait_ms=60_000,
        linger_s=0,
    )


async def drain(archiver: Archiver) -> None:
    """Run it up to the tail."""
    archiver.stop()
    await archiver.run()


async def written(log: Log, count: int) -> Writer:
    writer = Writer(log)
    for number in range(count):
        await writer.append(b"entry %d" % number)
        await writer.commit(b"facts %d" % number if number % 3 else b"")
    return writer


class TestArchive:
    async def test_keeps_entries_facts_and_position_together(self, archive: Archive) -> None:
        assert await archive.position(3) == Position(0, 0)
        assert await archive.write(3, [entry(1), entry(2)], [batch(2), batch(7)]) == (2, 7)
        assert await archive.write(3, [entry(2), entry(3)], [batch(7)]) == (3, 7)
        assert await archive.position(3) == Position(3, 7)
        assert await archive.entries(3, 1, 10) == [entry(2), entry(3)]
        assert await archive.entries_at(3, [3, 9, 1]) == [entry(3), None, entry(1)]
        assert await archive.facts(3, 2, 10) == [batch(7)]
        assert await archive.facts(4, 0, 10) == []

    @pytest.mark.parametrize(
        ("entries", "batches"),
        [
            ([entry(3)], []),
            ([entry(2), entry(4)], []),
            ([entry(1)._replace(body=b"other")], []),
            ([entry(2)], [batch(4), batch(4)]),
            ([entry(2)], [batch(2)]),
            ([entry(2)], [FactBatch(3, b"other")]),
        ],
    )
    async def test_refuses_holes_and_other_bodies_and_stores_nothing(
        self, archive: Archive, entries: list[Entry], batches: list[FactBatch]
    ) -> None:
        await archive.write(0, [entry(1)], [batch(3)])
        with pytest.raises(LogCorrupt):
            await archive.write(0, entries, batches)
        assert await archive.position(0) == Position(1, 3)
        assert await archive.entries(0, 0, 10) == [entry(1)]

    async def test_is_there_after_opening_again(self, tmp_path: Path) -> None:
        path = tmp_path / "a.sqlite"
        first = await Archive.open(path)
        await first.write(0, [entry(1)], [batch(1)])
        await first.set_bookmark("w", 0, 5)
        await first.set_bookmark("w", 0, 4)
        await first.close()
        again = await Archive.open(path)
        assert await again.entries(0, 0, 10) == [entry(1)]
        assert await again.bookmark("w", 0) == 5
        await again.close()
        await again.close()

    async def test_refuses_a_file_of_a_later_release(self, tmp_path: Path) -> None:
        database = await Database.open(tmp_path / "a.sqlite")
        await database.migrate("archive", ["CREATE TABLE a (x);"] * 1)
        await database.migrate("archive", ["CREATE TABLE a (x);", "CREATE TABLE b (x);"])
        await database.close()
        with pytest.raises(SchemaTooNew):
            await Archive.open(tmp_path / "a.sqlite")

    async def test_a_file_that_is_no_archive(self, tmp_path: Path) -> None:
        (tmp_path / "a.sqlite").write_bytes(b"this is not a database, whatever it is" * 100)
        with pytest.raises(LogCorrupt):
            await Archive.open(tmp_path / "a.sqlite")
        with pytest.raises(LogUnavailable):
            await Archive.open(tmp_path / "missing" / "a.sqlite")

    async def test_is_flushed_to_disk_by_each_write(self, archive: Archive) -> None:
        def settings(connection: sqlite3.Connection) -> tuple[str, int]:
            journal = connection.execute("PRAGMA journal_mode").fetchone()[0]
            return journal, connection.execute("PRAGMA synchronous").fetchone()[0]

        assert await archive.database.write(settings) == ("wal", 2)


class TestArchiver:
    async def test_copies_verbatim_and_trims_behind(self, archive: Archive, log: Log) -> None:
        writer = await written(log, 40)
        archiver = eager(archive, log, keep=5, page=7)
        await drain(archiver)
        assert await archive.entries(0, 0, 100) == writer.entries
        assert await archive.facts(0, 0, 100) == writer.batches
        first_offset, first_seq = await log.first_offsets()
        assert first_offset == 40 - 5 + 1
        assert first_seq == writer.batches[-5].seq
        assert (archiver.archived_entries, archiver.archived_commits) == (40, 26)

    async def test_follows_what_is_written_and_drains_when_stopped(
        self, archive: Archive, log: Log
    ) -> None:
        archiver = eager(archive, log)
        running = asyncio.create_task(archiver.run())
        writer = await written(log, 10)
        async with asyncio.timeout(10):
            while (await archive.position(0)).offset < 10:
                await asyncio.sleep(0)
        await writer.append(b"last")
        await writer.commit(b"last facts")
        archiver.stop()
        async with asyncio.timeout(10):
            await running
        assert await archive.position(0) == Position(11, 11)

    async def test_never_trims_beyond_what_is_consumed(self, archive: Archive) -> None:
        log = MemoryLog(0)
        writer = Writer(log)
        await writer.append(*[b"x"] * 10)
        await writer.commit(offset=4)
        await drain(eager(archive, log))
        assert (await log.first_offsets())[0] == 5

    async def test_never_trims_facts_beyond_the_slowest_reader(
        self, archive: Archive, log: Log
    ) -> None:
        writer = await written(log, 30)

        def archiver() -> Archiver:
            return Archiver(
                archive, log, readers=("fast", "slow"), keep_entries=1, keep_commits=1, trim_step=1
            )

        await archive.set_bookmark("fast", 0, 30)
        await drain(archiver())
        assert (await log.first_offsets())[1] == writer.batches[0].seq
        await archive.set_bookmark("slow", 0, 12)
        await drain(archiver())
        expected = next(batch.seq for batch in writer.batches if batch.seq > 12)
        assert (await log.first_offsets())[1] == expected

    async def test_a_crash_between_write_and_trim_loses_and_repeats_nothing(
        self, archive: Archive
    ) -> None:
        class Crash(Exception):
            pass

        crashing = True

        def faults(method: str, stage: str) -> None:
            if crashing and (method, stage) == ("trim", "before"):
                raise Crash

        log = MemoryLog(0, faults=faults)
        writer = await written(log, 20)
        with pytest.raises(ExceptionGroup) as caught:
            await drain(eager(archive, log))
        assert caught.group_contains(Crash)
        crashing = False
        await writer.append(b"after")
        await writer.commit(b"facts after")
        await drain(eager(archive, log))
        assert [entry async for entry in merged_entries(archive, log)] == writer.entries
        assert [batch async for batch in merged_facts(archive, log)] == writer.batches
        assert (await log.first_offsets())[0] == 21

    async def test_survives_a_log_that_is_away(self, archive: Archive, time: VirtualTime) -> None:
        away = True

        def faults(method: str, _stage: str) -> None:
            if away and method in ("read", "facts"):
                raise LogUnavailable("away")

        log = MemoryLog(0, faults=faults)
        await written(log, 5)
        archiver = Archiver(archive, log, wait_ms=60_000, linger_s=0, sleep=time.sleep)
        running = asyncio.create_task(archiver.run())
        for _ in range(4):
            await time.advance()
        away = False
        async with asyncio.timeout(10):
            while archiver.archived_entries < 5:
                await asyncio.sleep(0)
                if time.sleepers():
                    await time.advance()
        archiver.stop()
        await running
        assert archiver.failures >= 4
        assert (await archive.position(0)).offset == 5

    async def test_cancelling_leaves_it_usable(self, archive: Archive) -> None:
        log = MemoryLog(0)
        writer = await written(log, 50)
        for rounds in range(30):
            running = asyncio.create_task(eager(archive, log, page=3).run())
            for _ in range(rounds * 3):
                await asyncio.sleep(0)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        await drain(eager(archive, log))
        assert [entry async for entry in merged_entries(archive, log)] == writer.entries
        assert [batch async for batch in merged_facts(archive, log)] == writer.batches

    async def test_another_log_is_noticed_before_anything_is_written_or_trimmed(
        self, archive: Archive
    ) -> None:
        await drain(eager(archive, (await written(MemoryLog(0), 10)).log))
        other = MemoryLog(0)
        writer = Writer(other)
        await writer.append(*[b"other %d" % number for number in range(15)])
        await writer.commit(b"facts")
        archiver = eager(archive, other)
        await drain(archiver)
        assert "not the archived one" in archiver.broken
        assert (await archive.position(0)).offset == 10
        assert await other.first_offsets() == (1, 1)
        emptied = eager(archive, MemoryLog(0))
        await drain(emptied)
        assert emptied.broken


class TestReadAsOne:
    @pytest.mark.parametrize("seed", range(12))
    async def test_no_hole_and_no_repeat_while_the_archiver_works(
        self, archive: Archive, log: Log, seed: int
    ) -> None:
        rng = random.Random(seed)
        writer = Writer(log)
        archiver = eager(archive, log, keep=rng.choice((1, 3)), page=rng.choice((1, 4, 50)))
        running = asyncio.create_task(archiver.run())
        await asyncio.gather(
            write_at_random(writer, rng),
            *[read_at_random(archive, log, writer, random.Random(seed * 7 + n)) for n in range(3)],
        )
        archiver.stop()
        await running
        assert [entry async for entry in merged_entries(archive, log)] == writer.entries
        assert [batch async for batch in merged_facts(archive, log)] == writer.batches
        assert archiver.failures == 0
        assert archiver.trims > 0

    async def test_what_is_trimmed_between_the_two_looks_is_found(self, archive: Archive) -> None:
        class Moving(MemoryLog):
            """Is archived and trimmed just before a reader looks at it."""

            busy = False

            async def _archived(self) -> None:
                if not self.busy:
                    self.busy = True
                    await drain(eager(archive, self))
                    self.busy = False

            async def read(self, after: int, *, limit: int, wait_ms: int = 0) -> Reading:
                await self._archived()
                return await super().read(after, limit=limit, wait_ms=wait_ms)

            async def facts(self, after: int, *, limit: int, wait_ms: int = 0) -> list[FactBatch]:
                await self._archived()
                return await super().facts(after, limit=limit, wait_ms=wait_ms)

            async def entries(self, offsets: Sequence[int]) -> list[Entry | None]:
                await self._archived()
                return await super().entries(offsets)

        log = Moving(0)
        writer = await written(log, 10)
        assert [entry async for entry in merged_entries(archive, log)] == writer.entries
        await writer.append(*[b"more"] * 10)
        await writer.commit(b"more facts")
        assert await entries_at(archive, log, [12, 20, 3]) == [
            writer.entries[offset - 1] for offset in (12, 20, 3)
        ]
        for number in range(10):
            await writer.commit(b"" if number % 2 else b"yet more")
        assert [batch async for batch in merged_facts(archive, log)] == writer.batches

    async def test_what_is_in_neither_place_is_said(self, archive: Archive) -> None:
        log = MemoryLog(0)
        await written(log, 10)
        await log.trim(inbox_to=5, facts_to=0)
        with pytest.raises(LogCorrupt):
            _ = [entry async for entry in merged_entries(archive, log)]
        assert [entry and entry.offset for entry in await entries_at(archive, log, [3, 7])] == [
            None,
            7,
        ]


async def write_at_random(writer: Writer, rng: random.Random) -> None:
    for number in range(120):
        await writer.append(*[rng.randbytes(8) for _ in range(rng.randrange(4))])
        if rng.random() < 0.7:
            offset = rng.randint(writer.offset, len(writer.entries))
            await writer.commit(b"facts %d" % number if rng.random() < 0.6 else b"", offset=offset)
        for _ in range(rng.randrange(20)):
            await asyncio.sleep(0)


async def read_at_random(archive: Archive, log: Log, writer: Writer, rng: random.Random) -> None:
    for _ in range(12):
        page = rng.choice((1, 3, 500))
        after = rng.randint(0, len(writer.entries))
        wanted = len(writer.entries) - after
        entries = [entry async for entry in merged_entries(archive, log, after, page=page)]
        while len(writer.entries) < after + len(entries):
            await asyncio.sleep(0)  # the log was quicker than the writer's own notes
        assert entries == writer.entries[after : after + len(entries)]
        assert len(entries) >= wanted
        after = rng.randint(0, writer.seq)
        wanted = sum(batch.seq > after for batch in writer.batches)
        batches = [batch async for batch in merged_facts(archive, log, after, page=page)]
        while batches and batches[-1].seq > max([b.seq for b in writer.batches], default=0):
            await asyncio.sleep(0)
        expected = [batch for batch in writer.batches if batch.seq > after]
        assert batches == expected[: len(batches)]
        assert len(batches) >= wanted
        offsets = [rng.randint(1, len(writer.entries) + 1) for _ in range(5)]
        known = dict(enumerate(writer.entries, 1))
        for offset, found in zip(offsets, await entries_at(archive, log, offsets), strict=True):
            assert found == known.get(offset) or offset not in known
