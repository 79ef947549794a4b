"""The columns that say when: start, end and breaks; the same in definitions and in long rosters."""

from __future__ import annotations

from router.roster.clock import seconds_of
from router.roster.plans import (
    TIME_EN,
    TIME_ZH,
    BadPlan,
    Plan,
    plan_of,
    with_breaks,
)
from router.roster.reading import Reading
from router.tables import Cell


def read_times(reading: Reading, sheet: str, name: str, start: Cell, end: Cell) -> Plan | None:
    """The plan of a start and an end; None, and noted, where they are none."""
    found: list[int] = []
    for cell in (start, end):
        try:
            found.append(seconds_of(cell))
        except ValueError:
            reading.problems.at(sheet, cell, TIME_ZH, TIME_EN)
    if len(found) < 2:
        return None
    try:
        return plan_of(name, *found)
    except BadPlan as error:
        reading.problems.at(sheet, end, error.zh, error.en)
        return None


def read_breaks(
    reading: Reading, sheet: str, plans: tuple[Plan, ...], cell: Cell
) -> tuple[Plan, ...] | None:
    """The plans with the cell's breaks; an empty cell leaves them as they are."""
    if not cell.text.strip():
        return plans
    try:
        return with_breaks(plans, cell.text)
    except BadPlan as error:
        reading.problems.at(sheet, cell, error.zh, error.en)
        return None
