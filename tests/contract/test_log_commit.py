"""What every log does for its owner: lease, commit, records, facts, trimming."""

from __future__ import annotations

import asyncio

import pytest

from router.log.ports import (
    Commit,
    Draft,
    FactBatch,
    Lease,
    LeaseLost,
    Log,
    LogCorrupt,
    Meta,
    OutOfStep,
)
from tests.contract.backends import Backend

TTL_MS = 60_000


async def leased(log: Log, owner: str = "a") -> Lease:
    lease = await log.acquire(owner, ttl_ms=TTL_MS)
    assert lease
    return lease


def commit(
    lease: Lease,
    seq: int,
    *,
    offset: int = 0,
    clock_ms: int = 0,
    facts: bytes = b"",
    records: dict[str, bytes | None] | None = None,
    batch: str = "",
) -> Commit:
    return Commit(lease, batch or f"batch-{seq}", seq, offset, clock_ms, facts, records or {})


async def everything(log: Log) -> tuple[object, ...]:
    """All that a commit may change."""
    records = {key: value async for key, value in log.records()}
    return await log.meta(), records, await log.facts(0, limit=100)


# --- the lease


async def test_one_holds_the_lease(backend: Backend) -> None:
    lease = await backend.log.acquire("a", ttl_ms=TTL_MS)
    assert lease
    assert (lease.owner, lease.token) == ("a", 1)
    assert lease.expires_ms >= await backend.log.clock()
    assert await backend.other.acquire("b", ttl_ms=TTL_MS) is None
    assert await backend.other.acquire("a", ttl_ms=TTL_MS) is None


async def test_one_of_fifty_gets_the_lease(backend: Backend) -> None:
    leases = await asyncio.gather(
        *(backend.log.acquire(f"owner {n}", ttl_ms=TTL_MS) for n in range(50))
    )
    assert len([lease for lease in leases if lease]) == 1


async def test_an_expired_lease_is_taken_over(backend: Backend) -> None:
    first = await leased(backend.log)
    await backend.expire_lease()
    second = await leased(backend.other, "b")
    assert second.token > first.token
    assert second.nonce != first.nonce
    with pytest.raises(LeaseLost):
        await backend.log.renew(first, ttl_ms=TTL_MS)
    with pytest.raises(LeaseLost):
        await backend.log.commit(commit(first, 1))
    assert await backend.other.commit(commit(second, 1))


async def test_an_expired_lease_is_lost_before_anybody_takes_it(backend: Backend) -> None:
    lease = await leased(backend.log)
    await backend.expire_lease()
    with pytest.raises(LeaseLost):
        await backend.log.commit(commit(lease, 1))
    with pytest.raises(LeaseLost):
        await backend.log.renew(lease, ttl_ms=TTL_MS)


async def test_renewing_prolongs(backend: Backend) -> None:
    lease = await leased(backend.log)
    renewed = await backend.log.renew(lease, ttl_ms=2 * TTL_MS)
    assert renewed.expires_ms >= lease.expires_ms + TTL_MS
    assert renewed == lease._replace(expires_ms=renewed.expires_ms)
    assert await backend.log.commit(commit(lease, 1)), "the old value of it still commits"


async def test_releasing_lets_the_next_one_in(backend: Backend) -> None:
    first = await leased(backend.log)
    await backend.log.release(first)
    with pytest.raises(LeaseLost):
        await backend.log.commit(commit(first, 1))
    second = await leased(backend.other, "b")
    assert second.token == first.token + 1
    await backend.log.release(first)  # of no effect
    assert await backend.other.commit(commit(second, 1))


@pytest.mark.parametrize("change", [{"token": 2}, {"token": 0}, {"nonce": "x"}, {"nonce": ""}])
async def test_token_and_nonce_both_count(backend: Backend, change: dict[str, object]) -> None:
    lease = await leased(backend.log)
    forged = lease._replace(**change)  # type: ignore[arg-type]
    for attempt in (
        backend.log.commit(commit(forged, 1, records={"k": b"v"})),
        backend.log.renew(forged, ttl_ms=TTL_MS),
    ):
        with pytest.raises(LeaseLost):
            await attempt
    await backend.log.release(forged)
    assert await backend.log.commit(commit(lease, 1))


