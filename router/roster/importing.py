"""The way in: sheets to shifts, all or nothing (RULES §5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from itertools import groupby

from router.core.policy import DAY_MS
from router.roster.calendar import midnight_ms
from router.roster.definitions import read_definitions
from router.roster.header import Header, Layout, find_header
from router.roster.long import read_long
from router.roster.matrix import read_matrix
from router.roster.people import People
from router.roster.reading import Draft, Reading
from router.roster.shift import BadRoster, Imported, Shift
from router.roster.words import Role, role_of
from router.tables import Problem, Problems, Sheet, column_letter


def import_roster(
    sheets: Sequence[Sheet],
    *,
    agents: Collection[str] | Mapping[str, str],
    sub_accounts: Collection[str],
    today: date,
) -> Imported:
    """The shifts of a roster. `agents` are ids, or ids with names: a cell may hold either.

    `today` (Asia/Shanghai) gives dates without a year theirs. Raises `BadRoster` with all that is
    wrong: unknown people and sub-accounts, times that are none, shifts that overlap or are too
    long, breaks outside them, duplicate rows, an empty table.
    """
    reading = Reading(People(agents, sub_accounts), today)
    headers = _headers(reading.problems, sheets)
    for sheet, header in headers:
        if header.layout is Layout.DEFINITIONS:
            read_definitions(reading, sheet, header)
    for sheet, header in headers:
        if header.layout is Layout.LONG:
            read_long(reading, sheet, header)
        elif header.layout is Layout.MATRIX:
            read_matrix(reading, sheet, header)
    _check_overlaps(reading.problems, reading.drafts)
    if reading.problems.found:
        raise BadRoster(reading.problems.sorted([sheet.name for sheet in sheets]))
    return Imported(
        tuple(sorted((draft.shift for draft in reading.drafts), key=_order)),
        midnight_ms(min(reading.days)),
        midnight_ms(max(reading.days)) + DAY_MS,
    )


def _order(shift: Shift) -> tuple[int, str]:
    return shift.from_ms, shift.agent


def _headers(problems: Problems, sheets: Sequence[Sheet]) -> list[tuple[Sheet, Header]]:
    """The sheets that are read, with their headers."""
    found: list[tuple[Sheet, Header]] = []
    for sheet in sheets:
        if not sheet.rows or role_of(sheet.name) is Role.REMARK:
            continue
        header = find_header(sheet)
        if header:
            found.append((sheet, header))
        else:
            problems.row(
                sheet.name,
                sheet.rows[0].number,
                "没找到表头。应有:客服、日期,以及 班次 或 开始、结束;"
                "或者第一列客服,其余每列一个日期;班次表应有 班次、开始、结束",
                "found no header. Expected: 客服, 日期 and either 班次 or 开始 and 结束; or agents"
                " in the first column and a date over each other column; or, to define shifts,"
                " 班次, 开始 and 结束",
            )
    if not problems.found and all(h.layout is Layout.DEFINITIONS for _, h in found):
        name = sheets[0].name if sheets else ""
        zh, en = "是空的,没有排班", "it is empty: there is no roster"
        raise BadRoster([Problem(name, 0, "", "", zh, en)])
    return found


def _check_overlaps(problems: Problems, drafts: Sequence[Draft]) -> None:
    """Nobody works two shifts at once; one that ends as the next begins is well."""
    ordered = sorted(drafts, key=lambda draft: (draft.shift.agent, draft.shift.from_ms))
    for _, own in groupby(ordered, key=lambda draft: draft.shift.agent):
        last: Draft | None = None
        for draft in own:
            if last and draft.shift.from_ms < last.shift.to_ms:
                _note_overlap(problems, last, draft)
            if last is None or draft.shift.to_ms > last.shift.to_ms:
                last = draft


def _note_overlap(problems: Problems, one: Draft, other: Draft) -> None:
    """At the one that stands further down."""
    earlier, later = sorted((one, other), key=lambda draft: draft.number)
    place = f"{earlier.sheet}!{column_letter(earlier.cell.column)}{earlier.cell.row}"
    shift = later.shift
    if (shift.from_ms, shift.to_ms) == (earlier.shift.from_ms, earlier.shift.to_ms):
        zh, en = f"重复:{place} 已有同样的班", f"a duplicate: {place} has the same shift"
    else:
        zh = f"{shift.agent} 的这个班和 {place} 的班重叠"
        en = f"this shift of {shift.agent} overlaps the one in {place}"
    problems.at(later.sheet, later.cell, zh, en)
