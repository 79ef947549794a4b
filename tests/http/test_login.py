"""Signing in with a password: cookies, forged requests, guessing, and who sees whose logins."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any

import aiohttp
import pytest

from router.http import logins
from router.http.logins import BadPassword, Logins
from router.http.signing_in import COOKIE, CSRF_HEADER
from tests.http.harness import CHEAP, Harness, Reply

PASSWORD = "值班 correct horse"


@pytest.fixture
def store(desk: Harness) -> Logins:
    found = Logins(desk.people, hasher=CHEAP)
    for user in ("amy", "sue", "root"):
        found.set_password(user, PASSWORD)
    return found


class Browser:
    """Keeps the cookie and the token, as a page does."""

    def __init__(self, desk: Harness) -> None:
        self._desk = desk
        self.cookie = ""
        self.csrf = ""

    async def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Reply:
        sent = {CSRF_HEADER: self.csrf} if self.csrf else {}
        if self.cookie:
            sent["Cookie"] = f"{COOKIE}={self.cookie}"
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            url = f"http://127.0.0.1:{self._desk.port}{path}"
            async with http.request(method, url, json=body, headers=sent | (headers or {})) as got:
                json = await got.json(content_type=None)
                return Reply(got.status, json, dict(got.headers))

    async def sign_in(self, user: str, password: str = PASSWORD) -> Reply:
        got = await self.ask("POST", "/v1/login", {"user": user, "password": password})
        if got.status == 200:
            self.cookie = SimpleCookie(got.headers["Set-Cookie"])[COOKIE].value
            self.csrf = got.json["csrf"]
        return got


async def test_a_login_is_good_for_what_a_token_is(desk: Harness, store: Logins) -> None:
    del store
    browser = Browser(desk)
    got = await browser.sign_in("amy")
    assert got.json["role"] == "agent"
    cookie = got.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie
    assert (await browser.ask("GET", "/v1/me")).json["user"] == "amy"
    put = await browser.ask("PUT", "/v1/me/presence", {"to": "online"})
    assert put.json["agent"]["presence"] == "online"
    assert (await browser.ask("GET", "/v1/login")).json["csrf"] == browser.csrf


async def test_a_wrong_password_and_nobody_look_alike(desk: Harness, store: Logins) -> None:
    del store
    browser = Browser(desk)
    wrong = await browser.sign_in("amy", "not the password")
    nobody = await browser.sign_in("ghost", PASSWORD)
    without = await browser.sign_in("bob", PASSWORD)  # a user without a password
    assert wrong.status == nobody.status == without.status == 401
    assert wrong.json == nobody.json == without.json
    assert not browser.cookie


async def test_each_sign_in_makes_a_new_login(desk: Harness, store: Logins) -> None:
    """A cookie that somebody planted before is worth nothing after (session fixation)."""
    del store
    browser = Browser(desk)
    browser.cookie = "planted"
    await browser.sign_in("amy")
    first = browser.cookie
    await browser.sign_in("amy")
    assert len({"planted", first, browser.cookie}) == 3
    browser.cookie, browser.csrf = "planted", browser.csrf
    assert (await browser.ask("GET", "/v1/me")).status == 401


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({CSRF_HEADER: ""}, "needs its"),
        ({CSRF_HEADER: "guessed"}, "needs its"),
        ({"Origin": "https://evil.example"}, "another site"),
        ({"Origin": "null"}, "another site"),
        ({"Sec-Fetch-Site": "cross-site"}, "another site"),
        ({"Sec-Fetch-Site": "same-site"}, "another site"),
    ],
)
async def test_a_forged_request_is_refused(
    desk: Harness, store: Logins, headers: dict[str, str], why: str
) -> None:
    del store
    browser = Browser(desk)
    await browser.sign_in("amy")
    got = await browser.ask("PUT", "/v1/me/presence", {"to": "online"}, headers)
    assert (got.status, got.json["reason"]) == (403, "forged")
    assert why in got.json["detail"]
    assert desk.state.persons["amy"].presence == "offline"


async def test_a_sign_in_from_another_site_is_refused(desk: Harness, store: Logins) -> None:
    """Else somebody could be made to work under a stranger's login."""
    del store
    got = await Browser(desk).ask(
        "POST",
        "/v1/login",
        {"user": "amy", "password": PASSWORD},
        {"Origin": "https://evil.example"},
    )
    assert got.status == 403


async def test_signing_out_ends_it(desk: Harness, store: Logins) -> None:
    del store
    browser = Browser(desk)
    await browser.sign_in("amy")
    out = await browser.ask("POST", "/v1/logout")
    assert out.status == 200
    assert f'{COOKIE}=""' in out.headers["Set-Cookie"]
    assert (await browser.ask("GET", "/v1/me")).status == 401


async def test_logins_are_seen_and_ended_by_their_owner(desk: Harness, store: Logins) -> None:
    del store
    amy, phone, sue = Browser(desk), Browser(desk), Browser(desk)
    for browser, user in ((amy, "amy"), (phone, "amy"), (sue, "sue")):
        await browser.sign_in(user)
    listed = (await amy.ask("GET", "/v1/logins")).json["logins"]
    assert [one["this"] for one in listed] == [False, True]
    other = listed[0]["id"]
    assert (await sue.ask("DELETE", f"/v1/logins/{other}")).status == 404  # guessed
    assert (await amy.ask("DELETE", f"/v1/logins/{other}")).status == 200
    assert (await phone.ask("GET", "/v1/me")).status == 401
    assert (await amy.ask("GET", "/v1/me")).status == 200


