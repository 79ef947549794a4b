"""What keeps strangers, other sites and other people out of the console and its API.

The route table is walked, so that a new route is held to the same rules. Brute force, session
fixation and the life of a login: test_login.py.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from http.cookies import Morsel, SimpleCookie
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest
from yarl import URL

from router.http import events
from router.http.app import ROUTES
from router.http.context import CONTEXT
from router.http.logins import Logins
from router.http.routes import STREAM, Route
from router.http.signing_in import COOKIE, CSRF_HEADER, SAFE
from tests.http.harness import CHEAP, Harness

PASSWORD = "值班 correct horse"
OPEN = [route for route in ROUTES if not route.roles]
CLOSED = [route for route in ROUTES if route.roles]
UNSAFE = [route for route in CLOSED if route.method not in SAFE]
CONSOLE = Path(str(files("router.http").joinpath("console")))


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


def path_of(route: Route, value: str = "d1-s1") -> str:
    """With something in the place of what varies."""
    return re.sub(r"\{\w+\}", value, route.path)


class Site(NamedTuple):
    """The server, and how it is reached."""

    http: aiohttp.ClientSession
    base: str


class Visitor:
    """A browser: its cookie, and the token that only our page knows."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.cookie = ""
        self.csrf = ""

    async def sign_in(self, user: str) -> Morsel[str]:
        body = {"user": user, "password": PASSWORD}
        async with self.ask("POST", "/v1/login", body) as answer:
            assert answer.status == 200
            self.csrf = (await answer.json())["csrf"]
            morsel = SimpleCookie(answer.headers["Set-Cookie"])[COOKIE]
        self.cookie = morsel.value
        return morsel

    @asynccontextmanager
    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        forged: bool = False,
        headers: dict[str, str] | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        sent = dict(headers or {})
        if self.cookie:
            sent["Cookie"] = f"{COOKIE}={self.cookie}"
        if self.csrf and not forged:
            sent[CSRF_HEADER] = self.csrf
        url = URL(self.site.base + path, encoded=True)
        async with self.site.http.request(
            method, url, json=body, headers=sent, allow_redirects=False
        ) as answer:
            yield answer

    async def status(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        """The status, and the reason of a problem."""
        async with self.ask(method, path, body) as answer:
            problem = await answer.json(content_type=None) if answer.status >= 400 else {}
            return answer.status, problem.get("reason", "")


@pytest.fixture
async def site(desk: Harness) -> AsyncIterator[Site]:
    logins = Logins(desk.people, hasher=CHEAP)
    for user in ("amy", "bob", "sue", "root"):
        logins.set_password(user, PASSWORD)
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        yield Site(http, f"http://127.0.0.1:{desk.port}")


async def signed_in(site: Site, user: str) -> Visitor:
    visitor = Visitor(site)
    await visitor.sign_in(user)
    return visitor


# Roles


async def test_nobody_gets_nothing(site: Site) -> None:
    nobody = Visitor(site)
    for route in CLOSED:
        got = await nobody.status(route.method, path_of(route))
        assert got == (401, "not_signed_in"), name_of(route)


@pytest.mark.parametrize("user", ["amy", "sue"])
async def test_what_is_not_for_a_role_is_refused(site: Site, user: str) -> None:
    """Whatever the body: who may not ask is not told what would be wrong with the question."""
    visitor = await signed_in(site, user)
    role = "agent" if user == "amy" else "supervisor"
    others = [route for route in CLOSED if role not in route.roles]
    assert others
    for route in others:
        got = await visitor.status(route.method, path_of(route))
        assert got == (403, "wrong_role"), name_of(route)


def test_what_is_open_to_all_is_known() -> None:
    assert sorted(map(name_of, OPEN)) == [
        "GET /healthz",
        "GET /metrics",
        "GET /openapi.json",
        "GET /readyz",
        "GET /v1/login/oidc/callback",
        "GET /v1/login/ways",
        "POST /hooks/bridge/{shop}",
        "POST /v1/login",
        "POST /v1/login/oidc",
    ]


# Ids that were guessed


async def test_an_agent_reaches_only_their_own(desk: Harness, site: Site) -> None:
    await desk.online("amy")
    await desk.says("buyer-1")
    await desk.event(
        "refund.requested", buyer="buyer-1", order="o1", refund="r1", reason="changed_mind"
    )
    amy, bob = await signed_in(site, "amy"), await signed_in(site, "bob")
    async with amy.ask("GET", "/v1/sessions") as answer:
        (session,) = (await answer.json())["sessions"]
    here = f"/v1/sessions/{session['id']}"
    assert (await amy.status("GET", here))[0] == 200
    acts: dict[str, object] = {
        "messages": {"kind": "text", "text": "您好,请问有什么可以帮您"},
        "close": {},
        "transfer": {"to": "bob"},
        "call-backs": {"due_at": "2026-11-21T09:00:00Z", "text": "x"},
    }
    for path in (here, f"{here}/messages"):
        assert await bob.status("GET", path) == (403, "not_yours")
    for act, body in acts.items():
        assert await bob.status("POST", f"{here}/{act}", body) == (403, "not_yours"), act
    assert (await bob.status("POST", f"{here}/claim"))[0] in (403, 409)  # somebody holds it
    work = session["work"][0]["id"]
    for name in (work, "shop-a~r1"):
        resolve = f"/v1/refunds/{name}/resolve"
        assert await bob.status("POST", resolve, {"outcome": "agreed"}) == (403, "not_yours")
    async with bob.ask("GET", f"/v1/sessions?ids={session['id']},d1-s9&limit=5") as answer:
        assert (await answer.json())["sessions"] == []
    # Nothing has come of it, and what is not there is not there.
    assert desk.state.sessions[session["id"]].agent == "amy"
    for path in ("/v1/sessions/d1-s999", "/v1/sessions/d1-s999/messages", "/v1/sessions/d2-s1"):
        assert (await bob.status("GET", path))[0] == 404


async def test_sessions_are_asked_for_by_id(desk: Harness, site: Site) -> None:
    await desk.online("amy", "bob")
    for number in range(3):
        await desk.says(f"buyer-{number}")
    sue = await signed_in(site, "sue")
    async with sue.ask("GET", "/v1/sessions") as answer:
        ids = [one["id"] for one in (await answer.json())["sessions"]]
    wanted = [ids[2], ids[0], ids[0], "d1-s99", "", "x'--"]
    async with sue.ask("GET", f"/v1/sessions?ids={','.join(wanted)}&desk=d1") as answer:
        assert [one["id"] for one in (await answer.json())["sessions"]] == [ids[0], ids[2]]
    async with sue.ask("GET", f"/v1/sessions?ids={ids[0]}&state=closed") as answer:
        assert (await answer.json())["sessions"] == []


async def test_another_desk_is_not_there(desk: Harness, site: Site) -> None:
    await desk.online("amy")
    await desk.says("buyer-1")
    desk.people.add_user("eve", role="supervisor", desk="d9")
    Logins(desk.people, hasher=CHEAP).set_password("eve", PASSWORD)
    eve = await signed_in(site, "eve")
    (session,) = desk.state.sessions
    assert (await eve.status("GET", f"/v1/sessions/{session}"))[0] == 404
    assert (await eve.status("GET", "/v1/board?desk=d1"))[0] == 404
    assert (await eve.status("GET", "/v1/events?desk=d1"))[0] == 404
    away = {"to": "offline", "reason": "x"}
    assert (await eve.status("PUT", "/v1/agents/amy/presence", away))[0] == 404
    async with eve.ask("GET", "/v1/sessions") as answer:
        assert (await answer.json())["sessions"] == []


# Other sites


@pytest.mark.parametrize("user", ["amy", "root"])
async def test_no_act_without_the_token(site: Site, user: str) -> None:
    """What another site makes a browser send has the cookie, but not the page's token."""
    visitor = await signed_in(site, user)
    assert UNSAFE
    for route in UNSAFE:
        async with visitor.ask(route.method, path_of(route), {}, forged=True) as answer:
            got = answer.status, (await answer.json(content_type=None)).get("reason")
        assert got == (403, "forged"), name_of(route)
    assert (await visitor.status("GET", "/v1/me"))[0] == 200  # nobody was signed out, either


async def test_the_cookie_goes_nowhere_else(desk: Harness, site: Site) -> None:
    cookie = await Visitor(site).sign_in("amy")
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert cookie["path"] == "/"
    assert cookie["domain"] == ""
    assert 0 < int(cookie["max-age"]) <= 7 * 86_400
    assert len(cookie.value) >= 40
    assert not cookie["secure"]
    await desk.shut()
    desk.settings = replace(desk.settings, secure_cookies=True)
    await desk.open()
    moved = Site(site.http, f"http://127.0.0.1:{desk.port}")
    assert (await Visitor(moved).sign_in("amy"))["secure"]


ELSEWHERE = ("//evil.example", "/\\evil.example", "/%2f%2fevil.example", "/?next=//evil.example")


async def test_nothing_leads_elsewhere(site: Site) -> None:
    amy = await signed_in(site, "amy")
    asked = [(route.method, path_of(route)) for route in ROUTES if route.answer_type != STREAM]
    asked += [("GET", path) for path in (*ELSEWHERE, "/", "/console", "/console/", "/v1/")]
    for method, path in asked:
        if path == "/v1/logout":
            continue
        more = "&" if "?" in path else "?"
        async with amy.ask(method, f"{path}{more}next=//evil.example") as got:
            assert not 300 <= got.status < 400, (method, path)
            assert "Location" not in got.headers


async def test_no_way_out_of_the_console_s_folder(site: Site) -> None:
    nobody = Visitor(site)
    for path in ("..%2fapp.py", "%2e%2e/app.py", "..%5capp.py", "vendor/..%2f..%2fapp.py", "index"):
        assert (await nobody.status("GET", f"/console/{path}"))[0] == 404, path


# What answers say to the browser


def assert_protected(answer: aiohttp.ClientResponse) -> None:
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    csp = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in csp
    assert "frame-ancestors 'none'" in csp
    assert "unsafe" not in csp
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_every_answer_of_the_api_is_protected(site: Site) -> None:
    for user in ("", "amy", "root"):
        visitor = await signed_in(site, user) if user else Visitor(site)
        for route in ROUTES:
            if route.path == "/v1/logout":
                continue
            async with visitor.ask(route.method, path_of(route)) as answer:
                assert_protected(answer)
                assert answer.headers["Cache-Control"] == "no-store", name_of(route)
    for method, path in (("GET", "/nothing"), ("DELETE", "/v1/board"), ("POST", "/")):
        async with Visitor(site).ask(method, path) as answer:
            assert_protected(answer)


async def test_every_file_of_the_console_is_protected(site: Site) -> None:
    names = [p.relative_to(CONSOLE).as_posix() for p in CONSOLE.rglob("*") if p.is_file()]
    assert "vendor/preact.js" in names
    for path in ["", *(f"console/{name}" for name in names if name != "index.html")]:
        async with Visitor(site).ask("GET", f"/{path}") as answer:
            assert answer.status == 200, path
            assert_protected(answer)
            assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
            etag = answer.headers["ETag"]
        known = {"If-None-Match": etag}
        async with Visitor(site).ask("GET", f"/{path}", headers=known) as again:
            assert again.status == 304
            assert_protected(again)


def test_the_console_is_written_for_its_policy() -> None:
    """No script and no style in a page, nothing from outside, no text that becomes markup."""
    page = (CONSOLE / "index.html").read_text("utf-8")
    for attributes, body in re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL):
        assert 'type="importmap"' in attributes or not body.strip()
    assert "<style" not in page
    own = [p for p in CONSOLE.rglob("*.js") if "vendor" not in p.parts] + [CONSOLE / "index.html"]
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
        r"|\sstyle=|\son[a-z]+=[\"']|https?://(?!www\.w3\.org)|javascript:"
    )
    for path in own:
        found = forbidden.search(path.read_text("utf-8"))
        assert found is None, (path.name, found)


