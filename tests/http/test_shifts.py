"""The roster and attendance over the API: planning, files, single shifts, who may what."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from router.tables import read
from tests.http.harness import MINUTE_MS, Harness, Reply

AMY = {
    "agent": "amy",
    "from_at": "2026-11-21T17:00:00+08:00",
    "to_at": "2026-11-21T22:00:00+08:00",
    "sub_accounts": ["shop-a:amy"],
    "name": "晚班",
}
BOB = AMY | {"agent": "bob", "sub_accounts": ["shop-a:bob"]}
DAY = {"from_at": "2026-11-21T00:00:00+08:00", "to_at": "2026-11-22T00:00:00+08:00"}


async def plan(desk: Harness, *shifts: dict[str, Any], query: str = "", **more: Any) -> Reply:
    body = {**DAY, "shifts": list(shifts), **more}
    return await desk.call("sue", "PUT", f"/v1/roster{query}", body)


async def shifts(desk: Harness, who: str, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await desk.get(who, f"/v1/shifts{query}"))["shifts"]
    return found


async def upload(desk: Harness, data: bytes, query: str = "", who: str = "sue") -> Reply:
    headers = {"Authorization": f"Bearer {desk.tokens[who]}"}
    path = f"/v1/roster/import?name=roster.csv{query}"
    async with desk.http.post(path, data=BytesIO(data), headers=headers) as answer:
        return Reply(answer.status, await answer.json(content_type=None), dict(answer.headers))


async def test_a_roster_is_planned_and_seen(desk: Harness) -> None:
    reply = await plan(desk, AMY, BOB)
    assert (reply.status, len(reply.json["added"])) == (200, 2)
    (own,) = await shifts(desk, "amy")
    assert (own["id"], own["state"], own["agent_name"]) == ("d1-r1", "planned", "小艾")
    assert own["from_at"] == "2026-11-21T09:00:00.000Z"
    assert [s["agent"] for s in await shifts(desk, "sue")] == ["amy", "bob"]
    assert [s["agent"] for s in await shifts(desk, "sue", "?agent=bob")] == ["bob"]
    assert await shifts(desk, "sue", "?from=2026-11-21T22:00:00%2B08:00") == []
    assert await shifts(desk, "amy", "?agent=bob") == []
    page = await desk.get("sue", "/v1/shifts?limit=1")
    assert page["next_cursor"] == "1"
    rest = await desk.get("sue", "/v1/shifts?limit=1&cursor=1")
    assert [s["agent"] for s in rest["shifts"]] == ["bob"]


async def test_a_dry_run_changes_nothing_and_says_what_would(desk: Harness) -> None:
    await plan(desk, AMY)
    later = AMY | {"to_at": "2026-11-21T23:00:00+08:00"}
    reply = await plan(desk, later, BOB, query="?dry_run=true")
    shown = reply.json
    assert shown["dry_run"]
    assert [added["agent"] for added in shown["added"]] == ["bob"]
    assert [c["after"]["to_at"] for c in shown["changed"]] == ["2026-11-21T15:00:00.000Z"]
    assert (shown["removed"], shown["unchanged"]) == ([], 0)
    assert [s["agent"] for s in await shifts(desk, "sue")] == ["amy"]
    assert (await plan(desk, AMY)).json["unchanged"] == 1
    gone = await plan(desk)
    assert [removed["agent"] for removed in gone.json["removed"]] == ["amy"]


async def test_what_is_wrong_is_named_with_times_of_day(desk: Harness) -> None:
    reply = await plan(desk, AMY, AMY | {"from_at": "2026-11-21T21:00:00+08:00"})
    assert (reply.status, reply.json["reason"]) == (409, "shifts_overlap")
    assert "amy 2026-11-21 21:00" in reply.json["detail"]
    assert reply.json["title_zh"] == "同一个人的班次重叠"
    bad = await plan(desk, AMY | {"from_at": "yesterday"})
    assert (bad.status, "shifts[0].from_at" in bad.json["detail"]) == (400, True)


async def test_a_file_is_imported_and_exported(desk: Harness) -> None:
    text = "客服,日期,开始,结束,子账号\n小艾,2026-11-22,09:00,18:00,shop-a:amy\n"
    text += "bob,2026-11-22,18:00,02:00,\n"
    dry = await upload(desk, text.encode(), "&dry_run=true")
    assert (dry.status, len(dry.json["added"])) == (200, 2)
    assert await shifts(desk, "sue") == []
    assert (await upload(desk, text.encode("gb18030"))).status == 200
    found = await shifts(desk, "sue")
    assert [(s["agent"], s["to_at"]) for s in found] == [
        ("amy", "2026-11-22T10:00:00.000Z"),
        ("bob", "2026-11-22T18:00:00.000Z"),
    ]
    for form in ("xlsx", "csv"):
        headers = {"Authorization": f"Bearer {desk.tokens['sue']}"}
        async with desk.http.get(f"/v1/roster/export?format={form}", headers=headers) as answer:
            data = await answer.read()
        assert answer.headers["Content-Disposition"].endswith(f'roster.{form}"')
        assert len(read(data, "roster")[0].rows) == 3
        again = await upload(desk, data)
        assert again.json["unchanged"] == 2, form


async def test_all_that_is_wrong_with_a_file_is_listed(desk: Harness) -> None:
    text = "客服,日期,开始,结束\n小明,2026-11-22,09:00,18:00\namy,2026-11-22,25:99,18:00\n"
    reply = await upload(desk, text.encode())
    assert (reply.status, reply.json["reason"]) == (422, "bad_table")
    problems = reply.json["problems"]
    assert [problem["row"] for problem in problems] == [2, 3]
    assert all(p["column"] and p["found"] and p["zh"] and p["en"] for p in problems)
    assert await shifts(desk, "sue") == []
    large = await upload(desk, b"x" * (5 * 1024 * 1024 + 1))
    assert large.status == 413


async def test_single_shifts(desk: Harness) -> None:
    added = await desk.call("sue", "POST", "/v1/shifts", AMY | {"why": "加班"})
    assert (added.status, added.json["name"]) == (201, "晚班")
    path = f"/v1/shifts/{added.json['id']}"
    changed = await desk.call(
        "sue", "PATCH", path, {"why": "晚到", "from_at": "2026-11-21T18:00:00+08:00"}
    )
    assert (changed.json["from_at"], changed.json["name"]) == ("2026-11-21T10:00:00.000Z", "晚班")
    other = await desk.call("sue", "POST", "/v1/shifts", BOB | {"why": "加班"})
    swap = {"why": "换班", "other": other.json["id"]}
    swapped = await desk.call("sue", "POST", f"{path}/swap", swap)
    assert (swapped.json["one"]["agent"], swapped.json["other"]["agent"]) == ("bob", "amy")
    cancelled = await desk.call("sue", "POST", f"{path}/cancel", {"why": "病假"})
    assert cancelled.json["state"] == "cancelled"
    again = await desk.call("sue", "POST", f"{path}/cancel", {"why": "病假"})
    assert (again.status, again.json["reason"]) == (409, "shift_cancelled")
    assert (await desk.call("sue", "PATCH", "/v1/shifts/d1-r99", {"why": "x"})).status == 404
    assert (await desk.call("sue", "POST", f"{path}/cancel", {})).status == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/shifts"),
        ("PATCH", "/v1/shifts/d1-r1"),
        ("POST", "/v1/shifts/d1-r1/cancel"),
        ("POST", "/v1/shifts/d1-r1/swap"),
        ("PUT", "/v1/roster"),
        ("POST", "/v1/roster/import"),
    ],
)
async def test_agents_plan_nothing(desk: Harness, method: str, path: str) -> None:
    reply = await desk.call("amy", method, path, {})
    assert (reply.status, reply.json["reason"]) == (403, "wrong_role")
    assert (await desk.call("", method, path, {})).status == 401


async def test_attendance_and_the_board(desk: Harness) -> None:
    now = {"from_at": "2026-11-21T16:10:00+08:00", "to_at": "2026-11-21T16:30:00+08:00"}
    await plan(desk, AMY | now, BOB | now)
    await desk.online("amy")
    await desk.advance(11 * MINUTE_MS)
    board = await desk.get("sue", "/v1/board")
    assert [(r["agent"], r["here"], r["late_ms"]) for r in board["rostered"]] == [
        ("bob", False, MINUTE_MS),
        ("amy", True, 0),
    ]
    assert [r["agent"] for r in (await desk.get("amy", "/v1/board"))["rostered"]] == ["amy"]
    await desk.advance(MINUTE_MS)
    await desk.online("bob")
    told = await desk.get("sue", "/v1/attendance")
    assert [(row["agent"], row["late"], row["late_ms"]) for row in told["agents"]] == [
        ("amy", 0, 0),
        ("bob", 1, 2 * MINUTE_MS),
    ]
    assert [shift["agent"] for shift in told["shifts"]] == ["bob"]
    assert [r["agent"] for r in (await desk.get("amy", "/v1/attendance"))["agents"]] == ["amy"]
