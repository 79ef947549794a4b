"""Who is warned before a deadline, and when (RULES §2, "Warnings")."""

from __future__ import annotations

import pytest

from router.core.facts import DeadlineMissed
from router.core.policy import Policy
from tests.core.scene import Scene, desk_of, ms


def waits(policy: Policy | None = None, *agents: str) -> Scene:
    scene = Scene(desk_of("amy", "bob", policy=policy), online=agents or ["amy"])
    scene.asks("9:00", "x")
    return scene


def test_the_holder_is_warned_two_minutes_before_a_reply_is_due() -> None:
    scene = waits()
    scene.until("9:02:59.999")
    assert scene.warnings("x") == []
    scene.until("9:20")
    assert scene.warnings("x") == [(ms("9:03"), "reply", "due_soon", "amy")]


@pytest.mark.parametrize(("answered", "warned"), [("9:03:00.000", False), ("9:03:00.001", True)])
def test_who_answered_is_not(answered: str, warned: bool) -> None:
    scene = waits()
    scene.answers(answered, "amy", "x")
    scene.until("9:08")
    assert bool(scene.warnings("x")) is warned


def test_the_board_is_warned_of_what_nobody_holds() -> None:
    scene = Scene(desk_of("amy"), online=[])
    scene.asks("9:00", "x")
    scene.until("9:04")
    assert scene.warnings("x") == [(ms("9:03"), "reply", "due_soon", "")]


def test_a_follow_up_warns_when_its_window_opens_and_before_it_ends() -> None:
    scene = waits()
    scene.answers("9:01", "amy", "x")
    scene.until("9:30")
    assert scene.warnings("x") == [
        (ms("9:11"), "follow_up", "window_open", "amy"),
        (ms("9:19"), "follow_up", "due_soon", "amy"),
    ]


def test_an_order_check_and_a_refund_warn_their_own_holders() -> None:
    scene = Scene(desk_of("amy", "bob"), online=["amy"])
    scene.asks("9:00", "x", farewell=True)
    scene.answers("9:00", "amy", "x")
    scene.order("9:01", "x", "O1")
    scene.away("9:02", "amy")
    scene.online("9:02", "bob")
    scene.refund("9:02", "x", "R1")
    scene.until("9:40")
    assert scene.warnings("x") == [
        (ms("9:09"), "order_check", "due_soon", "amy"),
        (ms("9:30"), "refund", "due_soon", "bob"),
    ]


def test_a_policy_sets_how_long_before() -> None:
    scene = waits(Policy(warn_before_ms=30_000))
    scene.until("9:10")
    assert scene.warnings("x") == [(ms("9:04:30"), "reply", "due_soon", "amy")]


def test_what_reaches_us_later_than_that_warns_at_once() -> None:
    scene = Scene(desk_of("amy", policy=Policy(reply_ms=180_000)))
    scene.asks("9:01:30", "x", sent="9:00")
    scene.until("9:01:30")
    assert scene.warnings("x") == [(ms("9:01:30"), "reply", "due_soon", "amy")]


def test_a_missed_deadline_is_noticed_at_due() -> None:
    scene = waits()
    scene.until("9:04:59.999")
    assert scene.said(DeadlineMissed) == []
    scene.until("9:05:00.000")
    (missed,) = scene.said(DeadlineMissed)
    assert (missed.at_ms, missed.due_ms, missed.agent) == (ms("9:05"), ms("9:05"), "amy")
    assert scene.breaches() == []
