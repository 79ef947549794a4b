"""What is wrong with a table, said so that a person can mend it: sheet, row, column, why.

Every text stands in Chinese first, in English beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from router.tables.cells import Cell, column_letter

LONGEST_SHOWN = 40


class Problem(NamedTuple):
    """One thing that is wrong."""

    sheet: str
    """The sheet's name; of a CSV file the file's."""
    row: int
    """From 1, as Excel counts; 0: the sheet as a whole."""
    column: str
    """A letter, as Excel has it; "" for the row as a whole."""
    found: str
    """What stands there, as the reader saw it."""
    zh: str
    en: str

    @property
    def place(self) -> str:
        """`班次!C5`, as a formula would name it."""
        return f"{self.sheet}!{self.column}{self.row}" if self.row else self.sheet

    def __str__(self) -> str:
        found = (f",实为 {self.found}", f", found {self.found}") if self.found else ("", "")
        return f"{self.place}: {self.zh}{found[0]} / {self.en}{found[1]}"


class BadTable(Exception):
    """The table cannot be used: all that is wrong with it, not just the first thing."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        first = str(self.problems[0])
        more = len(self.problems) - 1
        return f"{first} (另有 {more} 处 / and {more} more)" if more else first


class Problems:
    """What was found wrong so far."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def at(self, sheet: str, cell: Cell, zh: str, en: str) -> None:
        """Something about a cell, whose text is shown."""
        letter = column_letter(cell.column)
        self.found.append(Problem(sheet, cell.row, letter, shown(cell.text), zh, en))

    def row(self, sheet: str, row: int, zh: str, en: str) -> None:
        """Something about a row; 0 for the sheet as a whole."""
        self.found.append(Problem(sheet, row, "", "", zh, en))

    def sorted(self, sheets: Sequence[str]) -> list[Problem]:
        """In the order in which a person goes through these sheets, row by row."""
        place = {name: index for index, name in enumerate(sheets)}
        return sorted(self.found, key=lambda p: (place[p.sheet], p.row, len(p.column), p.column))


def shown(text: str) -> str:
    """A cell's text in quotes, on one line and not longer than fits there."""
    if not text:
        return "空 (empty)"
    flat = "".join(char if char.isprintable() else " " for char in text)
    return f'"{flat}"' if len(flat) <= LONGEST_SHOWN else f'"{flat[:LONGEST_SHOWN]}…"'
