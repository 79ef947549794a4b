"""Reads a table key by key; what does not fit is noted and its default stands in.

`msgspec.convert` ends at the first error; whoever mends a file wants all of them.
A key that nobody has asked for when the table is closed is an unknown key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from router.settings.problems import Notes, nearest, shown

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_ID = re.compile(r"[A-Za-z0-9._:@-]{1,64}")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DURATION = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)
_DAY_S, _HOUR_S, _MINUTE_S = 86_400, 3_600, 60
_LONGEST_MS = 366 * _DAY_S * 1_000


class Kind(NamedTuple, Generic[T]):
    """What a value has to be: in words, and a function that makes it (ValueError: it is not)."""

    zh: str
    en: str
    parse: Callable[[object], T]
    secret: bool = False
    """Never show what was found; the ValueError has (zh, en), which say why it is wrong."""


class Table:
    """One table of a file. Ask for each key that may stand in it, then `close`."""

    def __init__(self, raw: object, file: str, at: str, notes: Notes) -> None:
        self.file, self.at, self.notes = file, at, notes
        self._raw: dict[str, object] = {}
        self._asked: list[str] = []
        if isinstance(raw, dict):
            self._raw = raw
        else:
            self.expected("", "一个表 […]", "a table […]", raw)

    def path(self, key: str) -> str:
        """The path of a key of this table; of the table itself for ""."""
        return f"{self.at}.{key}" if self.at and key else self.at or key

    def error(self, key: str, zh: str, en: str) -> None:
        self.notes.error(self.file, self.path(key), zh, en)

    def warn(self, key: str, zh: str, en: str) -> None:
        self.notes.warn(self.file, self.path(key), zh, en)

    def expected(self, key: str, zh: str, en: str, found: object) -> None:
        self.error(key, f"应为{zh},实为 {shown(found)}", f"expected {en}, found {shown(found)}")

    def has(self, key: str) -> bool:
        return key in self._raw

    def is_empty(self, key: str) -> bool:
        return self._raw.get(key) == []

    def take(self, key: str, kind: Kind[T], default: T) -> T:
        """The key's value, or the default when it is not given or wrong."""
        self._asked.append(key)
        if key not in self._raw:
            return default
        return self._made(key, kind, self._raw[key], default)

    def need(self, key: str, kind: Kind[T], instead: T) -> T:
        """The value of a key that must be given."""
        if key not in self._raw:
            self._asked.append(key)
            self.error(key, f"缺少,应为{kind.zh}", f"missing; expected {kind.en}")
            return instead
        return self.take(key, kind, instead)

    def many(self, key: str, kind: Kind[T], default: tuple[T, ...] = ()) -> tuple[T, ...]:
        """A list of values; each wrong one is noted with its place."""
        if key not in self._raw:
            self._asked.append(key)
            return default
        found: list[T] = []
        for index, value in enumerate(self._list(key, f"[{kind.zh}, …]", f"[{kind.en}, …]")):
            made = self._made(f"{key}[{index}]", kind, value, None)
            if made is not None:
                found.append(made)
        return tuple(found)

    def table(self, key: str) -> Table:
        """A table inside this one; an empty one when it is not given."""
        self._asked.append(key)
        return Table(self._raw.get(key, {}), self.file, self.path(key), self.notes)

    def maybe(self, key: str) -> Table | None:
        """A table inside this one, if it is given."""
        return self.table(key) if key in self._raw else None

    def tables(self, key: str) -> list[Table]:
        """The tables of a `[[key]]` list."""
        raws = self._list(key, f"表的列表 [[{key}]]", f"a list of tables [[{key}]]")
        return [
            Table(raw, self.file, self.path(f"{key}[{index}]"), self.notes)
            for index, raw in enumerate(raws)
        ]

    def named(self, key: str) -> Iterator[tuple[str, Table]]:
        """The tables of a `[key."name"]` group."""
        group = self.table(key)
        for name in group._raw:
            group._asked.append(name)
            raw = group._raw[name]
            yield name, Table(raw, self.file, f'{group.at}."{name}"', self.notes)

    def close(self) -> None:
        """Note every key that nobody has asked for."""
        for key in self._raw:
            if key not in self._asked:
                zh, en = nearest(key, self._asked)
                self.error(key, f"未知的键{zh}", f"unknown key{en}")

    def _list(self, key: str, zh: str, en: str) -> list[object]:
        self._asked.append(key)
        raw = self._raw.get(key, [])
        if isinstance(raw, list):
            return raw
        self.expected(key, zh, en, raw)
        return []

    def _made(self, key: str, kind: Kind[T], value: object, default: T | None) -> T:
        try:
            return kind.parse(value)
        except ValueError as error:
            if kind.secret:
                zh, en = error.args  # why, without what was found
                self.error(key, f"应为{kind.zh},{zh}", f"expected {kind.en}; {en}")
            else:
                self.expected(key, kind.zh, kind.en, value)
            return default  # type: ignore[return-value]  # None comes back only where asked for


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _name(value: object) -> str:
    name = _text(value)
    if not name.isprintable() or name != name.strip() or not 1 <= len(name) <= 128:
        raise ValueError
    return name


