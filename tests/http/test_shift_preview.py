"""What a change of single shifts would come to, before it is made; and that it changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.harness import Harness
from tests.http.test_shifts import AMY, BOB, plan, shifts

Json = dict[str, Any]


def hour(clock: str) -> str:
    return f"2026-11-21T{clock}:00+08:00"


def utc(clock: str) -> str:
    return f"2026-11-21T{int(clock[:2]) - 8:02}{clock[2:]}:00.000Z"


async def preview(desk: Harness, **body: Any) -> Json:
    before = await shifts(desk, "sue")
    reply = await desk.call("sue", "POST", "/v1/shifts/preview", body)
    assert reply.status == 200, reply
    assert await shifts(desk, "sue") == before, "it changes nothing"
    found: Json = reply.json
    return found


def gaps(found: Json) -> list[tuple[list[str], str, str]]:
    return [(gap["sub_accounts"], gap["from_at"], gap["to_at"]) for gap in found["gaps"]]


async def test_a_change_is_shown_before_and_after_with_what_it_leaves_open(desk: Harness) -> None:
    await plan(desk, AMY, BOB)
    found = await preview(desk, shift="d1-r1", from_at=hour("18:00"), to_at=hour("21:00"))
    (change,) = found["changes"]
    assert (change["before"]["from_at"], change["after"]["from_at"]) == (utc("17:00"), utc("18:00"))
    assert change["after"]["name"] == "晚班", "what is not named stays"
    assert gaps(found) == [
        (["shop-a:amy"], utc("17:00"), utc("18:00")),
        (["shop-a:amy"], utc("21:00"), utc("22:00")),
    ]
    assert (found["clashes"], found["solved"]) == ([], [])
    same = await preview(desk, shift="d1-r1", to_at=AMY["to_at"])
    assert same == {"changes": [], "clashes": [], "solved": [], "gaps": []}


async def test_clashes_come_and_go(desk: Harness) -> None:
    shared = BOB | {"sub_accounts": ["shop-a:amy"], "from_at": hour("20:00")}
    await plan(desk, AMY, shared)
    cancelled = await preview(desk, shift="d1-r1", cancel=True)
    assert cancelled["changes"][0]["after"] is None
    (solved,) = cancelled["solved"]
    assert solved["sub_accounts"] == ["shop-a:amy"]
    assert gaps(cancelled) == [(["shop-a:amy"], utc("17:00"), utc("20:00"))]
    (clash,) = (await preview(desk, shift="d1-r1", name="早退"))["clashes"]
    assert (clash["from_at"], clash["to_at"]) == (utc("20:00"), utc("22:00"))

    third = BOB | {"agent": "cat", "sub_accounts": ["shop-a:amy"], "to_at": hour("18:00")}
    added = await preview(desk, **third)
    assert added["changes"][0]["before"] is None
    (clash,) = added["clashes"]
    assert {clash["one"]["agent"], clash["other"]["agent"]} == {"amy", "cat"}
    assert gaps(added) == []


async def test_a_swap_is_shown_as_two_changes(desk: Harness) -> None:
    await plan(desk, AMY, BOB | {"from_at": hour("18:00")})
    one, other = (await preview(desk, shift="d1-r1", other="d1-r2"))["changes"]
    assert (one["before"]["agent"], one["after"]["agent"]) == ("amy", "bob")
    assert (other["before"]["agent"], other["after"]["agent"]) == ("bob", "amy")
    assert one["after"]["sub_accounts"] == ["shop-a:amy"], "they stay with the shift"


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (AMY, 409, "shifts_overlap"),
        (AMY | {"agent": "nobody"}, 409, "unknown_agent"),
        (AMY | {"from_at": ""}, 400, "bad_request"),
        ({"shift": "d1-r9", "cancel": True}, 404, "no_such_shift"),
        ({"shift": "d1-r1", "other": "d1-r9"}, 409, "no_such_shift"),
        ({"shift": "d1-r1", "to_at": hour("09:00")}, 409, "empty_shift"),
    ],
)
async def test_what_would_be_refused_is_refused(
    desk: Harness, body: Json, status: int, reason: str
) -> None:
    await plan(desk, AMY)
    reply = await desk.call("sue", "POST", "/v1/shifts/preview", body)
    assert (reply.status, reply.json["reason"]) == (status, reason)


async def test_it_is_for_supervisors(desk: Harness) -> None:
    reply = await desk.call("amy", "POST", "/v1/shifts/preview", AMY)
    assert (reply.status, reply.json["reason"]) == (403, "wrong_role")
