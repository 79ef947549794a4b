"""The log on a Redis or Valkey server.

Owns how a partition lies in its keys (`keys.py`) and what is asked of the function library
(`functions.lua`); the connections are `link.py`'s. Called by whoever puts the parts
together, through `RedisLogs`; everybody else sees a `Log`.

Every write is one function call, hence atomic. Reads are plain commands.

Arguments travel as plain words rather than as one packed blob: measured, a commit of 256
records of 350 bytes costs the client 1 µs and the server 2.5 µs a record, its fsync
included, and unpacking a blob in Lua costs the server more than it saves the client
(`tests/bench/bench_log.py`).

What is remembered to recognise repeats takes, on a hash of a million (table resizes move
it within these limits): a delivery or message 54-67 bytes on Valkey 9, 80-92 on Redis 7;
a fact 38-52 and 72-82. A delivery is kept for up to 3 days and a message for up to 12, so
a desk with 50,000 inbound messages a day keeps 0.75 million ids: 50 to 70 MB; a steady
10 a second, 13 million: 0.8 to 1.2 GB. Facts are kept for ever: 10,000 a day are
0.2 to 0.3 GB a year; old months are keys of their own, so that they can be moved.

Appending needs a server whose clock does not run back for long: arrival times never
decrease, so they stand still until it has caught up.
"""

from __future__ import annotations

import secrets
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from itertools import count, repeat
from typing import Any, Self, cast

from router.log.keys import Keys
from router.log.link import LONGEST_BLOCK_MS, Link, Word
from router.log.ports import (
    Appended,
    Commit,
    Conflicting,
    Draft,
    Entry,
    FactBatch,
    Lease,
    LeaseLost,
    LogCorrupt,
    LogError,
    Meta,
    OutOfStep,
    Reading,
    RecordPage,
    Repeated,
    RepeatKind,
)
from router.log.server_check import findings_of

_LOOK_AGAIN = 1
_COMMITTED = {1: True, 0: False}
_REFUSED = {-1: LeaseLost, -2: OutOfStep, -3: LogCorrupt}
_VERDICTS: dict[str, Repeated | Conflicting] = {
    "c": Conflicting(),
    **{kind.value: Repeated(kind) for kind in RepeatKind},
}
_DELIVERY, _MESSAGE = RepeatKind.DELIVERY, RepeatKind.MESSAGE
_PAGE = 1_000
"""Records, or entries of a run, asked for at a time."""
_TRIM_STEP = 20_000
"""Offsets forgotten in one call, which holds up the server for some milliseconds."""


