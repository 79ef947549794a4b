"""Automatic texts: out of the service hours, while a buyer waits, in the queue (RULES §2)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from router.core import commands as c
from router.core.facts import DeliveryRequested
from router.core.memos import AutoLine
from router.core.policy import MINUTE_MS, Policy, ServiceHours, Shop
from tests.core.scene import Scene, desk_of, ms

HOURS = Policy(out_of_hours_text="现在是休息时间", auto_period_ms=12 * 60 * MINUTE_MS)
WAITING = Policy(waiting_text="请稍等,马上就来")
OPEN_9_TO_18 = (ServiceHours(from_minute=9 * 60, to_minute=18 * 60),)


def scene_of(policy: Policy, *, hours: tuple[ServiceHours, ...] = (), online: str = "amy") -> Scene:
    shop = Shop(id="shop", service_hours=hours)
    return Scene(desk_of("amy", policy=policy, shops=[shop]), online=[online] if online else [])


def lines(scene: Scene, buyer: str) -> tuple[AutoLine, ...]:
    """The automatic texts of the buyer's open session."""
    autos = scene.thread(buyer).autos
    return autos.lines if autos else ()


def test_the_default_policy_sends_nothing() -> None:
    scene = scene_of(Policy(), hours=OPEN_9_TO_18, online="")
    scene.asks("8:00", "x")
    scene.until("8:30")
    assert scene.said(DeliveryRequested) == []


# Out of the service hours


@pytest.mark.parametrize(
    ("time", "told"),
    [("8:59:59.999", True), ("9:00", False), ("17:59:59.999", False), ("18:00", True)],
)
def test_outside_the_service_hours_a_buyer_is_told_so(time: str, told: bool) -> None:
    scene = scene_of(HOURS, hours=OPEN_9_TO_18)
    scene.asks(time, "x")
    assert scene.texts("x") == ([HOURS.out_of_hours_text] if told else [])


def test_a_shop_that_is_always_open_says_nothing() -> None:
    scene = scene_of(HOURS)
    scene.asks("8:30", "x")
    assert scene.texts("x") == []


def test_it_goes_out_as_an_automatic_text_and_answers_nobody() -> None:
    scene = scene_of(HOURS, hours=OPEN_9_TO_18)
    scene.asks("8:30", "x")
    (sent,) = scene.said(DeliveryRequested)
    assert (sent.by, sent.kind, sent.sub_account, sent.offset) == ("auto", "text", "shop:amy", 0)
    live = scene.thread("x").live
    assert live.wait is not None
    assert live.follow_up is None
    scene.until("8:40")
    assert scene.breaches() == [("reply", "out_of_service_hours", "x")]


def test_a_message_that_continues_a_session_is_told_so_too() -> None:
    scene = scene_of(HOURS, hours=OPEN_9_TO_18)
    scene.asks("17:59", "x")
    scene.asks("18:01", "x")
    assert scene.texts("x") == [HOURS.out_of_hours_text]


def test_once_in_a_session_however_long_it_is() -> None:
    policy = replace(HOURS, auto_period_ms=0)
    scene = scene_of(policy, hours=OPEN_9_TO_18)
    for time in ("18:00", "19:30", "21:00"):
        scene.asks(time, "x")
        scene.answers(time + ":30", "amy", "x")
    assert len(scene.texts("x")) == 1


@pytest.mark.parametrize(("again", "told"), [("29:59:59.999", 1), ("30:00", 2)])
def test_once_in_the_period_however_many_sessions(again: str, told: int) -> None:
    scene = scene_of(HOURS, hours=OPEN_9_TO_18)
    scene.asks("18:00", "x")
    scene.asks(again, "x")
    assert len(scene.texts("x")) == told


def test_each_buyer_for_themselves() -> None:
    scene = scene_of(HOURS, hours=OPEN_9_TO_18)
    scene.asks("18:00", "x")
    scene.asks("18:01", "y")
    assert (len(scene.texts("x")), len(scene.texts("y"))) == (1, 1)


def test_what_is_too_late_to_judge_is_not_answered_either() -> None:
    scene = scene_of(HOURS, hours=OPEN_9_TO_18)
    scene.asks("45:00", "x", sent="20:00")
    assert scene.texts("x") == []


# While a buyer waits


@pytest.mark.parametrize(("answered", "told"), [("9:02", False), ("9:02:00.001", True)])
def test_who_has_waited_is_told_something(answered: str, told: bool) -> None:
    scene = scene_of(WAITING)
    scene.asks("9:00", "x")
    scene.answers(answered, "amy", "x")
    scene.until("9:04")
    assert scene.texts("x") == ([WAITING.waiting_text] if told else [])


def test_at_the_moment_that_the_policy_says() -> None:
    scene = scene_of(replace(WAITING, waiting_after_ms=30_000))
    scene.asks("9:00", "x")
    scene.until("9:00:29.999")
    assert scene.texts("x") == []
    scene.until("9:00:30")
    (sent,) = scene.said(DeliveryRequested)
    assert (sent.at_ms, sent.by) == (ms("9:00:30"), "auto")


def test_it_is_no_answer() -> None:
    scene = scene_of(WAITING)
    scene.asks("9:00", "x")
    scene.until("9:30")
    assert scene.breaches() == [("reply", "amy", "x")]


