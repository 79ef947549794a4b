"""Random timelines for property tests: short traces, dense in coincidences.

`timelines()` gives the lines of a trace (CONTRACT.md, section 3), `delayed(timeline, max)` the same
lines as they may have arrived. Every time is an earlier time of the same buyer plus a step out of
`STEPS`, so that a line often falls on, just before or just after a limit, or into the same
millisecond as another.
"""

from typing import Any

from hypothesis import strategies as st

from .judge import HOUR, MINUTE, SECOND, TIES, format_ms, parse_ms

Line = dict[str, Any]

START_MS = parse_ms("2026-11-21T08:00:00.000Z")
# From the last line to the `end` line: longer than any deadline, its lateness and a session's end.
RUN_OUT_MS = 3 * HOUR

SHORT_STEPS = (0, 0, 0, 1, 30 * SECOND, MINUTE, MINUTE, 90 * SECOND, 2 * MINUTE, 3 * MINUTE)
LIMITS = (5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE, 2 * HOUR)
# An order opens a session within 24 h after a session's end; 2 h of silence come before that.
LONG_LIMITS = (24 * HOUR, 26 * HOUR)
STEPS = (
    *SHORT_STEPS,
    *SHORT_STEPS,
    *(limit + off for limit in LIMITS for off in (0, 0, -1, 1, -30 * SECOND, MINUTE)),
    *(limit + off for limit in LONG_LIMITS for off in (0, -1, 1)),
)

SHOPS = ("s1", "s2")
BUYERS = ("b1", "b2", "b3")
AGENTS = ("a1", "a2")

QUESTIONS = ("在吗", "这个有货吗", "什么时候发货呀", "谢谢你了,还有货吗", "好的好的", "👌", "")
FAREWELLS = ("好的", "谢谢!", "\uff2f\uff2b", " OK~", "不 用 了", "嗯嗯", "拍下了。")
ANSWERS = ("您好,有货的", "亲,请问您还需要什么吗", "感谢您的光临,祝您生活愉快")
# What a message says of an order: four show its number standing alone, the others do not.
ORDER_TEXTS = (
    "{order}",
    "请核对订单{order}的信息",
    "x{order},{order}。",
    "订单号:{order},共2件",
    "订单{order}0",
    "no{order}",
    "请核对订单信息",
)
REASONS = ("mistaken_order", "reorder", "changed_mind", "other")
OUTCOMES = ("agreed", "refused", "withdrawn")

# What a step adds, the frequent ones several times.
KINDS = (
    *("question", "question", "question", "farewell", "picture", "burst", "answered"),
    *("answer", "answer", "answer", "robot", "recall", "recall", "platform_close"),
    *("order", "order_placed", "order_closed", "show_order", "refund", "refund_act"),
)
# What begins, after how long something else comes, and what that may be.
Scene = tuple[tuple[str, ...], tuple[int, ...], tuple[str, ...]]
SCENES: tuple[Scene, ...] = (
    (
        ("question", "farewell", "burst"),
        (5 * MINUTE,),
        ("answer", "robot", "question", "recall", "platform_close"),
    ),
    (
        ("answered",),
        (10 * MINUTE, 20 * MINUTE),
        ("answer", "robot", "question", "order", "order_closed", "platform_close"),
    ),
    (("order_placed",), (0, 10 * MINUTE), ("show_order", "show_order", "order_closed")),
    (("refund",), (0, 30 * MINUTE), ("refund_act",)),
    (
        ("answered", "farewell", "robot", "order_placed"),
        (2 * HOUR,),
        ("question", "answer", "order_placed", "platform_close"),
    ),
    (("recalled",), (0, MINUTE, 5 * MINUTE), ("question", "answer", "platform_close")),
    (("closing",), (0, MINUTE, 5 * MINUTE), ("question", "answer", "recall", "order_placed")),
    (KINDS, (0,), KINDS),
)
DAY_SCENES: tuple[Scene, ...] = ((("answered", "platform_close"), LONG_LIMITS, ("order_placed",)),)


def buyers_orders(buyer: str) -> tuple[str, ...]:
    """Three order numbers; the first is a part of the second and, but for its case, the third."""
    return f"T9{buyer}", f"T9{buyer}7", f"t9{buyer}"


def buyers_refunds(buyer: str) -> tuple[str, str]:
    return f"r1-{buyer}", f"r2-{buyer}"


def is_act(line: Line) -> bool:
    """People's acts, and the end: they arrive when they are done."""
    return not line["type"].startswith(("message.", "order.")) and line["type"] not in (
        "refund.requested",
        "refund.resolved",
        "session.closed",
    )


