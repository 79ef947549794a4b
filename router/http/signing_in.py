"""How a request of the console is recognised: its cookie, and the proof that our page sent it.

A browser sends cookies with requests that another site made it send. So what changes anything
also needs the login's token in a header that only our own page can set, and an `Origin`, where
the browser names one, that is this server's. `SameSite=Strict` stands in front of both.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest
from urllib.parse import urlsplit

from aiohttp import web

from router.http.auth import User
from router.http.logins import LONGEST_MS, Login, Logins, TooMany
from router.http.problems import Problem

COOKIE = "zhiban_login"
CSRF_HEADER = "X-Zhiban-CSRF"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
COOKIE_LENGTH_LIMIT = 200
CHECKS_AT_ONCE = 2
"""Passwords: each takes 64 MiB and a tenth of a second of a core."""
CHECKS_WAITING = 32


class Doorman:
    """Who a cookie belongs to, without holding up the event loop.

    What was found is kept for ten seconds: hundreds of pages ask all the time, and a look into
    the file from a busy process takes some milliseconds. What ends here ends at once (`forget`);
    what another process ends (`zhiban user`), within that time.
    """

    CACHE_LIMIT = 4_096

    def __init__(
        self,
        logins: Logins,
        *,
        secure: bool,
        keep_s: float = 10.0,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`secure`: the console is reached by https, so the cookie goes nowhere else."""
        self.logins = logins
        self._secure = secure
        self._keep_s = keep_s
        self._now_s = now_s
        self._known: dict[bytes, tuple[float, Login | None]] = {}
        self._checking = asyncio.Semaphore(CHECKS_AT_ONCE)
        self._waiting = 0

    async def check(self, user_id: str, password: str, *, address: str) -> User | None:
        """Whose password this is; None for a wrong one. Raises `TooMany`."""
        if self._waiting >= CHECKS_WAITING:
            raise TooMany(2_000)
        self._waiting += 1
        try:
            async with self._checking:
                return await asyncio.to_thread(
                    self.logins.check, user_id, password, address=address
                )
        finally:
            self._waiting -= 1

    async def who(self, request: web.Request) -> Login | None:
        """Whose request this is, by its cookie; None for nobody's.

        Raises a 403 for one that changes something and was not sent by our own page.
        """
        cookie = request.cookies.get(COOKIE, "")
        if not cookie or len(cookie) > COOKIE_LENGTH_LIMIT:
            return None
        login = await self._login(cookie)
        if login is not None and request.method not in SAFE:
            _refuse_forged(request, login.csrf)
        return login

    async def _login(self, cookie: str) -> Login | None:
        name = sha256(cookie.encode("utf-8", "replace")).digest()
        now_s = self._now_s()
        known = self._known.get(name)
        if known is not None and now_s < known[0]:
            return known[1]
        login = await asyncio.to_thread(self.logins.who, cookie)
        if len(self._known) >= self.CACHE_LIMIT:
            self._known.clear()
        self._known[name] = (now_s + self._keep_s, login)
        return login

    def forget(self) -> None:
        """Something has ended: ask the store anew."""
        self._known.clear()

    async def renew(self, request: web.Request, response: web.StreamResponse) -> None:
        """Exchange a login that is old enough for a new one."""
        fresh = await asyncio.to_thread(self.logins.rotate, request.cookies[COOKIE])
        if fresh is not None:
            self.set(response, fresh)

    def set(self, response: web.StreamResponse, cookie: str) -> None:
        response.set_cookie(
            COOKIE,
            cookie,
            max_age=LONGEST_MS // 1000,
            path="/",
            httponly=True,
            secure=self._secure,
            samesite="Strict",
        )

    def clear(self, response: web.StreamResponse) -> None:
        response.del_cookie(COOKIE, path="/", httponly=True, secure=self._secure, samesite="Strict")


def _refuse_forged(request: web.Request, csrf: str) -> None:
    sent = request.headers.get(CSRF_HEADER, "")
    if not compare_digest(sent.encode("utf-8", "replace"), csrf.encode()):
        detail = f"a request with a login cookie needs its {CSRF_HEADER} header"
        raise Problem(403, detail, reason="forged")
    refuse_other_sites(request)


def refuse_other_sites(request: web.Request) -> None:
    """Raises a 403 for what another site's page made a browser send."""
    origin = request.headers.get("Origin", "")
    if origin and urlsplit(origin).netloc.lower() != request.host.lower():
        raise Problem(403, "this request comes from another site", reason="forged")
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Problem(403, "this request comes from another site", reason="forged")
