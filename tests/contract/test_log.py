"""What every log does with its inbox: appending, dropping repeats, reading, waiting."""

from __future__ import annotations

import asyncio
import hashlib
import random

import pytest

from router.log.memory import MemoryLog
from router.log.ports import (
    ID_KEPT_MS,
    MESSAGE_KEPT_MS,
    Appended,
    Conflicting,
    Draft,
    Entry,
    Log,
    Repeated,
    RepeatKey,
    RepeatKind,
)
from tests.contract.backends import Backend, FakeClock


def digest(*parts: object) -> bytes:
    return hashlib.sha256(repr(parts).encode()).digest()[:16]


def delivery(name: object, body: object = "") -> RepeatKey:
    return RepeatKey(RepeatKind.DELIVERY, digest("d", name), digest(body)[:8])


def message(name: object) -> RepeatKey:
    return RepeatKey(RepeatKind.MESSAGE, digest("m", name))


def fact(name: object, month: int = 682) -> RepeatKey:
    return RepeatKey(RepeatKind.FACT, digest("f", name, month), month=month)


def draft(*repeats: RepeatKey, body: bytes = b"body") -> Draft:
    return Draft(body, repeats)


async def outcomes(log: Log, *drafts: Draft) -> list[str]:
    """A letter for each draft, as the function library has them."""
    letters = []
    for result in await log.append(drafts):
        match result:
            case Appended():
                letters.append("a")
            case Repeated(kind):
                letters.append(kind.value)
            case Conflicting():
                letters.append("c")
    return letters


async def test_appends_in_order_without_holes(backend: Backend) -> None:
    first = await backend.log.append([draft(body=b"one"), draft(body=b"two")])
    second = await backend.other.append([draft(body=b"three")])
    appended = [result for result in first + second if isinstance(result, Appended)]
    assert [result.offset for result in appended] == [1, 2, 3]
    assert appended[0].at_ms == appended[1].at_ms <= appended[2].at_ms
    reading = await backend.log.read(0, limit=10)
    assert reading.entries == [
        Entry(result.offset, result.at_ms, body)
        for result, body in zip(appended, [b"one", b"two", b"three"], strict=True)
    ]
    assert (await backend.log.meta()).tail == 3


async def test_appending_nothing_gives_nothing(backend: Backend) -> None:
    assert await backend.log.append([]) == []
    assert (await backend.log.meta()).tail == 0


@pytest.mark.parametrize(
    "body", [b"", bytes(range(256)), "值班".encode(), b"\r\n$5\r\n", b"x" * 400_000]
)
async def test_keeps_any_body(backend: Backend, body: bytes) -> None:
    await backend.log.append([draft(body=body)])
    (entry,) = (await backend.log.read(0, limit=1)).entries
    assert entry.body == body


async def test_fifty_at_once_get_an_offset_each(backend: Backend) -> None:
    drafts = [draft(delivery(n), message(n), body=b"%d" % n) for n in range(50)]
    results = await asyncio.gather(*(backend.log.append([each]) for each in drafts))
    offsets = [result.offset for (result,) in results if isinstance(result, Appended)]
    assert sorted(offsets) == list(range(1, 51))
    entries = await backend.log.entries(offsets)
    assert [entry and entry.body for entry in entries] == [each.body for each in drafts]


async def test_fifty_at_once_of_one_message_append_it_once(backend: Backend) -> None:
    results = await asyncio.gather(
        *(outcomes(backend.log, draft(delivery(n), message("same"))) for n in range(50))
    )
    assert sorted(letter for (letter,) in results) == ["a"] + ["m"] * 49


# --- repeats


async def test_drops_repeats(backend: Backend) -> None:
    log = backend.log
    assert await outcomes(log, draft(delivery(1, "x"), message(1))) == ["a"]
    assert await outcomes(log, draft(fact("paid"), delivery(2))) == ["a"]
    assert await outcomes(
        log,
        draft(delivery(1, "x"), message(1)),
        draft(delivery(1, "another body"), message(9)),
        draft(delivery(3), message(1)),
        draft(delivery(4), fact("paid")),
        draft(fact("paid", month=683)),
        draft(message(2)),
    ) == ["d", "c", "m", "f", "a", "a"]
    assert (await log.meta()).tail == 4


async def test_drops_repeats_within_a_call(backend: Backend) -> None:
    assert await outcomes(
        backend.log,
        draft(delivery(1), message(1)),
        draft(delivery(1), message(2)),  # dropped: message 2 is not remembered for it
        draft(delivery(1, "another body")),
        draft(delivery(2), message(1)),
        draft(delivery(2), message(3)),
        draft(delivery(3), message(2)),
        draft(fact("a"), fact("b")),
        draft(fact("b")),
        draft(message(2), fact("c")),
        draft(fact("c")),
        draft(),
    ) == ["a", "d", "c", "m", "d", "a", "a", "f", "m", "a", "a"]