def test_the_time_runs_from_the_first_unanswered_message() -> None:
    scene = scene_of(WAITING)
    scene.asks("9:00", "x")
    scene.asks("9:01:59", "x")
    scene.until("9:02")
    assert len(scene.texts("x")) == 1
    scene.until("9:10")
    assert len(scene.texts("x")) == 1


def test_a_second_wait_of_the_same_session_is_not_told_again() -> None:
    scene = scene_of(replace(WAITING, auto_period_ms=0))
    for hour in ("9", "10"):
        scene.asks(f"{hour}:00", "x")
        scene.answers(f"{hour}:03", "amy", "x")
    assert len(scene.texts("x")) == 1


@pytest.mark.parametrize(("minutes", "told"), [(120, 1), (119, 2)])
def test_another_session_within_the_period_is_not_told(minutes: int, told: int) -> None:
    scene = scene_of(replace(WAITING, auto_period_ms=minutes * MINUTE_MS + 1))
    scene.asks("9:00", "x")
    scene.answers("9:03", "amy", "x", by="human")
    scene.do("9:04", c.CloseSession(
        shop="shop", buyer="x", agent="sue", sent_ms=ms("9:04"), supervisor=True, reason="done"
    ))  # fmt: skip
    scene.asks("11:00", "x")  # told at 9:02, and would be at 11:02
    scene.until("11:04")
    assert len(scene.texts("x")) == told


def test_not_outside_the_service_hours() -> None:
    scene = scene_of(WAITING, hours=OPEN_9_TO_18)
    scene.asks("17:59", "x")
    scene.until("18:10")
    assert scene.texts("x") == []


def test_who_recalls_all_they_asked_waits_for_nothing() -> None:
    scene = scene_of(WAITING)
    scene.asks("9:00", "x")
    scene.do(
        "9:01", c.MessageRecalled(shop="shop", buyer="x", message="x-9:00", sent_ms=ms("9:01"))
    )
    scene.until("9:10")
    assert scene.texts("x") == []


def test_the_queue_is_told_as_well_as_the_waiting() -> None:
    scene = scene_of(replace(WAITING, queue_text="前面还有人"), online="")
    scene.asks("9:00", "x")
    scene.until("9:10")
    assert scene.texts("x") == ["前面还有人", WAITING.waiting_text]
    assert [line.which for line in lines(scene, "x")] == ["queue", "waiting"]


def test_it_outlives_a_restart() -> None:
    scene = scene_of(WAITING)
    scene.asks("9:00", "x")
    scene.state = scene.restored()
    scene.until("9:02")
    scene.state = scene.restored()
    scene.until("9:10")
    assert len(scene.texts("x")) == 1


# All of them


def test_an_automatic_text_keeps_the_session_open() -> None:
    """At 2 h after the buyer's message, but within 2 h of the text."""
    scene = scene_of(WAITING)
    scene.asks("9:00", "x")
    scene.until("11:01:59.999")
    assert scene.is_open("x")
    scene.asks("11:02", "x", message="still")
    assert scene.state.counters.sessions == 1


def test_the_queues_text_does_so_too() -> None:
    scene = scene_of(Policy(queue_text="前面还有人"))
    scene.asks("9:00", "x", farewell=True)
    scene.answers("9:01", "amy", "x")
    scene.offline("9:05", "amy")
    scene.asks("9:06", "x", farewell=True)
    scene.answers("9:06:30", "", "x", by="human")
    assert scene.thread("x").live.active_ms == ms("9:06:30")
    assert len(scene.texts("x")) == 1


def test_what_was_said_is_kept_as_it_was_said() -> None:
    scene = scene_of(WAITING)
    scene.asks("9:00", "x")
    scene.until("9:02")
    scene.adopt("9:03", replace(scene.state.desk, policy=replace(WAITING, waiting_text="别的话")))
    (line,) = lines(scene, "x")
    assert (line.text, line.which) == (WAITING.waiting_text, "waiting")
    assert (line.at_ms, line.message) == (ms("9:02"), "waiting-d-s1")


def test_it_stands_behind_the_message_that_it_came_after() -> None:
    scene = scene_of(WAITING)
    scene.asks("9:00", "x")
    asked = scene.thread("x").lines
    scene.until("9:02")
    (line,) = lines(scene, "x")
    assert line.after == int.from_bytes(asked[-6:], "big") > 0


def test_a_closed_session_keeps_its_own() -> None:
    scene = scene_of(WAITING)
    scene.asks("9:00", "x")
    scene.answers("9:03", "amy", "x")
    scene.until("12:00")
    assert not scene.is_open("x")
    assert [line.which for line in scene.thread("x").past[-1].autos] == ["waiting"]
    assert lines(scene, "x") == ()


def test_the_texts_kept_are_bounded() -> None:
    scene = scene_of(Policy(away_text="很长" * 1_000))
    for minute in range(25):
        scene.asks(f"9:{minute:02}", "x")
        scene.away(f"9:{minute:02}:20", "amy", "inform")
        scene.online(f"9:{minute:02}:40", "amy")
    assert len(scene.texts("x")) == 25
    assert len(lines(scene, "x")) == 20
    assert {len(line.text) for line in lines(scene, "x")} == {500}
