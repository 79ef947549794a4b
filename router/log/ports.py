"""What a partition's log can do, whatever keeps it.

A partition has an **inbox** (entries, in the order of their offsets: the truth), a
**facts** stream (batches of what followed), **records** (what the core's state is made
of, always as of the last commit) and a **meta** (how far it has been consumed). One
owner at a time commits, by lease; anybody may append and read.

Offsets and sequences are integers that start at 1 and have no holes. Times are
milliseconds since 1970 by the *server's* clock, never decreasing within a partition.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple, Protocol

ID_KEPT_MS = 48 * 3_600_000
"""How long a delivery's id is remembered (CONTRACT §2)."""

MESSAGE_KEPT_MS = 8 * 24 * 3_600_000
"""How long a message's id is remembered (CONTRACT §2)."""


class LogError(Exception):
    """Something the log could not do; the subclasses say what, and whether to try again."""


class LogUnavailable(LogError):
    """The server did not answer, is loading, or is no longer the primary: look again later.

    After a write it is unknown whether the write took place.
    """


class LogFull(LogError):
    """The server has no memory left: nothing was written."""


class LeaseLost(LogError):
    """Somebody else may own the partition now: nothing was written. Stop, reload, acquire."""


class OutOfStep(LogError):
    """The commit does not follow the log: nothing was written. Reload before going on.

    Its sequence or offset is not the next one; or its clock is beyond an entry that waits
    behind its offset, which happens when the server's clock was set back (or a replica
    with a slower one took over) after the reading that the owner's time came from.
    """


class LogCorrupt(LogError):
    """The log holds something that cannot be: a hole, or a record that is not there."""


class RepeatKind(enum.Enum):
    """Which kind of repeat is dropped, and for how long it is remembered."""

    DELIVERY = "d"
    """The same `webhook-id` (48 h); with another body it is a conflict."""
    MESSAGE = "m"
    """The same `(shop, type, message)` (8 days)."""
    FACT = "f"
    """The same order or refund event (for ever)."""


class RepeatKey(NamedTuple):
    """What makes a draft the repeat of an earlier one."""

    kind: RepeatKind
    digest: bytes
    """16 bytes: of the identity."""
    check: bytes = b""
    """DELIVERY only: 8 bytes of a digest of the body; another one under the same id conflicts."""
    month: int = 0
    """FACT only: months since 1970-01 of the event's own timestamp (it is part of its identity)."""


class Draft(NamedTuple):
    """What somebody wants appended to the inbox."""

    body: bytes
    repeats: tuple[RepeatKey, ...] = ()


class Appended(NamedTuple):
    """It is durable, at this offset."""

    offset: int
    at_ms: int


class Repeated(NamedTuple):
    """It was there already; nothing was appended."""

    kind: RepeatKind


class Conflicting(NamedTuple):
    """The same delivery id was used for another body; nothing was appended."""


class Entry(NamedTuple):
    """An inbox entry."""

    offset: int
    at_ms: int
    body: bytes


class Reading(NamedTuple):
    """What a look at the inbox gave."""

    entries: list[Entry]
    clock_ms: int
    """No entry beyond the ones read (up to the limit asked for) has, or will have, an
    `at_ms` below this. Where the limit cut the reading short it is the last entry's `at_ms`."""


class Lease(NamedTuple):
    """The right to commit, until it expires or is taken over."""

    owner: str
    token: int
    """A counter: each grant has a higher one."""
    nonce: str
    """Random: after a failover a counter alone could be granted twice."""
    expires_ms: int
    """By the server's clock."""


