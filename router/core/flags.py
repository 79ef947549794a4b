"""Conduct flags (RULES §1, §6)."""

from __future__ import annotations

from router.core import commands as c
from router.core.outcome import Rejected
from router.core.state import State


def raise_flag(state: State, command: c.RaiseFlag) -> Rejected | None:
    del state, command
    return Rejected("not_built")


def confirm(state: State, command: c.ConfirmFlag) -> Rejected | None:
    del state, command
    return Rejected("not_built")


def dismiss(state: State, command: c.DismissFlag) -> Rejected | None:
    del state, command
    return Rejected("not_built")


def allow(state: State, command: c.AllowPhrase) -> Rejected | None:
    del state, command
    return Rejected("not_built")


def disallow(state: State, command: c.ForbidPhrase) -> Rejected | None:
    del state, command
    return Rejected("not_built")
