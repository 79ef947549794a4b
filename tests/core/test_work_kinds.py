"""The kinds of work of RULES §9: each on both sides of its limits, and however it arrives."""

from __future__ import annotations

from itertools import permutations

import msgspec
import pytest

from router import trace
from router.core import commands as c
from router.core.facts import (
    DeliveryRequested,
    ItemNoted,
    ItemOpened,
    ItemSettled,
    OrderRemarked,
)
from router.core.kinds import (
    ADDRESS_CHECK,
    CALL_BACK,
    COD_CONFIRM,
    KNOWN_KINDS,
    ORDER_CHECK,
    PAYMENT_REMINDER,
    REVIEW_CASE,
    SHIPPING_NOTICE,
    ItemKind,
    Meets,
    Opens,
)
from router.core.outcome import Outcome
from router.core.policy import Policy, Shop
from router.core.state import State
from router.core.work_items import may_open_call_back, open_call_back
from router.simulate import state_hash
from tests.core.scene import Scene, desk_of, hash_without_clock, ms

LIMIT = [("59.999", False), ("00.000", False), ("00.001", True)]
"""The last moment before a limit, the limit itself, the first behind it; whether that is late."""


def at_limit(minute: str, tail: str) -> str:
    """ "9:29" and "59.999" → 9:29:59.999; the others are of the minute after it."""
    if tail == "59.999":
        return f"{minute}:{tail}"
    hours, minutes = minute.split(":")
    return f"{int(hours)}:{int(minutes) + 1:02}:{tail}"


def desk(*kinds: ItemKind, agents: tuple[str, ...] = ("amy",), shops: int = 1) -> Scene:
    names = [Shop(id="shop"), Shop(id="other")][:shops]
    return Scene(desk_of(*agents, shops=names, policy=Policy(items=kinds)))


def order(
    scene: Scene,
    time: str,
    name: str,
    event: str = "placed",
    *,
    sent: str = "",
    buyer: str = "x",
    cod: bool = False,
) -> Outcome:
    return scene.do(
        time,
        c.OrderChanged(
            event=event,  # type: ignore[arg-type]
            shop="shop",
            buyer=buyer,
            order=name,
            sent_ms=ms(sent or time),
            pay_on_delivery=cod,
        ),
    )


def note(
    kind: str, key: str, agent: str = "amy", text: str = "说好了", *, supervisor: bool = False
) -> c.NoteItem:
    return c.NoteItem(
        shop="shop", kind=kind, key=key, agent=agent, text=text, supervisor=supervisor
    )


def promise(
    due: str, *, agent: str = "amy", key: str = "", buyer: str = "x", supervisor: bool = False
) -> c.PromiseCallBack:
    return c.PromiseCallBack(
        shop="shop",
        buyer=buyer,
        agent=agent,
        due_ms=ms(due),
        text="问到尺码告诉您",
        call_back=key,
        supervisor=supervisor,
    )


def writes(scene: Scene, time: str, agent: str = "amy", **more: object) -> Outcome:
    """An agent writes here."""
    command = c.WriteMessage(shop="shop", buyer="x", agent=agent, message=f"m-{time}", **more)  # type: ignore[arg-type]
    return scene.do(time, command)


def review(scene: Scene, time: str, rating: str, key: str = "V1", *, sent: str = "") -> Outcome:
    return scene.do(
        time,
        c.ReviewPosted(
            shop="shop",
            buyer="x",
            order="A1",
            review=key,
            rating=rating,  # type: ignore[arg-type]
            sent_ms=ms(sent or time),
        ),
    )


def chats(scene: Scene, time: str = "9:00", agent: str = "amy") -> None:
    scene.asks(time, "x", farewell=True)
    scene.answers(time, agent, "x")


def pending(scene: Scene) -> list[str]:
    return sorted(f"{kind}/{key}" for _, kind, key in scene.state.items)


def missed(scene: Scene) -> list[str]:
    return [b.rule for b in scene.state.breaches.values() if not b.reversed]


def same_after_recovery(scene: Scene) -> None:
    assert state_hash(scene.restored()) == state_hash(scene.state)


# payment_reminder


@pytest.mark.parametrize(("tail", "late"), LIMIT)
@pytest.mark.parametrize("by", ["human", "bot", "auto"])
def test_a_reminder_shows_the_order_within_thirty_minutes(tail: str, late: bool, by: c.By) -> None:
    scene = desk(PAYMENT_REMINDER)
    order(scene, "9:00", "A1")
    assert scene.item_holder("payment_reminder", "A1") == "amy"
    scene.answers(at_limit("9:29", tail), "amy", "x", by=by, shows=("A1",))
    scene.until("9:40")
    assert missed(scene) == (["payment_reminder"] if late else [])
    assert scene.owes("amy") == 0
    assert pending(scene) == []
    same_after_recovery(scene)


