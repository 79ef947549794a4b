"""Who gets the session, and who keeps it (RULES §3)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from router.core import commands as c
from router.core.facts import SessionQueued
from router.core.policy import Agent, Policy, Shop
from tests.core.scene import Scene, desk_of, ms, sub

TWO = desk_of("amy", "bob")


def grouped() -> Scene:
    """amy: 售前, bob: 售后, cat: any."""
    subs = [
        sub("amy", groups=("pre_sale",)),
        sub("bob", groups=("after_sale",)),
        sub("cat", capacity=1),
    ]
    return Scene(desk_of("amy", "bob", "cat", subs=subs))


# Availability


@pytest.mark.parametrize("presence", ["away", "offline"])
def test_only_who_is_online_is_given_sessions(presence: c.PresenceName) -> None:
    scene = Scene(TWO)
    scene.do("8:30", c.SetPresence(agent="amy", to=presence))
    for buyer in ("x", "y"):
        scene.asks("9:00", buyer)
        assert scene.holder(buyer) == "bob"


def test_a_paused_sub_account_is_given_nothing_and_keeps_what_it_has() -> None:
    scene = Scene(TWO)
    scene.asks("9:00", "x")
    scene.do("9:01", c.PauseSubAccount(sub_account="shop:amy", paused=True))
    assert scene.holder("x") == "amy"
    for buyer in ("y", "z"):
        scene.asks("9:02", buyer)
        assert scene.holder(buyer) == "bob"
    scene.do("9:03", c.PauseSubAccount(sub_account="shop:amy", paused=False))
    scene.asks("9:04", "w")
    assert scene.holder("w") == "amy"


@pytest.mark.parametrize("word", ["paused", "offline"])
def test_a_sub_account_paused_on_its_platform_is_given_nothing(word: str) -> None:
    """The platform's word is about that sub-account alone: amy works on at the other shop."""
    scene = Scene(desk_of("amy", shops=[Shop(id="shop"), Shop(id="tmall")]))
    scene.platform_says("8:30", "amy", word)
    scene.asks("9:00", "x")
    scene.asks("9:00", "x", shop="tmall")
    assert (scene.holder("x"), scene.holder("x", shop="tmall")) == ("", "amy")
    scene.platform_says("9:01", "amy", "online")
    assert scene.holder("x") == "amy"


def test_an_agents_capacity_counts_over_shops_and_sub_accounts() -> None:
    shops = [Shop(id="shop"), Shop(id="tmall")]
    subs = [
        sub("amy"),
        replace(sub("amy"), id="shop:amy-2"),
        sub("amy", "tmall"),
    ]
    scene = Scene(desk_of(Agent(id="amy", capacity=3), subs=subs, shops=shops))
    for number in range(2):
        scene.asks("9:00", f"b{number}")
    scene.asks("9:00", "b2", shop="tmall")
    assert scene.load("amy") == 3
    assert sorted(seat.load for seat in scene.state.seats.values()) == [1, 1, 1]
    scene.asks("9:01", "late")
    scene.asks("9:01", "late", shop="tmall")
    assert (scene.holder("late"), scene.holder("late", shop="tmall")) == ("", "")


def test_a_sub_accounts_own_capacity_is_kept_while_the_agent_has_room() -> None:
    shops = [Shop(id="shop"), Shop(id="tmall")]
    subs = [sub("amy", capacity=1), sub("amy", "tmall")]
    scene = Scene(desk_of(Agent(id="amy", capacity=3), subs=subs, shops=shops))
    for buyer in ("x", "y"):
        scene.asks("9:00", buyer)
        scene.asks("9:00", buyer, shop="tmall")
    assert (scene.holder("x"), scene.holder("y")) == ("amy", "")
    assert scene.holder("y", shop="tmall") == "amy"


def test_a_sub_account_without_an_operator_is_given_nothing() -> None:
    scene = Scene(desk_of("amy", subs=[replace(sub("amy"), agent="")]))
    scene.asks("9:00", "x")
    assert scene.holder("x") == ""
    scene.do("9:01", c.SignOn(sub_account="shop:amy", agent="amy"))
    assert scene.causes("x") == [("amy", "from_queue")]


