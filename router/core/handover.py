"""Handovers (RULES §5)."""

from __future__ import annotations

from router.core import commands as c
from router.core.outcome import Rejected
from router.core.records import Handover
from router.core.state import State


def file(state: State, command: c.FileHandover) -> Rejected | None:
    del state, command
    return Rejected("not_built")


def acknowledge(state: State, command: c.AcknowledgeHandover) -> Rejected | None:
    del state, command
    return Rejected("not_built")


def ask(state: State, command: c.AskHandover) -> Rejected | None:
    del state, command
    return Rejected("not_built")


def answer(state: State, command: c.AnswerHandover) -> Rejected | None:
    del state, command
    return Rejected("not_built")


def fire(state: State, record: Handover) -> None:
    del state, record
