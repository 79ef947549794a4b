"""Edits of a desk in its TOML: the values that were meant, and nothing else.

The same edit is made twice, on the document with its comments and on its plain values; only
where both come to the same is the text used. So whatever way a file is written in, what is
written back says what was asked for and keeps all the rest.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import MutableMapping, MutableSequence
from copy import deepcopy
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

import tomlkit
from tomlkit.exceptions import TOMLKitError

from router.core.policy import Policy
from router.policy_editing.keys import OF_SHOP
from router.policy_editing.values import Value

Table = MutableMapping[str, Any]

BOM = "\ufeff"
_NAMES = {"items": "name", "conduct": "rule"}
"""Of the lists in a policy: by what an entry is found."""
_DEFAULT_KINDS = frozenset(item.name for item in Policy().items)
_HEADER = re.compile(r"\s*\[")
_KEY_LINE = re.compile(r"#?\s*[a-z_]+\s*=")


class Edit(NamedTuple):
    """One value to be set; None takes it away, so that what stands above it counts."""

    shop: str
    key: str
    value: Value | None


class UnknownPlace(Exception):
    """No shop of this name in the file."""


class OtherShape(Exception):
    """The file is written in a way that cannot be edited without touching more."""


class Place(NamedTuple):
    """Where a desk stands in a file: by itself (-1), or as one of its `[[desk]]`."""

    number: int

    def of(self, document: Any) -> Any:
        return document if self.number < 0 else document["desk"][self.number]

    @property
    def prefix(self) -> str:
        """How the paths of its keys begin."""
        return "" if self.number < 0 else f"desk[{self.number}]."


def parse(text: str) -> dict[str, Any]:
    """Raises `tomllib.TOMLDecodeError`."""
    return tomllib.loads(_plain(text), parse_float=Decimal)


def _plain(text: str) -> str:
    return text.removeprefix(BOM).replace("\r\n", "\n")


def edited(text: str, place: Place, edits: list[Edit]) -> str:
    """The text with these values. Raises `UnknownPlace`, `OtherShape`."""
    plain = _plain(text)
    values = parse(plain)
    wanted = deepcopy(values)
    for edit in edits:
        _apply(place.of(wanted), edit, _decimal)
    if wanted == values:
        return text
    for begin in (_with_lines(_without_tables(plain, place, edits), place, edits), plain):
        made = _made(begin, place, edits)
        for result in (_with_gaps(made, plain), made) if made else ():
            if _says(result, wanted):
                result = result.replace("\n", "\r\n") if "\r\n" in text else result
                return BOM + result if text.startswith(BOM) else result
    raise OtherShape


def _made(text: str, place: Place, edits: list[Edit]) -> str:
    """The text as the library edits it; "" where it cannot."""
    try:
        document = tomlkit.parse(text)
        for edit in edits:
            _apply(place.of(document), edit, lambda value: value)
        return tomlkit.dumps(document)
    except (TOMLKitError, ValueError, TypeError, KeyError, IndexError):
        return ""


def _says(text: str, wanted: dict[str, Any]) -> bool:
    try:
        return parse(text) == wanted
    except tomllib.TOMLDecodeError:
        return False


# The edit itself, on a document or on plain values


def _apply(desk: Table, edit: Edit, made: Any) -> None:
    holder = desk if not edit.shop else _shop(desk, edit.shop)
    no_time = edit.value == "" and edit.key.endswith(".cut_off")
    value = None if edit.value is None or no_time else made(_as_written(edit))
    if edit.key == "strategy" or edit.key in OF_SHOP:
        _set(holder, edit.key, value)
        return
    if "policy" not in holder:
        if value is None or (value is False and edit.key.endswith(".on")):
            return
        holder["policy"] = {}
    policy = holder["policy"]
    name, _, rest = edit.key.partition(".")
    if name in _NAMES and rest:
        _apply_listed(policy, name, rest, value, in_shop=bool(edit.shop))
    else:
        _set(policy, edit.key, value)


def _shop(desk: Table, name: str) -> Table:
    for shop in desk.get("shops", ()):
        if shop.get("id") == name:
            found: Table = shop
            return found
    raise UnknownPlace(name)


def _set(table: Table, key: str, value: Any) -> None:
    if value is not None:
        table[key] = value
    elif key in table:
        del table[key]


def _apply_listed(policy: Table, table: str, rest: str, value: Any, *, in_shop: bool) -> None:
    """An entry of `[[items]]` or `[[conduct]]`."""
    name, _, field = rest.rpartition(".")
    entries: MutableSequence[Any] = policy.get(table, [])
    index = next((i for i, one in enumerate(entries) if one.get(_NAMES[table]) == name), -1)
    if field == "on":
        if value and index < 0:
            _append(policy, table, {_NAMES[table]: name})
        elif not value and index >= 0:
            _drop(policy, table, index)
        return
    if index < 0:
        if value is not None:
            _append(policy, table, {_NAMES[table]: name, field: value})
        return
    entry = entries[index]
    _set(entry, field, value)
    # An entry that says nothing more is needed only where it switches a kind on.
    if len(entry) == 1 and (table == "conduct" or in_shop or name in _DEFAULT_KINDS):
        _drop(policy, table, index)


def _append(policy: Table, table: str, entry: dict[str, Any]) -> None:
    if table in policy:
        policy[table].append(entry)
    else:
        policy[table] = [entry]


def _drop(policy: Table, table: str, index: int) -> None:
    if len(policy[table]) == 1:
        del policy[table]
    else:
        del policy[table][index]


def _as_written(edit: Edit) -> Any:
    """As the file has it: amounts in yuan."""
    value = edit.value
    if edit.key.rpartition(".")[2].endswith("fine") and type(value) is int:
        return value // 100 if value % 100 == 0 else value / 100
    return value


def _decimal(value: Any) -> Any:
    return Decimal(repr(value)) if isinstance(value, float) else value


# Lines that go, and where new ones stand


def _without_tables(text: str, place: Place, edits: list[Edit]) -> str:
    """Without the `[[items]]` and `[[conduct]]` that go as a whole: the library would take the
    comments that follow them along."""
    for edit in edits:
        table, _, rest = edit.key.partition(".")
        if not rest or edit.value not in (None, False):
            continue
        wanted = parse(text)
        _apply(place.of(wanted), edit, _decimal)
        found = (_without(text, head) for head in _heads(text, table, rest.rpartition(".")[0]))
        text = next((left for left in found if _says(left, wanted)), text)
    return text


def _heads(text: str, table: str, name: str) -> list[int]:
    """Lines that may begin a table of this name."""
    lines = text.split("\n")
    begins = re.compile(rf"\s*\[\[[\w.]*policy\.{table}\]\]")
    named = re.compile(rf'\s*{_NAMES[table]}\s*=\s*["\']{re.escape(name)}["\']')
    heads = [i for i, line in enumerate(lines) if begins.match(line)]
    return [i for i in heads if any(named.match(line) for line in lines[i : _end(lines, i)])]


def _end(lines: list[str], head: int) -> int:
    """Where a table's own lines end: at an empty one, a comment, or the next table."""
    ends = (
        i
        for i in range(head + 1, len(lines))
        if not lines[i].strip() or lines[i].startswith("#") or _HEADER.match(lines[i])
    )
    return next(ends, len(lines))


