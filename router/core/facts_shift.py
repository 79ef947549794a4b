"""What followed of shifts and handovers (RULES §5)."""

from __future__ import annotations

from typing import Literal

from router.core.fact import Fact


class RosterPlanned(Fact, frozen=True, kw_only=True, tag="roster_planned"):
    from_ms: int
    to_ms: int
    shifts: int
    """How many were planned."""
    by: str
    why: str = ""


class ShiftChanged(Fact, frozen=True, kw_only=True, tag="shift_changed"):
    shift: str
    agent: str
    from_ms: int
    to_ms: int
    by: str
    why: str
    cancelled: bool = False


class ShiftBegan(Fact, frozen=True, kw_only=True, tag="shift_began"):
    shift: str
    agent: str
    present: bool


class ShiftEnded(Fact, frozen=True, kw_only=True, tag="shift_ended"):
    shift: str
    agent: str
    present: bool
    handover: str = ""


class AttendanceNoted(Fact, frozen=True, kw_only=True, tag="attendance_noted"):
    """Came late, left early, or never came; `by_ms` says by how much."""

    shift: str
    agent: str
    what: Literal["late", "left_early", "absent"]
    by_ms: int = 0


class HandoverOwed(Fact, frozen=True, kw_only=True, tag="handover_owed"):
    """Somebody has to file, or to acknowledge, one until `due_ms`."""

    agent: str
    shift: str
    what: Literal["file", "acknowledge"]
    due_ms: int
    handover: str = ""


class HandoverFiled(Fact, frozen=True, kw_only=True, tag="handover_filed"):
    handover: str
    agent: str
    shift: str
    to: str
    lines: int


class HandoverAcknowledged(Fact, frozen=True, kw_only=True, tag="handover_acknowledged"):
    handover: str
    agent: str
    lines: tuple[int, ...]
    whole: bool


class HandoverAsked(Fact, frozen=True, kw_only=True, tag="handover_asked"):
    handover: str
    question: int
    line: int
    agent: str
    to: str


class HandoverAnswered(Fact, frozen=True, kw_only=True, tag="handover_answered"):
    handover: str
    question: int
    agent: str
