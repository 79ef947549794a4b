"""Who changed a desk's rules, when, and what: a book of adoptions, beside the users' other files.

The log has every desk that was adopted; the book has what was different, so that nobody has to
look through the log for it. It hears of each adoption from the facts, and what is adopted while
nobody listens is put down with the next that is heard, or at the start.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from typing import NamedTuple

import msgspec

from router.core.policy import Desk
from router.http import views_policy as v
from router.http.auth import People
from router.policy_editing import Words, differences, other_changes, say

logger = logging.getLogger("zhiban.http")

KEPT = 2_000
"""Adoptions of each desk."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS policy_desks (
    desk TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS policy_adoptions (
    id INTEGER PRIMARY KEY,
    desk TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    by TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS policy_adoptions_desk ON policy_adoptions (desk, id);
"""


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """What an adoption changed."""

    changes: list[v.PastChangeView] = []
    further: list[v.Said] = []


class Adoption(NamedTuple):
    id: int
    at_ms: int
    by: str
    by_name: str
    body: Body


_encode = msgspec.json.encode
_decode_desk = msgspec.json.Decoder(Desk).decode
_decode_body = msgspec.json.Decoder(Body).decode


def said(words: Words) -> v.Said:
    return v.Said(zh=words.zh, en=words.en)


class History:
    """The book. It blocks but for `hear`."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._writing: set[asyncio.Task[None]] = set()
        self._order = asyncio.Lock()
        with people.database() as db:
            db.executescript(_SCHEMA)

    def hear(self, desk: Desk, at_ms: int, by: str) -> None:
        """The desk was adopted then, or (with 0) is in force as one begins to listen."""
        task = asyncio.create_task(self._hear(desk, at_ms, by))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _hear(self, desk: Desk, at_ms: int, by: str) -> None:
        try:
            async with self._order:
                await asyncio.to_thread(self.note, desk, at_ms, by)
        except sqlite3.Error as error:
            logger.error("the adoption of desk %s is not in the book: %s", desk.id, error)

    async def close(self) -> None:
        """Until all that was heard is written."""
        await asyncio.gather(*self._writing)

    def note(self, desk: Desk, at_ms: int, by: str) -> None:
        """Put down what is different from what was heard before, if anything is."""
        with self._people.database() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                _note(db, desk, at_ms, by)
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def read(self, desk: str, *, before: int = 0, limit: int = 50) -> list[Adoption]:
        """The newest first; `before`: the id behind which to go on."""
        with self._people.database() as db:
            rows = db.execute(
                "SELECT id, at_ms, by, body FROM policy_adoptions"
                " WHERE desk = ? AND (? = 0 OR id < ?) ORDER BY id DESC LIMIT ?",
                (desk, before, before, limit),
            ).fetchall()
        names = {by: self._name(by) for _, _, by, _ in rows}
        return [
            Adoption(number, at_ms, by, names[by], _decode_body(body))
            for number, at_ms, by, body in rows
        ]

    def _name(self, by: str) -> str:
        user = self._people.user(by) if by else None
        return user.name if user else by


def _note(db: sqlite3.Connection, desk: Desk, at_ms: int, by: str) -> None:
    row = db.execute("SELECT at_ms, body FROM policy_desks WHERE desk = ?", (desk.id,)).fetchone()
    if row is not None and at_ms <= row[0]:
        return  # an older fact, heard again
    db.execute(
        "INSERT INTO policy_desks VALUES (?, ?, ?) ON CONFLICT (desk) DO UPDATE SET"
        " at_ms = excluded.at_ms, body = excluded.body",
        (desk.id, at_ms, _encode(desk)),
    )
    if row is None:
        return
    try:
        body = _difference(_decode_desk(row[1]), desk)
    except msgspec.ValidationError:  # an earlier release's, which says it in another way
        return
    if not body.changes and not body.further:
        return
    db.execute(
        "INSERT INTO policy_adoptions (desk, at_ms, by, body) VALUES (?, ?, ?, ?)",
        (desk.id, at_ms, by, _encode(body)),
    )
    db.execute(
        "DELETE FROM policy_adoptions WHERE desk = ? AND id <="
        " (SELECT id FROM policy_adoptions WHERE desk = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
        (desk.id, desk.id, KEPT),
    )


def _difference(before: Desk, after: Desk) -> Body:
    return Body(
        changes=[
            v.PastChangeView(
                key=change.key.id,
                shop=change.shop,
                rule=v.Said(zh=change.key.zh, en=change.key.en),
                before=said(say(change.key, change.before)),
                after=said(say(change.key, change.after)),
            )
            for change in differences(before, after)
        ],
        further=[said(words) for words in other_changes(before, after)],
    )
