"""Conduct flags through the API, and what is read before it is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from msgspec import structs

from router.core import commands as c
from tests.http.harness import MINUTE_MS, START_MS, Harness

INSULT = "您好,你这个傻逼"


async def session_of(desk: Harness, *agents: str, text: str = "在吗") -> str:
    await desk.online(*agents)
    await desk.says("buyer", text)
    (session,) = (await desk.get("sue", "/v1/sessions"))["sessions"]
    return str(session["id"])


async def raised(desk: Harness, agent: str = "amy", **more: Any) -> str:
    """A flag of the inspector's; its id."""
    count = len(desk.state.flags)
    command = c.RaiseFlag(
        flag=f"abuse:m{count}:0",
        rule="abuse",
        shop="shop-a",
        buyer="buyer",
        session="",
        message=f"m{count}",
        agent=agent,
        sub_account=f"shop-a:{agent}",
        sent_ms=START_MS,
        offset=1,
        start=3,
        end=5,
        matched="傻逼",
        source="abuse.txt:3",
    )
    for name, value in more.items():
        command = structs.replace(command, **{name: value})
    answer = await desk.service.ask("d1", command)
    assert answer is not None
    assert answer.rejected is None
    return f"d1-f{count + 1}"


# Looking


async def test_supervisors_see_the_desks_flags_and_agents_their_own(desk: Harness) -> None:
    first, second = await raised(desk, "amy"), await raised(desk, "bob")
    flags = (await desk.get("sue", "/v1/flags"))["flags"]
    assert [flag["id"] for flag in flags] == [second, first]
    shown = flags[1]
    assert (shown["agent"], shown["matched"], shown["state"]) == ("amy", "傻逼", "open")
    assert (shown["start"], shown["end"], shown["proof"][0]) == (3, 5, 1)
    own = (await desk.get("amy", "/v1/flags"))["flags"]
    assert [flag["id"] for flag in own] == [first]


async def test_flags_are_filtered_and_paged(desk: Harness) -> None:
    for number in range(3):
        await raised(desk, sent_ms=START_MS + number * MINUTE_MS)
    await raised(desk, "bob", rule="prohibited", shop="shop-b", flag="prohibited:m:0")
    for query, count in (
        ("?rule=abuse", 3),
        ("?shop=shop-b", 1),
        ("?agent=bob", 1),
        ("?state=dismissed", 0),
        ("?from=2026-11-21T08:01:00Z&to=2026-11-21T08:02:00Z", 1),
    ):
        assert len((await desk.get("sue", f"/v1/flags{query}"))["flags"]) == count, query
    page = await desk.get("sue", "/v1/flags?limit=3")
    rest = await desk.get("sue", f"/v1/flags?limit=3&cursor={page['next_cursor']}")
    assert [f["id"] for f in page["flags"] + rest["flags"]] == ["d1-f4", "d1-f3", "d1-f2", "d1-f1"]
    assert rest["next_cursor"] is None
    assert (await desk.call("sue", "GET", "/v1/flags?from=yesterday")).status == 400


# Answering


async def test_confirming_charges_and_dismissing_takes_it_back(desk: Harness) -> None:
    flag = await raised(desk)
    reply = await desk.call("sue", "POST", f"/v1/flags/{flag}/confirm", {"why": "clear"})
    assert (reply.status, reply.json["state"], reply.json["by"]) == (200, "confirmed", "sue")
    assert (await desk.get("amy", "/v1/ledger"))["total_fen"] == 10_000
    again = await desk.call("sue", "POST", f"/v1/flags/{flag}/confirm")
    assert (again.status, again.json["reason"]) == (409, "already_confirmed")
    body = {"why": "she quoted the buyer"}
    reply = await desk.call("sue", "POST", f"/v1/flags/{flag}/dismiss", body)
    assert (reply.status, reply.json["state"]) == (200, "dismissed")
    assert (await desk.get("amy", "/v1/ledger"))["total_fen"] == 0


async def test_dismissing_needs_a_reason(desk: Harness) -> None:
    flag = await raised(desk)
    for body in ({}, {"why": ""}):
        assert (await desk.call("sue", "POST", f"/v1/flags/{flag}/dismiss", body)).status == 400


async def test_who_may_not_answer(desk: Harness) -> None:
    flag = await raised(desk)
    path = f"/v1/flags/{flag}/dismiss"
    assert (await desk.call("amy", "POST", path, {"why": "no"})).status == 403
    assert (await desk.call("", "POST", path, {"why": "no"})).status == 401
    desk.user("amys-own", "supervisor", agent="amy")
    reply = await desk.call("amys-own", "POST", path, {"why": "no"})
    assert (reply.status, reply.json["reason"]) == (403, "own_flag")
    for unknown in ("d1-f99", "d2-f1", "nonsense"):
        reply = await desk.call("sue", "POST", f"/v1/flags/{unknown}/confirm")
        assert (reply.status, reply.json["reason"]) == (404, "no_such_flag")


# The allow-list