class RedisLogs:
    """The logs of all partitions on one server. Made by `connect`, ended by `close`."""

    def __init__(self, link: Link, schema: int, findings: tuple[str, ...]) -> None:
        self._link = link
        self._schema = schema
        self.findings = findings
        """What is unsafe in the server's settings, a line each, for the operator's eyes."""

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        schema: int = 1,
        connections: int = 8,
        waiters: int = 64,
        timeout_ms: int = 5_000,
        connect_timeout_ms: int = 2_000,
        wait_replicas: int = 0,
        wait_timeout_ms: int = 1_000,
    ) -> Self:
        """Open the server at `redis://`, `rediss://` or `unix://`, and load the functions.

        `schema` is the version of the records that this program commits. `waiters` bounds
        how many reads can wait at the server at once. With `wait_replicas`, appends and
        lease grants answer only when that many replicas have them.

        Raises `LogUnavailable`, and `ServerUnsuitable` when it is too old.
        """
        link = Link(
            url,
            connections=connections,
            waiters=waiters,
            timeout_ms=timeout_ms,
            connect_timeout_ms=connect_timeout_ms,
            wait_replicas=wait_replicas,
            wait_timeout_ms=wait_timeout_ms,
        )
        try:
            findings = await findings_of(link)
            await link.load_library()
        except BaseException:
            await link.close()
            raise
        return cls(link, schema, findings)

    def log(self, partition: int) -> RedisLog:
        return RedisLog(self._link, partition, schema=self._schema)

    async def close(self) -> None:
        """Close the connections; calls under way raise `LogUnavailable`."""
        await self._link.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class RedisLog:
    """One partition's log on a server; see `ports.Log` for what each call promises."""

    def __init__(self, link: Link, partition: int, *, schema: int) -> None:
        self.partition = partition
        self._link = link
        self._keys = Keys(partition)
        self._schema = schema
        # A first guess, which the server corrects when it is of another day.
        self._bucket_time_ms = int(time.time() * 1000)

    async def append(self, drafts: Sequence[Draft]) -> list[Appended | Repeated | Conflicting]:
        if not drafts:
            return []
        months, args = _append_args(drafts, touch=self._link.waits_for_replicas)
        keys = self._keys
        for _ in range(3):
            names: list[Word] = [
                keys.inbox,
                keys.meta,
                *keys.delivery_buckets(self._bucket_time_ms),
                *keys.message_buckets(self._bucket_time_ms),
                *[keys.fact_bucket(month) for month in months],
            ]
            answer = await self._link.call("append", names, args, replicated=True)
            if answer[0] != _LOOK_AGAIN:
                return _append_results(*answer[1:])
            self._bucket_time_ms = answer[1]
        raise LogError("the server's clock jumps: it named other buckets three times")

    async def read(self, after: int, *, limit: int, wait_ms: int = 0) -> Reading:
        # The clock is asked before the entries: what they lack arrives later than that.
        commands: list[Sequence[Word]] = [
            ("HGET", self._keys.meta, "clock"),
            ("TIME",),
            ("XREAD", "COUNT", limit, "STREAMS", self._keys.inbox, f"{after}-0"),
        ]
        clock, now, streams = await self._wait_for(self._keys.inbox, after, wait_ms, commands)
        entries = _entries(streams[0][1]) if streams else []
        clock_ms = max(_ms(now), int(clock or 0))
        if entries:
            if entries[0].offset != after + 1:
                raise LogCorrupt(f"inbox entry {after + 1} of partition {self.partition} is gone")
            last_ms = entries[-1].at_ms
            clock_ms = last_ms if len(entries) == limit else max(clock_ms, last_ms)
        return Reading(entries, clock_ms)

    async def entries(self, offsets: Sequence[int]) -> list[Entry | None]:
        found: dict[int, Entry] = {}
        runs = _runs(offsets)
        for begin in range(0, len(runs), 100):
            replies = await self._link.exchange(
                [
                    ("XRANGE", self._keys.inbox, f"{first}-0", f"{last}-0")
                    for first, last in runs[begin : begin + 100]
                ]
            )
            for reply in replies:
                found |= {entry.offset: entry for entry in map(_entry, reply)}
        return [found.get(offset) for offset in offsets]

    async def clock(self) -> int:
        clock, now = await self._link.exchange([("HGET", self._keys.meta, "clock"), ("TIME",)])
        return max(_ms(now), int(clock or 0))

    async def acquire(self, owner: str, *, ttl_ms: int) -> Lease | None:
        nonce = secrets.token_hex(16)
        granted = await self._link.call(
            "acquire", [self._keys.lease], [owner, nonce, ttl_ms], replicated=True
        )
        return Lease(owner, granted[0], nonce, granted[1]) if granted else None

    async def renew(self, lease: Lease, *, ttl_ms: int) -> Lease:
        expires_ms = await self._link.call(
            "renew", [self._keys.lease], [lease.token, lease.nonce, ttl_ms], replicated=True
        )
        if expires_ms is None:
            raise LeaseLost(f"partition {self.partition}: not held by {lease.owner} any more")
        return lease._replace(expires_ms=expires_ms)

    async def release(self, lease: Lease) -> None:
        await self._link.call("release", [self._keys.lease], [lease.token, lease.nonce])

    async def commit(self, commit: Commit) -> bool:
        keys = self._keys
        args: list[Word] = [
            commit.lease.token,
            commit.lease.nonce,
            commit.batch,
            commit.seq,
            commit.offset,
            commit.clock_ms,
            self._schema,
            commit.facts,
            0,
        ]
        deleted: list[Word] = []
        for key, value in commit.records.items():
            if value is None:
                deleted.append(key)
            else:
                args += (key, value)
        args[8] = len(args) - 9
        args += deleted
        code, why = await self._link.call(
            "commit", [keys.lease, keys.meta, keys.inbox, keys.facts, keys.records], args
        )
        if code in _REFUSED:
            raise _REFUSED[code](f"partition {self.partition}: {why.decode()}")
        return _COMMITTED[code]

    async def meta(self) -> Meta:
        return _meta(await self._link.ask(*self._ask_meta()))

    async def records(self) -> AsyncIterator[tuple[str, bytes]]:
        """All records; one may come twice, with the same value unless somebody commits."""
        cursor = b"0"
        while True:
            cursor, flat = await self._link.ask(*self._ask_records(cursor))
            for item in _pairs(flat):
                yield item
            if cursor == b"0":
                return

    async def record_pages(self) -> AsyncIterator[RecordPage]:
        cursor = b"0"
        while True:
            asked = [self._ask_meta(), self._ask_records(cursor)]
            meta, (cursor, flat) = await self._link.at_once(asked)
            yield RecordPage(_meta(meta), dict(_pairs(flat)))
            if cursor == b"0":
                return

    def _ask_meta(self) -> Sequence[Word]:
        fields = ("seq", "offset", "clock", "tail", "schema", "committed")
        return ("HMGET", self._keys.meta, *fields)

    def _ask_records(self, cursor: bytes) -> Sequence[Word]:
        return ("HSCAN", self._keys.records, cursor, "COUNT", _PAGE)

    async def facts(self, after: int, *, limit: int, wait_ms: int = 0) -> list[FactBatch]:
        facts = self._keys.facts
        commands: list[Sequence[Word]] = [
            ("XREAD", "COUNT", limit, "STREAMS", facts, f"{after}-0"),
        ]
        (streams,) = await self._wait_for(facts, after, wait_ms, commands)
        if not streams:
            return []
        return [FactBatch(_number(id_), fields[1]) for id_, fields in streams[0][1]]

    async def first_offsets(self) -> tuple[int, int]:
        inbox, facts = await self._link.exchange(
            [
                ("XRANGE", stream, "-", "+", "COUNT", 1)
                for stream in (self._keys.inbox, self._keys.facts)
            ]
        )
        return (_number(inbox[0][0]) if inbox else 0, _number(facts[0][0]) if facts else 0)

    async def trim(self, *, inbox_to: int, facts_to: int) -> None:
        keys = self._keys
        left = True
        while left:
            left = await self._link.call(
                "trim",
                [keys.meta, keys.inbox, keys.facts],
                [inbox_to, facts_to, _TRIM_STEP],
            )

    async def _wait_for(
        self, stream: str, after: int, wait_ms: int, commands: Sequence[Sequence[Word]]
    ) -> list[Any]:
        """The answers to `commands`, the last of which reads `stream`, when it found entries.

        Until then they are asked again behind a command that waits at the server for the
        first entry, on the same connection, so that what woke us is in the answers.
        """
        replies = await self._link.exchange(commands)
        deadline_s = time.monotonic() + wait_ms / 1000
        while not replies[-1] and (left_ms := int((deadline_s - time.monotonic()) * 1000)) > 0:
            block_ms = min(left_ms, LONGEST_BLOCK_MS)
            wait = ("XREAD", "COUNT", 1, "BLOCK", block_ms, "STREAMS", stream, f"{after}-0")
            _, *replies = await self._link.wait([wait, *commands], block_ms=block_ms)
        return replies


