"""Refunds, order checks and who has them (RULES §2, §9)."""

from __future__ import annotations

import pytest

from router.core import commands as c
from router.core.facts import ItemEscalated
from router.core.policy import Agent, ItemKind, Meets, Opens, Policy
from tests.core.scene import Scene, desk_of, ms, sub


def desk() -> Scene:
    """amy: 售前, bob and cat: 售后."""
    subs = [
        sub("amy", groups=("pre_sale",)),
        sub("bob", groups=("after_sale",)),
        sub("cat", groups=("after_sale",)),
    ]
    return Scene(desk_of("amy", "bob", "cat", subs=subs))


def chats_with_amy(scene: Scene, time: str = "9:00") -> None:
    scene.asks(time, "x", farewell=True)
    scene.answers(time, "amy", "x")
    assert scene.holder("x") == "amy"


# Who holds a refund


def test_a_refund_is_the_session_holders_if_on_duty() -> None:
    scene = desk()
    chats_with_amy(scene)
    scene.refund("9:01", "x", "R1")
    assert scene.item_holder("refund", "R1") == "amy"


@pytest.mark.parametrize("why", ["no session", "away", "paused", "platform", "closed"])
def test_else_an_online_after_sale_agents(why: str) -> None:
    scene = desk()
    if why != "no session":
        chats_with_amy(scene)
    if why == "away":
        scene.away("9:01", "amy")
    if why == "paused":
        scene.do("9:01", c.PauseSubAccount(sub_account="shop:amy", paused=True))
    if why == "platform":
        scene.platform_says("9:01", "amy", "paused")
    if why == "closed":
        scene.close("9:01", "x")
    scene.refund("9:02", "x", "R1")
    assert scene.item_holder("refund", "R1") in ("bob", "cat")


def test_after_sale_agents_are_chosen_by_the_desks_strategy_full_or_not() -> None:
    """A refund takes no place; who has room comes before who has not."""
    subs = [sub("bob", capacity=1), sub("cat")]
    scene = Scene(desk_of("bob", "cat", subs=subs))
    scene.asks("9:00", "y")
    assert scene.holder("y") == "bob"
    for number in range(3):
        scene.refund("9:01", f"b{number}", f"R{number}")
        assert scene.item_holder("refund", f"R{number}") == "cat"
    scene.offline("9:02", "cat")
    assert scene.item_holder("refund", "R0") == "bob"
    assert scene.load("bob") == 1


def test_it_moves_on_when_its_holder_goes_offline_and_not_when_away() -> None:
    scene = desk()
    scene.refund("9:00", "x", "R1")
    first = scene.item_holder("refund", "R1")
    scene.away("9:01", first)
    assert scene.item_holder("refund", "R1") == first
    scene.offline("9:02", first)
    second = scene.item_holder("refund", "R1")
    assert {first, second} == {"bob", "cat"}
    scene.offline("9:03", second)
    assert scene.waiting() == ["refund/R1"]


def test_it_waits_in_the_queue_and_is_taken_at_come_back() -> None:
    scene = desk()
    for agent in ("bob", "cat"):
        scene.offline("8:30", agent)
    scene.refund("9:00", "x", "R1")
    assert scene.waiting() == ["refund/R1"]
    scene.online("9:10", "amy")  # of the other group
    assert scene.waiting() == ["refund/R1"]
    scene.online("9:20", "bob")
    assert scene.item_holder("refund", "R1") == "bob"
    scene.until("9:40")
    assert scene.breaches() == [("refund", "bob", "x")]


@pytest.mark.parametrize(
    ("back", "charged"),
    [("9:28:00.000", "bob"), ("9:28:00.001", "came_too_late_to_the_holder")],
)
def test_taken_within_grace_it_is_charged_to_nobody(back: str, charged: str) -> None:
    scene = desk()
    for agent in ("bob", "cat"):
        scene.offline("8:30", agent)
    scene.refund("9:00", "x", "R1")
    scene.online(back, "bob")
    scene.until("9:40")
    assert scene.breaches() == [("refund", charged, "x")]


def test_a_refund_stays_when_its_session_moves() -> None:
    scene = desk()
    chats_with_amy(scene)
    scene.refund("9:01", "x", "R1")
    scene.transfer("9:02", "x", "bob")
    assert scene.item_holder("refund", "R1") == "amy"


# Its clock