# --- commit


async def test_a_commit_shows_all_of_it(backend: Backend) -> None:
    await backend.log.append([Draft(b"1"), Draft(b"2")])
    clock_ms = await backend.log.clock()
    lease = await leased(backend.log)
    assert await backend.log.meta() == Meta(0, 0, (await backend.log.meta()).clock_ms, 2, 0)
    step = commit(lease, 1, offset=2, clock_ms=clock_ms, facts=b"facts", records={"k": b"v"})
    assert await backend.log.commit(step) is True
    assert await everything(backend.other) == (
        Meta(seq=1, offset=2, clock_ms=clock_ms, tail=2, schema=3, committed_ms=clock_ms),
        {"k": b"v"},
        [FactBatch(1, b"facts")],
    )


async def test_a_batch_is_applied_once(backend: Backend) -> None:
    lease = await leased(backend.log)
    step = commit(lease, 1, facts=b"facts", records={"k": b"1"})
    assert await backend.log.commit(step) is True
    before = await everything(backend.log)
    assert await backend.log.commit(step) is False
    await backend.expire_lease()
    assert await backend.log.commit(step) is False, "it was applied, whoever holds the lease now"
    assert await everything(backend.log) == before


async def test_a_late_copy_of_an_older_batch_changes_nothing(backend: Backend) -> None:
    lease = await leased(backend.log)
    first = commit(lease, 1, records={"k": b"1"})
    await backend.log.commit(first)
    await backend.log.commit(commit(lease, 2, records={"k": b"2"}))
    before = await everything(backend.log)
    with pytest.raises(OutOfStep):
        await backend.log.commit(first)
    assert await everything(backend.log) == before


async def test_fifty_copies_at_once_apply_it_once(backend: Backend) -> None:
    step = commit(await leased(backend.log), 1, facts=b"f", records={"k": b"1"})
    applied = await asyncio.gather(*(backend.log.commit(step) for _ in range(50)))
    assert sorted(applied) == [False] * 49 + [True]
    assert await backend.log.facts(0, limit=9) == [FactBatch(1, b"f")]


@pytest.mark.parametrize(("seq", "offset"), [(2, 3), (4, 3), (0, 3), (3, 1), (3, 6)], ids=str)
async def test_out_of_step_writes_nothing(backend: Backend, seq: int, offset: int) -> None:
    await backend.log.append([Draft(b"") for _ in range(5)])
    lease = await leased(backend.log)
    for number in (1, 2):
        await backend.log.commit(commit(lease, number, offset=2, records={"k": b"old"}))
    before = await everything(backend.log)
    wrong = commit(
        lease, seq, offset=offset, facts=b"f", records={"k": b"new", "l": b""}, batch="new"
    )
    with pytest.raises(OutOfStep):
        await backend.log.commit(wrong)
    assert await everything(backend.log) == before
    assert await backend.log.commit(commit(lease, 3, offset=5))


async def test_a_lost_lease_writes_nothing(backend: Backend) -> None:
    lease = await leased(backend.log)
    await backend.log.commit(commit(lease, 1, facts=b"f", records={"k": b"old"}))
    before = await everything(backend.log)
    await backend.expire_lease()
    with pytest.raises(LeaseLost):
        await backend.log.commit(commit(lease, 2, facts=b"f", records={"k": b"new"}))
    assert await everything(backend.log) == before


