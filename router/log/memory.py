"""The log's twin in memory: the same promises, deterministic, with a clock of your own.

For tests and for simulation with faults. `tests/contract/test_log.py` holds it to the same
behaviour as the servers; where they may differ it says so here:

- durable means as long as the object lives. Let several owners share it, and let it
  outlive them, to play a crash;
- the nonces of leases are counted, not random;
- nothing suspends but a read that waits. That wakes when something is appended or
  committed, when `tick` says that the clock was moved past its time, and at the latest
  after as much time of the event loop.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress

from router.log.ports import (
    ID_KEPT_MS,
    MESSAGE_KEPT_MS,
    Appended,
    Commit,
    Conflicting,
    Draft,
    Entry,
    FactBatch,
    Lease,
    LeaseLost,
    LogCorrupt,
    Meta,
    OutOfStep,
    Reading,
    RecordPage,
    Repeated,
    RepeatKey,
    RepeatKind,
)

_PAGE = 100

Clock = Callable[[], int]
"""Milliseconds since 1970."""

Faults = Callable[[str, str], None]
"""Called with a method's name and "before" it does anything, then "after" its effect and
before its answer; raises what the caller shall see, say `LogUnavailable`."""


def wall_clock() -> int:
    return int(time.time() * 1000)


def no_faults(_method: str, _stage: str) -> None:
    """Nothing goes wrong."""


class MemoryLogs:
    """The logs of all partitions, as `RedisLogs` has them on a server."""

    def __init__(
        self, *, clock: Clock = wall_clock, schema: int = 1, faults: Faults = no_faults
    ) -> None:
        self.findings: tuple[str, ...] = ()
        self._clock = clock
        self._schema = schema
        self._faults = faults
        self._logs: dict[int, MemoryLog] = {}

    def log(self, partition: int) -> MemoryLog:
        """The same log each time."""
        if partition not in self._logs:
            self._logs[partition] = MemoryLog(
                partition, clock=self._clock, schema=self._schema, faults=self._faults
            )
        return self._logs[partition]

    async def close(self) -> None:
        """Nothing to close: what was kept stays."""


class MemoryLog:
    """One partition's log in memory; see `ports.Log` for what each call promises."""

    def __init__(
        self,
        partition: int,
        *,
        clock: Clock = wall_clock,
        schema: int = 1,
        faults: Faults = no_faults,
    ) -> None:
        self.partition = partition
        self._clock = clock
        self._schema = schema
        self._faults = faults
        self._inbox: list[Entry] = []
        self._facts: list[FactBatch] = []
        self._records: dict[str, bytes] = {}
        self._meta = Meta(seq=0, offset=0, clock_ms=0, tail=0, schema=0)
        self._batch = ""
        self._lease = Lease(owner="", token=0, nonce="", expires_ms=0)
        self._lease_ttl_ms = 0
        self._seen = Seen()
        self._changed = asyncio.Event()

    def tick(self) -> None:
        """The clock was moved: reads whose time is up shall notice."""
        # A new event for those who wait from now on, so that none spins on a set one.
        self._changed.set()
        self._changed = asyncio.Event()

    async def append(self, drafts: Sequence[Draft]) -> list[Appended | Repeated | Conflicting]:
        self._faults("append", "before")
        now_ms = self._now()
        results: list[Appended | Repeated | Conflicting] = []
        for draft in drafts:
            dropped = self._seen.judge(draft.repeats, now_ms)
            if dropped is not None:  # an empty tuple is false
                results.append(dropped)
                continue
            offset = self._meta.tail + 1
            self._inbox.append(Entry(offset, now_ms, draft.body))
            self._meta = self._meta._replace(tail=offset, clock_ms=now_ms)
            results.append(Appended(offset, now_ms))
        self.tick()
        self._faults("append", "after")
        return results

    async def read(self, after: int, *, limit: int, wait_ms: int = 0) -> Reading:
        self._faults("read", "before")
        await self._wait(lambda: self._meta.tail > after, wait_ms)
        entries: list[Entry] = []
        clock_ms = self._now()
        if self._meta.tail > after:
            first = self._inbox[0].offset if self._inbox else self._meta.tail + 1
            if first > after + 1:
                raise LogCorrupt(f"inbox entry {after + 1} of partition {self.partition} is gone")
            entries = self._inbox[after + 1 - first : after + 1 - first + limit]
            if len(entries) == limit:
                clock_ms = entries[-1].at_ms
        self._faults("read", "after")
        return Reading(entries, clock_ms)

    async def entries(self, offsets: Sequence[int]) -> list[Entry | None]:
        self._faults("entries", "before")
        first = self._inbox[0].offset if self._inbox else self._meta.tail + 1
        found = [
            self._inbox[offset - first] if first <= offset <= self._meta.tail else None
            for offset in offsets
        ]
        self._faults("entries", "after")
        return found

    async def clock(self) -> int:
        self._faults("clock", "before")
        now_ms = self._now()
        self._faults("clock", "after")
        return now_ms

    async def acquire(self, owner: str, *, ttl_ms: int) -> Lease | None:
        self._faults("acquire", "before")
        now_ms = self._clock()
        granted: Lease | None = None
        if now_ms < self._lease.expires_ms:
            # Only when the clock was set back: nobody shall wait longer than the ttl.
            latest_ms = min(self._lease.expires_ms, now_ms + self._lease_ttl_ms)
            self._lease = self._lease._replace(expires_ms=latest_ms)
        else:
            token = self._lease.token + 1
            granted = self._lease = Lease(owner, token, f"nonce-{token}", now_ms + ttl_ms)
            self._lease_ttl_ms = ttl_ms
        self._faults("acquire", "after")
        return granted

    async def renew(self, lease: Lease, *, ttl_ms: int) -> Lease:
        self._faults("renew", "before")
        if not self._holds(lease):
            raise LeaseLost(f"partition {self.partition}: not held by {lease.owner} any more")
        self._lease = self._lease._replace(expires_ms=self._clock() + ttl_ms)
        self._lease_ttl_ms = ttl_ms
        self._faults("renew", "after")
        return lease._replace(expires_ms=self._lease.expires_ms)

    async def release(self, lease: Lease) -> None:
        self._faults("release", "before")
        if self._holds(lease):
            self._lease = self._lease._replace(nonce="", expires_ms=0)
        self._faults("release", "after")

    async def commit(self, commit: Commit) -> bool:
        self._faults("commit", "before")
        # Asked first: a batch that was applied stays applied, whoever holds the lease by now.
        again = commit.batch == self._batch and commit.seq == self._meta.seq
        if not again:
            self._check(commit)
            self._apply(commit)
            self.tick()
        self._faults("commit", "after")
        return not again

    async def meta(self) -> Meta:
        self._faults("meta", "before")
        meta = self._meta
        self._faults("meta", "after")
        return meta

    async def records(self) -> AsyncIterator[tuple[str, bytes]]:
        self._faults("records", "before")
        for item in list(self._records.items()):
            yield item
        self._faults("records", "after")

    async def record_pages(self) -> AsyncIterator[RecordPage]:
        left = list(self._records)
        while True:
            self._faults("records", "before")
            page, left = left[:_PAGE], left[_PAGE:]
            there = {key: self._records[key] for key in page if key in self._records}
            read = RecordPage(self._meta, there)
            self._faults("records", "after")
            yield read
            if not left:
                return

    async def facts(self, after: int, *, limit: int, wait_ms: int = 0) -> list[FactBatch]:
        self._faults("facts", "before")
        await self._wait(lambda: bool(self._facts) and self._facts[-1].seq > after, wait_ms)
        begin = bisect_right(self._facts, after, key=lambda batch: batch.seq)
        found = self._facts[begin : begin + limit]
        self._faults("facts", "after")
        return found

    async def first_offsets(self) -> tuple[int, int]:
        self._faults("first_offsets", "before")
        first = (
            self._inbox[0].offset if self._inbox else 0,
            self._facts[0].seq if self._facts else 0,
        )
        self._faults("first_offsets", "after")
        return first

    async def trim(self, *, inbox_to: int, facts_to: int) -> None:
        self._faults("trim", "before")
        inbox_to = min(inbox_to, self._meta.offset)
        facts_to = min(facts_to, self._meta.seq)
        del self._inbox[: bisect_right(self._inbox, inbox_to, key=lambda entry: entry.offset)]
        del self._facts[: bisect_right(self._facts, facts_to, key=lambda batch: batch.seq)]
        self._faults("trim", "after")

    def _now(self) -> int:
        return max(self._clock(), self._meta.clock_ms)

    def _holds(self, lease: Lease) -> bool:
        mine = (lease.token, lease.nonce) == (self._lease.token, self._lease.nonce)
        return mine and self._clock() < self._lease.expires_ms

    def _check(self, commit: Commit) -> None:
        meta = self._meta
        if not self._holds(commit.lease):
            raise LeaseLost(f"partition {self.partition}: the lease is not held, or has expired")
        if commit.seq != meta.seq + 1 or not meta.offset <= commit.offset <= meta.tail:
            raise OutOfStep(
                f"partition {self.partition}: commit {commit.seq} at offset {commit.offset}"
                f" does not follow {meta.seq} at {meta.offset} of {meta.tail}"
            )
        if commit.offset < meta.tail:
            waiting = self._inbox[commit.offset + 1 - self._inbox[0].offset]
            if waiting.at_ms < commit.clock_ms:
                raise OutOfStep(
                    f"partition {self.partition}: the clock is beyond the next entry,"
                    f" {waiting.offset}"
                )

    def _apply(self, commit: Commit) -> None:
        if commit.facts:
            self._facts.append(FactBatch(commit.seq, commit.facts))
        for key, value in commit.records.items():
            if value is None:
                self._records.pop(key, None)
            else:
                self._records[key] = value
        self._batch = commit.batch
        self._meta = self._meta._replace(
            seq=commit.seq,
            offset=commit.offset,
            clock_ms=max(commit.clock_ms, self._meta.clock_ms),
            schema=self._schema,
            committed_ms=commit.clock_ms,
        )

    async def _wait(self, ready: Callable[[], bool], wait_ms: int) -> None:
        deadline_ms = self._clock() + wait_ms
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_ms / 1000):
                while not ready() and self._clock() < deadline_ms:
                    await self._changed.wait()


