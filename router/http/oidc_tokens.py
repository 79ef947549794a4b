"""What an ID token says, once it is believed (OpenID Connect Core 3.1.3.7).

Signed with one of the provider's published keys, by an algorithm of which nobody else can have
the key — so neither `none` nor one over a shared secret — for us, in answer to what this browser
asked, and still good. `joserfc` checks the signature and the times.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from hmac import compare_digest
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

logger = logging.getLogger("zhiban.oidc")

LEEWAY_S = 60
"""How far the provider's clock may be from ours."""
ALGORITHMS = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "EC": ("ES256", "ES384", "ES512"),
}
KEYS_LIMIT = 64
RSA_LEAST_BITS = 2_048
SUBJECT_LIMIT = 255

Key = RSAKey | ECKey


class NotBelieved(Exception):
    """What came back does not prove who it is; says why, for our log."""


class UnknownKey(NotBelieved):
    """None of the keys known here has signed it: there may be new ones."""


def read_keys(published: Mapping[str, Any]) -> list[Key]:
    """Those of a JWK set that can have signed a token; what is not understood is left out."""
    listed = published.get("keys")
    if not isinstance(listed, list):
        return []
    found: list[Key] = []
    for entry in listed[:KEYS_LIMIT]:
        if not isinstance(entry, dict) or entry.get("kty") not in ALGORITHMS:
            continue
        if entry.get("use", "sig") != "sig":
            continue
        try:
            key = import_key(entry)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            logger.warning("a key of the provider is left out: %s", error)
            continue
        if isinstance(key, RSAKey) and key.public_key.key_size < RSA_LEAST_BITS:
            logger.warning("an RSA key of %d bits is left out", key.public_key.key_size)
        elif isinstance(key, RSAKey | ECKey):
            found.append(key)
    return found


def believed(
    token: str,
    keys: Iterable[Key],
    *,
    issuer: str,
    client: str,
    nonce: str,
    now_s: Callable[[], float],
) -> dict[str, Any]:
    """What the token says. Raises `NotBelieved`, and `UnknownKey` of it."""
    claims = _signed(token, keys)
    registry = jwt.JWTClaimsRegistry(
        now=int(now_s()),
        leeway=LEEWAY_S,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True},
    )
    try:
        registry.validate(claims)
    except JoseError as error:
        raise NotBelieved(str(error)) from None
    audience, party = claims["aud"], claims.get("azp")
    if party not in (None, client) or (party is None and audience not in (client, [client])):
        raise NotBelieved("it was made for somebody else, too")
    if not _same(claims["nonce"], nonce):
        raise NotBelieved("it does not answer what this browser asked")
    if len(claims["sub"]) > SUBJECT_LIMIT:
        raise NotBelieved("its subject is too long")
    return claims


def _signed(token: str, keys: Iterable[Key]) -> dict[str, Any]:
    try:
        header = jws.extract_compact(token.encode("ascii")).headers()
    except (JoseError, ValueError, TypeError) as error:
        raise NotBelieved(f"it is no signed token: {error}") from None
    algorithm, wanted = header.get("alg"), header.get("kid")
    if not any(algorithm in names for names in ALGORITHMS.values()):
        raise NotBelieved(f"it is signed by {str(algorithm)[:20]!r}")
    fitting = [
        key
        for key in keys
        if algorithm in ALGORITHMS[key.key_type]
        and key.alg in (None, algorithm)
        and (wanted is None or key.kid == wanted)
    ]
    # What a header has besides is ignored, but for what it calls critical (RFC 7515 4.1.11).
    registry = jws.JWSRegistry(algorithms=[str(algorithm)], strict_check_header=False)
    for key in fitting:
        try:
            return jwt.decode(token, key, registry=registry).claims
        except (JoseError, ValueError, TypeError) as error:
            logger.info("a key does not fit a token: %s", error)
    raise UnknownKey("none of the provider's keys has signed it")


def _same(found: object, wanted: str) -> bool:
    return isinstance(found, str) and compare_digest(found.encode(), wanted.encode())
