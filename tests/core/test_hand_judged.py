"""Two traces judged by hand: what each line of them does is said beside it (RULES §2).

The first is a morning of orders, refunds and limits, each side of every limit; the second has
closes, ties, recalls, late proof and an outage. Both also arrive shifted by up to 115 s, people's
acts apart: the breaches stay the same.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from router.clocktime import format_ms, parse_ms
from router.simulate import simulate

Json = dict[str, Any]
Breach = tuple[str, str, str]

DAY = "2026-11-21T"


def at(time: str, event: str, buyer: str, received: str = "", **data: Any) -> Json:
    """A line; the message's id is made of time and buyer where none is given."""
    if event.startswith("message"):
        data.setdefault("message", f"{buyer}-{time}")
        if event != "message.recalled":
            data.setdefault("kind", "text")
    if event == "message.sent":
        data = {"sub_account": "shop:mei", "by": "human", **data}
    line: Json = {"type": event, "timestamp": f"{DAY}{time}Z", "shop": "shop"}
    line["data"] = {"buyer": buyer, **data}
    if received:
        line["received_at"] = f"{DAY}{received}Z"
    return line


def act(time: str, kind: str, **data: Any) -> Json:
    return {"type": kind, "timestamp": f"{DAY}{time}Z", "data": data}


def asks(time: str, buyer: str, text: str = "在吗", **more: Any) -> Json:
    return at(time, "message.received", buyer, text=text, **more)


def answers(time: str, buyer: str, text: str = "您好", **more: Any) -> Json:
    return at(time, "message.sent", buyer, text=text, **more)


ONLINE = act("07:00:00.000", "presence.set", agent="mei", to="online")

MORNING: list[Json] = [
    ONLINE,
    # reply, both sides of 5:00.000
    asks("08:00:00.000", "b1"),
    answers("08:04:59.999", "b1"),  # met with 1 ms left
    asks("08:10:00.000", "b1", "谢谢"),  # a farewell wants an answer too
    answers("08:15:00.000", "b1"),  # exactly at due: met; after a farewell no follow-up
    asks("08:20:00.000", "b2"),
    answers("08:25:00.001", "b2"),  # 1 ms late: BREACH reply b2 08:25:00.000
    # follow-up of b2: [08:35:00.001, 08:45:00.001], both ends included
    answers("08:35:00.000", "b2"),  # 1 ms early: neither meets nor moves
    answers("08:45:00.001", "b2"),  # the last ms of the window: met
    asks("08:50:00.000", "b3"),
    answers("08:51:00.000", "b3"),
    answers("09:11:00.001", "b3"),  # 1 ms behind the window: BREACH follow_up b3 09:11:00.000
    asks("08:52:00.000", "b4"),
    answers("08:53:00.000", "b4"),
    asks("09:13:00.000", "b4"),  # at the very end of the window: cancels it
    answers("09:13:30.000", "b4"),
    at("09:20:00.000", "order.placed", "b4", order="A1"),  # an order cancels the next follow-up
    # order_check of A1, due 09:30:00.000
    answers("09:29:00.000", "b4", "您的订单A12,请核对"),  # a longer run of letters: not A1
    answers("09:30:00.000", "b4", "订单A1,请核对"),  # at due, standing alone: met
    at("09:30:10.000", "order.placed", "b4", order="A2"),
    answers("09:41:00.000", "b4", kind="order_card", order="A2"),  # BREACH order_check A2
    at("09:31:00.000", "order.placed", "b4", order="A3"),
    at("09:41:00.000", "order.closed", "b4", order="A3"),  # closed at due: cancelled
    at("09:32:00.000", "order.closed", "b4", order="A4"),
    at("09:33:00.000", "order.placed", "b4", order="A4"),  # closed already: arms nothing
    # refunds: 30 min for the shop's own three reasons
    at("09:00:00.000", "refund.requested", "b3", order="Z", refund="R1", reason="reorder"),
    at("09:30:00.000", "refund.resolved", "b3", refund="R1", outcome="refused"),  # at due: met
    at(
        "09:31:00.000", "refund.requested", "b3", order="Z", refund="R1", reason="reorder"
    ),  # asked again after it was resolved: a new deadline
    at(
        "09:40:00.000", "refund.requested", "b3", order="Z", refund="R1", reason="changed_mind"
    ),  # while it is pending a repeat changes nothing
    at("10:01:00.001", "refund.resolved", "b3", refund="R1", outcome="agreed"),
    # BREACH refund R1 10:01:00.000
    at("09:31:00.000", "refund.requested", "b3", order="Z", refund="R2", reason="other"),
    # every other reason carries no fine
    at("09:32:00.000", "refund.requested", "b3", order="Z", refund="R3", reason="mistaken_order"),
    act("09:50:00.000", "refund.escalated", shop="shop", refund="R3", agent="mei"),
    act("10:02:00.000", "refund.taken_over", shop="shop", refund="R3", supervisor="boss"),
    # taken over at due: met (asking alone would not have been)
    asks("11:00:00.000", "b5"),  # BREACH reply b5 11:05:00.000
    asks("13:00:00.000", "b5"),  # exactly 2 h later: the same session, the same wait
    asks("15:00:00.001", "b5"),  # 1 ms more than 2 h: a new session; BREACH b5 15:05:00.001
    act("16:00:00.000", "end"),
]
MORNING_BREACHES: list[Breach] = [
    ("08:25:00.000", "reply", "b2"),
    ("09:11:00.000", "follow_up", "b3"),
    ("09:40:10.000", "order_check", "b4"),
    ("10:01:00.000", "refund", "b3"),
    ("11:05:00.000", "reply", "b5"),
    ("15:05:00.001", "reply", "b5"),
]
MORNING_SESSIONS = 6  # b1, b2, b3, b4, and two of b5

