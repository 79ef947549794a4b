"""Tries and makes changes of a desk's rules in the file they stand in.

A change is checked by the code that checks the file at a start, and is written only where the
file is still the one that was looked at. The file is replaced as a whole; what it was stays
beside it.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, NamedTuple

from router.core.policy import Desk
from router.policy_editing.document import (
    Edit,
    OtherShape,
    Place,
    UnknownPlace,
    edited,
    parse,
)
from router.policy_editing.keys import OF_SHOP, PLAIN, Words, catalogue
from router.settings import ConfigError, Loaded, Problem, load

BACKUPS = 20
"""Earlier versions that are kept beside the file."""
SAFE_MODE = 0o600

Why = Literal["no_file", "not_in_file", "broken_file", "not_writable", "other_shape", "not_written"]
_WHY: dict[Why, Words] = {
    "no_file": Words("服务不是按设置文件启动的", "the daemon was not started from a file"),
    "not_in_file": Words("设置文件里没有这个客服台", "the files have no such desk"),
    "broken_file": Words("设置文件有错误,请先改好", "the file has errors; mend them first"),
    "not_writable": Words("不能写这个文件或它的目录", "the file or its directory can't be written"),
    "other_shape": Words(
        "这个文件的写法不能自动修改,请手动修改", "written in a way that only a person can edit"
    ),
    "not_written": Words("写文件失败", "the file could not be written"),
}


class NotEditable(Exception):
    """Nothing can be changed here, and why."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(f"{_WHY[why].en}{f': {detail}' if detail else ''}")
        self.why = why
        self.words = Words(
            _WHY[why].zh + (f"({detail})" if detail else ""),
            _WHY[why].en + (f" ({detail})" if detail else ""),
        )


class NotUnderstood(Exception):
    """An edit names something that there is not."""


class Stale(Exception):
    """The file is another than the one that was looked at."""


class Fault(NamedTuple):
    """What is wrong with a change, or (as a warning) probably not meant."""

    shop: str
    key: str
    """Of the catalogue; "" where it is about something else."""
    problem: Problem


class Given(NamedTuple):
    """A value that the file says in so many words."""

    shop: str
    key: str


class Standing(NamedTuple):
    """What the file says of a desk."""

    file: Path
    version: str
    desk: Desk
    """As the file has it: what is in force unless it was changed a moment ago."""
    given: frozenset[Given]


class Tried(NamedTuple):
    """What a change comes to. With errors, `after` is None."""

    version: str
    before: Desk
    after: Desk | None
    errors: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    """Those that the file has not brought up before."""


class Changed(Exception):
    """The change is not good: nothing was written."""

    def __init__(self, tried: Tried) -> None:
        super().__init__(f"{len(tried.errors)} errors")
        self.tried = tried


Adopt = Callable[[Callable[[], Loaded], str], Awaitable[None]]
"""Runs what writes the file and loads it, in a thread, and adopts what it loads in somebody's
name; nothing else adopts the file meanwhile."""


class _Opened(NamedTuple):
    file: Path
    place: Place
    text: str
    raw: Any
    """The desk's own table."""
    loaded: Loaded
    version: str

    def desk(self, name: str) -> Desk:
        return next(desk for desk in self.loaded.desks if desk.id == name)


class Editor:
    """Of one configuration. What reads or writes files blocks: call it in a thread."""

    def __init__(self, config: Path, adopt: Adopt) -> None:
        self._config = config
        self._adopt = adopt

    def look(self, desk: str) -> Standing:
        """Raises `NotEditable`."""
        opened = self._open(desk)
        return Standing(opened.file, opened.version, opened.desk(desk), _given(opened.raw))

    def writable(self, desk: str) -> NotEditable | None:
        """What is in the way of a change; None: nothing that is known beforehand."""
        try:
            opened = self._open(desk)
        except NotEditable as error:
            return error
        file = opened.file.resolve()
        if not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
            return NotEditable("not_writable", str(opened.file))
        return None

    def try_out(self, desk: str, edits: Sequence[Edit]) -> Tried:
        """Raises `NotEditable`, `NotUnderstood`."""
        return self._try(desk, edits)[0]

    async def change(self, desk: str, edits: Sequence[Edit], version: str, by: str) -> None:
        """Write it, and have it adopted. Raises `NotEditable`, `NotUnderstood`, `Stale`, `Changed`,
        and what the adoption raises: the file is written then."""

        def write() -> Loaded:
            tried, loaded, opened, text = self._try(desk, edits)
            if tried.version != version:
                raise Stale(tried.version)
            if loaded is None:
                raise Changed(tried)
            if text != opened.text:
                _replace(opened.file.resolve(), opened.text.encode(), text.encode())
            return loaded

        await self._adopt(write, by)

    def _try(self, desk: str, edits: Sequence[Edit]) -> tuple[Tried, Loaded | None, _Opened, str]:
        opened = self._open(desk)
        before = opened.desk(desk)
        _check(edits, before)
        try:
            text = edited(opened.text, opened.place, list(edits))
        except UnknownPlace as error:
            raise NotUnderstood(f"no shop {error}") from None
        except OtherShape:
            raise NotEditable("other_shape", str(opened.file)) from None
        after = opened._replace(raw=opened.place.of(parse(text)))
        try:
            loaded = load(self._config, instead={opened.file: text.encode()})
        except ConfigError as error:
            errors = _faults(error.problems, after)
            warnings = _faults(_fresh(error.warnings, opened), after)
            tried = Tried(opened.version, before, None, errors, warnings)
            return tried, None, opened, text
        warnings = _faults(_fresh(loaded.warnings, opened), after)
        found = next(one for one in loaded.desks if one.id == desk)
        return Tried(opened.version, before, found, (), warnings), loaded, opened, text

    def _open(self, desk: str) -> _Opened:
        try:
            loaded = load(self._config)
        except ConfigError as error:
            raise NotEditable("broken_file", str(error)[:300]) from None
        for file, place, text, raw in _desks(self._config):
            if raw.get("id") == desk:
                version = sha256(text.encode()).hexdigest()[:24]
                return _Opened(file, place, text, raw, loaded, version)
        raise NotEditable("not_in_file")


