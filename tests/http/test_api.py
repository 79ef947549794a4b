"""What people do through the API (CONTRACT §5), and what the rules refuse."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from router.core import commands as c
from router.log.codec import decode_entry
from tests.http.harness import MINUTE_MS, Harness


async def sessions(desk: Harness, who: str, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await desk.get(who, f"/v1/sessions{query}"))["sessions"]
    return found


async def held(desk: Harness, *agents: str) -> str:
    """A session of these agents' first, whose buyer waits; its id."""
    await desk.online(*agents)
    await desk.says("buyer")
    (session,) = await sessions(desk, "sue", f"?agent={agents[0]}")
    return str(session["id"])


async def test_me(desk: Harness) -> None:
    me = await desk.get("amy", "/v1/me")
    assert (me["user"], me["role"], me["desks"]) == ("amy", "agent", ["d1"])
    assert (me["agent"]["presence"], me["agent"]["name"]) == ("offline", "小艾")
    assert (await desk.get("root", "/v1/me"))["agent"] is None


async def test_who_oversees_the_desk_is_known_by_name(desk: Harness) -> None:
    desk.people.add_user("sue", name="苏主管", role="supervisor", desk="d1")
    desk.people.add_user("far", name="外人", role="supervisor", desk="d2")
    found = (await desk.get("amy", "/v1/me"))["supervisors"]
    assert {"id": "sue", "name": "苏主管"} in found
    assert "root" in {one["id"] for one in found}, "an admin oversees every desk"
    assert not {"far", "amy", "bob"} & {one["id"] for one in found}


async def test_a_session_from_message_to_close(desk: Harness) -> None:
    session = await held(desk, "amy")
    shown = await desk.get("amy", f"/v1/sessions/{session}")
    assert shown["waiting"]
    assert shown["deadlines"] == [
        {"rule": "reply", "due_at": "2026-11-21T08:05:00.000Z", "from_at": None, "key": ""}
    ]
    refused = await desk.call("amy", "POST", f"/v1/sessions/{session}/close", {})
    assert (refused.status, refused.json["reason"]) == (409, "buyer_waiting")

    await desk.advance(MINUTE_MS)
    path = f"/v1/sessions/{session}/messages"
    written = await desk.call("amy", "POST", path, {"text": "您好,我在的"})
    assert written.status == 201
    assert written.json["sent_at"] == "2026-11-21T08:01:00.000Z"
    shown = await desk.get("amy", f"/v1/sessions/{session}")
    assert (shown["waiting"], shown["answered"]) == (False, True)
    refused = await desk.call("amy", "POST", f"/v1/sessions/{session}/close", {})
    assert refused.json["reason"] == "follow_up_owed"

    await desk.says("buyer", "谢谢")
    await desk.call("amy", "POST", path, {"text": "感谢您的光临"})
    closed = await desk.call("amy", "POST", f"/v1/sessions/{session}/close")
    assert (closed.status, closed.json["state"], closed.json["ended_why"]) == (
        200,
        "closed",
        "holder",
    )
    assert (await desk.get("amy", f"/v1/sessions/{session}"))["state"] == "closed"
    assert [s["id"] for s in await sessions(desk, "amy", "?state=closed")] == [session]
    messages = (await desk.get("amy", path))["messages"]
    assert [m["text"] for m in messages] == ["在吗", "您好,我在的", "谢谢", "感谢您的光临"]
    again = await desk.call("amy", "POST", path, {"text": "还在吗"})
    assert (again.status, again.json["reason"]) == (409, "no_open_session")


async def test_a_closed_session_is_found_without_the_index(desk: Harness) -> None:
    session = await held(desk, "amy")
    body = {"reason": "test"}
    assert (await desk.call("sue", "POST", f"/v1/sessions/{session}/close", body)).status == 200
    desk.app = desk.app
    await desk.shut()
    await desk.open()
    assert (await desk.get("sue", f"/v1/sessions/{session}"))["state"] == "closed"


async def test_a_supervisor_closes_with_a_reason(desk: Harness) -> None:
    session = await held(desk, "amy")
    path = f"/v1/sessions/{session}/close"
    assert (await desk.call("sue", "POST", path, {})).json["reason"] == "reason_needed"
    closed = await desk.call("sue", "POST", path, {"reason": "骚扰"})
    assert (closed.status, closed.json["ended_why"]) == (200, "supervisor")
    assert (await desk.call("sue", "POST", path, {"reason": "x"})).status == 409