def _id(value: object) -> str:
    if not _ID.fullmatch(_text(value)):
        raise ValueError
    return _text(value)


def _env_name(value: object) -> str:
    if not _ENV_NAME.fullmatch(_text(value)):
        raise ValueError
    return _text(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def duration_ms(value: object) -> int:
    """ "1h30m" in milliseconds. Raises ValueError."""
    match = _DURATION.fullmatch(_text(value))
    if not match or not value:
        raise ValueError
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return 1_000 * (days * _DAY_S + hours * _HOUR_S + minutes * _MINUTE_S + seconds)


def _fen(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError
    fen = Decimal(value) * 100
    if not fen.is_finite() or fen != int(fen) or not 0 <= fen <= 100_000_000:
        raise ValueError
    return int(fen)


TEXT = Kind("文字", "text", _text)
NAME = Kind("1–128 个可见字符的文字", "text of 1 to 128 visible characters", _name)
ID = Kind(
    "编号(1–64 个字符,限 A-Z a-z 0-9 . _ : @ -)",
    "an id (1 to 64 characters of A-Z a-z 0-9 . _ : @ -)",
    _id,
)
ENV_NAME = Kind("环境变量名", "the name of an environment variable", _env_name)
FLAG = Kind("true 或 false", "true or false", _flag)
YUAN = Kind(
    "金额(元,不为负,最多两位小数)", "an amount in yuan (not negative, at most 2 decimals)", _fen
)


def whole(least: int, most: int) -> Kind[int]:
    """A whole number within these limits."""

    def parse(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError
        return value

    return Kind(f"{least}–{most} 的整数", f"a whole number from {least} to {most}", parse)


def duration(least_s: int = 0) -> Kind[int]:
    """A duration of at least so many seconds, as milliseconds."""

    def parse(value: object) -> int:
        ms = duration_ms(value)
        if not least_s * 1_000 <= ms <= _LONGEST_MS:
            raise ValueError
        return ms

    zh = f",不短于 {least_s}s" if least_s else ""
    en = f" of at least {least_s}s" if least_s else ""
    return Kind(
        f'时长(如 "90s"、"5m"、"1h30m"{zh})', f'a duration{en} such as "90s", "5m", "1h30m"', parse
    )


def choice(words: type[E]) -> Kind[E]:
    """One of an enumeration's words."""
    listed = [word.value for word in words]
    return Kind(
        f"其一:{'、'.join(listed)}",
        f"one of {', '.join(listed)}",
        lambda value: words(_text(value)),
    )


def one_of(*words: str) -> Kind[str]:
    """One of these words."""

    def parse(value: object) -> str:
        if value not in words:
            raise ValueError
        return _text(value)

    return Kind(f"其一:{'、'.join(words)}", f"one of {', '.join(words)}", parse)
