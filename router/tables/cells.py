"""Sheets, rows and cells: what a table is once it is read, and before it is written."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

Value = str | date | time
"""What a cell may be made of; `datetime` is a date, too."""

_EXCEL_EPOCH = datetime(1899, 12, 31)  # noqa: DTZ001  # what Excel counts from has no zone
_HOURS_YEAR = 1900
"""A date of this year is an amount of hours: 24:00 is 1, and Excel's day 1 is 1900-01-01."""
_HALF_SECOND = timedelta(milliseconds=500)
_LAST = datetime(9999, 12, 31)  # noqa: DTZ001
"""The last day there is: behind it nothing can be rounded up."""


class Cell(NamedTuple):
    """One cell, with its place."""

    row: int
    """From 1, as Excel counts."""
    column: int
    """From 0; `column_letter` makes what people read."""
    text: str = ""
    value: date | time | None = None
    """What Excel holds as a date (`date`, `datetime`) or a time of day (`time`)."""


class Row:
    """The cells of one row that are not empty."""

    __slots__ = ("_cells", "number")

    def __init__(self, number: int, cells: Mapping[int, Cell]) -> None:
        self.number = number
        self._cells = cells

    def cell(self, column: int) -> Cell:
        """The cell of a column, an empty one where nothing stands."""
        return self._cells.get(column) or Cell(self.number, column)

    def filled(self) -> list[Cell]:
        """From left to right."""
        return [self._cells[column] for column in sorted(self._cells)]

    @property
    def width(self) -> int:
        """Columns up to the last that is filled."""
        return max(self._cells, default=-1) + 1


class Sheet(NamedTuple):
    """A sheet of a workbook, or a CSV file. Rows that are empty are left out."""

    name: str
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, name: str, rows: Iterable[Sequence[Value]]) -> Sheet:
        """A sheet made of values, row by row; "" for an empty cell."""
        made: list[Row] = []
        for number, values in enumerate(rows, 1):
            cells = {
                column: cell_of(number, column, value)
                for column, value in enumerate(values)
                if value != ""
            }
            if cells:
                made.append(Row(number, cells))
        return cls(name, tuple(made))


def column_letter(column: int) -> str:
    """A for 0, Z for 25, AA for 26, as Excel has it."""
    letters = ""
    while column >= 0:
        column, letter = column // 26 - 1, column % 26
        letters = chr(ord("A") + letter) + letters
    return letters


def cell_of(row: int, column: int, value: object) -> Cell:
    """A cell of what a file holds: text, number, truth, date, time or duration.

    Excel's times are fractions of a day: they are rounded to whole seconds.
    """
    if isinstance(value, str):
        return Cell(row, column, value)
    if isinstance(value, datetime):
        value = _whole_second(value)
        if value.year <= _HOURS_YEAR:
            return Cell(row, column, _duration(value - _EXCEL_EPOCH))
        if value.time() == time():
            return Cell(row, column, value.date().isoformat(), value.date())
        return Cell(row, column, f"{value.date().isoformat()} {clock_text(value.time())}", value)
    if isinstance(value, date):
        if value.year <= _HOURS_YEAR:
            return Cell(row, column, _duration(datetime.combine(value, time()) - _EXCEL_EPOCH))
        return Cell(row, column, value.isoformat(), value)
    if isinstance(value, time):
        rounded = _whole_second(datetime.combine(_EXCEL_EPOCH, value))
        if rounded.date() != _EXCEL_EPOCH.date():
            return Cell(row, column, "24:00")
        return Cell(row, column, clock_text(rounded.time()), rounded.time())
    if isinstance(value, timedelta):
        return Cell(row, column, _duration(value))
    return Cell(row, column, _number(value))


def clock_text(at: time) -> str:
    """`09:30`, with seconds only where there are some."""
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def _whole_second(moment: datetime) -> datetime:
    rounded = moment if moment > _LAST else moment + _HALF_SECOND
    return rounded.replace(microsecond=0)


def _duration(length: timedelta) -> str:
    seconds = round(length.total_seconds())
    hours, rest = divmod(abs(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    sign = "-" if seconds < 0 else ""
    return f"{sign}{hours:02}:{minutes:02}" + (f":{rest:02}" if rest else "")


def _number(value: object) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return str(int(value))
    return str(value)
