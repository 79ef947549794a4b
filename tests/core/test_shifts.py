"""The roster, the clock of shifts, who was there, and who operates what (RULES §5)."""

from __future__ import annotations

from time import perf_counter

import pytest
from msgspec.structs import replace

from router.core import commands as c
from router.core.commands_shift import PlannedShift
from router.core.facts import AttendanceNoted, RosterPlanned, ShiftBegan, ShiftChanged, ShiftEnded
from router.core.policy import DAY_MS, HOUR_MS, Agent, Policy, Shop
from router.core.records import Shift
from router.core.step import step
from router.simulate import state_hash
from tests.core.scene import Scene, desk_of, ms, sub

TWO = desk_of("amy", "bob")
SHARED = desk_of("amy", "bob", subs=[replace(sub("desk"), agent=""), sub("amy"), sub("bob")])
"""`shop:desk` is whose shift it is; amy and bob have one of their own, too."""


def shift(agent: str, begin: str, end: str, *subs: str, **more: object) -> PlannedShift:
    return PlannedShift(agent=agent, from_ms=ms(begin), to_ms=ms(end), sub_accounts=subs, **more)  # type: ignore[arg-type]


def planning(*shifts: PlannedShift, begin: str = "0:00", end: str = "24:00") -> c.PlanShifts:
    return c.PlanShifts(from_ms=ms(begin), to_ms=ms(end), shifts=shifts, by="sue")


def rostered(*shifts: PlannedShift, desk: object = TWO, online: tuple[str, ...] = ()) -> Scene:
    """At 7:30 the roster is planned; who is `online` came at 8:00."""
    scene = Scene(desk, online=[])  # type: ignore[arg-type]
    scene.do("7:30", planning(*shifts))
    for agent in online:
        scene.online("8:00", agent)
    return scene


def found(scene: Scene, agent: str, number: int = 0) -> Shift:
    return scene.state.rota.of(agent)[number]


def states(scene: Scene, agent: str) -> list[str]:
    return [each.state for each in scene.state.rota.of(agent)]


def noted(scene: Scene) -> list[tuple[str, str, int, int]]:
    return [(f.agent, f.what, f.by_ms, f.at_ms) for f in scene.said(AttendanceNoted)]


# Planning


def test_a_roster_is_planned_and_its_shifts_are_numbered() -> None:
    scene = rostered(shift("amy", "9:00", "18:00"), shift("bob", "18:00", "26:00"))
    assert sorted(scene.state.shifts) == ["d-r1", "d-r2"]
    (told,) = scene.said(RosterPlanned)
    assert (told.shifts, told.by) == (2, "sue")
    assert state_hash(scene.restored()) == state_hash(scene.state)


def test_a_plan_replaces_what_has_not_begun_in_its_period_alone() -> None:
    scene = rostered(
        shift("amy", "8:00", "10:00"),
        shift("amy", "12:00", "14:00"),
        shift("bob", "23:00", "25:00"),
    )
    scene.do("9:00", planning(shift("amy", "15:00", "16:00"), begin="9:00", end="23:00"))
    spans = [(s.from_ms, s.state) for s in scene.state.rota.of("amy")]
    assert spans == [(ms("8:00"), "on"), (ms("15:00"), "planned")]
    assert states(scene, "bob") == ["planned"], "23:00 is not in the period"


def test_a_plan_of_some_agents_leaves_the_others() -> None:
    scene = rostered(shift("amy", "9:00", "10:00"), shift("bob", "9:00", "10:00"))
    plan = replace(planning(), agents=("amy",))
    scene.do("8:00", plan)
    assert (states(scene, "amy"), states(scene, "bob")) == ([], ["planned"])


def test_what_stays_as_it_was_stays_that_very_shift() -> None:
    same = shift("amy", "9:00", "10:00", name="早班")
    scene = rostered(same, shift("bob", "9:00", "10:00"))
    scene.do("8:00", planning(same, shift("bob", "9:00", "11:00")))
    assert sorted(scene.state.shifts) == ["d-r1", "d-r3"]


def test_what_is_on_is_not_doubled_and_what_is_past_is_passed_over() -> None:
    early, on = shift("bob", "8:00", "9:00"), shift("amy", "8:00", "12:00")
    scene = rostered(early, on)
    scene.do("10:00", planning(early, on, shift("amy", "13:00", "14:00")))
    assert (states(scene, "amy"), states(scene, "bob")) == (["on", "planned"], ["over"])