@pytest.mark.parametrize("event", ["paid", "closed"])
@pytest.mark.parametrize(("tail", "late"), LIMIT)
def test_payment_or_the_orders_close_cancels_it(event: str, tail: str, late: bool) -> None:
    scene = desk(PAYMENT_REMINDER)
    order(scene, "9:00", "A1")
    order(scene, at_limit("9:29", tail), "A1", event)
    scene.until("9:40")
    assert missed(scene) == (["payment_reminder"] if late else [])
    assert pending(scene) == []


def test_shipping_alone_does_not() -> None:
    scene = desk(PAYMENT_REMINDER)
    order(scene, "9:00", "A1")
    order(scene, "9:10", "A1", "shipped")
    scene.until("9:40")
    assert missed(scene) == ["payment_reminder"]


@pytest.mark.parametrize("arrivals", list(permutations(range(3))))
def test_by_the_order_of_sending_it_was_placed_and_paid(arrivals: tuple[int, ...]) -> None:
    """Placed, paid and asked about 30 s apart: however they arrive, nothing is owed."""
    scene = desk(PAYMENT_REMINDER, ORDER_CHECK)
    chats(scene, "8:59")
    for place, index in enumerate(arrivals):
        time = f"9:01:0{place}"
        if index == 0:
            order(scene, time, "A1", sent="9:00:00")
        elif index == 1:
            order(scene, time, "A1", "paid", sent="9:00:30")
        else:
            scene.answers(time, "amy", "x", sent="9:00:45", shows=("A1",))
    assert pending(scene) == []
    scene.until("10:00")
    assert missed(scene) == []


def test_an_order_known_to_be_paid_needs_none() -> None:
    scene = desk(PAYMENT_REMINDER)
    order(scene, "9:00", "A1", "paid")
    order(scene, "9:01", "A1")
    assert pending(scene) == []


def test_an_order_to_be_paid_on_delivery_needs_none() -> None:
    scene = desk(PAYMENT_REMINDER)
    order(scene, "9:00", "A1", cod=True)
    assert pending(scene) == []


def test_it_opens_once_for_an_order() -> None:
    scene = desk(PAYMENT_REMINDER)
    order(scene, "9:00", "A1")
    scene.answers("9:05", "amy", "x", shows=("A1",))
    order(scene, "9:10", "A1")
    assert pending(scene) == []
    assert len(scene.said(ItemOpened)) == 1


def test_a_quick_reply_of_its_category_meets_it_and_no_other() -> None:
    scene = desk(PAYMENT_REMINDER, ORDER_CHECK)
    chats(scene, "8:59")
    order(scene, "9:00", "A1")
    writes(scene, "9:01", category="greeting")
    assert pending(scene) == ["order_check/A1", "payment_reminder/A1"]
    writes(scene, "9:02", category="payment_reminder", by="auto")
    assert pending(scene) == ["order_check/A1"]
    writes(scene, "9:03", category="order_check")
    assert pending(scene) == ["order_check/A1"], "its kind is not met by a quick reply"


def test_showing_another_order_does_not() -> None:
    scene = desk(PAYMENT_REMINDER)
    order(scene, "9:00", "A1")
    order(scene, "9:00", "A2")
    scene.answers("9:05", "amy", "x", shows=("A2", "a1"))
    assert pending(scene) == ["payment_reminder/A1"]


@pytest.mark.parametrize(
    ("placed", "due"),
    [
        ("17:00:00.000", "17:30:00.000"),
        ("17:00:00.001", "17:30:00.000"),
        ("17:29:59.999", "17:30:00.000"),
        ("17:30:00.000", "18:00:00.000"),  # the time to remind has passed: tomorrow's cut-off
        ("18:00:00.000", "18:30:00.000"),
        ("16:59:59.999", "17:29:59.999"),
        ("41:10:00.000", "41:30:00.000"),  # the next day
    ],
)
def test_or_before_the_next_cut_off(placed: str, due: str) -> None:
    kind = msgspec.structs.replace(
        PAYMENT_REMINDER, cut_off_minute=18 * 60, cut_off_before_ms=30 * 60_000
    )
    scene = desk(kind)
    order(scene, placed, "A1")
    (item,) = scene.thread("x").live.pending
    assert item.due_ms == ms(due)


def test_at_a_cut_off_just_ahead_nobody_is_charged() -> None:
    """Who gets it less than grace before its due cannot help it."""
    kind = msgspec.structs.replace(
        PAYMENT_REMINDER, fine_fen=500, cut_off_minute=18 * 60, cut_off_before_ms=30 * 60_000
    )
    scene = desk(kind)
    order(scene, "17:29", "A1")
    scene.until("17:40")
    assert scene.breaches() == [("payment_reminder", "came_too_late_to_the_holder", "x")]


@pytest.mark.parametrize(("sent", "reversed_"), [("9:30", True), ("9:30:00.001", False)])
def test_a_late_payment_takes_the_breach_back_if_it_was_in_time(sent: str, reversed_: bool) -> None:
    kind = msgspec.structs.replace(PAYMENT_REMINDER, fine_fen=500)
    scene = desk(kind)
    order(scene, "9:00", "A1")
    scene.until("9:40")
    assert scene.owes("amy") == 500
    order(scene, "10:00", "A1", "paid", sent=sent)
    assert scene.breach().reversed is reversed_
    assert scene.owes("amy") == (0 if reversed_ else 500)
    assert pending(scene) == []


