"""The sheet that says what the names of shifts mean (班次): name, start, end, breaks, sub-accounts.

A name without times means no shift: so a shop can have 年假 beside 休.
"""

from __future__ import annotations

from router.roster.header import Header, check_columns
from router.roster.plans import Plan
from router.roster.reading import Reading
from router.roster.timed import read_breaks, read_times
from router.roster.words import Role, is_off
from router.tables import Row, Sheet

COLUMNS = (Role.SHIFT, Role.START, Role.END, Role.BREAKS, Role.SUB_ACCOUNTS)


def read_definitions(reading: Reading, sheet: Sheet, header: Header) -> None:
    """Define what the sheet defines; note what is wrong with it."""
    check_columns(header, sheet, COLUMNS, reading.problems)
    for row in header.rows_below(sheet, COLUMNS):
        named = row.cell(header.columns[Role.SHIFT])
        name = named.text.strip()
        if is_off(name):
            reading.problems.at(
                sheet.name,
                named,
                "应为班次名;休、空、off、— 表示没有班,不能定义",
                "expected a shift's name; 休, 空, off and — mean no shift and cannot be defined",
            )
        elif reading.names.knows(name):
            reading.problems.at(
                sheet.name, named, "这个班次名已定义过", "this shift is defined already"
            )
        else:
            _define(reading, sheet, header, row, name)


def _define(reading: Reading, sheet: Sheet, header: Header, row: Row, name: str) -> None:
    start, end = row.cell(header.columns[Role.START]), row.cell(header.columns[Role.END])
    if not start.text.strip() and not end.text.strip():
        reading.names.define(name, None)
        return
    plan = _plan(reading, sheet, header, row, read_times(reading, sheet.name, name, start, end))
    if plan is None:
        reading.names.define_broken(name)
    else:
        reading.names.define(name, plan)


def _plan(
    reading: Reading, sheet: Sheet, header: Header, row: Row, timed: Plan | None
) -> Plan | None:
    """With breaks and sub-accounts; each is looked at, though another is wrong."""
    plan = timed
    if plan and Role.BREAKS in header.columns:
        cell = row.cell(header.columns[Role.BREAKS])
        plans = read_breaks(reading, sheet.name, (plan,), cell)
        plan = plans[0] if plans else None
    if Role.SUB_ACCOUNTS in header.columns:
        cell = row.cell(header.columns[Role.SUB_ACCOUNTS])
        accounts = reading.sub_accounts(sheet.name, cell)
        if accounts is None:
            return None
        plan = plan and plan._replace(sub_accounts=accounts)
    return plan
