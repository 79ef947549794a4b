"""A small OpenID Connect provider: real keys, real signatures, and all it can do wrong.

A test says who signs in (`approve`), or a person does, on its page. What it puts into a token,
and how it answers, can be changed while it runs.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from html import escape
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from router.settings.oidc import NewUsers, Oidc

Json = dict[str, Any]
Key = RSAKey | ECKey | OctKey

CLIENT = "zhiban:desk"
SECRET = "not % so + secret"
RSA = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "ec-1", "use": "sig"})


class Provider:
    """Accounts are known by their `sub`, and have claims."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self.clock_s = clock_s
        self.accounts: dict[str, Json] = {}
        self.signing: Key = RSA
        self.algorithm = "RS256"
        self.published: list[Key] = [RSA, EC]
        self.describes: Json = {}
        """Laid over the description."""
        self.puts: Json = {}
        """Laid over an ID token's claims; None takes one away."""
        self.userinfo: Json | None = None
        self.make_token: Callable[[Json], str | None] = self.signed
        self.methods = ["client_secret_basic"]
        self.asked: Counter[str] = Counter()
        self.delay_s = 0.0
        self.answers: Callable[[], web.Response] | None = None
        """In the place of every answer."""
        self._codes: dict[str, Json] = {}
        app = web.Application(middlewares=[self._troubled])
        app.router.add_get("/.well-known/openid-configuration", self._describe)
        app.router.add_get("/keys", self._keys)
        app.router.add_get("/authorize", self._page)
        app.router.add_post("/authorize", self._choose)
        app.router.add_post("/token", self._token)
        app.router.add_get("/userinfo", self._userinfo)
        app.router.add_get("/favicon.ico", self._nothing)
        self.server = TestServer(app)

    @property
    def issuer(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    def settings(self, *, create: NewUsers | None = None, claim: str = "name") -> Oidc:
        """How we are told of it."""
        return Oidc(
            issuer=self.issuer,
            client_id=CLIENT,
            client_secret=SECRET,
            claim=claim,
            label="企业微信",
            create=create,
        )

    def approve(self, go: str, subject: str) -> str:
        """Somebody signs in, having been sent to `go`; where they are sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(go).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self._codes) + 1}"
        self._codes[code] = asked | {"subject": subject}
        back = {"code": code, "state": asked["state"], "iss": self.issuer}
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def claims(self, asked: Json) -> Json:
        now_s = int(self.clock_s())
        subject = asked["subject"]
        made = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": subject,
            "iat": now_s,
            "exp": now_s + 300,
            "nonce": asked["nonce"],
            **self.accounts.get(subject, {}),
            **self.puts,
        }
        return {name: value for name, value in made.items() if value is not None}

    def signed(self, claims: Json) -> str:
        header = {"alg": self.algorithm, "kid": self.signing.kid}
        return jwt.encode(header, claims, self.signing, algorithms=[self.algorithm])

    # What it serves

    @web.middleware
    async def _troubled(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked[request.path] += 1
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if self.answers is not None:
            return self.answers()
        response: web.StreamResponse = await handler(request)
        return response

    async def _describe(self, _: web.Request) -> web.Response:
        here = self.issuer
        return web.json_response(
            {
                "issuer": here,
                "authorization_endpoint": f"{here}/authorize",
                "token_endpoint": f"{here}/token",
                "jwks_uri": f"{here}/keys",
                "token_endpoint_auth_methods_supported": self.methods,
                "authorization_response_iss_parameter_supported": True,
                "unknown": ["is", "ignored"],
                **({"userinfo_endpoint": f"{here}/userinfo"} if self.userinfo else {}),
                **self.describes,
            }
        )

    async def _keys(self, _: web.Request) -> web.Response:
        others: list[Json] = [{"kty": "XYZ"}, {"kty": "RSA", "n": "?"}, {"kty": "oct", "k": "AA"}]
        public = [dict(key.as_dict(private=False)) for key in self.published]
        return web.json_response({"keys": others + public})

    async def _page(self, request: web.Request) -> web.Response:
        fields = "".join(
            f'<button name="subject" value="{escape(subject)}">{escape(subject)}</button>'
            for subject in self.accounts
        )
        go = escape(str(request.url))
        return web.Response(
            text=f'<!doctype html><title>SSO</title><form method="post">'
            f'<input type="hidden" name="go" value="{go}">{fields}</form>',
            content_type="text/html",
        )

    async def _choose(self, request: web.Request) -> web.Response:
        form = await request.post()
        back = self.approve(str(form["go"]), str(form["subject"]))
        return web.Response(status=303, headers={"Location": back})

    async def _token(self, request: web.Request) -> web.Response:
        form = dict(await request.post())
        if "client_secret_basic" in self.methods:
            given = request.headers.get("Authorization", "").removeprefix("Basic ")
            pair = b64decode(given).decode().split(":")
        else:
            pair = [str(form["client_id"]), str(form["client_secret"])]
            pair = [pair[0].replace(":", "%3A"), pair[1].replace("%", "%25").replace("+", "%2B")]
        if [unquote_plus(part) for part in pair] != [CLIENT, SECRET]:
            return web.json_response({"error": "invalid_client"}, status=401)
        asked = self._codes.pop(str(form["code"]), None)
        verifier = str(form["code_verifier"])
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != form["redirect_uri"]
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = self.make_token(self.claims(asked))
        return web.json_response(
            {"access_token": "at-1", "token_type": "Bearer", "id_token": token}
        )

    async def _userinfo(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bearer at-1":
            return web.Response(status=401)
        return web.json_response(self.userinfo)

    async def _nothing(self, _: web.Request) -> web.Response:
        return web.Response(status=204)


def unsigned(header: Json, claims: Json, signature: str = "") -> str:
    """A token as somebody without a key would make it."""
    parts = [json.dumps(part).encode() for part in (header, claims)]
    joined = ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    return f"{joined}.{signature}"


@asynccontextmanager
async def providing(
    clock_s: Callable[[], float], host: str = "127.0.0.1"
) -> AsyncIterator[Provider]:
    provider = Provider(clock_s)
    provider.server.host = host
    await provider.server.start_server()
    try:
        yield provider
    finally:
        await provider.server.close()
