"""Signing in through a provider: what is believed, of whom, and in which browser."""

from __future__ import annotations

import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from router.http import logins, oidc, oidc_attempt, oidc_fetch
from router.http.audit import Row
from router.http.context import CONTEXT
from router.http.logins import ADDRESS_FAILURES, Logins
from router.http.oidc_people import Links
from router.http.signing_in import COOKIE
from router.settings.oidc import NewUsers
from tests.http.harness import CHEAP, Harness, Reply
from tests.http.provider import CLIENT, EC, RSA, SECRET, Json, Provider, providing, unsigned

HOST = "desk.test"
KEPT = "__Host-zhiban_oidc"
BACK = "/v1/login/oidc/callback"
PASSWORD = "值班 correct horse"
NEW_AGENTS = NewUsers(role="agent", desk="d1", domains=("shop.cn",))


class Browser:
    """Keeps cookies, and follows nothing by itself."""

    def __init__(self, desk: Harness) -> None:
        self._desk = desk
        self.cookies: dict[str, str] = {}
        self.set: dict[str, Any] = {}
        """The last answer's cookies, with all that stands beside them."""

    async def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: Any = None
    ) -> Reply:
        sent = {"Host": HOST, **(headers or {})}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{k}={value}" for k, value in self.cookies.items())
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            url = f"http://127.0.0.1:{self._desk.port}{path}"
            async with http.request(
                method, url, headers=sent, json=body, allow_redirects=False
            ) as got:
                self.set = {}
                for line in got.headers.getall("Set-Cookie", []):
                    self.set.update(SimpleCookie(line))
                for name, morsel in self.set.items():
                    self.cookies.pop(name, None)
                    if morsel.value:
                        self.cookies[name] = morsel.value
                json = await got.json(content_type=None) if "json" in got.content_type else None
                return Reply(got.status, json, dict(got.headers))

    async def away(self) -> str:
        """Where the page is told to go."""
        got = await self.ask("POST", "/v1/login/oidc")
        assert got.status == 200, got
        return str(got.json["go"])

    async def back(self, url: str) -> str:
        """Come back to this address; how it ended."""
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"https://{HOST}{BACK}"
        got = await self.ask("GET", f"{parts.path}?{parts.query}")
        assert got.status == 303
        assert got.headers["Cache-Control"] == "no-store"
        assert got.headers["Referrer-Policy"] == "no-referrer"
        address, _, ended = got.headers["Location"].partition("#login=")
        assert address == "/"
        assert (COOKIE in self.set) == (ended == "done")
        return ended

    async def sign_in(self, provider: Provider, subject: str = "s-amy") -> str:
        return await self.back(provider.approve(await self.away(), subject))

    async def who(self) -> str | None:
        """Who is signed in."""
        got = await self.ask("GET", "/v1/login")
        return got.json["user"] if got.status == 200 else None


@pytest.fixture
async def provider(desk: Harness) -> AsyncIterator[Provider]:
    """It knows Amy, whom we know by her name there."""
    async with providing(lambda: desk.now_ms / 1000) as found:
        found.accounts["s-amy"] = {"name": "amy"}
        await configure(desk, found)
        yield found


async def configure(desk: Harness, provider: Provider, **settings: Any) -> None:
    await desk.shut()
    desk.settings = replace(
        desk.settings,
        oidc=provider.settings(**settings),
        public_url=f"https://{HOST}",
        secure_cookies=True,
    )
    await desk.open()


@pytest.fixture
def browser(desk: Harness, provider: Provider) -> Browser:
    del provider
    return Browser(desk)


async def book(desk: Harness) -> list[Row]:
    """The acts of signing in, the last first."""
    await desk.shut()
    rows = desk.app[CONTEXT].audit.read()
    await desk.open()
    return [row for row in rows if row.act == "sign in"]


