"""Buyers by the names that their messages give: in every list, after a restart, and bounded."""

from __future__ import annotations

from typing import Any

import pytest

from router.http import names
from router.http.context import CONTEXT
from tests.http.harness import MINUTE_MS, Harness


async def writes(desk: Harness, buyer: str, name: str = "", *, message: str = "") -> None:
    data: dict[str, Any] = {"kind": "text", "text": "在吗", "message": message or f"{buyer}1"}
    if name:
        data["buyer_name"] = name
    assert (await desk.event("message.received", buyer=buyer, **data)).status == 200


async def shown(desk: Harness, who: str = "sue", path: str = "/v1/sessions") -> dict[str, str]:
    sessions = (await desk.get(who, path))["sessions"]
    return {one["buyer"]: one["buyer_name"] for one in sessions}


async def test_a_buyer_is_shown_by_name_wherever_they_are_listed(desk: Harness) -> None:
    await writes(desk, "tb1", "小橘子")  # nobody is there: it queues
    await writes(desk, "tb2")
    assert await shown(desk) == {"tb1": "小橘子", "tb2": ""}
    queue = (await desk.get("sue", "/v1/queue"))["queue"]
    assert {one["buyer"]: one["buyer_name"] for one in queue} == {"tb1": "小橘子", "tb2": ""}
    board = await desk.get("sue", "/v1/board")
    for part in ("sessions", "queue", "deadlines"):
        assert "小橘子" in {one["buyer_name"] for one in board[part]}, part

    await desk.online("amy")
    (first, _) = (await desk.get("amy", "/v1/sessions"))["sessions"]
    assert first["buyer_name"] == "小橘子"
    assert (await desk.get("amy", f"/v1/sessions/{first['id']}"))["buyer_name"] == "小橘子"
    leaving = await desk.call("amy", "PUT", "/v1/me/presence", {"to": "away"})
    assert leaving.json["sessions"][0]["buyer_name"] == "小橘子"

    await desk.event(
        "refund.requested", buyer="tb1", order="o1", refund="r1", reason="changed_mind"
    )
    (item,) = (await desk.get("sue", "/v1/refunds"))["refunds"]
    assert item["buyer_name"] == "小橘子"


async def test_names_are_read_again_after_a_restart(desk: Harness) -> None:
    await writes(desk, "tb1", "小橘子")
    await desk.shut()
    await desk.open()
    assert await shown(desk) == {"tb1": "小橘子"}
    moved = await desk.get("sue", "/v1/board?sessions=false")
    assert moved["deadlines"][0]["buyer_name"] == "小橘子"


async def test_a_name_may_come_later_and_change(desk: Harness) -> None:
    await writes(desk, "tb1")
    assert await shown(desk) == {"tb1": ""}
    await writes(desk, "tb1", "小橘子", message="second")
    assert await shown(desk) == {"tb1": "小橘子"}
    await desk.advance(121 * MINUTE_MS)  # the session ends, and another begins
    await writes(desk, "tb1", "大橘子", message="third")
    assert await shown(desk) == {"tb1": "大橘子"}
    await desk.advance(121 * MINUTE_MS)
    await writes(desk, "tb1", message="fourth")  # nameless: what is known stays
    assert await shown(desk) == {"tb1": "大橘子"}
    assert await shown(desk, path="/v1/sessions?state=closed") == {"tb1": "大橘子"}


async def test_what_is_remembered_is_bounded(
    desk: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "KEPT", 2)
    for number in range(4):
        await writes(desk, f"tb{number}", f"名{number}")
    known = desk.app[CONTEXT].names
    await shown(desk)
    states = desk.state.threads.values()
    assert sum(bool(known.of(thread)) for thread in states) == 2
    assert set((await shown(desk, path="/v1/sessions?limit=1")).values()) == {"名0"}  # read again
