"""Handovers over the API: draft, filing, acknowledging, questions, and who sees what."""

from __future__ import annotations

from typing import Any

from tests.http.harness import MINUTE_MS, Harness


async def rostered(desk: Harness) -> None:
    """amy's shift ends at 16:30 as bob's begins; it is 16:00 in Beijing. cat is not rostered."""
    shift = {
        "agent": "amy",
        "from_at": "2026-11-21T16:00:00.001+08:00",
        "to_at": "2026-11-21T16:30:00+08:00",
        "sub_accounts": ["shop-a:amy"],
    }
    next_one = shift | {
        "agent": "bob",
        "from_at": shift["to_at"],
        "to_at": "2026-11-21T20:00:00+08:00",
    }
    body = {
        "from_at": "2026-11-21T00:00:00+08:00",
        "to_at": "2026-11-22T00:00:00+08:00",
        "shifts": [shift, next_one],
    }
    await desk.online("amy")
    reply = await desk.call("sue", "PUT", "/v1/roster", body)
    assert reply.status == 200, reply
    await desk.advance(MINUTE_MS)


async def filed(desk: Harness, note: str = "b1 等补发,已联系仓库") -> dict[str, Any]:
    """amy has handed over, with one session that waits."""
    await rostered(desk)
    await desk.says("b1", "什么时候发货")
    draft = await desk.get("amy", "/v1/handovers/draft")
    lines = [
        {"about": line["about"], "ref": line["ref"], "text": "等补发"} for line in draft["lines"]
    ]
    reply = await desk.call("amy", "POST", "/v1/handovers", {"lines": lines, "note": note})
    assert reply.status == 201, reply
    handover: dict[str, Any] = reply.json
    return handover


async def test_the_draft_shows_what_is_open_with_its_last_words(desk: Harness) -> None:
    await rostered(desk)
    await desk.says("b1", "什么时候发货")
    draft = await desk.get("amy", "/v1/handovers/draft")
    assert (draft["shift"], draft["to"], draft["to_shift"]) == ("d1-r1", "bob", "d1-r2")
    assert draft["due_at"] == "2026-11-21T08:40:00.000Z"
    (line,) = draft["lines"]
    assert (line["about"], line["buyer"], line["holder"]) == ("session", "b1", "amy")
    assert line["waits"] == [{"rule": "reply", "key": "", "due_at": "2026-11-21T08:06:00.000Z"}]
    assert [message["text"] for message in line["last"]] == ["什么时候发货"]
    assert (await desk.get("sue", "/v1/handovers/draft?agent=amy"))["lines"]
    other = await desk.call("bob", "GET", "/v1/handovers/draft?agent=amy")
    assert (other.status, other.json["reason"]) == (403, "not_yours")
    assert (await desk.call("sue", "GET", "/v1/handovers/draft?agent=nobody")).status == 404
    assert (await desk.call("sue", "GET", "/v1/handovers/draft")).status == 403


async def test_filed_acknowledged_and_moved(desk: Harness) -> None:
    handover = await filed(desk)
    assert (handover["id"], handover["to"], handover["state"]) == ("d1-h1", "bob", "open")
    assert handover["due_at"] == "2026-11-21T08:40:00.000Z"
    board = await desk.get("sue", "/v1/board")
    assert [(h["id"], h["left"]) for h in board["handovers"]] == [("d1-h1", 1)]
    early = await desk.call("bob", "POST", "/v1/handovers/d1-h1/acknowledge", {})
    assert (early.status, early.json["reason"]) == (409, "agent_offline")
    await desk.online("bob")
    done = await desk.call("bob", "POST", "/v1/handovers/d1-h1/acknowledge", {"lines": [0]})
    assert done.status == 200, done
    assert (done.json["state"], done.json["lines"][0]["taken_by"]) == ("acknowledged", "bob")
    (session,) = (await desk.get("bob", "/v1/sessions"))["sessions"]
    assert (session["agent"], session["cause"]) == ("bob", "handover")
    again = await desk.call("bob", "POST", "/v1/handovers/d1-h1/acknowledge", {})
    assert (again.status, again.json["reason"]) == (409, "already_acknowledged")
    assert again.json["title_zh"] == "已经接过班了"
    assert (await desk.get("sue", "/v1/board"))["handovers"] == []