@st.composite
def timelines(
    draw: st.DrawFn,
    *,
    max_steps: int = 25,
    presence: bool = True,
    agent_closes: bool = False,
    days: bool = True,
) -> list[Line]:
    """The lines of a trace, sorted by timestamp, with an `end` line well after the others.

    `presence`: the agents come online a minute before the start.
    `agent_closes`: agents try `session.close` too, and there is one agent only, who therefore holds
    every session. These acts are judged by what was known then, so don't delay such a timeline.
    `days`: with steps of 24 h.
    """
    steps = STEPS if days else [step for step in STEPS if step < 24 * HOUR - 1]
    scenes = (*SCENES, *DAY_SCENES) if days else SCENES
    kinds = (*KINDS, "agent_close", "agent_close") if agent_closes else KINDS
    agents = AGENTS[:1] if agent_closes else AGENTS
    places = draw(
        st.lists(
            st.tuples(st.sampled_from(SHOPS), st.sampled_from(BUYERS)),
            min_size=1,
            max_size=3,
            unique=True,
        )
    )
    builders = [_Builder(draw, shop, buyer, agents) for shop, buyer in places]
    for _ in range(draw(st.integers(1, max_steps))):
        builder = draw(st.sampled_from(builders))
        ms = builder.recent_ms() + draw(st.sampled_from(steps))
        if draw(st.booleans()):
            builder.add(ms, draw(st.sampled_from(kinds)))
            continue
        first, limits, then = draw(st.sampled_from(scenes))
        ms = builder.add(ms, draw(st.sampled_from(first)))
        ms += draw(st.sampled_from(limits))
        for kind in draw(st.lists(st.sampled_from(then), min_size=1, max_size=2)):
            builder.add(ms + draw(st.sampled_from((0, 0, 0, -1, 1))), kind)

    timed = [entry for builder in builders for entry in builder.timed]
    if presence:
        timed += [
            (START_MS - MINUTE, {"type": "presence.set", "data": {"agent": agent, "to": "online"}})
            for agent in agents
        ]
    # In one millisecond the lines stay in the order they were drawn in, which is any, except that
    # people act on what has arrived.
    timed.sort(key=lambda entry: (entry[0], is_act(entry[1])))
    end = max((ms for ms, _ in timed), default=START_MS) + RUN_OUT_MS
    timed.append((end, {"type": "end", "data": {}}))
    return [_with_time(line, ms) for ms, line in timed]


