"""A second, plain judge of three kinds of work (RULES.md, section 9), and timelines for it.

Like `judge` it was written from the rule text, shares no code with the product, takes everything
to have arrived within the lateness and judges in order of `sent_at`. It looks up, for each order,
when it was first placed or paid, and whether what was asked for came by then.

DECISION: an order is reminded of, called about and checked once, from the first event on that asks
for it; an order closed before that asks for nothing, one paid before it for no reminder, nor one
that is to be paid on delivery. A note counts from the order's placing on.
"""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from .judge import MINUTE, SECOND, Breach, format_ms, parse_ms, shows_order

Line = dict[str, Any]

START_MS = parse_ms("2026-11-21T08:00:00.000Z")
RUN_OUT_MS = 60 * MINUTE
REMINDER_MS = 30 * MINUTE
CALL_MS = 10 * MINUTE
ADDRESS_MS = 10 * MINUTE

SHOP = "s1"
BUYERS = ("b1", "b2")
LIMITS = (10 * MINUTE, 30 * MINUTE)
STEPS = (
    *(0, 0, 0, 1, 30 * SECOND, MINUTE, 2 * MINUTE),
    *(limit + off for limit in LIMITS for off in (0, 0, -1, 1, -MINUTE)),
)
# What begins, of which of the buyer's orders, after how long something else comes, and what.
SCENES = (
    ("placed", (0, 1), 30 * MINUTE, ("show", "paid", "closed", "say")),
    ("placed", (2,), 10 * MINUTE, ("say", "note", "say", "note", "closed")),
    ("paid", (0, 1, 2), 10 * MINUTE, ("show", "closed")),
)
KINDS = ("placed", "placed", "paid", "shipped", "closed", "show", "show", "say", "note", "note")


def judge_work(events: list[Line]) -> list[Breach]:
    """All that was missed of `payment_reminder`, `cod_confirm` and `address_check`."""
    lines = sorted(events, key=lambda line: (parse_ms(line["timestamp"]), line["type"]))
    orders = {
        (line["data"]["buyer"], line["data"]["order"])
        for line in lines
        if line["type"].startswith("order.")
    }
    missed: list[Breach] = []
    for buyer, order in sorted(orders):
        missed += _Order(lines, buyer, order).missed()
    return sorted(missed, key=lambda b: (b.due_ms, b.rule, b.buyer, b.order or ""))


class _Order:
    """What happened to one order, and what was said to its buyer."""

    def __init__(self, lines: list[Line], buyer: str, order: str) -> None:
        self.lines = lines
        self.buyer = buyer
        self.order = order

    def times(self, event: str) -> list[int]:
        """When this happened to it."""
        return [
            parse_ms(line["timestamp"])
            for line in self.lines
            if line["type"] == event and self.is_mine(line["data"])
        ]

    def is_mine(self, data: Mapping[str, Any]) -> bool:
        return data.get("buyer") == self.buyer and data.get("order") == self.order

    def said(self, from_ms: int, to_ms: int) -> list[Mapping[str, Any]]:
        """The shop's messages to its buyer in this time, both ends included."""
        return [
            line["data"]
            for line in self.lines
            if line["type"] == "message.sent"
            and line["data"]["buyer"] == self.buyer
            and from_ms <= parse_ms(line["timestamp"]) <= to_ms
        ]

    def shown(self, from_ms: int, to_ms: int) -> bool:
        return any(shows_order(data, self.order) for data in self.said(from_ms, to_ms))

    def noted(self, from_ms: int, to_ms: int) -> bool:
        return any(
            line["type"] == "item.noted"
            and line["data"]["key"] == self.order
            and from_ms <= parse_ms(line["timestamp"]) <= to_ms
            for line in self.lines
        )

    def missed(self) -> list[Breach]:
        found: list[Breach] = []
        closed = self.times("order.closed")
        placed, paid = self.times("order.placed"), self.times("order.paid")
        if placed and not any(ms < placed[0] for ms in closed):
            begin = placed[0]
            if is_on_delivery(self.order):
                due = begin + CALL_MS
                told = any(data["by"] == "human" for data in self.said(begin, due))
                if not (told and self.noted(begin, due)) and not self.over(closed, due):
                    found.append(self.breach("cod_confirm", due))
            elif not any(ms < begin for ms in paid):
                due = begin + REMINDER_MS
                if not self.shown(begin, due) and not self.over(closed + paid, due):
                    found.append(self.breach("payment_reminder", due))
        if paid and not any(ms < paid[0] for ms in closed):
            due = paid[0] + ADDRESS_MS
            if not self.shown(paid[0], due) and not self.over(closed, due):
                found.append(self.breach("address_check", due))
        return found

    def over(self, times: list[int], due: int) -> bool:
        return any(ms <= due for ms in times)

    def breach(self, rule: str, due: int) -> Breach:
        return Breach(rule, SHOP, self.buyer, due, order=self.order)


