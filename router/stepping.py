"""Entries of a partition's inbox through its desks' cores: the same live and in a replay."""

from __future__ import annotations

import logging
from typing import NamedTuple

from router.core import commands as c
from router.core.facts import AnyFact
from router.core.outcome import Rejected
from router.core.state import State
from router.core.step import step, tick
from router.log.codec import Undecodable, decode_entry
from router.log.ports import Entry

logger = logging.getLogger("zhiban.stepping")


class CoreBroken(Exception):
    """The core raised over an entry: the states in memory count for nothing any more."""

    def __init__(self, offset: int, why: str) -> None:
        super().__init__(f"entry {offset} broke the core: {why}")
        self.offset = offset
        self.why = why


class Stepped(NamedTuple):
    """What became of one entry."""

    desk: str
    command: c.AnyCommand
    facts: list[AnyFact]
    rejected: Rejected | None


class Desks:
    """The desks of one partition."""

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self.poison: dict[int, str] = {}
        """Entries that broke the core before, and how: they are put in quarantine."""

    def take(self, entry: Entry) -> Stepped | None:
        """Step one entry; None when it is for a desk that was never adopted.

        Raises `CoreBroken`; what can not be decoded is put in quarantine instead.
        """
        desk, command = self._decode(entry)
        state = self.states.get(desk)
        if state is None:
            if not isinstance(command, c.AdoptDesk):
                logger.error("entry %s is for the unknown desk %r", entry.offset, desk)
                return None
            state = self.states[desk] = State()
        try:
            outcome = step(state, c.Stamped(entry.offset, entry.at_ms, command))
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            logger.exception("entry %s broke the core; it goes to quarantine", entry.offset)
            raise CoreBroken(entry.offset, why) from error
        return Stepped(desk, command, outcome.facts, outcome.rejected)

    def tick(self, clock_ms: int) -> dict[str, list[AnyFact]]:
        """Let time pass for all desks; the facts that followed, by desk."""
        facts: dict[str, list[AnyFact]] = {}
        for desk, state in self.states.items():
            if followed := tick(state, clock_ms).facts:
                facts[desk] = followed
        return facts

    def _decode(self, entry: Entry) -> tuple[str, c.AnyCommand]:
        why = self.poison.get(entry.offset)
        if why is None:
            try:
                body = decode_entry(entry.body)
            except Undecodable as error:
                why = f"undecodable: {error}"
            else:
                return body.desk, body.command
        logger.error("entry %s is put in quarantine: %s", entry.offset, why)
        return min(self.states, default=""), c.Quarantine(why=why)
