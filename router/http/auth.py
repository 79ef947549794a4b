"""Who asks: users and their bearer tokens, in `people.sqlite` beside the other data.

`People` is the store: plain calls that block for a moment, used by the command line from a
process of its own, too. `Gate` is what the daemon asks: it keeps an answer for a second at
the most, so a revoked token is refused within that. A token is 256 random bits; only its
SHA-256 is stored, and no token is ever logged. Passwords and cookie logins of the same users
are in `logins`.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from secrets import token_urlsafe
from threading import Lock
from typing import Literal, get_args

import msgspec

Role = Literal["agent", "supervisor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)

FILE = "people.sqlite"
TOKEN_PREFIX = "zb_"  # noqa: S105 - tells what it is to those who scan for leaked secrets
TOKEN_LENGTH_LIMIT = 200

_SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('agent', 'supervisor', 'admin')),
    agent TEXT NOT NULL,
    desk TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS tokens (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    user TEXT NOT NULL REFERENCES users (id),
    label TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    revoked_ms INTEGER
) STRICT;
"""


class User(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may ask."""

    id: str
    name: str
    role: Role
    agent: str = ""
    """Which of the desk's agents they are; "" for none."""
    desk: str = ""
    """Empty, for an admin: all desks."""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it can be shown: never the token itself."""

    id: int
    user: str
    label: str
    created_ms: int
    revoked_ms: int | None


class People:
    """The store. Safe to use from several threads and processes."""

    def __init__(self, file: Path | str, *, clock_s: Callable[[], float] = time.time) -> None:
        self._clock_s = clock_s
        self._lock = Lock()
        self._db = sqlite3.connect(file, timeout=5, isolation_level=None, check_same_thread=False)
        if isinstance(file, Path) and file.exists():
            file.chmod(0o600)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def add_user(
        self, user_id: str, *, name: str = "", role: Role, agent: str = "", desk: str = ""
    ) -> User:
        """A new user, or the same one with another name, role, agent or desk. Raises ValueError."""
        if not user_id or len(user_id) > 200:
            raise ValueError("a user needs an id of up to 200 characters")
        if role not in ROLES:
            raise ValueError(f"{role!r} is not one of {', '.join(ROLES)}")
        if role == "agent" and not agent:
            raise ValueError("a user of role agent needs the agent's id")
        if role != "admin" and not desk:
            raise ValueError(f"a user of role {role} needs a desk")
        user = User(id=user_id, name=name or user_id, role=role, agent=agent, desk=desk)
        with self._lock:
            self._db.execute(
                "INSERT INTO users VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
                " name = excluded.name, role = excluded.role, agent = excluded.agent,"
                " desk = excluded.desk",
                (user.id, user.name, user.role, user.agent, user.desk, self.now_ms()),
            )
        return user

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """The file, held: what else is kept of users stands in it, too."""
        with self._lock:
            yield self._db

    def user(self, user_id: str) -> User | None:
        with self._lock:
            row = self._db.execute(
                "SELECT id, name, role, agent, desk FROM users WHERE id = ?", (user_id,)
            ).fetchone()
        return _user(row) if row else None

    def users(self) -> list[User]:
        with self._lock:
            rows = self._db.execute("SELECT id, name, role, agent, desk FROM users ORDER BY id")
            return [_user(row) for row in rows]

    def overseers(self) -> list[User]:
        """Supervisors and admins."""
        with self._lock:
            rows = self._db.execute(
                "SELECT id, name, role, agent, desk FROM users WHERE role <> 'agent' ORDER BY id"
            )
            return [_user(row) for row in rows]

    def issue_token(self, user_id: str, *, label: str = "") -> str:
        """A new token: shown this once. Raises ValueError for an unknown user."""
        token = TOKEN_PREFIX + token_urlsafe(32)
        with self._lock:
            try:
                self._db.execute(
                    "INSERT INTO tokens (hash, user, label, created_ms) VALUES (?, ?, ?, ?)",
                    (_hash(token), user_id, label, self.now_ms()),
                )
            except sqlite3.IntegrityError:
                raise ValueError(f"no user {user_id!r}") from None
        return token

    def tokens(self, user_id: str = "") -> list[Token]:
        """All tokens, or one user's."""
        query = "SELECT id, user, label, created_ms, revoked_ms FROM tokens"
        with self._lock:
            rows = self._db.execute(
                query + " WHERE ? IN ('', user) ORDER BY id", (user_id,)
            ).fetchall()
        return [
            Token(id=row[0], user=row[1], label=row[2], created_ms=row[3], revoked_ms=row[4])
            for row in rows
        ]

    def revoke_token(self, token: str | int) -> bool:
        """By itself or by its id; False when there is none that still stands."""
        column, value = ("id", token) if isinstance(token, int) else ("hash", _hash(token))
        with self._lock:
            done = self._db.execute(
                f"UPDATE tokens SET revoked_ms = ? WHERE {column} = ? AND revoked_ms IS NULL",  # noqa: S608
                (self.now_ms(), value),
            )
            return done.rowcount > 0

    def who(self, token: str) -> User | None:
        """Whose token this is; None for one that is unknown or revoked."""
        wanted = _hash(token)
        with self._lock:
            row = self._db.execute(
                "SELECT users.id, name, role, agent, desk, hash FROM tokens"
                " JOIN users ON users.id = tokens.user WHERE hash = ? AND revoked_ms IS NULL",
                (wanted,),
            ).fetchone()
        if row is None or not compare_digest(row[5], wanted):
            return None
        return _user(row)

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return int(self._clock_s() * 1000)


def _hash(token: str) -> bytes:
    return sha256(token.encode("utf-8", "replace")).digest()


def _user(row: tuple[str, str, Role, str, str]) -> User:
    return User(id=row[0], name=row[1], role=row[2], agent=row[3], desk=row[4])


class Gate:
    """Who a token belongs to, without holding up the event loop."""

    CACHE_LIMIT = 4_096

    def __init__(
        self, people: People, *, keep_s: float = 1.0, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._people = people
        self._keep_s = keep_s
        self._now_s = now_s
        self._known: dict[bytes, tuple[float, User | None]] = {}

    async def who(self, token: str) -> User | None:
        """None for nobody."""
        if not token or len(token) > TOKEN_LENGTH_LIMIT:
            return None
        name = _hash(token)
        now_s = self._now_s()
        known = self._known.get(name)
        if known is not None and now_s < known[0]:
            return known[1]
        user = await asyncio.to_thread(self._people.who, token)
        if len(self._known) >= self.CACHE_LIMIT:
            self._known.clear()
        self._known[name] = (now_s + self._keep_s, user)
        return user

    async def overseers(self, desks: Collection[str]) -> list[User]:
        """Supervisors and admins who oversee one of these desks."""
        found = await asyncio.to_thread(self._people.overseers)
        return [user for user in found if not user.desk or user.desk in desks]


def bearer(header: str) -> str:
    """The token of an `Authorization` header; "" when there is none."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
