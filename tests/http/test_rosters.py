"""Rosters over the API: what a plan would change before it is adopted, templates, clashes, and
who works with whom."""

from __future__ import annotations

from typing import Any

import pytest

from router.tables import read
from tests.http.harness import Harness
from tests.http.test_shifts import AMY, BOB, DAY, plan, shifts, upload

DESK_SEAT = ["shop-a:amy"]
FILE = "客服,日期,开始,结束,子账号\namy,2026-11-22,09:00,18:00,\nbob,2026-11-22,17:00,23:00,{}\n"


async def offset(desk: Harness) -> int:
    """How much stands in the log."""
    return (await desk.log.meta()).tail


async def test_only_what_was_shown_is_taken_over(desk: Harness) -> None:
    data = FILE.format("").encode()
    before = await offset(desk)
    dry = (await upload(desk, data, "&dry_run=true")).json
    assert [each["agent"] for each in dry["added"]] == ["amy", "bob"]
    assert await offset(desk) == before, "a preview stands in no log"
    await plan(desk, AMY | {"from_at": "2026-11-22T01:00:00Z", "to_at": "2026-11-22T02:00:00Z"},
               from_at="2026-11-22T00:00:00+08:00", to_at="2026-11-23T00:00:00+08:00")  # fmt: skip
    stale = await upload(desk, data, f"&expect={dry['digest']}")
    assert (stale.status, stale.json["reason"]) == (409, "roster_changed")
    assert len(await shifts(desk, "sue")) == 1
    again = (await upload(desk, data, "&dry_run=true")).json
    assert again["digest"] != dry["digest"]
    assert [each["before"]["to_at"] for each in again["changed"]] == ["2026-11-22T02:00:00.000Z"]
    taken = await upload(desk, data, f"&expect={again['digest']}")
    assert (taken.status, taken.json["digest"]) == (200, again["digest"])
    assert [each["agent"] for each in await shifts(desk, "sue")] == ["amy", "bob"]


async def test_two_people_on_one_sub_account_are_told_of(desk: Harness) -> None:
    """bob is rostered for what is amy's anyway, while she works."""
    dry = (await upload(desk, FILE.format("shop-a:amy、shop-b:bob").encode(), "&dry_run=true")).json
    (clash,) = dry["clashes"]
    assert clash["sub_accounts"] == DESK_SEAT
    assert (clash["one"]["agent"], clash["other"]["agent"]) == ("amy", "bob")
    assert clash["from_at"] == "2026-11-22T09:00:00.000Z"
    assert clash["to_at"] == "2026-11-22T10:00:00.000Z"
    assert (await upload(desk, FILE.format("shop-b:bob").encode())).json["clashes"] == []
    # What stands in the roster already counts, and what a plan removes does not.
    (bob,) = await shifts(desk, "sue", "?agent=bob")
    body = {"why": "顶班", "sub_accounts": DESK_SEAT}
    assert (await desk.call("sue", "PATCH", f"/v1/shifts/{bob['id']}", body)).status == 200
    path = "/v1/roster/clashes?from=2026-11-22T00:00:00%2B08:00&to=2026-11-23T00:00:00%2B08:00"
    (clash,) = (await desk.get("sue", path))["clashes"]
    assert clash["sub_accounts"] == DESK_SEAT
    empty = {"from_at": "2026-11-22T00:00:00+08:00", "to_at": "2026-11-23T00:00:00+08:00"}
    assert (await plan(desk, query="?dry_run=true", agents=["bob"], **empty)).json["clashes"] == []
    assert (await desk.get("sue", "/v1/roster/clashes?to=2026-11-22T00:00:00Z"))["clashes"] == []