@pytest.mark.parametrize(
    ("wrong", "reason", "names"),
    [
        (shift("nobody", "9:00", "10:00"), "unknown_agent", "nobody"),
        (shift("amy", "9:00", "10:00", "shop:none"), "unknown_sub_account", "shop:none"),
        (shift("amy", "10:00", "10:00"), "empty_shift", "amy"),
        (shift("amy", "11:00", "10:00"), "empty_shift", "amy"),
        (shift("amy", "4:00", "20:00:00.001"), "shift_too_long", "amy"),
        (shift("bob", "13:59:59.999", "15:00"), "shifts_overlap", "bob"),
        (shift("amy", "24:00", "25:00"), "outside_period", "amy"),
        (
            shift("amy", "9:00", "10:00", breaks=((ms("8:59"), ms("9:10")),)),
            "bad_break",
            "amy",
        ),
    ],
)
def test_one_wrong_shift_refuses_the_whole_plan(
    wrong: PlannedShift, reason: str, names: str
) -> None:
    scene = rostered(shift("amy", "20:00", "21:00"))
    good = shift("bob", "12:00", "14:00")
    refused = scene.refused("8:00", planning(good, wrong))
    assert refused.reason == reason
    assert names in refused.detail
    assert sorted(scene.state.shifts) == ["d-r1"]


def test_the_limits_themselves_are_allowed() -> None:
    longest = shift("amy", "8:00", "24:00")
    touching = (shift("bob", "9:00", "12:00"), shift("bob", "12:00", "14:00"))
    scene = rostered(longest, *touching)
    assert len(scene.state.shifts) == 3


def test_what_stays_may_not_be_overlapped_either() -> None:
    scene = rostered(shift("amy", "8:00", "12:00"))
    refused = scene.refused("9:00", planning(shift("amy", "11:00", "13:00"), begin="10:00"))
    assert refused.reason == "shifts_overlap"
    assert "d-r1" in refused.detail


def test_a_plan_says_when_whose_and_how_many() -> None:
    scene = rostered()
    assert scene.refused("8:00", planning(begin="9:00", end="9:00")).reason == "empty_period"
    unknown = replace(planning(), agents=("nobody",))
    assert scene.refused("8:00", unknown).reason == "unknown_agent"
    other = replace(planning(shift("bob", "9:00", "10:00")), agents=("amy",))
    assert scene.refused("8:00", other).reason == "other_agent"
    many = planning(*[shift("amy", "9:00", "10:00")] * 20_001)
    assert scene.refused("8:00", many).reason == "too_many_shifts"


@pytest.mark.parametrize(("later_ms", "kept"), [(0, True), (1, False)])
def test_old_shifts_are_forgotten_after_62_days(later_ms: int, *, kept: bool) -> None:
    scene = rostered(shift("amy", "9:00", "10:00"))
    at_ms = ms("10:00") + 62 * DAY_MS + later_ms
    plan = c.PlanShifts(from_ms=at_ms, to_ms=at_ms + 1, shifts=(), by="sue")
    assert scene.step(at_ms, plan).rejected is None
    assert ("d-r1" in scene.state.shifts) is kept
    assert state_hash(scene.restored()) == state_hash(scene.state)


def test_a_month_of_two_hundred_agents_is_planned_at_once() -> None:
    """Two plans of 6,200 shifts, the second one a replacement: well under a second."""
    scene = Scene(desk_of(*[f"a{n}" for n in range(200)]), online=[])
    shifts = tuple(
        PlannedShift(
            agent=f"a{n}",
            from_ms=ms("9:00") + day * DAY_MS,
            to_ms=ms("18:00") + day * DAY_MS,
            sub_accounts=(f"shop:a{n}",),
        )
        for day in range(31)
        for n in range(200)
    )
    plan = c.PlanShifts(from_ms=ms("0:00"), to_ms=ms("0:00") + 31 * DAY_MS, shifts=shifts, by="sue")
    later = tuple(replace(each, name="班") for each in shifts)
    began_s = perf_counter()
    for offset, command in ((900, plan), (901, replace(plan, shifts=later))):
        outcome = step(scene.state, c.Stamped(offset, ms("8:00"), command))
        assert outcome.rejected is None
    assert perf_counter() - began_s < 2
    assert len(scene.state.shifts) == 6200


# Single changes


def change(name: str, planned: PlannedShift | None, *, why: str = "病假") -> c.ChangeShift:
    return c.ChangeShift(by="sue", why=why, shift=name, planned=planned)


def cancel(name: str) -> c.ChangeShift:
    return c.ChangeShift(by="sue", why="病假", shift=name, cancel=True)


