"""Online, away, offline; sub-accounts, their operators and their platforms' word (RULES §3, §4)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from router.core import commands as c
from router.core.facts import DeliveryRequested
from router.core.policy import Agent, AwayMessages, Policy, Shop
from tests.core.scene import Scene, desk_of, ms, sub

TWO = desk_of("amy", "bob")


def two_wait_for_amy(policy: Policy | None = None) -> Scene:
    """x (due 9:06) and y (due 9:05) wait for amy, z has been answered; bob is there since 9:02."""
    scene = Scene(desk_of("amy", "bob", policy=policy), online=["amy"])
    scene.asks("9:00", "y")
    scene.asks("9:01", "x")
    scene.asks("9:01", "z", farewell=True)
    scene.answers("9:01:30", "amy", "z")
    scene.online("9:02", "bob")
    return scene


# Leaving needs a choice


@pytest.mark.parametrize("to", ["away", "offline"])
def test_leaving_buyers_who_wait_needs_a_choice_and_names_them(to: c.PresenceName) -> None:
    scene = two_wait_for_amy()
    refused = scene.refused("9:03", c.SetPresence(agent="amy", to=to))
    assert refused.reason == "open_sessions_choice_needed"
    assert refused.detail.split(",") == [scene.thread("y").session, scene.thread("x").session]
    assert scene.state.persons["amy"].presence == "online"


@pytest.mark.parametrize("to", ["away", "offline"])
def test_without_buyers_who_wait_it_needs_none(to: c.PresenceName) -> None:
    scene = two_wait_for_amy()
    for buyer in ("x", "y"):
        scene.answers("9:02", "amy", buyer)
    scene.do("9:03", c.SetPresence(agent="amy", to=to))


def test_a_buyer_who_waits_after_a_breach_waits_still() -> None:
    scene = Scene(TWO, online=["amy"])
    scene.asks("9:00", "x")
    scene.until("9:10")
    away = c.SetPresence(agent="amy", to="away")
    assert scene.refused("9:11", away).reason == "open_sessions_choice_needed"


def test_inform_answers_the_buyers_in_the_agents_name_and_starts_no_follow_up() -> None:
    scene = two_wait_for_amy()
    scene.away("9:03", "amy", "inform")
    told = scene.said(DeliveryRequested)
    assert [(f.buyer, f.sub_account, f.text) for f in told] == [
        ("y", "shop:amy", Policy().away_text),
        ("x", "shop:amy", Policy().away_text),
    ]
    for buyer in ("x", "y"):
        assert scene.holder(buyer) == "amy"
        assert scene.thread(buyer).live.wait is None
        assert scene.thread(buyer).live.follow_up is None
    scene.until("10:00")
    assert scene.breaches() == []


def test_transfer_moves_them_and_leaves_what_nobody_waits_in() -> None:
    scene = two_wait_for_amy()
    scene.away("9:03", "amy", "transfer")
    assert [scene.holder(buyer) for buyer in ("x", "y", "z")] == ["bob", "bob", "amy"]
    assert scene.causes("x")[-1] == ("bob", "transfer")


def test_where_nobody_can_take_them_they_wait_in_the_queue() -> None:
    scene = Scene(desk_of("amy", Agent(id="bob", capacity=1)), online=["amy"])
    scene.asks("9:00", "x")
    scene.asks("9:01", "y")
    scene.online("9:02", "bob")
    scene.away("9:03", "amy", "transfer")
    assert [scene.holder("x"), scene.holder("y")] == ["bob", ""]
    assert scene.waiting() == ["y"]


def test_the_first_due_is_moved_first() -> None:
    scene = Scene(desk_of("amy", Agent(id="bob", capacity=1)), online=["amy"])
    scene.asks("9:00:20", "later")
    scene.asks("9:00:30", "first", sent="9:00")
    scene.online("9:02", "bob")
    scene.away("9:03", "amy", "transfer")
    assert scene.holder("first") == "bob"


# Offline


def test_going_offline_moves_what_has_a_deadline_and_leaves_the_rest() -> None:
    scene = Scene(TWO, online=["amy"])
    scene.asks("9:00", "owed")
    scene.asks("9:00", "ordered", farewell=True)
    scene.asks("9:00", "quiet", farewell=True)
    for buyer in ("owed", "ordered", "quiet"):
        scene.answers("9:01", "amy", buyer)
    scene.order("9:01", "ordered", "O1")
    scene.refund("9:01", "other", "R1")
    scene.online("9:02", "bob")
    scene.offline("9:03", "amy")
    assert scene.holder("owed") == "bob"  # a follow-up
    assert scene.holder("ordered") == "bob"  # an order check, which follows its session
    assert scene.item_holder("order_check", "O1") == "bob"
    assert scene.item_holder("refund", "R1") == "bob"
    assert scene.holder("quiet") == "amy"


def test_what_an_offline_agent_left_is_picked_up_when_the_buyer_writes() -> None:
    scene = two_wait_for_amy()
    scene.offline("9:03", "amy", "transfer")
    assert scene.holder("z") == "amy"
    scene.asks("9:10", "z")
    assert scene.causes("z")[-1] == ("bob", "transfer")


def test_or_waits_in_the_queue_where_nobody_can() -> None:
    scene = Scene(TWO, online=["amy"])
    scene.asks("9:00", "z", farewell=True)
    scene.answers("9:01", "amy", "z")
    scene.offline("9:03", "amy")
    scene.asks("9:10", "z")
    assert (scene.holder("z"), scene.waiting()) == ("", ["z"])


# Messages to who is away


def test_a_message_to_an_away_holder_moves_at_once() -> None:
    scene = two_wait_for_amy()
    scene.away("9:03", "amy", "inform")
    scene.asks("9:04", "x")
    assert scene.causes("x")[-1] == ("bob", "transfer")


def test_unless_nobody_can_take_it() -> None:
    scene = two_wait_for_amy()
    scene.away("9:03", "bob")
    scene.away("9:03", "amy", "inform")
    scene.asks("9:04", "x")
    assert scene.holder("x") == "amy"


def test_or_the_policy_keeps_them() -> None:
    scene = two_wait_for_amy(Policy(away_messages=AwayMessages.KEEP))
    scene.away("9:03", "amy", "inform")
    scene.asks("9:04", "x")
    assert scene.holder("x") == "amy"
    scene.offline("9:04:30", "amy", "transfer")
    assert scene.holder("x") == "bob"


# Supervisors


def test_a_supervisor_sets_presence_with_a_reason_and_without_a_choice() -> None:
    scene = two_wait_for_amy()
    bare = c.SetPresence(agent="amy", to="offline", by="sue")
    assert scene.refused("9:03", bare).reason == "reason_needed"
    scene.do("9:03", c.SetPresence(agent="amy", to="offline", by="sue", reason="went home"))
    assert [scene.holder("x"), scene.holder("y")] == ["bob", "bob"]
    person = scene.state.persons["amy"]
    assert (person.presence, person.reason, person.set_by) == ("offline", "went home", "sue")


def test_away_carries_a_reason_and_a_time_to_be_back() -> None:
    scene = Scene(TWO)
    scene.do("9:00", c.SetPresence(agent="amy", to="away", reason="用餐", back_in_ms=1_800_000))
    person = scene.state.persons["amy"]
    assert (person.reason, person.back_ms) == ("用餐", ms("9:30"))
    scene.online("9:20", "amy")
    assert (person.reason, person.back_ms) == ("", 0)


def test_nobody_unknown_can_be_online() -> None:
    scene = Scene(TWO)
    unknown = c.SetPresence(agent="nobody", to="online")
    assert scene.refused("9:00", unknown).reason == "unknown_agent"


# Silence


def test_who_came_online_in_the_console_goes_offline_when_it_falls_silent() -> None:
    scene = Scene(TWO, online=[])
    scene.online("8:30", "amy", console=True)
    scene.asks("9:00", "x")
    scene.online("9:01", "bob")
    scene.do("9:02", c.GoSilent(agent="amy", since_ms=ms("9:01:15")))
    person = scene.state.persons["amy"]
    assert (person.presence, person.reason) == ("offline", "silent")
    assert scene.holder("x") == "bob"


def test_presence_set_elsewhere_has_no_heartbeat() -> None:
    scene = Scene(TWO)
    silent = c.GoSilent(agent="amy", since_ms=ms("9:00"))
    assert scene.refused("9:01", silent).reason == "not_silent"


@pytest.mark.parametrize(("since", "silent"), [("8:59:59.999", False), ("9:00", True)])
def test_a_presence_that_began_after_the_silence_is_not_ended(since: str, silent: bool) -> None:
    scene = Scene(TWO, online=[])
    scene.online("9:00", "amy", console=True)
    command = c.GoSilent(agent="amy", since_ms=ms(since))
    if silent:
        scene.do("9:01", command)
    else:
        assert scene.refused("9:01", command).reason == "not_silent"


def test_who_is_offline_already_is_not_silent() -> None:
    scene = Scene(TWO, online=[])
    silent = c.GoSilent(agent="amy", since_ms=ms("9:00"))
    assert scene.refused("9:01", silent).reason == "not_silent"


def test_silent_ones_work_waits_until_they_come_back() -> None:
    scene = Scene(desk_of("amy"), online=[])
    scene.online("8:30", "amy", console=True)
    scene.refund("9:00", "x", "R1")
    scene.asks("9:00", "y")
    scene.do("9:02", c.GoSilent(agent="amy", since_ms=ms("9:01")))
    assert scene.waiting() == ["y", "refund/R1"]
    scene.online("9:03", "amy", console=True)
    assert (scene.holder("y"), scene.item_holder("refund", "R1")) == ("amy", "amy")


# One operator at a time


def shared() -> Scene:
    """`shop:desk` is amy's, who is online; bob has none of his own."""
    seat = replace(sub("amy"), id="shop:desk")
    return Scene(desk_of("amy", "bob", subs=[seat]))


