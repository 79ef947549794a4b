"""Signing in through an OpenID Connect provider: the code flow, with PKCE and a client's secret.

`away` is where to send a browser, `back` takes what it comes back with. What is known of the
provider — its addresses, its keys — is asked for when it is needed and kept for an hour; a token
signed with a key we do not know makes us ask for the keys again, though not over and over.
"""

from __future__ import annotations

import asyncio
import logging
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec

from router.http.logins import TooMany
from router.http.oidc_attempt import Attempt
from router.http.oidc_fetch import Fetcher, Unavailable
from router.http.oidc_tokens import Key, NotBelieved, UnknownKey, believed, read_keys
from router.settings.oidc import Oidc, is_loopback

logger = logging.getLogger("zhiban.oidc")

T = TypeVar("T")

CALLBACK = "/v1/login/oidc/callback"
KEEP_S = 3_600.0
REST_S = 10.0
"""At least so long lies between two questions for the same."""
AT_ONCE = 16
"""Codes being exchanged."""
CODE_LIMIT = 4_096


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """A provider's description of itself, as far as it is needed (OpenID Connect Discovery)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class Provider:
    """The provider that is configured. `close` it."""

    def __init__(
        self,
        oidc: Oidc,
        public_url: str,
        clock_s: Callable[[], float],
        *,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.oidc = oidc
        self.host = urlsplit(public_url).netloc
        self.is_https = public_url.startswith("https:")
        self._redirect = public_url + CALLBACK
        self._clock_s = clock_s
        self._fetcher = Fetcher()
        self._description = _Kept(self._describe, now_s)
        self._keys = _Kept(self._ask_keys, now_s)
        self._exchanging = 0

    async def close(self) -> None:
        await self._fetcher.close()

    async def away(self, attempt: Attempt) -> str:
        """Where the browser is to go. Raises `Unavailable`."""
        described = await self._description.get()
        asked = {
            "response_type": "code",
            "client_id": self.oidc.client_id,
            "redirect_uri": self._redirect,
            "scope": " ".join(self.oidc.scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        if self.oidc.prompt:
            asked["prompt"] = self.oidc.prompt
        address = described.authorization_endpoint
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"

    async def back(self, attempt: Attempt, code: str, issuer: str | None) -> dict[str, Any]:
        """What the provider says of who came back. Raises `NotBelieved`, `Unavailable`, `TooMany`.

        `issuer`: who says to have sent them (RFC 9207).
        """
        if self._exchanging >= AT_ONCE:
            raise TooMany(2_000)
        self._exchanging += 1
        try:
            described = await self._description.get()
            says_issuer = described.authorization_response_iss_parameter_supported
            if issuer != described.issuer and (issuer is not None or says_issuer):
                raise NotBelieved("it comes from another provider")
            if not code or len(code) > CODE_LIMIT:
                raise NotBelieved("there is no code")
            answer = await self._exchange(described, attempt, code)
            claims = await self._believed(answer.get("id_token"), attempt)
            return await self._completed(described, claims, answer.get("access_token"))
        finally:
            self._exchanging -= 1

    async def _exchange(self, described: Described, attempt: Attempt, code: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect,
            "code_verifier": attempt.verifier,
        }
        client, secret = self.oidc.client_id, self.oidc.client_secret
        headers = {}
        methods = described.token_endpoint_auth_methods_supported
        if "client_secret_basic" in methods or "client_secret_post" not in methods:
            pair = f"{quote_plus(client)}:{quote_plus(secret)}"  # RFC 6749 2.3.1
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": client, "client_secret": secret}
        status, answer = await self._fetcher.post(described.token_endpoint, form, headers)
        if status == 200:
            return answer
        why = f"{described.token_endpoint} answers {status} {str(answer.get('error', ''))[:100]!r}"
        if answer.get("error") == "invalid_grant":  # a code that is used, old or somebody else's
            raise NotBelieved(why)
        raise Unavailable(why)

    async def _believed(self, token: object, attempt: Attempt) -> dict[str, Any]:
        if not isinstance(token, str):
            raise Unavailable("there is no ID token in the provider's answer")
        keys = await self._keys.get()
        try:
            return self._read(token, keys, attempt)
        except UnknownKey:
            newer = await self._keys.again()
            if newer is keys:
                raise
            return self._read(token, newer, attempt)

    def _read(self, token: str, keys: list[Key], attempt: Attempt) -> dict[str, Any]:
        return believed(
            token,
            keys,
            issuer=self.oidc.issuer,
            client=self.oidc.client_id,
            nonce=attempt.nonce,
            now_s=self._clock_s,
        )

    async def _completed(
        self, described: Described, claims: dict[str, Any], access: object
    ) -> dict[str, Any]:
        """With what the provider tells only who asks (Core 5.3), where the token lacks it."""
        wanted = {self.oidc.claim}
        if self.oidc.claim == "email" or self.oidc.create is not None:
            wanted |= {"email", "email_verified"}
        if wanted <= claims.keys() or not described.userinfo_endpoint:
            return claims
        if not isinstance(access, str) or not access.isascii() or not access.isprintable():
            return claims
        more = await self._fetcher.get(described.userinfo_endpoint, bearer=access)
        if more.get("sub") != claims["sub"]:
            raise NotBelieved("the provider tells of somebody else")
        return claims | more

    async def _describe(self) -> Described:
        address = f"{self.oidc.issuer.rstrip('/')}/.well-known/openid-configuration"
        found = await self._fetcher.get(address)
        try:
            described = msgspec.convert(found, Described)
        except msgspec.ValidationError as error:
            raise Unavailable(f"{address}: {error}") from None
        if described.issuer != self.oidc.issuer:
            raise Unavailable(f"{address} is of another issuer: {described.issuer[:200]!r}")
        for url in (
            described.authorization_endpoint,
            described.token_endpoint,
            described.jwks_uri,
            described.userinfo_endpoint or described.issuer,
        ):
            if not self._is_private(url):
                raise Unavailable(f"{address}: {url[:200]!r} is not https")
        return described

    def _is_private(self, url: str) -> bool:
        """Whether nobody can listen in to what is sent there."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        if parts.scheme == "http":
            return self.oidc.issuer.startswith("http:") and is_loopback(parts.hostname)
        return parts.scheme == "https" and bool(parts.hostname)

    async def _ask_keys(self) -> list[Key]:
        described = await self._description.get()
        keys = read_keys(await self._fetcher.get(described.jwks_uri))
        if not keys:
            raise Unavailable(f"{described.jwks_uri} has no key that can sign a token")
        return keys


class _Kept(Generic[T]):
    """Something that is asked for once by all who need it, and again when it is old."""

    def __init__(self, ask: Callable[[], Awaitable[T]], now_s: Callable[[], float]) -> None:
        self._ask = ask
        self._now_s = now_s
        self._lock = asyncio.Lock()
        self._found: T | None = None
        self._found_s = 0.0
        self._failed: tuple[float, str] | None = None

    async def get(self) -> T:
        """Raises `Unavailable`; one that has just been raised is raised again."""
        async with self._lock:
            now_s = self._now_s()
            if self._found is not None and now_s < self._found_s + KEEP_S:
                return self._found
            return await self._fresh(now_s)

    async def again(self) -> T:
        """Newer than what is known, unless that is quite new."""
        async with self._lock:
            now_s = self._now_s()
            if self._found is not None and now_s < self._found_s + REST_S:
                return self._found
            return await self._fresh(now_s)

    async def _fresh(self, now_s: float) -> T:
        if self._failed is not None and now_s < self._failed[0] + REST_S:
            raise Unavailable(self._failed[1])
        try:
            self._found = await self._ask()
        except Unavailable as error:
            self._failed = (self._now_s(), str(error))
            raise
        self._found_s, self._failed = now_s, None
        return self._found