def test_a_supervisor_adds_changes_and_cancels() -> None:
    scene = rostered(shift("amy", "9:00", "18:00"))
    scene.do("8:00", change("", shift("bob", "10:00", "12:00")))
    scene.do("8:01", change("d-r1", shift("amy", "9:30", "17:00")))
    scene.do("8:02", cancel("d-r2"))
    scene.until("9:10")
    assert states(scene, "amy") == ["planned"], "the clock stops at 9:30 now"
    scene.until("12:30")
    assert (states(scene, "amy"), states(scene, "bob")) == (["on"], ["cancelled"])
    told = [(f.shift, f.agent, f.cancelled) for f in scene.said(ShiftChanged)]
    assert told == [("d-r2", "bob", False), ("d-r1", "amy", False), ("d-r2", "bob", True)]
    assert state_hash(scene.restored()) == state_hash(scene.state)


def test_a_change_needs_a_reason_and_something_to_change() -> None:
    scene = rostered(shift("amy", "9:00", "18:00"), shift("bob", "8:00", "9:00"))
    again = shift("amy", "9:00", "17:00")
    for command, reason in (
        (change("d-r1", again, why=" "), "reason_needed"),
        (change("d-r9", again), "no_such_shift"),
        (change("d-r1", None), "nothing_planned"),
        (change("", None), "nothing_planned"),
        (change("d-r1", shift("amy", "9:00", "9:00")), "empty_shift"),
        (change("", shift("amy", "17:59", "19:00")), "shifts_overlap"),
        (change("", shift("amy", "7:00", "7:30")), "in_the_past"),
    ):
        assert scene.refused("8:00", command).reason == reason


def test_what_is_over_or_cancelled_is_not_changed() -> None:
    scene = rostered(shift("amy", "9:00", "10:00"), shift("bob", "9:00", "18:00"))
    scene.do("9:30", cancel("d-r2"))
    for command, reason in (
        (cancel("d-r1"), "shift_over"),
        (change("d-r1", shift("amy", "9:00", "18:00")), "shift_over"),
        (cancel("d-r2"), "shift_cancelled"),
        (c.SwapShifts(one="d-r1", other="d-r2", by="sue", why="x"), "shift_over"),
    ):
        assert scene.refused("10:00:00.001", command).reason == reason


def test_one_that_is_on_keeps_its_agent_and_beginning() -> None:
    scene = rostered(shift("amy", "9:00", "18:00"))
    for other in (shift("bob", "9:00", "18:00"), shift("amy", "9:30", "18:00")):
        assert scene.refused("10:00", change("d-r1", other)).reason == "shift_has_begun"
    scene.do("10:00", change("d-r1", shift("amy", "9:00", "11:00")))
    scene.until("11:00")
    assert states(scene, "amy") == ["over"]


def test_one_that_has_begun_already_is_on_at_once_and_lateness_counts_from_then() -> None:
    scene = rostered()
    scene.do("10:00", change("", shift("amy", "9:00", "18:00")))
    scene.until("10:00")
    assert states(scene, "amy") == ["on"]
    scene.online("10:05", "amy")
    assert found(scene, "amy").late_ms == 5 * 60_000


def test_two_swap_their_shifts() -> None:
    scene = rostered(shift("amy", "9:00", "12:00", "shop:amy"), shift("bob", "14:00", "18:00"))
    scene.do("8:00", c.SwapShifts(one="d-r1", other="d-r2", by="sue", why="换班"))
    assert scene.state.shifts["d-r1"].agent == "bob"
    assert scene.state.shifts["d-r1"].sub_accounts == ["shop:amy"], "they stay with the shift"
    assert found(scene, "amy").from_ms == ms("14:00")
    assert state_hash(scene.restored()) == state_hash(scene.state)


def test_a_swap_is_refused_where_it_does_not_fit() -> None:
    scene = rostered(
        shift("amy", "9:00", "12:00"),
        shift("amy", "13:00", "15:00"),
        shift("bob", "14:00", "16:00"),
    )
    for one, other, reason in (
        ("d-r1", "d-r2", "same_agent"),
        ("d-r1", "d-r3", "shifts_overlap"),
        ("d-r1", "d-r9", "no_such_shift"),
    ):
        command = c.SwapShifts(one=one, other=other, by="sue", why="换班")
        assert scene.refused("8:00", command).reason == reason
    command = c.SwapShifts(one="d-r1", other="d-r3", by="sue", why="")
    assert scene.refused("8:00", command).reason == "reason_needed"
    command = c.SwapShifts(one="d-r1", other="d-r3", by="sue", why="x")
    assert scene.refused("9:30", command).reason == "shift_has_begun"


