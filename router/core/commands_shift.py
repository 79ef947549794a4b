"""Shifts and their handover: what people ask (RULES §5)."""

from __future__ import annotations

from typing import Literal

import msgspec

from router.core.command import Command


class PlannedShift(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When somebody is to work, and with which sub-accounts. Crossing midnight is normal."""

    agent: str
    from_ms: int
    to_ms: int
    """Exclusive: the first moment that is not worked."""
    sub_accounts: tuple[str, ...] = ()
    """Those they sign on to; empty: those that are theirs anyway."""
    breaks: tuple[tuple[int, int], ...] = ()
    """Planned breaks, from and to in ms."""
    name: str = ""


class PlanShifts(Command, frozen=True, kw_only=True, tag="roster.planned"):
    """The roster of a period: what was planned to begin in `[from_ms, to_ms)` and has not begun
    yet is replaced by these shifts, all or nothing."""

    from_ms: int
    to_ms: int
    shifts: tuple[PlannedShift, ...]
    agents: tuple[str, ...] = ()
    """Whose plan it is; empty: everybody's."""
    by: str
    why: str = ""


class ChangeShift(Command, frozen=True, kw_only=True, tag="shift.changed"):
    """A supervisor changes one shift, cancels it, or (with `shift` empty) adds one."""

    by: str
    why: str
    shift: str = ""
    cancel: bool = False
    planned: PlannedShift | None = None
    """As it shall be; None only with `cancel`."""


class SwapShifts(Command, frozen=True, kw_only=True, tag="shift.swapped"):
    """Two shifts change their people; the sub-accounts stay with the shift."""

    one: str
    other: str
    by: str
    why: str


class HandoverLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a handover: what it is about, and what the agent says of it."""

    about: Literal["session", "item", "promise", "other"]
    ref: str = ""
    """The session's or work item's id; "" for `promise` and `other`."""
    text: str = ""
    shop: str = ""
    """Of a promise: whom a call-back was promised, and by when."""
    buyer: str = ""
    due_ms: int = 0


class FileHandover(Command, frozen=True, kw_only=True, tag="handover.filed"):
    """An agent hands their shift over. `lines` name what is open; `note`: 特殊情况."""

    agent: str
    lines: tuple[HandoverLine, ...] = ()
    note: str = ""
    shift: str = ""
    """Which shift ends; "": the one that is on, or that ended last."""
    to: str = ""
    """The incoming agent, where the roster does not tell."""


class AcknowledgeHandover(Command, frozen=True, kw_only=True, tag="handover.acknowledged"):
    """The incoming agent takes it over: the lines named (by their numbers), or the whole."""

    agent: str
    handover: str = ""
    """"": the latest one for this agent that is not acknowledged."""
    lines: tuple[int, ...] = ()
    """Empty: the whole."""


class AskHandover(Command, frozen=True, kw_only=True, tag="handover.asked"):
    """A question back, about one line or (-1) the whole."""

    handover: str
    agent: str
    text: str
    line: int = -1
    supervisor: bool = False


class AnswerHandover(Command, frozen=True, kw_only=True, tag="handover.answered"):
    handover: str
    question: int
    agent: str
    text: str
    supervisor: bool = False
