"""Keeps the quick replies in an SQLite file: the team's library and each agent's own.

Owns the file, its schema and the limits. An agent sees the team's and their own, nobody else's.
Calls are synchronous and short, and safe from any thread: one connection behind a lock. What
is written is on disk when the call returns (WAL, synchronous=FULL).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, TypeVar

import msgspec

from router.replies.categories import CATEGORIES
from router.replies.reply import BadReply, Reply, check

TEAM_LIMIT = 5_000
OWN_LIMIT = 1_000
BUSY_MS = 10_000
"""How long a call waits for another process's write."""

_SCHEMA = 1
_TABLES = """
CREATE TABLE replies (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
    category TEXT NOT NULL, scenario TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL,
    pictures BLOB NOT NULL, shops BLOB NOT NULL, shortcut TEXT NOT NULL,
    uses INTEGER NOT NULL, updated_ms INTEGER NOT NULL);
CREATE INDEX replies_by_owner ON replies (owner);
CREATE TABLE uses (
    reply TEXT NOT NULL, agent TEXT NOT NULL, uses INTEGER NOT NULL, last_ms INTEGER NOT NULL,
    PRIMARY KEY (reply, agent));
"""
_COLUMNS = "id, owner, category, scenario, title, text, pictures, shops, shortcut, uses, updated_ms"
_ORDER = {category: place for place, category in enumerate(CATEGORIES)}
_LIST = msgspec.json.Decoder(tuple[str, ...])

Result = TypeVar("Result")


class LibraryUnavailable(Exception):
    """The file cannot be used: locked, damaged, or written by a later release."""


class UnknownReply(Exception):
    """There is no reply with this id, or it is another's."""


class IdTaken(Exception):
    """These ids are in use already."""

    def __init__(self, ids: list[str]) -> None:
        super().__init__(
            f"编号已被占用(导入的文件可以去掉编号这一列):{'、'.join(ids)}"
            f" / ids in use already (a file may leave them out): {', '.join(ids)}"
        )
        self.ids = ids


