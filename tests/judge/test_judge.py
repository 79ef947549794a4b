"""The judge against the published verdicts, against cases judged by hand, and against itself."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .judge import (
    HOUR,
    MINUTE,
    SECOND,
    Breach,
    JudgePolicy,
    format_ms,
    is_farewell,
    judge,
    parse_ms,
    shows_order,
)
from .timelines import START_MS, delayed, is_act, timelines

Line = dict[str, Any]

TRACES = Path(__file__).parents[1] / "data" / "support-chat"
M, H = MINUTE, HOUR
IDLE = 2 * H
DAY = 24 * H


def read_trace(name: str) -> list[Line]:
    text = (TRACES / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("name", ["support-0", "support-1", "support-2"])
def test_published_verdicts(name: str) -> None:
    expected = json.loads((TRACES / "expected.json").read_text(encoding="utf-8"))[name]
    judgement = judge(read_trace(name))
    assert judgement.sessions == expected["sessions"]
    found = [(format_ms(b.due_ms), b.rule, b.shop, b.buyer) for b in judgement.breaches]
    wanted = [(b["due"], b["rule"], b["shop"], b["buyer"]) for b in expected["breaches"]]
    assert sorted(found) == sorted(wanted)


# --- cases judged by hand --------------------------------------------------------------------
# Times are milliseconds after START_MS; unless told otherwise all is one buyer at one shop.


def line(ms: int, type_: str, *, shop: str = "s", buyer: str = "b", **data: Any) -> Line:
    timestamp = format_ms(START_MS + ms)
    return {"type": type_, "timestamp": timestamp, "shop": shop, "data": {"buyer": buyer, **data}}


def ask(ms: int, text: str = "在吗", message: str = "", **more: Any) -> Line:
    message = message or f"q{ms}"
    return line(ms, "message.received", message=message, kind="text", text=text, **more)


def say(ms: int, text: str = "您好,有货的", by: str = "human", **more: Any) -> Line:
    data = {"message": f"a{ms}", "kind": "text", "text": text, "by": by, **more}
    return line(ms, "message.sent", sub_account="s:a", **data)


def card(ms: int, order: str, by: str = "human") -> Line:
    data = {"message": f"c{ms}", "kind": "order_card", "order": order, "by": by}
    return line(ms, "message.sent", sub_account="s:a", **data)


def recall(ms: int, message: str) -> Line:
    return line(ms, "message.recalled", message=message)


def order(ms: int, event: str, number: str = "T1") -> Line:
    return line(ms, f"order.{event}", order=number)


def refund(ms: int, reason: str = "changed_mind", number: str = "r1") -> Line:
    return line(ms, "refund.requested", order="T1", refund=number, reason=reason)


def resolve(ms: int, number: str = "r1") -> Line:
    return line(ms, "refund.resolved", refund=number, outcome="agreed")


def act(ms: int, type_: str, **data: Any) -> Line:
    """A person's act on a refund: it names shop and refund only, in its data."""
    data = {"shop": "s", "refund": "r1", **data}
    return {"type": type_, "timestamp": format_ms(START_MS + ms), "data": data}


def platform_closes(ms: int) -> Line:
    return line(ms, "session.closed")


def agent_closes(ms: int) -> Line:
    return line(ms, "session.close", agent="a")


def end(ms: int) -> Line:
    return {"type": "end", "timestamp": format_ms(START_MS + ms), "data": {}}


BYE = "谢谢"
REPLY = ("reply", 5 * M)
FOLLOW_UP = ("follow_up", 20 * M)
CHECK = ("order_check", 10 * M)
REFUND = ("refund", 30 * M)
# A buyer who was served at 0 and took leave, so that a session is open and nothing is owed.
SERVED = [ask(0, BYE), say(0, message="a")]
# The same, with an order that is known, not closed, and has been checked.
KNOWN = [*SERVED, order(0, "placed", "T0"), card(0, "T0")]