def test_a_sub_account_serves_its_own_shop_only() -> None:
    shops = [Shop(id="shop"), Shop(id="tmall")]
    scene = Scene(desk_of("amy", "bob", subs=[sub("amy"), sub("bob", "tmall")], shops=shops))
    for buyer in ("x", "y"):
        scene.asks("9:00", buyer, shop="tmall")
        assert scene.holder(buyer, shop="tmall") == "bob"


# Groups


def test_a_buyer_without_an_order_goes_to_pre_sale() -> None:
    scene = grouped()
    scene.offline("8:30", "cat")
    for buyer in ("x", "y"):
        scene.asks("9:00", buyer)
        assert scene.holder(buyer) == "amy"


def test_a_buyer_with_an_open_order_goes_to_after_sale() -> None:
    scene = grouped()
    scene.offline("8:30", "cat")
    scene.order("9:00", "x", "O1", "paid")
    scene.asks("9:01", "x")
    assert scene.holder("x") == "bob"


def test_a_closed_order_counts_no_more() -> None:
    scene = grouped()
    scene.offline("8:30", "cat")
    scene.order("9:00", "x", "O1", "paid")
    scene.order("9:01", "x", "O1", "closed")
    scene.asks("9:02", "x")
    assert scene.holder("x") == "amy"


def test_a_buyer_with_a_refund_goes_to_after_sale() -> None:
    scene = grouped()
    scene.offline("8:30", "cat")
    scene.refund("9:00", "x", "R1")
    scene.asks("9:01", "x")
    assert scene.holder("x") == "bob"


def test_an_inbound_group_says_otherwise() -> None:
    scene = grouped()
    scene.offline("8:30", "cat")
    scene.asks("9:00", "x", group="after_sale")
    assert scene.holder("x") == "bob"


def test_an_inbound_group_holds_for_the_session_it_opens_though_an_old_one_ends_with_it() -> None:
    """The old session has ended at 11:00 and is known to have when the message comes."""
    scene = grouped()
    scene.offline("8:30", "cat")
    scene.asks("9:00", "x", farewell=True)
    scene.answers("9:00", "amy", "x")
    scene.asks("11:00:30", "x", group="after_sale")
    assert scene.holder("x") == "bob"
    scene.answers("11:01", "bob", "x")
    scene.asks("14:00", "x")  # the next one says nothing: 售前, by the rule
    assert scene.holder("x") == "amy"


def test_the_wanted_group_waits_rather_than_go_to_another() -> None:
    scene = grouped()
    scene.offline("8:30", "bob")
    scene.offline("8:30", "cat")
    scene.asks("9:00", "x", group="after_sale")
    assert scene.holder("x") == ""
    scene.online("9:01", "cat")  # takes any group
    assert scene.holder("x") == "cat"


def test_a_group_that_nobody_of_the_shop_is_in_is_anybodys() -> None:
    """Read so where the text is silent: "a shop without groups takes anybody"."""
    scene = grouped()
    scene.asks("9:00", "x", group="vip")
    assert scene.holder("x") != ""
    bare = Scene(TWO)
    bare.asks("9:00", "x", group="after_sale")
    assert bare.holder("x") == "amy"


def test_work_of_after_sale_waits_for_its_group_in_the_queue() -> None:
    scene = grouped()
    scene.offline("8:30", "bob")
    scene.offline("8:30", "cat")
    scene.refund("9:00", "x", "R1")
    assert scene.waiting() == ["refund/R1"]
    scene.online("9:05", "bob")
    assert scene.item_holder("refund", "R1") == "bob"


# 熟客优先


