"""Where to find shifts and handovers: whose they are, which are on, which are open.

Derived from the records; `State` makes it anew on recovery. Whoever adds, forgets or changes
a shift or a handover calls `note_shift`, `forget_shift` or `note_handover`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from router.core.records import Handover, Shift


class Rota:
    """A desk's shifts by agent, those that are on, and the handovers nobody has taken whole."""

    def __init__(self, shifts: Mapping[str, Shift], handovers: Mapping[str, Handover]) -> None:
        self._by_agent: dict[str, dict[str, Shift]] = {}
        self._handed: dict[str, dict[str, Handover]] = {}
        self.on: dict[str, Shift] = {}
        """The shifts that are on, by their ids."""
        self.open: dict[str, Handover] = {}
        """Handovers that nobody has acknowledged whole, by their ids."""
        for shift in shifts.values():
            self.note_shift(shift)
        for handover in handovers.values():
            self.note_handover(handover)

    def note_shift(self, shift: Shift, *, was: str = "") -> None:
        """It is new, has begun, is over, or was another agent's (`was`) before."""
        if was and was != shift.agent:
            self._by_agent.get(was, {}).pop(shift.id, None)
        self._by_agent.setdefault(shift.agent, {})[shift.id] = shift
        if shift.state == "on":
            self.on[shift.id] = shift
        else:
            self.on.pop(shift.id, None)

    def forget_shift(self, shift: Shift) -> None:
        self._by_agent.get(shift.agent, {}).pop(shift.id, None)
        self.on.pop(shift.id, None)

    def note_handover(self, handover: Handover) -> None:
        """It is new, or was acknowledged."""
        self._handed.setdefault(handover.agent, {})[handover.id] = handover
        if handover.acknowledged_ms:
            self.open.pop(handover.id, None)
        else:
            self.open[handover.id] = handover

    def of(self, agent: str) -> list[Shift]:
        """The agent's shifts, by their beginnings."""
        return sorted(self._by_agent.get(agent, {}).values(), key=beginning)

    def on_of(self, agent: str) -> list[Shift]:
        """The agent's shifts that are on: one, or two that touch."""
        return [shift for shift in self.of(agent) if shift.state == "on"]

    def filed_by(self, agent: str) -> list[Handover]:
        """The agent's handovers, oldest first."""
        return sorted(self._handed.get(agent, {}).values(), key=lambda each: each.no)

    def all_on(self) -> list[Shift]:
        """The shifts that are on, by their beginnings."""
        return sorted(self.on.values(), key=beginning)

    def all_open(self) -> list[Handover]:
        """Handovers that nobody has acknowledged whole, oldest first."""
        return sorted(self.open.values(), key=lambda each: each.no)


def beginning(shift: Shift) -> tuple[int, int]:
    """The order of shifts: by their beginnings, then as they were planned."""
    return (shift.from_ms, shift.no)


def in_order(shifts: Iterable[Shift]) -> list[Shift]:
    return sorted(shifts, key=beginning)
