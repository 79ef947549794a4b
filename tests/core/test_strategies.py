"""Who gets the next session, by each of the five strategies (RULES §3)."""

from __future__ import annotations

from itertools import groupby

import pytest

from router.core.policy import Agent, Shop, Strategy
from router.core.policy import Desk as DeskOf
from tests.core.scene import Scene, desk_of, sub


def clock(second: int) -> str:
    """The time so many seconds after 9:00."""
    return f"{9 + second // 3600}:{second // 60 % 60:02}:{second % 60:02}"


def given(scene: Scene, count: int, *, first: int = 0, every: int = 60) -> list[str]:
    """Let so many buyers come, one after another, and stay: who got them."""
    holders = []
    for number in range(first, first + count):
        scene.asks(clock(number * every), f"b{number}", farewell=True)
        holders.append(scene.holder(f"b{number}"))
        if holders[-1]:
            scene.answers(clock(number * every + 1), holders[-1], f"b{number}")
    return holders


def served(scene: Scene, count: int, *, first: int = 0, every: int = 60) -> list[str]:
    """The same, but each is answered and closed before the next comes."""
    holders = []
    for number in range(first, first + count):
        holders += given(scene, 1, first=number, every=every)
        scene.close(clock(number * every + 2), f"b{number}")
    return holders


# least_loaded


def test_least_loaded_compares_load_by_capacity() -> None:
    desk = desk_of(Agent(id="amy", capacity=2), Agent(id="bob", capacity=4))
    # 0/2 0/4 | 1/2 0/4 | 1/2 1/4 | 1/2 2/4: as full, but amy holds fewer | 2/2 2/4 | 2/2 3/4
    wanted = ["amy", "bob", "bob", "amy", "bob", "bob", ""]
    assert given(Scene(desk), 7) == wanted


def test_least_loaded_counts_a_sub_accounts_own_capacity_too() -> None:
    desk = desk_of(
        Agent(id="amy", capacity=10),
        Agent(id="bob", capacity=10),
        subs=[sub("amy", capacity=1), sub("bob", capacity=4)],
    )
    assert given(Scene(desk), 6) == ["amy", "bob", "bob", "bob", "bob", ""]


def test_least_loaded_without_capacities_counts_sessions() -> None:
    """Read so where the text is silent: who has no limit counts as empty, then by sessions held."""
    assert sorted(given(Scene(desk_of("amy", "bob", "cat")), 9)) == sorted(
        ["amy", "bob", "cat"] * 3
    )


# round_robin


def test_round_robin_takes_turns_whoever_holds_what() -> None:
    scene = Scene(desk_of("amy", "bob", "cat", strategy=Strategy.ROUND_ROBIN))
    assert given(scene, 4) == ["amy", "bob", "cat", "amy"]
    for buyer in ("b0", "b3"):  # amy has nothing left to do, and waits her turn
        scene.close("9:10", buyer)
    assert given(scene, 3, first=11) == ["bob", "cat", "amy"]


# longest_idle


def test_longest_idle_takes_who_got_and_finished_nothing_for_longest() -> None:
    scene = Scene(desk_of("amy", "bob", strategy=Strategy.LONGEST_IDLE), online=[])
    scene.online("8:10", "bob")
    scene.online("8:20", "amy")
    assert given(scene, 2) == ["bob", "amy"]
    scene.close("9:05", "b0")  # bob's last was 9:05, amy's 9:01
    assert given(scene, 2, first=6) == ["amy", "bob"]


# weighted


def test_weighted_gives_two_to_one() -> None:
    desk = desk_of(
        "amy", "bob", subs=[sub("amy", weight=2), sub("bob", weight=1)], strategy=Strategy.WEIGHTED
    )
    holders = given(Scene(desk), 30, every=10)
    assert holders.count("amy") == 20
    runs = [len(list(run)) for holder, run in groupby(holders) if holder == "amy"]
    assert max(runs) <= 2, "mixed, not in blocks"


@pytest.mark.parametrize("how", ["online", "paused", "platform", "sign_on", "adopted"])
def test_weighted_owes_nothing_to_who_was_not_there(how: str) -> None:
    """Who comes late takes their share from then on; what went by before is not made up for."""
    from router.core import commands as c

    bob = sub("bob")
    desk = desk_of("amy", "bob", subs=[sub("amy"), bob], strategy=Strategy.WEIGHTED)
    scene = Scene(desk, online=["amy"] if how == "online" else None)
    if how == "paused":
        scene.do("8:30", c.PauseSubAccount(sub_account="shop:bob", paused=True))
    if how == "platform":
        scene.platform_says("8:30", "bob", "paused")
    if how == "sign_on":
        scene.do("8:30", c.SignOn(sub_account="shop:bob", agent=""))
    if how == "adopted":
        alone = desk_of("amy", subs=[sub("amy")], strategy=Strategy.WEIGHTED)
        scene.adopt("8:30", alone)
    assert served(scene, 40, every=30) == ["amy"] * 40
    if how == "adopted":
        scene.adopt("10:00", desk)
    if how == "paused":
        scene.do("10:00", c.PauseSubAccount(sub_account="shop:bob", paused=False))
    if how == "platform":
        scene.platform_says("10:00", "bob", "online")
    if how == "sign_on":
        scene.do("10:00", c.SignOn(sub_account="shop:bob", agent="bob"))
    if how in ("online", "adopted"):
        scene.online("10:00", "bob")
    assert served(scene, 10, first=200, every=30).count("bob") == 5


