"""The outbox: what is to be delivered, and what is to be reported of it, kept in SQLite.

A row is `waiting` until its outcome is known, then in `report` until that was submitted, then
`done`; done rows stay until the runner's bookmark has passed them, so that a fact that comes
again is known. Rows of a lane (a session's messages) are sent one after the other: only the
first waiting row of a lane has a time (`next_ms`), the others get theirs when it is settled.

Called by the outbound worker alone, and by one process at a time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Literal, NamedTuple, cast

from router.log.sqlite import Database

_STEPS = (
    """
    CREATE TABLE outbox (
        key TEXT PRIMARY KEY, partition INTEGER NOT NULL, seq INTEGER NOT NULL,
        place INTEGER NOT NULL, desk TEXT NOT NULL, lane TEXT NOT NULL, session TEXT NOT NULL,
        shop TEXT NOT NULL, buyer TEXT NOT NULL, message TEXT NOT NULL, delivery TEXT NOT NULL,
        body BLOB NOT NULL, expires_ms INTEGER NOT NULL, state TEXT NOT NULL,
        outcome TEXT NOT NULL, detail TEXT NOT NULL, attempts INTEGER NOT NULL,
        first_ms INTEGER NOT NULL, next_ms INTEGER);
    CREATE INDEX outbox_lane ON outbox (lane, seq, place) WHERE state = 'waiting';
    CREATE INDEX outbox_shop ON outbox (shop) WHERE state = 'waiting';
    CREATE INDEX outbox_due ON outbox (shop, next_ms, seq, place) WHERE next_ms IS NOT NULL;
    CREATE INDEX outbox_done ON outbox (partition, seq) WHERE state = 'done';
    """,
)

Outcome = Literal["", "delivered", "failed", "expired"]
Reported = Literal["delivered", "failed", "expired"]
State = Literal["waiting", "report", "done"]


class Row(NamedTuple):
    """Something to deliver, or whose outcome is to be reported."""

    key: str
    """`partition:seq:index` of the fact that asked for it."""
    partition: int
    seq: int
    place: int
    """The fact's index."""
    desk: str
    lane: str
    session: str
    shop: str
    buyer: str
    message: str
    """Our message id; "" for what is no message."""
    delivery: str
    """The `webhook-id`: the same for each attempt."""
    body: bytes
    """Sent as it stands; emptied when the outcome is known."""
    expires_ms: int
    state: State = "waiting"
    outcome: Outcome = ""
    detail: str = ""
    """Why the last attempt failed."""
    attempts: int = 0
    """Of the delivery; in `report`: of the report."""
    first_ms: int = 0
    """When the first of these attempts began."""
    next_ms: int | None = None
    """When to act on it; None: when those before it in its lane are settled."""


class Due(NamedTuple):
    """What is to be done now, and when to look again (None: when something changes)."""

    rows: list[Row]
    wake_ms: int | None


_COLUMNS = ", ".join(Row._fields)
_MARKS = ", ".join("?" for _ in Row._fields)
# Each shop's earliest row, found by jumping over the index rather than by reading all of it.
_SHOPS = """
    WITH RECURSIVE shops (shop) AS (
        SELECT min(shop) FROM outbox WHERE next_ms IS NOT NULL
        UNION ALL
        SELECT (SELECT min(shop) FROM outbox WHERE next_ms IS NOT NULL AND shop > shops.shop)
        FROM shops WHERE shops.shop IS NOT NULL)
    SELECT shop FROM shops WHERE shop IS NOT NULL ORDER BY (
        SELECT min(next_ms) FROM outbox WHERE outbox.shop = shops.shop AND next_ms IS NOT NULL)
"""