@pytest.mark.parametrize("reason", ["mistaken_order", "reorder", "changed_mind"])
@pytest.mark.parametrize(("done", "missed"), [("9:30:00.000", False), ("9:30:00.001", True)])
def test_thirty_minutes_for_the_shops_own_reasons(reason: str, done: str, missed: bool) -> None:
    scene = desk()
    scene.refund("9:00", "x", "R1", reason)
    scene.resolve(done, "x", "R1")
    scene.until("9:40")
    assert bool(scene.breaches()) is missed


@pytest.mark.parametrize("outcome", ["agreed", "refused", "withdrawn"])
def test_any_outcome_meets_it(outcome: str) -> None:
    scene = desk()
    scene.refund("9:00", "x", "R1")
    scene.do(
        "9:10",
        c.RefundResolved(
            shop="shop",
            buyer="x",
            refund="R1",
            outcome=outcome,  # type: ignore[arg-type]
            sent_ms=ms("9:10"),
        ),
    )
    scene.until("10:00")
    assert scene.breaches() == []


def test_every_other_reason_goes_to_the_supervisors_without_a_deadline() -> None:
    scene = desk()
    scene.refund("9:00", "x", "R1", "other")
    (work,) = scene.thread("x").work.values()
    assert (work.for_supervisors, work.due_ms, work.reason) == (True, 0, "other")
    scene.until("20:00")
    assert scene.breaches() == []
    assert scene.warnings("x") == []


def test_escalating_does_not_stop_the_clock() -> None:
    scene = desk()
    scene.refund("9:00", "x", "R1")
    holder = scene.item_holder("refund", "R1")
    ask = c.EscalateRefund(shop="shop", refund="R1", agent=holder, reason="not ours")
    scene.do("9:10", ask)
    assert [f.agent for f in scene.said(ItemEscalated)] == [holder]
    assert scene.thread("x").work["refund/R1"].for_supervisors
    scene.until("9:40")
    assert scene.breaches() == [("refund", holder, "x")]


def test_only_its_holder_escalates_a_refund() -> None:
    scene = desk()
    scene.refund("9:00", "x", "R1")
    ask = c.EscalateRefund(shop="shop", refund="R1", agent="amy")
    assert scene.refused("9:10", ask).reason == "not_holder"
    ask = c.EscalateRefund(shop="shop", refund="R9", agent="amy")
    assert scene.refused("9:10", ask).reason == "no_pending_refund"


@pytest.mark.parametrize(("taken", "missed"), [("9:30:00.000", False), ("9:30:00.001", True)])
@pytest.mark.parametrize("asked", [False, True])
def test_taking_it_over_does_asked_or_not(taken: str, missed: bool, asked: bool) -> None:
    scene = desk()
    scene.refund("9:00", "x", "R1")
    if asked:
        holder = scene.item_holder("refund", "R1")
        scene.do("9:10", c.EscalateRefund(shop="shop", refund="R1", agent=holder))
    take = c.TakeOverRefund(shop="shop", refund="R1", supervisor="sue", sent_ms=ms(taken))
    scene.do(taken, take)
    assert "refund/R1" in scene.thread("x").work, "it is still to be settled"
    scene.until("9:40")
    assert bool(scene.breaches()) is missed


def test_a_repeated_request_changes_nothing_and_a_new_one_after_it_is_a_new_deadline() -> None:
    scene = desk()
    scene.refund("9:00", "x", "R1")
    scene.refund("9:20", "x", "R1")
    (item,) = scene.thread("x").live.pending
    assert item.due_ms == ms("9:30")
    scene.resolve("9:25", "x", "R1")
    scene.refund("9:26", "x", "R1")
    (item,) = scene.thread("x").live.pending
    assert item.due_ms == ms("9:56")
    scene.until("10:00")
    assert [b.due_ms for b in scene.state.breaches.values()] == [ms("9:56")]


def test_a_refund_runs_on_when_its_session_ends() -> None:
    scene = desk()
    chats_with_amy(scene)
    scene.refund("9:01", "x", "R1")
    scene.close("9:02", "x")
    scene.until("9:40")
    assert scene.breaches() == [("refund", "amy", "x")]


# Order checks


@pytest.mark.parametrize(("shown", "missed"), [("9:11:00.000", False), ("9:11:00.001", True)])
@pytest.mark.parametrize("by", ["human", "bot", "auto"])
def test_an_order_is_checked_within_ten_minutes_by_any_message_of_the_shop(
    shown: str, missed: bool, by: c.By
) -> None:
    scene = desk()
    chats_with_amy(scene)
    scene.order("9:01", "x", "O1")
    scene.answers(shown, "amy", "x", by=by, shows=("O1",))
    scene.until("9:20")
    assert bool(scene.breaches()) is missed