def test_a_late_payment_from_before_the_order_does_so_too() -> None:
    scene = desk(PAYMENT_REMINDER)
    order(scene, "9:00", "A1")
    scene.until("9:40")
    order(scene, "10:00", "A1", "paid", sent="8:59")
    assert scene.breach().reversed


def test_a_payment_that_comes_late_but_before_the_verdict_is_in_time() -> None:
    """Sent before due, it arrives when the lateness is over, the verdict not yet."""
    scene = desk(PAYMENT_REMINDER)
    order(scene, "9:00", "A1")
    order(scene, "9:31:59", "A1", "paid", sent="9:29:00")
    scene.until("9:40")
    assert missed(scene) == []


def test_a_late_message_that_shows_it_takes_the_breach_back() -> None:
    kind = msgspec.structs.replace(PAYMENT_REMINDER, fine_fen=500)
    scene = desk(kind)
    order(scene, "9:00", "A1")
    scene.until("9:40")
    scene.answers("10:00", "amy", "x", sent="9:30", shows=("A1",), by="auto")
    assert (scene.breach().reversed, scene.owes("amy")) == (True, 0)


# cod_confirm


@pytest.mark.parametrize(
    ("told", "noted", "late"),
    [
        ("9:01", "9:10:00.000", False),
        ("9:09:59.999", "9:10:00.000", False),
        ("9:01", "9:10:00.001", True),
        ("9:10:00.000", "9:01", False),
        ("9:10:00.001", "9:01", True),
        ("9:05", "9:05", False),
        ("", "9:05", True),
        ("9:05", "", True),
    ],
)
def test_cash_on_delivery_wants_a_message_and_a_note(told: str, noted: str, late: bool) -> None:
    scene = desk(COD_CONFIRM)
    order(scene, "9:00", "A1", cod=True)
    for time, what in sorted(((told, "told"), (noted, "noted")), key=lambda p: ms(p[0] or "1:00")):
        if time and what == "told":
            scene.answers(time, "amy", "x")
        elif time:
            scene.do(time, note("cod_confirm", "A1"))
    scene.until("9:20")
    assert missed(scene) == (["cod_confirm"] if late else [])
    assert pending(scene) == ([] if told and noted else ["cod_confirm/A1"])
    same_after_recovery(scene)


def test_it_is_met_at_the_later_of_the_two() -> None:
    scene = desk(COD_CONFIRM)
    order(scene, "9:00", "A1", cod=True)
    scene.do("9:02", note("cod_confirm", "A1"))
    (item,) = scene.thread("x").live.pending
    assert item.done == ("note",)
    scene.do("9:03", note("cod_confirm", "A1"))  # twice the same is not both
    assert pending(scene) == ["cod_confirm/A1"]
    scene.answers("9:04", "amy", "x", by="bot")  # nor is a bot's
    assert pending(scene) == ["cod_confirm/A1"]
    scene.answers("9:05", "amy", "x")
    assert [f.at_ms for f in scene.said(ItemSettled)] == [ms("9:05")]
    (settled,) = scene.thread("x").noted
    assert (len(settled.notes), settled.ended_ms) == (2, ms("9:05"))


def test_a_message_before_the_order_is_none_after_it() -> None:
    scene = desk(COD_CONFIRM)
    order(scene, "9:00", "A1", cod=True)
    scene.answers("9:01", "amy", "x", sent="8:59:59.999")
    scene.do("9:02", note("cod_confirm", "A1"))
    scene.answers("9:03", "amy", "y")
    assert pending(scene) == ["cod_confirm/A1"]


def test_any_other_order_needs_none_and_a_close_cancels_it() -> None:
    scene = desk(COD_CONFIRM)
    order(scene, "9:00", "A1")
    assert pending(scene) == []
    order(scene, "9:00", "A2", cod=True)
    order(scene, "9:05", "A2", "paid")
    assert pending(scene) == ["cod_confirm/A2"]
    order(scene, "9:10", "A2", "closed")
    scene.until("9:20")
    assert missed(scene) == []


@pytest.mark.parametrize(("sent", "reversed_"), [("9:10", True), ("9:10:00.001", False)])
def test_the_late_half_of_the_proof_reverses(sent: str, reversed_: bool) -> None:
    """The note was in time, the message too: only it came late."""
    scene = desk(msgspec.structs.replace(COD_CONFIRM, fine_fen=500))
    order(scene, "9:00", "A1", cod=True)
    scene.do("9:05", note("cod_confirm", "A1"))
    scene.until("9:20")
    assert scene.owes("amy") == 500
    assert scene.breach().done == ["note"]
    scene.answers("9:30", "amy", "x", sent=sent)
    assert scene.breach().reversed is reversed_
    assert scene.owes("amy") == (0 if reversed_ else 500)
    same_after_recovery(scene)


