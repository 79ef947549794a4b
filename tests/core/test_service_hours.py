"""Outside a shop's service hours misses are noticed and counted apart (RULES, first paragraph)."""

from __future__ import annotations

import pytest

from router.core.facts import DeadlineMissed
from router.core.policy import ServiceHours, Shop, in_service
from tests.core.scene import DAY_MS, Scene, desk_of, ms

DAYTIME = ServiceHours(from_minute=9 * 60, to_minute=18 * 60)
NIGHT = ServiceHours(days=(4,), from_minute=22 * 60, to_minute=2 * 60)
"""Friday 22:00 to Saturday 2:00."""


def scene_with(hours: ServiceHours) -> Scene:
    return Scene(desk_of("amy", shops=[Shop(id="shop", service_hours=(hours,))]))


def test_without_hours_a_shop_is_always_in_service() -> None:
    assert in_service((), ms("3:00"))


@pytest.mark.parametrize(
    ("time", "inside"),
    [("8:59:59.999", False), ("9:00", True), ("17:59:59.999", True), ("18:00", False)],
)
def test_hours_are_beijing_time_their_end_excluded(time: str, inside: bool) -> None:
    assert in_service((DAYTIME,), ms(time)) is inside


@pytest.mark.parametrize(
    ("time", "inside"),
    [
        ("0:00", True),
        ("1:59:59.999", True),
        ("2:00", False),
        ("22:00", False),  # Saturday's night is not in them
    ],
)
def test_hours_across_midnight_belong_to_the_day_they_begin_on(time: str, inside: bool) -> None:
    assert in_service((NIGHT,), ms(time)) is inside
    assert in_service((NIGHT,), ms("22:00") - 86_400_000)


def test_the_day_of_the_week_is_beijings() -> None:
    saturday = ServiceHours(days=(5,))
    assert in_service((saturday,), DAY_MS)
    assert not in_service((saturday,), DAY_MS - 1)
    assert not in_service((saturday,), DAY_MS + 86_400_000)


@pytest.mark.parametrize(
    ("asked", "charged"),
    [
        ("8:59:59.999", "out_of_service_hours"),  # begins before
        ("9:00", "amy"),
        ("17:54:59.999", "amy"),
        ("17:55", "out_of_service_hours"),  # due at the very end, which is outside
        ("20:00", "out_of_service_hours"),
    ],
)
def test_who_is_charged_needs_both_ends_in_service(asked: str, charged: str) -> None:
    """Read so where the text is silent: a deadline is inside when its start and its due are."""
    scene = scene_with(DAYTIME)
    scene.asks(asked, "x")
    scene.until("22:00")
    assert scene.breaches() == [("reply", charged, "x")]
    assert scene.breach().fine_fen == (2000 if charged == "amy" else 0)
    assert len(scene.said(DeadlineMissed)) == 1


def test_what_breaches_outside_is_not_counted_as_held_by_nobody() -> None:
    scene = Scene(desk_of("amy", shops=[Shop(id="shop", service_hours=(DAYTIME,))]), online=[])
    scene.asks("20:00", "x")
    scene.until("21:00")
    assert scene.breaches() == [("reply", "out_of_service_hours", "x")]