@pytest.mark.parametrize(
    ("back", "holder", "cause"),
    [
        ("34:00:00.000", "bob", "sticky"),
        ("34:00:00.001", "amy", "new"),
    ],
)
def test_the_same_buyer_within_24_hours_goes_back_to_the_same_agent(
    back: str, holder: str, cause: str
) -> None:
    """Counted from when that agent last held the buyer's session, here 10:00."""
    scene = Scene(TWO, online=["bob"])
    scene.asks("9:50", "x", farewell=True)
    scene.answers("9:51", "bob", "x")
    scene.close("10:00", "x")
    scene.asks("10:30", "y")
    scene.online("10:40", "amy")  # has less to do
    scene.asks(back, "x")
    assert scene.causes("x")[-1] == (holder, cause)


@pytest.mark.parametrize("why_not", ["away", "full", "paused", "group"])
def test_only_if_that_agent_can_take_it(why_not: str) -> None:
    subs = [sub("amy"), sub("bob", groups=("pre_sale",) if why_not == "group" else ())]
    desk = desk_of("amy", Agent(id="bob", capacity=1), subs=subs)
    scene = Scene(desk, online=["bob"])
    scene.asks("9:50", "x", farewell=True)
    scene.answers("9:51", "bob", "x")
    scene.close("10:00", "x")
    if why_not == "full":
        scene.asks("10:01", "y")
        scene.answers("10:01:30", "bob", "y")
    scene.online("10:02", "amy")
    if why_not == "away":
        scene.away("10:03", "bob")
    if why_not == "paused":
        scene.do("10:03", c.PauseSubAccount(sub_account="shop:bob", paused=True))
    if why_not == "group":
        subs[0] = sub("amy", groups=("after_sale",))
        scene.adopt("10:04", desk_of("amy", Agent(id="bob", capacity=1), subs=subs))
    scene.asks("10:05", "x", group="after_sale" if why_not == "group" else "")
    assert scene.causes("x")[-1] == ("amy", "new")


def test_the_same_agent_through_another_sub_account_of_theirs() -> None:
    subs = [
        sub("amy"),
        sub("bob", groups=("pre_sale",)),
        replace(sub("bob", groups=("after_sale",)), id="shop:bob-2"),
    ]
    scene = Scene(desk_of("amy", "bob", subs=subs), online=["bob"])
    scene.asks("9:50", "x", farewell=True)
    scene.answers("9:51", "bob", "x")
    scene.close("10:00", "x")
    scene.order("10:01", "x", "O1", "paid")
    scene.online("10:02", "amy")
    scene.asks("10:05", "x")
    assert scene.causes("x")[-1] == ("bob", "sticky")
    assert scene.thread("x").sub_account == "shop:bob-2"


# The queue


def test_what_nobody_can_take_waits_and_the_buyer_may_be_told_once() -> None:
    policy = Policy(queue_text="请稍等")
    scene = Scene(desk_of("amy", policy=policy), online=[])
    scene.asks("9:00", "x")
    scene.asks("9:01", "x")
    assert scene.waiting() == ["x"]
    assert scene.texts("x") == ["请稍等"]
    assert len(scene.said(SessionQueued)) == 1


def test_whoever_comes_free_takes_what_is_due_first() -> None:
    scene = Scene(desk_of(Agent(id="amy", capacity=1)), online=[])
    scene.asks("9:00", "b2", sent="9:00")
    scene.asks("9:01", "b1", sent="8:59:30")  # came later, was sent earlier
    scene.asks("9:01", "b3", sent="9:01")
    assert scene.waiting() == ["b1", "b2", "b3"]
    scene.online("9:02", "amy")
    assert scene.holder("b1") == "amy"
    scene.answers("9:03", "amy", "b1")
    scene.do(
        "9:03:30",
        c.CloseSession(
            shop="shop", buyer="b1", agent="sue", supervisor=True, reason="x", sent_ms=ms("9:03:30")
        ),
    )
    assert scene.holder("b2") == "amy"
    assert scene.waiting() == ["b3"]


