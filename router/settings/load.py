"""From files to `Loaded`: the one way in. All that is wrong is collected before it is raised."""

from __future__ import annotations

import base64
import os
import secrets
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import msgspec

from router.core.policy import Desk
from router.settings.desk import DESK_KEYS, note_repeats, read_desk
from router.settings.lexicons import read_lexicons
from router.settings.oidc import Oidc, read_oidc
from router.settings.problems import ConfigError, Notes, Problem, nearest
from router.settings.process import (
    LEAST_SECRET_BYTES,
    Settings,
    ShopAccess,
    read_access,
    read_archive,
    read_flag,
    read_http,
    read_log,
    read_workers,
)
from router.settings.reading import NAME, Table
from router.settings.secret_files import readable_by_others


class Loaded(NamedTuple):
    """A configuration that can be used."""

    settings: Settings
    desks: list[Desk]
    warnings: list[Problem]
    files: tuple[Path, ...] = ()
    """Which files it stands in."""


def load(
    path: str | Path,
    environ: Mapping[str, str] | None = None,
    *,
    instead: Mapping[Path, bytes] | None = None,
) -> Loaded:
    """Process settings and desks. Raises `ConfigError`.

    `instead`: what to take for the content of some of the files, to try a change.
    """
    notes = Notes(instead)
    raw = _read(Path(path), str(path), notes)
    loaded = _read_all(raw, Path(path), notes, os.environ if environ is None else environ)
    if notes.errors:
        raise ConfigError(notes.errors, notes.warnings)
    return loaded._replace(warnings=notes.warnings, files=tuple(notes.files))


def load_desk(path: str | Path) -> tuple[Desk, list[Problem]]:
    """A desk's own file, or the one desk of a settings file. Raises `ConfigError`."""
    notes = Notes()
    raw = _read(Path(path), str(path), notes)
    if notes.errors:
        raise ConfigError(notes.errors)
    if is_desk(raw):
        desk = read_desk(Table(raw, str(path), "", notes))
        if notes.errors:
            raise ConfigError(notes.errors, notes.warnings)
        return desk, notes.warnings
    loaded = load(path)
    if len(loaded.desks) != 1:
        count = len(loaded.desks)
        notes.error(str(path), "", f"应恰有一个客服台,实有 {count}", f"needs one desk, has {count}")
        raise ConfigError(notes.errors)
    return loaded.desks[0], loaded.warnings


def check(path: str | Path) -> tuple[str, list[Problem]]:
    """What kind of file it is, in words, and its warnings. Raises `ConfigError`."""
    notes = Notes()
    raw = _read(Path(path), str(path), notes)
    if notes.errors:
        raise ConfigError(notes.errors)
    if is_desk(raw):
        desk, warnings = load_desk(path)
        return _size([desk]), warnings
    loaded = load(path)
    return _size(loaded.desks), loaded.warnings


def is_desk(raw: Mapping[str, object]) -> bool:
    """Whether this file is a desk's own, not process settings."""
    return isinstance(raw.get("shops"), list) or bool((DESK_KEYS - {"shops"}) & raw.keys())


def _size(desks: list[Desk]) -> str:
    shops = sum(len(desk.shops) for desk in desks)
    agents = sum(len(desk.agents) for desk in desks)
    subs = sum(len(desk.sub_accounts) for desk in desks)
    return (
        f"{len(desks)} 个客服台 desks, {shops} 个店铺 shops, "
        f"{agents} 名客服 agents, {subs} 个子账号 sub-accounts"
    )


def _read(path: Path, name: str, notes: Notes) -> dict[str, object]:
    """The file's tables, amounts as exact decimals; {} with a note when it cannot be read."""
    notes.files.append(path)
    try:
        body = notes.instead.get(path)
        text = (path.read_bytes() if body is None else body).decode()
        return tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"), parse_float=Decimal)
    except OSError as error:
        why = error.strerror or str(error)
        notes.error(name, "", f"无法读取({why})", f"cannot be read: {why}")
    except UnicodeDecodeError as error:
        notes.error(
            name, "", f"不是 UTF-8(第 {error.start} 字节)", f"not UTF-8 at byte {error.start}"
        )
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        notes.error(name, "", f"TOML 语法错误:{error}", f"not TOML: {error}")
    return {}


def _read_all(
    raw: dict[str, object], path: Path, notes: Notes, environ: Mapping[str, str]
) -> Loaded:
    if not notes.errors and is_desk(raw):
        notes.error(
            str(path),
            "",
            '这是客服台文件;请在设置文件里用 desks = ["…"] 引用它',
            'a desk\'s file; name it in a settings file: desks = ["…"]',
        )
        return Loaded(Settings(), [], [])
    table = Table(raw, str(path), "", notes)
    access = _read_shops(table, path, notes, environ)
    http = read_http(table.table("http"))
    sign_in = table.maybe("oidc")
    settings = Settings(
        http=http,
        oidc=read_oidc(sign_in, path, http.public_url, environ),
        log=read_log(table.table("log")),
        archive=read_archive(table.table("archive")),
        workers=read_workers(table.table("workers")),
        shops={name: shop for name, (_, shop) in access.items()},
        lexicons=read_lexicons(
            table, path, {name: entry for name, (entry, _) in access.items()}, notes
        ),
        demo=read_flag(table, "demo"),
    )
    entries = _desk_tables(table, path, notes)
    table.close()
    desks = [read_desk(entry) for entry in entries]
    if not entries and not notes.errors:
        table.error(
            "", '没有客服台:需要 [[desk]] 或 desks = ["…"]', 'no desk: [[desk]] or desks = ["…"]'
        )
    _check_between(entries, desks)
    if sign_in is not None and settings.oidc is not None:
        _check_new_users(sign_in, settings.oidc, desks)
    settings = _connect(settings, access, desks, table)
    return Loaded(settings, desks, [])