def test_who_leaves_the_desk_is_not_rostered_any_more() -> None:
    scene = rostered(
        shift("amy", "9:00", "12:00"),
        shift("bob", "9:00", "12:00", "shop:amy"),
        shift("bob", "13:00", "14:00", "shop:amy", "shop:bob"),
    )
    scene.adopt("8:00", desk_of("bob"))
    assert states(scene, "amy") == ["cancelled"]
    assert states(scene, "bob") == ["cancelled", "planned"]
    assert found(scene, "bob", 1).sub_accounts == ["shop:bob"]


# The clock and attendance


def test_shifts_begin_and_end_by_the_clock() -> None:
    scene = rostered(shift("amy", "9:00", "18:00"), online=("amy",))
    scene.until("18:00")
    (began,) = scene.said(ShiftBegan)
    (ended,) = scene.said(ShiftEnded)
    assert (began.at_ms, began.present) == (ms("9:00"), True)
    assert (ended.at_ms, ended.present) == (ms("18:00"), True)
    assert found(scene, "amy").came_ms == ms("9:00")
    assert noted(scene) == []


@pytest.mark.parametrize(("time", "late_ms"), [("9:00", 0), ("9:00:00.001", 1)])
def test_who_comes_after_the_start_is_late(time: str, late_ms: int) -> None:
    scene = rostered(shift("amy", "9:00", "18:00"))
    scene.online(time, "amy")
    scene.until("9:30")
    assert found(scene, "amy").late_ms == late_ms
    assert noted(scene) == ([("amy", "late", late_ms, ms(time))] if late_ms else [])


@pytest.mark.parametrize(("time", "late_ms"), [("9:05", 0), ("9:05:00.001", 300_001)])
def test_a_policy_may_be_patient(time: str, late_ms: int) -> None:
    desk = replace(TWO, policy=Policy(late_after_ms=300_000))
    scene = rostered(shift("amy", "9:00", "18:00"), desk=desk)
    scene.online(time, "amy")
    assert found(scene, "amy").late_ms == late_ms


def test_late_is_noted_once() -> None:
    scene = rostered(shift("amy", "9:00", "18:00"))
    scene.online("9:10", "amy")
    scene.offline("10:00", "amy")
    scene.online("10:30", "amy")
    scene.until("17:00")
    assert noted(scene) == [("amy", "late", 600_000, ms("9:10"))]


@pytest.mark.parametrize(("time", "early_ms"), [("17:00", 3_600_000), ("18:00", 0)])
def test_who_goes_before_the_end_left_early(time: str, early_ms: int) -> None:
    desk = replace(TWO, policy=Policy(handover_required=False))
    scene = rostered(shift("amy", "9:00", "18:00"), desk=desk, online=("amy",))
    scene.offline(time, "amy")
    scene.until("18:00")
    assert found(scene, "amy").early_ms == early_ms
    assert noted(scene) == ([("amy", "left_early", early_ms, ms("18:00"))] if early_ms else [])


def test_who_is_back_by_the_end_has_not_left_early() -> None:
    scene = rostered(shift("amy", "9:00", "18:00"), online=("amy",))
    scene.offline("12:00", "amy")
    scene.online("18:00", "amy")
    scene.until("18:00")
    assert (found(scene, "amy").early_ms, found(scene, "amy").left_ms) == (0, 0)


def test_who_never_comes_is_absent_and_owes_nothing() -> None:
    scene = rostered(shift("amy", "9:00", "18:00"))
    scene.online("18:00:00.001", "amy")
    assert noted(scene) == [("amy", "absent", 9 * HOUR_MS, ms("18:00"))]
    scene.until("20:00")
    assert (found(scene, "amy").absent, scene.breaches()) == (True, [])


def test_time_away_is_told_with_what_lies_in_breaks() -> None:
    breaks = ((ms("12:00"), ms("12:30")),)
    scene = rostered(shift("amy", "9:00", "18:00", breaks=breaks), online=("amy",))
    scene.away("8:50", "amy")
    scene.online("9:10", "amy")
    scene.away("12:20", "amy")
    scene.online("12:50", "amy")
    scene.away("17:55", "amy")
    scene.until("19:00")
    assert found(scene, "amy").came_ms == ms("9:00"), "away is there"
    assert found(scene, "amy").away_ms == (10 + 30 + 5) * 60_000
    assert found(scene, "amy").away_in_breaks_ms == 10 * 60_000


