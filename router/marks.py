"""What the core may know of a text, worked out once at the door (DESIGN 5).

The marks stand in the log beside the message; a text can be erased without changing a verdict.
`MARKER` is the version of these rules: a change that marks anything otherwise raises it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Self

MARKER = 1

SHOWN_LIMIT = 256
"""Order numbers noted of one message at the most."""
JOINED_LIMIT = 6
TEXT_LIMIT = 200
"""A longer text takes no leave."""

_RUN = re.compile(r"[0-9A-Za-z]+")


def normalise(text: str) -> str:
    """NFKC, lower case, letters and digits only (Unicode categories L and N; RULES §2)."""
    return "".join(char for char in _folded(text) if unicodedata.category(char)[0] in "LN")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


class Farewells(frozenset[str]):
    """A policy's farewells, made ready to look many texts up."""

    longest: int
    more_han: re.Pattern[str]
    """Finds more Han characters than the longest farewell has characters, at a text's start."""

    def __new__(cls, farewells: Iterable[str]) -> Self:
        made = super().__new__(cls, farewells)
        made.longest = max(map(len, made), default=0)
        # Written out, as a group that is repeated takes longer to match.
        made.more_han = re.compile("[^\u4e00-\u9fff]*+[\u4e00-\u9fff]" * (made.longest + 1))
        return made


_made_ready = lru_cache(maxsize=256)(Farewells)


def is_farewell(text: str, farewells: Collection[str]) -> bool:
    """Whether the whole text takes leave (RULES §2, follow_up)."""
    if len(text) > TEXT_LIMIT:
        return False
    known = farewells if isinstance(farewells, Farewells) else _made_ready(frozenset(farewells))
    if known.more_han.match(text):
        return False  # normalising changes none of these, and leaves none out
    kept: list[str] = []
    for char in _folded(text):
        if unicodedata.category(char)[0] in "LN":
            kept.append(char)
            if len(kept) > known.longest:  # most texts end here, after a few characters
                return False
    return "".join(kept) in known


def shown_orders(text: str) -> tuple[str, ...]:
    """What may be an order number standing alone in this text (RULES §2, order_check).

    Which orders a buyer has is not known here, so every candidate is noted: each maximal run
    of ASCII letters and digits, and runs joined by single ASCII marks (`2024-0001`). Case
    counts. Numbers with other characters in them are shown by order cards only.
    """
    found: dict[str, None] = {}
    runs = list(_RUN.finditer(text))
    for first, run in enumerate(runs):
        found[run.group()] = None
        for last in range(first + 1, min(first + JOINED_LIMIT, len(runs))):
            gap = text[runs[last - 1].end() : runs[last].start()]
            if len(gap) != 1 or not gap.isascii() or gap.isspace():
                break
            found[text[run.start() : runs[last].end()]] = None
        if len(found) > 2 * SHOWN_LIMIT:
            break
    likely = sorted(found, key=lambda number: not any(char.isdigit() for char in number))
    return tuple(likely[:SHOWN_LIMIT])
