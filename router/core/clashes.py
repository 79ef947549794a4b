"""Sub-accounts that a roster gives to two people at one time (RULES §3: one operator at a time).

No plan is refused for it: who is there first has the sub-account, and it passes when they go
offline or their handover is acknowledged (`operators`). But who plans is told of it before.
Reads a desk's state, never changes it; shells ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from router.core.commands_shift import PlannedShift
from router.core.records import Shift
from router.core.state import State

AnyShift = Shift | PlannedShift


class Clash(NamedTuple):
    """Two shifts of two people that lie at one time on the same sub-accounts."""

    one: AnyShift
    """The one that begins first."""
    other: AnyShift
    sub_accounts: list[str]

    @property
    def from_ms(self) -> int:
        return self.other.from_ms

    @property
    def to_ms(self) -> int:
        return min(self.one.to_ms, self.other.to_ms)


def clashes(
    state: State,
    from_ms: int,
    to_ms: int,
    *,
    most: int,
    added: Iterable[PlannedShift] = (),
    removed: Iterable[Shift] = (),
) -> list[Clash]:
    """Those in which one of the two begins in `[from_ms, to_ms)`, by their beginnings; no more
    than `most`. With `added` and `removed`: as the roster would be."""
    gone = {shift.id: None for shift in removed}
    shifts: list[AnyShift] = [
        shift
        for shift in state.shifts.values()
        if shift.state in ("planned", "on") and shift.id not in gone
    ]
    shifts += added
    found: dict[tuple[int, int], Clash] = {}
    for name, one, other in _doubled(state, shifts):
        if not (from_ms <= one.from_ms < to_ms or from_ms <= other.from_ms < to_ms):
            continue
        pair = (id(one), id(other))
        if pair in found:
            found[pair].sub_accounts.append(name)
        elif len(found) < most:
            found[pair] = Clash(one, other, [name])
    return sorted(found.values(), key=lambda each: (each.from_ms, each.one.agent, each.other.agent))


def _doubled(state: State, shifts: Iterable[AnyShift]) -> Iterator[tuple[str, AnyShift, AnyShift]]:
    """Each sub-account, with two shifts of two people that lie on it at one time."""
    theirs: dict[str, list[str]] = {}
    for sub in state.desk.sub_accounts:
        theirs.setdefault(sub.agent, []).append(sub.id)
    by_name: dict[str, list[AnyShift]] = {}
    for shift in sorted(shifts, key=lambda each: (each.from_ms, each.agent)):
        for name in shift.sub_accounts or theirs.get(shift.agent, ()):
            by_name.setdefault(name, []).append(shift)
    for name, own in by_name.items():
        for number, one in enumerate(own):
            for other in own[number + 1 :]:
                if other.from_ms >= one.to_ms:
                    break
                if other.agent != one.agent:
                    yield name, one, other