def test_a_recovered_desk_goes_on_the_same() -> None:
    scene = rostered(shift("amy", "9:00", "18:00"), shift("bob", "18:00", "22:00"), online=("amy",))
    scene.asks("17:00", "x")
    restored = scene.restored()
    for state in (scene.state, restored):
        step(state, c.Stamped(99, ms("23:00"), c.End()))
    assert state_hash(restored) == state_hash(scene.state)


# Who operates what


def test_the_roster_signs_on_who_is_there() -> None:
    scene = rostered(shift("bob", "9:00", "18:00", "shop:desk"), desk=SHARED, online=("bob",))
    assert scene.state.seats["shop:desk"].agent == ""
    scene.until("9:00")
    assert scene.state.seats["shop:desk"].agent == "bob"


def test_who_comes_late_is_signed_on_as_they_come() -> None:
    scene = rostered(shift("bob", "9:00", "18:00", "shop:desk"), desk=SHARED)
    scene.until("9:00")
    assert scene.state.seats["shop:desk"].agent == ""
    scene.online("9:10", "bob")
    assert scene.state.seats["shop:desk"].agent == "bob"


def test_nothing_is_taken_from_who_is_here_until_they_go() -> None:
    scene = rostered(
        shift("amy", "9:00", "18:00", "shop:desk"),
        shift("bob", "17:30", "23:00", "shop:desk"),
        desk=SHARED,
        online=("amy", "bob"),
    )
    scene.asks("17:35", "x", sub_account="shop:desk")
    assert scene.holder("x") == "amy"
    scene.answers("17:36", "desk", "x")
    assert scene.state.seats["shop:desk"].agent == "amy"
    scene.do("17:55", c.FileHandover(agent="amy", note="无"))
    scene.offline("18:05", "amy")
    assert scene.state.seats["shop:desk"].agent == "bob"
    assert scene.holder("x") == "bob"


def test_away_is_here() -> None:
    scene = rostered(
        shift("amy", "9:00", "18:00", "shop:desk"),
        shift("bob", "17:30", "23:00", "shop:desk"),
        desk=SHARED,
        online=("amy", "bob"),
    )
    scene.away("17:29", "amy")
    scene.until("17:40")
    assert scene.state.seats["shop:desk"].agent == "amy"


def test_what_an_absent_one_operates_goes_to_the_next() -> None:
    scene = rostered(
        shift("amy", "9:00", "18:00", "shop:desk"),
        shift("bob", "9:00", "18:00", "shop:desk"),
        desk=SHARED,
        online=("amy", "bob"),
    )
    scene.until("9:00")
    assert scene.state.seats["shop:desk"].agent == "amy"
    scene.offline("10:00", "amy")
    assert scene.state.seats["shop:desk"].agent == "bob"
    scene.online("10:30", "amy")
    assert scene.state.seats["shop:desk"].agent == "bob", "they finish"


def test_sub_accounts_at_several_shops() -> None:
    subs = [replace(sub("desk"), agent=""), replace(sub("desk", "tmall"), agent="")]
    desk = desk_of("amy", subs=subs, shops=[Shop(id="shop"), Shop(id="tmall")])
    scene = rostered(
        shift("amy", "9:00", "18:00", "shop:desk", "tmall:desk"), desk=desk, online=("amy",)
    )
    scene.until("9:00")
    assert scene.state.pools.seats_of["amy"] == ["shop:desk", "tmall:desk"]


def test_the_router_gives_nobody_more_than_they_have_room_for() -> None:
    """A sub-account that passes by itself brings no more than its new operator's capacity."""
    bob = Agent(id="bob", capacity=1)
    desk = desk_of("amy", bob, subs=[replace(sub("desk"), agent="", capacity=2)])
    scene = rostered(
        shift("amy", "9:00", "18:00", "shop:desk"),
        shift("bob", "17:30", "23:00", "shop:desk"),
        desk=desk,
        online=("amy", "bob"),
    )
    for buyer in ("x", "y"):
        scene.asks("17:00", buyer, farewell=True)
        scene.answers("17:00", "desk", buyer)
    scene.do("17:55", c.FileHandover(agent="amy", note="无"))
    scene.offline("18:00", "amy")
    assert [scene.holder("x"), scene.holder("y")] == ["bob", ""]
    scene.do("18:01", c.AcknowledgeHandover(agent="bob"))
    assert [scene.holder("x"), scene.holder("y")] == ["bob", "bob"], "a handover may"