Access = dict[str, tuple[Table, ShopAccess]]


def _read_shops(table: Table, path: Path, notes: Notes, environ: Mapping[str, str]) -> Access:
    """`[shops."id"]` of the settings, with what a secrets file adds."""
    found = {name: (entry, read_access(entry, environ)) for name, entry in table.named("shops")}
    named = table.take("secrets_file", NAME, "")
    if not named:
        return found
    beside = path.parent / named
    extra = Table(_read(beside, str(beside), notes), str(beside), "", notes)
    for name, entry in extra.named("shops"):
        access = read_access(entry, environ)
        where, known = found.get(name, (entry, ShopAccess()))
        found[name] = (
            where,
            ShopAccess(
                secrets=known.secrets + access.secrets,
                outbound_url=access.outbound_url or known.outbound_url,
                outbound_secret=access.outbound_secret or known.outbound_secret,
                bot_url=access.bot_url or known.bot_url,
                bot_secret=access.bot_secret or known.bot_secret,
            ),
        )
    extra.close()
    if readable_by_others(beside):
        extra.warn(
            "", "其他用户可以读取密钥,请 chmod 600", "other users can read the secrets: chmod 600"
        )
    return found


def _desk_tables(table: Table, path: Path, notes: Notes) -> list[Table]:
    entries = table.tables("desk")
    for name in table.many("desks", NAME):
        beside = path.parent / name
        before = len(notes.errors)
        raw = _read(beside, str(beside), notes)
        if len(notes.errors) == before:
            entries.append(Table(raw, str(beside), "", notes))
    return entries


def _check_between(entries: list[Table], desks: list[Desk]) -> None:
    """What must be unique over all desks: their ids, and their shops' ids."""
    pairs = list(zip(entries, desks, strict=True))
    note_repeats((entry, desk.id) for entry, desk in pairs)
    home: dict[str, str] = {}
    for entry, desk in pairs:
        for index, shop in enumerate(desk.shops):
            other = home.setdefault(shop.id, desk.id)
            if shop.id and other != desk.id:
                entry.error(
                    f"shops[{index}].id",
                    f"店铺 {shop.id} 已属于客服台 {other}",
                    f"shop {shop.id} is desk {other}'s already",
                )


def _check_new_users(table: Table, oidc: Oidc, desks: list[Desk]) -> None:
    """Who becomes a user by signing in does so at a desk that there is."""
    known = [desk.id for desk in desks]
    if oidc.create is not None and oidc.create.desk and oidc.create.desk not in known:
        zh, en = nearest(oidc.create.desk, known)
        table.error(
            "create.desk",
            f"没有客服台 {oidc.create.desk}{zh}",
            f"no desk {oidc.create.desk}{en}",
        )


def _connect(settings: Settings, access: Access, desks: list[Desk], table: Table) -> Settings:
    """Shops and their connections: all known, all with secrets, outbound ones signed."""
    known = [shop.id for desk in desks for shop in desk.shops]
    shops: dict[str, ShopAccess] = {}
    for name, (entry, shop) in access.items():
        if known and name not in known:
            zh, en = nearest(name, known)
            entry.error("", f"没有店铺 {name}{zh}", f"no shop {name}{en}")
        secret = shop.outbound_secret or next(iter(shop.secrets), "")
        if shop.outbound_url and not secret and not settings.demo:
            entry.error(
                "outbound_url",
                "需要 outbound_secret 或 secrets 来签名",
                "needs outbound_secret or secrets to sign with",
            )
        if shop.bot_url and not (shop.bot_secret or secret) and not settings.demo:
            entry.error(
                "bot_url",
                "需要 bot_secret 或 secrets 来签名",
                "needs bot_secret or secrets to sign with",
            )
        shops[name] = msgspec.structs.replace(
            shop, outbound_secret=secret, bot_secret=shop.bot_secret or secret
        )
    _check_bots(desks, shops, table)
    for name in known:
        if settings.demo and not (name in shops and shops[name].secrets):
            made = fresh_secret()
            base = shops.get(name, ShopAccess())
            shops[name] = msgspec.structs.replace(
                base,
                secrets=(made,),
                outbound_secret=base.outbound_secret or made,
                bot_secret=base.bot_secret or made,
            )
        elif name and not (name in shops and shops[name].secrets):
            table.warn(
                f'shops."{name}".secrets',
                "没有密钥,该店铺的 webhook 一律拒收",
                "no secrets: every webhook of this shop will be refused",
            )
    return msgspec.structs.replace(settings, shops=shops)


def _check_bots(desks: list[Desk], shops: dict[str, ShopAccess], table: Table) -> None:
    """A policy with a bot needs one, and a bot a policy."""
    for desk in desks:
        for shop in desk.shops:
            mode = (shop.policy or desk.policy).bot_mode
            url = shops[shop.id].bot_url if shop.id in shops else ""
            if shop.id and mode != "off" and not url:
                table.warn(
                    f'shops."{shop.id}".bot_url',
                    f"bot_mode 是 {mode},但没有机器人的地址:每次都立即转人工",
                    f"bot_mode is {mode}, but there is no bot: it hands over at once each time",
                )
            elif url and mode == "off":
                table.warn(
                    f'shops."{shop.id}".bot_url',
                    "bot_mode 是 off,机器人不会被问到",
                    "bot_mode is off: the bot is never asked",
                )


def fresh_secret() -> str:
    """A new webhook secret."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(LEAST_SECRET_BYTES + 8)).decode()