# name: lines, how many sessions, which breaches (rule and due).
CASES: dict[str, tuple[list[Line], int, list[tuple[str, int]]]] = {
    # reply
    "nobody answers": ([ask(0)], 1, [REPLY]),
    "answered at due": ([ask(0, BYE), say(5 * M)], 1, []),
    "answered 1 ms after due": ([ask(0, BYE), say(5 * M + 1)], 1, [REPLY]),
    "answered in the same ms, though its line comes first": ([say(0), ask(0, BYE)], 1, []),
    "an answer before the question is none": ([say(0), ask(1, BYE)], 1, [("reply", 5 * M + 1)]),
    "further messages don't move it": (
        [ask(0), ask(4 * M), say(6 * M), ask(7 * M, BYE)],
        1,
        [
            REPLY,
            ("reply", 12 * M),
        ],
    ),
    "missed once per wait": ([ask(0), ask(6 * M), ask(30 * M)], 1, [REPLY]),
    "bots and automatic messages don't answer": (
        [ask(0), say(1 * M, by="bot"), say(2 * M, by="auto")],
        1,
        [REPLY],
    ),
    "a farewell wants an answer too": ([*SERVED, ask(1 * M, BYE)], 1, [("reply", 6 * M)]),
    "buyers and shops apart": (
        [ask(0, BYE), say(0, message="a", buyer="c"), say(0, message="z", shop="t")],
        1,
        [REPLY],
    ),
    # recalls
    "the only question recalled at due": ([ask(0), recall(5 * M, "q0")], 1, []),
    "recalled after due": ([ask(0), recall(5 * M + 1, "q0")], 1, [REPLY]),
    "the first of two recalled": (
        [ask(0), ask(2 * M), recall(3 * M, "q0"), recall(3 * M, "q9")],
        1,
        [("reply", 7 * M)],
    ),
    "the second of two recalled": ([ask(0), ask(2 * M), recall(3 * M, f"q{2 * M}")], 1, [REPLY]),
    "recalled in the ms it was sent": ([recall(0, "q0"), ask(0)], 1, []),
    "an answered question recalled: the follow-up is still owed": (
        [ask(0), say(0), recall(1 * M, "q0")],
        1,
        [FOLLOW_UP],
    ),
    "a recalled question revives no follow-up": (
        [ask(0), say(0), ask(1 * M), recall(2 * M, f"q{M}"), say(3 * M)],
        1,
        [],
    ),
    "a recalled farewell is not the last message": (
        [ask(0), ask(1, BYE), recall(2, "q1"), say(3)],
        1,
        [("follow_up", 20 * M + 3)],
    ),
    "all recalled, then asked anew": (
        [ask(0), recall(1 * M, "q0"), ask(2 * M)],
        1,
        [("reply", 7 * M)],
    ),
    "all recalled after a miss: nothing more until an agent writes": (
        [ask(0), recall(6 * M, "q0"), ask(7 * M), say(20 * M), ask(21 * M)],
        1,
        [REPLY, ("reply", 26 * M)],
    ),
    "recalled messages keep the session open": (
        [*SERVED, ask(IDLE, BYE), recall(IDLE, f"q{IDLE}"), ask(2 * IDLE, BYE), say(2 * IDLE)],
        1,
        [],
    ),
    # follow_up
    "not followed up": ([ask(0), say(0)], 1, [FOLLOW_UP]),
    "followed up as the window opens": ([ask(0), say(0), say(10 * M)], 1, []),
    "followed up 1 ms too early": ([ask(0), say(0), say(10 * M - 1)], 1, [FOLLOW_UP]),
    "followed up as the window ends": ([ask(0), say(0), say(20 * M)], 1, []),
    "followed up 1 ms too late": ([ask(0), say(0), say(20 * M + 1)], 1, [FOLLOW_UP]),
    "bots don't follow up": ([ask(0), say(0), say(15 * M, by="bot")], 1, [FOLLOW_UP]),
    "once per silence": ([ask(0), say(0), say(10 * M), say(30 * M), say(60 * M)], 1, []),
    "a late answer starts it too": (
        [ask(0), say(6 * M)],
        1,
        [REPLY, ("follow_up", 26 * M)],
    ),
    "cancelled by the buyer at due": ([ask(0), say(0), ask(20 * M, BYE), say(21 * M)], 1, []),
    "after a farewell, however written": ([ask(0), ask(1, " OK!"), say(2)], 1, []),
    "the later id is the last message": (
        [ask(0, BYE, "m2"), ask(0, "在吗", "m1"), say(1 * M)],
        1,
        [],
    ),
    "an order known": ([*KNOWN, ask(1 * M), say(1 * M)], 1, []),
    "a closed order known": (
        [*KNOWN, order(1, "closed", "T0"), ask(1 * M), say(1 * M)],
        1,
        [("follow_up", 21 * M)],
    ),
    "a paid order is known as well": ([ask(0), order(0, "paid"), say(0)], 1, []),
    "an order closed in the ms of the answer is still open": (
        [order(0, "shipped"), ask(M), order(M, "closed"), say(M)],
        1,
        [],
    ),
    "cancelled by an order at due": (
        [ask(0), say(0), order(20 * M, "placed"), card(20 * M, "T1")],
        1,
        [],
    ),
    "not cancelled by an order's close": ([ask(0), say(0), order(M, "closed")], 1, [FOLLOW_UP]),
    "nor by what is said of a closed order": (
        [order(0, "closed"), ask(0), say(0), order(1 * M, "paid"), order(2 * M, "placed")],
        1,
        [FOLLOW_UP],
    ),
    # sessions
    "a message at exactly 2 h still belongs": ([*SERVED, ask(IDLE, BYE), say(IDLE)], 1, []),
    "a message 1 ms later opens another": ([*SERVED, ask(IDLE + 1, BYE), say(IDLE + 1)], 2, []),
    "bots keep it open": (
        [*SERVED, say(1 * H, by="bot"), ask(3 * H, BYE), say(3 * H)],
        1,
        [],
    ),
    "agents open none": ([say(0), line(0, "order.paid", order="T1")], 0, []),
    "with the session its wait ends": (
        [ask(0), ask(IDLE + 1, BYE)],
        2,
        [REPLY, ("reply", IDLE + 1 + 5 * M)],
    ),
    "the platform closes: the follow-up is cancelled at due": (
        [ask(0), say(0), platform_closes(20 * M)],
        1,
        [],
    ),
    "the platform closes after due": (
        [ask(0), say(0), platform_closes(20 * M + 1)],
        1,
        [FOLLOW_UP],
    ),
    "the platform closes, a reply pending: open until it is met": (
        [ask(0), platform_closes(1 * M), say(2 * M), ask(3 * M, BYE), say(3 * M)],
        2,
        [],
    ),
    "the platform closes, a reply pending: open until it is missed": (
        [ask(0), platform_closes(1 * M), say(6 * M), ask(7 * M, BYE), say(7 * M)],
        2,
        [REPLY],
    ),
    "the platform closes, the buyer writes: forgotten": (
        [ask(0), platform_closes(1 * M), ask(2 * M), say(3 * M)],
        1,
        [("follow_up", 23 * M)],
    ),
    "the platform closes at due, the reply pending": (
        [ask(0), platform_closes(5 * M), ask(5 * M + 1, BYE), say(6 * M)],
        2,
        [REPLY],
    ),
    "the platform closes after a miss": ([ask(0), platform_closes(6 * M), say(7 * M)], 1, [REPLY]),
    "the platform closes, then all is recalled": (
        [ask(0), platform_closes(1 * M), recall(2 * M, "q0"), ask(3 * M, BYE), say(3 * M)],
        2,
        [],
    ),
    "the agent's close": ([*SERVED, agent_closes(0), ask(1, BYE), say(2)], 2, []),
    "the agent's close, the buyer waits": (
        [ask(0), agent_closes(6 * M), ask(7 * M, BYE), say(7 * M)],
        1,
        [REPLY],
    ),
    "the agent's close, a follow-up owed": ([ask(0), say(0), agent_closes(20 * M)], 1, [FOLLOW_UP]),
    "the agent's close, the follow-up missed": (
        [ask(0), say(0), agent_closes(20 * M + 1), ask(30 * M, BYE), say(30 * M)],
        2,
        [FOLLOW_UP],
    ),
    "the away message answers and starts no follow-up": (
        [ask(0), line(5 * M, "inform"), agent_closes(5 * M), ask(6 * M, BYE), say(6 * M)],
        2,
        [],
    ),
    # order_check
    "not checked": ([*SERVED, order(0, "placed")], 1, [CHECK]),
    "checked at due by an automatic card": (
        [*SERVED, order(0, "placed"), card(10 * M, "T1", by="auto")],
        1,
        [],
    ),
    "checked 1 ms after due": ([*SERVED, order(0, "placed"), card(10 * M + 1, "T1")], 1, [CHECK]),
    "shown in the same ms by a text": ([*SERVED, say(1, "T1"), order(1, "placed")], 1, []),
    "shown too early": (
        [*SERVED, say(1, "T1"), order(2, "placed")],
        1,
        [("order_check", 10 * M + 2)],
    ),
    "a longer number is another": (
        [*SERVED, order(0, "placed"), say(1, "T12 0T1 t1"), card(1, "T12")],
        1,
        [CHECK],
    ),
    "the buyer's own card shows nothing": (
        [
            *SERVED,
            order(0, "placed"),
            line(1, "message.received", message="x", kind="order_card", order="T1"),
            say(1),
        ],
        1,
        [CHECK],
    ),
    "closed at due": ([*SERVED, order(0, "placed"), order(10 * M, "closed")], 1, []),
    "closed 1 ms after due": (
        [*SERVED, order(0, "placed"), order(10 * M + 1, "closed")],
        1,
        [CHECK],
    ),
    "closed before it was placed": (
        [*SERVED, order(IDLE, "closed"), order(IDLE + 1, "placed")],
        1,
        [],
    ),
    "placed and closed in one ms: it opens a session all the same": (
        [*SERVED, order(IDLE + 1, "closed"), order(IDLE + 1, "placed")],
        2,
        [],
    ),
    "placed once": ([*SERVED, order(0, "placed"), order(9 * M, "placed")], 1, [CHECK]),
    "paid arms nothing": ([*SERVED, order(0, "paid")], 1, []),
    "it runs on after the session": ([*SERVED, order(0, "placed"), platform_closes(1)], 1, [CHECK]),
    "placed at exactly 2 h opens no session": (
        [*SERVED, order(IDLE, "placed")],
        1,
        [("order_check", IDLE + 10 * M)],
    ),
    "placed within 24 h of the end opens one": (
        [*SERVED, order(IDLE + DAY, "placed"), ask(2 * IDLE + DAY, BYE), say(2 * IDLE + DAY)],
        2,
        [("order_check", IDLE + DAY + 10 * M)],
    ),
    "placed later arms and opens nothing": ([*SERVED, order(IDLE + DAY + 1, "placed")], 1, []),
    "placed by one who never wrote": ([order(0, "placed")], 0, []),
    "24 h run from where a pending close took effect": (
        [ask(0), platform_closes(0), order(5 * M + DAY, "placed"), card(5 * M + DAY, "T1")],
        2,
        [REPLY],
    ),
    # refund
    "not resolved": ([refund(0)], 0, [REFUND]),
    "resolved at due": ([refund(0), resolve(30 * M)], 0, []),
    "resolved 1 ms after due": ([refund(0), resolve(30 * M + 1)], 0, [REFUND]),
    "resolved in the ms of the request": ([resolve(0), refund(0)], 0, []),
    "resolved before the request": ([resolve(0), refund(1)], 0, [("refund", 30 * M + 1)]),
    "asking a supervisor does not stop the clock": (
        [refund(0), act(M, "refund.escalated", agent="a")],
        0,
        [REFUND],
    ),
    "a supervisor takes it over": (
        [refund(0), act(30 * M, "refund.taken_over", supervisor="c"), refund(31 * M)],
        0,
        [],
    ),
    "other reasons have no deadline": ([refund(0, "other"), refund(1, "reorder")], 0, []),
    "a repeated request changes nothing": (
        [refund(0), refund(20 * M), refund(40 * M)],
        0,
        [REFUND],
    ),
    "asked again after it was resolved": (
        [refund(0), resolve(M), refund(2 * M), resolve(32 * M), refund(40 * M)],
        0,
        [("refund", 70 * M)],
    ),
    "another refund's act": ([refund(0), resolve(M, "r2")], 0, [REFUND]),
}


