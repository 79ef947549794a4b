"""The core's sealed verdicts against the second judge (`tests/judge`), which shares no code."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from router.clocktime import parse_ms
from router.core.records import Breach
from router.simulate import simulate
from tests.judge.judge import judge, shows_order
from tests.judge.timelines import delayed, timelines

Json = dict[str, Any]
Key = tuple[str, str, str, int, str, str]

LATENESS_MS = 120_000


def judged(lines: list[Json]) -> list[Key]:
    """What the second judge finds."""
    return sorted(
        (b.rule, b.shop, b.buyer, b.due_ms, b.order or "", b.refund or "")
        for b in judge(lines).breaches
    )


def found(report: Json) -> list[Key]:
    """What the core has sealed and not taken back."""
    return sorted(
        (
            row["rule"],
            row["shop"],
            row["buyer"],
            parse_ms(row["due"]),
            row.get("order") or "",
            row.get("refund") or "",
        )
        for row in report["breaches"]
        if not row["reversed"]
    )


@settings(max_examples=300, deadline=None)
@given(timelines())
def test_in_order_the_core_finds_what_the_judge_finds(lines: list[Json]) -> None:
    report = simulate(lines).report()
    assert found(report) == judged(lines)
    assert report["sessions"] == judge(lines).sessions


@settings(max_examples=300, deadline=None)
@given(timelines().flatmap(lambda lines: st.tuples(st.just(lines), delayed(lines, LATENESS_MS))))
def test_within_the_lateness_the_order_of_arrival_changes_no_verdict(
    pair: tuple[list[Json], list[Json]],
) -> None:
    lines, late = pair
    report = simulate(late).report()
    assert found(report) == judged(lines)
    assert not any(row["reversed"] for row in report["breaches"])
    assert report["sessions"] == judge(lines).sessions


def disproof(breach: Breach, lines: list[Json], horizon_ms: int) -> Json | None:
    """A message, in order of `sent_at`, that shows the breach to be none (RULES §2)."""
    for line in lines:
        data = line.get("data") or {}
        if line.get("shop") != breach.shop or data.get("buyer") != breach.buyer:
            continue
        sent_ms = parse_ms(line["timestamp"])
        if sent_ms > horizon_ms or parse_ms(line["received_at"]) > horizon_ms:
            continue
        if _shows_none(breach, line["type"], sent_ms, data):
            return line
    return None


def _shows_none(breach: Breach, kind: str, sent_ms: int, data: Json) -> bool:
    in_time = breach.armed_ms <= sent_ms <= breach.due_ms
    human = kind == "message.sent" and data["by"] == "human"
    if breach.rule == "reply":
        return in_time and human
    if breach.rule == "follow_up":
        if human:
            asked = breach.from_ms <= sent_ms <= breach.due_ms
            return asked or breach.asked_ms <= sent_ms < breach.armed_ms
        # at the same millisecond the buyer's message comes first: it was answered
        return breach.armed_ms < sent_ms <= breach.due_ms and kind == "message.received"
    if breach.rule == "order_check":
        return in_time and kind == "message.sent" and shows_order(data, breach.order)
    return in_time and kind == "refund.resolved" and data["refund"] == breach.key


@settings(max_examples=300, deadline=None)
@given(timelines().flatmap(lambda lines: delayed(lines, 2_400_000)))
def test_beyond_the_lateness_no_breach_stands_that_the_messages_disprove(
    late: list[Json],
) -> None:
    run = simulate(late)
    lines = [{**line, "received_at": line.get("received_at", line["timestamp"])} for line in late]
    end_ms = parse_ms(late[-1]["timestamp"])
    for breach in run.state.breaches.values():
        if not breach.reversed:
            assert disproof(breach, lines, end_ms) is None, breach
    owed = sum(entry.fine_fen for entry in run.state.entries.values())
    charged = [b for b in run.state.breaches.values() if b.agent and not b.reversed]
    assert owed == sum(breach.fine_fen for breach in charged)
