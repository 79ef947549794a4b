"""A day as it is shown: the hours of all shops and agents, or of one shop, put together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from router.stats.fold import IN_3MIN_MS, IN_30S_MS, Figures, Hours, Key, day_of, hour_of
from router.stats.hour import Hour
from router.stats.waits import Wait

DAY_HOURS = range(8, 23)
"""8:00-23:00, the hours in which platforms measure the 3-minute reply rate (RULES §7)."""
FIRST_HOURS = range(9, 23)
"""9:00-23:00, those of the 30-second rate of first answers."""


class Rate(NamedTuple):
    """So many of so many."""

    met: int
    of: int


class Part(NamedTuple):
    """An hour, a day, a shop or an agent."""

    sums: Hour
    waiting: int = 0
    """How many of its waits are not over."""
    waiting_3min: int = 0
    """Of these, how many are longer than 3 minutes already."""
    firsts_30s: int = 0
    """And those that are the first of their session, and longer than 30 s."""
    longest_ms: int | None = None
    """The longest wait, be it over or not."""

    @property
    def in_time(self) -> Rate:
        """Waits whose deadline was met, of those of which that is known."""
        return Rate(self.sums.in_time, self.sums.in_time + self.sums.late)

    @property
    def in_3min(self) -> Rate:
        """Waits that a person answered within 3 minutes, of those of which that is known."""
        return Rate(self.sums.in_3min, self.sums.waits_over + self.waiting_3min)

    @property
    def in_30s(self) -> Rate:
        """First waits of sessions that a person answered within 30 s, in the same way."""
        return Rate(self.sums.firsts_in_30s, self.sums.firsts_over + self.firsts_30s)


class Summary(NamedTuple):
    """What is shown of a day."""

    hours: list[Part]
    total: Part
    in_3min: Rate
    in_30s: Rate
    shops: dict[str, Part]
    agents: dict[str, Part]


class Day(NamedTuple):
    """A day's counters, and what has not ended in it."""

    hours: Hours
    agents: dict[Key, Hour]
    waiting: list[tuple[Key, Wait]]
    queued: list[tuple[str, int]]

    @classmethod
    def of(cls, figures: Figures, day: int) -> Day:
        return cls(
            {hour: figures.hours.get(hour, {}) for hour in range(day * 24, day * 24 + 24)},
            figures.agents.get(day, {}),
            [(k, w) for k, w in figures.waiting.items() if day_of(w.start_ms) == day],
            [each for each in figures.queued.values() if day_of(each[1]) == day],
        )


class _Sum:
    """One part being put together."""

    def __init__(self) -> None:
        self.sums = Hour()
        self._waiting = self._waiting_3min = self._firsts_30s = 0
        self._open_ms = 0

    def wait(self, wait: Wait, now_ms: int) -> None:
        """One that is not over."""
        span_ms = now_ms - wait.start_ms
        self._waiting += 1
        self._waiting_3min += span_ms > IN_3MIN_MS
        self._firsts_30s += wait.first and span_ms > IN_30S_MS
        self._open_ms = max(self._open_ms, span_ms)

    def queue(self, since_ms: int, now_ms: int) -> None:
        """A session that is still in it."""
        self.sums.queue_ms = max(self.sums.queue_ms, now_ms - since_ms)

    def done(self) -> Part:
        longest_ms = self.sums.replies.longest_ms
        if self._waiting:
            longest_ms = max(longest_ms or 0, self._open_ms)
        return Part(self.sums, self._waiting, self._waiting_3min, self._firsts_30s, longest_ms)


def summary(day: Day, now_ms: int, shop: str = "") -> Summary:
    """What the day comes to as of `now_ms`; `shop`: of this one alone."""
    hours = [_Sum() for _ in range(24)]
    shops: dict[str, _Sum] = {}
    agents: dict[str, _Sum] = {}
    total = _Sum()
    for number, cells in day.hours.items():
        for where, cell in cells.items():
            if where:
                shops.setdefault(where, _Sum()).sums.join(cell)
            if shop in ("", where):
                hours[number % 24].sums.join(cell)
                total.sums.join(cell)
    for (where, agent), cell in day.agents.items():
        if shop in ("", where):
            agents.setdefault(agent, _Sum()).sums.join(cell)
    for (where, _), wait in day.waiting:
        shops.setdefault(where, _Sum()).wait(wait, now_ms)
        if shop in ("", where):
            hours[hour_of(wait.start_ms) % 24].wait(wait, now_ms)
            total.wait(wait, now_ms)
    for where, since_ms in day.queued:
        if shop in ("", where):
            hours[hour_of(since_ms) % 24].queue(since_ms, now_ms)
            total.queue(since_ms, now_ms)
    parts = [part.done() for part in hours]
    return Summary(
        parts,
        total.done(),
        _joined(parts[hour].in_3min for hour in DAY_HOURS),
        _joined(parts[hour].in_30s for hour in FIRST_HOURS),
        {name: part.done() for name, part in shops.items()},
        {name: part.done() for name, part in agents.items()},
    )


def _joined(rates: Iterable[Rate]) -> Rate:
    met = of = 0
    for rate in rates:
        met += rate.met
        of += rate.of
    return Rate(met, of)