class Seen:
    """What is remembered to recognise repeats."""

    def __init__(self) -> None:
        self._deliveries: dict[bytes, tuple[int, bytes]] = {}
        self._messages: dict[bytes, tuple[int, bytes]] = {}
        self._facts: set[tuple[int, bytes]] = set()

    def judge(self, repeats: Iterable[RepeatKey], now_ms: int) -> Repeated | Conflicting | None:
        """Why a draft with these keys is dropped, or None; remembers what follows from that."""
        self._forget(now_ms)
        known = [key for key in repeats if self._knows(key, now_ms)]
        deliveries = [key for key in known if key.kind is RepeatKind.DELIVERY]
        if any(self._deliveries[key.digest][1] != key.check for key in deliveries):
            return Conflicting()
        if deliveries:
            return Repeated(RepeatKind.DELIVERY)
        for key in repeats:
            # A message or fact that is dropped was delivered all the same.
            if not known or key.kind is RepeatKind.DELIVERY:
                self.remember(key, now_ms)
        return Repeated(known[0].kind) if known else None

    def remember(self, key: RepeatKey, at_ms: int) -> None:
        if key.kind is RepeatKind.FACT:
            self._facts.add((key.month, key.digest))
        elif key.kind is RepeatKind.MESSAGE:
            self._messages[key.digest] = (at_ms, b"")
        else:
            self._deliveries[key.digest] = (at_ms, key.check)

    def _knows(self, key: RepeatKey, now_ms: int) -> bool:
        if key.kind is RepeatKind.FACT:
            return (key.month, key.digest) in self._facts
        if key.kind is RepeatKind.MESSAGE:
            return key.digest in self._messages and (
                now_ms < self._messages[key.digest][0] + MESSAGE_KEPT_MS
            )
        return key.digest in self._deliveries and (
            now_ms < self._deliveries[key.digest][0] + ID_KEPT_MS
        )

    def _forget(self, now_ms: int) -> None:
        """Drop what is too old from the front, where the oldest are: it must not grow for ever."""
        for kept, kept_ms in (self._deliveries, ID_KEPT_MS), (self._messages, MESSAGE_KEPT_MS):
            while kept:
                digest = next(iter(kept))
                if now_ms < kept[digest][0] + kept_ms:
                    break
                del kept[digest]
