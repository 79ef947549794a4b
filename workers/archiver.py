"""The archiver: copies a partition's inbox and facts to the archive, then trims the streams.

It alone trims. Nothing is trimmed that is not durable in the archive, that one of the named
workers has still to read, or that is among the newest that stay at hand. The newest archived
entry and batch always stay in the streams: when it starts, and after trouble, it compares them
with the archive's, and so notices a log that is not the one archived (emptied, restored, failed
over to a replica that lacked the end) or a hole, before it writes or trims anything.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from router.log.archive import PAGE, Archive
from router.log.ports import Log, LogCorrupt, LogError
from workers.stop import Sleep, Stop

logger = logging.getLogger("zhiban.archiver")

KEEP_ENTRIES = 10_000
KEEP_COMMITS = 2_000
TRIM_STEP = 500
"""Streams are trimmed when so many entries, or sequences, can go at once."""
WAIT_MS = 1_000
LINGER_S = 0.1
"""A pause behind a page that was not full: it bounds the disk flushes a second."""
DELAY_FIRST_S, DELAY_MOST_S, DELAY_CORRUPT_S = 0.1, 5.0, 30.0

Copy = Callable[[int], Coroutine[Any, Any, int]]
"""Copies a page, waiting so many ms for the first of it; gives how many it copied."""


class Archiver:
    """One partition's archiver. Start with `run`, in a task of its own; cancel or `stop` it."""

    def __init__(
        self,
        archive: Archive,
        log: Log,
        *,
        readers: Sequence[str] = (),
        keep_entries: int = KEEP_ENTRIES,
        keep_commits: int = KEEP_COMMITS,
        trim_step: int = TRIM_STEP,
        page: int = PAGE,
        wait_ms: int = WAIT_MS,
        linger_s: float = LINGER_S,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`readers`: the workers whose bookmarks the facts wait for; one without counts as 0."""
        self._archive = archive
        self._log = log
        self._readers = tuple(readers)
        self._keep_entries = max(1, keep_entries)
        self._keep_commits = max(1, keep_commits)
        self._trim_step = max(1, trim_step)
        self._page = page
        self._wait_ms = wait_ms
        self._linger_s = linger_s
        self._stop = Stop(sleep)
        self._one_at_a_time = asyncio.Lock()
        self._compared = False
        self._trimmed = (0, 0)
        self.archived_entries = 0
        self.archived_commits = 0
        self.trims = 0
        self.failures = 0
        self._broken: dict[str, str] = {}

    @property
    def broken(self) -> str:
        """Why it archives nothing now; "" when all is well. Somebody has to look."""
        return next(iter(self._broken.values()), "")

    def stop(self) -> None:
        """Copy what there is up to the tail, then let `run` end."""
        self._stop.ask()

    async def run(self) -> None:
        """Copy and trim until `stop`. When the log or the file is away, try again later."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow("inbox", self._copy_entries))
            group.create_task(self._follow("facts", self._copy_facts))

    async def _follow(self, stream: str, copy: Copy) -> None:
        delay_s = DELAY_FIRST_S
        while True:
            stopping = self._stop.asked
            try:
                await self._compare()
                count = await (copy(0) if stopping else self._stop.unless(copy(self._wait_ms)))
                await self._trim()
            except LogError as error:
                self._note(stream, error)
                if stopping:
                    return  # nothing is lost: the next start goes on from here
                corrupt = isinstance(error, LogCorrupt)
                await self._stop.pause(DELAY_CORRUPT_S if corrupt else delay_s)
                delay_s = min(DELAY_MOST_S, delay_s * 2)
                continue
            delay_s = DELAY_FIRST_S
            self._broken.pop(stream, None)
            if stopping and (count or 0) < self._page:
                return
            if count and count < self._page and self._linger_s:
                await self._stop.pause(self._linger_s)

    def _note(self, stream: str, error: LogError) -> None:
        self.failures += 1
        self._compared = False
        if isinstance(error, LogCorrupt):
            self._broken[stream] = str(error)
            logger.error("partition %s: the %s: %s", self._log.partition, stream, error)
        else:
            logger.warning("partition %s: archiving %s: %s", self._log.partition, stream, error)

    async def _compare(self) -> None:
        """See that the log goes on where the archive ends. Raises `LogCorrupt`."""
        async with self._one_at_a_time:  # so that nothing is trimmed between the two looks
            if not self._compared:
                await self._compare_ends()
                self._compared = True

    async def _compare_ends(self) -> None:
        partition = self._log.partition
        offset, seq = await self._archive.position(partition)
        if offset:
            archived = await self._archive.entries_at(partition, [offset])
            if await self._log.entries([offset]) != archived:
                raise LogCorrupt(f"the log's entry {offset} is gone or not the archived one")
        if seq:
            known = await self._archive.facts(partition, seq - 1, 1)
            if await self._log.facts(seq - 1, limit=1) != known:
                raise LogCorrupt(f"the log's facts {seq} are gone or not the archived ones")

    async def _copy_entries(self, wait_ms: int) -> int:
        partition = self._log.partition
        after = (await self._archive.position(partition)).offset
        reading = await self._log.read(after, limit=self._page, wait_ms=wait_ms)
        if reading.entries:
            await self._archive.write(partition, reading.entries, ())
            self.archived_entries += len(reading.entries)
        return len(reading.entries)

    async def _copy_facts(self, wait_ms: int) -> int:
        partition = self._log.partition
        after = (await self._archive.position(partition)).seq
        batches = await self._log.facts(after, limit=self._page, wait_ms=wait_ms)
        if batches and after and batches[0].seq != after + 1:
            # Commits without facts, or facts that somebody else has trimmed?
            self._compared = False
            await self._compare()
        if batches:
            await self._archive.write(partition, (), batches)
            self.archived_commits += len(batches)
        return len(batches)

    async def _trim(self) -> None:
        """Forget in the streams what is safe in the archive and read by all."""
        async with self._one_at_a_time:
            await self._trim_behind()

    async def _trim_behind(self) -> None:
        partition = self._log.partition
        inbox_to = (await self._archive.position(partition)).offset - self._keep_entries
        facts_to = await self._archive.seq_behind(partition, self._keep_commits)
        for reader in self._readers:
            facts_to = min(facts_to, await self._archive.bookmark(reader, partition))
        inbox_was, facts_was = self._trimmed
        if max(inbox_to - inbox_was, facts_to - facts_was) < self._trim_step:
            return
        await self._log.trim(inbox_to=max(0, inbox_to), facts_to=facts_to)
        self._trimmed = (inbox_to, facts_to)
        self.trims += 1
