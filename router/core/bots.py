"""Bots."""

from __future__ import annotations

from router.core import commands as c
from router.core.outcome import Rejected
from router.core.state import State


def write(state: State, command: c.WriteForBot) -> Rejected | None:
    del state, command
    return Rejected("not_built")


def hand_over(state: State, command: c.HandOverFromBot) -> Rejected | None:
    del state, command
    return Rejected("not_built")
