"""Plain aligned tables, for terminals in which a Han character is two columns wide."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def width(text: str) -> int:
    """How many columns a terminal takes for it."""
    columns = 0
    for char in text:
        if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Me"):
            continue
        columns += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return columns


def printable(value: object) -> str:
    """A cell's text on one line, without what would steer the terminal."""
    text = "-" if value is None or value == "" else str(value)
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Aligned by columns; numbers to the right."""
    cells = [[printable(value) for value in row] for row in rows]
    widths = [
        max(width(line[index]) for line in [list(head), *cells]) for index in range(len(head))
    ]
    right = [
        bool(rows) and all(isinstance(row[index], int) for row in rows)
        for index in range(len(head))
    ]

    def line(texts: Sequence[str]) -> str:
        parts = []
        for text, wide, to_right in zip(texts, widths, right, strict=True):
            gap = " " * (wide - width(text))
            parts.append(gap + text if to_right else text + gap)
        return "  ".join(parts).rstrip()

    return "\n".join([line(head), *(line(row) for row in cells)])