# The whole way


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
async def test_somebody_signs_in(
    desk: Harness, provider: Provider, browser: Browser, algorithm: str
) -> None:
    provider.signing, provider.algorithm = EC if algorithm == "ES256" else RSA, algorithm
    assert (await browser.ask("GET", "/v1/login/ways")).json == {"oidc": {"label": "企业微信"}}
    go = await browser.away()
    kept = browser.set[KEPT]
    assert kept["httponly"]
    assert kept["secure"]
    assert kept["samesite"] == "Lax"
    assert kept["path"] == "/"
    assert kept["domain"] == ""
    assert int(kept["max-age"]) == 600
    assert go.startswith(f"{provider.issuer}/authorize?")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(go).query).items()}
    assert asked["redirect_uri"] == f"https://{HOST}{BACK}"
    assert asked["scope"] == "openid profile email"
    secret = browser.cookies[KEPT]
    assert all(value not in secret and secret not in value for value in asked.values())
    assert await browser.back(provider.approve(go, "s-amy")) == "done"
    assert browser.set[COOKIE]["samesite"] == "Strict"
    assert browser.set[COOKIE]["httponly"]
    assert browser.set[COOKIE]["secure"]
    assert KEPT not in browser.cookies  # which has done its part
    assert await browser.who() == "amy"
    (row,) = await book(desk)
    assert (row.user, row.target, row.status, row.address) == ("amy", "oidc", 200, "127.0.0.1")


async def test_a_provider_that_wants_the_secret_in_the_form(
    provider: Provider, browser: Browser
) -> None:
    provider.methods = ["client_secret_post"]
    assert await browser.sign_in(provider) == "done"


async def test_no_provider_is_no_way(desk: Harness) -> None:
    browser = Browser(desk)
    assert (await browser.ask("GET", "/v1/login/ways")).json == {"oidc": None}
    for method, path in (("POST", "/v1/login/oidc"), ("GET", BACK)):
        got = await browser.ask(method, path)
        assert (got.status, got.json["reason"]) == (404, "no_provider")


async def test_who_does_not_want_to_after_all(
    desk: Harness, provider: Provider, browser: Browser
) -> None:
    del provider
    for error, ended in (("access_denied", "cancelled"), ("server_error", "unavailable")):
        state = parse_qs(urlsplit(await browser.away()).query)["state"][0]
        back = urlencode({"error": error, "state": state})
        assert await browser.back(f"https://{HOST}{BACK}?{back}") == ended
    assert [row.status for row in await book(desk)] == [503, 401]


# Which token is believed


def with_a_secret(secret: bytes, claims: Json) -> str:
    """By an algorithm over a secret, which this one is not."""
    token = unsigned({"alg": "HS256", "kid": "rsa-1"}, claims)
    made = hmac.digest(secret, token.removesuffix(".").encode(), "sha256")
    return token + urlsafe_b64encode(made).rstrip(b"=").decode()


def without_signature(claims: Json) -> str:
    return unsigned({"alg": "none"}, claims)


def with_anothers_signature(claims: Json) -> str:
    good = jwt.encode({"alg": "RS256", "kid": "rsa-1"}, claims, RSA)
    head, _, signature = good.split(".")
    return ".".join((head, unsigned({}, claims | {"sub": "s-bob"}).split(".")[1], signature))


def critical(claims: Json) -> str:
    """Signed as it should be, but only for who understands what we do not."""
    token = unsigned({"alg": "RS256", "kid": "rsa-1", "crit": ["new"], "new": 1}, claims)
    signed = token.removesuffix(".").encode()
    assert isinstance(RSA.private_key, RSAPrivateKey)
    made = RSA.private_key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return token + urlsafe_b64encode(made).rstrip(b"=").decode()


STRANGE = RSAKey.generate_key(2048, {"kid": "rsa-1"})


UNFIT: tuple[tuple[Json, str], ...] = (
    ({"nonce": "another"}, "does not answer what this browser asked"),
    ({"nonce": None}, "nonce"),
    ({"nonce": ["x"]}, "does not answer what this browser asked"),
    ({"aud": "somebody"}, "'aud'"),
    ({"aud": None}, "aud"),
    ({"aud": [CLIENT, "somebody"]}, "for somebody else"),
    ({"azp": "somebody"}, "for somebody else"),
    ({"iss": "https://evil.example"}, "'iss'"),
    ({"iss": None}, "iss"),
    ({"exp": 1}, "expired"),
    ({"exp": None}, "exp"),
    ({"exp": "soon"}, "'exp'"),
    ({"exp": float("nan")}, "'exp'"),
    ({"iat": 1e11}, "in the future"),
    ({"iat": None}, "iat"),
    ({"nbf": 1e11}, "not yet valid"),
    ({"sub": None}, "sub"),
    ({"sub": ""}, "'sub'"),
    ({"sub": 7}, "'sub'"),
    ({"sub": "x" * 256}, "too long"),
)
UNSIGNED: tuple[tuple[Callable[[Json], str], str], ...] = (
    (without_signature, "signed by 'none'"),
    (with_anothers_signature, "none of the provider's keys"),
    (critical, "none of the provider's keys"),
    (partial(with_a_secret, RSA.as_pem(private=False)), "signed by 'HS256'"),
    (partial(with_a_secret, SECRET.encode()), "signed by 'HS256'"),
    (lambda claims: jwt.encode({"alg": "RS256", "kid": "rsa-1"}, claims, STRANGE), "none of"),
    (lambda claims: jwt.encode({"alg": "RS256"}, claims, STRANGE), "none of"),
    (lambda claims: jwt.encode({"alg": "ES256", "kid": "rsa-1"}, claims, EC), "none of"),
    (lambda claims: unsigned({"alg": "RS256", "kid": "rsa-1"}, claims), "none of"),
    (lambda claims: unsigned({"kid": "rsa-1"}, claims, "AA"), "no signed token"),
    (lambda claims: unsigned({"alg": ["RS256"]}, claims, "AA"), "signed by"),
    (lambda _: "a.b.c", "no signed token"),
    (lambda _: "值.班.", "no signed token"),
    (lambda _: "", "no signed token"),
    (lambda _: "." * 5_000, "no signed token"),
)


