"""One attempt to sign in elsewhere, bound to the browser that began it.

The browser keeps a random secret in a signed cookie for ten minutes; the `state` and the `nonce`
sent to the provider and the PKCE verifier are derived from it. So who is given an address to
come back to with — a stranger's code in it, or a stranger's state — lacks the cookie, and whoever
sees the address cannot make the cookie from it. No cookie of before is taken over by an attempt,
and an attempt is good once (`oidc_people`).
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from hmac import compare_digest, digest
from secrets import token_bytes

import msgspec

LIFETIME_S = 600
SECRET_BYTES = 32
COOKIE_LENGTH_LIMIT = 200
_TIME_BYTES = 8


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """What goes out, and what has to come back."""

    cookie: str
    id: bytes
    """By which it is known to have been used."""
    state: str
    nonce: str
    verifier: str
    until_s: int

    @property
    def challenge(self) -> str:
        """Of the verifier, as PKCE's S256 has it."""
        return _text(sha256(self.verifier.encode()).digest())


def begin(key: bytes, now_s: float) -> Attempt:
    """A new one."""
    until = int(now_s) + LIFETIME_S
    return _attempt(key, token_bytes(SECRET_BYTES) + until.to_bytes(_TIME_BYTES))


def resumed(key: bytes, cookie: str, state: str, now_s: float) -> Attempt | None:
    """The browser's own attempt, if `state` is what it was sent away with."""
    if len(cookie) > COOKIE_LENGTH_LIMIT:
        return None
    try:
        raw = urlsafe_b64decode(cookie.encode("ascii"))
    except ValueError:
        return None
    content = raw[: SECRET_BYTES + _TIME_BYTES]
    attempt = _attempt(key, content.ljust(SECRET_BYTES + _TIME_BYTES, b"\0"))
    signed = compare_digest(attempt.cookie.encode(), cookie.encode())
    expected = compare_digest(attempt.state.encode(), state.encode("utf-8", "replace"))
    return attempt if signed and expected and now_s <= attempt.until_s else None


def _attempt(key: bytes, content: bytes) -> Attempt:
    def derived(what: bytes) -> bytes:
        return digest(key, what + b"\0" + content, "sha256")

    return Attempt(
        cookie=_text(content + derived(b"cookie")),
        id=derived(b"id"),
        state=_text(derived(b"state")),
        nonce=_text(derived(b"nonce")),
        verifier=_text(derived(b"verifier")),
        until_s=int.from_bytes(content[SECRET_BYTES:]),
    )


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