async def test_delivery_states(desk: Harness) -> None:
    session = await held(desk, "amy")
    path = f"/v1/sessions/{session}/messages"
    written = (await desk.call("amy", "POST", path, {"text": "您好,我在的"})).json
    assert (await desk.get("amy", path))["messages"][-1]["delivery"] == "pending"
    report = c.ReportDelivery(
        effect=f"shop-a/{written['id']}",
        shop="shop-a",
        buyer="buyer",
        message=written["id"],
        outcome="failed",
    )
    await desk.service.ask("d1", report)
    assert (await desk.get("amy", path))["messages"][-1]["delivery"] == "failed"
    await desk.shut()
    await desk.open()
    async with desk.stream("amy", "0:0"):
        assert (await desk.get("amy", path))["messages"][-1]["delivery"] == "failed"


async def test_a_key_writes_once(desk: Harness) -> None:
    session = await held(desk, "amy")
    path = f"/v1/sessions/{session}/messages"
    key = {"Idempotency-Key": "k1"}
    body = {"text": "您好,我在的"}
    at_once = await asyncio.gather(*(desk.call("amy", "POST", path, body, key) for _ in range(5)))
    later = await desk.call("amy", "POST", path, body, key)
    assert {reply.status for reply in (*at_once, later)} == {201}
    assert len({reply.json["id"] for reply in (*at_once, later)}) == 1
    other = await desk.call("amy", "POST", path, {"text": "别的"}, key)
    assert (other.status, other.json["reason"]) == (409, "key_reused")
    assert len((await desk.get("amy", path))["messages"]) == 2


async def test_pages_of_messages(desk: Harness) -> None:
    session = await held(desk, "amy")
    path = f"/v1/sessions/{session}/messages"
    for n in range(4):
        await desk.says("buyer", f"第{n}句")
    last = await desk.get("amy", f"{path}?limit=2")
    assert [m["text"] for m in last["messages"]] == ["第2句", "第3句"]
    first = await desk.get("amy", f"{path}?limit=3&cursor={last['next_cursor']}")
    assert [m["text"] for m in first["messages"]] == ["在吗", "第0句", "第1句"]
    assert first["next_cursor"] is None


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "$.text"),
        ({"text": " "}, "$.text"),
        ({"kind": "image"}, "$.url"),
        ({"kind": "order_card"}, "$.order"),
        ({"kind": "song"}, "$.kind"),
        ({"text": "x" * 20_001}, "$.text"),
        ([], "object"),
    ],
)
async def test_messages_that_are_none(desk: Harness, body: object, where: str) -> None:
    session = await held(desk, "amy")
    reply = await desk.call("amy", "POST", f"/v1/sessions/{session}/messages", body)
    assert reply.status == 400
    assert where in reply.json["detail"]


async def test_presence_needs_a_choice(desk: Harness) -> None:
    session = await held(desk, "amy")
    body = {"to": "away", "reason": "如厕", "back_in_s": 300}
    refused = await desk.call("amy", "PUT", "/v1/me/presence", body)
    assert (refused.status, refused.json["reason"]) == (409, "open_sessions_choice_needed")
    assert [s["id"] for s in refused.json["sessions"]] == [session]

    informed = await desk.call("amy", "PUT", "/v1/me/presence", {**body, "open_sessions": "inform"})
    assert (informed.status, informed.json["agent"]["presence"]) == (200, "away")
    assert informed.json["agent"]["back_at"] == "2026-11-21T08:05:00.000Z"
    shown = await desk.get("amy", f"/v1/sessions/{session}")
    assert (shown["informed"], shown["waiting"]) == (True, False)


async def test_leaving_by_transfer(desk: Harness) -> None:
    session = await held(desk, "amy")
    await desk.online("bob")
    body = {"to": "offline", "open_sessions": "transfer"}
    left = await desk.call("amy", "PUT", "/v1/me/presence", body)
    assert left.json["agent"]["load"] == 0
    assert (await desk.get("bob", f"/v1/sessions/{session}"))["cause"] == "transfer"


async def test_a_supervisor_sets_presence_with_a_reason(desk: Harness) -> None:
    path = "/v1/agents/amy/presence"
    assert (await desk.call("sue", "PUT", path, {"to": "online"})).json["reason"] == "reason_needed"
    reply = await desk.call("sue", "PUT", path, {"to": "online", "reason": "到岗"})
    assert (reply.json["presence"], reply.json["set_by"]) == ("online", "sue")
    missing = await desk.call("sue", "PUT", "/v1/agents/nobody/presence", {"to": "online"})
    assert (missing.status, missing.json["reason"]) == (404, "unknown_agent")