def test_half_a_proof_alone_reverses_nothing() -> None:
    scene = desk(COD_CONFIRM)
    order(scene, "9:00", "A1", cod=True)
    scene.until("9:20")
    scene.answers("9:30", "amy", "x", sent="9:05")
    breach = scene.breach()
    assert (breach.reversed, breach.done) == (False, ["agent_message"])
    scene.do("9:31", note("cod_confirm", "A1"))
    assert not breach.reversed, "the note was too late"
    assert pending(scene) == []


def test_two_late_halves_reverse_together() -> None:
    kind = ItemKind(
        name="both",
        opens=Opens.ORDER_PLACED,
        due_ms=600_000,
        met_by=(Meets.SHOWS_ORDER, Meets.AGENT_MESSAGE),
        met_by_all=True,
    )
    scene = desk(kind)
    order(scene, "9:00", "A1")
    scene.until("9:20")
    scene.answers("9:30", "amy", "x", sent="9:05", by="auto", shows=("A1",))
    assert not scene.breach().reversed
    scene.answers("9:31", "amy", "x", sent="9:04")
    assert scene.breach().reversed
    assert len(scene.breach().proof) >= 3


def test_both_may_be_one_message() -> None:
    kind = ItemKind(
        name="both",
        opens=Opens.ORDER_PLACED,
        due_ms=600_000,
        met_by=(Meets.SHOWS_ORDER, Meets.AGENT_MESSAGE),
        met_by_all=True,
    )
    scene = desk(kind)
    order(scene, "9:00", "A1")
    scene.answers("9:05", "amy", "x", shows=("A1",))
    assert pending(scene) == []


# address_check


@pytest.mark.parametrize(("tail", "late"), LIMIT)
def test_a_paid_orders_address_is_checked_within_ten_minutes(tail: str, late: bool) -> None:
    scene = desk(ADDRESS_CHECK)
    order(scene, "8:50", "A1")
    assert pending(scene) == []
    order(scene, "9:00", "A1", "paid")
    scene.answers(at_limit("9:09", tail), "amy", "x", shows=("A1",))
    scene.until("9:20")
    assert missed(scene) == (["address_check"] if late else [])


# shipping_notice


def test_a_shipped_order_is_told_at_once() -> None:
    scene = desk(SHIPPING_NOTICE)
    order(scene, "9:00", "A1", "shipped")
    order(scene, "9:05", "A1", "shipped")
    assert scene.texts("x") == [SHIPPING_NOTICE.auto_text.replace("{order}", "A1")]
    (sent,) = scene.said(DeliveryRequested)
    assert (sent.at_ms, sent.by, sent.message) == (ms("9:00"), "auto", "shipping_notice-A1")
    assert pending(scene) == []
    assert not scene.thread("x").session, "it opens no session"
    scene.until("9:30")
    assert missed(scene) == []
    same_after_recovery(scene)


def test_it_is_not_late_for_what_reached_us_late() -> None:
    scene = desk(SHIPPING_NOTICE)
    order(scene, "9:01:30", "A1", "shipped", sent="9:00")
    assert len(scene.texts("x")) == 1
    order(scene, "12:00", "A2", "shipped", sent="9:00")
    assert len(scene.texts("x")) == 2
    scene.until("13:00")
    assert missed(scene) == []


def test_a_shipping_notice_answers_no_buyer() -> None:
    scene = desk(SHIPPING_NOTICE, COD_CONFIRM)
    scene.asks("9:00", "x")
    order(scene, "9:00", "A2", cod=True)
    order(scene, "9:01", "A1", "shipped")
    assert scene.thread("x").live.wait is not None
    assert pending(scene) == ["cod_confirm/A2"]


def test_a_text_of_its_own_meets_it_without_the_order() -> None:
    kind = msgspec.structs.replace(
        SHIPPING_NOTICE, met_by=(Meets.AUTO_MESSAGE,), auto_text="您的宝贝发货啦"
    )
    scene = desk(kind, ORDER_CHECK)
    chats(scene)
    order(scene, "9:01", "A1")
    order(scene, "9:02", "A1", "shipped")
    assert scene.texts("x") == ["您的宝贝发货啦"]
    assert pending(scene) == ["order_check/A1"], "the text does not show the order"


def test_without_a_text_people_do_it() -> None:
    scene = desk(msgspec.structs.replace(SHIPPING_NOTICE, auto_text=""))
    order(scene, "9:00", "A1", "shipped")
    assert scene.item_holder("shipping_notice", "A1") == "amy"
    scene.answers("9:01", "amy", "x", shows=("A1",))
    assert pending(scene) == []


def test_a_text_that_does_not_meet_is_sent_once_and_leaves_the_work() -> None:
    kind = msgspec.structs.replace(COD_CONFIRM, auto_text="稍后联系您确认")
    scene = desk(kind)
    order(scene, "9:00", "A1", cod=True)
    assert scene.item_holder("cod_confirm", "A1") == "amy"
    scene.asks("9:01", "x")
    assert scene.texts("x") == ["稍后联系您确认"]