async def test_a_token_that_does_not_fit(
    desk: Harness, provider: Provider, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logins, "ADDRESS_FAILURES", 1_000)
    for provider.puts, _ in UNFIT:
        assert await browser.sign_in(provider) == "refused", provider.puts
        assert await browser.who() is None
    for row, (puts, why) in zip(reversed(await book(desk)), UNFIT, strict=True):
        assert (row.user, row.status) == ("", 401)
        assert why in row.detail, puts


async def test_a_token_that_is_not_signed_by_the_provider(
    desk: Harness, provider: Provider, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logins, "ADDRESS_FAILURES", 1_000)
    for provider.make_token, why in UNSIGNED:
        assert await browser.sign_in(provider) == "refused", why
        assert await browser.who() is None
    for row, (_, why) in zip(reversed(await book(desk)), UNSIGNED, strict=True):
        assert why in row.detail, why


async def test_clocks_may_differ_by_a_minute(provider: Provider, browser: Browser) -> None:
    now_s = int(provider.clock_s())
    provider.puts = {"exp": now_s - 50, "iat": now_s + 50}
    assert await browser.sign_in(provider) == "done"
    provider.puts = {"exp": now_s - 70}
    assert await browser.sign_in(provider) == "refused"


async def test_tokens_may_have_more_than_one_audience(provider: Provider, browser: Browser) -> None:
    provider.puts = {"aud": ["somebody", CLIENT], "azp": CLIENT}
    assert await browser.sign_in(provider) == "done"
    provider.puts = {"aud": [CLIENT]}
    assert await browser.sign_in(provider) == "done"


async def test_a_key_without_a_name(provider: Provider, browser: Browser) -> None:
    provider.make_token = lambda claims: jwt.encode({"alg": "RS256"}, claims, RSA)
    assert await browser.sign_in(provider) == "done"


