"""Finds the header row of a sheet, and by it what the sheet is."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from typing import NamedTuple

from router.roster.calendar import looks_like_date
from router.roster.words import Nearest, Role, folded, role_of
from router.tables import Problems, Row, Sheet

SEARCHED_ROWS = 20
"""The header stands in the first rows; above it titles and notes may stand."""


class Layout(Enum):
    """What a sheet is."""

    LONG = auto()
    """One shift a row."""
    MATRIX = auto()
    """One agent a row, one day a column."""
    DEFINITIONS = auto()
    """What the names of shifts mean."""


class Header(NamedTuple):
    """The header row of a sheet, and which column plays which part."""

    layout: Layout
    row: Row
    columns: dict[Role, int]

    def rows_below(self, sheet: Sheet, roles: Iterable[Role]) -> list[Row]:
        """The rows that hold something in a column of these."""
        columns = [self.columns[role] for role in roles if role in self.columns]
        return [
            row
            for row in sheet.rows
            if row.number > self.row.number
            and any(row.cell(column).text.strip() for column in columns)
        ]


def find_header(sheet: Sheet) -> Header | None:
    """None where no row looks like one."""
    for row in sheet.rows[:SEARCHED_ROWS]:
        columns = _columns(row)
        layout = _layout(row, columns)
        if layout:
            return Header(layout, row, columns)
    return None


def _columns(row: Row) -> dict[Role, int]:
    """The first column of each part."""
    columns: dict[Role, int] = {}
    for cell in row.filled():
        role = role_of(cell.text)
        if role:
            columns.setdefault(role, cell.column)
    if Role.PERSON in columns and Role.AGENT not in columns:
        columns[Role.AGENT] = columns.pop(Role.PERSON)
    return columns


def _layout(row: Row, columns: dict[Role, int]) -> Layout | None:
    timed = Role.START in columns and Role.END in columns
    defines = timed and not {Role.AGENT, Role.DATE} & columns.keys()
    if {Role.AGENT, Role.DATE} <= columns.keys():
        return Layout.LONG
    if defines and Role.NAME in columns:
        columns.setdefault(Role.SHIFT, columns[Role.NAME])
    if defines and Role.SHIFT in columns:
        return Layout.DEFINITIONS
    if Role.DATE not in columns and _has_days(row):
        # `客服`, `客服\\日期`, or nothing at all stands over the agents.
        first = next(cell.column for cell in row.filled() if looks_like_date(cell))
        columns.setdefault(Role.AGENT, min(row.filled()[0].column, first - 1))
        return Layout.MATRIX
    return None


def _has_days(row: Row) -> bool:
    """Whether most of what stands behind the first column are dates, as in no row of shifts."""
    behind = [
        cell
        for cell in row.filled()
        if cell.column > 0 and role_of(cell.text) not in (Role.AGENT, Role.PERSON, Role.REMARK)
    ]
    first = looks_like_date(row.cell(0))
    return not first and 2 * sum(map(looks_like_date, behind)) > len(behind)


def check_columns(header: Header, sheet: Sheet, known: Iterable[Role], problems: Problems) -> None:
    """Note each column that is there twice, or of which it is unknown what it holds.

    A misspelt header would else lose its column without a word.
    """
    wanted = {role: header.columns[role] for role in known if role in header.columns}
    nearest = Nearest(["客服", "日期", "班次", "开始", "结束", "休息", "子账号", "备注"])
    for cell in header.row.filled():
        role = role_of(cell.text)
        if cell.column in wanted.values() or role in (Role.PERSON, Role.REMARK):
            continue
        if role in wanted:
            first = header.row.cell(wanted[role])
            problems.at(
                sheet.name,
                cell,
                f"和“{first.text}”那一列重复",
                f"a duplicate of the column {first.text}",
            )
        else:
            zh, en = nearest.to(folded(cell.text))
            problems.at(
                sheet.name,
                cell,
                f"未知的列{zh}(给人看的列请写成 备注)",
                f"unknown column{en} (call a column for people 备注)",
            )