@pytest.mark.parametrize("name", CASES)
def test_case(name: str) -> None:
    lines, sessions, breaches = CASES[name]
    judgement = judge([*lines, end(7 * DAY)])
    found = [(b.rule, b.due_ms - START_MS) for b in judgement.breaches]
    assert (judgement.sessions, found) == (sessions, breaches)


def test_sealed_at_due_and_lateness() -> None:
    sealed_ms = START_MS + 7 * M
    breach = Breach("reply", "s", "b", START_MS + 5 * M)
    assert judge([ask(0), end(7 * M)]).breaches == [breach]
    assert judge([ask(0), end(7 * M - 1)]).breaches == []
    assert judge([ask(0)], end_ms=sealed_ms).breaches == [breach]
    assert judge([ask(0), ask(7 * M)]).breaches == [breach]
    polled = JudgePolicy(channels={"s": 10 * M})
    assert judge([ask(0)], polled, sealed_ms).breaches == []
    assert judge([ask(0)], polled, START_MS + 15 * M).breaches == [breach]


def test_what_a_breach_names() -> None:
    judgement = judge([*SERVED, order(0, "placed"), refund(0), end(DAY)])
    assert judgement.breaches == [
        Breach("order_check", "s", "b", START_MS + 10 * M, order="T1"),
        Breach("refund", "s", "b", START_MS + 30 * M, refund="r1"),
    ]


