"""Entries of a partition's inbox through its desks' cores: the same live and in a replay."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections import OrderedDict
from collections.abc import Container, Iterable, Iterator
from typing import NamedTuple

from router.core import commands as c
from router.core.facts import AnyFact
from router.core.outcome import Rejected
from router.core.records import Record
from router.core.recovery import restore
from router.core.state import State
from router.core.step import step, tick
from router.log.codec import (
    Undecodable,
    decode_entry,
    decode_record,
    encode_record,
    record_key,
)
from router.log.ports import Entry, Log

logger = logging.getLogger("zhiban.stepping")

OUTCOMES_KEPT = 8_192


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

    def __init__(self, states: dict[str, State] | None = None) -> None:
        self.states: dict[str, State] = {} if states is None else states
        self.poison: dict[int, str] = {}
        """Entries that broke the core before, and how: they are put in quarantine."""

    def take(self, entry: Entry) -> Stepped | None:
        """Step one entry; None when no desk was ever adopted.

        Raises `CoreBroken`; what can not be decoded is put in quarantine instead.
        """
        desk, command = self._decode(entry)
        state = self.states.get(desk)
        if state is None:
            if isinstance(command, c.AdoptDesk):
                state = self.states[desk] = State()
            else:
                why = f"desk {desk!r} was never adopted"
                logger.error("entry %s is put in quarantine: %s", entry.offset, why)
                if not self.states:
                    return None
                desk, command = min(self.states), c.Quarantine(why=why)
                state = self.states[desk]
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

    def changes(self, touched: Container[str], *, moved: bool) -> dict[str, bytes | None]:
        """What is to be stored of all that changed since the last call: records by key.

        `touched`: the desks of which there are facts; `moved`: entries were consumed.
        """
        records: dict[str, bytes | None] = {}
        for desk, state in self.states.items():
            if not state.dirty and not moved and desk not in touched:
                continue
            for name, record in state.dirty.items():
                records[record_key(desk, name)] = None if record is None else encode_record(record)
            records[record_key(desk, "c")] = encode_record(state.counters)
            state.dirty.clear()
        return records

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


class Committed(NamedTuple):
    """What subscribers hear: the facts of one commit."""

    seq: int
    desks: list[tuple[str, list[AnyFact]]]


class Unowned(Exception):
    """This process does not own the partition now: the command's outcome is not known here."""


class Answer(NamedTuple):
    """What became of a command; its facts have been published by then."""

    rejected: Rejected | None
    facts: tuple[AnyFact, ...]


class Answers:
    """What became of the last commands by their offsets, and who waits to hear of theirs."""

    def __init__(self) -> None:
        self._waiters: dict[int, list[asyncio.Future[Answer]]] = {}
        self._kept: OrderedDict[int, Answer] = OrderedDict()

    def known(self, offset: int) -> Answer | None:
        return self._kept.get(offset)

    def wait(self, offset: int) -> asyncio.Future[Answer]:
        """Done by `tell`, or failed by `disappoint`."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(offset, []).append(future)
        return future

    def tell(self, answers: Iterable[tuple[int, Answer]]) -> None:
        for at, answer in answers:
            self._kept[at] = answer
            for future in self._waiters.pop(at, ()):
                if not future.done():
                    future.set_result(answer)
        while len(self._kept) > OUTCOMES_KEPT:
            self._kept.popitem(last=False)

    def disappoint(self, error: Exception) -> None:
        """Nobody here will know: all who wait get this error."""
        waiters, self._waiters = self._waiters, {}
        for futures in waiters.values():
            for future in futures:
                if not future.done():
                    future.set_exception(error)


async def load_states(log: Log) -> tuple[dict[str, State], int]:
    """All desks of a partition from their records, and how many records there were.

    Everything that is alive is then put out of the garbage collector's sight: else each full
    collection would look through every session again, a second and more for a million.
    """
    tables: dict[str, list[tuple[str, Record]]] = {}
    count = 0
    gc.disable()  # all of this is here to stay: there is nothing to collect meanwhile
    try:
        async for key, body in log.records():
            desk, name, record = decode_record(key, body)
            tables.setdefault(desk, []).append((name, record))
            count += 1
            if count % 1_000 == 0:
                await asyncio.sleep(0)
        states = {desk: restore(_drained(tables[desk])) for desk in sorted(tables)}
    finally:
        gc.enable()
    gc.freeze()
    return states, count


def _drained(records: list[tuple[str, Record]]) -> Iterator[tuple[str, Record]]:
    """The records, each forgotten when it has been given: a large desk is not there twice."""
    records.reverse()
    while records:
        yield records.pop()