async def test_the_allow_list(desk: Harness) -> None:
    flag = await raised(desk)
    body = {"why": "a brand", "allow": "傻逼"}
    assert (await desk.call("sue", "POST", f"/v1/flags/{flag}/dismiss", body)).status == 200
    reply = await desk.call("sue", "POST", "/v1/allow-list", {"phrase": "微信支付", "why": "ours"})
    assert reply.status == 201
    listed = (await desk.get("amy", "/v1/allow-list"))["allowed"]
    assert {(a["phrase"], a["rule"], a["shop"]) for a in listed} == {
        ("傻逼", "abuse", "shop-a"),
        ("微信支付", "", ""),
    }
    assert (await desk.call("amy", "POST", "/v1/allow-list", {"phrase": "x"})).status == 403
    again = await desk.call("sue", "POST", "/v1/allow-list", {"phrase": "微信支付"})
    assert (again.status, again.json["reason"]) == (409, "already_allowed")
    path = "/v1/allow-list?phrase=微信支付"
    assert (await desk.call("amy", "DELETE", path)).status == 403
    assert len((await desk.call("sue", "DELETE", path)).json["allowed"]) == 1
    assert (await desk.call("sue", "DELETE", path)).json["reason"] == "no_such_phrase"


# Before it is sent


async def test_what_is_blocked_is_not_sent(desk: Harness) -> None:
    session = await session_of(desk, "amy")
    path = f"/v1/sessions/{session}/messages"
    tail = (await desk.log.meta()).tail
    for confirmed in (False, True):
        body = {"text": INSULT, "confirmed": confirmed}
        reply = await desk.call("amy", "POST", path, body)
        assert (reply.status, reply.json["reason"]) == (422, "conduct_blocked")
        (finding,) = reply.json["findings"]
        assert (finding["rule"], finding["sending"]) == ("abuse", "block")
        assert INSULT[finding["start"] : finding["end"]] == finding["matched"]
    assert (await desk.log.meta()).tail == tail


async def test_the_words_beside_a_card_are_read_too(desk: Harness) -> None:
    session = await session_of(desk, "amy")
    path = f"/v1/sessions/{session}/messages"
    card = {"kind": "product_card", "product": "678812345"}
    reply = await desk.call("amy", "POST", path, {**card, "text": INSULT})
    assert (reply.status, reply.json["reason"]) == (422, "conduct_blocked")
    assert (await desk.call("amy", "POST", path, {**card, "text": "这款"})).status == 201


async def test_what_is_doubtful_is_sent_once_it_is_confirmed(desk: Harness) -> None:
    session = await session_of(desk, "amy")
    path = f"/v1/sessions/{session}/messages"
    reply = await desk.call("amy", "POST", path, {"text": "您好"})
    assert (reply.status, reply.json["reason"]) == (409, "conduct_warning")
    assert [f["rule"] for f in reply.json["findings"]] == ["short_reply"]
    reply = await desk.call("amy", "POST", path, {"text": "您好", "confirmed": True})
    assert reply.status == 201
    reply = await desk.call("amy", "POST", path, {"text": "这款是纯棉的"})
    assert reply.status == 201, "its finding, if any, is only recorded"


async def test_a_retry_of_what_was_sent_is_not_read_again(desk: Harness) -> None:
    session = await session_of(desk, "amy", text="有红色的吗")
    path = f"/v1/sessions/{session}/messages"
    key = {"Idempotency-Key": "k1"}
    body = {"text": "您好,这款有的,请放心拍"}
    first = await desk.call("amy", "POST", path, body, key)
    assert first.status == 201
    phrase = {"text": "您好", "confirmed": True}
    assert (await desk.call("amy", "POST", path, phrase, {"Idempotency-Key": "k2"})).status == 201
    again = await desk.call("amy", "POST", path, {"text": "您好"}, {"Idempotency-Key": "k2"})
    assert again.status == 201, again
    assert (await desk.call("amy", "POST", path, body, key)).json["id"] == first.json["id"]


async def test_an_allowed_phrase_is_sent(desk: Harness) -> None:
    session = await session_of(desk, "amy")
    body = {"phrase": "傻逼", "rule": "abuse"}
    assert (await desk.call("sue", "POST", "/v1/allow-list", body)).status == 201
    path = f"/v1/sessions/{session}/messages"
    assert (await desk.call("amy", "POST", path, {"text": INSULT})).status == 201


async def test_checking_a_text_by_itself(desk: Harness) -> None:
    session = await session_of(desk, "amy")
    reply = await desk.call("amy", "POST", "/v1/conduct/check", {"text": INSULT})
    assert (reply.status, reply.json["sending"]) == (200, "block")
    body = {"text": "纯棉的,放心拍吧", "session": session}
    reply = await desk.call("amy", "POST", "/v1/conduct/check", body)
    assert [f["rule"] for f in reply.json["findings"]] == ["honorific"]
    assert reply.json["sending"] == "record"
    assert (await desk.call("bob", "POST", "/v1/conduct/check", body)).status == 403
    body = {"text": "x", "shop": "elsewhere"}
    assert (await desk.call("amy", "POST", "/v1/conduct/check", body)).status == 404


async def test_without_lists_everything_is_sent(desk: Harness) -> None:
    await desk.shut()
    desk.settings = replace(desk.settings, conduct=None)
    await desk.open()
    session = await session_of(desk, "amy")
    path = f"/v1/sessions/{session}/messages"
    assert (await desk.call("amy", "POST", path, {"text": "嗯"})).status == 201
    reply = await desk.call("amy", "POST", "/v1/conduct/check", {"text": INSULT})
    assert (reply.json["findings"], reply.json["sending"]) == ([], "record")


async def test_others_conduct_is_no_business_of_an_agents(desk: Harness) -> None:
    await session_of(desk, "bob")
    async with desk.stream("bob") as bobs, desk.stream("amy") as amys:
        await raised(desk, "amy")
        await raised(desk, "bob", flag="abuse:other:0")
        async for event in bobs:
            if event["event"] == "flag_raised":
                assert event["data"]["agent"] == "bob"
                break
        async for event in amys:
            if event["event"] == "flag_raised":
                assert event["data"]["agent"] == "amy"
                break
