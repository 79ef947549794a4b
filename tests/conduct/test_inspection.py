"""When messages are judged and by what: the same flags in whatever order they arrive."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from router.clocktime import format_ms, parse_ms
from router.conduct.course import LOOK_BACK, Course, hold, prune, take
from router.core import commands as c
from router.core.facts import (
    AnyFact,
    MessageNoted,
    MessageRecalledNoted,
    OutageNoted,
    SessionClosed,
    SessionOpened,
)
from router.core.policy import ConductRule, Desk, Policy, Shop
from router.simulate import Run, derive_desk, simulate
from router.trace import write_line
from tests.core.scene import ms

Json = dict[str, Any]
DATA = Path(__file__).parent.parent / "data" / "support-chat"
LATENESS_MS = 120_000

GOOD = "您好,这款是纯棉的,很透气"


def line(kind: str, sent: str, data: Json, received: str = "") -> Json:
    found: Json = {"type": kind, "timestamp": format_ms(ms(sent)), "shop": "shop", "data": data}
    if received:
        found["received_at"] = format_ms(ms(received))
    return found


def asks(sent: str, text: str, *, received: str = "", buyer: str = "x") -> Json:
    data = {"buyer": buyer, "message": f"b-{buyer}-{sent}", "kind": "text", "text": text}
    return line("message.received", sent, data, received)


def says(
    sent: str, text: str, *, agent: str = "amy", by: str = "human", received: str = ""
) -> Json:
    data = {
        "buyer": "x",
        "message": f"{agent}-{sent}",
        "sub_account": f"shop:{agent}",
        "kind": "text",
        "text": text,
        "by": by,
    }
    return line("message.sent", sent, data, received)


def closes(sent: str, agent: str = "amy") -> Json:
    return line("session.close", sent, {"buyer": "x", "agent": agent})


def end(at: str) -> Json:
    return {"type": "end", "timestamp": format_ms(ms(at)), "data": {}}


ONLINE = [
    {
        "type": "presence.set",
        "timestamp": format_ms(ms("8:00")),
        "data": {"agent": a, "to": "online"},
    }
    for a in ("amy", "bob")
]


def arrival(raw: Json) -> str:
    """When a line came."""
    return str(raw.get("received_at", raw["timestamp"]))


def run(*lines: Json, desk: Desk | None = None) -> Run:
    by_arrival = sorted(lines, key=arrival)
    return simulate([*ONLINE, *by_arrival], desk, inspected=True)


def flags(run: Run) -> list[tuple[str, str]]:
    """(rule, message) of all flags."""
    return [(row["rule"], row["message"]) for row in run.report()["flags"]]


ORDER = line("order.placed", "9:04", {"buyer": "x", "order": "o1"})


# What is judged


def test_an_insult_is_flagged_with_its_span_and_who_wrote_it() -> None:
    done = run(asks("9:00", "在吗"), says("9:01", "您好,你脑残啊"), end("9:10"))
    (row,) = done.report()["flags"]
    assert (row["rule"], row["message"], row["agent"]) == ("abuse", "amy-9:01", "amy")
    assert row["sub_account"] == "shop:amy"
    start, stop = row["span"]
    assert "您好,你脑残啊"[start:stop] == row["matched"]
    assert row["state"] == "open"


def test_bots_and_automatic_messages_are_not_judged() -> None:
    done = run(
        asks("9:00", "在吗"), says("9:01", "脑残", by="bot"), says("9:02", "脑残", by="auto")
    )
    assert flags(done) == []


def test_only_the_first_message_of_the_agents_side_has_to_open() -> None:
    done = run(
        asks("9:00", "在吗"),
        says("9:01", "这款是纯棉的,很透气"),
        asks("9:02", "会缩水吗"),
        says("9:03", "正常洗涤是不会缩水的"),
    )
    assert flags(done) == [("honorific", "amy-9:01")]


def test_the_holder_who_closes_without_a_farewell_lacks_one() -> None:
    said = (
        asks("9:00", "在吗"),
        says("9:01", GOOD),
        asks("9:02", "好"),
        says("9:03", "那就拍蓝色那一款"),
    )
    assert flags(run(*said)) == []
    done = run(asks("9:00", "在吗"), says("9:01", GOOD), asks("9:02", "要蓝色"),
               says("9:03", "那就拍蓝色那一款"), ORDER,
               closes("9:05"), end("9:30"))  # fmt: skip
    assert done.rejected == []
    assert flags(done) == [("honorific", "amy-9:03")]


def test_a_buyer_who_took_leave_is_owed_a_farewell_however_it_ends() -> None:
    said = (
        asks("9:00", "在吗"),
        says("9:01", GOOD),
        asks("9:02", "谢谢"),
        says("9:03", "那就拍蓝色那一款"),
    )
    assert flags(run(*said, end("11:10"))) == [("honorific", "amy-9:03")]
    assert flags(run(*said[:-1], says("9:03", "不客气,祝您生活愉快"), end("11:10"))) == []


def test_an_idle_end_without_a_leave_accuses_nobody() -> None:
    done = run(asks("9:00", "在吗"), says("9:01", GOOD), asks("9:02", "会缩水吗"),
               says("9:03", "正常洗涤是不会缩水的"), end("12:00"))  # fmt: skip
    assert flags(done) == []


def test_who_closes_what_somebody_else_said_last_accuses_nobody() -> None:
    move = {"buyer": "x", "to": "shop:bob", "by": "supervisor"}
    done = run(asks("9:00", "在吗"), says("9:01", GOOD), asks("9:02", "要蓝色"),
               says("9:03", "那就拍蓝色那一款"), ORDER,
               line("session.transfer", "9:05", move), closes("9:06", "bob"),
               end("9:30"))  # fmt: skip
    assert done.rejected == []
    assert flags(done) == []


def test_a_message_beyond_the_lateness_is_judged_by_its_words_alone() -> None:
    done = run(
        asks("9:00", "在吗"),
        says("9:01", "哦哦", received="9:06"),
        says("9:02", "你是脑残吗", received="9:07"),
        end("9:30"),
    )
    assert flags(done) == [("abuse", "amy-9:02")]


# When


def test_a_charge_at_once_comes_when_the_message_has_settled() -> None:
    rule = ConductRule(rule="abuse", fine_fen=10_000, charge="at_once")
    said = [*ONLINE, asks("9:00", "在吗"), says("9:01", "您好,你脑残啊")]
    desk = derive_desk(said)
    policy = Policy(conduct=(rule,))
    desk = Desk(id="d", policy=policy, shops=desk.shops, agents=desk.agents,
                sub_accounts=desk.sub_accounts)  # fmt: skip
    done = simulate([*said, end("9:10")], desk, inspected=True)
    (breach,) = done.state.breaches.values()
    assert (breach.rule, breach.agent, breach.fine_fen) == ("abuse", "amy", 10_000)
    assert breach.sealed_ms == ms("9:03") + 1
    assert (breach.armed_ms, breach.due_ms) == (ms("9:01"), ms("9:01"))
    assert breach.proof, "the message's place in the trace"


def shuffled(lines: list[Json], seed: int) -> list[Json]:
    """The same trace with every message up to the lateness late, in order of arrival."""
    chance = random.Random(seed)
    found = []
    for raw in lines:
        raw = dict(raw)
        if raw["type"] in ("message.received", "message.sent"):
            late_ms = chance.randrange(LATENESS_MS)
            raw["received_at"] = format_ms(parse_ms(raw["timestamp"]) + late_ms)
        found.append(raw)
    return sorted(found, key=arrival)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_arrival_within_the_lateness_changes_no_flag(seed: int) -> None:
    with (DATA / f"support-{seed % 3}.jsonl").open(encoding="utf-8") as file:
        lines = [json.loads(text) for text in file]

    def found(run: Run) -> list[Json]:
        wanted = ("rule", "shop", "buyer", "message", "span", "matched", "source", "detail")
        return [{name: row[name] for name in wanted} for row in run.report()["flags"]]

    in_order = found(simulate(lines, inspected=True))
    assert len(in_order) > 10
    assert found(simulate(shuffled(lines, seed), inspected=True)) == in_order


def test_inspecting_changes_no_verdict_and_always_gives_the_same() -> None:
    with (DATA / "support-0.jsonl").open(encoding="utf-8") as file:
        lines = [json.loads(text) for text in file]
    plain, inspected = simulate(lines).report(), simulate(lines, inspected=True).report()
    for part in ("sessions", "assignments", "breaches", "rejected", "ledger"):
        assert inspected[part] == plain[part]
    assert simulate(lines, inspected=True).report() == inspected


def test_a_trace_that_carries_its_flags_is_replayed_as_it_is() -> None:
    said = [*ONLINE, asks("9:00", "在吗"), says("9:01", "您好,你脑残啊"), end("9:10")]
    done = simulate(said, inspected=True)
    (flag,) = done.state.flags.values()
    raised = c.RaiseFlag(
        flag="abuse:other:0", rule="abuse", shop="shop", buyer="x", session="s", message="other",
        agent="amy", sub_account="shop:amy", sent_ms=ms("9:01"), offset=4,
    )  # fmt: skip
    carried = [*said[:-1], write_line(5, ms("9:05"), raised), end("9:10")]
    assert flags(simulate(carried, inspected=True)) == [("abuse", "other")]
    assert flag.name.startswith("abuse:amy-9:01:")


# Courses


def noted(offset: int, sent_ms: int, *, shop: bool = False, session: str = "s1", at_ms: int = 0,
          late: bool = False) -> MessageNoted:  # fmt: skip
    return MessageNoted(
        at_ms=at_ms or sent_ms, session=session, shop="shop", buyer="x", message=f"m{offset}",
        offset=offset, sent_ms=sent_ms, side="shop" if shop else "buyer", agent="amy", late=late,
    )  # fmt: skip


def opened(at_ms: int, session: str = "s1") -> SessionOpened:
    return SessionOpened(at_ms=at_ms, session=session, shop="shop", buyer="x", opened_ms=at_ms)


def closed(at_ms: int, opened_ms: int, session: str = "s1") -> SessionClosed:
    return SessionClosed(at_ms=at_ms, session=session, shop="shop", buyer="x", why="idle",
                         ended_ms=at_ms, opened_ms=opened_ms)  # fmt: skip


def course_of(*facts: AnyFact) -> Course:
    course = Course()
    for fact in facts:
        take(course, fact, 100)  # type: ignore[arg-type]
    return course


def test_facts_that_come_again_change_nothing() -> None:
    facts = (opened(10), noted(1, 10), noted(2, 20, shop=True), closed(90, 10))
    course = course_of(*facts)
    assert not any(take(course, fact, 100) for fact in facts)
    assert [each.offset for each in course.lines] == [1, 2]


def test_a_session_that_had_not_ended_goes_on() -> None:
    course = course_of(opened(10), noted(1, 10), closed(90, 10), opened(10, "s2"))
    (span,) = course.spans
    assert (span.session, span.ended_ms, span.settles_ms) == ("s2", -1, -1)
    course = course_of(opened(10), noted(1, 10), closed(90, 10), opened(95, "s2"))
    assert [span.session for span in course.spans] == ["s1", "s2"]


def test_what_is_beyond_the_limit_is_no_part_of_it() -> None:
    assert course_of(opened(10), noted(1, 10, late=True)).lines == []


def test_a_recall_counts_whether_it_comes_before_or_after() -> None:
    recall = MessageRecalledNoted(at_ms=5, session="s1", shop="shop", buyer="x", message="m1")
    for facts in ((opened(1), noted(1, 2), recall), (recall, opened(1), noted(1, 2))):
        assert [each.recalled for each in course_of(*facts).lines] == [True]


def test_a_late_question_counts_as_though_it_was_sent_when_it_came() -> None:
    course = course_of(opened(500), noted(1, 100, at_ms=500))
    assert [each.sent_ms for each in course.lines] == [500]
    course = course_of(opened(10), noted(1, 10), noted(2, 200, shop=True), noted(3, 100, at_ms=500))
    assert [each.offset for each in course.lines] == [1, 3, 2], "it has been answered"


def test_in_a_session_whose_beginning_is_not_known_words_count_alone() -> None:
    course = course_of(noted(7, 50, shop=True, session="s9"))
    assert [each.alone for each in course.lines] == [True]


def test_after_an_outage_what_waits_waits_for_the_retries() -> None:
    course = course_of(opened(10), noted(1, 10), noted(2, 20, shop=True))
    outage = OutageNoted(at_ms=500, from_ms=60, to_ms=500)
    assert course.wake_ms() == 120
    assert hold(course, outage, 1_000)
    assert course.wake_ms() == 1_500
    assert not hold(course, outage, 1_000)


def test_a_course_keeps_the_exchange_under_way_and_no_more_than_it_can_use() -> None:
    hour = 3_600_000
    first = [noted(n, 10 * hour + n, shop=True) for n in range(1, 300)]
    course = course_of(opened(10 * hour), *first)
    for each in course.lines:
        each.judged = True
    prune(course)
    assert len(course.lines) == LOOK_BACK
    take(course, closed(11 * hour, 10 * hour), 100)
    course.spans[0].settles_ms = -1
    take(course, opened(13 * hour, "s2"), 100)
    take(course, noted(300, 13 * hour, session="s2"), 100)
    prune(course)
    assert [each.offset for each in course.lines] == [300]


def test_a_shop_of_the_desk_alone_is_inspected() -> None:
    desk = Desk(id="d", shops=(Shop(id="elsewhere"),))
    assert flags(run(asks("9:00", "在吗"), desk=desk)) == []