def test_the_default_policy_sends_nothing() -> None:
    scene = Scene(desk_of("amy"))
    order(scene, "9:00", "A1")
    order(scene, "9:01", "A1", "paid")
    order(scene, "9:02", "A1", "shipped")
    assert scene.texts("x") == []
    assert pending(scene) == []


# review_case


@pytest.mark.parametrize("rating", ["neutral", "bad"])
@pytest.mark.parametrize(
    ("noted", "late"), [("32:59:59.999", False), ("33:00", False), ("33:00:00.001", True)]
)
def test_a_review_is_dealt_with_within_a_day(rating: str, noted: str, late: bool) -> None:
    scene = desk(REVIEW_CASE)
    review(scene, "9:00", rating)
    (work,) = scene.thread("x").work.values()
    assert (work.agent, work.order, work.reason) == ("amy", "A1", rating)
    scene.do(noted, note("review_case", "V1"))
    scene.until("34:00")
    assert missed(scene) == (["review_case"] if late else [])
    assert pending(scene) == []


def test_a_good_one_is_not() -> None:
    scene = desk(REVIEW_CASE)
    review(scene, "9:00", "good")
    assert pending(scene) == []


def test_messages_do_not_deal_with_a_review_and_a_repetition_changes_nothing() -> None:
    scene = desk(REVIEW_CASE)
    review(scene, "9:00", "bad")
    scene.answers("9:01", "amy", "x", shows=("A1",))
    review(scene, "9:02", "bad")
    (item,) = scene.thread("x").live.pending
    assert item.due_ms == ms("33:00")


def test_a_review_that_comes_late_is_judged_as_of_when_it_came() -> None:
    scene = desk(REVIEW_CASE)
    review(scene, "12:00", "bad", sent="9:00")
    (item,) = scene.thread("x").live.pending
    assert item.due_ms == ms("36:00")


def test_reviews_open_nothing_by_default() -> None:
    scene = Scene(desk_of("amy"))
    review(scene, "9:00", "bad")
    assert scene.state.thread("shop", "x") is None


# Notes


def test_a_note_of_its_words_offset_is_told() -> None:
    scene = desk(REVIEW_CASE)
    review(scene, "9:00", "bad")
    scene.do("9:01", note("review_case", "V1"))
    (fact,) = scene.said(ItemNoted)
    assert (fact.kind, fact.key, fact.agent, fact.offset) == (
        "review_case",
        "V1",
        "amy",
        scene.thread("x").noted[0].notes[0],
    )


def test_any_pending_item_may_get_one() -> None:
    scene = desk(ORDER_CHECK)
    chats(scene)
    order(scene, "9:01", "A1")
    scene.do("9:02", note("order_check", "A1"))
    assert pending(scene) == ["order_check/A1"], "its kind is not met by a note"
    assert len(scene.thread("x").work["order_check/A1"].notes) == 1


def test_whose_note_it_may_be() -> None:
    scene = desk(REVIEW_CASE, agents=("amy", "bob"))
    review(scene, "9:00", "bad", "V1")
    holder = scene.item_holder("review_case", "V1")
    other = "bob" if holder == "amy" else "amy"
    assert scene.refused("9:01", note("review_case", "V1", other)).reason == "not_holder"
    assert scene.refused("9:01", note("review_case", "V1", "zed")).reason == "unknown_agent"
    assert scene.refused("9:01", note("review_case", "V2")).reason == "no_pending_item"
    assert scene.refused("9:01", note("review_case", "V1", text=" ")).reason == "text_needed"
    scene.asks("9:02", "x")
    scene.reassign("9:03", "x", other) if scene.holder("x") != other else None
    scene.do("9:04", note("review_case", "V1", other))  # now they have the buyer's session
    review(scene, "9:05", "bad", "V3")
    scene.do("9:06", note("review_case", "V3", "sue", supervisor=True))
    assert pending(scene) == []


def test_what_waits_in_the_queue_may_be_noted_by_anybody_here() -> None:
    scene = desk(REVIEW_CASE, agents=("amy", "bob"))
    scene.offline("8:10", "amy")
    scene.offline("8:10", "bob")
    review(scene, "9:00", "bad")
    assert scene.waiting() == ["review_case/V1"]
    scene.do("9:01", note("review_case", "V1", "bob"))
    assert scene.waiting() == []


# call_back


@pytest.mark.parametrize(("tail", "late"), LIMIT)
def test_a_call_back_is_met_by_an_agents_message_by_then(tail: str, late: bool) -> None:
    scene = desk(CALL_BACK)
    chats(scene)
    scene.do("9:01", promise("10:00", key="P1"))
    assert scene.item_holder("call_back", "P1") == "amy"
    scene.answers(at_limit("9:59", tail), "amy", "x")
    scene.until("10:10")
    assert missed(scene) == (["call_back"] if late else [])
    assert pending(scene) == []
    same_after_recovery(scene)


