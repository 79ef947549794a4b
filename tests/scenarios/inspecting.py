"""The inspection of texts in a scenario (`质检: 开`), by the inspector that `simulate` has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from router.conducting import Conduct
from router.core import commands as c
from router.core.facts import AnyFact
from router.core.policy import Desk
from router.inspecting import VirtualInspector


class Inspection:
    """Reads what is said, and tells what it has found when that has settled."""

    def __init__(self, desk: Desk) -> None:
        self._inspector = VirtualInspector(Conduct([desk]))

    def hear(self, offset: int, command: c.AnyCommand) -> None:
        """An entry of the log that is about to be taken."""
        if isinstance(command, c.NoteOutage):
            self._inspector.hold(command)
        self._inspector.read(offset, command)

    def see(self, facts: Sequence[AnyFact]) -> None:
        """What followed of it."""
        self._inspector.take(facts)

    def found(self, clock_ms: int) -> Iterator[tuple[int, c.AnyCommand]]:
        """What is found in all that has settled before this moment, and when."""
        yield from self._inspector.due(clock_ms)