class LibraryFull(Exception):
    """The team, or this agent, has as many replies as can be kept."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"最多 {limit} 条 / at most {limit} replies")
        self.limit = limit


class Usage(NamedTuple):
    """How often one agent has sent a reply, and when last."""

    agent: str
    uses: int
    last_ms: int


class Saved(NamedTuple):
    """What became of many."""

    added: int
    changed: int


class Library:
    """All quick replies of a daemon. Every call may raise `LibraryUnavailable`."""

    def __init__(self, path: Path) -> None:
        """Open or create the file; its directory must be there."""
        self._path = path
        self._lock = threading.Lock()
        with self._said():
            self._connection = sqlite3.connect(
                path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False
            )
        try:
            with self._said():
                path.chmod(0o600)
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = FULL")
            self._write(self._prepare)
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def add(self, reply: Reply) -> None:
        """Keep a new reply. Raises `BadReply`, `IdTaken`, `LibraryFull`."""
        _check(reply)

        def work(connection: sqlite3.Connection) -> None:
            if _find(connection, reply.id):
                raise IdTaken([reply.id])
            _insert(connection, reply)
            _check_limit(connection, reply.owner)

        self._write(work)

    def update(self, reply: Reply) -> None:
        """Keep what a reply is now; its count stays. Raises `BadReply`, `UnknownReply`.

        A reply never changes its owner: `UnknownReply` for one that is not this owner's.
        """
        _check(reply)

        def work(connection: sqlite3.Connection) -> None:
            _owned(connection, reply.id, reply.owner)
            _change(connection, reply)

        self._write(work)

    def save_all(self, owner: str, replies: Iterable[Reply]) -> Saved:
        """Add or change many, all or nothing. Raises `BadReply`, `IdTaken`, `LibraryFull`.

        `IdTaken` names the ids that are not this owner's.
        """
        given = list(replies)
        for reply in given:
            _check(reply)
            if reply.owner != owner:
                raise ValueError(f"reply {reply.id} is not {owner!r}'s")

        def work(connection: sqlite3.Connection) -> Saved:
            known = {reply.id: _find(connection, reply.id) for reply in given}
            taken = [id_ for id_, found in known.items() if found and found.owner != owner]
            if taken:
                raise IdTaken(taken)
            changed = 0
            for reply in given:
                if known[reply.id]:
                    _change(connection, reply)
                    changed += 1
                else:
                    _insert(connection, reply)
                    known[reply.id] = reply
            _check_limit(connection, owner)
            return Saved(len(given) - changed, changed)

        return self._write(work)

    def delete(self, reply_id: str, owner: str) -> None:
        """Forget one of this owner's, with its counts. Raises `UnknownReply`."""

        def work(connection: sqlite3.Connection) -> None:
            _owned(connection, reply_id, owner)
            connection.execute("DELETE FROM replies WHERE id = ?", (reply_id,))
            connection.execute("DELETE FROM uses WHERE reply = ?", (reply_id,))

        self._write(work)

    def get(self, reply_id: str, agent: str) -> Reply:
        """One that this agent sees. Raises `UnknownReply`."""
        return self._read(lambda connection: _visible(connection, reply_id, agent))

    def visible(self, agent: str) -> list[Reply]:
        """What this agent sees: the team's, then their own; by category, the oldest first."""
        return self._read(lambda connection: _list(connection, {"", agent}))

    def owned(self, owner: str) -> list[Reply]:
        """The team's ("") or this agent's own alone, in the same order."""
        return self._read(lambda connection: _list(connection, {owner}))

    def everybodys(self) -> list[Reply]:
        """The team's, and every agent's own."""

        def work(connection: sqlite3.Connection) -> list[Reply]:
            owners = connection.execute("SELECT DISTINCT owner FROM replies").fetchall()
            return _list(connection, {owner for (owner,) in owners})

        return self._read(work)

    def used(self, reply_id: str, agent: str, at_ms: int) -> Reply:
        """Count that this agent has sent it; gives it with its new count.

        Raises `UnknownReply` for one that this agent does not see.
        """

        def work(connection: sqlite3.Connection) -> Reply:
            reply = _visible(connection, reply_id, agent)
            connection.execute("UPDATE replies SET uses = uses + 1 WHERE id = ?", (reply_id,))
            connection.execute(
                "INSERT INTO uses VALUES (?, ?, 1, ?) ON CONFLICT (reply, agent) DO UPDATE"
                " SET uses = uses + 1, last_ms = max(last_ms, excluded.last_ms)",
                (reply_id, agent, at_ms),
            )
            return msgspec.structs.replace(reply, uses=reply.uses + 1)

        return self._write(work)

    def usage(self, reply_id: str) -> list[Usage]:
        """Who has sent it how often, the most often first."""
        return self._read(
            lambda connection: [
                Usage(*row)
                for row in connection.execute(
                    "SELECT agent, uses, last_ms FROM uses WHERE reply = ?"
                    " ORDER BY uses DESC, agent",
                    (reply_id,),
                )
            ]
        )

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > _SCHEMA:
            raise LibraryUnavailable(
                f"{self._path}: 由更新的版本写成(表结构 {version},本版本 {_SCHEMA})"
                f" / a later release has written it (schema {version}, this one knows {_SCHEMA})"
            )
        if version == 0:
            for statement in filter(None, map(str.strip, _TABLES.split(";"))):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {_SCHEMA}")

    def _read(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        return self._run(work, "BEGIN")

    def _write(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        return self._run(work, "BEGIN IMMEDIATE")

    def _run(self, work: Callable[[sqlite3.Connection], Result], begin: str) -> Result:
        """One transaction; whatever `work` raises undoes it."""
        with self._lock, self._said():
            self._connection.execute(begin)
            try:
                result = work(self._connection)
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            return result

    @contextmanager
    def _said(self) -> Iterator[None]:
        """SQLite's own errors, with the file's name."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise LibraryUnavailable(f"{self._path}: {error}") from error


def _check(reply: Reply) -> None:
    faults = check(reply)
    if faults:
        raise BadReply(reply.id, faults)


def _check_limit(connection: sqlite3.Connection, owner: str) -> None:
    limit = OWN_LIMIT if owner else TEAM_LIMIT
    (count,) = connection.execute(
        "SELECT count(*) FROM replies WHERE owner = ?", (owner,)
    ).fetchone()
    if count > limit:
        raise LibraryFull(limit)


def _find(connection: sqlite3.Connection, reply_id: str) -> Reply | None:
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM replies WHERE id = ?",  # noqa: S608  # a constant
        (reply_id,),
    ).fetchone()
    return _made(row) if row else None


def _owned(connection: sqlite3.Connection, reply_id: str, owner: str) -> Reply:
    found = _find(connection, reply_id)
    if found is None or found.owner != owner:
        raise UnknownReply(reply_id)
    return found


def _visible(connection: sqlite3.Connection, reply_id: str, agent: str) -> Reply:
    found = _find(connection, reply_id)
    if found is None or found.owner not in ("", agent):
        raise UnknownReply(reply_id)
    return found


def _list(connection: sqlite3.Connection, owners: set[str]) -> list[Reply]:
    replies: list[Reply] = []
    for owner in sorted(owners):
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM replies WHERE owner = ? ORDER BY number",  # noqa: S608
            (owner,),
        )
        replies += sorted(map(_made, rows), key=lambda reply: _ORDER[reply.category])
    return replies


def _made(row: tuple[object, ...]) -> Reply:
    values = dict(zip(Reply.__struct_fields__, row, strict=True))
    for name in ("pictures", "shops"):
        values[name] = _LIST.decode(values[name])  # type: ignore[arg-type]  # bytes, as written
    return msgspec.convert(values, Reply)


def _row(reply: Reply) -> dict[str, object]:
    return {
        **msgspec.structs.asdict(reply),
        "pictures": msgspec.json.encode(reply.pictures),
        "shops": msgspec.json.encode(reply.shops),
    }


def _insert(connection: sqlite3.Connection, reply: Reply) -> None:
    connection.execute(
        f"INSERT INTO replies ({_COLUMNS}) VALUES (:id, :owner, :category, :scenario, :title,"  # noqa: S608
        " :text, :pictures, :shops, :shortcut, :uses, :updated_ms)",
        _row(reply),
    )


def _change(connection: sqlite3.Connection, reply: Reply) -> None:
    connection.execute(
        "UPDATE replies SET category = :category, scenario = :scenario, title = :title,"
        " text = :text, pictures = :pictures, shops = :shops, shortcut = :shortcut,"
        " updated_ms = :updated_ms WHERE id = :id",
        _row(reply),
    )
