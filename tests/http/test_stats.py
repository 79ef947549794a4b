"""`/v1/stats`: a day by hour, as it goes on, after a restart, and days later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from router.core import commands as c
from router.core.policy import DAY_MS, ConductRule, Policy
from router.http import stats_keeping
from router.http.context import CONTEXT
from router.http.views_stats import StatsView
from router.log.archive import Archive
from router.owner import Owner
from router.service import Service
from tests.http.harness import DESK, MINUTE_MS, Harness

Json = dict[str, Any]
FOUR = 16
"""Beijing's hour at the harness's start: 2026-11-21 16:00."""


async def stats(
    desk: Harness, query: str = "", *, until: Callable[[Json], bool] = lambda found: True
) -> Json:
    """The figures follow the commits at a little distance."""
    for _ in range(500):
        found: Json = await desk.get("sue", f"/v1/stats{query}")
        if until(found):
            return found
        await asyncio.sleep(0)
    raise AssertionError(found["total"])


async def answers(desk: Harness, agent: str, buyer: str, text: str = "您好,在的呢亲") -> None:
    sessions = (await desk.get(agent, "/v1/sessions"))["sessions"]
    (one,) = [each["id"] for each in sessions if each["buyer"] == buyer]
    body = {"kind": "text", "text": text, "confirmed": True}
    reply = await desk.call(agent, "POST", f"/v1/sessions/{one}/messages", body)
    assert reply.status in (200, 201), reply


async def an_hour(desk: Harness) -> None:
    """Amy answers in time, bob too late, cat's buyer waits on."""
    await desk.online("amy", "cat")
    await desk.says("甲")
    await desk.says("乙", shop="shop-b")
    await desk.advance(MINUTE_MS)
    await answers(desk, "amy", "甲")
    await desk.advance(7 * MINUTE_MS)
    await desk.says("丙", shop="shop-b")


async def test_a_day_by_hour_by_shop_and_by_agent(desk: Harness) -> None:
    await an_hour(desk)
    found = await stats(desk, until=lambda found: found["total"]["messages"] == 3)
    assert (found["desk"], found["day"], len(found["hours"])) == ("d1", "2026-11-21", 24)
    assert found["hours"][0]["from_at"] == "2026-11-20T16:00:00.000Z"
    assert found["since_at"] == "2026-11-21T08:00:00.000Z"
    hour = found["hours"][FOUR]
    assert (hour["messages"], hour["sessions"], hour["waiting"]) == (3, 3, 2)
    assert hour["in_time"] == {"met": 1, "of": 2}
    assert hour["breaches"] == {"reply": 1}
    assert hour["reply"] | {"max_ms": 0} == {
        "count": 1, "mean_ms": 60_000, "median_ms": 60_000, "p90_ms": 60_000, "max_ms": 0,
    }  # fmt: skip
    assert hour["reply"]["max_ms"] == 8 * MINUTE_MS  # of who still waits
    assert found["total"] | {"from_at": ""} == hour | {"from_at": ""}
    assert found["in_3min"] == {"met": 1, "of": 2}
    assert found["in_30s"] == {"met": 0, "of": 2}
    assert [(each["shop"], each["name"], each["messages"]) for each in found["shops"]] == [
        ("shop-a", "甲店", 1),
        ("shop-b", "", 2),
    ]
    amy, cat = found["agents"]
    assert (amy["agent"], amy["name"], amy["sessions"], amy["replies"]) == ("amy", "小艾", 1, 1)
    assert (amy["in_time"], cat["in_time"]) == ({"met": 1, "of": 1}, {"met": 0, "of": 1})
    assert (cat["agent"], cat["breaches"], cat["mean_first_ms"]) == ("cat", 1, None)
    one = await stats(desk, "?shop=shop-a")
    assert (one["total"]["messages"], [each["agent"] for each in one["agents"]]) == (1, ["amy"])
    assert len(one["shops"]) == 2