async def test_keys_change(
    provider: Provider, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await browser.sign_in(provider) == "done"
    assert await browser.sign_in(provider) == "done"
    assert provider.asked["/keys"] == provider.asked["/.well-known/openid-configuration"] == 1
    fresh = ECKey.generate_key("P-256", {"kid": "ec-2"})
    provider.published, provider.signing, provider.algorithm = [fresh], fresh, "ES256"
    assert await browser.sign_in(provider) == "refused"  # they have just been asked for
    assert provider.asked["/keys"] == 1
    monkeypatch.setattr(oidc, "REST_S", 0.0)
    assert await browser.sign_in(provider) == "done"
    assert provider.asked["/keys"] == 2
    provider.signing, provider.algorithm = RSA, "RS256"  # which is not published any more
    assert await browser.sign_in(provider) == "refused"


# In which browser


async def test_a_stranger_s_way_back_is_no_way_in(
    desk: Harness, provider: Provider, browser: Browser
) -> None:
    """Session fixation: somebody is made to open an address that signs them in as another."""
    provider.accounts["s-bob"] = {"name": "bob"}
    stranger = Browser(desk)
    link = provider.approve(await stranger.away(), "s-bob")
    assert await browser.back(link) == "refused"  # who never began
    mine = await browser.away()
    assert await browser.back(link) == "refused"  # who began something else
    assert await browser.who() is None
    # With a cookie of one's own, and the stranger's code beside one's own state.
    mine = await browser.away()
    state = parse_qs(urlsplit(mine).query)["state"][0]
    code = parse_qs(urlsplit(link).query)["code"][0]
    mixed = urlencode({"code": code, "state": state, "iss": provider.issuer})
    assert await browser.back(f"https://{HOST}{BACK}?{mixed}") == "refused"
    assert await browser.who() is None


async def test_no_login_is_taken_over(desk: Harness, provider: Provider, browser: Browser) -> None:
    """A cookie that stood there before is worth nothing after."""
    browser.cookies[COOKIE] = "planted"
    assert await browser.sign_in(provider) == "done"
    first = browser.cookies[COOKIE]
    assert await browser.sign_in(provider) == "done"
    assert len({"planted", first, browser.cookies[COOKIE]}) == 3
    planted = Browser(desk)
    planted.cookies[COOKIE] = "planted"
    assert await planted.who() is None


async def test_a_wrong_state(provider: Provider, browser: Browser) -> None:
    for state in ("", "x", "值班", "A" * 43, "A" * 5_000):
        back = urlsplit(provider.approve(await browser.away(), "s-amy"))
        query = {name: values[0] for name, values in parse_qs(back.query).items()}
        spoiled = urlencode(query | {"state": state})
        assert await browser.back(f"https://{HOST}{BACK}?{spoiled}") == "refused"
    assert provider.asked["/token"] == 0


async def test_a_cookie_that_is_not_ours(provider: Provider, browser: Browser) -> None:
    for spoil in (
        lambda cookie: cookie[:-1] + ("A" if cookie[-1] == "B" else "B"),
        lambda cookie: ("A" if cookie[0] == "B" else "B") + cookie[1:],
        lambda cookie: cookie + "A",
        lambda cookie: cookie * 5,
        lambda _: "*",
        lambda _: "",
    ):
        link = provider.approve(await browser.away(), "s-amy")
        browser.cookies[KEPT] = spoil(browser.cookies[KEPT])
        assert await browser.back(link) == "refused"
    # Made with a key of somebody else's.
    attempt = oidc_attempt.begin(b"k" * 32, provider.clock_s())
    browser.cookies[KEPT] = attempt.cookie
    assert await browser.back(f"https://{HOST}{BACK}?state={attempt.state}&code=x") == "refused"


async def test_ten_minutes_are_enough(desk: Harness, provider: Provider, browser: Browser) -> None:
    link = provider.approve(await browser.away(), "s-amy")
    desk.now_ms += 601_000
    assert await browser.back(link) == "refused"
    link = provider.approve(await browser.away(), "s-amy")
    desk.now_ms += 599_000
    assert await browser.back(link) == "done"


async def test_an_attempt_is_good_once(desk: Harness, provider: Provider, browser: Browser) -> None:
    link = provider.approve(await browser.away(), "s-amy")
    thief = Browser(desk)
    thief.cookies = dict(browser.cookies)
    assert await browser.back(link) == "done"
    assert await thief.back(link) == "refused"
    assert provider.asked["/token"] == 1


async def test_a_code_is_good_once(provider: Provider, browser: Browser) -> None:
    used = provider.approve(await browser.away(), "s-amy")
    assert await browser.back(used) == "done"
    code = parse_qs(urlsplit(used).query)["code"][0]
    state = parse_qs(urlsplit(await browser.away()).query)["state"][0]
    again = urlencode({"code": code, "state": state, "iss": provider.issuer})
    assert await browser.back(f"https://{HOST}{BACK}?{again}") == "refused"


async def test_an_answer_of_another_provider(provider: Provider, browser: Browser) -> None:
    for given in ({"iss": ["https://evil.example"]}, {"iss": None}, {"code": None}):
        query = parse_qs(urlsplit(provider.approve(await browser.away(), "s-amy")).query)
        kept = {name: one[0] for name, one in {**query, **given}.items() if one}
        assert await browser.back(f"https://{HOST}{BACK}?{urlencode(kept)}") == "refused"
    assert provider.asked["/token"] == 0


# Where it leads


async def test_nothing_leads_elsewhere(provider: Provider, browser: Browser) -> None:
    """Wherever a request wants to go: to the provider, and back to the console."""
    evil = urlencode(dict.fromkeys(("next", "redirect_uri", "to"), "https://evil.example"))
    got = await browser.ask("POST", f"/v1/login/oidc?{evil}", body={"next": "//evil.example"})
    assert got.json["go"].startswith(f"{provider.issuer}/authorize?")
    assert "evil" not in got.json["go"]
    link = provider.approve(got.json["go"], "s-amy")
    assert await browser.back(f"{link}&{evil}") == "done"  # which asserts where it leads


async def test_another_site_cannot_begin_it(provider: Provider, browser: Browser) -> None:
    del provider
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        got = await browser.ask("POST", "/v1/login/oidc", headers)
        assert (got.status, got.json["reason"]) == (403, "forged")
        assert not browser.cookies


async def test_from_another_address_nobody_would_come_back(
    provider: Provider, browser: Browser
) -> None:
    del provider
    got = await browser.ask("POST", "/v1/login/oidc", {"Host": "10.0.0.7:8080"})
    assert (got.status, got.json["reason"]) == (409, "other_address")
    assert HOST in got.json["detail"]


# A provider in trouble


async def test_a_provider_that_is_down(
    provider: Provider,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(oidc, "REST_S", 0.0)
    troubles: tuple[Callable[[], web.Response], ...] = (
        lambda: web.Response(status=500),
        lambda: web.Response(text="<html>"),
        lambda: web.Response(text="[]"),
        lambda: web.Response(status=302, headers={"Location": "/token"}),
        lambda: web.Response(body=b" " * (oidc_fetch.SIZE_LIMIT + 1)),
    )
    for answers in troubles:
        provider.answers = answers
        got = await browser.ask("POST", "/v1/login/oidc")
        assert (got.status, got.json["reason"]) == (503, "provider_down")
        assert got.headers["Retry-After"]
    for answers in troubles:
        provider.answers = None
        link = provider.approve(await browser.away(), "s-amy")
        provider.answers = answers
        assert await browser.back(link) == "unavailable"
    provider.answers = None
    assert await browser.sign_in(provider) == "done"
    assert SECRET not in caplog.text


async def test_a_provider_that_is_slow(
    desk: Harness, provider: Provider, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = provider.approve(await browser.away(), "s-amy")
    monkeypatch.setattr(oidc_fetch, "TIMEOUT_S", 0.1)
    provider.delay_s = 30.0
    began = time.monotonic()
    assert await browser.back(link) == "unavailable"
    # Meanwhile passwords are as good as ever.
    Logins(desk.people, hasher=CHEAP).set_password("amy", PASSWORD)
    got = await browser.ask("POST", "/v1/login", body={"user": "amy", "password": PASSWORD})
    assert got.status == 200
    assert time.monotonic() < began + 20


async def test_a_provider_that_is_gone_is_not_asked_over_and_over(
    provider: Provider, browser: Browser
) -> None:
    provider.answers = lambda: web.Response(status=500)
    for _ in range(5):
        assert (await browser.ask("POST", "/v1/login/oidc")).status == 503
    assert provider.asked["/.well-known/openid-configuration"] == 1
    await provider.server.close()
    assert (await browser.ask("POST", "/v1/login/oidc")).status == 503


async def test_a_description_that_is_not_to_be_used(
    provider: Provider, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "REST_S", 0.0)
    for describes in (
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": "file:///etc/passwd"},
        {"userinfo_endpoint": "http://[bad"},
        {"token_endpoint": None},
    ):
        provider.describes = describes
        got = await browser.ask("POST", "/v1/login/oidc")
        assert (got.status, got.json["reason"]) == (503, "provider_down")


async def test_no_keys_and_no_token(
    provider: Provider, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "REST_S", 0.0)
    provider.published = []
    assert await browser.sign_in(provider) == "unavailable"
    provider.published = [RSA]
    provider.make_token = lambda _: None
    assert await browser.sign_in(provider) == "unavailable"


# Who it is


async def test_who_is_not_known_stays_outside(
    desk: Harness, provider: Provider, browser: Browser
) -> None:
    provider.accounts |= {"s-eve": {"name": "eve"}, "s-none": {}, "s-list": {"name": ["amy"]}}
    for subject in ("s-eve", "s-none", "s-list"):
        assert await browser.sign_in(provider, subject) == "stranger"
    assert desk.people.user("eve") is None
    rows = await book(desk)
    assert [row.status for row in rows] == [403, 403, 403]
    assert rows[-1].detail.startswith("no user eve")


async def test_an_account_stays_whose_it_is(
    desk: Harness, provider: Provider, browser: Browser
) -> None:
    """By its subject: names change hands."""
    assert await browser.sign_in(provider) == "done"
    provider.accounts = {"s-amy": {"name": "amy.li"}, "s-new": {"name": "amy"}}
    assert await browser.sign_in(provider, "s-new") == "stranger"
    assert await browser.sign_in(provider, "s-amy") == "done"
    assert await browser.who() == "amy"
    (_, refused, _) = await book(desk)
    assert refused.detail.startswith("amy belongs to another account")
    links = Links(desk.people)
    assert links.unlink("amy")
    assert not links.unlink("amy")
    assert await browser.sign_in(provider, "s-new") == "done"
    assert await browser.who() == "amy"
    assert await browser.sign_in(provider, "s-amy") == "stranger"  # its name is amy.li now


async def test_what_only_the_userinfo_says(provider: Provider, browser: Browser) -> None:
    provider.accounts["s-amy"] = {}
    provider.userinfo = {"sub": "s-amy", "name": "amy"}
    assert await browser.sign_in(provider) == "done"
    provider.userinfo = {"sub": "s-bob", "name": "bob"}
    assert await browser.sign_in(provider) == "refused"


async def test_an_address_has_to_be_verified(
    desk: Harness, provider: Provider, browser: Browser
) -> None:
    await configure(desk, provider, claim="email")
    desk.user("amy@shop.cn", "supervisor")
    for verified in (None, False, "true"):
        provider.accounts["s-amy"] = {"email": "amy@shop.cn", "email_verified": verified}
        assert await browser.sign_in(provider) == "stranger"
    provider.accounts["s-amy"]["email_verified"] = True
    assert await browser.sign_in(provider) == "done"
    assert await browser.who() == "amy@shop.cn"


async def test_who_becomes_a_user(desk: Harness, provider: Provider, browser: Browser) -> None:
    await configure(desk, provider, claim="login", create=NEW_AGENTS)
    with desk.people.database() as db:
        for table in ("tokens", "users"):
            db.execute(f"DELETE FROM {table} WHERE {'user' if table == 'tokens' else 'id'} = 'amy'")
    cases: tuple[tuple[Json, str], ...] = (
        ({"email": "amy@shop.cn"}, "stranger"),
        ({"email": "amy@shop.cn", "email_verified": False}, "stranger"),
        ({"email": "amy@evil.example", "email_verified": True}, "stranger"),
        ({"email": "amy@shop.cn.evil.example", "email_verified": True}, "stranger"),
        ({"email": "amy@x.shop.cn", "email_verified": True}, "stranger"),
        ({"email": ["amy@shop.cn"], "email_verified": True}, "stranger"),
        ({"email": "a@shop.cn", "email_verified": True, "login": "ghost"}, "stranger"),
        ({"email": "a@shop.cn", "email_verified": True, "login": " amy"}, "stranger"),
        ({"email": "amy@SHOP.cn", "email_verified": True, "name": "小\u202e艾"}, "done"),
    )
    for more, ended in cases:
        provider.accounts["s-amy"] = {"login": "amy"} | more
        assert await browser.sign_in(provider) == ended, more
    user = desk.people.user("amy")
    assert user is not None
    assert (user.role, user.agent, user.desk, user.name) == ("agent", "amy", "d1", "amy")


async def test_who_guesses_waits(desk: Harness, provider: Provider, browser: Browser) -> None:
    """As with passwords, though apart from them."""
    for _ in range(ADDRESS_FAILURES):
        assert await browser.back(f"https://{HOST}{BACK}?state=x&code=y") == "refused"
    assert await browser.back(f"https://{HOST}{BACK}?state=x&code=y") == "too_many"
    got = await browser.ask("POST", "/v1/login/oidc")
    assert (got.status, got.json["reason"]) == (429, "too_many")
    assert int(got.headers["Retry-After"]) > 0
    Logins(desk.people, hasher=CHEAP).set_password("amy", PASSWORD)
    body = {"user": "amy", "password": PASSWORD}
    assert (await browser.ask("POST", "/v1/login", body=body)).status == 200
    assert provider.asked["/token"] == 0


async def test_not_too_many_at_once(
    provider: Provider, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "AT_ONCE", 0)
    assert await browser.sign_in(provider) == "too_many"


async def test_a_restart_in_between(desk: Harness, provider: Provider, browser: Browser) -> None:
    link = provider.approve(await browser.away(), "s-amy")
    await desk.shut()
    await desk.open()
    assert await browser.back(link) == "done"
