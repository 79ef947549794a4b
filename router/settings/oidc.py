"""`[oidc]`: signing in to the console through an OpenID Connect provider."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import msgspec

from router.settings.reading import ENV_NAME, ID, NAME, TEXT, Kind, Table, one_of
from router.settings.secret_files import readable_by_others

SECRET_FILE_LIMIT = 10_000

_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z]", re.ASCII)
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")
_CLAIM = re.compile(r"[\x21-\x7e]{1,100}")


class NewUsers(msgspec.Struct, frozen=True, kw_only=True):
    """Who is not known yet and becomes a user by signing in."""

    role: str
    desk: str
    domains: tuple[str, ...]
    """Only who has a verified e-mail address in one of these."""


class Oidc(msgspec.Struct, frozen=True, kw_only=True):
    """A provider, and what it knows us by: never printed, since it holds a secret."""

    issuer: str
    client_id: str
    client_secret: str
    claim: str = "preferred_username"
    """Which of its claims is the id of a user here."""
    label: str = ""
    """What the button names; "" for words of the console's own."""
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    prompt: str = ""
    """`login` or `select_account`: ask again who it is, though the provider knows the browser."""
    create: NewUsers | None = None

    def __repr__(self) -> str:
        return f"Oidc(issuer={self.issuer!r}, client_id={self.client_id!r})"


def is_loopback(host: str | None) -> bool:
    """Whether nobody can listen in between."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def _https(value: object) -> SplitResult:
    """An address that nobody can listen in to. Raises ValueError."""
    if not isinstance(value, str) or not value.isprintable() or set(value) & set(" \\"):
        raise ValueError
    parts = urlsplit(value)
    if parts.username is not None or parts.query or parts.fragment or value[-1] in "?#":
        raise ValueError
    if not parts.hostname or parts.port == 0:
        raise ValueError
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ValueError
    return parts


def _issuer(value: object) -> str:
    _https(value)
    return str(value)


def _public_url(value: object) -> str:
    parts = _https(value)
    if parts.path not in ("", "/"):
        raise ValueError
    usual = ":443" if parts.scheme == "https" else ":80"
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(usual)}"


def _matching(pattern: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError
    return value


PUBLIC_URL = Kind(
    "https:// 开头、不带路径的地址(http:// 仅限本机)",
    "an address https://… without a path (http:// on this machine alone)",
    _public_url,
)
_ISSUER = Kind(
    "https:// 开头的地址(http:// 仅限本机)",
    "an address https://… (http:// on this machine alone)",
    _issuer,
)
_DOMAINS = Kind(
    '邮箱域名,如 "shop.cn"',
    'a domain of e-mail addresses such as "shop.cn"',
    lambda value: _matching(_DOMAIN, value),
)
_SCOPES = Kind("不含空格的文字", "text without spaces", lambda value: _matching(_SCOPE, value))
_CLAIMS = Kind("声明的名字", "the name of a claim", lambda value: _matching(_CLAIM, value))


def read_oidc(
    table: Table | None, path: Path, public_url: str, environ: Mapping[str, str]
) -> Oidc | None:
    """None where it is not configured, or not so that it can be used."""
    if table is None:
        return None
    base = Oidc(issuer="", client_id="", client_secret="")
    oidc = Oidc(
        issuer=table.need("issuer", _ISSUER, ""),
        client_id=table.need("client_id", NAME, ""),
        client_secret=_secret(table, path, environ),
        claim=table.take("claim", _CLAIMS, base.claim),
        label=table.take("label", NAME, base.label),
        scopes=table.many("scopes", _SCOPES, base.scopes),
        prompt=table.take("prompt", one_of("login", "select_account"), base.prompt),
        create=_create(table.maybe("create")),
    )
    table.close()
    if not public_url:
        table.error(
            "",
            "需要 [http] public_url:登录后从哪里回来",
            "needs [http] public_url: where people come back to",
        )
    if "openid" not in oidc.scopes:
        table.error("scopes", "必须含有 openid", "must have openid")
    return oidc


def _create(table: Table | None) -> NewUsers | None:
    if table is None:
        return None
    create = NewUsers(
        role=table.need("role", one_of("agent", "supervisor"), "agent"),
        desk=table.need("desk", ID, ""),
        domains=table.many("domains", _DOMAINS),
    )
    if not create.domains:
        table.error(
            "domains",
            "至少要有一个邮箱域名,不然谁都能进来",
            "needs at least one domain of e-mail addresses: else anybody could come in",
        )
    table.close()
    return create


def _secret(table: Table, path: Path, environ: Mapping[str, str]) -> str:
    """From one of its three places; "" with a note when that fails."""
    places = ("client_secret", "client_secret_file", "client_secret_env")
    given = [key for key in places if table.has(key)]
    here = table.take("client_secret", TEXT, "")
    file = table.take("client_secret_file", NAME, "")
    name = table.take("client_secret_env", ENV_NAME, "")
    if len(given) != 1:
        table.error(
            "client_secret",
            f"应恰好给出其一:{'、'.join(places)}",
            f"expected exactly one of {', '.join(places)}",
        )
        return ""
    if file:
        return _from_file(table, path.parent / file)
    found = here.strip() or (environ.get(name, "").strip() if name else "")
    if not found:
        table.error(given[0], "是空的", "is empty")
    return found


def _from_file(table: Table, file: Path) -> str:
    key = "client_secret_file"
    try:
        with file.open(encoding="utf-8") as opened:
            found = opened.read(SECRET_FILE_LIMIT).strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror or str(error) if isinstance(error, OSError) else "UTF-8"
        table.error(key, f"无法读取 {file}({why})", f"{file} cannot be read: {why}")
        return ""
    if not found or not found.isprintable():
        table.error(key, f"{file} 里应只有密钥", f"{file} should have the secret and nothing else")
        return ""
    if readable_by_others(file):
        table.warn(
            key, "其他用户可以读取密钥,请 chmod 600", "other users can read the secret: chmod 600"
        )
    return found