async def test_it_is_the_same_after_a_restart(desk: Harness) -> None:
    await an_hour(desk)
    before = await stats(desk, until=lambda found: found["total"]["messages"] == 3)
    await desk.shut()
    await desk.open()
    assert await stats(desk) == before
    await desk.says("丁", shop="shop-b")
    await stats(desk, until=lambda found: found["total"]["messages"] == 4)


async def test_what_the_stream_has_not_any_more_is_in_the_archive(
    desk: Harness, tmp_path: Path
) -> None:
    await an_hour(desk)
    before = await stats(desk, until=lambda found: found["total"]["messages"] == 3)
    archive = await Archive.open(tmp_path / "archive.sqlite")
    reading = await desk.log.read(0, limit=1_000, wait_ms=0)
    batches = await desk.log.facts(0, limit=1_000, wait_ms=0)
    position = await archive.write(0, reading.entries, batches[:-1])
    await desk.log.trim(inbox_to=position.offset, facts_to=position.seq)
    await desk.shut()
    desk.service = Service([desk.partition], [c.AdoptDesk(desk=DESK)], archive=archive)
    await desk.open()
    assert await stats(desk) == before
    await desk.shut()
    await archive.close()
    desk.service = Service([desk.partition], [c.AdoptDesk(desk=DESK)])
    await desk.open()
    assert (await stats(desk))["since_at"] > before["since_at"]  # and it says so