@st.composite
def delayed(draw: st.DrawFn, timeline: list[Line], max_delay_ms: int) -> list[Line]:
    """The same lines, each with a `received_at` 0 to `max_delay_ms` later, sorted by it.

    People's acts, and the requests and results of refunds that people act on, are not delayed: an
    act is judged by what was known when it was done. The `end` isn't either.
    """
    if not 0 <= max_delay_ms < RUN_OUT_MS:
        raise ValueError(f"a delay of 0 to {RUN_OUT_MS - 1} ms, not {max_delay_ms}")
    acted_on = {_refund_key(line) for line in timeline if is_act(line)} - {None}
    some = sorted({0, min(1, max_delay_ms), max_delay_ms // 2, max_delay_ms})
    delays = st.one_of(st.sampled_from(some), st.integers(0, max_delay_ms))
    timed = []
    for line in timeline:
        prompt = is_act(line) or _refund_key(line) in acted_on
        received = parse_ms(line["timestamp"]) + (0 if prompt else draw(delays))
        timed.append((received, {**line, "received_at": format_ms(received)}))
    timed.sort(key=lambda entry: (entry[0], is_act(entry[1])))
    return [line for _, line in timed]


def _refund_key(line: Line) -> tuple[str, str] | None:
    if not line["type"].startswith("refund."):
        return None
    return line["shop"], line["data"]["refund"]


def _with_time(line: Line, ms: int) -> Line:
    return {"type": line["type"], "timestamp": format_ms(ms), **line}


class _Builder:
    """Draws the lines of one buyer at one shop."""

    def __init__(self, draw: st.DrawFn, shop: str, buyer: str, agents: tuple[str, ...]) -> None:
        self.draw = draw
        self.shop = shop
        self.buyer = buyer
        self.agents = agents
        self.timed: list[tuple[int, Line]] = []
        self.messages: list[tuple[str, int]] = []
        self.facts: set[tuple[str, str, int]] = set()
        self.last_order: str | None = None
        self.last_refund: str | None = None

    def recent_ms(self) -> int:
        return self.draw(st.sampled_from([ms for ms, _ in self.timed[-6:]][::-1] or [START_MS]))

    def add(self, ms: int, kind: str) -> int:
        """Adds the line or lines of one kind; the time of the last."""
        draw = self.draw
        if kind in ("question", "farewell"):
            texts = QUESTIONS if kind == "question" else FAREWELLS
            self.buyer_message(ms, "text", draw(st.sampled_from(texts)))
        elif kind == "picture":
            self.buyer_message(ms, draw(st.sampled_from(("image", "order_card"))), None)
        elif kind == "burst":
            self.buyer_message(ms, "text", QUESTIONS[0])
            for text in draw(st.lists(st.sampled_from((*QUESTIONS, *FAREWELLS)), max_size=3)):
                ms += draw(st.sampled_from((0, 0, 1, SECOND, 30 * SECOND)))
                self.buyer_message(ms, "text", text)
        elif kind == "answered":
            ms += draw(st.sampled_from((0, 1, MINUTE)))
            self.buyer_message(ms, "text", QUESTIONS[0])
            ms += draw(st.sampled_from((0, 1, MINUTE)))
            self.shop_message(ms, "human", "text", ANSWERS[0])
        elif kind == "recalled":
            self.buyer_message(ms, "text", QUESTIONS[0])
            ms += draw(st.sampled_from((0, MINUTE, 5 * MINUTE, 6 * MINUTE)))
            self.line(ms, "message.recalled", message=self.messages[-1][0])
        elif kind == "closing":
            self.buyer_message(ms, "text", QUESTIONS[0])
            ms += draw(st.sampled_from((0, MINUTE, 5 * MINUTE)))
            self.line(ms, "session.closed")
        elif kind == "answer":
            self.shop_message(ms, "human", "text", draw(st.sampled_from(ANSWERS)))
        elif kind == "robot":
            by = draw(st.sampled_from(("bot", "auto")))
            self.shop_message(ms, by, "text", draw(st.sampled_from(ANSWERS)))
        elif kind == "recall":
            # Nothing is recalled before it was sent. An agent's own message changes no verdict.
            unknown = (f"unknown-{len(self.timed)}", ms)
            message, sent_ms = draw(st.sampled_from([*self.messages[-6:][::-1], unknown]))
            ms = max(ms, sent_ms)
            self.line(ms, "message.recalled", message=message)
        elif kind.startswith("order"):
            some = ("placed", "placed", "paid", "shipped", "closed")
            event = kind.removeprefix("order").removeprefix("_") or draw(st.sampled_from(some))
            order = self.some_order()
            self.fact(ms, f"order.{event}", order, order=order)
        elif kind == "show_order":
            order = self.some_order()
            by = draw(st.sampled_from(("human", "bot", "auto")))
            if draw(st.booleans()):
                self.shop_message(ms, by, "order_card", None, order=order)
            else:
                text = draw(st.sampled_from(ORDER_TEXTS)).format(order=order)
                self.shop_message(ms, by, "text", text)
        elif kind == "refund":
            refund = self.some_refund()
            reason = draw(st.sampled_from(REASONS))
            order = buyers_orders(self.buyer)[0]
            self.fact(ms, "refund.requested", refund, refund=refund, order=order, reason=reason)
        elif kind == "refund_act":
            self.refund_act(ms)
        elif kind == "platform_close":
            self.line(ms, "session.closed")
        elif kind == "agent_close":
            self.line(ms, "session.close", shop=self.shop, agent=self.agents[0])
        else:
            raise AssertionError(kind)
        return ms

    def some_order(self) -> str:
        """Most often the one that was spoken of last."""
        again = [self.last_order] * 3 if self.last_order else []
        self.last_order = self.draw(st.sampled_from([*again, *buyers_orders(self.buyer)]))
        return self.last_order

    def some_refund(self) -> str:
        again = [self.last_refund] * 3 if self.last_refund else []
        self.last_refund = self.draw(st.sampled_from([*again, *buyers_refunds(self.buyer)]))
        return self.last_refund

    def refund_act(self, ms: int) -> None:
        refund = self.some_refund()
        act = self.draw(st.sampled_from(("resolved", "resolved", "taken_over", "escalated")))
        if act == "resolved":
            outcome = self.draw(st.sampled_from(OUTCOMES))
            self.fact(ms, "refund.resolved", refund, refund=refund, outcome=outcome)
            return
        who = {"supervisor": "boss"} if act == "taken_over" else {"agent": self.agents[0]}
        data = {"shop": self.shop, "refund": refund, **who}
        self.timed.append((ms, {"type": f"refund.{act}", "shop": self.shop, "data": data}))

    def line(self, ms: int, type_: str, **data: Any) -> None:
        assert type_ in TIES
        data = {"buyer": self.buyer, **data}
        self.timed.append((ms, {"type": type_, "shop": self.shop, "data": data}))

    def fact(self, ms: int, type_: str, id_: str, **data: Any) -> None:
        """The same type, id and timestamp are the same fact, said once."""
        if (type_, id_, ms) not in self.facts:
            self.facts.add((type_, id_, ms))
            self.line(ms, type_, **data)

    def message_id(self, ms: int) -> str:
        """Unique, and in no relation to the order in which the messages were drawn."""
        first = self.draw(st.sampled_from("mabxyz"))
        message = f"{first}{len(self.messages)}-{self.buyer}"
        self.messages.append((message, ms))
        return message

    def buyer_message(self, ms: int, kind: str, text: str | None) -> None:
        data: dict[str, Any] = {"message": self.message_id(ms), "kind": kind}
        if kind == "order_card":
            data["order"] = buyers_orders(self.buyer)[0]
        if text is not None:
            data["text"] = text
        self.line(ms, "message.received", **data)

    def shop_message(self, ms: int, by: str, kind: str, text: str | None, **more: Any) -> None:
        agent = self.draw(st.sampled_from(self.agents))
        data = {
            "message": self.message_id(ms),
            "sub_account": f"{self.shop}:{agent}",
            "kind": kind,
            "by": by,
            **more,
        }
        if text is not None:
            data["text"] = text
        self.line(ms, "message.sent", **data)