AFTERNOON: list[Json] = [
    ONLINE,
    # ties at one millisecond: buyer, order, agent, order's close, refund, act, close
    asks("13:00:00.000", "c1"),
    answers("13:00:00.000", "c1"),  # after the buyer's: answered at once
    at("13:00:00.000", "order.placed", "c1", order="T1"),  # before the agent's: no follow-up
    at("13:00:00.000", "order.closed", "c1", order="T1"),  # and no order check
    asks("13:01:00.000", "c2"),
    at("13:06:00.000", "session.closed", "c2"),  # at due, still pending: stays open, then missed
    # BREACH reply c2 13:06:00.000, with which it closes
    asks("13:06:00.001", "c2"),  # so this opens another session
    answers("13:06:30.000", "c2"),
    act("13:07:00.000", "session.close", shop="shop", buyer="c2", agent="mei"),
    # refused: follow_up_owed; window [13:16:30, 13:26:30]
    answers("13:16:30.000", "c2"),  # its first ms: met
    act("13:17:00.000", "session.close", shop="shop", buyer="c2", agent="mei"),  # accepted
    asks("13:18:00.000", "c3"),
    act("13:18:30.000", "session.close", shop="shop", buyer="c3", agent="mei"),  # buyer_waiting
    at("13:19:00.000", "message.recalled", "c3", message="c3-13:18:00.000"),
    # all unanswered ones recalled: cancelled
    asks("13:20:00.000", "c4"),
    asks("13:22:00.000", "c4"),
    at("13:23:00.000", "message.recalled", "c4", message="c4-13:20:00.000"),
    # some recalled: the deadline is that of the earliest left, 13:27:00
    answers("13:27:00.000", "c4"),
    at("13:28:00.000", "order.placed", "c4", order="U1"),  # BREACH order_check c4 13:38:00.000
    # platform close while a reply is pending, and the buyer writes before it is met: forgotten
    asks("13:30:00.000", "c5"),
    at("13:31:00.000", "session.closed", "c5"),
    asks("13:32:00.000", "c5"),
    answers("13:33:00.000", "c5"),  # starts a follow-up: BREACH follow_up c5 13:53:00.000
    # late proof: the answer was sent in time and comes 20 minutes later
    asks("14:00:00.000", "c6"),
    answers("14:03:00.000", "c6", received="14:23:00.000"),  # reverses reply c6 14:05:00.000
    # a late buyer's message is judged as sent when received ...
    asks("14:30:00.000", "c7", received="14:40:00.000"),
    answers("14:44:59.000", "c7"),  # ... so this is in time; BREACH follow_up c7 15:04:59.000
    # ... unless an agent's message sent after it is known
    asks("15:10:00.000", "c8"),
    answers("15:11:00.000", "c8", "您好 请问"),
    asks("15:10:30.000", "c8", "好的", received="15:20:00.000"),
    answers("15:21:00.000", "c8"),  # in the window of 15:11: met
    # an outage: what falls due in it is judged by what is known 10 minutes after its end
    asks("16:00:00.000", "c9"),
    act("16:20:00.000", "outage", **{"from": f"{DAY}16:02:00.000Z", "to": f"{DAY}16:20:00.000Z"}),
    answers("16:04:00.000", "c9", received="16:21:00.000"),  # retried after the outage: in time
    at("16:10:00.000", "order.placed", "c9", received="16:21:00.000", order="V1"),
    # placed in it: cancels the follow-up; BREACH order_check c9 16:20:00.000, nobody escapes
    act("18:00:00.000", "end"),
]
AFTERNOON_BREACHES: list[Breach] = [
    ("13:06:00.000", "reply", "c2"),
    ("13:38:00.000", "order_check", "c4"),
    ("13:53:00.000", "follow_up", "c5"),
    ("15:04:59.000", "follow_up", "c7"),
    ("16:20:00.000", "order_check", "c9"),
]
AFTERNOON_REFUSED = [("session.close", "follow_up_owed"), ("session.close", "buyer_waiting")]