@pytest.mark.parametrize("sent", ["9:00:30", "9:01:00.000"])
@pytest.mark.parametrize("arrived", ["9:01", "9:02", "9:20"])
def test_the_message_in_which_it_was_promised_does_not_meet_it(sent: str, arrived: str) -> None:
    scene = desk(CALL_BACK)
    chats(scene)
    scene.do("9:01", promise("10:00", key="P1"))
    scene.answers(arrived, "amy", "x", sent=sent)
    assert pending(scene) == ["call_back/P1"]


@pytest.mark.parametrize("sent", ["9:00:30", "9:01:00.000"])
def test_nor_does_it_take_a_breach_back(sent: str) -> None:
    scene = desk(CALL_BACK)
    chats(scene)
    scene.do("9:01", promise("9:10", key="P1"))
    scene.until("9:20")
    scene.answers("9:21", "amy", "x", sent=sent)
    assert not scene.breach().reversed
    assert pending(scene) == ["call_back/P1"]
    scene.answers("9:22", "amy", "x", sent="9:01:00.001")
    assert scene.breach().reversed
    assert pending(scene) == []


@pytest.mark.parametrize("by", ["bot", "auto"])
def test_only_a_persons_message_does(by: c.By) -> None:
    scene = desk(CALL_BACK)
    chats(scene)
    scene.do("9:01", promise("10:00", key="P1"))
    scene.answers("9:02", "amy", "x", by=by)
    assert pending(scene) == ["call_back/P1"]


def test_a_missed_one_stands_until_it_is_met() -> None:
    scene = desk(CALL_BACK)
    chats(scene)
    scene.do("9:01", promise("10:00", key="P1"))
    scene.until("40:00")
    assert missed(scene) == ["call_back"]
    assert not scene.is_open("x")
    assert scene.item_holder("call_back", "P1") == "amy"
    scene.answers("40:01", "amy", "x")
    assert pending(scene) == []
    assert missed(scene) == ["call_back"]


@pytest.mark.parametrize(
    ("due", "reason"),
    [
        ("9:01:59.999", "due_out_of_range"),
        ("9:02", ""),
        ("729:01", ""),
        ("729:01:00.001", "due_out_of_range"),
    ],
)
def test_it_is_promised_for_a_minute_to_thirty_days_ahead(due: str, reason: str) -> None:
    scene = desk(CALL_BACK)
    chats(scene)
    if reason:
        assert scene.refused("9:01", promise(due)).reason == reason
    else:
        scene.do("9:01", promise(due))


def test_who_may_promise() -> None:
    scene = desk(CALL_BACK, agents=("amy", "bob"))
    assert scene.refused("8:59", promise("10:00")).reason == "unknown_buyer"
    scene.asks("9:00", "x", farewell=True)
    holder = scene.holder("x")
    other = "bob" if holder == "amy" else "amy"
    scene.answers("9:00", holder, "x")
    assert scene.refused("9:01", promise("10:00", agent=other)).reason == "not_holder"
    assert scene.refused("9:01", promise("10:00", agent="zed")).reason == "unknown_agent"
    unknown = c.PromiseCallBack(shop="no", buyer="x", agent="amy", due_ms=ms("10:00"), text="")
    assert scene.refused("9:01", unknown).reason == "unknown_shop"
    scene.do("9:02", promise("10:00", agent=holder, key="P1"))
    assert (
        scene.refused("9:03", promise("10:00", agent=holder, key="P1")).reason == "already_promised"
    )
    scene.transfer("9:04", "x", other)
    scene.do("9:05", promise("10:00", agent=holder, key="P2"))  # they have held it
    scene.do("9:06", promise("10:00", agent="sue", key="P3", supervisor=True))
    assert pending(scene) == ["call_back/P1", "call_back/P2", "call_back/P3"]
    assert {scene.item_holder("call_back", key) for key in ("P1", "P2", "P3")} == {other}


def test_a_policy_may_have_none() -> None:
    scene = desk(ORDER_CHECK)
    chats(scene)
    assert scene.refused("9:01", promise("10:00")).reason == "no_such_kind"


def test_a_key_is_made_of_the_entrys_place() -> None:
    scene = desk(CALL_BACK)
    chats(scene)
    scene.do("9:01", promise("10:00"))
    scene.do("9:01", promise("10:00"))
    assert len(pending(scene)) == 2


def test_without_a_session_it_is_who_promised_it_if_here_else_anybodys() -> None:
    scene = desk(CALL_BACK, agents=("amy", "bob", "cat"))
    scene.asks("9:00", "x", farewell=True)
    first = scene.holder("x")
    scene.answers("9:00", first, "x")
    scene.close("9:01", "x")
    scene.do("9:02", promise("12:00", agent=first, key="P1"))
    assert scene.item_holder("call_back", "P1") == first
    scene.offline("9:03", first)
    second = scene.item_holder("call_back", "P1")
    assert second not in ("", first)
    scene.do("9:04", promise("12:00", agent=first, key="P2"))
    assert scene.item_holder("call_back", "P2") != first
    for agent in ("amy", "bob", "cat"):
        if scene.state.persons[agent].presence == "online":
            scene.offline("9:05", agent)
    assert sorted(scene.waiting()) == ["call_back/P1", "call_back/P2"]
    scene.until("12:10")
    assert scene.breaches() == [("call_back", "nobody_held_it", "x")] * 2
    scene.online("13:00", first)
    assert scene.item_holder("call_back", "P1") == first, "it stands after its due, too"