def test_a_message_that_shows_another_order_does_not() -> None:
    scene = desk()
    chats_with_amy(scene)
    scene.order("9:01", "x", "O1")
    scene.answers("9:05", "amy", "x", shows=("O2", "o1"))
    scene.until("9:20")
    assert scene.breaches() == [("order_check", "amy", "x")]


@pytest.mark.parametrize(("closed", "missed"), [("9:11:00.000", False), ("9:11:00.001", True)])
def test_a_closed_order_needs_none(closed: str, missed: bool) -> None:
    scene = desk()
    chats_with_amy(scene)
    scene.order("9:01", "x", "O1")
    scene.order(closed, "x", "O1", "closed")
    scene.until("9:20")
    assert bool(scene.breaches()) is missed


def test_an_order_check_is_its_sessions_holders_and_follows_the_session() -> None:
    scene = desk()
    chats_with_amy(scene)
    scene.order("9:01", "x", "O1")
    assert scene.item_holder("order_check", "O1") == "amy"
    scene.transfer("9:02", "x", "bob")
    assert scene.item_holder("order_check", "O1") == "bob"
    scene.answers("9:03", "cat", "x")
    assert scene.item_holder("order_check", "O1") == "cat"
    scene.until("9:20")
    assert scene.breaches() == [("order_check", "cat", "x")]


def test_given_away_within_grace_it_is_the_givers() -> None:
    scene = desk()
    chats_with_amy(scene)
    scene.order("9:01", "x", "O1")
    scene.transfer("9:10", "x", "bob")
    scene.until("9:20")
    assert scene.breaches() == [("order_check", "amy", "x")]


def test_with_a_queued_session_it_is_taken_together() -> None:
    scene = Scene(desk_of(Agent(id="amy", capacity=1)), online=[])
    scene.asks("9:00", "x")
    scene.order("9:01", "x", "O1")
    assert sorted(scene.waiting()) == ["order_check/O1", "x"]
    scene.online("9:02", "amy")
    assert (scene.holder("x"), scene.item_holder("order_check", "O1")) == ("amy", "amy")


@pytest.mark.parametrize(("placed", "opens"), [("33:02:00.000", True), ("33:02:00.001", False)])
def test_an_order_within_24_hours_of_the_sessions_end_opens_a_session(
    placed: str, opens: bool
) -> None:
    scene = desk()
    chats_with_amy(scene)
    scene.close("9:02", "x")
    scene.order(placed, "x", "O1")
    assert scene.is_open("x") is opens
    assert ("shop", "order_check", "O1") in scene.state.items or not opens


def test_a_policy_can_ask_it_of_all_orders() -> None:
    scene = Scene(desk_of("amy", policy=Policy(check_all_orders=True)))
    scene.order("9:00", "x", "O1")
    assert scene.holder("x") == "amy"
    scene.until("9:20")
    assert scene.breaches() == [("order_check", "amy", "x")]


def test_an_order_is_checked_once() -> None:
    scene = desk()
    chats_with_amy(scene)
    scene.order("9:01", "x", "O1")
    scene.answers("9:02", "amy", "x", shows=("O1",))
    scene.order("9:03", "x", "O1")
    scene.until("9:30")
    assert scene.breaches() == []


# The session's own end


@pytest.mark.parametrize(("again", "sessions"), [("11:00:00.000", 1), ("11:00:00.001", 2)])
def test_a_session_ends_by_itself_after_two_hours_of_silence(again: str, sessions: int) -> None:
    scene = desk()
    chats_with_amy(scene)
    scene.asks(again, "x")
    assert scene.state.counters.sessions == sessions


# Other kinds of work are data


def test_another_kind_of_work_is_policy_data() -> None:
    kind = ItemKind(
        name="address_check",
        opens=Opens.ORDER_PAID,
        due_ms=600_000,
        met_by=(Meets.AGENT_MESSAGE,),
        cancelled_by=("order.closed",),
    )
    scene = Scene(desk_of("amy", policy=Policy(items=(kind,))))
    scene.order("9:00", "x", "O1", "paid")
    assert scene.item_holder("address_check", "O1") == "amy"
    scene.order("9:00", "y", "O2", "paid")
    scene.answers("9:05", "amy", "y", by="bot")
    scene.until("9:20")
    assert sorted(scene.breaches()) == [
        ("address_check", "amy", "x"),
        ("address_check", "amy", "y"),
    ]
    assert scene.owes("amy") == 0
