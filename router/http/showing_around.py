"""Who works before, beside and after a shift on the same sub-accounts. Reads, never changes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from router.clocktime import format_ms
from router.core import duties, handover, operators
from router.core.policy import DAY_MS
from router.core.records import Shift
from router.core.rota import in_order
from router.core.state import State
from router.http import views_shift as w
from router.http.showing_shifts import name_of

NEAR_MS = 2 * DAY_MS
"""Nobody follows, or is followed, over more than 24 h; and no shift is longer."""


def around(state: State, shifts: list[Shift]) -> list[w.ShiftAroundView]:
    """For each of these shifts. Who hands over to whom is as a handover would find it that is
    filed at the shift's end; of one that was filed, as it was."""
    planned = [shift for shift in in_order(state.shifts.values()) if shift.state != "cancelled"]
    found: list[w.ShiftAroundView] = []
    for shift in shifts:
        first = bisect_left(planned, shift.from_ms - NEAR_MS, key=_from_ms)
        last = bisect_left(planned, shift.to_ms + NEAR_MS, key=_from_ms)
        found.append(_around(state, shift, planned[first:last]))
    return found


def _from_ms(shift: Shift) -> int:
    return shift.from_ms


def _around(state: State, shift: Shift, near: list[Shift]) -> w.ShiftAroundView:
    follows = _follower(state, shift, near)
    others = [
        other
        for other in near
        if other.agent != shift.agent
        and other.to_ms > shift.from_ms - DAY_MS
        and other.from_ms < shift.to_ms
        and operators.shared(state, shift, other)
    ]
    before = [other for other in others if _follower(state, other, near) is shift]
    named = {other.id: None for other in before}
    beside = [
        other
        for other in others
        if other.id not in named and other is not follows and other.to_ms > shift.from_ms
    ]
    return w.ShiftAroundView(
        shift=shift.id,
        sub_accounts=operators.sub_accounts_of(state, shift),
        before=_colleagues(state, shift, before),
        beside=_colleagues(state, shift, beside),
        after=_colleague(state, shift, follows) if follows else None,
    )


def _follower(state: State, shift: Shift, near: list[Shift]) -> Shift | None:
    filed = state.handovers.get(shift.handover)
    if filed is not None:
        return state.shifts.get(filed.to_shift)
    if duties.continues(state, shift):
        return None
    found = handover.follower(state, shift.agent, shift, base_ms=shift.to_ms, among=near)
    if found is None or shift.state != "over":
        return found
    return None if found.state == "over" else found


def _colleagues(state: State, shift: Shift, others: Iterable[Shift]) -> list[w.ColleagueView]:
    return [_colleague(state, shift, other) for other in others]


def _colleague(state: State, shift: Shift, other: Shift) -> w.ColleagueView:
    return w.ColleagueView(
        shift=other.id,
        agent=other.agent,
        agent_name=name_of(state, other.agent),
        from_at=format_ms(other.from_ms),
        to_at=format_ms(other.to_ms),
        sub_accounts=operators.shared(state, shift, other),
    )
