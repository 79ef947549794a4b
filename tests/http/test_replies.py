"""Quick replies over the API: whose they are, how they are found, checked, filled in and moved."""

from __future__ import annotations

import json
from typing import Any

from router.replies import starter
from router.tables import Sheet, write_xlsx
from tests.http.harness import Harness

OWN = {
    "category": "greeting",
    "title": "我的问候",
    "text": "亲,{买家}您好,我是{客服},很高兴为您服务",
    "shortcut": "wdwh",
}


async def found(desk: Harness, who: str, query: str) -> list[dict[str, Any]]:
    reply = await desk.call(who, "GET", f"/v1/replies?{query}")
    assert reply.status == 200, reply
    return list(reply.json["replies"])


async def test_a_library_begins_with_the_starter_set(desk: Harness) -> None:
    listed = await found(desk, "amy", "limit=5000")
    assert len(listed) == len(starter()) >= 60
    assert {one["owner"] for one in listed} == {"team"}
    categories = (await desk.call("amy", "GET", "/v1/replies/categories")).json["categories"]
    assert {one["category"] for one in listed} <= {one["id"] for one in categories}


async def test_found_by_pinyin_and_text(desk: Harness) -> None:
    for typed in ("fahuo", "fh", "发货"):
        titles = [one["title"] + one["text"] for one in await found(desk, "amy", f"q={typed}")]
        assert any("发货" in title for title in titles), typed


async def test_ones_own_are_nobody_elses(desk: Harness) -> None:
    made = await desk.call("amy", "POST", "/v1/replies", OWN)
    assert made.status == 201
    name = made.json["id"]
    assert [one["id"] for one in await found(desk, "amy", "q=wdwh")] == [name]
    assert await found(desk, "bob", "q=wdwh") == []
    assert (await desk.call("bob", "PUT", f"/v1/replies/{name}", OWN)).status == 404
    assert (await desk.call("bob", "DELETE", f"/v1/replies/{name}")).status == 404
    assert (await desk.call("bob", "POST", f"/v1/replies/{name}/used")).status == 404
    changed = await desk.call("amy", "PUT", f"/v1/replies/{name}", {**OWN, "title": "改过的问候"})
    assert changed.json["title"] == "改过的问候"
    assert (await desk.call("amy", "DELETE", f"/v1/replies/{name}")).status == 200
    assert await found(desk, "amy", "q=wdwh") == []


async def test_the_teams_are_kept_by_supervisors(desk: Harness) -> None:
    team = {**OWN, "owner": "team"}
    assert (await desk.call("amy", "POST", "/v1/replies", team)).status == 403
    made = await desk.call("sue", "POST", "/v1/replies", team)
    assert made.status == 201
    assert [one["id"] for one in await found(desk, "bob", "q=wdwh")] == [made.json["id"]]


async def test_placeholders_are_filled_in_for_a_session(desk: Harness) -> None:
    await desk.online("amy")
    await desk.says("老王")
    await desk.call("amy", "POST", "/v1/replies", OWN)
    (session,) = (await desk.get("amy", "/v1/sessions"))["sessions"]
    (one,) = await found(desk, "amy", f"q=wdwh&session={session['id']}")
    assert one["filled"] == "亲,老王您好,我是amy,很高兴为您服务"
    assert one["missing"] == []
    (bare,) = await found(desk, "amy", "q=wdwh")
    assert bare["missing"] == ["buyer"]
    guessed = await desk.call("cat", "GET", f"/v1/replies?session={session['id']}")
    assert guessed.status in (403, 404)


async def test_a_buyer_is_called_by_name(desk: Harness) -> None:
    await desk.online("amy")
    written: dict[str, Any] = {
        "message": "m1",
        "kind": "text",
        "text": "在吗",
        "buyer_name": "小橘子",
    }
    await desk.event("message.received", buyer="tb1", **written)
    await desk.call("amy", "POST", "/v1/replies", OWN)
    (session,) = (await desk.get("amy", "/v1/sessions"))["sessions"]
    (one,) = await found(desk, "amy", f"q=wdwh&session={session['id']}")
    assert one["filled"].startswith("亲,小橘子您好")


