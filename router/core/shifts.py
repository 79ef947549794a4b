"""Shifts and attendance (RULES §5)."""

from __future__ import annotations

from router.core import commands as c
from router.core.outcome import Rejected
from router.core.records import Shift
from router.core.state import State


def plan(state: State, command: c.PlanShifts) -> Rejected | None:
    del state, command
    return Rejected("not_built")


def change(state: State, command: c.ChangeShift) -> Rejected | None:
    del state, command
    return Rejected("not_built")


def swap(state: State, command: c.SwapShifts) -> Rejected | None:
    del state, command
    return Rejected("not_built")


def fire(state: State, shift: Shift) -> None:
    del state, shift
