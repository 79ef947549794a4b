"""What an agent's page lives on beside their own sessions: those that wait to be claimed, those
that have ended, and why something was not delivered."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from router.core import commands as c
from router.core.policy import Policy
from tests.http.harness import DESK, MINUTE_MS, Harness


async def test_who_may_claim_it_hears_of_it(desk: Harness) -> None:
    """Until somebody has it; a shop's sessions are nothing to agents of other shops."""
    async with desk.stream("amy") as amy, desk.stream("cat") as cat:
        await desk.says("buyer")  # nobody is there
        heard = {(await anext(amy))["event"] for _ in range(4)}
        assert {"session_opened", "message_noted", "session_queued"} <= heard
        await desk.advance(1_000)
        await desk.online("bob")  # it goes to him
        taken = await anext(amy)
        assert (taken["event"], taken["data"]["agent"]) == ("session_assigned", "bob")
        await desk.advance(1_000)
        await desk.says("buyer", "还在吗")
        await desk.online("amy", "cat")
        assert (await anext(amy))["data"]["agent"] == "amy"
        assert (await anext(cat))["data"]["agent"] == "cat"


async def test_what_is_with_the_bot_is_heard_of_too(desk: Harness) -> None:
    bots = replace(DESK, policy=Policy(bot_mode="bot_first"))
    await desk.service.ask("d1", c.AdoptDesk(desk=bots))
    async with desk.stream("amy") as amy:
        await desk.says("buyer")
        heard = [(await anext(amy))["event"] for _ in range(2)]
        assert "session_opened" in heard


async def test_a_session_that_goes_to_somebody_at_once_is_theirs_alone(desk: Harness) -> None:
    await desk.online("bob")
    async with desk.stream("amy") as amy:
        await desk.says("buyer")
        await desk.advance(125 * MINUTE_MS)
        await desk.says("buyer")  # the last one was closed: a hold of nobody's, not to be claimed
        await desk.online("amy")
        assert (await anext(amy))["data"]["agent"] == "amy"


async def test_why_something_was_not_delivered(desk: Harness) -> None:
    await desk.online("amy")
    await desk.says("buyer")
    (session,) = (await desk.get("amy", "/v1/sessions"))["sessions"]
    path = f"/v1/sessions/{session['id']}/messages"
    written = (await desk.call("amy", "POST", path, {"text": "您好,我在的"})).json
    assert written["delivery_detail"] == ""
    report = c.ReportDelivery(
        effect=f"shop-a/{written['id']}",
        shop="shop-a",
        buyer="buyer",
        message=written["id"],
        outcome="failed",
        detail="HTTP 410 gone",
    )
    await desk.service.ask("d1", report)
    shown = (await desk.get("amy", path))["messages"][-1]
    assert (shown["delivery"], shown["delivery_detail"]) == ("failed", "HTTP 410 gone")


async def test_a_buyer_is_found_by_a_part_of_id_or_name(desk: Harness) -> None:
    await desk.online("amy")
    for buyer, name in (("tb1", "小橘子"), ("TB2", "大橘子"), ("wang", "")):
        data: dict[str, Any] = {
            "kind": "text",
            "text": "在吗",
            "message": buyer,
            "buyer_name": name,
        }
        await desk.event("message.received", buyer=buyer, **data)
    await desk.advance(125 * MINUTE_MS)

    async def found(who: str, query: str) -> list[str]:
        sessions = (await desk.get(who, f"/v1/sessions?state=closed&{query}"))["sessions"]
        return [one["buyer"] for one in sessions]

    assert await found("sue", "buyer=tb") == ["TB2", "tb1"]
    assert await found("sue", "buyer=小橘") == ["tb1"]
    assert await found("sue", "buyer=橘子&limit=1") == ["TB2"]
    assert await found("amy", "buyer=wang") == ["wang"]
    assert await found("bob", "buyer=wang") == []
    assert await found("sue", "buyer=nobody") == []