async def test_the_clock_cannot_pass_an_entry_that_waits(backend: Backend) -> None:
    """Else time would have run out, for the owner, before what came earlier by the log."""
    await backend.log.append([Draft(b"1")])
    await backend.log.append([Draft(b"2")])
    lease = await leased(backend.log)
    entry = (await backend.log.entries([2]))[0]
    assert entry
    with pytest.raises(OutOfStep):
        await backend.log.commit(commit(lease, 1, offset=1, clock_ms=entry.at_ms + 1))
    assert await backend.log.commit(commit(lease, 1, offset=1, clock_ms=entry.at_ms))
    assert await backend.log.commit(commit(lease, 2, offset=2, clock_ms=entry.at_ms + 1))


async def test_later_entries_are_not_earlier_than_a_commit(backend: Backend) -> None:
    lease = await leased(backend.log)
    ahead_ms = await backend.log.clock() + 500_000
    await backend.log.commit(commit(lease, 1, clock_ms=ahead_ms))
    await backend.log.append([Draft(b"")])
    (entry,) = (await backend.log.read(0, limit=1)).entries
    assert entry.at_ms == ahead_ms
    assert await backend.log.commit(commit(lease, 2, offset=1, clock_ms=ahead_ms - 9))
    assert (await backend.log.meta()).clock_ms == ahead_ms


# --- records and facts


async def test_keeps_any_record(backend: Backend) -> None:
    records = {
        "": b"empty key",
        "empty": b"",
        "bytes": bytes(range(256)),
        "会话:1": "客服".encode(),
        "with space\n\0": b"\r\n",
        "number": b"123456789012345678901234567890",
        "large": b"x" * 1_000_000,
    }
    lease = await leased(backend.log)
    await backend.log.commit(commit(lease, 1, records=dict(records)))
    assert {key: value async for key, value in backend.log.records()} == records
    await backend.log.commit(commit(lease, 2, records={"empty": None, "gone": None, "": b"2"}))
    del records["empty"]
    assert {key: value async for key, value in backend.other.records()} == {**records, "": b"2"}


async def test_twenty_thousand_records_at_once(backend: Backend) -> None:
    lease = await leased(backend.log)
    many: dict[str, bytes | None] = {f"record:{n}": b"%d" % n * 20 for n in range(20_000)}
    await backend.log.commit(commit(lease, 1, records=many))
    assert {key: value async for key, value in backend.log.records()} == many
    change: dict[str, bytes | None] = {
        f"record:{n}": None if n % 2 else b"new" for n in range(20_000)
    }
    await backend.log.commit(commit(lease, 2, records=change))
    left = {key: value async for key, value in backend.log.records()}
    assert left == {f"record:{n}": b"new" for n in range(0, 20_000, 2)}


async def test_each_page_of_records_is_as_of_its_own_commit(backend: Backend) -> None:
    lease = await leased(backend.log)
    books: dict[int, dict[str, bytes]] = {1: {f"r{n}": b"1" for n in range(5_000)}}
    await backend.log.commit(commit(lease, 1, clock_ms=7, records=dict(books[1])))
    seen: set[str] = set()
    seq = 1
    async for page in backend.other.record_pages():
        assert page.meta == await backend.other.meta()
        assert page.meta.seq == seq
        assert page.records == {key: books[seq][key] for key in page.records}
        seen |= page.records.keys()
        seq += 1
        change: dict[str, bytes | None] = {f"r{n}": b"%d" % seq for n in range(5_000)}
        change |= {f"r{4_000 + seq}": None, f"new{seq}": b"new"}
        await backend.log.commit(commit(lease, seq, clock_ms=7, records=change))
        books[seq] = {key: body for key, body in {**books[seq - 1], **change}.items() if body}
    assert seq > 3
    assert seen >= {f"r{n}" for n in range(4_000)}


async def test_nothing_is_a_page_of_records_too(backend: Backend) -> None:
    (page,) = [page async for page in backend.log.record_pages()]
    assert page.records == {}
    assert page.meta.seq == 0