# online_time


def test_three_hours_online_receive_three_times_what_one_hour_does() -> None:
    """Two are online at any time: amy all three hours, the others one hour each."""
    desk = desk_of("amy", "bob", "cat", "dan", strategy=Strategy.ONLINE_TIME)
    scene = Scene(desk, online=["amy"])
    holders: list[str] = []
    for hour, agent in enumerate(["bob", "cat", "dan"]):
        scene.online(f"{9 + hour}:00", agent)
        holders += served(scene, 60, first=hour * 60)
        scene.offline(f"{9 + hour}:59:59", agent)
    counts = {agent: holders.count(agent) for agent in ("amy", "bob", "cat", "dan")}
    assert counts["amy"] == 90
    assert all(29 <= counts[agent] <= 31 for agent in ("bob", "cat", "dan"))


def test_also_when_agents_come_and_go() -> None:
    """amy is always online; bob and cat take turns of twenty minutes, cat twice as many."""
    scene = Scene(desk_of("amy", "bob", "cat", strategy=Strategy.ONLINE_TIME), online=["amy"])
    holders: list[str] = []
    for turn, agent in enumerate(["bob", "cat", "cat"] * 3):
        at = turn * 1200
        scene.online(clock(at), agent)
        holders += served(scene, 40, first=turn * 40, every=30)
        scene.offline(clock(at + 1199), agent)
    assert (holders.count("amy"), holders.count("bob"), holders.count("cat")) == (180, 60, 120)


def test_who_was_away_is_not_owed_what_came_meanwhile() -> None:
    scene = Scene(desk_of("amy", "bob", strategy=Strategy.ONLINE_TIME))
    assert served(scene, 20).count("bob") == 10
    scene.away("9:30", "bob")
    assert served(scene, 20, first=31).count("bob") == 0
    scene.online("10:00", "bob")
    assert served(scene, 20, first=61).count("bob") == 10


def test_who_could_not_take_their_share_gets_it_later() -> None:
    """Evened out over the time online: bob was full for a while."""
    desk = desk_of("amy", Agent(id="bob", capacity=1), strategy=Strategy.ONLINE_TIME)
    scene = Scene(desk)
    assert given(scene, 11).count("bob") == 1
    bobs = next(b for b in (f"b{n}" for n in range(11)) if scene.holder(b) == "bob")
    scene.close("9:20", bobs)
    assert served(scene, 9, first=21) == ["bob"] * 9


def test_a_transfer_without_an_answer_is_not_the_first_ones_reception() -> None:
    scene = Scene(desk_of("amy", "bob", "cat", strategy=Strategy.ONLINE_TIME))
    scene.asks("9:00", "x")
    assert scene.holder("x") == "amy"
    scene.transfer("9:01", "x", "bob")
    # amy has received nobody, bob one: amy is next, though she had been given one
    scene.asks("9:02", "y")
    assert scene.holder("y") == "amy"
    scene.asks("9:03", "z")
    assert scene.holder("z") == "cat"


def test_a_transfer_after_an_answer_is() -> None:
    scene = Scene(desk_of("amy", "bob", "cat", strategy=Strategy.ONLINE_TIME))
    scene.asks("9:00", "x")
    scene.answers("9:00:30", "amy", "x")
    scene.transfer("9:01", "x", "bob")
    scene.asks("9:02", "y")
    assert scene.holder("y") == "cat"


# Ties


def mirrored(desk: DeskOf) -> DeskOf:
    from msgspec.structs import replace

    return replace(
        desk,
        shops=desk.shops[::-1],
        agents=desk.agents[::-1],
        sub_accounts=desk.sub_accounts[::-1],
    )


@pytest.mark.parametrize("strategy", list(Strategy))
def test_ties_fall_in_a_fixed_order_whatever_the_order_of_insertion(strategy: Strategy) -> None:
    shops = [Shop(id="shop"), Shop(id="tmall")]
    desk = desk_of("cat", "amy", "bob", shops=shops, strategy=strategy)
    there = Scene(desk, online=["amy", "bob", "cat"])
    mirror = Scene(mirrored(desk), online=["amy", "bob", "cat"])
    holders = given(there, 7)
    assert holders == given(mirror, 7)
    assert holders[0] == "amy"
