"""Every act of a person, in a book of its own: who, from where, what, on what, and how it ended.

The log holds what the acts did; the book also has what was refused, sign-ins and failed ones,
and acts on users. Rows wait in a bounded queue for one writer, so that no request waits for the
disk; when the queue is full the act is logged as a line instead, never dropped silently.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Sequence

import msgspec

from router.http.auth import People

logger = logging.getLogger("zhiban.audit")

WAITING_LIMIT = 10_000
BATCH_LIMIT = 500
KEPT_MS = 400 * 24 * 3_600_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS audit (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    user TEXT NOT NULL,
    address TEXT NOT NULL,
    act TEXT NOT NULL,
    target TEXT NOT NULL,
    status INTEGER NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS audit_user ON audit (user, id);
CREATE INDEX IF NOT EXISTS audit_act ON audit (act, id);
CREATE INDEX IF NOT EXISTS audit_at ON audit (at_ms, id);
"""


_READ = """
SELECT id, at_ms, user, address, act, target, status, detail FROM audit
WHERE TRUE ORDER BY id DESC LIMIT ?
"""
ID_MOST = 2**63 - 1
"""The largest id that SQLite knows."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One act."""

    at_ms: int
    user: str
    address: str
    act: str
    """As the route table names it, such as `POST /v1/sessions/{id}/close`."""
    target: str
    status: int
    """Of the answer: 2xx was done, 4xx was refused."""
    detail: str = ""
    id: int = 0


class Audit:
    """The book. Start `run` in a task; `close` lets it write what waits, and end."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._queue: asyncio.Queue[Row | None] = asyncio.Queue(WAITING_LIMIT)
        with people.database() as db:
            db.executescript(_SCHEMA)

    def note(
        self, user: str, address: str, act: str, target: str, status: int, detail: str = ""
    ) -> None:
        row = Row(
            at_ms=self._people.now_ms(),
            user=user,
            address=address,
            act=act,
            target=target[:300],
            status=status,
            detail=detail[:300],
        )
        try:
            self._queue.put_nowait(row)
        except asyncio.QueueFull:
            logger.error("the audit book is behind; this act is only here: %r", row)

    async def run(self) -> None:
        """Write what is noted until `close`."""
        await asyncio.to_thread(self._forget_old)
        while True:
            rows = [await self._queue.get()]
            while not self._queue.empty() and len(rows) < BATCH_LIMIT:
                rows.append(self._queue.get_nowait())
            acts = [row for row in rows if row is not None]
            try:
                await asyncio.to_thread(self._write, acts)
            except sqlite3.Error as error:  # a full disk: the acts themselves are in the log
                logger.error("the audit book cannot be written (%s): %r", error, acts)
            if None in rows:
                return

    async def close(self) -> None:
        await self._queue.put(None)

    def _write(self, rows: Sequence[Row]) -> None:
        with self._people.database() as db:
            db.execute("BEGIN")
            try:
                db.executemany(
                    "INSERT INTO audit (at_ms, user, address, act, target, status, detail)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [
                        (r.at_ms, r.user, r.address, r.act, r.target, r.status, r.detail)
                        for r in rows
                    ],
                )
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def _forget_old(self) -> None:
        with self._people.database() as db:
            db.execute("DELETE FROM audit WHERE at_ms < ?", (self._people.now_ms() - KEPT_MS,))

    def read(
        self,
        *,
        user: str = "",
        act: str = "",
        from_ms: int = 0,
        to_ms: int = 0,
        before: int = 0,
        limit: int = 100,
    ) -> list[Row]:
        """The newest first; `before`: the id behind which to go on. It blocks."""
        wanted: list[tuple[str, str | int]] = []
        if user:
            wanted.append(("user = ?", user))
        if act:  # with "+", of one person's: by the index of these
            wanted.append(("+act = ?" if user else "act = ?", act))
        if before:
            wanted.append(("id < ?", min(before, ID_MOST)))
        with self._people.database() as db:
            # Ids grow with time: so a day is found by an index, whatever else is wanted.
            if from_ms:
                wanted.append(("id >= ?", _first_at(db, from_ms)))
            if to_ms:
                wanted.append(("id < ?", _first_at(db, to_ms)))
            # Written of the constants above: what somebody asked for is bound, never written.
            where = " AND ".join(["TRUE", *(condition for condition, _ in wanted)])
            rows = db.execute(
                _READ.replace("TRUE", where), (*(value for _, value in wanted), limit)
            ).fetchall()
        return [
            Row(id=i, at_ms=at, user=u, address=ad, act=act, target=t, status=s, detail=d)
            for i, at, u, ad, act, t, s, d in rows
        ]


def _first_at(db: sqlite3.Connection, at_ms: int) -> int:
    """The id of the first act at that time or later; one that none has, where there is none."""
    query = "SELECT id FROM audit WHERE at_ms >= ? ORDER BY at_ms, id LIMIT 1"
    row = db.execute(query, (at_ms,)).fetchone()
    return int(row[0]) if row else ID_MOST
