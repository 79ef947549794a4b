"""Work items, call-backs and remarks through the API (RULES §9): who may see and do what."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from router.core import commands as c
from router.core.kinds import COD_CONFIRM, PAYMENT_REMINDER, REVIEW_CASE
from router.core.policy import Policy
from tests.http.harness import DESK, MINUTE_MS, Harness

POLICY = Policy(items=(*Policy().items, PAYMENT_REMINDER, COD_CONFIRM, REVIEW_CASE))


@pytest.fixture
async def busy(desk: Harness) -> Harness:
    """amy is at shop-a alone, with a session of `buyer`; all kinds of work are on."""
    await desk.service.ask("d1", c.AdoptDesk(desk=msgspec.structs.replace(DESK, policy=POLICY)))
    await desk.advance(MINUTE_MS)  # what is sent in the moment of the change is judged by the old
    await desk.online("amy")
    await desk.says("buyer")
    return desk


async def session_of(desk: Harness, agent: str) -> str:
    (session,) = (await desk.get("sue", f"/v1/sessions?agent={agent}"))["sessions"]
    return str(session["id"])


async def items(desk: Harness, who: str, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await desk.get(who, f"/v1/items{query}"))["items"]
    return found


async def promised(desk: Harness, who: str = "amy", **body: object) -> dict[str, Any]:
    session = await session_of(desk, "amy")
    body = {"text": "问到尺码告诉您", "due_in_s": 3600, **body}
    reply = await desk.call(who, "POST", f"/v1/sessions/{session}/call-backs", body)
    assert reply.status == 201, reply
    made: dict[str, Any] = reply.json
    return made


async def test_items_are_listed_to_whom_they_belong(busy: Harness) -> None:
    await busy.event("order.placed", buyer="buyer", order="A1", pay_on_delivery=True)
    review: dict[str, Any] = {"buyer": "z", "order": "B1", "review": "V1", "rating": "bad"}
    await busy.event("review.posted", shop="shop-b", **review)
    kinds = [(item["kind"], item["agent"], item["state"]) for item in await items(busy, "amy")]
    assert kinds == [("order_check", "amy", "held"), ("cod_confirm", "amy", "held")]
    assert [item["kind"] for item in await items(busy, "sue")] == [
        "order_check",
        "cod_confirm",
        "review_case",
    ]
    assert await items(busy, "bob") == []
    assert [i["key"] for i in await items(busy, "sue", "?kind=review_case")] == ["V1"]
    assert [i["key"] for i in await items(busy, "sue", "?shop=shop-b")] == ["V1"]
    assert [i["key"] for i in await items(busy, "sue", "?state=queued")] == ["V1"]
    assert len(await items(busy, "root", "?agent=amy&state=held")) == 2
    assert (await busy.call("sue", "GET", "/v1/items?state=odd")).status == 400
    await busy.advance(11 * MINUTE_MS)
    assert {i["kind"] for i in await items(busy, "amy", "?state=missed")} == {
        "order_check",
        "cod_confirm",
    }


async def test_a_page_of_items(busy: Harness) -> None:
    for number in range(3):
        await busy.event("order.placed", buyer="buyer", order=f"A{number}")
    page = await busy.get("sue", "/v1/items?kind=payment_reminder&limit=2")
    rest = await busy.get(
        "sue", f"/v1/items?kind=payment_reminder&limit=2&cursor={page['next_cursor']}"
    )
    keys = [item["key"] for item in (*page["items"], *rest["items"])]
    assert keys == ["A0", "A1", "A2"]
    assert rest["next_cursor"] is None


async def test_a_note_with_its_evidence_is_kept(busy: Harness) -> None:
    await busy.event("review.posted", buyer="buyer", order="A1", review="V1", rating="neutral")
    (item,) = await items(busy, "amy", "?kind=review_case")
    assert (item["reason"], item["order"], item["notes"]) == ("neutral", "A1", 0)
    path = f"/v1/items/{item['id']}"
    body = {"text": "已致歉并补发", "evidence": ["https://example.com/1.png"]}
    assert (await busy.call("amy", "POST", f"{path}/note", {})).status == 400
    assert (await busy.call("amy", "POST", f"{path}/note", {"text": " "})).json["reason"] == (
        "text_needed"
    )
    assert (await busy.call("bob", "POST", f"{path}/note", body)).json["reason"] == "not_yours"
    done = await busy.call("amy", "POST", f"{path}/note", body)
    assert (done.status, done.json["item"]["state"]) == (200, "settled")
    (note,) = done.json["notes"]
    assert (note["by"], note["text"], note["evidence"]) == (
        "amy",
        "已致歉并补发",
        ["https://example.com/1.png"],
    )
    assert await items(busy, "amy", "?kind=review_case") == []
    assert [i["id"] for i in await items(busy, "sue", "?state=settled")] == [item["id"]]
    assert (await busy.get("sue", path))["notes"] == [note]
    again = await busy.call("amy", "POST", f"{path}/note", body)
    assert (again.status, again.json["reason"]) == (409, "no_pending_item")
    assert (await busy.call("amy", "GET", "/v1/items/d1-w999")).json["reason"] == "no_such_item"
    assert (await busy.call("amy", "GET", "/v1/items/d9-w1")).status == 404


async def test_half_of_what_is_needed_is_shown(busy: Harness) -> None:
    await busy.event("order.placed", buyer="buyer", order="A1", pay_on_delivery=True)
    (item,) = await items(busy, "amy", "?kind=cod_confirm")
    noted = await busy.call("sue", "POST", f"/v1/items/{item['id']}/note", {"text": "电话里说要"})
    assert (noted.json["item"]["done"], noted.json["item"]["state"]) == (["note"], "held")
    assert noted.json["notes"][0]["by"] == "sue"
    session = await session_of(busy, "amy")
    body = {"text": "亲,货到付款的订单我们给您发出"}
    assert (await busy.call("amy", "POST", f"/v1/sessions/{session}/messages", body)).status == 201
    assert await items(busy, "amy", "?kind=cod_confirm") == []


async def test_a_quick_replys_category_meets_the_reminder(busy: Harness) -> None:
    await busy.event("order.placed", buyer="buyer", order="A1")
    session = await session_of(busy, "amy")
    path = f"/v1/sessions/{session}/messages"
    body = {"text": "亲,拍下的宝贝还没付款哦", "category": "payment_reminder"}
    assert (await busy.call("amy", "POST", path, {**body, "category": "greeting"})).status == 201
    assert len(await items(busy, "amy", "?kind=payment_reminder")) == 1
    assert (await busy.call("amy", "POST", path, body)).status == 201
    assert await items(busy, "amy", "?kind=payment_reminder") == []


async def test_a_promise_stands_on_the_board_until_it_is_done(busy: Harness) -> None:
    made = await promised(busy)
    assert (made["kind"], made["agent"], made["reason"]) == ("call_back", "amy", "问到尺码告诉您")
    assert made["due_at"] == "2026-11-21T09:01:00.000Z"
    for who in ("amy", "sue", "root"):
        board = await busy.get(who, "/v1/board?desk=d1")
        assert [item["id"] for item in board["promises"]] == [made["id"]]
    assert (await busy.get("bob", "/v1/board"))["promises"] == []
    await busy.advance(180 * MINUTE_MS)
    (item,) = (await busy.get("amy", "/v1/board"))["promises"]
    assert (item["id"], item["missed"]) == (made["id"], True)
    await busy.event(
        "message.sent",
        buyer="buyer",
        message="s1",
        sub_account="shop-a:amy",
        kind="text",
        by="human",
        text="亲,尺码问到了",
    )
    assert (await busy.get("amy", "/v1/board"))["promises"] == []


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"text": "x"}, 400, "bad_request"),
        ({"text": "x", "due_in_s": 60, "due_at": "2026-11-21T09:00:00.000Z"}, 400, "bad_request"),
        ({"text": "x", "due_in_s": 59}, 400, "bad_request"),
        ({"text": "", "due_in_s": 60}, 400, "bad_request"),
        ({"due_in_s": 60}, 400, "bad_request"),
        ({"text": "x", "due_at": "tomorrow"}, 400, "bad_request"),
        ({"text": "x", "due_at": "2026-11-21T08:01:59.999Z"}, 409, "due_out_of_range"),
        ({"text": "x", "due_at": "2026-12-21T08:01:00.001Z"}, 409, "due_out_of_range"),
        ({"text": "x", "due_at": "2026-11-21T08:02:00.000Z"}, 201, "x"),
        ({"text": "x", "due_in_s": 2_592_000}, 201, "x"),
    ],
)
async def test_what_may_be_promised(
    busy: Harness, body: dict[str, object], status: int, reason: str
) -> None:
    session = await session_of(busy, "amy")
    reply = await busy.call("amy", "POST", f"/v1/sessions/{session}/call-backs", body)
    assert (reply.status, reply.json.get("reason", "")) == (status, reason)


async def test_who_promises_and_who_withdraws(busy: Harness) -> None:
    session = await session_of(busy, "amy")
    path = f"/v1/sessions/{session}/call-backs"
    body = {"text": "x", "due_in_s": 600}
    assert (await busy.call("bob", "POST", path, body)).json["reason"] == "not_yours"
    assert (await busy.call("cat", "POST", path, body)).json["reason"] == "not_yours"
    await promised(busy, "sue")
    made = await promised(busy)
    withdraw = f"/v1/items/{made['id']}/withdraw"
    assert (await busy.call("amy", "POST", withdraw, {})).status == 400
    assert (await busy.call("bob", "POST", withdraw, {"why": "x"})).json["reason"] == "not_yours"
    gone = await busy.call("amy", "POST", withdraw, {"why": "买家自己查到了"})
    assert (gone.status, gone.json["item"]["state"]) == (200, "settled")
    assert [(n["what"], n["by"], n["text"]) for n in gone.json["notes"]] == [
        ("withdrawn", "amy", "买家自己查到了")
    ]
    (left,) = await items(busy, "amy", "?kind=call_back")
    gone = await busy.call("sue", "POST", f"/v1/items/{left['id']}/withdraw", {"why": "重复"})
    assert gone.status == 200
    await busy.event("order.placed", buyer="buyer", order="A1")
    (check,) = await items(busy, "amy", "?kind=order_check")
    refused = await busy.call("amy", "POST", f"/v1/items/{check['id']}/withdraw", {"why": "x"})
    assert (refused.status, refused.json["reason"]) == (409, "not_a_call_back")


async def test_an_orders_remark(busy: Harness) -> None:
    path = "/v1/orders/shop-a~A1/remark"
    assert (await busy.call("amy", "GET", path)).json["reason"] == "no_remark"
    body = {"buyer": "buyer", "reason": "买家要改地址"}
    set_ = await busy.call("amy", "POST", path, body)
    assert set_.status == 200
    remark = {
        "shop": "shop-a",
        "order": "A1",
        "buyer": "buyer",
        "flag": "red",
        "reason": "买家要改地址",
        "agent": "amy",
        "at": "2026-11-21T08:01:00.000Z",
    }
    assert set_.json["remark"] == remark
    session = await session_of(busy, "amy")
    assert (await busy.get("amy", f"/v1/sessions/{session}"))["remarks"] == [remark]
    (listed,) = (await busy.get("sue", "/v1/sessions"))["sessions"]
    assert listed["remarks"] == [remark]
    await busy.call("sue", "POST", path, {**body, "flag": "green", "reason": "已改"})
    after = await busy.get("amy", path)
    assert (after["remark"]["flag"], after["remark"]["agent"]) == ("green", "sue")


async def test_what_became_of_a_remark_is_shown(busy: Harness) -> None:
    path = "/v1/orders/shop-a~A1/remark"
    await busy.call("amy", "POST", path, {"buyer": "buyer", "reason": "改地址"})
    async with busy.stream("sue", "0:0") as events:
        async for event in events:
            if event["event"] == "order_remarked":
                offset = event["data"]["offset"]
                break
    assert (await busy.get("amy", path))["delivery"] == "pending"
    report = c.ReportDelivery(
        effect="shop-a/x",
        shop="shop-a",
        buyer="buyer",
        message=f"remark-A1-{offset}",
        outcome="failed",
        detail="HTTP 500",
    )
    await busy.service.ask("d1", report)
    assert (await busy.get("amy", path))["delivery"] == "failed"


@pytest.mark.parametrize(
    ("who", "path", "body", "status", "reason"),
    [
        ("cat", "shop-a~A1", {"buyer": "buyer", "reason": "x"}, 403, "not_yours"),
        ("amy", "A1", {"buyer": "buyer", "reason": "x"}, 404, "no_such_order"),
        ("amy", "shop-z~A1", {"buyer": "buyer", "reason": "x"}, 404, "no_such_order"),
        ("amy", "shop-a~A1", {"buyer": "nobody", "reason": "x"}, 409, "unknown_buyer"),
        ("amy", "shop-a~A1", {"buyer": "buyer"}, 400, "bad_request"),
        ("amy", "shop-a~A1", {"buyer": "buyer", "reason": "x", "flag": "pink"}, 400, "bad_request"),
        ("amy", f"shop-a~{'A' * 201}", {"buyer": "buyer", "reason": "x"}, 400, "bad_request"),
    ],
)
async def test_a_remark_is_refused(
    busy: Harness, who: str, path: str, body: dict[str, str], status: int, reason: str
) -> None:
    reply = await busy.call(who, "POST", f"/v1/orders/{path}/remark", body)
    assert (reply.status, reply.json["reason"]) == (status, reason)


async def test_notes_are_heard_by_whom_they_concern(busy: Harness) -> None:
    await busy.event("review.posted", buyer="buyer", order="A1", review="V1", rating="bad")
    (item,) = await items(busy, "amy", "?kind=review_case")
    await busy.call("sue", "POST", f"/v1/items/{item['id']}/note", {"text": "主管已处理"})
    async with busy.stream("amy", "0:0") as events:
        async for event in events:
            if event["event"] == "item_noted":
                assert event["data"]["agent"] == "sue"
                break
