"""The kinds of work of RULES §9 against the second judge (`tests/judge`), which shares no code."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from router.clocktime import parse_ms
from router.core.kinds import ADDRESS_CHECK, COD_CONFIRM, PAYMENT_REMINDER
from router.core.policy import Policy
from router.simulate import derive_desk, simulate
from tests.judge.work import arriving, judge_work, work_timelines

Json = dict[str, Any]

LATENESS_MS = 120_000
POLICY = Policy(items=(PAYMENT_REMINDER, COD_CONFIRM, ADDRESS_CHECK))


def found(lines: list[Json], *, reversed_too: bool = False) -> list[tuple[str, str, str, int]]:
    desk = msgspec.structs.replace(derive_desk(lines), policy=POLICY)
    report = simulate(lines, desk).report()
    return sorted(
        (row["rule"], row["buyer"], row["order"], parse_ms(row["due"]))
        for row in report["breaches"]
        if row["rule"] in ("payment_reminder", "cod_confirm", "address_check")
        and (reversed_too or not row["reversed"])
    )


def judged(lines: list[Json]) -> list[tuple[str, str, str, int]]:
    return sorted((b.rule, b.buyer, b.order or "", b.due_ms) for b in judge_work(lines))


@settings(max_examples=300, deadline=None)
@given(work_timelines())
def test_in_order_the_core_finds_what_the_judge_finds(lines: list[Json]) -> None:
    assert found(lines) == judged(lines)


@settings(max_examples=300, deadline=None)
@given(
    work_timelines().flatmap(lambda lines: st.tuples(st.just(lines), arriving(lines, LATENESS_MS)))
)
def test_within_the_lateness_the_order_of_arrival_changes_no_verdict(
    pair: tuple[list[Json], list[Json]],
) -> None:
    lines, late = pair
    assert found(late, reversed_too=True) == judged(lines)


@settings(max_examples=300, deadline=None)
@given(
    work_timelines().flatmap(lambda lines: st.tuples(st.just(lines), arriving(lines, 1_500_000)))
)
def test_beyond_it_nobody_is_charged_more_for_what_was_done_in_time(
    pair: tuple[list[Json], list[Json]],
) -> None:
    """What comes late takes away: of a deadline that all met in time no breach stands.

    Deadlines of what was itself opened late are others: they are of when it came.
    """
    lines, late = pair
    opened_late = {
        (row["type"], row["data"]["order"])
        for row in late
        if row["type"].startswith("order.") and row["received_at"] != row["timestamp"]
    }
    allowed = judged(lines)
    for rule, buyer, order, due_ms in found(late):
        opens = "order.paid" if rule == "address_check" else "order.placed"
        if (opens, order) not in opened_late:
            assert (rule, buyer, order, due_ms) in allowed
