"""Signing in to the console through a provider: away to it, and back with its word.

Our page asks where to go (`POST`, so that no other site can begin it) and goes there; the provider
sends the browser back to the one address that is configured. Whatever comes of it, the browser is
sent on to the console and nowhere else, with how it ended in the address's fragment.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Literal

from aiohttp import web

from router.http import oidc_attempt
from router.http import views as v
from router.http.auth import User
from router.http.logins import TooMany
from router.http.oidc import CALLBACK, Provider
from router.http.oidc_attempt import LIFETIME_S, Attempt
from router.http.oidc_fetch import Unavailable
from router.http.oidc_people import Links, Stranger
from router.http.oidc_tokens import NotBelieved
from router.http.problems import Problem
from router.http.routes import Call, Route, encode
from router.http.signing_in import refuse_other_sites

logger = logging.getLogger("zhiban.oidc")

TAG = "login"

Ended = Literal["done", "cancelled", "refused", "stranger", "too_many", "unavailable"]
"""How a sign-in ended, as the page is told."""


class ProviderView(v.View, frozen=True, kw_only=True):
    """A provider to sign in through. `label` is what its button names; "" for nothing special."""

    label: str


class Ways(v.View, frozen=True, kw_only=True):
    """How to sign in beside a password; null for not at all."""

    oidc: ProviderView | None


class Away(v.View, frozen=True, kw_only=True):
    """Where the browser is to go."""

    go: str


class SignInElsewhere:
    """What the routes share."""

    def __init__(self, provider: Provider, links: Links) -> None:
        self.provider = provider
        self.links = links
        # Behind https no other host, not even one beside ours, can plant a cookie of this name.
        self._cookie = "__Host-zhiban_oidc" if provider.is_https else "zhiban_oidc"

    def attempt(self, request: web.Request, now_s: float) -> Attempt | None:
        """What this browser began and now comes back from."""
        cookie, state = request.cookies.get(self._cookie, ""), request.query.get("state", "")
        return oidc_attempt.resumed(self.links.key, cookie, state, now_s)

    def remember(self, response: web.StreamResponse, attempt: Attempt) -> None:
        response.set_cookie(
            self._cookie,
            attempt.cookie,
            max_age=LIFETIME_S,
            path="/",
            httponly=True,
            secure=self.provider.is_https,
            samesite="Lax",  # it has to come along when the provider sends the browser back
        )

    def forget(self, response: web.StreamResponse) -> None:
        response.del_cookie(
            self._cookie, path="/", httponly=True, secure=self.provider.is_https, samesite="Lax"
        )


class _Over(Exception):
    """The sign-in ends here."""

    def __init__(self, ended: Ended, why: str, status: int) -> None:
        super().__init__(why)
        self.ended = ended
        self.status = status


def _configured(call: Call) -> SignInElsewhere:
    found = call.context.elsewhere
    if found is None:
        raise Problem(404, "no provider is configured", reason="no_provider")
    return found


async def get_ways(call: Call) -> Ways:
    found = call.context.elsewhere
    return Ways(oidc=ProviderView(label=found.provider.oidc.label) if found else None)


async def post_away(call: Call) -> web.StreamResponse:
    refuse_other_sites(call.request)
    found = _configured(call)
    provider = found.provider
    if call.request.host.lower() != provider.host:
        # The provider sends the browser there, where it would lack its cookie.
        detail = f"open the console at {provider.host}"
        raise Problem(409, detail, reason="other_address")
    try:
        await asyncio.to_thread(call.context.doorman.logins.may_return, call.address)
    except TooMany as error:
        seconds = -(-error.wait_ms // 1000)
        raise Problem(429, str(error), reason="too_many", retry_after_s=seconds) from None
    attempt = oidc_attempt.begin(found.links.key, call.context.settings.clock_s())
    try:
        go = await provider.away(attempt)
    except Unavailable as error:
        logger.error("nobody can sign in through the provider: %s", error)
        detail = "the provider does not answer"
        raise Problem(503, detail, reason="provider_down", retry_after_s=10) from None
    response = web.Response(
        body=encode(Away(go=go)),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
    found.remember(response, attempt)
    return response


async def get_callback(call: Call) -> web.StreamResponse:
    found = _configured(call)
    logins = call.context.doorman.logins
    begun = None
    try:
        user = await _arrived(call, found)
    except _Over as over:
        ended = over.ended
        _note(call, "", over.status, str(over))
        if ended in ("refused", "stranger"):
            await asyncio.to_thread(logins.failed_to_return, call.address)
    else:
        ended = "done"
        _note(call, user.id, 200, "")
        begun = await asyncio.to_thread(
            logins.begin, user.id, address=call.address, browser=call.browser
        )
    response = web.Response(
        status=303, headers={"Location": f"/#login={ended}", "Cache-Control": "no-store"}
    )
    found.forget(response)
    if begun is not None:
        call.context.doorman.set(response, begun.cookie)
    return response


def _note(call: Call, user: str, status: int, why: str) -> None:
    detail = f"{why}; {call.browser}" if why else call.browser
    call.context.audit.note(user, call.address, "sign in", "oidc", status, detail)


async def _arrived(call: Call, found: SignInElsewhere) -> User:
    """Who has come back. Raises `_Over`."""
    links, logins = found.links, call.context.doorman.logins
    now_s = call.context.settings.clock_s()
    try:
        await asyncio.to_thread(logins.may_return, call.address)
        attempt = found.attempt(call.request, now_s)
        if attempt is None:
            raise _Over("refused", "not begun in this browser, or too long ago", 401)
        if not await asyncio.to_thread(links.use, attempt.id, attempt.until_s, now_s):
            raise _Over("refused", "come back for the second time", 401)
        query = call.request.query
        if error := query.get("error", ""):
            raise _denied(error)
        claims = await found.provider.back(attempt, query.get("code", ""), query.get("iss"))
        return await asyncio.to_thread(_whose, call, found, claims)
    except TooMany as error:
        raise _Over("too_many", str(error), 429) from None
    except NotBelieved as error:
        raise _Over("refused", str(error), 401) from None
    except Stranger as error:
        raise _Over("stranger", str(error), 403) from None
    except Unavailable as error:
        logger.error("somebody cannot sign in through the provider: %s", error)
        raise _Over("unavailable", str(error), 503) from None


def _denied(error: str) -> _Over:
    """What the provider says instead of a code."""
    said = f"the provider says {error[:100]!r}"
    if error in ("access_denied", "login_required", "interaction_required"):
        return _Over("cancelled", said, 401)
    logger.error("somebody cannot sign in: %s", said)
    return _Over("unavailable", said, 503)


def _whose(call: Call, found: SignInElsewhere, claims: dict[str, object]) -> User:
    oidc = found.provider.oidc

    def is_agent(desk: str, agent: str) -> bool:
        return agent in call.context.state(desk).persons

    user = found.links.known(oidc.issuer, str(claims["sub"]))
    return user or found.links.meet(oidc, claims, is_agent)


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/login/ways",
        handler=get_ways,
        summary="How to sign in beside a password",
        summary_zh="除密码外的登录方式",
        tag=TAG,
        roles=(),
        answer=Ways,
    ),
    Route(
        method="POST",
        path="/v1/login/oidc",
        handler=post_away,
        summary="Begin to sign in through the provider; says where to go, and sets a cookie",
        summary_zh="开始通过身份提供方登录,返回要前往的地址并写入 Cookie",
        tag=TAG,
        roles=(),
        answer=Away,
        refuses=True,
    ),
    Route(
        method="GET",
        path=CALLBACK,
        handler=get_callback,
        summary="Where the provider sends the browser back to; goes on to the console",
        summary_zh="身份提供方送回浏览器的地址,随后转到控制台",
        tag=TAG,
        roles=(),
        answer=str,
        answer_type="text/plain",
        status=303,
    ),
)
