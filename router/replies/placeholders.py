"""Placeholders of quick replies: `{buyer}` or `{买家}`, and what stands for them when it is sent.

`{{` and `}}` are braces that are meant. Wide braces around a known name count, too: Chinese
keyboards write them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

PLACEHOLDERS = {"buyer": "买家", "order": "订单", "agent": "客服", "shop": "店铺"}
"""The names, each with its Chinese one."""

_NAMES = {**{zh: en for en, zh in PLACEHOLDERS.items()}, **{en: en for en in PLACEHOLDERS}}
_KNOWN = "|".join(_NAMES)
_TOKEN = re.compile(
    rf"(?P<escaped>\{{\{{|\}}\}})"
    rf"|\{{\s*(?P<narrow>[^{{}}\n]*?)\s*\}}|｛\s*(?P<wide>{_KNOWN})\s*｝"
    r"|(?P<lone>[{}])"
)


class Filled(NamedTuple):
    """A reply's text as it can be sent."""

    text: str
    missing: tuple[str, ...]
    """Placeholders without a value, by their English names, each once: they stand in the text
    as they were written, for the agent to fill in before sending."""


class BadPlaceholder(NamedTuple):
    """What stands in braces and is none."""

    found: str
    zh: str
    en: str


def fill(text: str, values: Mapping[str, str]) -> Filled:
    """The text with the values, by the placeholders' English names; what they hold stays as is."""
    missing: dict[str, None] = {}

    def replaced(match: re.Match[str]) -> str:
        if match["escaped"]:
            return match["escaped"][0]
        name = _NAMES.get(match["narrow"] or match["wide"] or "")
        if name is None:
            return match[0]
        if not values.get(name):
            missing[name] = None
            return match[0]
        return values[name]

    return Filled(_TOKEN.sub(replaced, text), tuple(missing))


def bad_placeholders(text: str) -> list[BadPlaceholder]:
    """What a person has to mend before the text is saved."""
    known_zh = "、".join(f"{{{zh}}}" for zh in PLACEHOLDERS.values())
    known_en = ", ".join(f"{{{en}}}" for en in PLACEHOLDERS)
    bad: list[BadPlaceholder] = []
    for match in _TOKEN.finditer(text):
        if match["lone"]:
            zh = f"{match[0]} 没有成对;真要写花括号请写两个:{match[0] * 2}"
            en = f"{match[0]} stands alone; for a brace of its own write {match[0] * 2}"
        elif match["narrow"] is not None and match["narrow"] not in _NAMES:
            zh = f"没有 {match[0]} 这个占位符,可用:{known_zh};真要写花括号请写两个"
            en = f"there is no placeholder {match[0]}; known: {known_en}; for braces write two"
        else:
            continue
        bad.append(BadPlaceholder(match[0], zh, en))
    return bad
