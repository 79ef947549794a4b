"""The inspector's memory: the course of each buyer at each shop, kept in SQLite.

Beside each stands when something of it can be judged next, so that nothing that waits is lost by a
restart and nobody reads what is done. Called by the inspector alone, by one process at a time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from typing import NamedTuple

import msgspec

from router.conduct.course import Course
from router.log.sqlite import Database

_STEPS = (
    """
    CREATE TABLE courses (
        partition INTEGER NOT NULL, desk TEXT NOT NULL, shop TEXT NOT NULL, buyer TEXT NOT NULL,
        wake_ms INTEGER, heard_ms INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (partition, desk, shop, buyer)) WITHOUT ROWID;
    CREATE INDEX courses_due ON courses (partition, wake_ms) WHERE wake_ms IS NOT NULL;
    CREATE INDEX courses_quiet ON courses (partition, heard_ms) WHERE wake_ms IS NULL;
    CREATE TABLE courses_begun (partition INTEGER PRIMARY KEY, seq INTEGER NOT NULL);
    """,
)

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Course).decode


class Key(NamedTuple):
    """Whose course."""

    desk: str
    shop: str
    buyer: str


class Courses:
    """Every call may raise `LogUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def prepare(self) -> None:
        """Make the tables, if need be. Raises `SchemaTooNew`."""
        await self._database.migrate("courses", _STEPS)

    async def has_begun(self, partition: int) -> bool:
        """Whether this partition was followed before."""
        row = await self._database.read(
            lambda connection: connection.execute(
                "SELECT seq FROM courses_begun WHERE partition = ?", (partition,)
            ).fetchone()
        )
        return row is not None

    async def begin(self, partition: int, seq: int) -> None:
        """Note that this partition is followed from behind `seq` on."""
        await self._database.write(
            lambda connection: connection.execute(
                "INSERT OR IGNORE INTO courses_begun VALUES (?, ?)", (partition, seq)
            )
        )

    async def load(self, partition: int, keys: Collection[Key]) -> dict[Key, Course]:
        """Those that are known."""

        def work(connection: sqlite3.Connection) -> dict[Key, Course]:
            found: dict[Key, Course] = {}
            for key in keys:
                row = connection.execute(
                    "SELECT body FROM courses"
                    " WHERE partition = ? AND desk = ? AND shop = ? AND buyer = ?",
                    (partition, *key),
                ).fetchone()
                if row is not None:
                    found[key] = _decode(row[0])
            return found

        return await self._database.read(work)

    async def save(self, partition: int, courses: Sequence[tuple[Key, Course]]) -> None:
        """All of them, in one transaction."""
        rows = [
            (partition, *key, wake_ms if wake_ms >= 0 else None, course.heard_ms, _encode(course))
            for key, course in courses
            for wake_ms in (course.wake_ms(),)
        ]
        await self._database.write(
            lambda connection: connection.executemany(
                "INSERT OR REPLACE INTO courses VALUES (?, ?, ?, ?, ?, ?, ?)", rows
            )
        )

    async def due(
        self, partition: int, clock_ms: int, *, limit: int, desk: str = ""
    ) -> list[tuple[Key, Course]]:
        """Those of which something can be judged before `clock_ms`, the earliest first; of one
        desk, where it is named."""
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT desk, shop, buyer, body FROM courses"
                " WHERE partition = ? AND wake_ms < ? AND (? = '' OR desk = ?)"
                " ORDER BY wake_ms, desk, shop, buyer LIMIT ?",
                (partition, clock_ms, desk, desk, limit),
            ).fetchall()
        )
        return [(Key(*row[:3]), _decode(row[3])) for row in rows]

    async def forget(self, partition: int, key: Key) -> None:
        await self._database.write(
            lambda connection: connection.execute(
                "DELETE FROM courses WHERE partition = ? AND desk = ? AND shop = ? AND buyer = ?",
                (partition, *key),
            )
        )

    async def forget_quiet(self, partition: int, before_ms: int) -> None:
        """Those of which nothing waits, and nothing was heard since `before_ms`."""
        await self._database.write(
            lambda connection: connection.execute(
                "DELETE FROM courses WHERE partition = ? AND wake_ms IS NULL AND heard_ms < ?",
                (partition, before_ms),
            )
        )