async def test_facts_follow_their_sequence(backend: Backend) -> None:
    lease = await leased(backend.log)
    bodies = {1: b"one", 2: b"", 3: bytes(range(256)), 4: b"x" * 300_000}
    for seq, body in bodies.items():
        await backend.log.commit(commit(lease, seq, facts=body))
    all_batches = [FactBatch(seq, body) for seq, body in bodies.items() if body]
    assert await backend.other.facts(0, limit=9) == all_batches
    assert await backend.other.facts(1, limit=1) == [all_batches[1]]
    assert await backend.other.facts(2, limit=9) == all_batches[1:]
    assert await backend.other.facts(4, limit=9) == []


async def test_waiting_for_facts(backend: Backend) -> None:
    lease = await leased(backend.log)
    assert await backend.log.facts(0, limit=9, wait_ms=5) == []
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        facts = tasks.create_task(backend.other.facts(0, limit=9, wait_ms=60_000))
        await backend.has_waiting(1)
        await backend.log.commit(commit(lease, 1))  # without facts: nobody wakes for it
        await backend.log.commit(commit(lease, 2, facts=b"two"))
    assert facts.result() == [FactBatch(2, b"two")]


# --- trimming


async def test_trims_up_to_what_is_wanted(backend: Backend) -> None:
    log = backend.log
    assert await log.first_offsets() == (0, 0)
    await log.trim(inbox_to=5, facts_to=5)
    await log.append([Draft(b"") for _ in range(10)])
    lease = await leased(log)
    for seq in range(1, 6):
        await log.commit(commit(lease, seq, offset=seq, facts=b"f"))
    assert await log.first_offsets() == (1, 1)
    await log.trim(inbox_to=3, facts_to=2)
    assert await log.first_offsets() == (4, 3)
    await log.trim(inbox_to=1, facts_to=1)
    assert await log.first_offsets() == (4, 3)
    assert [entry and entry.offset for entry in await log.entries([3, 4])] == [None, 4]
    assert [batch.seq for batch in await log.facts(2, limit=9)] == [3, 4, 5]


async def test_never_trims_what_is_not_consumed(backend: Backend) -> None:
    log = backend.log
    await log.append([Draft(b"") for _ in range(4)])
    await log.trim(inbox_to=4, facts_to=4)
    assert await log.first_offsets() == (1, 0)
    lease = await leased(log)
    await log.commit(commit(lease, 1, offset=2, facts=b"f"))
    await log.trim(inbox_to=10**12, facts_to=10**12)
    assert await log.first_offsets() == (3, 0)
    assert [entry.offset for entry in (await log.read(2, limit=9)).entries] == [3, 4]


async def test_goes_on_behind_an_empty_stream(backend: Backend) -> None:
    log = backend.log
    await log.append([Draft(b"") for _ in range(3)])
    lease = await leased(log)
    await log.commit(commit(lease, 1, offset=3, facts=b"f"))
    await log.trim(inbox_to=3, facts_to=1)
    assert await log.first_offsets() == (0, 0)
    assert (await log.read(3, limit=9)).entries == []
    await log.append([Draft(b"four")])
    await log.commit(commit(lease, 2, offset=4, facts=b"g"))
    assert await log.first_offsets() == (4, 2)


async def test_trims_a_long_stream(backend: Backend) -> None:
    log = backend.log
    for _ in range(5):
        await log.append([Draft(b"") for _ in range(9_000)])
    lease = await leased(log)
    await log.commit(commit(lease, 1, offset=44_999))
    await log.trim(inbox_to=44_999, facts_to=0)
    assert await log.first_offsets() == (45_000, 0)


async def test_what_was_trimmed_away_cannot_be_read_over(backend: Backend) -> None:
    await backend.log.append([Draft(b"") for _ in range(5)])
    lease = await leased(backend.log)
    await backend.log.commit(commit(lease, 1, offset=3))
    await backend.log.trim(inbox_to=3, facts_to=0)
    with pytest.raises(LogCorrupt):
        await backend.log.read(1, limit=5)
    assert [entry.offset for entry in (await backend.log.read(3, limit=5)).entries] == [4, 5]