def test_policy() -> None:
    policy = JudgePolicy(reply_ms=M, farewells=("在吗",))
    assert judge([ask(0), say(M)], policy, START_MS + H).breaches == []
    late = judge([ask(0), say(M + 1)], policy, START_MS + H).breaches
    assert late == [Breach("reply", "s", "b", START_MS + M)]


def test_no_lines() -> None:
    assert judge([]).sessions == 0


def test_received_at_is_ignored() -> None:
    late = {**say(M), "received_at": format_ms(START_MS + DAY)}
    assert judge([ask(0, BYE), late, end(DAY)]).breaches == []


def test_an_echo_is_no_second_message() -> None:
    assert [b.rule for b in judge([ask(0), say(M, echo_of="x"), end(DAY)]).breaches] == ["reply"]


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.001Z", 1),
        ("1970-01-01T08:00:00.5+08:00", 500),
        ("1969-12-31T23:30:00.000-00:30", 0),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2026-11-21T08:00:00.123999z", 1795248000123),
        ("2024-02-29t23:59:60Z", 1709251200000),
    ],
)
def test_parse_ms(text: str, ms: int) -> None:
    assert parse_ms(text) == ms
    assert parse_ms(format_ms(ms)) == ms


@pytest.mark.parametrize("text", ["", "2026-11-21", "2026-11-21T08:00:00", "2026-11-21T08:00Z"])
def test_parse_ms_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="RFC 3339"):
        parse_ms(text)


