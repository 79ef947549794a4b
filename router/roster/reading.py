"""What the layouts share while a roster is read: whom it may name, and what was found so far."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from router.roster.calendar import BadDate, date_of, midnight_ms
from router.roster.people import People, Unknown
from router.roster.plans import Names, Plan
from router.roster.shift import Shift
from router.tables import Cell, Problems


class Draft(NamedTuple):
    """A shift, and the cell that asks for it."""

    shift: Shift
    sheet: str
    cell: Cell
    number: int
    """In the order of reading."""


class Reading:
    """One import under way. What does not fit is noted, and None stands in for it."""

    def __init__(self, people: People, today: date) -> None:
        self.problems = Problems()
        self.names = Names()
        self.drafts: list[Draft] = []
        self.days: set[date] = set()
        """All days that are named, days off too."""
        self._people = people
        self._today = today
        self._agents: dict[str, str] = {}

    def agent(self, sheet: str, cell: Cell) -> str | None:
        known = self._agents.get(cell.text)
        if known is not None:
            return known
        try:
            agent = self._agents[cell.text] = self._people.agent(cell.text)
        except Unknown as error:
            self.problems.at(sheet, cell, error.zh, error.en)
            return None
        return agent

    def sub_accounts(self, sheet: str, cell: Cell) -> tuple[str, ...] | None:
        try:
            return self._people.sub_accounts(cell.text)
        except Unknown as error:
            self.problems.at(sheet, cell, error.zh, error.en)
            return None

    def day(self, sheet: str, cell: Cell) -> date | None:
        try:
            day = date_of(cell, self._today)
        except BadDate as error:
            self.problems.at(sheet, cell, error.zh, error.en)
            return None
        self.days.add(day)
        return day

    def draft(self, sheet: str, cell: Cell, agent: str, day: date, plan: Plan) -> None:
        """Keep a shift of this day."""
        day_ms = midnight_ms(day)
        shift = Shift(
            agent=agent,
            from_ms=day_ms + plan.start_s * 1000,
            to_ms=day_ms + plan.end_s * 1000,
            sub_accounts=plan.sub_accounts,
            breaks=tuple((day_ms + a * 1000, day_ms + b * 1000) for a, b in plan.breaks),
            name=plan.name,
        )
        self.drafts.append(Draft(shift, sheet, cell, len(self.drafts)))