async def test_a_library_page_by_page(desk: Harness) -> None:
    for number in range(3):
        body = {**OWN, "category": "other", "title": f"第{number}条", "shortcut": f"d{number}"}
        assert (await desk.call("amy", "POST", "/v1/replies", body)).status == 201
        desk.now_ms += 1_000
    whole = await desk.get("amy", "/v1/replies?limit=1")
    assert whole["total"] == len(starter()) + 3
    mine = await desk.get("amy", "/v1/replies?owner=mine&limit=2&sort=changed")
    assert [one["title"] for one in mine["replies"]] == ["第2条", "第1条"]
    assert mine["total"] == 3
    assert {one["id"]: one["count"] for one in mine["categories"] if one["count"]} == {"other": 3}
    assert mine["replies"][0]["updated_at"] == "2026-11-21T08:00:02.000Z"
    rest = f"/v1/replies?owner=mine&limit=2&sort=changed&cursor={mine['next_cursor']}"
    last = await desk.get("amy", rest)
    assert [one["title"] for one in last["replies"]] == ["第0条"]
    assert last["next_cursor"] is None
    team = await desk.get("amy", "/v1/replies?owner=team&category=other&limit=5000")
    assert (team["total"], team["replies"]) == (0, [])
    assert sum(one["count"] for one in team["categories"]) == len(starter())  # of all categories
    assert (await desk.call("amy", "GET", "/v1/replies?cursor=x")).status == 400


async def test_a_library_by_its_uses(desk: Harness) -> None:
    names = [one["id"] for one in await found(desk, "amy", "owner=team&category=greeting")]
    for _ in range(2):
        await desk.call("amy", "POST", f"/v1/replies/{names[-1]}/used")
    await desk.call("amy", "POST", f"/v1/replies/{names[1]}/used")
    used = await found(desk, "amy", "owner=team&category=greeting&sort=used")
    assert [one["id"] for one in used[:2]] == [names[-1], names[1]]
    unused = await found(desk, "amy", "owner=team&category=greeting&sort=unused")
    assert [one["id"] for one in unused[-2:]] == [names[1], names[-1]]


async def test_uses_are_counted(desk: Harness) -> None:
    name = (await found(desk, "amy", "limit=1"))[0]["id"]
    for who in ("amy", "amy", "bob"):
        assert (await desk.call(who, "POST", f"/v1/replies/{name}/used")).status == 200
    used = (await desk.get("sue", f"/v1/replies/{name}/usage"))["usage"]
    assert [(one["agent"], one["uses"]) for one in used] == [("amy", 2), ("bob", 1)]
    mine = (await desk.get("bob", f"/v1/replies/{name}/usage"))["usage"]
    assert [one["agent"] for one in mine] == ["bob"]


async def test_a_text_is_checked_when_it_is_saved(desk: Harness) -> None:
    blocked = await desk.call("amy", "POST", "/v1/replies", {**OWN, "text": "你这个傻逼快点付款吧"})
    assert (blocked.status, blocked.json["reason"]) == (422, "conduct_blocked")
    assert blocked.json["findings"][0]["rule"] == "abuse"
    doubted = {**OWN, "text": "亲,加我微信wx123456我给您优惠哦"}
    refused = await desk.call("amy", "POST", "/v1/replies", doubted)
    assert (refused.status, refused.json["reason"]) == (409, "conduct_warning")
    assert await found(desk, "amy", "q=wdwh") == []
    saved = await desk.call("amy", "POST", "/v1/replies", {**doubted, "confirmed": True})
    assert saved.status == 201
    assert {one["rule"] for one in saved.json["findings"]} == {"off_platform"}


async def test_what_is_wrong_with_a_reply_is_said(desk: Harness) -> None:
    refused = await desk.call("amy", "POST", "/v1/replies", {**OWN, "category": "nonsense"})
    assert (refused.status, refused.json["reason"]) == (400, "bad_reply")
    assert [fault["field"] for fault in refused.json["faults"]] == ["category"]