async def test_transfer_and_claim_and_reassign(desk: Harness) -> None:
    session = await held(desk, "amy")
    await desk.online("bob")
    path = f"/v1/sessions/{session}"
    assert (await desk.call("amy", "POST", f"{path}/transfer", {"to": "x"})).status == 409
    moved = await desk.call("amy", "POST", f"{path}/transfer", {"to": "shop-a:bob"})
    assert (moved.status, moved.json["agent"], moved.json["cause"]) == (200, "bob", "transfer")
    assert (await desk.call("amy", "GET", path)).status == 403
    assert (await desk.call("amy", "POST", f"{path}/claim")).status == 403

    assert (await desk.call("sue", "POST", f"{path}/reassign", {"to": "amy"})).status == 409
    back = await desk.call("sue", "POST", f"{path}/reassign", {"to": "amy", "reason": "熟客"})
    assert (back.json["agent"], back.json["cause"]) == ("amy", "reassign")
    assert back.json["sub_account"] == "shop-a:amy"


async def test_claim_from_the_queue(desk: Harness) -> None:
    await desk.says("buyer")
    (session,) = await sessions(desk, "amy")
    assert session["state"] == "queued"
    assert await sessions(desk, "cat") == []
    assert [q["id"] for q in (await desk.get("amy", "/v1/queue"))["queue"]] == [session["id"]]
    assert (await desk.get("cat", "/v1/queue"))["queue"] == []
    offline = await desk.call("amy", "POST", f"/v1/sessions/{session['id']}/claim")
    assert (offline.status, offline.json["reason"]) == (409, "cannot_take")


async def test_a_supervisor_moves_all_that_an_agent_holds(desk: Harness) -> None:
    session = await held(desk, "amy")
    await desk.online("bob")
    body = {"reason": "下班"}
    moved = await desk.call("sue", "POST", "/v1/agents/amy/reassign", body)
    assert moved.json["agent"]["load"] == 0
    assert [(s["id"], s["agent"]) for s in moved.json["sessions"]] == [(session, "bob")]
    gone = await desk.call("sue", "POST", "/v1/agents/bob/reassign", {**body, "to": "nobody"})
    assert (gone.status, gone.json["reason"]) == (409, "unknown_agent")


async def test_refunds(desk: Harness) -> None:
    session = await held(desk, "amy")
    for refund, reason in (("r1", "changed_mind"), ("r2", "reorder"), ("r3", "other")):
        await desk.event("refund.requested", buyer="buyer", order="o", refund=refund, reason=reason)
    listed = (await desk.get("amy", "/v1/refunds"))["refunds"]
    assert [(r["key"], r["due_at"] is None) for r in listed] == [
        ("r1", False),
        ("r2", False),
        ("r3", True),
    ]
    assert len((await desk.get("amy", f"/v1/sessions/{session}"))["work"]) == 3
    only = (await desk.get("sue", "/v1/refunds?for_supervisors=true"))["refunds"]
    assert [r["key"] for r in only] == ["r3"]

    path = f"/v1/refunds/{listed[0]['id']}"
    assert (await desk.call("bob", "POST", f"{path}/resolve", {"outcome": "agreed"})).status == 403
    assert (await desk.call("amy", "POST", f"{path}/resolve", {"outcome": "?"})).status == 400
    done = await desk.call("amy", "POST", f"{path}/resolve", {"outcome": "agreed"})
    assert (done.status, done.json["state"]) == (200, "settled")
    assert (await desk.call("amy", "POST", f"{path}/resolve", {"outcome": "agreed"})).status == 404

    path = "/v1/refunds/shop-a~r2"
    asked = await desk.call("amy", "POST", f"{path}/escalate", {"reason": "金额大"})
    assert (asked.json["escalated_by"], asked.json["escalation"]) == ("amy", "金额大")
    assert (await desk.call("amy", "POST", f"{path}/take-over")).status == 403
    taken = await desk.call("sue", "POST", f"{path}/take-over")
    assert (taken.status, taken.json["state"], taken.json["taken_by"]) == (200, "taken_over", "sue")


async def breach(desk: Harness) -> dict[str, Any]:
    """Amy answers too late, and pays; bob was not there to rescue."""
    await held(desk, "amy")
    await desk.advance(8 * MINUTE_MS)
    (found,) = (await desk.get("sue", "/v1/breaches"))["breaches"]
    return dict(found)


