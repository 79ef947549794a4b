"""Standard Webhooks against the published vector and the official library."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from router.channels.standard_webhooks import BadSignature, key_of, sign, verify

VECTORS = Path(__file__).parents[1] / "data" / "vectors" / "signatures.json"
VECTOR = json.loads(VECTORS.read_text(encoding="utf-8"))["standard_webhooks"]


def test_published_vector() -> None:
    key, body = key_of(VECTOR["secret"]), VECTOR["body"].encode()
    at_s, name, signature = VECTOR["timestamp"], VECTOR["id"], VECTOR["signature"]
    assert sign(key, name, at_s, body) == signature
    several = f"v1,AAAA v2,BBBB {signature}"
    verify([b"x" * 24, key], name, str(at_s), several, body, now_s=at_s + 299.5)


@given(
    key=st.binary(min_size=16, max_size=64),
    name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    at_s=st.integers(0, 4_000_000_000),
    body=st.text(st.characters(exclude_categories=["Cs"])),
)
def test_as_the_official_library(key: bytes, name: str, at_s: int, body: str) -> None:
    secret = "whsec_" + b64encode(key).decode()
    theirs = Webhook(secret).sign(name, datetime.fromtimestamp(at_s, UTC), body)
    assert sign(key_of(secret), name, at_s, body.encode()) == theirs
    verify([key], name, str(at_s), theirs, body.encode(), now_s=at_s)
    with pytest.raises(BadSignature):
        verify([key], name, str(at_s), theirs, body.encode() + b" ", now_s=at_s)


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_***", "whsec_" + b64encode(b"short").decode()]
)
def test_bad_secrets_are_not_quoted(secret: str) -> None:
    with pytest.raises(ValueError, match="signing secret") as caught:
        key_of(secret)
    assert not secret.removeprefix("whsec_") or secret not in str(caught.value)


def test_secrets_may_be_bare_or_unpadded() -> None:
    key = b"k" * 25
    text = b64encode(key).decode()
    assert key_of(text) == key_of("whsec_" + text) == key_of(text.rstrip("=")) == key
