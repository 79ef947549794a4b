"""An SQLite file for asynchronous callers: one writer and one reader, each in its own thread.

Owns the connections, their settings and the schema versions of the parts that keep tables in
the file (the archive, the outbox); knows nothing of what is in them. What is written is on disk
when the call returns (WAL, synchronous=FULL). Several processes may read one file; writes wait
for each other up to `BUSY_MS`.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

from router.log.ports import LogCorrupt, LogUnavailable

BUSY_MS = 10_000
"""How long a write waits for another process's."""

Result = TypeVar("Result")
Work = Callable[[sqlite3.Connection], Result]

_VERSIONS = (
    "CREATE TABLE IF NOT EXISTS schema_versions (part TEXT PRIMARY KEY, version INTEGER NOT NULL)"
)


class SchemaTooNew(Exception):
    """A later release has written this file: use that one."""


class Database:
    """One SQLite file. Made by `open`, ended by `close`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = _Side(path, read_only=False)
        self._reader = _Side(path, read_only=True)

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open or create the file; its directory must be there. Raises `LogUnavailable`."""
        database = cls(path)
        try:
            # In this order: the reader needs a file, in WAL mode.
            await database._writer.open()
            await database._reader.open()
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        """Ends after what is under way; calls that come later raise RuntimeError."""
        await self._reader.close()
        await self._writer.close()

    async def read(self, work: Work[Result]) -> Result:
        """Run `work` on one consistent snapshot, which holds every write that has returned.

        Raises `LogUnavailable` (locked, disk trouble), `LogCorrupt` (the file is damaged).
        """
        return await self._reader.run(work, "BEGIN")

    async def write(self, work: Work[Result]) -> Result:
        """Run `work` in one transaction, durable on return; whatever it raises undoes it.

        Raises as `read` does. A cancelled call may still have been done.
        """
        return await self._writer.run(work, "BEGIN IMMEDIATE")

    async def migrate(self, part: str, steps: Sequence[str]) -> None:
        """Bring one part's tables up to date: step n makes version n + 1 out of version n.

        A step is one or more statements, each ended by a semicolon. All or nothing; steps that
        were released are never changed. Raises `SchemaTooNew`.
        """

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(_VERSIONS)
            row = connection.execute(
                "SELECT version FROM schema_versions WHERE part = ?", (part,)
            ).fetchone()
            version: int = row[0] if row else 0
            if version > len(steps):
                raise SchemaTooNew(
                    f"{self._path}: {part} is at version {version}, this release knows {len(steps)}"
                )
            for step in steps[version:]:
                for statement in filter(None, map(str.strip, step.split(";"))):
                    connection.execute(statement)
            connection.execute(
                "INSERT OR REPLACE INTO schema_versions VALUES (?, ?)", (part, len(steps))
            )

        await self.write(work)


class _Side:
    """One connection and the only thread that uses it."""

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self._path = path
        self._read_only = read_only
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        await asyncio.wrap_future(self._thread.submit(self._open))

    async def run(self, work: Work[Result], begin: str) -> Result:
        return await asyncio.wrap_future(self._thread.submit(self._run, work, begin))

    async def close(self) -> None:
        try:
            await asyncio.wrap_future(self._thread.submit(self._close))
        except RuntimeError:
            return  # closed before
        self._thread.shutdown(wait=False)

    def _open(self) -> None:
        try:
            connection = sqlite3.connect(
                self._path, timeout=BUSY_MS / 1000, isolation_level=None, cached_statements=256
            )
            self._connection = connection
            self._path.chmod(0o600)  # it holds what buyers have said
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            if self._read_only:
                connection.execute("PRAGMA query_only = ON")
        except sqlite3.OperationalError as error:
            raise LogUnavailable(f"{self._path}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise LogCorrupt(f"{self._path}: {error}") from error

    def _run(self, work: Work[Result], begin: str) -> Result:
        connection = self._connection
        assert connection is not None
        try:
            connection.execute(begin)
            try:
                result = work(connection)
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            raise LogUnavailable(f"{self._path}: {error}") from error
        except sqlite3.DatabaseError as error:
            if type(error) is not sqlite3.DatabaseError:
                raise  # a constraint, or a wrong call: an error of ours
            raise LogCorrupt(f"{self._path}: {error}") from error
        return result

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