def orders_of(buyer: str) -> tuple[str, ...]:
    """The last one is to be paid on delivery."""
    return f"T9{buyer}", f"T9{buyer}7", f"c9{buyer}"


def is_on_delivery(order: str) -> bool:
    return order.startswith("c9")


@st.composite
def work_timelines(draw: st.DrawFn) -> list[Line]:
    """The lines of a trace, sorted by timestamp, with an `end` long after the others."""
    builder = _Builder(draw)
    for _ in range(draw(st.integers(1, 8))):
        recent = draw(st.sampled_from([ms for ms, _ in builder.timed[-4:]][::-1]))
        ms = max(START_MS, recent + draw(st.sampled_from(STEPS)))
        buyer = draw(st.sampled_from(BUYERS))
        if draw(st.booleans()):
            builder.add(ms, buyer, draw(st.integers(0, 2)), draw(st.sampled_from(KINDS)))
            continue
        first, orders, limit_ms, then = draw(st.sampled_from(SCENES))
        number = draw(st.sampled_from(orders))
        builder.add(ms, buyer, number, first)
        for kind in draw(st.lists(st.sampled_from(then), min_size=1, max_size=3)):
            after_ms = draw(st.sampled_from((0, MINUTE, limit_ms - 1, limit_ms, limit_ms + 1)))
            builder.add(ms + after_ms, buyer, number, kind)
    timed = builder.timed
    timed.sort(key=lambda entry: (entry[0], _is_act(entry[1])))
    timed.append((max(ms for ms, _ in timed) + RUN_OUT_MS, _line("end")))
    return [{**line, "timestamp": format_ms(ms)} for ms, line in timed]


@st.composite
def arriving(draw: st.DrawFn, timeline: list[Line], max_delay_ms: int) -> list[Line]:
    """The same as it may have arrived. Acts, and the placing of the orders that notes are about,
    are not delayed: an act is judged by what was known when it was done."""
    noted = {line["data"]["key"] for line in timeline if line["type"] == "item.noted"}
    delays = st.sampled_from((0, 0, 1, max_delay_ms // 2, max_delay_ms))
    timed = []
    for line in timeline:
        placed = line["type"] == "order.placed" and line["data"]["order"] in noted
        delay = 0 if placed or _is_act(line) else draw(delays)
        received = parse_ms(line["timestamp"]) + delay
        timed.append((received, {**line, "received_at": format_ms(received)}))
    timed.sort(key=lambda entry: (entry[0], _is_act(entry[1])))
    return [line for _, line in timed]


class _Builder:
    """Draws lines."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.timed = [(START_MS - MINUTE, _line("presence.set", agent="a1", to="online"))]
        self.facts: set[tuple[str, str, int]] = set()

    def add(self, ms: int, buyer: str, number: int, kind: str) -> None:
        order = orders_of(buyer)[number]
        if kind == "note":
            data = {"shop": SHOP, "kind": "cod_confirm", "key": order, "agent": "a1", "text": "要"}
            self.timed.append((ms, _line("item.noted", **data)))
        elif kind in ("show", "say"):
            text = f"订单{order}请核对" if kind == "show" else "您好"
            by = self.draw(st.sampled_from(("human", "human", "bot", "auto")))
            message = f"{self.draw(st.sampled_from('mxz'))}{len(self.timed)}"
            self.timed.append((ms, _told(buyer, message, by, text)))
        elif (kind, order, ms) not in self.facts:
            self.facts.add((kind, order, ms))
            more = {"pay_on_delivery": True} if is_on_delivery(order) else {}
            self.timed.append((ms, _line(f"order.{kind}", buyer=buyer, order=order, **more)))


def _is_act(line: Line) -> bool:
    return not line["type"].startswith(("message.", "order."))


def _line(type_: str, **data: Any) -> Line:
    return {"type": type_, "shop": SHOP, "data": data}


def _told(buyer: str, message: str, by: str, text: str) -> Line:
    return _line(
        "message.sent",
        buyer=buyer,
        message=message,
        sub_account=f"{SHOP}:a1",
        kind="text",
        by=by,
        text=text,
    )