async def test_a_dropped_message_was_delivered(backend: Backend) -> None:
    log = backend.log
    await log.append([draft(delivery(1), message(1)), draft(delivery(2), fact(1))])
    assert await outcomes(log, draft(delivery(3), message(1))) == ["m"]
    assert await outcomes(log, draft(delivery(4), fact(1))) == ["f"]
    assert await outcomes(log, draft(delivery(3)), draft(delivery(4, "other"))) == ["d", "c"]


async def test_a_conflict_is_seen_before_all_else_and_leaves_nothing(backend: Backend) -> None:
    log = backend.log
    await log.append([draft(delivery(1, "x"), message(1))])
    assert await outcomes(log, draft(message(1), delivery(1, "y"), fact(7))) == ["c"]
    assert await outcomes(log, draft(delivery(1, "x"), message(1)), draft(fact(7))) == ["d", "a"]


async def test_one_id_twice_in_a_draft_is_no_repeat(backend: Backend) -> None:
    assert await outcomes(backend.log, draft(message(1), message(1), fact(2), fact(2))) == ["a"]


async def test_many_kinds_and_months_in_a_call(backend: Backend) -> None:
    drafts = [draft(delivery(n), message(n), fact(n, month=n % 300)) for n in range(900)]
    assert await outcomes(backend.log, *drafts) == ["a"] * 900
    assert await outcomes(backend.log, *drafts) == ["d"] * 900
    others = [draft(fact(n, month=n % 300), delivery(n + 900)) for n in range(900)]
    assert await outcomes(backend.log, *others) == ["f"] * 900


async def test_more_ids_than_luas_stack_takes(backend: Backend) -> None:
    drafts = [draft(delivery(n), message(n), body=b"") for n in range(9_000)]
    assert await outcomes(backend.log, *drafts) == ["a"] * 9_000
    assert await outcomes(backend.log, *drafts[-9_000:]) == ["d"] * 9_000


