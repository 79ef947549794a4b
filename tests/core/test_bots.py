"""A shop's bot: when it is asked, what its answers count for, how people get the session."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from router import trace
from router.core import commands as c
from router.core.facts import BotAsked, BotHandedOver, DeliveryRequested, SessionAssigned
from router.core.policy import AwayMessages, Policy
from tests.core.scene import Scene, desk_of, ms

FIRST = Policy(bot_mode="bot_first")
QUEUE = Policy(bot_mode="people_first")
MIXED = Policy(bot_mode="mixed")


def scene_of(policy: Policy, *, online: tuple[str, ...] = ("amy",)) -> Scene:
    return Scene(desk_of("amy", "bob", policy=policy), online=online)


def asked(scene: Scene) -> list[tuple[int, int]]:
    """(when, about which message of the inbox) the bot was asked."""
    return [(fact.at_ms, fact.offset) for fact in scene.said(BotAsked)]


def reply(scene: Scene, *, message: str = "b1", to: int | None = None) -> c.WriteForBot:
    """The bot's answer to x's message (the latest that it was asked about)."""
    thread = scene.thread("x")
    latest = thread.bot.asked if thread.bot else 0
    return c.WriteForBot(
        shop="shop",
        buyer="x",
        session=thread.session,
        message=message,
        asked=latest if to is None else to,
    )


def hand_over(scene: Scene, *, failed: int = 0) -> c.HandOverFromBot:
    session = scene.thread("x").session
    return c.HandOverFromBot(
        shop="shop",
        buyer="x",
        session=session,
        why="wants a person",
        transcript="买家问运费",
        asked=failed,
    )


# Off


def test_the_default_asks_no_bot() -> None:
    scene = scene_of(Policy())
    scene.asks("9:00", "x")
    assert asked(scene) == []
    assert scene.holder("x") == "amy"
    assert scene.refused("9:01", reply(scene, to=3)).reason == "not_asked"
    assert scene.refused("9:01", hand_over(scene)).reason == "not_asked"


# The bot first


def test_a_session_is_with_the_bot_before_anybody_gets_it() -> None:
    scene = scene_of(FIRST)
    scene.asks("9:00", "x")
    thread = scene.thread("x")
    assert (thread.state, thread.agent, thread.with_bot) == ("bot", "", True)
    assert scene.waiting() == []  # it does not queue, either
    (fact,) = scene.said(BotAsked)
    assert (fact.mode, fact.until_ms) == ("bot_first", ms("9:00:15"))
    assert fact.lines == (fact.offset,)
    assert scene.restored().queue.pieces() == []


def test_it_is_asked_about_each_message() -> None:
    scene = scene_of(FIRST)
    scene.asks("9:00", "x")
    scene.asks("9:00:10", "x")
    scene.until("9:00:24.999")
    assert scene.thread("x").with_bot
    assert [at for at, _ in asked(scene)] == [ms("9:00"), ms("9:00:10")]
    assert len(scene.said(BotAsked)[-1].lines) == 2
    scene.until("9:00:25")
    assert scene.holder("x") == "amy"


def test_its_answer_goes_out_in_its_own_name() -> None:
    scene = scene_of(FIRST)
    scene.asks("9:00", "x")
    scene.do("9:00:15", reply(scene))
    (sent,) = scene.said(DeliveryRequested)
    assert (sent.by, sent.message, sent.sub_account) == ("bot", "b1", "")
    assert sent.offset > 0
    scene.until("9:01")
    assert scene.thread("x").with_bot
    assert len(scene.thread("x").lines) // 6 == 2


@pytest.mark.parametrize("wait", ["9:00:14.999", "9:00:15"])
def test_who_is_silent_too_long_hands_over(wait: str) -> None:
    scene = scene_of(FIRST)
    scene.asks("9:00", "x")
    scene.until(wait)
    over = wait == "9:00:15"
    assert (scene.holder("x") == "amy") == over
    assert [f.why for f in scene.said(BotHandedOver)] == ["no_answer_in_time"] * over


def test_an_answer_to_an_earlier_message_is_late() -> None:
    scene = scene_of(FIRST)
    scene.asks("9:00", "x")
    first = reply(scene)
    scene.asks("9:00:05", "x")
    assert scene.refused("9:00:06", first).reason == "too_late"
    assert scene.refused("9:00:06", hand_over(scene, failed=first.asked)).reason == "too_late"
    scene.do("9:00:07", reply(scene))


def test_an_answer_counts_once() -> None:
    scene = scene_of(FIRST)
    scene.asks("9:00", "x")
    answer = reply(scene)
    scene.do("9:00:05", answer)
    assert scene.refused("9:00:06", answer).reason == "already_answered"
    failure = hand_over(scene, failed=answer.asked)
    assert scene.refused("9:00:07", failure).reason == "already_answered"


def test_it_hands_over_when_it_likes_with_its_account() -> None:
    scene = scene_of(FIRST)
    scene.asks("9:00", "x")
    scene.do("9:00:05", reply(scene))
    scene.do("9:00:06", hand_over(scene))
    assert scene.causes("x") == [("amy", "new")]
    (fact,) = scene.said(BotHandedOver)
    assert (fact.why, fact.transcript) == ("wants a person", "买家问运费")
    bot = scene.thread("x").bot
    assert bot is not None
    assert bot.transcript == "买家问运费"
    assert scene.refused("9:00:07", hand_over(scene)).reason == "already_handed_over"
    scene.asks("9:01", "x")
    assert len(asked(scene)) == 1  # it is asked no more in this session


def test_where_nobody_can_take_it_it_queues_then() -> None:
    scene = scene_of(FIRST, online=())
    scene.asks("9:00", "x")
    scene.until("9:00:15")
    assert scene.waiting() == ["x"]
    scene.online("9:01", "amy")
    assert scene.causes("x") == [("amy", "from_queue")]


def test_the_familiar_agent_gets_it_from_the_bot() -> None:
    scene = scene_of(replace(FIRST, session_idle_ms=600_000), online=("amy", "bob"))
    scene.asks("9:00", "x")
    scene.do("9:00:01", hand_over(scene))
    first = scene.holder("x")
    scene.answers("9:01", first, "x")
    scene.until("9:40")
    assert not scene.is_open("x")
    scene.asks("9:41", "x")
    scene.do("9:41:01", hand_over(scene))
    assert scene.causes("x")[-1] == (first, "sticky")


def test_people_can_claim_it() -> None:
    scene = scene_of(FIRST)
    scene.asks("9:00", "x")
    answer = reply(scene)
    scene.do("9:00:05", c.ClaimSession(shop="shop", buyer="x", agent="amy"))
    assert (scene.holder("x"), scene.thread("x").with_bot) == ("amy", False)
    assert scene.refused("9:00:06", answer).reason == "too_late"
    scene.asks("9:01", "x")
    assert len(asked(scene)) == 1
    scene.until("9:04")
    assert scene.said(BotHandedOver) == []


def test_a_supervisor_can_give_it_to_somebody() -> None:
    scene = scene_of(FIRST)
    scene.asks("9:00", "x")
    scene.reassign("9:00:05", "x", "amy")
    assert scene.thread("x").state == "held"


def test_whom_the_platform_names_has_it_at_once() -> None:
    scene = scene_of(FIRST)
    scene.asks("9:00", "x", sub_account="shop:amy")
    assert (scene.holder("x"), asked(scene)) == ("amy", [])


def test_an_agent_who_answers_on_the_platform_has_it() -> None:
    scene = scene_of(FIRST)
    scene.asks("9:00", "x")
    answer = reply(scene)
    scene.answers("9:00:05", "amy", "x")
    assert scene.causes("x") == [("amy", "platform")]
    assert scene.refused("9:00:06", answer).reason == "too_late"


def test_a_person_nobody_knows_has_answered_all_the_same() -> None:
    scene = scene_of(FIRST)
    scene.asks("9:00", "x")
    answer = reply(scene)
    scene.answers("9:00:05", "", "x")
    assert scene.refused("9:00:06", answer).reason == "too_late"
    scene.until("9:01")
    assert scene.thread("x").with_bot  # nothing waits; the next message asks it again
    scene.asks("9:02", "x")
    assert len(asked(scene)) == 2


def test_an_order_that_opens_a_session_is_for_people() -> None:
    scene = scene_of(replace(FIRST, check_all_orders=True))
    scene.order("9:00", "x", "O1")
    assert (scene.holder("x"), asked(scene)) == ("amy", [])
    scene.asks("9:01", "x")
    assert asked(scene) == []


def test_who_comes_free_is_not_given_what_the_bot_has() -> None:
    scene = scene_of(FIRST, online=())
    scene.asks("9:00", "x")
    scene.online("9:00:05", "amy")
    assert scene.thread("x").with_bot
    assert scene.said(SessionAssigned) == []


def test_a_recalled_message_needs_no_answer() -> None:
    scene = scene_of(FIRST)
    scene.asks("9:00", "x")
    answer = reply(scene)
    recall = c.MessageRecalled(shop="shop", buyer="x", message="x-9:00", sent_ms=ms("9:00:05"))
    scene.do("9:00:05", recall)
    assert scene.refused("9:00:06", answer).reason == "too_late"
    scene.until("9:01")
    assert scene.thread("x").with_bot


def test_a_session_ends_with_the_bot_as_any() -> None:
    scene = scene_of(replace(FIRST, bots_answer=True))
    scene.asks("9:00", "x")
    answer = reply(scene)
    scene.do("9:00:05", answer)
    scene.until("11:10")
    assert not scene.is_open("x")
    assert scene.thread("x").bot is None
    assert scene.refused("11:11", answer).reason == "no_open_session"


def test_what_the_platform_closes_meanwhile_waits_for_the_reply() -> None:
    scene = scene_of(FIRST)
    scene.asks("9:00", "x")
    scene.do("9:00:05", c.PlatformClosed(shop="shop", buyer="x", sent_ms=ms("9:00:05")))
    assert (scene.thread("x").state, scene.waiting()) == ("closing", [])
    scene.asks("9:00:06", "x")  # the close is forgotten
    assert (scene.thread("x").state, scene.waiting()) == ("bot", [])
    scene.until("9:00:21")
    assert scene.thread("x").state == "held"


def test_a_closing_session_is_handed_to_people_too() -> None:
    scene = scene_of(FIRST)
    scene.asks("9:00", "x")
    scene.do("9:00:05", c.PlatformClosed(shop="shop", buyer="x", sent_ms=ms("9:00:05")))
    scene.until("9:00:15")
    assert (scene.thread("x").state, scene.holder("x")) == ("closing", "amy")


def test_switched_off_the_bot_keeps_nothing() -> None:
    scene = scene_of(FIRST)
    scene.asks("9:00", "x")
    scene.do("9:00:05", reply(scene))
    scene.adopt("9:10", replace(scene.state.desk, policy=Policy()))
    scene.until("9:10")
    assert scene.holder("x") == "amy"
    assert [f.why for f in scene.said(BotHandedOver)] == ["switched_off"]


def test_what_is_with_the_bot_outlives_a_restart() -> None:
    scene = scene_of(FIRST)
    scene.asks("9:00", "x")
    scene.state = scene.restored()
    assert scene.thread("x").with_bot
    scene.until("9:00:15")
    assert scene.holder("x") == "amy"


# What its answers count for


@pytest.mark.parametrize("counts", [True, False])
def test_its_message_meets_the_reply_only_by_the_policy(counts: bool) -> None:
    scene = scene_of(replace(FIRST, bots_answer=counts))
    scene.asks("9:00", "x")
    scene.do("9:00:05", reply(scene))
    live = scene.thread("x").live
    assert (live.wait is None) == counts
    assert live.follow_up is None
    scene.until("9:10")
    expected = [] if counts else [("reply", "nobody_held_it", "x")]
    assert scene.breaches() == expected


def test_a_bot_that_dawdles_costs_nobody() -> None:
    """Who gets the session less than the grace before its due is not charged."""
    scene = scene_of(replace(FIRST, bot_wait_ms=180_001, rescue_before_ms=0))
    scene.asks("9:00", "x")
    scene.until("9:03:01")
    assert scene.holder("x") == "amy"
    scene.until("9:10")
    assert scene.breaches() == [("reply", "came_too_late_to_the_holder", "x")]


def test_who_gets_it_in_time_answers_for_it() -> None:
    scene = scene_of(replace(FIRST, bot_wait_ms=180_000, rescue_before_ms=0))
    scene.asks("9:00", "x")
    scene.until("9:10")
    assert scene.breaches() == [("reply", "amy", "x")]


def test_it_can_show_an_order() -> None:
    scene = scene_of(MIXED)
    scene.asks("9:00", "x")
    scene.order("9:00:02", "x", "O1")
    scene.do("9:00:05", replace(reply(scene), shows=("O1",)))
    scene.until("9:04")
    assert scene.thread("x").work == {}


# People first


def test_people_first_asks_nothing_while_people_can_take_it() -> None:
    scene = scene_of(QUEUE)
    scene.asks("9:00", "x")
    assert (scene.holder("x"), asked(scene)) == ("amy", [])


def test_it_is_asked_while_the_session_queues() -> None:
    scene = scene_of(QUEUE, online=())
    scene.asks("9:00", "x")
    scene.do("9:00:05", reply(scene))
    scene.asks("9:01", "x")
    assert [at for at, _ in asked(scene)] == [ms("9:00"), ms("9:01")]
    assert scene.waiting() == ["x"]
    scene.do("9:01:05", reply(scene, message="b2"))
    assert len(scene.said(DeliveryRequested)) == 2


def test_it_stops_when_somebody_takes_it() -> None:
    scene = scene_of(QUEUE, online=())
    scene.asks("9:00", "x")
    answer = reply(scene)
    scene.online("9:00:05", "amy")
    assert scene.holder("x") == "amy"
    assert scene.refused("9:00:06", answer).reason == "too_late"
    scene.asks("9:01", "x")
    assert len(asked(scene)) == 1


def test_it_is_asked_again_when_the_session_queues_again() -> None:
    scene = scene_of(QUEUE)
    scene.asks("9:00", "x")
    scene.offline("9:01", "amy", "transfer")
    assert [at for at, _ in asked(scene)] == [ms("9:01")]
    assert asked(scene)[0][1] == scene.thread("x").live.wait.unanswered[-1].offset  # type: ignore[union-attr]


def test_a_bot_that_fails_leaves_the_session_in_its_place() -> None:
    scene = scene_of(QUEUE, online=())
    scene.asks("9:00", "x")
    scene.until("9:00:15")
    assert (scene.waiting(), len(scene.said(BotHandedOver))) == (["x"], 1)
    scene.asks("9:01", "x")
    assert len(asked(scene)) == 1


# Both


def test_mixed_asks_about_every_message_whoever_holds_it() -> None:
    scene = scene_of(MIXED)
    scene.asks("9:00", "x")
    assert (scene.holder("x"), len(asked(scene))) == ("amy", 1)
    scene.do("9:00:05", reply(scene))
    (sent,) = scene.said(DeliveryRequested)
    assert (sent.by, sent.sub_account) == ("bot", "shop:amy")
    scene.asks("9:01", "x")
    assert len(asked(scene)) == 2


def test_a_person_who_was_faster_has_answered() -> None:
    scene = scene_of(MIXED)
    scene.asks("9:00", "x")
    answer = reply(scene)
    scene.answers("9:00:05", "amy", "x")
    assert scene.refused("9:00:06", answer).reason == "too_late"
    scene.until("9:01")
    assert scene.said(BotHandedOver) == []  # it did not fail: there was nothing left to answer


def test_the_holders_own_answer_is_still_owed() -> None:
    scene = scene_of(MIXED)
    scene.asks("9:00", "x")
    scene.do("9:00:05", reply(scene))
    scene.until("9:10")
    assert scene.breaches() == [("reply", "amy", "x")]


def test_while_its_holder_is_away_it_answers_too() -> None:
    scene = scene_of(replace(MIXED, away_messages=AwayMessages.KEEP))
    scene.asks("9:00", "x")
    scene.do("9:00:05", reply(scene))
    scene.away("9:01", "amy", "inform")
    scene.asks("9:02", "x")
    scene.do("9:02:05", reply(scene))
    assert scene.holder("x") == "amy"


# In a trace


@pytest.mark.parametrize(
    "command",
    [
        c.WriteForBot(
            shop="shop",
            buyer="x",
            session="d-s1",
            message="b1",
            asked=7,
            kind="order_card",
            shows=("O1",),
            content=c.Content(order="O1", text="核对一下"),
        ),
        c.HandOverFromBot(
            shop="shop", buyer="x", session="d-s1", why="投诉", transcript="长", asked=7
        ),
    ],
)
def test_a_trace_has_what_it_does(command: c.AnyCommand) -> None:
    line = trace.write_line(9, ms("9:00"), command)
    assert trace.read_line(line, 1, ()).command == command


# Of another session


def test_an_answer_for_another_session_is_none() -> None:
    scene = scene_of(FIRST)
    scene.asks("9:00", "x")
    answer = replace(reply(scene), session="d-s9")
    assert scene.refused("9:00:01", answer).reason == "no_open_session"
    unknown = replace(reply(scene), buyer="nobody")
    assert scene.refused("9:00:01", unknown).reason == "no_open_session"
    future = replace(reply(scene), asked=99)
    assert scene.refused("9:00:01", future).reason == "not_asked"
    nothing = replace(reply(scene), asked=0)
    assert scene.refused("9:00:01", nothing).reason == "not_asked"


def test_long_accounts_are_cut() -> None:
    scene = scene_of(FIRST)
    scene.asks("9:00", "x")
    scene.do("9:00:01", replace(hand_over(scene), transcript="长" * 9_000, why="w" * 900))
    (fact,) = scene.said(BotHandedOver)
    assert (len(fact.transcript), len(fact.why)) == (4_000, 500)
