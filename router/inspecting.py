"""The inspector in virtual time: what `workers.inspector` does on a log, on a trace's lines.

Both keep a `Course` for each buyer and shop and judge what has settled of it; this one has the
words at hand, and its clock is the trace's. At the trace's end nothing can arrive any more, so all
that is left is judged then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import NamedTuple

from router.conduct import course, inspection
from router.conducting import Conduct
from router.core import commands as c
from router.core.facts import AnyFact, OutageNoted

FOREVER_MS = 1 << 60


class Raised(NamedTuple):
    """A finding, and when it is put down."""

    at_ms: int
    command: c.RaiseFlag


class VirtualInspector:
    """Judges the messages of one desk. Feed it each line and what followed from it."""

    def __init__(self, conduct: Conduct) -> None:
        self._conduct = conduct
        self._courses: dict[tuple[str, str], course.Course] = {}
        self._words: dict[int, inspection.Words] = {}
        self._wakes: list[tuple[int, str, str]] = []
        """(settles_ms, shop, buyer); outdated ones are dropped when met."""
        self._outages: list[OutageNoted] = []

    def read(self, offset: int, command: c.AnyCommand) -> None:
        """Keep a message's words."""
        words = inspection.words_of(command)
        if words is not None:
            self._words[offset] = words

    def take(self, facts: Iterable[AnyFact]) -> None:
        """Take what followed from a line."""
        for fact in facts:
            if isinstance(fact, course.FACTS):
                self._take(fact)

    def hold(self, outage: c.NoteOutage) -> None:
        """Take an outage: before anything that fell in it is judged."""
        noted = OutageNoted(at_ms=outage.to_ms, from_ms=outage.from_ms, to_ms=outage.to_ms)
        self._outages = [*self._outages[-7:], noted]
        for key, known in self._courses.items():
            if course.hold(known, noted, self._conduct.outage_grace_ms(key[0])):
                self._wake(key, known)

    def _take(self, fact: course.CourseFact) -> None:
        key = (fact.shop, fact.buyer)
        if self._conduct.examiner(fact.shop) is None:
            return
        known = self._courses.setdefault(key, course.Course())
        lateness_ms = self._conduct.lateness_ms(fact.shop)
        grace_ms = self._conduct.outage_grace_ms(fact.shop)
        until_ms = course.held_ms(fact, self._outages, grace_ms)
        if course.take(known, fact, lateness_ms, until_ms):
            self._wake(key, known)

    def _wake(self, key: tuple[str, str], known: course.Course) -> None:
        wake_ms = known.wake_ms()
        if wake_ms >= 0:
            heappush(self._wakes, (wake_ms, *key))

    def due(self, clock_ms: int) -> Iterator[Raised]:
        """What is found in all that has settled before `clock_ms`, in order."""
        while self._wakes and self._wakes[0][0] < clock_ms:
            wake_ms, shop, buyer = heappop(self._wakes)
            known = self._courses[shop, buyer]
            if known.wake_ms() != wake_ms:
                continue
            examiner = self._conduct.examiner(shop)
            assert examiner is not None  # a course is only kept where there is one
            at_ms = wake_ms + 1
            found = list(inspection.judge(known, shop, buyer, self._words, examiner, at_ms))
            self._wake((shop, buyer), known)
            for command in found:
                yield Raised(at_ms, command)