@pytest.mark.parametrize(
    ("key", "kept_ms"), [(delivery(1), ID_KEPT_MS), (message(1), MESSAGE_KEPT_MS)], ids=["d", "m"]
)
@pytest.mark.parametrize("into_bucket", [0.0, 0.3, 1.0])
async def test_remembers_to_the_millisecond(
    backend: Backend, key: RepeatKey, kept_ms: int, into_bucket: float
) -> None:
    """However far the bucket of the day has come."""
    span_ms = kept_ms // 2
    bucket_ms = (await backend.log.clock() // span_ms + 1) * span_ms
    now_ms = bucket_ms + round(into_bucket * (span_ms - 1))
    await backend.stop_clock(now_ms)
    again = key.kind.value
    for age_ms, wanted in [
        (0, again),
        (1, again),
        (span_ms, again),
        (span_ms + 1, again),
        (kept_ms - 1, again),
        (kept_ms, "a"),
        (kept_ms + 1, "a"),
        (kept_ms + span_ms, "a"),
    ]:
        aged = key._replace(digest=digest(age_ms))
        await backend.arrived(aged, now_ms - age_ms)
        assert await outcomes(backend.log, draft(aged)) == [wanted], age_ms
        assert await outcomes(backend.log, draft(aged)) == [again], age_ms


async def test_an_id_that_was_forgotten_is_remembered_anew(backend: Backend) -> None:
    old_ms = await backend.log.clock() - ID_KEPT_MS
    await backend.arrived(delivery(1, "old"), old_ms)
    assert await outcomes(backend.log, draft(delivery(1, "new"))) == ["a"]
    assert await outcomes(backend.log, draft(delivery(1, "new"))) == ["d"]
    assert await outcomes(backend.log, draft(delivery(1, "old"))) == ["c"]


async def test_facts_are_remembered_for_ever(backend: Backend) -> None:
    await backend.arrived(fact("1970", month=0), 0)
    assert await outcomes(backend.log, draft(fact("1970", month=0))) == ["f"]


@pytest.mark.parametrize("seed", range(5))
async def test_judges_as_the_twin_does(backend: Backend, seed: int) -> None:
    chance = random.Random(seed)
    twin = MemoryLog(0, clock=FakeClock())
    for _ in range(20):
        drafts = [
            draft(
                *chance.choices(
                    [
                        delivery(chance.randrange(40), chance.randrange(2)),
                        message(chance.randrange(40)),
                        fact(chance.randrange(20), chance.randrange(2)),
                    ],
                    k=chance.randrange(4),
                )
            )
            for _ in range(chance.randrange(12))
        ]
        assert await outcomes(backend.log, *drafts) == await outcomes(twin, *drafts)
    assert (await backend.log.meta()).tail == (await twin.meta()).tail


# --- time


async def test_time_never_decreases(backend: Backend) -> None:
    await backend.log.append([draft()])
    clock_ms = await backend.log.clock() + 3_600_000
    await backend.stop_clock(clock_ms)
    assert await backend.log.clock() == clock_ms
    assert await backend.log.append([draft()]) == [Appended(2, clock_ms)]
    assert (await backend.log.read(2, limit=1)).clock_ms == clock_ms
    assert (await backend.log.read(0, limit=9)).clock_ms == clock_ms


async def test_repeats_are_judged_by_the_logs_clock(backend: Backend) -> None:
    await backend.log.append([draft(delivery(1), message(1))])
    now_ms = await backend.log.clock()
    await backend.stop_clock(now_ms + ID_KEPT_MS)
    assert await outcomes(backend.log, draft(delivery(1))) == ["a"]
    assert await outcomes(backend.log, draft(message(1))) == ["m"]
    await backend.stop_clock(now_ms + MESSAGE_KEPT_MS)
    assert await outcomes(backend.log, draft(message(1))) == ["a"]


async def test_a_reading_tells_how_late_it_is(backend: Backend) -> None:
    before_ms = await backend.log.clock()
    empty = await backend.log.read(0, limit=5)
    assert empty.entries == []
    assert before_ms <= empty.clock_ms
    (appended,) = await backend.log.append([draft()])
    assert isinstance(appended, Appended)
    assert appended.at_ms >= empty.clock_ms
    await backend.log.append([draft(), draft()])
    whole = await backend.log.read(0, limit=5)
    assert whole.clock_ms >= whole.entries[-1].at_ms


async def test_a_reading_that_was_cut_is_as_late_as_its_last_entry(backend: Backend) -> None:
    for _ in range(3):
        await backend.log.append([draft()])
    await backend.stop_clock(await backend.log.clock() + 60_000)
    await backend.log.append([draft()])
    cut = await backend.log.read(1, limit=2)
    assert [entry.offset for entry in cut.entries] == [2, 3]
    assert cut.clock_ms == cut.entries[-1].at_ms


# --- reading


async def test_reads_behind_an_offset(backend: Backend) -> None:
    await backend.log.append([draft(body=b"%d" % n) for n in range(1, 8)])
    assert [e.body for e in (await backend.log.read(5, limit=9)).entries] == [b"6", b"7"]
    assert (await backend.log.read(7, limit=9)).entries == []
    assert (await backend.log.read(99, limit=9)).entries == []


async def test_gives_single_entries(backend: Backend) -> None:
    await backend.log.append([draft(body=b"%d" % n) for n in range(1, 2_501)])
    wanted = [2_500, 1, 0, 7, 6, 7, 2_501, *range(10, 2_400, 3)]
    got = await backend.log.entries(wanted)
    assert [entry and (entry.offset, entry.body) for entry in got] == [
        (offset, b"%d" % offset) if 0 < offset < 2_501 else None for offset in wanted
    ]
    assert await backend.log.entries([]) == []


@pytest.mark.parametrize("waiters", [1, 20])
async def test_waiting_reads_wake_up(backend: Backend, waiters: int) -> None:
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        readings = [
            tasks.create_task(backend.other.read(0, limit=5, wait_ms=60_000))
            for _ in range(waiters)
        ]
        await backend.has_waiting(waiters)
        await backend.log.append([draft(body=b"one"), draft(body=b"two")])
    for reading in readings:
        assert [entry.body for entry in reading.result().entries] == [b"one", b"two"]
        assert reading.result().clock_ms >= reading.result().entries[-1].at_ms


async def test_a_wait_ends_without_entries(backend: Backend) -> None:
    before_ms = await backend.log.clock()
    reading = await backend.log.read(0, limit=5, wait_ms=20)
    assert reading.entries == []
    assert reading.clock_ms >= before_ms


async def test_a_waiting_read_can_be_cancelled(backend: Backend) -> None:
    waiting = asyncio.create_task(backend.log.read(0, limit=5, wait_ms=60_000))
    await backend.has_waiting(1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await backend.log.append([draft(body=b"later")])
    assert (await backend.log.read(0, limit=5)).entries[0].body == b"later"
