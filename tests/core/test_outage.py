"""The router was not there for a while (RULES §2, "After an outage")."""

from __future__ import annotations

import pytest

from router.core import commands as c
from router.core.policy import Policy, Shop
from tests.core.scene import Scene, desk_of, ms

TWO = desk_of("amy", "bob")
CONSOLE = Shop(id="shop", console_only=True, lateness_ms=0)


def outage(scene: Scene, start: str, end: str) -> None:
    scene.do(end, c.NoteOutage(from_ms=ms(start), to_ms=ms(end)))


def asked_then_out() -> Scene:
    """x waits for amy; the router is out from 9:01 to 9:20; bob is there to rescue."""
    scene = Scene(TWO, online=["amy"])
    scene.asks("9:00", "x", farewell=True)
    scene.online("9:00:30", "bob")
    outage(scene, "9:01", "9:20")
    return scene


def test_what_fell_due_in_it_is_not_sealed_before_ten_minutes_after_its_end() -> None:
    scene = asked_then_out()
    scene.until("9:29:59.999")
    assert scene.breaches() == []
    scene.until("9:30:00.000")
    assert scene.breaches() == [("reply", "amy", "x")]


def test_an_answer_that_the_platform_brings_within_that_time_meets_it() -> None:
    scene = asked_then_out()
    scene.answers("9:29:59.999", "amy", "x", sent="9:05")
    scene.until("9:40")
    assert scene.breaches() == []
    assert not scene.state.entries


def test_later_it_still_disproves_it() -> None:
    scene = asked_then_out()
    scene.answers("9:31", "amy", "x", sent="9:05")
    assert (scene.breaches(), scene.owes("amy")) == ([], 0)


def test_an_answer_sent_too_late_does_not_though_nobody_was_there() -> None:
    scene = asked_then_out()
    scene.answers("9:21", "amy", "x", sent="9:05:00.001")
    scene.until("9:40")
    assert scene.breaches() == [("reply", "amy", "x")]


def test_a_buyers_message_brought_afterwards_is_judged_as_sent() -> None:
    """Sent in the outage, due in it, unknown to all: counted, and charged to nobody."""
    scene = Scene(desk_of("amy"))
    outage(scene, "9:01", "9:20")
    scene.asks("9:21", "x", sent="9:02")
    scene.until("9:40")
    assert [(b.due_ms, b.agent) for b in scene.state.breaches.values()] == [(ms("9:07"), "")]


def test_nothing_is_rescued_inside_it() -> None:
    scene = asked_then_out()
    assert scene.holder("x") == "amy"
    scene.until("9:40")
    assert scene.causes("x") == [("amy", "new")]


def test_what_falls_due_after_it_is_rescued_as_ever() -> None:
    scene = Scene(TWO, online=["amy"])
    scene.asks("9:18", "x")
    scene.online("9:18", "bob")
    outage(scene, "9:19", "9:20")
    scene.until("9:22")
    assert scene.causes("x")[-1] == ("bob", "rescue")


def test_an_empty_outage_is_refused() -> None:
    scene = Scene(TWO)
    nothing = c.NoteOutage(from_ms=ms("9:00"), to_ms=ms("9:00"))
    assert scene.refused("9:00", nothing).reason == "empty_outage"


# Where our console is the agents' only client


@pytest.mark.parametrize(("answered", "missed"), [("9:24:00.000", False), ("9:24:00.001", True)])
def test_deadlines_that_were_running_are_extended_by_its_length(
    answered: str, missed: bool
) -> None:
    scene = Scene(desk_of("amy", shops=[CONSOLE]))
    scene.asks("9:00", "x")
    outage(scene, "9:01", "9:20")
    scene.do(answered, c.WriteMessage(shop="shop", buyer="x", agent="amy", message="m"))
    scene.until("9:35")
    assert [(b.rule, b.due_ms) for b in scene.state.breaches.values()] == (
        [("reply", ms("9:24"))] if missed else []
    )


def test_all_kinds_of_them() -> None:
    policy = Policy(outage_grace_ms=0)
    scene = Scene(desk_of("amy", shops=[CONSOLE], policy=policy))
    for buyer in ("x", "y"):
        scene.asks("9:00", buyer, farewell=buyer == "y")
        write = c.WriteMessage(shop="shop", buyer=buyer, agent="amy", message=f"m-{buyer}")
        scene.do("9:00", write)
    scene.order("9:00", "y", "O1")
    scene.refund("9:00", "z", "R1")
    outage(scene, "9:01", "9:06")
    scene.until("10:00")
    assert {b.rule: b.due_ms for b in scene.state.breaches.values()} == {
        "follow_up": ms("9:25"),
        "order_check": ms("9:15"),
        "refund": ms("9:35"),
    }
    assert {b.rule: b.from_ms for b in scene.state.breaches.values()}["follow_up"] == ms("9:15")


def test_what_was_due_before_it_is_not() -> None:
    scene = Scene(desk_of("amy", shops=[CONSOLE]))
    scene.asks("9:00", "x")
    outage(scene, "9:05:00.001", "9:20")
    scene.until("9:40")
    assert scene.breach().due_ms == ms("9:05")


def test_elsewhere_they_are_not() -> None:
    scene = asked_then_out()
    scene.until("9:40")
    assert scene.breach().due_ms == ms("9:05")
