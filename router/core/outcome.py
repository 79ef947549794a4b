"""What a step answers."""

from __future__ import annotations

from typing import NamedTuple

from router.core.facts import AnyFact


class Rejected(NamedTuple):
    """The rules refuse the command: nothing was changed."""

    reason: str
    """One of a closed set of names, for programs and catalogues of messages."""
    detail: str = ""


class Outcome(NamedTuple):
    """What followed from one command, or from time passing."""

    facts: list[AnyFact]
    rejected: Rejected | None = None
