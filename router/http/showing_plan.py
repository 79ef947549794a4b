"""What a change of single shifts would come to. Reads a desk's state, never changes it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence

from router.clocktime import format_ms
from router.core.clashes import AnyShift
from router.core.operators import sub_accounts_of
from router.core.planning import Difference
from router.core.state import State
from router.http import views_shift as w
from router.http.showing_roster import clashes_of
from router.http.showing_shifts import planned

Span = tuple[int, int]


def preview(state: State, found: Difference, clock_ms: int) -> w.ShiftPreviewView:
    """What is added stands in the place of what is removed, the first of the first."""
    before = [planned(each) for each in found.removed]
    after = [planned(each) for each in found.added]
    if before == after:
        return w.ShiftPreviewView(changes=[], clashes=[], solved=[], gaps=[])
    touched: list[AnyShift] = [*found.removed, *found.added]
    from_ms, to_ms = min(s.from_ms for s in touched), max(s.to_ms for s in touched)
    now = _of(before, clashes_of(state, from_ms, to_ms))
    then = _of(after, clashes_of(state, from_ms, to_ms, found))
    return w.ShiftPreviewView(
        changes=[
            w.ShiftChangeView(
                before=before[number] if number < len(before) else None,
                after=after[number] if number < len(after) else None,
            )
            for number in range(max(len(before), len(after)))
        ],
        clashes=list(then.values()),
        solved=[each for key, each in now.items() if key not in then],
        gaps=list(_gaps(state, found, clock_ms)),
    )


def _of(
    shifts: Sequence[w.PlannedView], found: Iterable[w.ClashView]
) -> dict[Hashable, w.ClashView]:
    """The clashes of these shifts, by with whom and on what."""
    theirs: dict[Hashable, w.ClashView] = {}
    for each in found:
        for mine, other in ((each.one, each.other), (each.other, each.one)):
            if mine in shifts:
                theirs[other.agent, other.from_at, tuple(each.sub_accounts)] = each
                break
    return theirs


def _gaps(state: State, found: Difference, clock_ms: int) -> Iterator[w.GapView]:
    """By their beginnings; sub-accounts with the same gap stand together."""
    gone = {each.id: None for each in found.removed}
    others: list[AnyShift] = [
        each
        for each in state.shifts.values()
        if each.state in ("planned", "on") and each.id not in gone
    ]
    others += found.added
    left: dict[Span, dict[str, None]] = {}
    for shift in found.removed:
        for name in sub_accounts_of(state, shift):
            covering = [
                (each.from_ms, each.to_ms)
                for each in others
                if each.from_ms < shift.to_ms
                and each.to_ms > shift.from_ms
                and name in sub_accounts_of(state, each)
            ]
            span = (max(shift.from_ms, clock_ms), shift.to_ms)
            for gap in _uncovered(span, sorted(covering)):
                left.setdefault(gap, {})[name] = None
    for (from_ms, to_ms), names in sorted(left.items()):
        yield w.GapView(
            sub_accounts=list(names), from_at=format_ms(from_ms), to_at=format_ms(to_ms)
        )


def _uncovered(span: Span, covering: Sequence[Span]) -> Iterable[Span]:
    """The parts of a span that none of the others covers; these are in order."""
    start_ms, end_ms = span
    for from_ms, to_ms in covering:
        if start_ms < min(from_ms, end_ms):
            yield start_ms, min(from_ms, end_ms)
        start_ms = max(start_ms, to_ms)
    if start_ms < end_ms:
        yield start_ms, end_ms
