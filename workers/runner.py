"""A durable consumer of a partition's facts: each one is handed over at least once, in order.

Reads the archive first, then the stream, from the worker's stored position on (the bookmark in
the archive's file); stores the next position only when the handler has returned, which says
that it has taken responsibility. So after a crash some facts come again, with the same key, and
the handler must know them. A fact over which the handler raises again and again is put among
the dead letters, where people can see it, and the rest goes on; when the log, or the archive's
file, is away (`LogUnavailable`, `LogFull`), it is no fact's fault, and the runner just waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import msgspec

from router.core.facts import AnyFact, Fact
from router.log.archive import Archive, DeadLetter, next_facts
from router.log.codec import Undecodable, decode_facts
from router.log.ports import FactBatch, Log, LogError, LogFull, LogUnavailable
from workers.stop import Sleep, Stop

logger = logging.getLogger("zhiban.runner")

PAGE = 100
"""Commits read at a time."""
WAIT_MS = 1_000
TRIES = 4
"""So often a fact is handed over before it is a dead letter."""
SKIP_MOST = 200
"""Sequences without anything to handle, after which the position is stored all the same."""
DELAY_FIRST_S, DELAY_MOST_S = 0.1, 5.0


class Keyed(NamedTuple):
    """A fact and its place, which is its identity for ever."""

    partition: int
    seq: int
    place: int
    """Its place among all facts of the commit, from 0."""
    desk: str
    fact: AnyFact

    @property
    def key(self) -> str:
        return f"{self.partition}:{self.seq}:{self.place}"


Handler = Callable[[Sequence[Keyed]], Awaitable[None]]
"""Takes facts, in order; when it returns, they are its own responsibility. A fact may come
again, alone or among others. Raises when it took none, or only some, of them."""


class _Ending(Exception):
    """The runner shall end in the middle of a page, which comes again at the next start."""


class Runner:
    """Follows one partition for one worker. Start with `run`, in a task of its own."""

    def __init__(
        self,
        worker: str,
        archive: Archive,
        log: Log,
        handle: Handler,
        *,
        kinds: tuple[type[Fact], ...] = (),
        tries: int = TRIES,
        page: int = PAGE,
        wait_ms: int = WAIT_MS,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`kinds`: which facts the handler wants; empty for all."""
        self._worker = worker
        self._archive = archive
        self._log = log
        self._handle = handle
        self._kinds = kinds or (Fact,)
        self._tries = tries
        self._page = page
        self._wait_ms = wait_ms
        self._stop = Stop(sleep)
        self._stored = 0
        self.seq = 0
        """Handled up to here."""
        self.handled = 0
        self.dead = 0
        """Dead letters that this runner has made since it started."""
        self.failures = 0

    def stop(self) -> None:
        """End after the facts that are being handled."""
        self._stop.ask()

    async def run(self) -> None:
        """Follow the facts until `stop`; while the log or the file is away, try again."""
        delay_s = DELAY_FIRST_S
        loaded = False
        while not self._stop.asked:
            try:
                if not loaded:
                    bookmark = await self._archive.bookmark(self._worker, self._log.partition)
                    self.seq = self._stored = bookmark
                    loaded = True
                await self._round()
                delay_s = DELAY_FIRST_S
            except _Ending:
                break
            except LogError as error:
                self.failures += 1
                logger.warning("%s, partition %s: %s", self._worker, self._log.partition, error)
                await self._stop.pause(delay_s)
                delay_s = min(DELAY_MOST_S, delay_s * 2)
        try:
            await self._store()
        except LogError as error:
            logger.warning("%s: its position was not stored: %s", self._worker, error)

    async def _round(self) -> None:
        """One page; at the tail, a wait for the next fact."""
        read = next_facts(
            self._archive, self._log, self.seq, limit=self._page, wait_ms=self._wait_ms
        )
        batches = await self._stop.unless(read)
        if not batches:
            await self._store()
            return
        facts: list[Keyed] = []
        for batch in batches:
            facts += await self._facts_of(batch)
        if facts:
            await self._hand_over(facts)
            self.handled += len(facts)
        self.seq = batches[-1].seq
        if facts or self.seq - self._stored >= SKIP_MOST:
            await self._store()

    async def _store(self) -> None:
        if self.seq > self._stored:
            await self._archive.set_bookmark(self._worker, self._log.partition, self.seq)
            self._stored = self.seq

    async def _facts_of(self, batch: FactBatch) -> list[Keyed]:
        partition = self._log.partition
        try:
            desks = decode_facts(batch.body)
        except Undecodable as error:
            key = f"{partition}:{batch.seq}:0"
            await self._bury(DeadLetter(self._worker, key, "", 0, "", batch.body), error)
            return []
        flat = [(desk, fact) for desk, facts in desks for fact in facts]
        return [
            Keyed(partition, batch.seq, place, desk, fact)
            for place, (desk, fact) in enumerate(flat)
            if isinstance(fact, self._kinds)
        ]

    async def _hand_over(self, facts: Sequence[Keyed]) -> None:
        """All at once; when that fails, one by one, so that the bad one stands out."""
        try:
            await self._handle(facts)
        except (LogUnavailable, LogFull):
            raise
        except Exception as error:
            logger.warning("%s: handling a page: %r; now one by one", self._worker, error)
            for fact in facts:
                await self._hand_over_one(fact)

    async def _hand_over_one(self, keyed: Keyed) -> None:
        delay_s = DELAY_FIRST_S
        for left in reversed(range(self._tries)):
            try:
                await self._handle([keyed])
                return
            except (LogUnavailable, LogFull):
                raise
            except Exception as error:
                self.failures += 1
                if not left:
                    body = msgspec.msgpack.encode(keyed.fact)
                    at_ms = keyed.fact.at_ms
                    letter = DeadLetter(self._worker, keyed.key, keyed.desk, at_ms, "", body)
                    await self._bury(letter, error)
                    return
                await self._stop.pause(delay_s)
                if self._stop.asked:
                    raise _Ending from error
                delay_s = min(DELAY_MOST_S, delay_s * 2)

    async def _bury(self, letter: DeadLetter, error: Exception) -> None:
        why = f"{type(error).__name__}: {error}"[:500]
        logger.error("%s: %s goes to the dead letters: %s", self._worker, letter.key, why)
        await self._archive.bury(letter._replace(error=why))
        self.dead += 1