def _append_args(drafts: Sequence[Draft], *, touch: bool) -> tuple[list[int], list[Word]]:
    """The months for which fact buckets are needed, and the arguments of `append`."""
    plan: list[int] = []
    deliveries: list[bytes] = []
    checks: list[bytes] = []
    messages: list[bytes] = []
    facts: dict[int, tuple[int, list[bytes]]] = {}
    bodies: list[bytes] = []
    for body, repeats in drafts:
        bodies.append(body)
        plan.append(len(repeats))
        for kind, digest, check, month in repeats:
            if kind is _DELIVERY:
                plan.append(0)
                deliveries.append(digest)
                checks.append(check)
            elif kind is _MESSAGE:
                plan.append(1)
                messages.append(digest)
            else:
                number, digests = facts.setdefault(month, (2 + len(facts), []))
                plan.append(number)
                digests.append(digest)
    args: list[Word] = [
        int(touch),
        struct.pack(f">{len(plan)}H", *plan),
        len(drafts),
        len(deliveries),
        len(messages),
        *[len(digests) for _, digests in facts.values()],
        *bodies,
        *deliveries,
        *checks,
        *messages,
    ]
    for _, digests in facts.values():
        args += digests
    return list(facts), args


# What a NamedTuple's own constructor calls in the end, at a third of its cost.
_appended = cast(Callable[[tuple[int, int]], Appended], partial(tuple.__new__, Appended))


def _append_results(
    at_ms: int, offset: int, letters: bytes
) -> list[Appended | Repeated | Conflicting]:
    if letters.count(b"a") == len(letters):  # as nearly always
        return list(map(_appended, zip(count(offset), repeat(at_ms, len(letters)))))
    results: list[Appended | Repeated | Conflicting] = []
    for letter in letters.decode():
        if letter == "a":
            results.append(_appended((offset, at_ms)))
            offset += 1
        else:
            results.append(_VERDICTS[letter])
    return results


def _entries(raw: list[Any]) -> list[Entry]:
    """A stream's answer as entries without holes; raises `LogCorrupt`."""
    first = _number(raw[0][0])
    if _number(raw[-1][0]) - first != len(raw) - 1:
        raise LogCorrupt(f"the inbox has a hole behind entry {first}")
    return [
        Entry(offset, int(fields[1]), fields[3]) for offset, (_, fields) in enumerate(raw, first)
    ]


def _entry(raw: Any) -> Entry:
    id_, fields = raw
    return Entry(_number(id_), int(fields[1]), fields[3])


def _meta(values: Sequence[bytes | None]) -> Meta:
    return Meta(*(int(value or 0) for value in values))


def _pairs(flat: list[bytes]) -> Iterator[tuple[str, bytes]]:
    """Keys and values that come by turns."""
    words = iter(flat)
    return ((key.decode(), value) for key, value in zip(words, words, strict=True))


def _number(stream_id: bytes) -> int:
    return int(stream_id.partition(b"-")[0])


def _ms(time_reply: list[bytes]) -> int:
    return int(time_reply[0]) * 1000 + int(time_reply[1]) // 1000


def _runs(offsets: Sequence[int]) -> list[tuple[int, int]]:
    """The offsets as ranges from first to last, no longer than a page."""
    runs: list[tuple[int, int]] = []
    for offset in sorted(set(offsets)):
        if runs and runs[-1][1] == offset - 1 and offset - runs[-1][0] < _PAGE:
            runs[-1] = (runs[-1][0], offset)
        else:
            runs.append((offset, offset))
    return runs