def test_sessions_and_work_wait_in_one_order() -> None:
    scene = Scene(desk_of(Agent(id="amy", capacity=1)), online=[])
    scene.refund("8:40", "r", "R1")  # due 9:10
    scene.asks("9:00", "x")  # due 9:05
    scene.order("9:01", "y", "O1", "paid")
    scene.asks("9:06", "y")  # due 9:11
    assert scene.waiting() == ["x", "refund/R1", "y"]


def test_a_waiting_session_moves_up_with_an_order_to_check_and_not_with_a_refund() -> None:
    """An order check follows its session; a refund waits by itself."""
    scene = Scene(desk_of("amy"), online=[])
    scene.asks("9:00:00", "x")
    scene.asks("9:01:00", "y")
    scene.asks("9:01:00", "y2")
    for buyer in ("x", "y", "y2"):
        scene.answers("9:20", "", buyer)  # somebody answered on the platform: all still wait here
    scene.order("9:21", "y", "O1")  # due 9:31
    scene.refund("9:21", "x", "R1")  # due 9:51
    assert scene.waiting() == ["y", "order_check/O1", "x", "y2", "refund/R1"]


def test_a_queued_session_with_a_follow_up_owed_is_due_when_that_is() -> None:
    scene = Scene(desk_of("amy", "bob"), online=["amy"])
    for buyer in ("x", "y"):
        scene.asks("9:00", buyer)
    scene.answers("9:01", "amy", "x")
    scene.answers("9:02", "amy", "y")
    scene.offline("9:03", "amy")  # both owe a question: due 9:21 and 9:22
    assert scene.waiting() == ["x", "y"]
    scene.asks("9:18", "z")  # due 9:23
    assert scene.waiting() == ["x", "y", "z"]


def test_an_agent_claims_what_waits_also_for_another_group() -> None:
    scene = grouped()
    scene.offline("8:30", "bob")
    scene.offline("8:30", "cat")
    scene.asks("9:00", "x", group="after_sale")
    assert scene.holder("x") == ""
    scene.do("9:01", c.ClaimSession(shop="shop", buyer="x", agent="amy"))
    assert scene.causes("x") == [("amy", "from_queue")]
    assert scene.waiting() == []


def test_what_is_held_or_for_who_is_full_or_gone_cannot_be_claimed() -> None:
    scene = Scene(desk_of(Agent(id="amy", capacity=1), "bob"), online=["amy"])
    scene.asks("9:00", "x")
    scene.asks("9:00", "y")
    claim = c.ClaimSession(shop="shop", buyer="x", agent="bob")
    assert scene.refused("9:01", claim).reason == "held_by_somebody"
    for agent in ("amy", "bob", "nobody"):
        claim = c.ClaimSession(shop="shop", buyer="y", agent=agent)
        assert scene.refused("9:01", claim).reason == "cannot_take"
    claim = c.ClaimSession(shop="shop", buyer="nobody", agent="amy")
    assert scene.refused("9:01", claim).reason == "no_open_session"


# Capacity: the router keeps it, people and platforms need not


def test_a_supervisor_and_the_platform_may_exceed_a_capacity_and_an_agent_may_not() -> None:
    scene = Scene(desk_of("amy", Agent(id="bob", capacity=1)), online=["bob"])
    scene.asks("9:00", "b0")
    scene.online("9:00", "amy")
    for buyer in ("b1", "b2", "b3"):
        scene.asks("9:01", buyer)
        assert scene.holder(buyer) == "amy"
    give = c.TransferSession(shop="shop", buyer="b1", to="shop:bob", by="")
    assert scene.refused("9:02", give).reason == "cannot_take"
    scene.reassign("9:02", "b1", "bob")
    scene.answers("9:02", "bob", "b2")  # seen on the platform
    scene.asks("9:02", "b3", sub_account="shop:bob")  # named by the platform
    assert scene.load("bob") == 4
    assert scene.causes("b1")[-1] == ("bob", "reassign")
    assert scene.causes("b2")[-1] == ("bob", "platform")
    assert scene.causes("b3")[-1] == ("bob", "platform")


