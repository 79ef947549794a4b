"""Passwords and cookie logins of the same users as the tokens', in the same `people.sqlite`.

A login is 256 random bits in an HttpOnly cookie; only its SHA-256 is stored. Each sign-in makes
a new one, whatever cookie was sent with it, so none can be planted. It is exchanged for a new
one every hour (the old one stands for a minute more, for requests under way), ends after
twelve hours without a request or after a week, and can be ended at any time, here or by a
supervisor. Beside it stands a token against forged requests, which the page sends as a header.

Passwords are kept as argon2id (RFC 9106). Who guesses is slowed down: after five failures for
a user from one address, twenty from an address, or a hundred for a user from anywhere (so that
a stranger cannot easily lock somebody out), each further one doubles the wait, up to a quarter
of an hour. A right password does not end a wait that is running: guessing learns nothing in it.
"""

from __future__ import annotations

import sqlite3
from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from router.http.auth import People, User

PASSWORD_LEAST = 10
PASSWORD_MOST = 200

ROTATE_MS = 3_600_000
OVERLAP_MS = 60_000
IDLE_MS = 12 * 3_600_000
LONGEST_MS = 7 * 24 * 3_600_000

PAIR_FAILURES = 5
ADDRESS_FAILURES = 20
USER_FAILURES = 100
FIRST_WAIT_MS = 15_000
LONGEST_WAIT_MS = 15 * 60_000
FORGET_FAILURES_MS = 24 * 3_600_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS passwords (
    user TEXT PRIMARY KEY REFERENCES users (id),
    hash TEXT NOT NULL,
    changed_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS logins (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    before BLOB,
    csrf TEXT NOT NULL,
    user TEXT NOT NULL REFERENCES users (id),
    address TEXT NOT NULL,
    browser TEXT NOT NULL,
    begun_ms INTEGER NOT NULL,
    rotated_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL,
    ended_ms INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS logins_before ON logins (before);
CREATE TABLE IF NOT EXISTS failures (
    name TEXT PRIMARY KEY,
    count INTEGER NOT NULL,
    last_ms INTEGER NOT NULL
) STRICT;
"""


class BadPassword(ValueError):
    """Not to be taken as a password; says why, in Chinese and English."""


class TooMany(Exception):
    """Too many wrong passwords: try again in `wait_ms`."""

    def __init__(self, wait_ms: int) -> None:
        super().__init__(f"too many attempts: try again in {-(-wait_ms // 1000)} s")
        self.wait_ms = wait_ms


class Begun(msgspec.Struct, frozen=True):
    """A new login: the cookie's value is shown this once."""

    id: int
    cookie: str
    csrf: str


class Login(msgspec.Struct, frozen=True):
    """A login that stands."""

    id: int
    user: User
    csrf: str
    old: bool
    """It is time to exchange it."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A login as its owner sees it."""

    id: int
    user: str
    address: str
    browser: str
    begun_ms: int
    seen_ms: int


class Logins:
    """The store. Its calls block (`check` for a tenth of a second): use it from threads."""

    def __init__(self, people: People, *, hasher: PasswordHasher | None = None) -> None:
        self._people = people
        self._hasher = hasher or PasswordHasher()
        # Checked where there is no such user, so that the answer takes as long.
        self._nobody = self._hasher.hash(token_urlsafe(16))
        with people.database() as db:
            db.executescript(_SCHEMA)

    # Passwords

    def set_password(self, user_id: str, password: str) -> None:
        """Raises `BadPassword`, and ValueError for an unknown user. Ends the user's logins."""
        check_strength(user_id, password)
        hashed = self._hasher.hash(password)
        with self._people.database() as db:
            try:
                db.execute(
                    "INSERT INTO passwords VALUES (?, ?, ?) ON CONFLICT (user) DO UPDATE SET"
                    " hash = excluded.hash, changed_ms = excluded.changed_ms",
                    (user_id, hashed, self._people.now_ms()),
                )
            except sqlite3.IntegrityError:
                raise ValueError(f"no user {user_id!r}") from None
            db.execute(
                "UPDATE logins SET ended_ms = ? WHERE user = ? AND ended_ms IS NULL",
                (self._people.now_ms(), user_id),
            )

    def has_password(self, user_id: str) -> bool:
        with self._people.database() as db:
            row = db.execute("SELECT 1 FROM passwords WHERE user = ?", (user_id,)).fetchone()
        return row is not None

    def with_password(self) -> set[str]:
        """The users who have one."""
        with self._people.database() as db:
            return {user for (user,) in db.execute("SELECT user FROM passwords")}

    def check(self, user_id: str, password: str, *, address: str) -> User | None:
        """Whose password this is; None for a wrong one or an unknown user. Raises `TooMany`."""
        pair = f"pair:{address}:{user_id}"
        names = {
            pair: PAIR_FAILURES,
            f"address:{address}": ADDRESS_FAILURES,
            f"user:{user_id}": USER_FAILURES,
        }
        with self._people.database() as db:
            self._refuse_guessing(db, names)
            row = db.execute("SELECT hash FROM passwords WHERE user = ?", (user_id,)).fetchone()
        right = self._fits(row[0] if row else self._nobody, password) and row is not None
        with self._people.database() as db:
            if right:
                db.execute("DELETE FROM failures WHERE name = ?", (pair,))
            else:
                for name in names:
                    self._note_failure(db, name)
        if not right:
            return None
        if self._hasher.check_needs_rehash(row[0]):
            with self._people.database() as db:
                db.execute(
                    "UPDATE passwords SET hash = ? WHERE user = ? AND hash = ?",
                    (self._hasher.hash(password), user_id, row[0]),
                )
        return self._people.user(user_id)

    def _fits(self, hashed: str, password: str) -> bool:
        if len(password) > PASSWORD_MOST:
            return False
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    def _refuse_guessing(self, db: sqlite3.Connection, names: dict[str, int]) -> None:
        now_ms = self._people.now_ms()
        wait_ms = 0
        for name, allowed in names.items():
            row = db.execute("SELECT count, last_ms FROM failures WHERE name = ?", (name,))
            found = row.fetchone()
            if found and found[0] >= allowed:
                pause_ms = min(FIRST_WAIT_MS << min(found[0] - allowed, 16), LONGEST_WAIT_MS)
                wait_ms = max(wait_ms, found[1] + pause_ms - now_ms)
        if wait_ms > 0:
            raise TooMany(wait_ms)

    def _note_failure(self, db: sqlite3.Connection, name: str) -> None:
        now_ms = self._people.now_ms()
        db.execute("DELETE FROM failures WHERE last_ms < ?", (now_ms - FORGET_FAILURES_MS,))
        db.execute(
            "INSERT INTO failures VALUES (?, 1, ?) ON CONFLICT (name) DO UPDATE SET"
            " count = count + 1, last_ms = excluded.last_ms",
            (name, now_ms),
        )

    def may_return(self, address: str) -> None:
        """Raises `TooMany` for an address from which sign-ins elsewhere failed too often."""
        with self._people.database() as db:
            self._refuse_guessing(db, {f"elsewhere:{address}": ADDRESS_FAILURES})

    def failed_to_return(self, address: str) -> None:
        """Somebody came back from a sign-in elsewhere without a proof of who they are. Counted
        apart from passwords: a provider that is set up wrongly locks nobody out of these."""
        with self._people.database() as db:
            self._note_failure(db, f"elsewhere:{address}")

    # Logins

    def begin(self, user_id: str, *, address: str, browser: str) -> Begun:
        """A new login. The caller has made sure who it is."""
        cookie, csrf, now_ms = token_urlsafe(32), token_urlsafe(24), self._people.now_ms()
        with self._people.database() as db:
            db.execute(
                "DELETE FROM logins WHERE seen_ms < ? OR ended_ms < ?",
                (now_ms - LONGEST_MS, now_ms - LONGEST_MS),
            )
            done = db.execute(
                "INSERT INTO logins (hash, csrf, user, address, browser, begun_ms, rotated_ms,"
                " seen_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (_hash(cookie), csrf, user_id, address, browser[:300], now_ms, now_ms, now_ms),
            )
            assert done.lastrowid is not None
            return Begun(done.lastrowid, cookie, csrf)

    def who(self, cookie: str) -> Login | None:
        """Whose login this is; None for one that is unknown, ended or too old."""
        wanted, now_ms = _hash(cookie), self._people.now_ms()
        with self._people.database() as db:
            row = db.execute(
                "SELECT id, user, csrf, hash, rotated_ms, seen_ms, begun_ms FROM logins"
                " WHERE (hash = ? OR before = ?) AND ended_ms IS NULL",
                (wanted, wanted),
            ).fetchone()
            if row is None:
                return None
            login_id, user_id, csrf, current, rotated_ms, seen_ms, begun_ms = row
            is_current = compare_digest(current, wanted)
            if not is_current and now_ms > rotated_ms + OVERLAP_MS:
                return None
            if now_ms > seen_ms + IDLE_MS or now_ms > begun_ms + LONGEST_MS:
                return None
            if now_ms > seen_ms + OVERLAP_MS:
                db.execute("UPDATE logins SET seen_ms = ? WHERE id = ?", (now_ms, login_id))
        user = self._people.user(user_id)
        if user is None:
            return None
        return Login(login_id, user, csrf, is_current and now_ms > rotated_ms + ROTATE_MS)

    def holder(self, login_id: int) -> User | None:
        """Whose login this is, whatever its cookie is by now; None for one that has ended."""
        with self._people.database() as db:
            row = db.execute(
                "SELECT user FROM logins WHERE id = ? AND ended_ms IS NULL AND begun_ms > ?",
                (login_id, self._people.now_ms() - LONGEST_MS),
            ).fetchone()
        return self._people.user(row[0]) if row else None

    def rotate(self, cookie: str) -> str | None:
        """The cookie that takes this one's place; None when somebody was faster."""
        fresh, now_ms = token_urlsafe(32), self._people.now_ms()
        with self._people.database() as db:
            done = db.execute(
                "UPDATE logins SET before = hash, hash = ?, rotated_ms = ?"
                " WHERE hash = ? AND ended_ms IS NULL AND rotated_ms <= ?",
                (_hash(fresh), now_ms, _hash(cookie), now_ms - ROTATE_MS),
            )
            return fresh if done.rowcount else None

    def end(self, login_id: int, *, user: str = "") -> bool:
        """End a login (of that user, if named); False when there is none that stands."""
        with self._people.database() as db:
            done = db.execute(
                "UPDATE logins SET ended_ms = ? WHERE id = ? AND ? IN ('', user)"
                " AND ended_ms IS NULL",
                (self._people.now_ms(), login_id, user),
            )
            return done.rowcount > 0

    def end_all(self, user: str, *, but: int = 0) -> None:
        """End all logins of a user; `but`: the id of one that goes on."""
        with self._people.database() as db:
            db.execute(
                "UPDATE logins SET ended_ms = ? WHERE user = ? AND id != ? AND ended_ms IS NULL",
                (self._people.now_ms(), user, but),
            )

    def standing(self, user: str = "") -> list[Shown]:
        """A user's logins that stand, or everybody's, the latest first."""
        now_ms = self._people.now_ms()
        with self._people.database() as db:
            rows = db.execute(
                "SELECT id, user, address, browser, begun_ms, seen_ms FROM logins"
                " WHERE ? IN ('', user) AND ended_ms IS NULL AND seen_ms > ? AND begun_ms > ?"
                " ORDER BY id DESC",
                (user, now_ms - IDLE_MS, now_ms - LONGEST_MS),
            ).fetchall()
        return [
            Shown(id=i, user=u, address=a, browser=b, begun_ms=begun, seen_ms=seen)
            for i, u, a, b, begun, seen in rows
        ]


def check_strength(user_id: str, password: str) -> None:
    """Raises `BadPassword`."""
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        raise BadPassword(
            f"密码须为 {PASSWORD_LEAST} 到 {PASSWORD_MOST} 个字符"
            f" / a password has {PASSWORD_LEAST} to {PASSWORD_MOST} characters"
        )
    if len(set(password)) < 4 or user_id.casefold() in password.casefold():
        raise BadPassword(
            "密码太容易猜,不要用重复的字符或用户名"
            " / too easy to guess: no repeated characters, not the user's id"
        )


def _hash(cookie: str) -> bytes:
    return sha256(cookie.encode("utf-8", "replace")).digest()
