"""Who may do what; tokens that come and go."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.http.app import ROUTES
from router.http.auth import Gate, People
from router.http.routes import Route
from tests.http.harness import Harness


def test_the_store(tmp_path: Path) -> None:
    here, elsewhere = People(tmp_path / "p"), People(tmp_path / "p")
    here.add_user("amy", role="agent", agent="amy", desk="d1")
    token = elsewhere.issue_token("amy", label="laptop")
    assert len(token) >= 43
    user = here.who(token)
    assert user is not None
    assert (user.id, user.role, user.desk) == ("amy", "agent", "d1")
    here.add_user("amy", role="supervisor", desk="d1")
    assert [u.role for u in elsewhere.users()] == ["supervisor"]
    assert [t.label for t in here.tokens("amy")] == ["laptop"]
    assert elsewhere.revoke_token(token)
    assert not elsewhere.revoke_token(token)
    assert here.who(token) is None
    again = here.issue_token("amy")
    assert here.revoke_token(here.tokens("amy")[1].id)
    assert elsewhere.who(again) is None
    assert token.encode() not in (tmp_path / "p").read_bytes()
    for people in (here, elsewhere):
        people.close()


def test_what_is_no_user(tmp_path: Path) -> None:
    people = People(tmp_path / "p")
    with pytest.raises(ValueError, match="agent"):
        people.add_user("x", role="agent", desk="d1")
    with pytest.raises(ValueError, match="desk"):
        people.add_user("x", role="supervisor")
    with pytest.raises(ValueError, match="not one of"):
        people.add_user("x", role="king", desk="d1")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no user"):
        people.issue_token("x")
    people.close()


async def test_a_revoked_token_is_refused_within_a_second(tmp_path: Path) -> None:
    people = People(tmp_path / "p")
    people.add_user("amy", role="agent", agent="amy", desk="d1")
    token = people.issue_token("amy")
    now_s = 0.0
    gate = Gate(people, now_s=lambda: now_s)
    assert await gate.who(token)
    people.revoke_token(token)
    now_s = 0.99
    assert await gate.who(token)
    now_s = 1.0
    assert await gate.who(token) is None
    assert await gate.who("x" * 10_000) is None
    people.close()


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic eDp4", "Bearer \t"])
async def test_without_a_token(desk: Harness, header: str) -> None:
    reply = await desk.call("", "GET", "/v1/me", headers={"Authorization": header})
    assert (reply.status, reply.json["reason"]) == (401, "not_signed_in")
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "route", [r for r in ROUTES if r.roles], ids=lambda r: f"{r.method}{r.path}"
)
async def test_roles(desk: Harness, route: Route) -> None:
    path = route.path.replace("{id}", "x").replace("{number}", "0")
    assert (await desk.call("", route.method, path, {})).status == 401
    if "agent" not in route.roles:
        reply = await desk.call("amy", route.method, path, {})
        assert (reply.status, reply.json["reason"]) == (403, "wrong_role")


async def test_who_is_no_agent(desk: Harness) -> None:
    reply = await desk.call("sue", "PUT", "/v1/me/presence", {"to": "online"})
    assert (reply.status, reply.json["reason"]) == (403, "no_agent")


async def test_a_supervisor_of_another_desk_sees_nothing(desk: Harness) -> None:
    await desk.says("buyer")
    desk.people.add_user("eve", role="supervisor", desk="d2")
    desk.tokens["eve"] = desk.people.issue_token("eve")
    assert (await desk.get("eve", "/v1/sessions"))["sessions"] == []
    assert (await desk.call("eve", "GET", "/v1/sessions/d1-s1")).status == 404
    assert (await desk.call("eve", "GET", "/v1/sessions?desk=d1")).status == 404
    assert (await desk.call("eve", "GET", "/v1/events?desk=d1")).status == 404
    close = await desk.call("eve", "POST", "/v1/sessions/d1-s1/close", {"reason": "x"})
    assert close.status == 404
    reply = await desk.call("eve", "PUT", "/v1/agents/amy/presence", {"to": "away", "reason": "x"})
    assert reply.status == 404
