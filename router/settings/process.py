"""What a process needs to know beside the desks: addresses, places, secrets (DESIGN 12)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from router.settings.oidc import PUBLIC_URL, Oidc
from router.settings.reading import ENV_NAME, FLAG, NAME, TEXT, Kind, Table, one_of, whole

EXAMPLE_SECRET = "whsec_ZXhhbXBsZS1rZXktZG8tbm90LXVzZS1pdC1hbnl3aGVyZQ=="  # noqa: S105
"""Stands in config/example.toml for everybody to see; `zhiban init` writes fresh ones."""
LEAST_SECRET_BYTES = 24
WORKERS = ("outbound", "archiver", "inspector", "bot")


class Http(msgspec.Struct, frozen=True, kw_only=True):
    """Where the daemon answers."""

    host: str = "127.0.0.1"
    port: int = 8080
    secure_cookies: bool = False
    """The console is reached by https alone: its login cookie goes nowhere else."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses whose `X-Forwarded-For` is believed."""
    public_url: str = ""
    """Where people reach the console, such as `https://desk.shop.cn`."""


class LogPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where the log lives."""

    url: str = ""
    """Of a Redis or Valkey server; "" for the embedded one."""
    data_dir: Path = Path("zhiban-data")
    """Relative to the working directory; the embedded server's data and people.sqlite."""
    partitions: int = 1
    wait_replicas: int = 0


class Archive(msgspec.Struct, frozen=True, kw_only=True):
    """Where inbox and facts are kept for good."""

    path: str = ""
    """An SQLite file; "" for `archive.sqlite` in the data directory."""


class Workers(msgspec.Struct, frozen=True, kw_only=True):
    """Which workers run in a process of the role `workers`."""

    run: tuple[str, ...] = WORKERS


