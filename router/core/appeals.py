"""Appeals (RULES §1)."""

from __future__ import annotations

from router.core import commands as c
from router.core.outcome import Rejected
from router.core.state import State


def appeal(state: State, command: c.AppealCharge) -> Rejected | None:
    del state, command
    return Rejected("not_built")


def answer(state: State, command: c.AnswerAppeal) -> Rejected | None:
    del state, command
    return Rejected("not_built")
