"""Standard Webhooks, sans I/O: sign what we send, verify what we get (CONTRACT §2, §4).

HMAC-SHA256 over `{id}.{timestamp}.{raw body}` with the base64 key behind `whsec_`. The header
may carry several signatures and a shop may have several secrets: that is how keys are rotated.
"""

from __future__ import annotations

import binascii
from base64 import b64encode
from collections.abc import Sequence
from hmac import compare_digest, digest

TOLERANCE_S = 300
PREFIX = "whsec_"
KEY_BYTES_MIN = 16
SIGNATURES_LIMIT = 10
"""More signatures than this in one header are not looked at."""

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"


class BadSignature(Exception):
    """Not signed with a key of ours, or not now (answered 401). Says which."""


def key_of(secret: str) -> bytes:
    """The key in a secret as it is written in settings. Raises ValueError; never quotes it."""
    text = secret.strip().removeprefix(PREFIX).rstrip("=")
    try:
        key = binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
    except binascii.Error:
        raise ValueError(f"a signing secret is {PREFIX} and base64") from None
    if len(key) < KEY_BYTES_MIN:
        raise ValueError(f"a signing secret has at least {KEY_BYTES_MIN} bytes")
    return key


def sign(key: bytes, delivery_id: str, timestamp_s: int, body: bytes) -> str:
    """The value of `webhook-signature`."""
    signed = f"{delivery_id}.{timestamp_s}.".encode() + body
    return "v1," + b64encode(digest(key, signed, "sha256")).decode()


def headers(key: bytes, delivery_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """The three headers of a delivery."""
    return {
        ID_HEADER: delivery_id,
        TIMESTAMP_HEADER: str(timestamp_s),
        SIGNATURE_HEADER: sign(key, delivery_id, timestamp_s, body),
    }


def verify(
    keys: Sequence[bytes],
    delivery_id: str | None,
    timestamp: str | None,
    signatures: str | None,
    body: bytes,
    *,
    now_s: float,
    tolerance_s: int = TOLERANCE_S,
) -> None:
    """Raises `BadSignature` unless one of the signatures is one of the keys', and of now."""
    if not delivery_id or not timestamp or not signatures:
        raise BadSignature(f"{ID_HEADER}, {TIMESTAMP_HEADER} and {SIGNATURE_HEADER} are needed")
    if len(timestamp) > 12 or not timestamp.isdecimal() or not timestamp.isascii():
        raise BadSignature(f"{TIMESTAMP_HEADER} is not a number of seconds since 1970")
    if abs(now_s - int(timestamp)) > tolerance_s:
        raise BadSignature(f"{TIMESTAMP_HEADER} is more than {tolerance_s} s from now")
    # A header that is no UTF-8 comes with lone surrogates: sign the very bytes that were sent.
    signed = f"{delivery_id}.{timestamp}.".encode("utf-8", "surrogateescape") + body
    if " " not in signatures and signatures.startswith("v1,"):  # as nearly always
        given: Sequence[bytes] = (signatures[3:].encode("utf-8", "replace"),)
    else:
        given = _given(signatures)
    for key in keys:
        expected = b64encode(digest(key, signed, "sha256"))
        for signature in given:
            if compare_digest(expected, signature):
                return
    raise BadSignature("no signature fits")


def _given(signatures: str) -> Sequence[bytes]:
    return [
        part[3:].encode("utf-8", "replace")
        for part in signatures.split(" ", SIGNATURES_LIMIT)[:SIGNATURES_LIMIT]
        if part.startswith("v1,")
    ]