async def test_a_promise_stands_on_the_board(desk: Harness) -> None:
    await rostered(desk)
    await desk.says("b1")
    promise = {
        "about": "promise",
        "shop": "shop-a",
        "buyer": "b1",
        "text": "答应查物流",
        "due_at": "2026-11-21T19:00:00+08:00",
    }
    reply = await desk.call("amy", "POST", "/v1/handovers", {"lines": [promise]})
    assert reply.status == 201, reply
    assert reply.json["lines"][0]["kind"] == "call_back"
    (shown,) = (await desk.get("sue", "/v1/board"))["promises"]
    assert (shown["kind"], shown["due_at"]) == ("call_back", "2026-11-21T11:00:00.000Z")
    bad = promise | {"due_at": "soon"}
    refused = await desk.call("amy", "POST", "/v1/handovers", {"lines": [bad]})
    assert (refused.status, "lines[0].due_at" in refused.json["detail"]) == (400, True)


async def test_what_the_rules_refuse(desk: Harness) -> None:
    await filed(desk)
    again = await desk.call("amy", "POST", "/v1/handovers", {"note": "再交一次"})
    assert (again.status, again.json["reason"]) == (409, "already_filed")
    wrong = {"lines": [{"about": "session", "ref": "d1-s99"}]}
    refused = await desk.call("bob", "POST", "/v1/handovers", wrong)
    assert (refused.status, refused.json["reason"]) == (409, "not_theirs")
    supervisor = await desk.call("sue", "POST", "/v1/handovers", {})
    assert (supervisor.status, supervisor.json["reason"]) == (403, "no_agent")


async def test_notes_are_searched_and_pages_turned(desk: Harness) -> None:
    await filed(desk)
    await desk.online("bob")
    await desk.call("bob", "POST", "/v1/handovers", {"note": "没有特别的"})
    found = await desk.get("sue", "/v1/handovers")
    assert [h["id"] for h in found["handovers"]] == ["d1-h2", "d1-h1"]
    for query, ids in (
        ("q=仓库", ["d1-h1"]),
        ("q=补发", ["d1-h1"]),
        ("q=B1", ["d1-h1"]),
        ("q=没有的词", []),
        ("agent=bob", ["d1-h2"]),
        ("state=open", ["d1-h2", "d1-h1"]),
        ("to=2026-11-21T08:00:00Z", []),
        ("from=2026-11-21T08:00:00Z", ["d1-h2", "d1-h1"]),
    ):
        found = await desk.get("sue", f"/v1/handovers?{query}")
        assert [h["id"] for h in found["handovers"]] == ids, query
    first = await desk.get("sue", "/v1/handovers?limit=1")
    rest = await desk.get("sue", f"/v1/handovers?limit=1&cursor={first['next_cursor']}")
    assert [h["id"] for h in rest["handovers"]] == ["d1-h1"]


async def test_who_sees_it(desk: Harness) -> None:
    """bob, whom it is for, is online: it is none of cat's business. While he is not, it is."""
    await filed(desk)
    assert (await desk.call("cat", "GET", "/v1/handovers/d1-h1")).status == 200
    await desk.online("bob", "cat")
    assert (await desk.call("cat", "GET", "/v1/handovers/d1-h1")).status == 404
    assert (await desk.get("cat", "/v1/handovers"))["handovers"] == []
    refused = await desk.call("cat", "POST", "/v1/handovers/d1-h1/acknowledge", {})
    assert refused.status == 404
    for who in ("amy", "bob", "sue", "root"):
        assert (await desk.get(who, "/v1/handovers/d1-h1"))["id"] == "d1-h1"
    assert (await desk.call("", "GET", "/v1/handovers")).status == 401


async def test_questions_back(desk: Harness) -> None:
    await filed(desk)
    path = "/v1/handovers/d1-h1/questions"
    asked = await desk.call("bob", "POST", path, {"text": "哪个仓库?", "line": 0})
    assert asked.json["questions"][0]["text"] == "哪个仓库?"
    assert (await desk.call("sue", "POST", path, {"text": "几点答复的?"})).status == 200
    assert (await desk.call("bob", "POST", path, {"text": ""})).status == 400
    own = await desk.call("bob", "POST", f"{path}/0/answer", {"text": "?"})
    assert (own.status, own.json["reason"]) == (409, "own_question")
    done = await desk.call("amy", "POST", f"{path}/0/answer", {"text": "二号仓"})
    assert done.json["questions"][0]["answered_by"] == "amy"
    assert (await desk.call("amy", "POST", f"{path}/x/answer", {"text": "?"})).status == 404
    found = await desk.get("sue", "/v1/handovers?q=二号仓")
    assert len(found["handovers"]) == 1