def test_above_capacity_nothing_is_given_until_there_is_room_again() -> None:
    scene = Scene(desk_of(Agent(id="bob", capacity=1)))
    scene.asks("9:00", "b0", farewell=True)
    scene.asks("9:00", "b1", sub_account="shop:bob", farewell=True)
    scene.asks("9:00", "b2")
    assert (scene.load("bob"), scene.holder("b2")) == (2, "")
    for buyer in ("b0", "b1"):
        assert scene.holder("b2") == ""
        scene.answers("9:01", "bob", buyer)
        scene.close("9:01", buyer)
    assert scene.holder("b2") == "bob"


# Rescue


def waits_with_bob_free(policy: Policy | None = None) -> Scene:
    """x waits for amy since 9:00, due 9:05; bob could take it since 9:01."""
    scene = Scene(desk_of("amy", "bob", policy=policy), online=["amy"])
    scene.asks("9:00", "x")
    scene.online("9:01", "bob")
    return scene


def test_90_seconds_before_the_reply_deadline_the_session_moves_once() -> None:
    scene = waits_with_bob_free()
    scene.until("9:03:29.999")
    assert scene.holder("x") == "amy"
    scene.until("9:03:30.000")
    assert scene.causes("x") == [("amy", "new"), ("bob", "rescue")]
    scene.until("9:30")
    assert len(scene.causes("x")) == 2


@pytest.mark.parametrize(("answer", "rescued"), [("9:03:30.000", False), ("9:03:30.001", True)])
def test_who_answers_before_that_keeps_it(answer: str, rescued: bool) -> None:
    scene = waits_with_bob_free()
    scene.answers(answer, "", "x")
    scene.until("9:10")
    assert (scene.holder("x") == "bob") is rescued


def test_a_new_wait_may_be_rescued_again() -> None:
    scene = waits_with_bob_free()
    scene.until("9:04")
    scene.answers("9:04:30", "bob", "x")
    scene.asks("9:10", "x")
    scene.until("9:15")
    assert scene.causes("x")[-1] == ("amy", "rescue")


def test_no_rescue_to_nobody_or_where_the_policy_has_none() -> None:
    scene = waits_with_bob_free()
    scene.away("9:02", "bob")
    scene.until("9:05")
    assert scene.holder("x") == "amy"
    scene = waits_with_bob_free(Policy(rescue_before_ms=0))
    scene.until("9:05")
    assert scene.holder("x") == "amy"


def test_a_rescue_keeps_to_group_and_capacity() -> None:
    desk = desk_of("amy", Agent(id="bob", capacity=1), "cat")
    subs = [sub("amy"), sub("bob"), sub("cat", groups=("after_sale",))]
    scene = Scene(replace(desk, sub_accounts=tuple(subs)), online=["amy"])
    scene.asks("9:00", "x", group="pre_sale")
    scene.online("9:01", "bob")
    scene.asks("9:01:30", "y")  # fills bob
    assert scene.holder("y") == "bob"
    scene.until("9:05")
    assert scene.holder("x") == "amy"


# The platform's last word


def test_an_agents_message_from_another_sub_account_moves_the_session_there() -> None:
    scene = Scene(TWO)
    scene.asks("9:00", "x")
    assert scene.holder("x") == "amy"
    scene.answers("9:01", "bob", "x")
    assert scene.causes("x") == [("amy", "new"), ("bob", "platform")]


@pytest.mark.parametrize("by", ["bot", "auto"])
def test_a_bots_message_moves_nothing(by: c.By) -> None:
    scene = Scene(TWO)
    scene.asks("9:00", "x")
    scene.answers("9:01", "bob", "x", by=by)
    assert scene.holder("x") == "amy"


def test_a_message_sent_before_the_session_changed_hands_moves_it_not_back() -> None:
    """Read so where the text is silent: the last word is the latest sent, not the latest come."""
    scene = Scene(TWO)
    scene.asks("9:00", "x")
    scene.transfer("9:01", "x", "bob")
    scene.answers("9:01:30", "amy", "x", sent="9:00:59.999")
    assert scene.holder("x") == "bob"
    scene.answers("9:02", "amy", "x", sent="9:01")
    assert scene.holder("x") == "amy"


