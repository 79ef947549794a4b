"""The matrix layout: one agent a row, one day a column, a shift's name or times in each cell."""

from __future__ import annotations

from datetime import date

from router.roster.calendar import EXPECTED_EN, EXPECTED_ZH, is_weekday, looks_like_date
from router.roster.header import Header
from router.roster.plans import BadPlan
from router.roster.reading import Reading
from router.roster.words import Role, role_of
from router.tables import Row, Sheet


def read_matrix(reading: Reading, sheet: Sheet, header: Header) -> None:
    """Draft the sheet's shifts; note what is wrong with it."""
    agents = header.columns[Role.AGENT]
    days = _days(reading, sheet.name, header, agents)
    seen: dict[str, int] = {}
    rows = [
        row
        for row in sheet.rows
        if row.number > header.row.number and not _is_for_people(row, agents)
    ]
    for row in rows:
        agent = reading.agent(sheet.name, row.cell(agents))
        if agent is None:
            continue  # its cells cannot be judged without flooding the list
        if agent in seen:
            reading.problems.at(
                sheet.name,
                row.cell(agents),
                f"重复:第 {seen[agent]} 行已有这位客服(一天几个班写在一格,用 + 隔开)",
                f"a duplicate: row {seen[agent]} has this agent"
                " (several shifts of a day stand in one cell, with + between)",
            )
            continue
        seen[agent] = row.number
        _read_row(reading, sheet.name, row, agent, days)
    if not rows:
        reading.problems.row(
            sheet.name, header.row.number, "表头下面没有内容", "there is nothing below the header"
        )


def _days(reading: Reading, sheet: str, header: Header, agents: int) -> dict[int, date]:
    """The date of each column that has one."""
    days: dict[int, date] = {}
    columns: dict[date, str] = {}
    for cell in header.row.filled():
        if cell.column == agents or role_of(cell.text) in (Role.REMARK, Role.PERSON):
            continue
        if not looks_like_date(cell):
            reading.problems.at(
                sheet,
                cell,
                f"{EXPECTED_ZH};给人看的列请写成 备注",
                f"{EXPECTED_EN}; call a column for people 备注",
            )
            continue
        day = reading.day(sheet, cell)
        if day is None:
            continue
        if day in columns:
            reading.problems.at(
                sheet,
                cell,
                f"重复:和“{columns[day]}”那一列是同一天",
                f"a duplicate: the same day as the column {columns[day]}",
            )
            continue
        columns[day] = cell.text
        days[cell.column] = day
    return days


def _is_for_people(row: Row, agents: int) -> bool:
    """Whether the row is a note, a sum or the line of weekdays below the header."""
    named = row.cell(agents).text.strip()
    if named:
        return role_of(named) is Role.REMARK
    return all(is_weekday(cell.text) for cell in row.filled() if cell.text.strip())


def _read_row(reading: Reading, sheet: str, row: Row, agent: str, days: dict[int, date]) -> None:
    for cell in row.filled():
        day = days.get(cell.column)
        if day is None:
            continue
        try:
            plans = reading.names.plans(cell.text.strip())
        except BadPlan as error:
            reading.problems.at(sheet, cell, error.zh, error.en)
            continue
        for plan in plans:
            reading.draft(sheet, cell, agent, day, plan)