async def test_the_ledger_and_a_waiver(desk: Harness) -> None:
    found = await breach(desk)
    assert (found["rule"], found["agent"], found["fine_fen"]) == ("reply", "amy", 2000)
    (charge,) = (await desk.get("amy", "/v1/ledger"))["entries"]
    assert charge["proof"] == found["proof"] != []
    entry, *_ = await desk.service.entries("d1", charge["proof"])
    assert entry is not None
    assert isinstance(decode_entry(entry.body).command, c.MessageReceived)
    assert (await desk.get("bob", "/v1/ledger"))["entries"] == []

    path = f"/v1/breaches/{found['id']}/waive"
    assert (await desk.call("amy", "POST", path, {"why": "请假"})).status == 403
    assert (await desk.call("sue", "POST", path, {"why": ""})).status == 400
    waived = await desk.call("sue", "POST", path, {"why": "系统故障"})
    assert (waived.json["waived"], waived.json["waived_by"]) == (True, "sue")
    again = await desk.call("sue", "POST", path, {"why": "x"})
    assert (again.status, again.json["reason"]) == (409, "already_waived")
    ledger = await desk.get("sue", "/v1/ledger?agent=amy&limit=1")
    assert (ledger["total_fen"], ledger["entries"][0]["kind"]) == (0, "waiver")
    rest = await desk.get("sue", f"/v1/ledger?agent=amy&cursor={ledger['next_cursor']}")
    assert [entry["kind"] for entry in rest["entries"]] == ["charge"]


async def test_the_ledger_between_times(desk: Harness) -> None:
    await breach(desk)
    at = (await desk.get("sue", "/v1/ledger"))["entries"][0]["at"]
    for query, count in ((f"from={at}", 1), (f"to={at}", 0), ("from=2027-01-01T00:00:00Z", 0)):
        assert len((await desk.get("sue", f"/v1/ledger?{query}"))["entries"]) == count
    assert (await desk.call("sue", "GET", "/v1/ledger?from=yesterday")).status == 400


async def test_the_board(desk: Harness) -> None:
    found = await breach(desk)
    await desk.says("other", shop="shop-b")
    await desk.advance(5_000)
    board = await desk.get("sue", "/v1/board")
    counts = board["counts"]
    assert (counts["sessions"], counts["queued"], counts["online"]) == (2, 1, 1)
    assert (counts["breaches_today"], counts["fines_today_fen"]) == (1, found["fine_fen"])
    assert board["oldest_wait_ms"] == 5_000
    assert [due["buyer"] for due in board["deadlines"]] == ["other"]
    assert [s["overdue"] for s in board["sessions"]] == [True, False]
    own = await desk.get("amy", "/v1/board")
    assert [s["buyer"] for s in own["sessions"]] == ["buyer"]
    assert own["queue"] == []


async def test_filters_and_pages(desk: Harness) -> None:
    await desk.online("amy", "bob")
    for n in range(5):
        await desk.says(f"b{n}")
    await desk.says("b9", shop="shop-b")
    seen: list[str] = []
    cursor = ""
    while True:
        page = await desk.get("sue", f"/v1/sessions?limit=2&cursor={cursor}")
        seen += [s["buyer"] for s in page["sessions"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ["b0", "b1", "b2", "b3", "b4", "b9"]
    for query, count in (
        ("shop=shop-b", 1),
        ("agent=nobody", 0),
        ("sub_account=shop-b:bob", 1),
        ("state=held", 6),
        ("state=queued", 0),
        ("rule=reply", 6),
        ("rule=refund", 0),
    ):
        assert len(await sessions(desk, "root", f"?{query}")) == count, query
    amys = {s["agent"] for s in await sessions(desk, "amy")}
    assert amys == {"amy"}
    for query in ("limit=0", "limit=x", "limit=100000", "state=gone"):
        assert (await desk.call("sue", "GET", f"/v1/sessions?{query}")).status == 400
    assert (await desk.call("sue", "GET", "/v1/sessions?desk=d2")).status == 404


@pytest.mark.parametrize("session", ["d1-s99", "d2-s1", "x", "d1-sx", "%2F"])
async def test_no_such_session(desk: Harness, session: str) -> None:
    reply = await desk.call("sue", "GET", f"/v1/sessions/{session}")
    assert (reply.status, reply.json["reason"]) == (404, "no_such_session")


async def test_while_the_desk_is_loaded(desk: Harness) -> None:
    desk.owner._loaded.clear()
    reply = await desk.call("sue", "GET", "/v1/board")
    assert (reply.status, reply.json["reason"]) == (503, "loading")
    assert (await desk.call("", "GET", "/readyz")).status == 503
    assert (await desk.call("", "GET", "/healthz")).status == 200
