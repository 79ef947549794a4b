"""The archive: what the streams held, verbatim and for good; and reading both as one sequence.

The archiver writes, everybody may read. `Archive` keeps, per partition, inbox entries and fact
batches from the first on, without holes, and in the same transaction how far it has come
(DESIGN 11). Beside them stand the workers' places in the facts and what they had to give up.

`next_entries`, `next_facts` and `entries_at` look in the archive first and then in the stream.
They rest on one promise of the archiver: nothing is trimmed that was not durable here before.
So what a stream no longer has, a *later* look at the archive finds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from router.log.ports import Entry, FactBatch, Log, LogCorrupt
from router.log.sqlite import Database

PAGE = 500
"""Entries, or batches, read at a time."""

_STEPS = (
    """
    CREATE TABLE entries (
        partition INTEGER NOT NULL, offset INTEGER NOT NULL, at_ms INTEGER NOT NULL,
        body BLOB NOT NULL, PRIMARY KEY (partition, offset));
    CREATE TABLE facts (
        partition INTEGER NOT NULL, seq INTEGER NOT NULL,
        body BLOB NOT NULL, PRIMARY KEY (partition, seq));
    CREATE TABLE archived (
        partition INTEGER PRIMARY KEY, offset INTEGER NOT NULL, seq INTEGER NOT NULL);
    CREATE TABLE positions (
        worker TEXT NOT NULL, partition INTEGER NOT NULL, seq INTEGER NOT NULL,
        PRIMARY KEY (worker, partition));
    CREATE TABLE dead_letters (
        worker TEXT NOT NULL, key TEXT NOT NULL, desk TEXT NOT NULL, at_ms INTEGER NOT NULL,
        error TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (worker, key));
    """,
)


class Position(NamedTuple):
    """How far a partition is archived."""

    offset: int
    """The last inbox offset; 0: none."""
    seq: int
    """The last fact batch's sequence; 0: none."""


class DeadLetter(NamedTuple):
    """What a worker could not handle, after trying more than once."""

    worker: str
    key: str
    """`partition:seq:index`"""
    desk: str
    at_ms: int
    """The fact's own time."""
    error: str
    body: bytes
    """The fact, as MessagePack; a whole batch when that could not be decoded."""