async def test_a_template_imports_as_it_is_and_filled_in(desk: Harness) -> None:
    headers = {"Authorization": f"Bearer {desk.tokens['sue']}"}
    async with desk.http.get("/v1/roster/template", headers=headers) as answer:
        data = await answer.read()
        assert answer.headers["Content-Disposition"].endswith('roster-template.xlsx"')
    sheets = read(data, "t.xlsx")
    rows = [[cell.text for cell in row.filled()] for row in sheets[0].rows]
    assert rows[0][2:] == [f"2026-11-{day}(周{name})" for day, name in zip(
        range(23, 30), "一二三四五六日", strict=True)]  # fmt: skip
    assert [row[:2] for row in rows[1:]] == [["amy", "小艾"], ["bob", "小波"], ["cat"]]
    dry = (await upload(desk, data, "&dry_run=true")).json
    assert dry["from_at"] == "2026-11-22T16:00:00.000Z"
    assert dry["to_at"] == "2026-11-29T16:00:00.000Z"
    names = await desk.get("sue", "/v1/roster/names")
    assert names["agents"][0] == {"id": "amy", "name": "小艾"}
    assert names["sub_accounts"][0] == {"id": "shop-a:amy", "shop": "shop-a", "agent": "amy"}


SHARED = "shop-a:amy"
"""amy's, and in what follows whose shift it is."""


def at(agent: str, begin: str, end: str, *subs: str) -> dict[str, Any]:
    day = "2026-11-21T{}:00+08:00"
    return {
        "agent": agent,
        "from_at": day.format(begin),
        "to_at": day.format(end),
        "sub_accounts": list(subs or (SHARED,)),
    }


async def test_who_works_before_beside_and_after(desk: Harness) -> None:
    mine = at("amy", "18:00", "20:00")
    beside = at("cat", "18:30", "19:30", SHARED, "shop-b:cat")
    nobody = at("cat", "21:00", "22:00", "shop-b:cat")
    reply = await plan(
        desk, at("bob", "17:00", "18:00"), mine, beside, at("bob", "20:00", "21:00"), nobody
    )
    assert reply.status == 200, reply.json
    (found,) = (await desk.get("amy", "/v1/shifts/around"))["shifts"]
    assert found["sub_accounts"] == [SHARED]
    assert [(each["agent"], each["sub_accounts"]) for each in found["before"]] == [
        ("bob", [SHARED])
    ]
    assert [(each["agent"], each["agent_name"]) for each in found["beside"]] == [("cat", "")]
    assert (found["after"]["agent"], found["after"]["from_at"]) == (
        "bob",
        "2026-11-21T12:00:00.000Z",
    )
    # An agent asks for their own; whoever shares nothing with anybody has nobody around.
    assert [
        s["shift"] for s in (await desk.get("amy", "/v1/shifts/around?agent=bob"))["shifts"]
    ] == []
    late = (await desk.get("cat", "/v1/shifts/around"))["shifts"][-1]
    assert (late["before"], late["beside"], late["after"]) == ([], [], None)
    every = (await desk.get("sue", "/v1/shifts/around?from=2026-11-21T11:59:00Z"))["shifts"]
    assert len(every) == 3


async def test_who_follows_themselves_hands_nothing_over(desk: Harness) -> None:
    await plan(
        desk, at("amy", "17:00", "18:00"), at("amy", "18:00", "19:00"), at("bob", "19:00", "20:00")
    )
    first, second = (await desk.get("amy", "/v1/shifts/around"))["shifts"]
    assert first["after"] is None
    assert second["after"]["agent"] == "bob"


@pytest.mark.parametrize("path", ["template", "names", "clashes"])
async def test_planning_is_for_supervisors(desk: Harness, path: str) -> None:
    reply = await desk.call("amy", "GET", f"/v1/roster/{path}")
    assert (reply.status, reply.json["reason"]) == (403, "wrong_role")
    assert (await desk.call("", "GET", f"/v1/roster/{path}")).status == 401


async def test_the_board_names_the_breaks_of_who_is_on_shift(desk: Harness) -> None:
    pause = {"from_at": "2026-11-21T16:20:00+08:00", "to_at": "2026-11-21T16:25:00+08:00"}
    now = {"from_at": "2026-11-21T16:01:00+08:00", "to_at": "2026-11-21T18:00:00+08:00"}
    await plan(desk, BOB | now | {"breaks": [pause]}, **DAY)
    await desk.advance(2 * 60_000)
    (row,) = (await desk.get("sue", "/v1/board"))["rostered"]
    assert row["breaks"] == [
        {"from_at": "2026-11-21T08:20:00.000Z", "to_at": "2026-11-21T08:25:00.000Z"}
    ]