async def test_a_queue_has_its_longest_wait(desk: Harness) -> None:
    await desk.says("甲")
    await desk.advance(4 * MINUTE_MS)
    found = await stats(desk, until=lambda found: found["total"]["queued"] == 1)
    assert found["total"]["queue_max_ms"] == 4 * MINUTE_MS
    await desk.online("amy")
    await desk.advance(4 * MINUTE_MS)
    assert (await stats(desk))["total"]["queue_max_ms"] == 4 * MINUTE_MS


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Days may pass in one step: no outage is made of them."""
    monkeypatch.setattr(Owner, "outage_ms", property(lambda self: 40 * DAY_MS))


async def later(desk: Harness, days: int) -> None:
    await desk.advance(days * DAY_MS)


@pytest.mark.usefixtures("patient")
async def test_days_that_are_past_are_read_from_the_log(desk: Harness) -> None:
    rule = ConductRule(rule="abuse", fine_fen=10_000, charge="at_once")
    await desk.service.ask("d1", c.AdoptDesk(desk=replace(DESK, policy=Policy(conduct=(rule,)))))
    await an_hour(desk)
    session = desk.state.thread("shop-a", "甲")
    assert session is not None
    flag = c.RaiseFlag(
        flag="1", rule="abuse", shop="shop-a", buyer="甲", session=session.session, message="m",
        agent="amy", sub_account="shop-a:amy", sent_ms=desk.now_ms, offset=1,
    )  # fmt: skip
    await desk.service.ask("d1", flag)
    await desk.settle()
    both = {"abuse": 1, "reply": 1}
    await stats(desk, until=lambda found: found["total"]["breaches"] == both)
    await desk.advance(10 * MINUTE_MS)
    live = await stats(desk)
    await later(desk, 1)
    yesterday = await stats(desk, "?day=2026-11-21")
    assert yesterday["total"]["messages"] == 3
    await later(desk, 2)
    past = await stats(desk, "?day=2026-11-21")
    assert past["total"]["messages"] == live["total"]["messages"] == 3
    assert past["total"]["reply"]["count"] == live["total"]["reply"]["count"]
    assert past["total"]["breaches"]["abuse"] == 1
    assert past["total"]["waiting"] == 0
    assert (await stats(desk))["total"]["messages"] == 0
    assert (await stats(desk, "?day=2026-11-23"))["total"]["messages"] == 0
    # What a supervisor decides days later changes that day.
    (name,) = desk.state.flags
    await desk.service.ask("d1", c.DismissFlag(flag=name, supervisor="sue", why="误判"))
    await desk.settle()
    await stats(
        desk, "?day=2026-11-21", until=lambda found: "abuse" not in found["total"]["breaches"]
    )


@pytest.mark.usefixtures("patient")
async def test_the_day_goes_on_at_midnight(desk: Harness) -> None:
    await an_hour(desk)
    await later(desk, 1)
    await desk.says("甲")
    found = await stats(desk, until=lambda found: found["total"]["messages"] == 1)
    assert found["day"] == "2026-11-22"
    assert (await stats(desk, "?day=2026-11-21"))["total"]["messages"] == 3
    await later(desk, 1)
    await desk.says("甲")
    await stats(desk, until=lambda found: found["total"]["messages"] == 1)
    (live,) = desk.app[CONTEXT].stats._live.values()
    assert live._figures is not None
    assert min(live._figures.hours) // 24 == live._first_day


@pytest.mark.usefixtures("patient")
async def test_what_takes_too_long_is_asked_for_again(
    desk: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_hour(desk)
    await later(desk, 4)
    monkeypatch.setattr(stats_keeping, "WAIT_S", 0.0)
    reply = await desk.call("sue", "GET", "/v1/stats?day=2026-11-21")
    assert (reply.status, reply.json["reason"]) == (503, "counting")
    assert reply.headers["Retry-After"] == "2"
    monkeypatch.setattr(stats_keeping, "WAIT_S", 10.0)
    assert (await stats(desk, "?day=2026-11-21"))["total"]["messages"] == 3
    monkeypatch.setattr(stats_keeping, "PAST_ASKED", 0)
    reply = await desk.call("sue", "GET", "/v1/stats?day=2026-11-20")
    assert (reply.status, reply.json["reason"]) == (503, "counting")
    assert (await stats(desk, "?day=2026-11-21"))["total"]["messages"] == 3  # it is known


async def test_what_took_long_is_put_together_once_for_all_who_ask(desk: Harness) -> None:
    await an_hour(desk)
    view = msgspec.convert(await stats(desk), StatsView)
    newer = replace(view, now="later")
    recent = stats_keeping.Recent()
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    recent.keep("d1", 1, "", view, seq=3, began_s=began_s - 0.01)  # 10 ms: kept for 200
    assert await recent.get("d1", 1, "", 3) is view
    assert await recent.get("d1", 1, "", 2) is view
    assert await recent.get("d1", 1, "other", 3) is None
    asking = [asyncio.create_task(recent.get("d1", 1, "", 4)) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in asking), asking
    recent.keep("d1", 1, "", newer, seq=4, began_s=loop.time())
    assert await asyncio.gather(*asking) == [newer] * 3
    assert loop.time() - began_s >= 0.15
    assert await recent.get("d1", 1, "", 5) is None  # it took no time: so it may be done again


async def test_nobody_is_given_what_is_older_than_what_they_heard(desk: Harness) -> None:
    await an_hour(desk)
    async with desk.stream("sue") as stream:
        for number in range(20):
            before = (await stats(desk))["total"]["messages"]
            await desk.says(f"又来一位{number}", shop="shop-b")
            while (await anext(stream))["event"] != "message_noted":
                pass
            assert (await desk.get("sue", "/v1/stats"))["total"]["messages"] == before + 1


async def test_who_may_see_it_and_what_may_be_asked(desk: Harness) -> None:
    assert (await desk.call("", "GET", "/v1/stats")).status == 401
    assert (await desk.call("amy", "GET", "/v1/stats")).status == 403
    assert (await desk.call("root", "GET", "/v1/stats?desk=d1")).status == 200
    assert (await desk.call("sue", "GET", "/v1/stats?desk=other")).status == 404
    assert (await desk.call("sue", "GET", "/v1/stats?shop=other")).status == 404
    for day in ("tomorrow", "2026-11-31", "20261121", "2026-11-22", "0000-00-00"):
        assert (await desk.call("sue", "GET", f"/v1/stats?day={day}")).status == 400, day
    old = await desk.get("sue", "/v1/stats?day=2001-01-01")
    assert old["total"]["messages"] == 0
    assert old["since_at"] == "2026-11-21T08:00:00.000Z"
