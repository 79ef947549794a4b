"""Users and their logins for admins, the book of acts with its filters, ends at once."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from typing import Any

import pytest

from router.clocktime import format_ms
from router.http.app import ROUTES
from router.http.audit import Audit, Row
from router.http.context import CONTEXT
from router.http.logins import Logins
from tests.http.harness import CHEAP, Harness
from tests.http.test_login import PASSWORD, Browser

DAY_MS = 24 * 3_600_000


@pytest.fixture
def store(desk: Harness) -> Logins:
    found = Logins(desk.people, hasher=CHEAP)
    for user in ("amy", "root"):
        found.set_password(user, PASSWORD)
    return found


async def signed_in(desk: Harness, *users: str) -> list[Browser]:
    browsers = [Browser(desk) for _ in users]
    for browser, user in zip(browsers, users, strict=True):
        assert (await browser.sign_in(user)).status == 200
    return browsers


async def test_an_admin_sees_the_users_and_their_logins(desk: Harness, store: Logins) -> None:
    del store
    root, _, _ = await signed_in(desk, "root", "amy", "amy")
    first = (await root.ask("GET", "/v1/users?limit=3")).json
    assert [one["id"] for one in first["users"]] == ["amy", "bob", "cat"]
    rest = (await root.ask("GET", f"/v1/users?cursor={first['next_cursor']}")).json
    assert rest["next_cursor"] is None
    users = {one["id"]: one for one in first["users"] + rest["users"]}
    assert users.keys() == {"amy", "bob", "cat", "sue", "root"}
    amy = users["amy"]
    assert (amy["role"], amy["agent"], amy["desk"]) == ("agent", "amy", "d1")
    assert (amy["password"], amy["tokens"], len(amy["logins"])) == (True, 1, 2)
    assert (users["bob"]["password"], users["bob"]["logins"]) == (False, [])
    assert [one["this"] for one in users["root"]["logins"]] == [True]
    for user in ("amy", "sue"):
        for method, path in (("GET", "/v1/users"), ("DELETE", "/v1/users/root/logins")):
            assert (await desk.call(user, method, path)).status == 403


async def test_an_admin_ends_all_logins_of_a_user(desk: Harness, store: Logins) -> None:
    del store
    root, amy, phone = await signed_in(desk, "root", "amy", "amy")
    assert (await root.ask("DELETE", "/v1/users/amy/logins")).status == 200
    for browser in (amy, phone):
        assert (await browser.ask("GET", "/v1/me")).status == 401
    assert (await root.ask("DELETE", "/v1/users/root/logins")).status == 200
    assert (await root.ask("GET", "/v1/me")).status == 200  # not the one that asks
    ghost = await root.ask("DELETE", "/v1/users/ghost/logins")
    assert (ghost.status, ghost.json["reason"]) == (404, "no_such_user")


async def test_one_ends_all_one_s_other_logins(desk: Harness, store: Logins) -> None:
    del store
    amy, phone, root = await signed_in(desk, "amy", "amy", "root")
    assert (await amy.ask("GET", "/v1/logins")).json["password"] is True
    assert (await amy.ask("DELETE", "/v1/logins")).status == 200
    assert (await phone.ask("GET", "/v1/me")).status == 401
    assert (await root.ask("GET", "/v1/me")).status == 200
    (left,) = (await amy.ask("GET", "/v1/logins")).json["logins"]
    assert left["this"]
    assert (await desk.get("bob", "/v1/logins"))["password"] is False


async def test_with_a_login_its_streams_end(desk: Harness, store: Logins) -> None:
    del store
    amy, phone = await signed_in(desk, "amy", "amy")
    headers = {"Cookie": f"zhiban_login={phone.cookie}"}
    async with desk.http.get("/v1/events", headers=headers) as gone, desk.stream("amy") as stays:
        await gone.content.readuntil(b": open\n\n")
        assert (await amy.ask("DELETE", "/v1/logins")).status == 200
        async with asyncio.timeout(5):
            assert b"bye" in await gone.read()
            await desk.online("amy")
            assert await anext(stays)  # a token's


def test_the_book_is_read_by_person_act_and_time(desk: Harness) -> None:
    now_s = [100 * 86_400.0]
    desk.people._clock_s = lambda: now_s[0]
    book = Audit(desk.people)
    rows = [
        Row(at_ms=day * DAY_MS, user=user, address="", act=act, target="", status=200)
        for day in (1, 2, 3)
        for user in ("amy", "bob")
        for act in ("sign in", "POST /v1/replies")
    ]
    book._write(rows)

    def found(**wanted: Any) -> list[tuple[int, str, str]]:
        return [(row.at_ms // DAY_MS, row.user, row.act) for row in book.read(**wanted)]

    assert len(found()) == 12
    assert len(found(user="amy")) == 6
    assert found(act="sign in", limit=2) == [(3, "bob", "sign in"), (3, "amy", "sign in")]
    second = {"from_ms": 2 * DAY_MS, "to_ms": 3 * DAY_MS}
    assert {day for day, _, _ in found(**second)} == {2}
    assert found(user="amy", act="sign in", **second) == [(2, "amy", "sign in")]
    assert len(found(from_ms=3 * DAY_MS)) == 4
    assert found(from_ms=4 * DAY_MS) == []
    assert len(found(to_ms=9 * DAY_MS)) == 12
    last = book.read(limit=3)[-1].id
    assert len(found(before=last)) == 9


async def test_the_book_over_http(desk: Harness, store: Logins) -> None:
    del store
    amy, root = await signed_in(desk, "amy", "root")
    await amy.ask("PUT", "/v1/me/presence", {"to": "online"})
    await amy.ask("POST", "/v1/sessions/d1-s1/close")
    book = desk.app[CONTEXT].audit
    async with asyncio.timeout(10):
        while not book.read(user="amy", act="POST /v1/sessions/{id}/close"):
            await asyncio.sleep(0)

    async def acts(query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await root.ask("GET", f"/v1/audit?{query}")).json["acts"]
        return found

    (closed,) = await acts("user=amy&act=POST%20/v1/sessions/{id}/close")
    assert (closed["target"], closed["status"]) == ("/v1/sessions/d1-s1/close", 404)
    now_ms = desk.people.now_ms()
    day = f"from={format_ms(now_ms - DAY_MS)}&to={format_ms(now_ms + DAY_MS)}"
    assert len(await acts(f"user=amy&{day}")) == 3
    assert await acts(f"to={format_ms(now_ms - DAY_MS)}") == []
    refused = await root.ask("GET", "/v1/audit?from=yesterday")
    assert refused.status == 400
    assert len(await acts(f"user=amy&cursor={'9' * 30}")) == 3, "no number is too large to ask for"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_act_has_words(language: str) -> None:
    """What stands in the book can be read by people."""
    words = (files("router.http") / f"console/words/{language}.js").read_text("utf-8")
    acts = {
        f"{route.method} {route.path}"
        for route in ROUTES
        if route.method != "GET" and route.roles and route.acts
    }
    assert [act for act in sorted(acts | {"sign in"}) if f'"people.act.{act}": ' not in words] == []
