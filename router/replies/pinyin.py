"""Whether what was typed is the pinyin of a text: in full, by initials, or mixed with characters.

`fh`, `fahuo`, `fhuo`, `发h` all are 发货. A character with several readings has them all, and
the last syllable may be unfinished: results are shown while one types.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import NamedTuple

from pypinyin import Style, pinyin

_DOUBLE_INITIALS = ("zh", "ch", "sh")


class Unit(NamedTuple):
    """One character, and how it may be typed."""

    char: str
    readings: tuple[str, ...]
    starts: frozenset[str]
    """What the typing of it may begin with."""


def units(text: str) -> tuple[Unit, ...]:
    """The letters, digits and characters of a folded text."""
    return tuple(map(_unit, letters(text)))


def letters(text: str) -> str:
    """What is left without space and punctuation."""
    return "".join(char for char in text if unicodedata.category(char)[0] in "LN")


def matches(text: tuple[Unit, ...], start: int, typed: str) -> bool:
    """Whether `typed` is a typing of the text from this character on."""
    if not typed or typed[0] not in text[start].starts:
        return False
    ends = {0}
    for unit in text[start:]:
        ends = {end for at in ends for end in _ends(unit, typed, at)}
        if len(typed) in ends:
            return True
        if not ends:
            return False
    return False


def _ends(unit: Unit, typed: str, at: int) -> set[int]:
    """How far the typing of one character may reach."""
    found: set[int] = set()
    if typed.startswith(unit.char, at):
        found.add(at + 1)
    for reading in unit.readings:
        lengths = [1, len(reading)]
        if reading.startswith(_DOUBLE_INITIALS):
            lengths.append(2)
        rest = len(typed) - at
        if rest < len(reading):
            lengths.append(rest)  # the last syllable, unfinished
        found.update(at + n for n in lengths if typed.startswith(reading[:n], at))
    return found


@lru_cache(maxsize=30_000)
def _unit(char: str) -> Unit:
    found = pinyin(char, style=Style.NORMAL, heteronym=True, errors="ignore")
    readings: dict[str, None] = {}
    for reading in found[0] if found else ():
        # ü is typed as v, and by some as u.
        for way in (reading.replace("ü", "v"), reading.replace("ü", "u").replace("v", "u")):
            readings[way] = None
    return Unit(char, tuple(readings), frozenset([char, *(way[0] for way in readings if way)]))