class Archive:
    """The archive of all partitions, in one SQLite file. Every call may raise `LogUnavailable`."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open or create the file. Raises `LogUnavailable`, `SchemaTooNew`."""
        database = await Database.open(path)
        try:
            await database.migrate("archive", _STEPS)
        except BaseException:
            await database.close()
            raise
        return cls(database)

    async def close(self) -> None:
        await self.database.close()

    async def write(
        self, partition: int, entries: Sequence[Entry], batches: Sequence[FactBatch]
    ) -> Position:
        """Store what follows; durable on return, all or nothing. Gives the position after it.

        What is here already is passed over, once it is seen to be the same. Raises `LogCorrupt`
        for a hole, for a wrong order, and for another body than the one archived. A hole in the
        facts cannot be seen: their sequences have gaps.
        """

        def work(connection: sqlite3.Connection) -> Position:
            was = _position(connection, partition)
            offset = _write_entries(connection, partition, was.offset, entries)
            seq = _write_facts(connection, partition, was.seq, batches)
            connection.execute(
                "INSERT OR REPLACE INTO archived VALUES (?, ?, ?)", (partition, offset, seq)
            )
            return Position(offset, seq)

        return await self.database.write(work)

    async def position(self, partition: int) -> Position:
        return await self.database.read(lambda connection: _position(connection, partition))

    async def entries(self, partition: int, after: int, limit: int) -> list[Entry]:
        """Entries behind offset `after`, in order. Raises `LogCorrupt` for a hole."""
        rows = await self.database.read(
            lambda connection: connection.execute(
                "SELECT offset, at_ms, body FROM entries WHERE partition = ? AND offset > ?"
                " ORDER BY offset LIMIT ?",
                (partition, after, limit),
            ).fetchall()
        )
        found = [Entry(*row) for row in rows]
        if found and found[-1].offset != after + len(found):
            raise LogCorrupt(f"the archive of partition {partition} has a hole behind {after}")
        return found

    async def entries_at(self, partition: int, offsets: Sequence[int]) -> list[Entry | None]:
        """The entries at these offsets; None for those not archived."""

        def work(connection: sqlite3.Connection) -> list[Entry | None]:
            return [_entry(connection, partition, offset) for offset in offsets]

        return await self.database.read(work)

    async def facts(self, partition: int, after: int, limit: int) -> list[FactBatch]:
        """Fact batches with a sequence above `after`, in order."""
        rows = await self.database.read(
            lambda connection: connection.execute(
                "SELECT seq, body FROM facts WHERE partition = ? AND seq > ? ORDER BY seq LIMIT ?",
                (partition, after, limit),
            ).fetchall()
        )
        return [FactBatch(*row) for row in rows]

    async def seq_behind(self, partition: int, newest: int) -> int:
        """The sequence of the last batch before the `newest` ones archived; 0: none."""
        row = await self.database.read(
            lambda connection: connection.execute(
                "SELECT seq FROM facts WHERE partition = ? ORDER BY seq DESC LIMIT 1 OFFSET ?",
                (partition, newest),
            ).fetchone()
        )
        return row[0] if row else 0

    # Where the workers are

    async def bookmark(self, worker: str, partition: int) -> int:
        """The sequence up to which this worker has taken responsibility; 0: from the start."""
        row = await self.database.read(
            lambda connection: connection.execute(
                "SELECT seq FROM positions WHERE worker = ? AND partition = ?",
                (worker, partition),
            ).fetchone()
        )
        return row[0] if row else 0

    async def set_bookmark(self, worker: str, partition: int, seq: int) -> None:
        """Never moves back."""
        await self.database.write(
            lambda connection: connection.execute(
                "INSERT INTO positions VALUES (?, ?, ?) ON CONFLICT (worker, partition)"
                " DO UPDATE SET seq = max(seq, excluded.seq)",
                (worker, partition, seq),
            )
        )

    async def bury(self, letter: DeadLetter) -> None:
        """Keep what could not be handled for people to look at; a repeat changes nothing."""
        await self.database.write(
            lambda connection: connection.execute(
                "INSERT OR IGNORE INTO dead_letters (worker, key, desk, at_ms, error, body)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                letter,
            )
        )

    async def dead_letters(self, worker: str, *, limit: int = PAGE) -> list[DeadLetter]:
        """The oldest first."""
        rows = await self.database.read(
            lambda connection: connection.execute(
                "SELECT worker, key, desk, at_ms, error, body FROM dead_letters"
                " WHERE worker = ? ORDER BY at_ms, key LIMIT ?",
                (worker, limit),
            ).fetchall()
        )
        return [DeadLetter(*row) for row in rows]

    async def dead_count(self, worker: str) -> int:
        row = await self.database.read(
            lambda connection: connection.execute(
                "SELECT count(*) FROM dead_letters WHERE worker = ?", (worker,)
            ).fetchone()
        )
        return int(row[0])


def _position(connection: sqlite3.Connection, partition: int) -> Position:
    row = connection.execute(
        "SELECT offset, seq FROM archived WHERE partition = ?", (partition,)
    ).fetchone()
    return Position(*row) if row else Position(0, 0)


def _entry(connection: sqlite3.Connection, partition: int, offset: int) -> Entry | None:
    row = connection.execute(
        "SELECT offset, at_ms, body FROM entries WHERE partition = ? AND offset = ?",
        (partition, offset),
    ).fetchone()
    return Entry(*row) if row else None