class Outbox:
    """The rows, in the archive's file. Every call may raise `LogUnavailable`."""

    def __init__(self, database: Database, worker: str) -> None:
        """`worker`: whose bookmarks say which facts cannot come again."""
        self._database = database
        self._worker = worker

    async def prepare(self) -> None:
        """Make the tables, if need be. Raises `SchemaTooNew`."""
        await self._database.migrate("outbox", _STEPS)

    async def add(self, rows: Sequence[Row], *, now_ms: int, shop_limit: int) -> int:
        """Take rows in, durably and in order; those known by their key are passed over.

        A row that comes with an outcome is only to be reported. When `shop_limit` rows of a
        shop wait already, one more has failed at once. Gives how many were new.
        """

        def work(connection: sqlite3.Connection) -> int:
            room = {row.shop: shop_limit - _waiting(connection, row.shop) for row in rows}
            new = 0
            for row in rows:
                if not row.outcome and room[row.shop] <= 0:
                    row = row._replace(outcome="failed", detail="too much waits for this shop")
                if row.outcome:
                    row = row._replace(state="report", body=b"", next_ms=now_ms)
                elif not _lane_waits(connection, row.lane):
                    row = row._replace(next_ms=now_ms)
                insert = f"INSERT OR IGNORE INTO outbox ({_COLUMNS}) VALUES ({_MARKS})"  # noqa: S608
                inserted = connection.execute(insert, row).rowcount
                new += inserted
                if row.state == "waiting":
                    room[row.shop] -= inserted
            return new

        return await self._database.write(work)

    async def due(
        self,
        now_ms: int,
        *,
        active: AbstractSet[str],
        busy: Mapping[str, int],
        per_shop: int,
        room: int,
    ) -> Due:
        """Up to `room` rows to act on now, none that is `active`, and of each shop no more than
        `per_shop` beside the ones it is `busy` with. The shop that has waited longest first."""

        def work(connection: sqlite3.Connection) -> Due:
            taken: list[Row] = []
            wakes: list[int] = []
            for (shop,) in connection.execute(_SHOPS).fetchall():
                acting = busy.get(shop, 0)
                want = min(per_shop - acting, room - len(taken))
                if want <= 0:
                    continue  # an end of one of those wakes us
                found = connection.execute(
                    f"SELECT {_COLUMNS} FROM outbox WHERE shop = ? AND next_ms IS NOT NULL"  # noqa: S608
                    " ORDER BY next_ms, seq, place LIMIT ?",
                    (shop, want + acting + 1),
                )
                rows = [row for row in map(Row._make, found) if row.key not in active]
                ready = [row for row in rows if (row.next_ms or 0) <= now_ms][:want]
                taken += ready
                if len(ready) < min(want, len(rows)):
                    wakes.append(rows[len(ready)].next_ms or 0)
            return Due(taken, min(wakes, default=None))

        return await self._database.read(work)

    async def retry(self, row: Row) -> None:
        """Store when it is to be tried again, and why."""
        await self._database.write(
            lambda connection: connection.execute(
                "UPDATE outbox SET attempts = ?, first_ms = ?, next_ms = ?, detail = ?"
                " WHERE key = ?",
                (row.attempts, row.first_ms, row.next_ms, row.detail, row.key),
            )
        )

    async def settle(
        self, row: Row, outcome: Reported, detail: str, *, now_ms: int, report: bool
    ) -> Row:
        """Its outcome is known: let the lane go on, and keep the outcome to be reported."""
        settled = row._replace(
            state="report" if report else "done", outcome=outcome, detail=detail, body=b"",
            attempts=0, first_ms=0, next_ms=now_ms if report else None,
        )  # fmt: skip

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE outbox SET state = ?, outcome = ?, detail = ?, body = x'', attempts = 0,"
                " first_ms = 0, next_ms = ? WHERE key = ?",
                (settled.state, outcome, detail, settled.next_ms, row.key),
            )
            connection.execute(
                "UPDATE outbox SET next_ms = ? WHERE next_ms IS NULL AND key = (SELECT key"
                " FROM outbox WHERE lane = ? AND state = 'waiting' ORDER BY seq, place LIMIT 1)",
                (now_ms, row.lane),
            )
            self._purge(connection, row.partition)

        await self._database.write(work)
        return settled

    async def finish(self, row: Row) -> None:
        """Its outcome was reported: nothing is left to do."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE outbox SET state = 'done', next_ms = NULL WHERE key = ?", (row.key,)
            )
            self._purge(connection, row.partition)

        await self._database.write(work)

    async def counts(self) -> dict[State, int]:
        """How many rows are in each state."""
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT state, count(*) FROM outbox GROUP BY state"
            ).fetchall()
        )
        return {cast(State, state): count for state, count in rows}

    def _purge(self, connection: sqlite3.Connection, partition: int) -> None:
        """Forget done rows whose facts cannot come again."""
        connection.execute(
            "DELETE FROM outbox WHERE state = 'done' AND partition = ? AND seq <= ("
            "SELECT seq FROM positions WHERE worker = ? AND partition = ?)",
            (partition, self._worker, partition),
        )


def _waiting(connection: sqlite3.Connection, shop: str) -> int:
    row = connection.execute(
        "SELECT count(*) FROM outbox WHERE shop = ? AND state = 'waiting'", (shop,)
    ).fetchone()
    return int(row[0])


def _lane_waits(connection: sqlite3.Connection, lane: str) -> bool:
    row = connection.execute(
        "SELECT 1 FROM outbox WHERE lane = ? AND state = 'waiting' LIMIT 1", (lane,)
    ).fetchone()
    return row is not None
