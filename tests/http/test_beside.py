"""What a session shows beside its messages: automatic texts, the bot, debts of who was away."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from router.core import commands as c
from router.core.policy import Policy
from tests.http.harness import DESK, MINUTE_MS, Harness


async def adopt(desk: Harness, policy: Policy) -> None:
    await desk.service.ask("d1", c.AdoptDesk(desk=replace(DESK, policy=policy)))


async def messages(desk: Harness, session: str, query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = await desk.get("sue", f"/v1/sessions/{session}/messages{query}")
    return found


async def only(desk: Harness, query: str = "") -> dict[str, Any]:
    (session,) = (await desk.get("sue", f"/v1/sessions{query}"))["sessions"]
    return dict(session)


async def leave(desk: Harness, agent: str, to: str, choice: str = "", back_in_s: int = 0) -> None:
    body = {"to": to, "open_sessions": choice, "reason": "用餐", "back_in_s": back_in_s}
    reply = await desk.call(agent, "PUT", "/v1/me/presence", body)
    assert reply.status == 200, reply


async def test_automatic_texts_stand_among_the_messages(desk: Harness) -> None:
    await adopt(desk, Policy(queue_text="前面还有人"))
    await desk.says("buyer", "在吗")
    await desk.says("buyer", "有人吗")
    await desk.online("amy")
    session = (await only(desk))["id"]
    await leave(desk, "amy", "away", "inform")
    await adopt(desk, Policy(queue_text="别的话", away_text="别的话"))
    await desk.says("buyer", "好的")
    shown = (await messages(desk, session))["messages"]
    assert [(m["text"], m["by"], m["auto"]) for m in shown] == [
        ("在吗", "human", ""),
        ("前面还有人", "auto", "queue"),
        ("有人吗", "human", ""),
        (Policy().away_text, "auto", "away"),
        ("好的", "human", ""),
    ]
    assert [m["delivery"] for m in shown] == [None, "pending", None, "pending", None]
    assert shown[3]["sub_account"] == "shop-a:amy"


async def test_what_became_of_them_is_shown(desk: Harness) -> None:
    await adopt(desk, Policy(queue_text="前面还有人"))
    await desk.says("buyer")
    session = (await only(desk))["id"]
    queued = (await messages(desk, session))["messages"][1]
    report = c.ReportDelivery(
        effect=f"shop-a/{queued['id']}",
        shop="shop-a",
        buyer="buyer",
        message=queued["id"],
        outcome="delivered",
    )
    await desk.service.ask("d1", report)
    assert (await messages(desk, session))["messages"][1]["delivery"] == "delivered"


async def test_they_come_with_the_page_of_the_message_before_them(desk: Harness) -> None:
    await adopt(desk, Policy(queue_text="前面还有人", waiting_text="马上来"))
    await desk.says("buyer", "一")
    await desk.says("buyer", "二")
    await desk.advance(3 * MINUTE_MS)
    await desk.says("buyer", "三")
    session = (await only(desk))["id"]
    last = await messages(desk, session, "?limit=2")
    assert [m["text"] for m in last["messages"]] == ["二", "马上来", "三"]
    first = await messages(desk, session, f"?limit=2&cursor={last['next_cursor']}")
    assert [m["text"] for m in first["messages"]] == ["一", "前面还有人"]
    assert first["next_cursor"] is None


async def test_a_closed_session_still_has_them(desk: Harness) -> None:
    await adopt(desk, Policy(queue_text="前面还有人"))
    await desk.says("buyer")
    session = (await only(desk))["id"]
    body = {"reason": "done"}
    assert (await desk.call("sue", "POST", f"/v1/sessions/{session}/close", body)).status == 200
    texts = [m["text"] for m in (await messages(desk, session))["messages"]]
    assert texts == ["在吗", "前面还有人"]


async def test_a_session_with_the_bot(desk: Harness) -> None:
    await adopt(desk, Policy(bot_mode="bot_first"))
    await desk.online("amy")
    await desk.says("buyer")
    session = await only(desk, "?state=bot")
    assert (session["state"], session["with_bot"], session["agent"]) == ("bot", True, "")
    thread = desk.state.sessions[session["id"]]
    assert thread.bot is not None
    answer = c.WriteForBot(
        shop="shop-a",
        buyer="buyer",
        session=session["id"],
        message="bot-1",
        asked=thread.bot.asked,
        content=c.Content(text="您好,我是机器人"),
    )
    await desk.service.ask("d1", answer)
    shown = (await messages(desk, session["id"]))["messages"][-1]
    assert (shown["text"], shown["by"], shown["delivery"]) == ("您好,我是机器人", "bot", "pending")
    over = c.HandOverFromBot(
        shop="shop-a", buyer="buyer", session=session["id"], why="投诉", transcript="买家很生气"
    )
    await desk.service.ask("d1", over)
    session = await only(desk, "?agent=amy")
    assert (session["with_bot"], session["bot_why"]) == (False, "投诉")
    assert session["transcript"] == "买家很生气"


async def test_an_agent_claims_what_the_bot_has(desk: Harness) -> None:
    await adopt(desk, Policy(bot_mode="bot_first"))
    await desk.online("amy")
    await desk.says("buyer")
    (session,) = (await desk.get("amy", "/v1/sessions?state=bot"))["sessions"]
    claimed = await desk.call("amy", "POST", f"/v1/sessions/{session['id']}/claim")
    assert (claimed.status, claimed.json["agent"]) == (200, "amy")


async def test_what_is_owed_to_the_told_is_a_deadline(desk: Harness) -> None:
    await desk.online("amy")
    await desk.says("buyer")
    await leave(desk, "amy", "away", "inform")
    await desk.online("amy")
    (deadline,) = (await only(desk, "?rule=away"))["deadlines"]
    assert (deadline["rule"], deadline["due_at"]) == ("away", "2026-11-21T08:05:00.000Z")
    board = await desk.get("sue", "/v1/board")
    assert [due["rule"] for due in board["deadlines"]] == ["away"]


async def test_who_is_not_back_in_time_is_marked(desk: Harness) -> None:
    await desk.online("amy")
    await leave(desk, "amy", "away", back_in_s=60)

    async def amy() -> dict[str, Any]:
        agents = (await desk.get("sue", "/v1/agents"))["agents"]
        return next(agent for agent in agents if agent["id"] == "amy")

    await desk.advance(MINUTE_MS // 2)
    assert ((await amy())["back_at"], (await amy())["overdue_back"]) == (
        "2026-11-21T08:01:00.000Z",
        False,
    )
    await desk.advance(MINUTE_MS)
    assert (await amy())["overdue_back"]
    await desk.online("amy")
    assert not (await amy())["overdue_back"]