def _write_entries(
    connection: sqlite3.Connection, partition: int, last: int, entries: Sequence[Entry]
) -> int:
    """The last offset after it."""
    for entry in entries:
        if entry.offset <= last:
            if _entry(connection, partition, entry.offset) != entry:
                raise LogCorrupt(
                    f"entry {entry.offset} of partition {partition} is not the archived one"
                )
            continue
        if entry.offset != last + 1:
            raise LogCorrupt(
                f"entry {entry.offset} of partition {partition} does not follow {last}"
            )
        connection.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?)",
            (partition, entry.offset, entry.at_ms, entry.body),
        )
        last = entry.offset
    return last


def _write_facts(
    connection: sqlite3.Connection, partition: int, last: int, batches: Sequence[FactBatch]
) -> int:
    """The last sequence after it."""
    before = 0
    for batch in batches:
        if batch.seq <= before:
            raise LogCorrupt(f"facts {batch.seq} of partition {partition} come after {before}")
        before = batch.seq
        if batch.seq <= last:
            row = connection.execute(
                "SELECT body FROM facts WHERE partition = ? AND seq = ?", (partition, batch.seq)
            ).fetchone()
            if row is None or row[0] != batch.body:
                raise LogCorrupt(
                    f"facts {batch.seq} of partition {partition} are not the archived ones"
                )
            continue
        connection.execute("INSERT INTO facts VALUES (?, ?, ?)", (partition, batch.seq, batch.body))
        last = batch.seq
    return last


# The archive and the stream as one


async def next_entries(
    archive: Archive, log: Log, after: int, *, limit: int = PAGE, wait_ms: int = 0
) -> list[Entry]:
    """What follows offset `after`, wherever it is; waits up to `wait_ms` at the tail.

    Raises `LogCorrupt` when it is in neither place.
    """
    while True:
        if found := await archive.entries(log.partition, after, limit):
            return found
        try:
            return (await log.read(after, limit=limit, wait_ms=wait_ms)).entries
        except LogCorrupt:
            # Trimmed between the two looks? Then it is in the archive by now.
            if (await archive.position(log.partition)).offset <= after:
                raise


async def next_facts(
    archive: Archive, log: Log, after: int, *, limit: int = PAGE, wait_ms: int = 0
) -> list[FactBatch]:
    """The batches that follow `after`, wherever they are; waits up to `wait_ms` at the tail."""
    while True:
        if found := await archive.facts(log.partition, after, limit):
            return found
        batches = await log.facts(after, limit=limit, wait_ms=wait_ms)
        if batches and batches[0].seq == after + 1:
            return batches
        # A gap may be commits without facts, or facts trimmed between the two looks. The latter
        # had been archived before they were trimmed, so a look from now on shows them.
        if (await archive.position(log.partition)).seq <= after:
            return batches


async def merged_entries(
    archive: Archive, log: Log, after: int = 0, *, page: int = PAGE
) -> AsyncIterator[Entry]:
    """All entries behind `after` up to the tail, once each and in order, while the archiver
    copies and trims as it likes. Raises `LogCorrupt` for what is in neither place."""
    while entries := await next_entries(archive, log, after, limit=page):
        for entry in entries:
            yield entry
        after = entries[-1].offset


async def merged_facts(
    archive: Archive, log: Log, after: int = 0, *, page: int = PAGE
) -> AsyncIterator[FactBatch]:
    """All fact batches with a sequence above `after` up to the tail; as `merged_entries`."""
    while batches := await next_facts(archive, log, after, limit=page):
        for batch in batches:
            yield batch
        after = batches[-1].seq


async def entries_at(archive: Archive, log: Log, offsets: Sequence[int]) -> list[Entry | None]:
    """The entries at these offsets, wherever they are; None for what never was."""
    found: dict[int, Entry] = {}
    missing = sorted(set(offsets))
    # The stream may lose some to the archive while we look: so the archive is asked again.
    for look_in_stream in (False, True, False):
        if not missing:
            break
        entries = (
            await log.entries(missing)
            if look_in_stream
            else await archive.entries_at(log.partition, missing)
        )
        found.update({entry.offset: entry for entry in entries if entry is not None})
        missing = [offset for offset in missing if offset not in found]
    return [found.get(offset) for offset in offsets]
