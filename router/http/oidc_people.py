"""Which user an account of the provider is, kept with the users in `people.sqlite`.

The first time, the configured claim must be the id of a user. From then on that user belongs to
the account by its `sub`, the only name that a provider never gives to somebody else: a renamed
account stays who it is, and another one that comes by the same name or address is refused, until
`zhiban user unlink`. Nobody becomes a user by signing in unless that is configured.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from secrets import token_bytes
from typing import Any, cast

from router.http.auth import People, Role, User
from router.settings.oidc import NewUsers, Oidc

NAME_LIMIT = 128

_SCHEMA = """
CREATE TABLE IF NOT EXISTS oidc_key (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    key BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS oidc_used (
    attempt BLOB PRIMARY KEY,
    until_s INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS oidc_links (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    linked_ms INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject),
    UNIQUE (issuer, user)
) STRICT;
"""


class Stranger(Exception):
    """Somebody the provider knows and we do not; says why, for the book of acts."""


class Links:
    """The store. Its calls block for a moment: use it from threads."""

    def __init__(self, people: People) -> None:
        self._people = people
        with people.database() as db:
            db.executescript(_SCHEMA)
            # One for all processes, and the same after a restart.
            db.execute("INSERT OR IGNORE INTO oidc_key VALUES (1, ?)", (token_bytes(32),))
            self.key = bytes(db.execute("SELECT key FROM oidc_key").fetchone()[0])

    def use(self, attempt: bytes, until_s: int, now_s: float) -> bool:
        """Whether this attempt has not been used before."""
        with self._people.database() as db:
            db.execute("DELETE FROM oidc_used WHERE until_s < ?", (int(now_s),))
            done = db.execute("INSERT OR IGNORE INTO oidc_used VALUES (?, ?)", (attempt, until_s))
            return done.rowcount > 0

    def known(self, issuer: str, subject: str) -> User | None:
        """Whose account it is, if it has been here before."""
        with self._people.database() as db:
            row = db.execute(
                "SELECT user FROM oidc_links WHERE issuer = ? AND subject = ?", (issuer, subject)
            ).fetchone()
        return self._people.user(row[0]) if row else None

    def meet(
        self, oidc: Oidc, claims: Mapping[str, Any], is_agent: Callable[[str, str], bool]
    ) -> User:
        """Who comes for the first time. Raises `Stranger`.

        `is_agent`: whether a desk has such an agent.
        """
        name = claims.get(oidc.claim)
        if not isinstance(name, str) or not name:
            raise Stranger(f"no claim {oidc.claim}")
        if oidc.claim == "email" and claims.get("email_verified") is not True:
            raise Stranger(f"{name}: the address is not verified")
        user = self._people.user(name) or self._created(oidc.create, name, claims, is_agent)
        self._link(oidc.issuer, claims["sub"], user)
        return user

    def _link(self, issuer: str, subject: str, user: User) -> None:
        with self._people.database() as db:
            try:
                db.execute(
                    "INSERT INTO oidc_links VALUES (?, ?, ?, ?)",
                    (issuer, subject, user.id, self._people.now_ms()),
                )
            except sqlite3.IntegrityError:
                raise Stranger(f"{user.id} belongs to another account") from None

    def _created(
        self,
        create: NewUsers | None,
        name: str,
        claims: Mapping[str, Any],
        is_agent: Callable[[str, str], bool],
    ) -> User:
        if create is None:
            raise Stranger(f"no user {name}")
        address = claims.get("email")
        domain = address.rpartition("@")[2].lower() if isinstance(address, str) else ""
        if claims.get("email_verified") is not True or domain not in create.domains:
            raise Stranger(f"no user {name}, and no verified address of ours")
        if not _fits(name):
            raise Stranger(f"{name!r} cannot be a user's id")
        agent = name if create.role == "agent" else ""
        if agent and not is_agent(create.desk, agent):
            raise Stranger(f"desk {create.desk} has no agent {agent}")
        shown = claims.get("name")
        return self._people.add_user(
            name,
            name=shown if isinstance(shown, str) and _fits(shown) else "",
            role=cast("Role", create.role),
            agent=agent,
            desk=create.desk,
        )

    def unlink(self, user_id: str) -> bool:
        """Let another account be this user's; False when none was."""
        with self._people.database() as db:
            return db.execute("DELETE FROM oidc_links WHERE user = ?", (user_id,)).rowcount > 0


def _fits(name: str) -> bool:
    return name.isprintable() and name == name.strip() and 1 <= len(name) <= NAME_LIMIT