async def test_a_stream_ends_with_its_login(
    desk: Harness, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was signed out, here or by an admin, hears nothing more."""
    monkeypatch.setattr(events, "CHECK_S", 0.0)
    await desk.online("amy")
    amy, root = await signed_in(site, "amy"), await signed_in(site, "root")
    async with amy.ask("GET", "/v1/events?desk=d1") as stream:
        assert_protected(stream)
        while await stream.content.readline() != b": open\n":
            pass
        await desk.says("buyer-1")
        while b'"buyer":"buyer-1"' not in await stream.content.readline():
            pass
        async with amy.ask("GET", "/v1/logins") as answer:
            (login,) = (await answer.json())["logins"]
        assert (await root.status("DELETE", f"/v1/logins/{login['id']}"))[0] == 200
        await desk.says("buyer-2")
        assert b"buyer-2" not in await stream.content.read()  # which is its end
    assert (await amy.status("GET", "/v1/events?desk=d1"))[0] == 401


async def test_a_stream_ends_with_its_token(desk: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "CHECK_S", 0.0)
    await desk.online("amy")
    async with desk.stream("sue") as stream:
        await desk.says("buyer-1")
        assert "buyer-1" in str(await anext(stream))
        (token,) = desk.people.tokens("sue")
        desk.people.revoke_token(token.id)
        desk.app[CONTEXT].gate._known.clear()  # which is kept for a second
        await desk.says("buyer-2")
        assert "buyer-2" not in str([event async for event in stream])
