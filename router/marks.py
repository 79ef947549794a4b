"""What the core may know of a text, worked out once at the door (DESIGN 5).

The marks stand in the log beside the message; a text can be erased without changing a verdict.
`MARKER` is the version of these rules: a change that marks anything otherwise raises it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

MARKER = 1

SHOWN_LIMIT = 256
"""Order numbers noted of one message at the most."""
JOINED_LIMIT = 6

HAN_LIMIT = 16
_MUCH_HAN = re.compile(f"(?:[^\u4e00-\u9fff]*[\u4e00-\u9fff]){{{HAN_LIMIT}}}")
_RUN = re.compile(r"[0-9A-Za-z]+")


def normalise(text: str) -> str:
    """NFKC, lower case, letters and digits only (Unicode categories L and N; RULES §2)."""
    return "".join(char for char in _folded(text) if unicodedata.category(char)[0] in "LN")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def is_farewell(text: str, farewells: Collection[str]) -> bool:
    """Whether the whole text takes leave (RULES §2, follow_up)."""
    if len(text) > 200:
        return False
    longest = max(map(len, farewells), default=0)
    if longest < HAN_LIMIT and _MUCH_HAN.match(text):
        return False  # normalising changes none of these, and leaves none out
    kept: list[str] = []
    for char in _folded(text):
        if unicodedata.category(char)[0] in "LN":
            kept.append(char)
            if len(kept) > longest:  # most texts end here, after a few characters
                return False
    return "".join(kept) in farewells


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