def received(line: Json) -> int:
    return parse_ms(line.get("received_at") or line["timestamp"])


def run(lines: list[Json]) -> Json:
    return simulate(sorted(lines, key=received)).report()


def standing(report: Json) -> list[Breach]:
    rows = [row for row in report["breaches"] if not row["reversed"]]
    return [(row["due"][11:23], row["rule"], row["buyer"]) for row in rows]


def test_a_morning_of_limits() -> None:
    report = run(MORNING)
    assert standing(report) == MORNING_BREACHES
    assert report["sessions"] == MORNING_SESSIONS
    assert [row["reversed"] for row in report["breaches"]] == [False] * len(MORNING_BREACHES)
    fines = {"reply": 2000, "follow_up": 2000, "order_check": 1000, "refund": 3000}
    assert all(
        row["fine_fen"] == fines[row["rule"]] and row["agent"] == "mei"
        for row in report["breaches"]
    )


def test_an_afternoon_of_closes_recalls_and_lateness() -> None:
    report = run(AFTERNOON)
    assert standing(report) == AFTERNOON_BREACHES
    reversed_rows = [row for row in report["breaches"] if row["reversed"]]
    assert [(row["buyer"], row["due"][11:23]) for row in reversed_rows] == [("c6", "14:05:00.000")]
    assert [(r["type"], r["reason"]) for r in report["rejected"]] == AFTERNOON_REFUSED
    charges = [entry["fine_fen"] for entry in report["ledger"] if entry["session"]]
    assert sum(charges) == sum(row["fine_fen"] for row in report["breaches"] if not row["reversed"])


@pytest.mark.parametrize("seed", range(25))
def test_arriving_up_to_115_seconds_later_changes_no_breach(seed: int) -> None:
    chance = random.Random(seed)
    for lines, breaches in ((MORNING, MORNING_BREACHES), (AFTERNOON, AFTERNOON_BREACHES)):
        shifted = []
        for line in lines:
            late = "shop" in line and "received_at" not in line
            delay_ms = chance.randrange(115_001) if late else 0
            shifted.append({**line, "received_at": format_ms(received(line) + delay_ms)})
        assert standing(run(shifted)) == breaches
