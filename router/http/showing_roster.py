"""From what a plan changes to the shapes of the API. Reads a desk's state, never changes it."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from router.clocktime import format_ms
from router.core.clashes import clashes
from router.core.commands_shift import PlannedShift
from router.core.planning import Difference
from router.core.policy import BEIJING_OFFSET_MS, DAY_MS
from router.core.records import Shift
from router.core.state import State
from router.http import views_shift as w
from router.http.showing_shifts import planned

CLASHES_MOST = 200


def difference(
    state: State, found: Difference, from_ms: int, to_ms: int, *, dry_run: bool
) -> w.RosterView:
    """What goes and what comes of one agent on one day is a change, the first with the first."""
    gone: dict[tuple[str, int], list[Shift]] = {}
    for each in found.removed:
        gone.setdefault(_day(each), []).append(each)
    added: list[PlannedShift] = []
    changed: list[w.ChangeView] = []
    for new in sorted(found.added, key=lambda each: (each.from_ms, each.agent)):
        before = gone.get(_day(new))
        if before:
            changed.append(w.ChangeView(before=planned(before.pop(0)), after=planned(new)))
        else:
            added.append(new)
    left = {each.id: None for group in gone.values() for each in group}
    return w.RosterView(
        desk=state.desk.id,
        from_at=format_ms(from_ms),
        to_at=format_ms(to_ms),
        dry_run=dry_run,
        added=[planned(each) for each in added],
        removed=[planned(each) for each in found.removed if each.id in left],
        changed=changed,
        unchanged=found.kept,
        passed=found.passed,
        clashes=clashes_of(state, from_ms, to_ms, found),
        digest=digest(found, from_ms, to_ms),
    )


def _day(found: Shift | PlannedShift) -> tuple[str, int]:
    return (found.agent, (found.from_ms + BEIJING_OFFSET_MS) // DAY_MS)


def digest(found: Difference, from_ms: int, to_ms: int) -> str:
    """The same for the same changes, whoever asks and when."""
    removed = [(each.id, planned(each)) for each in found.removed]
    told = (from_ms, to_ms, [planned(each) for each in found.added], removed)
    return sha256(msgspec.json.encode(told)).hexdigest()


def clashes_of(
    state: State, from_ms: int, to_ms: int, found: Difference | None = None
) -> list[w.ClashView]:
    """As the roster is; with what a plan changes, as it would be."""
    return [
        w.ClashView(
            sub_accounts=each.sub_accounts,
            one=planned(each.one),
            other=planned(each.other),
            from_at=format_ms(each.from_ms),
            to_at=format_ms(each.to_ms),
        )
        for each in clashes(
            state,
            from_ms,
            to_ms,
            most=CLASHES_MOST,
            added=found.added if found else (),
            removed=found.removed if found else (),
        )
    ]
