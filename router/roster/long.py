"""The long layout: one shift a row, with its agent, date, and a shift's name or times."""

from __future__ import annotations

from router.roster.header import Header, check_columns
from router.roster.plans import BadPlan, Plan
from router.roster.reading import Reading
from router.roster.timed import read_breaks, read_times
from router.roster.words import Role, is_off
from router.tables import Cell, Row, Sheet

COLUMNS = (
    *(Role.AGENT, Role.DATE, Role.SHIFT, Role.START, Role.END),
    *(Role.BREAKS, Role.SUB_ACCOUNTS),
)


def read_long(reading: Reading, sheet: Sheet, header: Header) -> None:
    """Draft the sheet's shifts; note what is wrong with it."""
    check_columns(header, sheet, COLUMNS, reading.problems)
    if Role.SHIFT not in header.columns and not {Role.START, Role.END} <= header.columns.keys():
        reading.problems.row(
            sheet.name,
            header.row.number,
            "缺少 班次 列,或 开始、结束 两列",
            "the column 班次 is missing, or else 开始 and 结束",
        )
        return
    rows = header.rows_below(sheet, COLUMNS)
    for row in rows:
        _read_row(reading, sheet.name, header, row)
    if not rows:
        reading.problems.row(
            sheet.name, header.row.number, "表头下面没有内容", "there is nothing below the header"
        )


def _read_row(reading: Reading, sheet: str, header: Header, row: Row) -> None:
    def cell(role: Role) -> Cell | None:
        return row.cell(header.columns[role]) if role in header.columns else None

    # All cells are looked at, though one of them is wrong: whoever mends wants all.
    agent = reading.agent(sheet, row.cell(header.columns[Role.AGENT]))
    day = reading.day(sheet, row.cell(header.columns[Role.DATE]))
    shift, start, end = cell(Role.SHIFT), cell(Role.START), cell(Role.END)
    if (start and start.text.strip()) or (end and end.text.strip()):
        named = shift or Cell(row.number, 0)
        plans = _timed(reading, sheet, named, start, end)
    else:
        plans = _named(reading, sheet, shift or start)
    breaks, accounts_cell = cell(Role.BREAKS), cell(Role.SUB_ACCOUNTS)
    if plans and breaks:
        plans = read_breaks(reading, sheet, plans, breaks)
    accounts = reading.sub_accounts(sheet, accounts_cell) if accounts_cell else ()
    if agent is None or day is None or plans is None or accounts is None:
        return
    place = start if start and start.text.strip() else shift
    assert place is not None
    for plan in plans:
        mine = plan._replace(sub_accounts=accounts or plan.sub_accounts)
        reading.draft(sheet, place, agent, day, mine)


def _timed(
    reading: Reading, sheet: str, named: Cell, start: Cell | None, end: Cell | None
) -> tuple[Plan, ...] | None:
    """The times rule; the shift's name is a label beside them."""
    name = named.text.strip()
    if name and is_off(name):
        reading.problems.at(
            sheet,
            named,
            "写了上下班时间,班次就不能是休",
            "with a start or an end the shift cannot be a day off",
        )
        return None
    # A header with only one of the two columns: the missing cell is an empty one beside it.
    start = start or Cell(named.row, end.column if end else 0)
    end = end or Cell(named.row, start.column)
    plan = read_times(reading, sheet, name, start, end)
    return (plan,) if plan else None


def _named(reading: Reading, sheet: str, cell: Cell | None) -> tuple[Plan, ...] | None:
    assert cell is not None  # a header has one of the two
    if not cell.text.strip():
        reading.problems.at(
            sheet,
            cell,
            "应为班次名、时间段或 休,或者写明开始和结束",
            "expected a shift's name, a span or 休, or else a start and an end",
        )
        return None
    try:
        return reading.names.plans(cell.text.strip())
    except BadPlan as error:
        reading.problems.at(sheet, cell, error.zh, error.en)
        return None
