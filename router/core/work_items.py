"""Acts on work items (RULES §9)."""

from __future__ import annotations

from router.core import commands as c
from router.core.outcome import Rejected
from router.core.state import State


def promise(state: State, command: c.PromiseCallBack) -> Rejected | None:
    del state, command
    return Rejected("not_built")


def withdraw(state: State, command: c.WithdrawCallBack) -> Rejected | None:
    del state, command
    return Rejected("not_built")


def note(state: State, command: c.NoteItem) -> Rejected | None:
    del state, command
    return Rejected("not_built")


def remark(state: State, command: c.SetRemark) -> Rejected | None:
    del state, command
    return Rejected("not_built")
