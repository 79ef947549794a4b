"""A buyer's waits at one shop, made from what was said, and from the core's word on lateness."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from typing import Final, NamedTuple

# What comes first of one millisecond.
OPENED: Final = 0
BUYER: Final = 1
ANSWER: Final = 2
CLOSED: Final = 3

NEVER_MS: Final = 1 << 60
LINES_LIMIT: Final = 64
LINES_KEPT: Final = 32


class Line(NamedTuple):
    """What can begin or end a wait, in the order in which it was sent."""

    sent_ms: int
    rank: int
    name: str
    """The buyer's message, or the agent who answered ("": nobody is known)."""
    human: bool = False
    """ANSWER: a person's, not one that the router or a bot has given."""


class Wait(NamedTuple):
    """One wait."""

    start_ms: int
    first: bool
    """The first of its session."""
    late: bool = False
    blamed: str = ""
    """Late: against whom it is held; "": nobody."""
    over: bool = False
    answered_ms: int = -1
    agent: str = ""
    human: bool = False


class Thread:
    """One buyer at one shop, as far back as anything can still change."""

    __slots__ = ("counted", "fresh", "from_ms", "lines", "missed", "recalled", "seen_ms", "spoken")

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.missed: dict[int, str] = {}
        """Reply deadlines that were missed, by due: against whom that is held."""
        self.recalled: dict[str, int] = {}
        """Messages that were taken back, and when we learned of it."""
        self.counted: list[Wait] = []
        """What of its waits is in the counters."""
        self.from_ms = -NEVER_MS
        """What was sent before this is counted for good."""
        self.fresh = False
        """Whether a session was open then in which nobody had waited yet."""
        self.spoken: set[tuple[str, str]] = set()
        """In which sessions which agents have written."""
        self.seen_ms = 0

    def add(self, line: Line) -> None:
        if line.sent_ms >= self.from_ms:
            insort(self.lines, line)

    def waits(self) -> list[Wait]:
        return list(self._waits())

    def _waits(self) -> Iterator[Wait]:
        asked: list[Line] = []
        fresh, first = self.fresh, False
        for line in self.lines:
            if line.rank == OPENED:
                if asked:
                    first = True  # a message that came later than the one that opened it
                else:
                    fresh = True
            elif line.rank == BUYER:
                if not asked:
                    first, fresh = fresh, False
                asked.append(line)
            else:
                if asked and (wait := self._wait(asked, first, line)) is not None:
                    yield wait
                asked = []
                fresh = fresh and line.rank != CLOSED
        if asked and (wait := self._wait(asked, first, None)) is not None:
            yield wait

    def _wait(self, asked: list[Line], first: bool, end: Line | None) -> Wait | None:
        """What these unanswered messages come to; None for nothing, where all were recalled."""
        end_ms = NEVER_MS if end is None else end.sent_ms
        start_ms = asked[0].sent_ms
        missed = [due_ms for due_ms in self.missed if start_ms < due_ms <= end_ms]
        left = [one for one in asked if self.recalled.get(one.name, NEVER_MS) >= end_ms]
        if not missed:
            if not left:
                return None
            start_ms = left[0].sent_ms
        wait = Wait(
            start_ms,
            first,
            late=bool(missed),
            blamed=self.missed[min(missed)] if missed else "",
            over=end is not None or not left,
        )
        if end is None or end.rank == CLOSED:
            return wait
        return wait._replace(answered_ms=end_ms, agent=end.name, human=end.human)

    def shorten(self) -> None:
        """Where the lines have become many, count the oldest waits for good and forget them."""
        if len(self.lines) <= LINES_LIMIT:
            return
        cut = self._boundary()
        if cut == 0:  # a buyer who has written and written: of that only the first line matters
            first = next(n for n, line in enumerate(self.lines) if line.rank == BUYER)
            last = len(self.lines) - LINES_KEPT
            del self.lines[first + 1 : last]
            return
        self.from_ms = self.lines[cut].sent_ms
        self.lines = self.lines[cut:]
        kept = {line.name for line in self.lines}
        self.recalled = {name: at_ms for name, at_ms in self.recalled.items() if name in kept}
        self.missed = {due: agent for due, agent in self.missed.items() if due >= self.from_ms}
        self.counted = [wait for wait in self.counted if wait.start_ms >= self.from_ms]

    def _boundary(self) -> int:
        """The last place, not among the newest lines, at which nobody waited."""
        found, asked, fresh = 0, False, self.fresh
        for index, line in enumerate(self.lines[:-LINES_KEPT]):
            if not asked and line.sent_ms > self.lines[index - 1].sent_ms:
                found, self.fresh = index, fresh
            if line.rank == OPENED:
                fresh = not asked
            elif line.rank == BUYER:
                asked, fresh = True, False
            else:
                asked, fresh = False, fresh and line.rank != CLOSED
        return found
