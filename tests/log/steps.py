"""What the tests of a server do with its log again and again."""

from __future__ import annotations

from router.log.ports import Commit, Draft, Lease, Log, RepeatKey, RepeatKind

TTL_MS = 60_000


def draft(name: bytes) -> Draft:
    key = RepeatKey(RepeatKind.DELIVERY, name.rjust(16, b"."), b"12345678")
    return Draft(name, (key,))


def a_commit(lease: Lease, seq: int, offset: int = 0, **records: bytes | None) -> Commit:
    return Commit(lease, f"batch-{seq}", seq, offset, 0, b"facts", dict(records))


async def leased(log: Log) -> Lease:
    lease = await log.acquire("owner", ttl_ms=TTL_MS)
    assert lease
    return lease