async def test_the_incoming_agent_hears_of_it(desk: Harness) -> None:
    await rostered(desk)
    async with desk.stream("bob") as events:
        await desk.call("amy", "POST", "/v1/handovers", {"note": "一切正常"})
        kinds = [(await anext(events))["event"] for _ in range(2)]
    assert sorted(kinds) == ["handover_filed", "handover_owed"]


async def test_a_charge_and_its_proof(desk: Harness) -> None:
    await rostered(desk)
    await desk.advance(25 * MINUTE_MS)
    body = {"to": "offline"}
    assert (await desk.call("amy", "PUT", "/v1/me/presence", body)).status == 200
    (breach,) = (await desk.get("amy", "/v1/breaches"))["breaches"]
    assert (breach["rule"], breach["key"], breach["fine_fen"]) == ("handover", "left_without", 3000)
    assert breach["shop"] == "shop-a"
    waived = await desk.call("sue", "POST", f"/v1/breaches/{breach['id']}/waive", {"why": "停电"})
    assert waived.status == 200
    (shift,) = (await desk.get("amy", "/v1/shifts"))["shifts"]
    assert shift["breach"] == breach["id"]


async def test_who_hands_over_to_whom(desk: Harness) -> None:
    """A supervisor sees all of it, an agent their own: from the plan to who has taken it."""
    await rostered(desk)
    path = "/v1/handovers/duties"
    one, other = (await desk.get("sue", path))["duties"]
    assert (one["agent"], one["to"], one["to_shift"]) == ("amy", "bob", "d1-r2")
    assert (one["state"], one["came"], one["owed"]) == ("on", True, True)
    assert one["due_at"] == "2026-11-21T08:40:00.000Z"
    assert (other["agent"], other["to"], other["owed"]) == ("bob", "", False)
    assert [duty["agent"] for duty in (await desk.get("amy", path))["duties"]] == ["amy"]
    assert (await desk.get("cat", path))["duties"] == []
    at_nine = await desk.get("sue", f"{path}?from=2026-11-21T13:00:00Z")
    assert at_nine["duties"] == []
    first = await desk.get("sue", f"{path}?limit=1")
    rest = await desk.get("sue", f"{path}?limit=1&cursor={first['next_cursor']}")
    assert [duty["agent"] for duty in first["duties"] + rest["duties"]] == ["amy", "bob"]
    assert rest["next_cursor"] is None
    assert (await desk.get("root", f"{path}?desk=d1"))["duties"] == [one, other]

    await desk.says("b1", "什么时候发货")
    body = {"note": "没有特别的", "to": "cat"}
    assert (await desk.call("amy", "POST", "/v1/handovers", body)).status == 201
    filed_one = (await desk.get("sue", path))["duties"][0]
    assert (filed_one["handover"], filed_one["to"], filed_one["owed"]) == ("d1-h1", "cat", False)
    assert (filed_one["lines"], filed_one["left"], filed_one["by_router"]) == (1, 1, False)
    await desk.online("cat")
    await desk.call("cat", "POST", "/v1/handovers/d1-h1/acknowledge", {})
    done = (await desk.get("sue", path))["duties"][0]
    assert (done["left"], done["acknowledged_by"]) == (0, "cat")
    assert done["acknowledged_at"] == "2026-11-21T08:01:00.000Z"


async def test_what_the_router_filed_and_what_it_cost(desk: Harness) -> None:
    await rostered(desk)
    await desk.says("b1", "什么时候发货")
    await desk.advance(41 * MINUTE_MS)
    one, _ = (await desk.get("sue", "/v1/handovers/duties"))["duties"]
    assert (one["by_router"], one["left"], one["state"]) == (True, 1, "over")
    assert one["breach"]
    assert one["acknowledge_by"] == "2026-11-21T08:50:00.000Z"
    await desk.advance(10 * MINUTE_MS)
    one, _ = (await desk.get("sue", "/v1/handovers/duties"))["duties"]
    assert one["took_breach"]


async def test_a_line_tells_of_the_work_it_names(desk: Harness) -> None:
    await rostered(desk)
    await desk.says("b1", "什么时候发货")
    (session,) = (await desk.get("amy", "/v1/sessions"))["sessions"]
    body = {"text": "答应查物流", "due_in_s": 3600}
    path = f"/v1/sessions/{session['id']}/call-backs"
    promised = await desk.call("amy", "POST", path, body)
    assert promised.status == 201, promised
    lines = (await desk.get("amy", "/v1/handovers/draft"))["lines"]
    (line,) = (line for line in lines if line["about"] == "item")
    assert (line["kind"], line["reason"]) == ("call_back", "答应查物流")
    assert line["key"]
