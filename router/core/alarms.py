"""The clock stops at a shift, a handover or a person: whose rule it is, decides."""

from __future__ import annotations

from router.core import handover, presence, shifts
from router.core.records import Handover, Person, Shift
from router.core.state import Alarmed, State


def fire(state: State, thing: Alarmed) -> None:
    """Let happen what was to happen at `state.at_ms`."""
    match thing:
        case Shift():
            shifts.fire(state, thing)
        case Handover():
            handover.fire(state, thing)
        case Person():
            presence.fire(state, thing)