def test_who_signs_on_takes_over_what_the_sub_account_holds() -> None:
    scene = shared()
    scene.asks("9:00", "x")
    scene.refund("9:00", "y", "R1")
    scene.do("9:01", c.SignOn(sub_account="shop:desk", agent="bob"))
    assert (scene.holder("x"), scene.item_holder("refund", "R1")) == ("bob", "bob")
    assert (scene.load("amy"), scene.load("bob")) == (0, 1)
    scene.asks("9:02", "z")
    assert scene.holder("z") == "bob"


def test_an_operator_who_is_not_here_holds_nothing() -> None:
    scene = shared()
    scene.asks("9:00", "x")
    scene.refund("9:00", "y", "R1")
    scene.offline("9:00:30", "bob")
    scene.do("9:01", c.SignOn(sub_account="shop:desk", agent="bob"))
    assert scene.waiting() == ["x", "refund/R1"]
    scene.online("9:02", "bob")
    assert (scene.holder("x"), scene.item_holder("refund", "R1")) == ("bob", "bob")


def test_signed_off_its_sessions_go_to_others_or_wait() -> None:
    scene = Scene(desk_of("amy", Agent(id="bob", capacity=1)), online=["amy"])
    for buyer in ("x", "y"):
        scene.asks("9:00", buyer)
    scene.online("9:00", "bob")
    scene.do("9:01", c.SignOn(sub_account="shop:amy", agent=""))
    assert [scene.holder("x"), scene.holder("y")] == ["bob", ""]
    signed_off = c.SignOn(sub_account="shop:amy", agent="")
    assert scene.refused("9:02", signed_off).reason == "already_signed_on"


def test_one_person_may_operate_several() -> None:
    shops = [Shop(id="shop"), Shop(id="tmall")]
    subs = [sub("amy"), replace(sub("bob", "tmall"), agent="")]
    scene = Scene(desk_of("amy", subs=subs, shops=shops))
    scene.do("9:00", c.SignOn(sub_account="tmall:bob", agent="amy"))
    scene.asks("9:01", "x")
    scene.asks("9:01", "x", shop="tmall")
    assert (scene.holder("x"), scene.holder("x", shop="tmall")) == ("amy", "amy")
    assert scene.load("amy") == 2


def test_only_who_is_known_signs_on_to_what_is_known() -> None:
    scene = Scene(TWO)
    for command, reason in (
        (c.SignOn(sub_account="shop:none", agent="amy"), "unknown_sub_account"),
        (c.SignOn(sub_account="shop:amy", agent="nobody"), "unknown_agent"),
        (c.SignOn(sub_account="shop:amy", agent="amy"), "already_signed_on"),
        (c.PauseSubAccount(sub_account="shop:none", paused=True), "unknown_sub_account"),
    ):
        assert scene.refused("9:00", command).reason == reason