class ShopAccess(msgspec.Struct, frozen=True, kw_only=True):
    """A shop's connection: never printed, since it holds secrets."""

    secrets: tuple[str, ...] = ()
    """Any of these may sign what comes in (key rotation)."""
    outbound_url: str = ""
    outbound_secret: str = ""
    """The first of `secrets` unless given."""
    bot_url: str = ""
    """The shop's bot, where its policy has one."""
    bot_secret: str = ""
    """As `outbound_secret` unless given."""

    def __repr__(self) -> str:
        return f"ShopAccess(secrets={len(self.secrets)}, outbound_url={self.outbound_url!r})"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings of a process."""

    http: Http = Http()
    oidc: Oidc | None = None
    """Whom to sign in through, beside passwords."""
    log: LogPlace = LogPlace()
    archive: Archive = Archive()
    workers: Workers = Workers()
    shops: dict[str, ShopAccess] = {}
    lexicons: dict[str, Path] = {}
    """Folders of conduct lists that are laid over the built-in ones: by shop, and "" for all."""
    demo: bool = False
    """A demonstration: secrets are made up at each start."""


def _secret(value: object) -> str:
    if not isinstance(value, str) or not value.startswith("whsec_"):
        raise ValueError("不以 whsec_ 开头", "it does not begin with whsec_")
    try:
        size = len(base64.b64decode(value.removeprefix("whsec_"), validate=True))
    except (binascii.Error, ValueError):
        raise ValueError("不是 base64", "it is not base64") from None
    if size < LEAST_SECRET_BYTES:
        raise ValueError(f"只有 {size} 字节", f"it has only {size} bytes")
    return value


SECRET = Kind(
    f"whsec_ 加上 base64 编码的至少 {LEAST_SECRET_BYTES} 字节",
    f"whsec_ and at least {LEAST_SECRET_BYTES} bytes in base64",
    _secret,
    secret=True,
)


def _url_of(*schemes: str) -> Kind[str]:
    def parse(value: object) -> str:
        try:
            if not isinstance(value, str) or not value.isprintable():
                raise ValueError
            parts = urlsplit(value)
            place = parts.path if parts.scheme == "unix" else parts.hostname
            if parts.scheme not in schemes or not place or parts.port == 0:
                raise ValueError
        except ValueError:  # the library's words may hold a part of a password
            raise ValueError("格式不对", "it is malformed") from None
        return value

    listed = "、".join(f"{scheme}://" for scheme in schemes)
    english = " or ".join(f"{scheme}://" for scheme in schemes)
    # What was found may hold a password.
    return Kind(f"以 {listed} 开头的地址", f"an address {english}…", parse, secret=True)


_LOG_URL = _url_of("redis", "rediss", "unix")
_HTTP_URL = _url_of("https", "http")


def read_http(table: Table) -> Http:
    http = Http(
        host=table.take("host", NAME, Http().host),
        port=table.take("port", whole(0, 65_535), Http().port),
        secure_cookies=table.take("secure_cookies", FLAG, False),
        trusted_proxies=table.many("trusted_proxies", NAME),
        public_url=table.take("public_url", PUBLIC_URL, ""),
    )
    if http.public_url.startswith("https:") and not http.secure_cookies:
        table.warn(
            "secure_cookies",
            "控制台走 https,应打开 secure_cookies = true",
            "the console is reached by https: set secure_cookies = true",
        )
    table.close()
    return http


def read_log(table: Table) -> LogPlace:
    base = LogPlace()
    url = table.take("url", TEXT, "")
    if url:
        url = table.take("url", _LOG_URL, "")
    log = LogPlace(
        url=url,
        data_dir=Path(table.take("data_dir", NAME, str(base.data_dir))),
        partitions=table.take("partitions", whole(1, 1_024), base.partitions),
        wait_replicas=table.take("wait_replicas", whole(0, 16), base.wait_replicas),
    )
    if log.wait_replicas and not log.url:
        table.error(
            "wait_replicas",
            "内嵌服务器没有副本,必须为 0",
            "must be 0: the embedded server has no replicas",
        )
    table.close()
    return log


def read_archive(table: Table) -> Archive:
    archive = Archive(path=table.take("path", TEXT, ""))
    table.close()
    return archive


def read_workers(table: Table) -> Workers:
    workers = Workers(run=table.many("run", one_of(*WORKERS), WORKERS))
    table.close()
    return workers


def read_access(table: Table, environ: Mapping[str, str]) -> ShopAccess:
    """One shop's `[shops."id"]`, of the settings or of the secrets file."""
    secrets = [*table.many("secrets", SECRET), *_from_environment(table, "secrets_env", environ)]
    outbound_url = table.take("outbound_url", TEXT, "")
    if outbound_url:
        outbound_url = table.take("outbound_url", _HTTP_URL, "")
    outbound_secret = table.take("outbound_secret", SECRET, "")
    bot_url = table.take("bot_url", TEXT, "")
    if bot_url:
        bot_url = table.take("bot_url", _HTTP_URL, "")
    bot_secret = table.take("bot_secret", SECRET, "")
    table.take("lexicons", TEXT, "")  # a folder, see `lexicons`
    if EXAMPLE_SECRET in (*secrets, outbound_secret, bot_secret):
        table.warn(
            "secrets",
            "这是示例里人人可见的密钥,上线前必须更换(zhiban init 会生成新的)",
            "the example's secret, which everybody knows; replace it (zhiban init makes new ones)",
        )
    table.close()
    return ShopAccess(
        secrets=tuple(secrets),
        outbound_url=outbound_url,
        outbound_secret=outbound_secret,
        bot_url=bot_url,
        bot_secret=bot_secret,
    )


def _from_environment(table: Table, key: str, environ: Mapping[str, str]) -> list[str]:
    name = table.take(key, ENV_NAME, "")
    if not name:
        return []
    found: list[str] = []
    for word in environ.get(name, "").replace(",", " ").split():
        try:
            found.append(_secret(word))
        except ValueError as error:
            zh, en = error.args
            table.error(key, f"环境变量 {name}:{zh}", f"environment variable {name}: {en}")
            return []
    if not found:
        table.error(key, f"环境变量 {name} 未设置", f"environment variable {name} is not set")
    return found


def read_flag(table: Table, key: str) -> bool:
    return table.take(key, FLAG, False)