@pytest.mark.parametrize(
    ("text", "farewell"),
    [
        *(("谢谢", True), ("谢谢!!~", True), ("O K", True), ("\uff2f\uff2b", True), ("👌好", True)),
        *(("谢谢了", False), ("好好", False), ("!", False), ("", False), ("ok1", False)),
    ],
)
def test_farewell(text: str, farewell: bool) -> None:
    assert is_farewell({"kind": "text", "text": text}, JudgePolicy().farewells) is farewell
    assert not is_farewell({"kind": "image", "text": text}, JudgePolicy().farewells)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        *(("T1", True), ("订单T1,", True), ("T12T1 T1", True), ("\uff11T1", True), ("T1_", True)),
        *(("T12", False), ("aT1", False), ("t1", False), ("T-1", False), ("", False)),
    ],
)
def test_number_standing_alone(text: str, shown: bool) -> None:
    assert shows_order({"kind": "product_card", "text": text}, "T1") is shown


def test_order_card() -> None:
    assert shows_order({"kind": "order_card", "order": "T1"}, "T1")
    assert not shows_order({"kind": "order_card", "order": "T12"}, "T1")
    assert not shows_order({"kind": "text", "order": "T1", "text": "亲"}, "T1")


# --- random timelines ------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_arrival_changes_no_verdict(data: st.DataObject) -> None:
    timeline = data.draw(timelines())
    arrived = data.draw(delayed(timeline, 2 * MINUTE))
    assert judge(arrived) == judge(timeline) == judge(data.draw(st.permutations(timeline)))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_form_of_timelines(data: st.DataObject) -> None:
    closes = data.draw(st.booleans())
    timeline = data.draw(timelines(agent_closes=closes))
    times = [parse_ms(entry["timestamp"]) for entry in timeline]
    assert times == sorted(times)
    assert timeline[-1]["type"] == "end"
    assert [entry["type"] for entry in timeline].count("end") == 1
    assert closes or all(entry["type"] != "session.close" for entry in timeline)
    assert json.loads(json.dumps(timeline)) == timeline
    assert times[-1] - max(times[:-1]) > 2 * HOUR
    messages = [
        (entry["shop"], entry["data"]["message"])
        for entry in timeline
        if entry["type"] in ("message.received", "message.sent")
    ]
    assert len(messages) == len(set(messages))

    arrived = data.draw(delayed(timeline, 30 * SECOND))
    received = [parse_ms(entry["received_at"]) for entry in arrived]
    assert received == sorted(received)
    assert arrived[-1]["type"] == "end"
    for entry, at in zip(arrived, received, strict=True):
        delay = at - parse_ms(entry["timestamp"])
        assert 0 <= delay <= (0 if is_act(entry) else 30 * SECOND)


@settings(max_examples=100, deadline=None)
@given(timelines())
def test_buyers_are_judged_apart(timeline: list[Line]) -> None:
    """The whole is the sum of its buyers; what names no buyer is told by its refund."""
    whole = judge(timeline)
    people = {(e["shop"], e["data"]["buyer"]) for e in timeline if e["data"].get("buyer")}
    parts = []
    for shop, buyer in people:
        own = [
            entry
            for entry in timeline
            if entry["type"] == "end"
            or (entry.get("shop") == shop and entry["data"].get("buyer") == buyer)
            or (entry.get("shop") == shop and entry["data"].get("refund", "").endswith(buyer))
        ]
        parts.append(judge(own))
    assert whole.sessions == sum(part.sessions for part in parts)
    assert len(whole.breaches) == sum(len(part.breaches) for part in parts)
    assert set(whole.breaches) == {breach for part in parts for breach in part.breaches}