def test_an_inbound_sub_account_names_the_holder() -> None:
    scene = Scene(TWO)
    scene.asks("9:00", "x", sub_account="shop:bob")
    assert scene.causes("x") == [("bob", "platform")]
    scene.asks("9:01", "x", sub_account="shop:amy")
    assert scene.causes("x")[-1] == ("amy", "platform")


def test_a_named_holder_who_is_offline_gets_it_only_where_nobody_else_can() -> None:
    """Read so where the text has two rules: it would be moved on at once."""
    scene = Scene(TWO, online=["amy"])
    scene.asks("9:00", "x", sub_account="shop:bob")
    assert scene.holder("x") == "amy"
    scene = Scene(TWO, online=[])
    scene.asks("9:00", "x", sub_account="shop:bob")
    assert scene.holder("x") == "bob"
    scene.asks("9:01", "x")
    assert scene.holder("x") == ""


# Reassigning all that an agent holds


def test_a_supervisor_moves_all_that_an_agent_holds_to_one_agent() -> None:
    scene = Scene(desk_of("amy", Agent(id="bob", capacity=1)), online=["amy"])
    for buyer in ("x", "y"):
        scene.asks("9:00", buyer)
    scene.refund("9:00", "z", "R1")
    scene.online("9:01", "bob")
    scene.do("9:01", c.ReassignAgent(agent="amy", supervisor="sue", to="bob"))
    assert [scene.holder("x"), scene.holder("y"), scene.item_holder("refund", "R1")] == ["bob"] * 3
    assert (scene.load("amy"), scene.load("bob")) == (0, 2)


def test_or_to_whoever_can_take_it() -> None:
    scene = Scene(desk_of("amy", Agent(id="bob", capacity=1), "cat"), online=["amy"])
    for buyer in ("x", "y", "z"):
        scene.asks("9:00", buyer)
    scene.refund("9:00", "r", "R1")
    scene.online("9:01", "bob")
    scene.online("9:01", "cat")
    scene.do("9:01", c.ReassignAgent(agent="amy", supervisor="sue"))
    assert sorted(scene.holder(buyer) for buyer in ("x", "y", "z")) == ["bob", "cat", "cat"]
    assert scene.item_holder("refund", "R1") in ("bob", "cat")
    assert scene.load("amy") == 0


def test_an_absent_agents_sessions_wait_where_nobody_can_take_them() -> None:
    scene = Scene(TWO, online=["amy"])
    scene.asks("9:00", "x")
    scene.refund("9:00", "x", "R1")
    scene.away("9:01", "amy", "inform")
    scene.do("9:02", c.ReassignAgent(agent="amy", supervisor="sue"))
    assert scene.holder("x") == ""
    assert scene.item_holder("refund", "R1") == ""


def test_reassigning_to_who_is_not_here_is_refused() -> None:
    scene = Scene(TWO, online=["amy"])
    for agent, to, reason in (
        ("nobody", "", "unknown_agent"),
        ("amy", "nobody", "unknown_agent"),
        ("amy", "amy", "unknown_agent"),
        ("amy", "bob", "agent_offline"),
    ):
        command = c.ReassignAgent(agent=agent, supervisor="sue", to=to)
        assert scene.refused("9:00", command).reason == reason


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("shop:nobody", "unknown_sub_account"),
        ("tmall:bob", "other_shop"),
        ("shop:none", "nobody_signed_on"),
        ("shop:amy", "already_holds"),
        ("shop:cat", "agent_offline"),
    ],
)
@pytest.mark.parametrize("supervisor", [False, True])
def test_a_transfer_needs_somebody_there(to: str, reason: str, supervisor: bool) -> None:
    subs = [sub("amy"), sub("bob"), sub("cat"), sub("bob", "tmall"), replace(sub("none"), agent="")]
    shops = [Shop(id="shop"), Shop(id="tmall")]
    scene = Scene(desk_of("amy", "bob", "cat", subs=subs, shops=shops), online=["amy"])
    scene.asks("9:00", "x")
    give = c.TransferSession(shop="shop", buyer="x", to=to, by="", supervisor=supervisor)
    assert scene.refused("9:01", give).reason == reason