class Commit(NamedTuple):
    """One atomic step of the owner: all of it becomes visible, or none."""

    lease: Lease
    batch: str
    """The batch's own id, unique: a commit that is sent again is known by it."""
    seq: int
    """The sequence this commit takes: the previous one + 1."""
    offset: int
    """The inbox offset consumed with it (unchanged for a batch of timers alone)."""
    clock_ms: int
    """The log's clock after it; later entries get no earlier time. Not beyond the
    `clock_ms` of the reading that the batch came from."""
    facts: bytes
    """The facts of the batch, encoded, b"" for none: one entry of the facts stream."""
    records: dict[str, bytes | None]
    """Changed records by key; None deletes."""


class Meta(NamedTuple):
    """How far a partition has come."""

    seq: int
    offset: int
    """Consumed up to here."""
    clock_ms: int
    tail: int
    """The inbox's last offset."""
    schema: int
    """The records' schema version; 0 when nothing was ever committed."""
    committed_ms: int = 0
    """The clock of the last commit: since then nobody is known to have owned the partition.
    (`clock_ms` is that of the last append or commit.)"""


class RecordPage(NamedTuple):
    """Some of the records, all as of one commit."""

    meta: Meta
    """Of the moment the page was read."""
    records: dict[str, bytes]


class FactBatch(NamedTuple):
    """An entry of the facts stream: the facts of the commit that took `seq`."""

    seq: int
    body: bytes


class Log(Protocol):
    """One partition's log.

    Every call may raise `LogUnavailable`. All have a time-out of their own; none retries a
    write by itself. Cancelling a call leaves the log usable.
    """

    partition: int

    async def append(self, drafts: Sequence[Draft]) -> list[Appended | Repeated | Conflicting]:
        """Append what is no repeat, in order, in one step; answer when it is durable.

        A repeat within the same call is one, too. Raises `LogFull` when the server sheds.
        """
        ...

    async def read(self, after: int, *, limit: int, wait_ms: int = 0) -> Reading:
        """Entries behind offset `after`, waiting up to `wait_ms` for the first.

        Raises `LogCorrupt` when the one right behind `after` was trimmed away.
        """
        ...

    async def entries(self, offsets: Sequence[int]) -> list[Entry | None]:
        """The entries at these offsets; None for those trimmed away or never there."""
        ...

    async def clock(self) -> int:
        """The server's clock, in ms."""
        ...

    async def acquire(self, owner: str, *, ttl_ms: int) -> Lease | None:
        """Take the lease, if nobody holds it or the holder's has expired."""
        ...

    async def renew(self, lease: Lease, *, ttl_ms: int) -> Lease:
        """Raises `LeaseLost`."""
        ...

    async def release(self, lease: Lease) -> None:
        """Let the next owner in at once. Does nothing when the lease is not held any more."""
        ...

    async def commit(self, commit: Commit) -> bool:
        """True when applied now, False when this very batch was the last one applied.

        The latter is asked first, so it is also the answer when the lease is lost by now.
        Raises `LeaseLost`, `OutOfStep`; on `LogUnavailable` it is unknown whether it was
        applied: send the same commit again, or reload.
        """
        ...

    async def meta(self) -> Meta: ...

    def records(self) -> AsyncIterator[tuple[str, bytes]]:
        """All records; read them while nobody commits (that is: as the lease's holder).

        One may come twice.
        """
        ...

    def record_pages(self) -> AsyncIterator[RecordPage]:
        """All records in pages, each as of its own `meta`; somebody may commit between them.

        A record that is there from the first page to the last comes at least once; one that
        comes or goes meanwhile may be in no page. There is at least one page.
        """
        ...

    async def facts(self, after: int, *, limit: int, wait_ms: int = 0) -> list[FactBatch]:
        """Batches with a sequence above `after` (commits without facts have no entry)."""
        ...

    async def first_offsets(self) -> tuple[int, int]:
        """The first inbox offset and the first facts sequence still in the streams (0: empty)."""
        ...

    async def trim(self, *, inbox_to: int, facts_to: int) -> None:
        """Forget inbox entries with an offset up to `inbox_to` (never beyond what is consumed)
        and facts up to `facts_to`."""
        ...