async def test_a_file_goes_out_and_comes_in(desk: Harness) -> None:
    for form in ("csv", "xlsx", "json"):
        async with desk.http.get(
            f"/v1/replies/export?owner=team&format={form}",
            headers={"Authorization": f"Bearer {desk.tokens['sue']}"},
        ) as answer:
            assert answer.status == 200
            assert "attachment" in answer.headers["Content-Disposition"]
            data = await answer.read()
        async with desk.http.post(
            f"/v1/replies/import?owner=team&name=team.{form}",
            data=data,
            headers={"Authorization": f"Bearer {desk.tokens['sue']}"},
        ) as answer:
            assert await answer.json() == {"added": 0, "changed": len(starter())}


async def test_a_broken_file_is_refused_whole(desk: Harness) -> None:
    sheet = Sheet.of(
        "话术",
        [["分类", "标题", "内容"], ["问候", "好", "您好,欢迎光临"], ["没有这类", "", "x"]],
    )
    async with desk.http.post(
        "/v1/replies/import?name=mine.xlsx",
        data=write_xlsx([sheet]),
        headers={"Authorization": f"Bearer {desk.tokens['amy']}"},
    ) as answer:
        assert answer.status == 422
        problem = json.loads(await answer.text())
    assert problem["reason"] == "bad_table"
    assert len(problem["problems"]) >= 2
    assert all("话术" in one["place"] for one in problem["problems"])
    assert len(await found(desk, "amy", "limit=5000")) == len(starter())


async def imported(desk: Harness, who: str, query: str, *rows: str) -> tuple[int, dict[str, Any]]:
    data = "\n".join(("分类,标题,内容", *rows)).encode()
    async with desk.http.post(
        f"/v1/replies/import?name=mine.csv{query}",
        data=data,
        headers={"Authorization": f"Bearer {desk.tokens[who]}"},
    ) as answer:
        return answer.status, json.loads(await answer.text())


async def test_an_import_is_judged_row_by_row(desk: Harness) -> None:
    fine, doubted = (
        "问候,一,亲您好,欢迎光临".replace("好,", "好，"),
        "其他,二,亲加我微信wx123456给您优惠哦",
    )
    status, problem = await imported(desk, "amy", "", fine, "问候,坏,你这个傻逼快点付款吧", doubted)
    assert (status, problem["reason"]) == (422, "conduct_blocked")
    assert [(one["place"], one["found"]) for one in problem["problems"]] == [("mine!C3", "傻逼")]
    status, problem = await imported(desk, "amy", "", fine, doubted)
    assert (status, problem["reason"]) == (409, "conduct_warning")
    assert [one["place"] for one in problem["problems"]] == ["mine!C3"]
    assert (await desk.get("amy", "/v1/replies?owner=mine"))["total"] == 0
    status, answer = await imported(desk, "amy", "&confirmed=true", fine, doubted)
    assert (status, answer) == (200, {"added": 2, "changed": 0})
    status, problem = await imported(desk, "amy", "&owner=team", fine)
    assert (status, problem["reason"]) == (403, "wrong_role")


async def test_others_ids_are_named(desk: Harness) -> None:
    data = json.dumps({"version": 1, "replies": [{**OWN, "id": starter()[0].id}]}).encode()
    async with desk.http.post(
        "/v1/replies/import?name=mine.json",
        data=data,
        headers={"Authorization": f"Bearer {desk.tokens['amy']}"},
    ) as answer:
        problem = json.loads(await answer.text())
    assert (answer.status, problem["reason"]) == (409, "ids_taken")
    assert problem["ids"] == [starter()[0].id]


async def test_what_is_allowed_is_not_doubted(desk: Harness) -> None:
    doubted = {**OWN, "text": "亲,加我微信我给您优惠哦"}
    assert (await desk.call("amy", "POST", "/v1/replies", doubted)).status == 409
    allowed = {"phrase": "加我微信", "rule": "off_platform", "why": "企业微信是平台认可的"}
    assert (await desk.call("sue", "POST", "/v1/allow-list", allowed)).status == 201
    assert (await desk.call("amy", "POST", "/v1/replies", doubted)).status == 201