# A desk that changes


def test_a_removed_agents_sessions_and_work_go_to_others() -> None:
    scene = Scene(TWO)
    scene.asks("9:00", "x")
    scene.refund("9:00", "x", "R1")
    scene.order("9:00", "x", "O1")
    assert scene.holder("x") == "amy"
    scene.adopt("9:01", desk_of("bob"))
    assert scene.holder("x") == "bob"
    assert scene.item_holder("refund", "R1") == "bob"
    assert scene.item_holder("order_check", "O1") == "bob"


def test_or_wait_until_somebody_can_take_them() -> None:
    scene = Scene(TWO, online=["amy"])
    scene.asks("9:00", "x")
    scene.refund("9:00", "x", "R1")
    scene.adopt("9:01", desk_of("bob"))
    assert sorted(scene.waiting()) == ["refund/R1", "x"]
    scene.online("9:02", "bob")
    assert scene.holder("x") == "bob"
    scene.adopt("9:03", TWO)  # amy is back, and has to come online
    assert scene.state.persons["amy"].presence == "offline"


def test_a_removed_sub_accounts_sessions_go_to_others() -> None:
    shops = [Shop(id="shop"), Shop(id="tmall")]
    whole = desk_of("amy", "bob", shops=shops)
    scene = Scene(whole)
    scene.asks("9:00", "x")
    scene.asks("9:00", "y", shop="tmall")
    left = tuple(s for s in whole.sub_accounts if s.id != "shop:amy")
    assert scene.thread("x").sub_account == "shop:amy"
    scene.adopt("9:01", replace(whole, sub_accounts=left))
    assert scene.holder("x") == "bob"
    assert scene.state.persons["amy"].presence == "online"


def test_a_removed_sub_account_can_not_be_named_any_more() -> None:
    scene = Scene(TWO)
    scene.asks("9:00", "x")
    scene.adopt("9:01", desk_of("amy", "bob", subs=[sub("amy")]))
    scene.asks("9:02", "x", sub_account="shop:bob")
    scene.answers("9:03", "bob", "x")
    assert scene.holder("x") == "amy"
    sign_on = c.SignOn(sub_account="shop:bob", agent="bob")
    assert scene.refused("9:04", sign_on).reason == "unknown_sub_account"


def test_a_removed_shops_sessions_run_out_and_charge_nobody() -> None:
    """Read so where the text is silent: they wait, breach against the desk, and end."""
    shops = [Shop(id="shop"), Shop(id="tmall")]
    scene = Scene(desk_of("amy", shops=shops))
    scene.asks("9:00", "x", shop="tmall")
    scene.adopt("9:01", desk_of("amy"))
    again = c.MessageReceived(shop="tmall", buyer="x", message="m", sent_ms=ms("9:02"))
    assert scene.refused("9:02", again).reason == "unknown_shop"
    scene.until("12:00")
    assert scene.breaches() == [("reply", "nobody_held_it", "x")]
    assert not scene.is_open("x", shop="tmall")
    assert scene.load("amy") == 0


def test_more_capacity_takes_what_waits() -> None:
    scene = Scene(desk_of(Agent(id="amy", capacity=1)))
    for buyer in ("x", "y"):
        scene.asks("9:00", buyer)
    scene.adopt("9:01", desk_of(Agent(id="amy", capacity=2)))
    assert scene.waiting() == []


def test_a_desk_takes_no_other_desks_configuration() -> None:
    scene = Scene(TWO)
    other = c.AdoptDesk(desk=replace(TWO, id="other"))
    assert scene.refused("9:00", other).reason == "other_desk"