def test_it_moves_with_the_buyers_session() -> None:
    scene = desk(CALL_BACK, agents=("amy", "bob"))
    scene.asks("9:00", "x", farewell=True)
    holder = scene.holder("x")
    other = "bob" if holder == "amy" else "amy"
    scene.answers("9:00", holder, "x")
    scene.do("9:01", promise("10:00", agent=holder, key="P1"))
    scene.transfer("9:58:30", "x", other)
    assert scene.item_holder("call_back", "P1") == other
    scene.until("10:10")
    assert scene.breaches() == [("call_back", holder, "x")], "given away within grace"


def test_withdrawn_with_a_reason_by_its_holder_or_a_supervisor() -> None:
    scene = desk(CALL_BACK, agents=("amy", "bob"))
    scene.asks("9:00", "x", farewell=True)
    holder = scene.holder("x")
    scene.answers("9:00", holder, "x")
    scene.do("9:01", promise("10:00", agent=holder, key="P1"))
    scene.do("9:01", promise("10:00", agent=holder, key="P2"))
    ask = c.WithdrawCallBack(shop="shop", call_back="P1", by="", why="x")

    def asked(**changes: object) -> c.WithdrawCallBack:
        return msgspec.structs.replace(ask, **changes)

    other = "bob" if holder == "amy" else "amy"
    assert scene.refused("9:02", asked(by=holder, why=" ")).reason == "reason_needed"
    assert scene.refused("9:02", asked(by=other)).reason == "not_holder"
    assert scene.refused("9:02", asked(by=holder, call_back="P9")).reason == "no_pending_item"
    scene.do("9:03", asked(by=holder))
    scene.do("10:10", asked(by="sue", call_back="P2", supervisor=True))
    assert pending(scene) == []
    assert [(f.how, f.by) for f in scene.said(ItemSettled)] == [
        ("withdrawn", holder),
        ("withdrawn", "sue"),
    ]
    assert missed(scene) == ["call_back"], "what it became before stands"
    same_after_recovery(scene)


def test_a_handover_may_open_one() -> None:
    scene = desk(CALL_BACK)
    chats(scene)
    state = scene.state

    def asked(opened: State, **changes: object) -> object:
        values = {"shop": "shop", "buyer": "x", "agent": "amy", "due_ms": ms("12:00"), "key": "h1"}
        return open_call_back(opened, **{**values, **changes})  # type: ignore[arg-type]

    before = hash_without_clock(state)
    for changes, reason in (
        ({"buyer": "nobody"}, "unknown_buyer"),
        ({"due_ms": ms("9:00")}, "due_out_of_range"),
    ):
        refused = asked(state, **changes)
        assert getattr(refused, "reason", "") == reason
    assert hash_without_clock(state) == before
    free = may_open_call_back(state, shop="shop", buyer="x", due_ms=ms("12:00"), key="h1")
    assert free is None
    assert asked(state) is None
    assert scene.item_holder("call_back", "h1") == "amy"


# Of all kinds


def test_a_kind_follows_its_policy() -> None:
    """Due, fine, group and following the session are data."""
    kind = msgspec.structs.replace(
        PAYMENT_REMINDER, due_ms=60_000 * 5, fine_fen=700, follows_session=True
    )
    scene = desk(kind, agents=("amy", "bob"))
    order(scene, "9:00", "A1")
    scene.asks("9:00:10", "x", farewell=True)
    assert scene.item_holder("payment_reminder", "A1") == scene.holder("x")
    other = "bob" if scene.holder("x") == "amy" else "amy"
    scene.transfer("9:01", "x", other)
    assert scene.item_holder("payment_reminder", "A1") == other
    scene.answers("9:02", other, "x")
    scene.until("9:08")
    assert scene.owes(other) == 700


@pytest.mark.parametrize("kind", list(KNOWN_KINDS))
def test_a_kind_that_the_policy_drops_does_no_harm(kind: str) -> None:
    """What is open of it can still be met as it was, and is forgotten by nobody."""
    scene = Scene(desk_of("amy", policy=Policy(items=tuple(KNOWN_KINDS.values()))))
    chats(scene)
    order(scene, "9:01", "A1", cod=True)
    order(scene, "9:01", "A2")
    order(scene, "9:01", "A2", "paid")
    review(scene, "9:01", "bad")
    scene.refund("9:01", "x", "R1")
    scene.do("9:01", promise("9:20", key="P1"))
    left = tuple(k for k in KNOWN_KINDS.values() if k.name != kind)
    before = pending(scene)
    scene.adopt("9:02", desk_of("amy", policy=Policy(items=left)))
    assert pending(scene) == before
    scene.answers("9:03", "amy", "x", shows=("A1", "A2"))
    scene.do("9:04", note("review_case", "V1"))
    if ("shop", "cod_confirm", "A1") in scene.state.items:
        scene.do("9:04", note("cod_confirm", "A1"))
    scene.resolve("9:05", "x", "R1")
    assert pending(scene) == []
    scene.until("40:00")
    assert missed(scene) == []
    same_after_recovery(scene)