def _desks(config: Path) -> Iterable[tuple[Path, Place, str, Any]]:
    """Each desk's table, and where it stands: in the settings, or in files named there."""
    text = config.read_bytes().decode()
    raw = parse(text)
    for index, desk in enumerate(raw.get("desk", ())):
        yield config, Place(index), text, desk
    for name in raw.get("desks", ()):
        file = config.parent / name
        text = file.read_bytes().decode()
        yield file, Place(-1), text, parse(text)


def _check(edits: Sequence[Edit], desk: Desk) -> None:
    """Whether there is what is to be changed. Raises `NotUnderstood`."""
    keys = {key.id: key for key in catalogue(desk)}
    shops = {shop.id for shop in desk.shops}
    for edit in edits:
        key = keys.get(edit.key)
        if key is None:
            raise NotUnderstood(f"no rule {edit.key[:80]!r}")
        if edit.shop and edit.shop not in shops:
            raise NotUnderstood(f"no shop {edit.shop[:80]!r}")
        if key.scope == ("desk" if edit.shop else "shop"):
            raise NotUnderstood(f"{edit.key} is a {key.scope}'s")


def _given(raw: Any) -> frozenset[Given]:
    """What the desk's table says itself."""
    found = set(_given_here("", raw))
    for shop in raw.get("shops", ()):
        found |= set(_given_here(shop["id"], shop))
    return frozenset(found)


def _given_here(shop: str, raw: Any) -> Iterable[Given]:
    for key in OF_SHOP if shop else ("strategy",):
        if key in raw:
            yield Given(shop, key)
    policy = raw.get("policy", {})
    yield from (Given(shop, key) for key in PLAIN if key in policy)
    for table, by in (("items", "name"), ("conduct", "rule")):
        for entry in policy.get(table, ()):
            at = f"{table}.{entry[by]}"
            yield from (Given(shop, f"{at}.{key}") for key in entry if key != by)
            if table == "items":
                yield Given(shop, f"{at}.on")


# What is wrong, and with which value

_IN_SHOP = re.compile(r"shops\[(\d+)\]\.")
_LISTED = re.compile(r"policy\.(items|conduct)\[(\d+)\](?:\.(\w+))?")


def _faults(problems: Iterable[Problem], opened: _Opened) -> tuple[Fault, ...]:
    return tuple(_fault(problem, opened) for problem in problems)


def _fresh(warnings: Iterable[Problem], opened: _Opened) -> list[Problem]:
    """Those that the file as it is does not bring up."""
    return [warning for warning in warnings if warning not in opened.loaded.warnings]


def _fault(problem: Problem, opened: _Opened) -> Fault:
    """The problem beside the value it is about, as far as that is one of the desk's."""
    prefix = opened.place.prefix
    if problem.file != str(opened.file) or not problem.key.startswith(prefix):
        return Fault("", "", problem)
    rest, shop, holder = problem.key.removeprefix(prefix), "", opened.raw
    if match := _IN_SHOP.match(rest):
        holder = opened.raw["shops"][int(match[1])]
        shop, rest = holder["id"], rest[match.end() :]
    if match := _LISTED.match(rest):
        entry = holder["policy"][match[1]][int(match[2])]
        name = entry.get("name" if match[1] == "items" else "rule", "")
        return Fault(shop, f"{match[1]}.{name}.{match[3] or 'on'}", problem)
    key = rest.removeprefix("policy.").partition("[")[0]
    known = key in PLAIN or key in OF_SHOP or key == "strategy"
    return Fault(shop, key if known else "", problem)


# Writing


def _replace(file: Path, was: bytes, body: bytes) -> None:
    """All of it or nothing, on the disk when this returns. Raises `NotEditable`, `Stale`."""
    try:
        if file.read_bytes() != was:
            raise Stale
        kept = file.stat()
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3]
        _write(file.with_name(f"{file.name}.{stamp}.bak"), was, kept.st_mode & SAFE_MODE)
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        os.close(handle)
        try:
            fresh = Path(name)
            _write(fresh, body, kept.st_mode & 0o777)
            with suppress(PermissionError):
                os.chown(fresh, kept.st_uid, kept.st_gid)
            fresh.replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_directory(file.parent)
        for old in sorted(file.parent.glob(f"{file.name}.*.bak"))[:-BACKUPS]:
            old.unlink(missing_ok=True)
    except OSError as error:
        raise NotEditable("not_written", error.strerror or str(error)) from None


def _write(file: Path, body: bytes, mode: int) -> None:
    with file.open("wb") as opened:
        file.chmod(mode)
        opened.write(body)
        opened.flush()
        os.fsync(opened.fileno())


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