async def test_an_admin_ends_anybodys_login(desk: Harness, store: Logins) -> None:
    del store
    amy, root = Browser(desk), Browser(desk)
    await amy.sign_in("amy")
    await root.sign_in("root")
    (one,) = (await amy.ask("GET", "/v1/logins")).json["logins"]
    assert (await root.ask("DELETE", f"/v1/logins/{one['id']}")).status == 200
    assert (await amy.ask("GET", "/v1/me")).status == 401


async def test_a_changed_password_ends_all_logins(desk: Harness, store: Logins) -> None:
    del store
    amy, phone = Browser(desk), Browser(desk)
    await amy.sign_in("amy")
    await phone.sign_in("amy")
    wrong = await amy.ask("PUT", "/v1/me/password", {"old": "no", "new": "another good one"})
    assert wrong.status == 401
    weak = await amy.ask("PUT", "/v1/me/password", {"old": PASSWORD, "new": "amy-amy-amy"})
    assert (weak.status, weak.json["reason"]) == (409, "bad_password")
    done = await amy.ask("PUT", "/v1/me/password", {"old": PASSWORD, "new": "another good one"})
    assert done.status == 200
    for browser in (amy, phone):
        assert (await browser.ask("GET", "/v1/me")).status == 401
    assert (await amy.sign_in("amy")).status == 401
    assert (await amy.sign_in("amy", "another good one")).status == 200


async def test_guessing_is_slowed_down(desk: Harness, store: Logins) -> None:
    del store
    browser = Browser(desk)
    for _ in range(logins.PAIR_FAILURES):
        assert (await browser.sign_in("amy", "guess")).status == 401
    refused = await browser.sign_in("amy", PASSWORD)  # the right one learns nothing either
    assert refused.status == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= logins.FIRST_WAIT_MS // 1000
    assert (await browser.sign_in("sue")).status == 200  # others are not held up


def test_each_further_failure_doubles_the_wait(desk: Harness) -> None:
    now_s = [1_000.0]
    desk.people._clock_s = lambda: now_s[0]
    store = Logins(desk.people, hasher=CHEAP)
    store.set_password("amy", PASSWORD)
    waits: list[int] = []
    for _ in range(logins.PAIR_FAILURES + 8):
        try:
            assert store.check("amy", "guess", address="192.0.2.1") is None
        except logins.TooMany as error:
            waits.append(error.wait_ms)
            now_s[0] += error.wait_ms / 1000
            assert store.check("amy", "guess", address="192.0.2.1") is None
    first = logins.FIRST_WAIT_MS
    assert waits[:3] == [first, 2 * first, 4 * first]
    assert max(waits) <= logins.LONGEST_WAIT_MS
    # somebody else at another place is not locked out by a stranger's guesses
    assert store.check("amy", PASSWORD, address="192.0.2.2") is not None


def test_a_login_is_exchanged_and_grows_old(desk: Harness) -> None:
    now_s = [1_000.0]
    desk.people._clock_s = lambda: now_s[0]
    store = Logins(desk.people, hasher=CHEAP)
    begun = store.begin("amy", address="192.0.2.1", browser="")
    found = store.who(begun.cookie)
    assert found is not None
    assert not found.old
    assert store.rotate(begun.cookie) is None  # too early
    now_s[0] += logins.ROTATE_MS / 1000 + 1
    again = store.who(begun.cookie)
    assert again is not None
    assert again.old
    fresh = store.rotate(begun.cookie)
    assert fresh is not None
    assert store.rotate(begun.cookie) is None  # somebody was faster
    assert store.who(begun.cookie) is not None  # requests under way
    now_s[0] += logins.OVERLAP_MS / 1000 + 1
    assert store.who(begun.cookie) is None
    assert store.who(fresh) is not None
    now_s[0] += logins.IDLE_MS / 1000 + 1
    assert store.who(fresh) is None


@pytest.mark.parametrize("password", ["short", "x" * 201, "aaaaaaaaaaaa", "my-AMY-password"])
def test_a_weak_password_is_refused(desk: Harness, password: str) -> None:
    store = Logins(desk.people, hasher=CHEAP)
    with pytest.raises(BadPassword, match="密码"):
        store.set_password("amy", password)


def test_passwords_are_kept_as_argon2id(desk: Harness) -> None:
    store = Logins(desk.people)
    store.set_password("amy", PASSWORD)
    with desk.people.database() as db:
        (kept,) = db.execute("SELECT hash FROM passwords WHERE user = 'amy'").fetchone()
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert PASSWORD not in kept


async def test_acts_are_in_the_book(desk: Harness, store: Logins) -> None:
    del store
    amy, root = Browser(desk), Browser(desk)
    await amy.sign_in("amy", "wrong one")
    await amy.sign_in("amy")
    await root.sign_in("root")
    await amy.ask("PUT", "/v1/me/presence", {"to": "online"})
    await amy.ask("PUT", "/v1/agents/bob/presence", {"to": "online", "reason": "x"})
    while len(acts := (await root.ask("GET", "/v1/audit")).json["acts"]) < 4:
        pass
    seen = [(act["user"], act["act"], act["status"]) for act in reversed(acts)]
    assert ("amy", "sign in", 401) in seen
    assert ("amy", "sign in", 200) in seen
    assert ("amy", "PUT /v1/me/presence", 200) in seen
    assert PASSWORD not in str(acts)
    assert (await amy.ask("GET", "/v1/audit")).status == 403