def test_one_of_a_kind_that_nobody_knows_any_more_is_settled_by_a_note() -> None:
    kind = ItemKind(
        name="odd", opens=Opens.ORDER_PLACED, due_ms=60_000, met_by=(Meets.SHOWS_ORDER,)
    )
    scene = desk(kind)
    order(scene, "9:00", "A1")
    scene.adopt("9:10", desk_of("amy"))
    scene.adopt("90:00", desk_of("amy", policy=Policy(reply_ms=200_000)))
    scene.adopt("180:00", desk_of("amy"))  # the first policies are forgotten by now
    scene.answers("180:01", "amy", "x", shows=("A1",))
    assert pending(scene) == ["odd/A1"]
    scene.do("180:02", note("odd", "A1"))
    assert pending(scene) == []


def test_work_in_an_outage_is_judged_as_though_the_router_had_been_there() -> None:
    scene = desk(PAYMENT_REMINDER, COD_CONFIRM)
    order(scene, "9:00", "A1")
    order(scene, "9:00", "A2", buyer="y", cod=True)
    scene.do("9:40", c.NoteOutage(from_ms=ms("9:05"), to_ms=ms("9:40")))
    scene.answers("9:41", "amy", "x", sent="9:30", shows=("A1",))
    scene.until("9:49:59.999")
    assert missed(scene) == []
    scene.until("10:10")
    assert missed(scene) == ["cod_confirm"]


# Remarks


def test_a_remark_stands_with_its_buyer_and_goes_out() -> None:
    scene = desk(ORDER_CHECK, shops=2)
    chats(scene)
    mark = c.SetRemark(shop="shop", buyer="x", order="A1", agent="amy", reason="改地址")
    scene.do("9:01", mark)
    (fact,) = scene.said(OrderRemarked)
    assert (fact.flag, fact.agent, fact.sub_account) == ("red", "amy", "shop:amy")
    assert fact.session == scene.thread("x").session
    scene.do("9:02", msgspec.structs.replace(mark, flag="blue", reason="已改"))
    (remark,) = scene.state.remarks.values()
    assert (remark.flag, remark.reason, remark.at_ms) == ("blue", "已改", ms("9:02"))
    same_after_recovery(scene)
    scene.do("9:03", c.MessageReceived(shop="shop", buyer="z", message="1", sent_ms=ms("9:03")))
    scene.do("9:04", msgspec.structs.replace(mark, buyer="z"))
    assert (scene.thread("x").remarked, scene.thread("z").remarked) == ((), ("A1",))
    scene.until("2000:00")
    assert scene.state.remarks == {}, "it is forgotten with its buyer"
    same_after_recovery(scene)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"buyer": "nobody"}, "unknown_buyer"),
        ({"agent": "zed"}, "unknown_agent"),
        ({"reason": ""}, "reason_needed"),
        ({"shop": "no"}, "unknown_shop"),
    ],
)
def test_a_remark_is_refused(changes: dict[str, str], reason: str) -> None:
    scene = desk(ORDER_CHECK)
    chats(scene)
    mark = c.SetRemark(shop="shop", buyer="x", order="A1", agent="amy", reason="改地址")
    assert scene.refused("9:01", msgspec.structs.replace(mark, **changes)).reason == reason


def test_a_supervisors_remark_needs_no_sub_account() -> None:
    scene = desk(ORDER_CHECK)
    chats(scene)
    mark = c.SetRemark(
        shop="shop", buyer="x", order="A1", agent="sue", reason="改地址", supervisor=True
    )
    scene.do("9:01", mark)
    assert [f.sub_account for f in scene.said(OrderRemarked)] == [""]


# In a trace


@pytest.mark.parametrize(
    "command",
    [
        promise("10:00", key="P1", supervisor=True),
        promise("10:00"),
        c.WithdrawCallBack(shop="shop", call_back="P1", by="sue", why="x", supervisor=True),
        msgspec.structs.replace(note("review_case", "V1"), evidence=("https://example.com/1",)),
        c.SetRemark(shop="shop", buyer="x", order="A1", agent="amy", reason="改", flag="blue"),
        c.WriteMessage(
            shop="shop", buyer="x", agent="amy", message="m", category="payment_reminder"
        ),
    ],
    ids=lambda command: type(command).__name__,
)
def test_a_trace_gives_back_what_was_asked(command: c.AnyCommand) -> None:
    line = trace.write_line(7, ms("9:00"), command)
    assert trace.read_line(line, 1, ()) == trace.Line(7, ms("9:00"), line["type"], command)


def test_a_message_without_a_category_is_written_as_it_was() -> None:
    command = c.WriteMessage(shop="shop", buyer="x", agent="amy", message="m")
    assert "category" not in trace.write_line(7, ms("9:00"), command)["data"]