def _without(text: str, head: int) -> str:
    lines = text.split("\n")
    end = _end(lines, head)
    gap = end < len(lines) and not lines[end].strip() and head and not lines[head - 1].strip()
    return "\n".join(lines[:head] + lines[end + bool(gap) :])


def _with_lines(text: str, place: Place, edits: list[Edit]) -> str:
    """With a line for each key that is new in `[policy]`, where people look for it: in the place of
    a line that shows its default as a comment, or behind the other keys."""
    lines = text.split("\n")
    for edit in edits:
        section = _policy_section(lines, place)
        if edit.shop or "." in edit.key or edit.key == "strategy" or edit.value is None:
            continue
        if section is None or any(re.match(rf"\s*{edit.key}\s*=", lines[i]) for i in section):
            continue
        shown = [i for i in section if re.match(rf"#\s?{edit.key}\s*=", lines[i])]
        if shown:
            lines[shown[0]] = lines[shown[0]].removeprefix("#").removeprefix(" ")
            continue
        keys = [i for i in section if _KEY_LINE.match(lines[i])]
        lines.insert((keys[-1] if keys else section.start - 1) + 1, f"{edit.key} = 0")
    return "\n".join(lines)


def _policy_section(lines: list[str], place: Place) -> range | None:
    """The lines of the desk's `[policy]`."""
    first, name = 0, "policy"
    if place.number >= 0:
        desks = [i for i, line in enumerate(lines) if re.match(r"\[\[\s*desk\s*\]\]", line)]
        if len(desks) <= place.number:
            return None
        first, name = desks[place.number], "desk.policy"
    head = next((i for i in range(first, len(lines)) if lines[i].startswith(f"[{name}]")), None)
    if head is None:
        return None
    ends = (i for i in range(head + 1, len(lines)) if _HEADER.match(lines[i]))
    return range(head + 1, next(ends, len(lines)))


def _with_gaps(text: str, before: str) -> str:
    """With an empty line above each table that is new and has none."""
    known = before.split("\n")
    pairs = set(pairwise(known))
    lines: list[str] = []
    for line in text.split("\n"):
        above = lines[-1] if lines else ""
        if _HEADER.match(line) and above.strip() and not above.startswith("#"):
            if (above, line) not in pairs:
                lines.append("")
        lines.append(line)
    return "\n".join(lines)
