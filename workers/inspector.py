"""The inspector: reads what agents write, and raises a flag for what breaks a rule (RULES §1, §6).

It works from committed facts and the log alone, so it may run in another process than the owner.
A `Runner` hands it the facts of a partition; `take` notes in its memory (`courses`) which messages
there are and where their words stand, durably, before the runner moves on. `run` then judges what
has settled: what was sent so long ago that nothing that belongs before it can still arrive in time
(`router.conduct.inspection` says how). A flag is submitted as a command, and only when all of a
course's are in the log is the course marked judged. So a crash loses nothing, and what is found
again has the same name and changes nothing.

What has settled is told by the log's clock, not by ours: once all that was appended before a
moment has been committed by the owner and taken here, that moment has been reached (`Reach`).

It begins at the end of the log it first sees: nobody is flagged for what was written before there
was an inspector. One process at a time may run this on one file.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from functools import partial

from router.conduct import course as courses_of
from router.conduct import inspection
from router.conducting import Conduct
from router.core import commands as c
from router.core.facts import OutageNoted
from router.log.archive import Archive, entries_at, next_facts
from router.log.codec import Undecodable, decode_entry
from router.log.ports import Log, LogError
from workers.courses import Courses, Key
from workers.runner import Keyed, Runner
from workers.stop import Sleep, Stop

logger = logging.getLogger("zhiban.inspector")

WORKER = "inspector"
PAUSE_S = 1.0
"""Between two looks at the clock."""
TROUBLE_S = 5.0
SUBMIT_S = 15.0
AT_ONCE = 50
"""Courses that are judged together."""
WORDS_KEPT = 4_000
"""Messages whose words are remembered, for those that follow them."""
SWEEP_EVERY = 600
"""Looks at the clock between two sweeps of what is quiet."""
OUTAGES_KEPT = 8

Submit = Callable[[str, c.AnyCommand], Awaitable[object]]
"""Appends a desk's command to its inbox; raises when it was not (or may not have been) taken."""


class Reach:
    """How far a partition's facts have been taken, by the log's clock."""

    def __init__(self, archive: Archive, log: Log, runner: Runner) -> None:
        self._archive = archive
        self._log = log
        self._runner = runner
        self._asked: tuple[int, int] | None = None
        """A moment, and the inbox's end after it: what comes behind is not earlier."""
        self._seq: int | None = None
        """The commit with which all of it was consumed."""
        self.clock_ms = 0
        """All that was appended before this moment has been taken."""

    async def look(self) -> int:
        """The moment reached. Raises `LogError`."""
        if self._asked is None:
            clock_ms = await self._log.clock()
            self._asked = (clock_ms, (await self._log.meta()).tail)
        clock_ms, tail = self._asked
        if self._seq is None:
            meta = await self._log.meta()
            if meta.offset < tail:
                return self.clock_ms
            self._seq = meta.seq
        if await self._taken(self._seq):
            self.clock_ms = max(self.clock_ms, clock_ms)
            self._asked = self._seq = None
        return self.clock_ms

    async def _taken(self, seq: int) -> bool:
        """Whether the facts of the commits up to `seq` have been; not all commits have some."""
        behind = self._runner.seq
        if behind >= seq:
            return True
        following = await next_facts(self._archive, self._log, behind, limit=1)
        return self._runner.seq == behind and (not following or following[0].seq > seq)


class _Followed:
    """A partition that is followed."""

    def __init__(self, log: Log, reach: Reach) -> None:
        self.log = log
        self.reach = reach
        self.lock = asyncio.Lock()
        """A course is read, changed and stored by one at a time."""
        self.outages: dict[str, list[OutageNoted]] = {}
        self.words: OrderedDict[int, inspection.Words] = OrderedDict()
        self.looks = 0


class Inspector:
    """Judges for all partitions of this process. `await prepare(logs)`, then start `run` and the
    runners."""

    def __init__(
        self,
        archive: Archive,
        conduct: Conduct,
        submit: Submit,
        *,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._archive = archive
        self._conduct = conduct
        self._submit = submit
        self._sleep = sleep
        self._stop = Stop(sleep)
        self._courses = Courses(archive.database)
        self._followed: dict[int, _Followed] = {}
        self.raised = 0
        """Flags submitted since the start."""
        self.judged = 0
        """Courses looked into."""
        self.failures = 0

    async def prepare(self, logs: Iterable[Log]) -> None:
        """Make the tables; a log seen for the first time is followed from its end on.

        Raises `SchemaTooNew`, `LogUnavailable`.
        """
        await self._courses.prepare()
        for log in logs:
            if not await self._courses.has_begun(log.partition):
                seq = (await log.meta()).seq
                await self._archive.set_bookmark(WORKER, log.partition, seq)
                await self._courses.begin(log.partition, seq)

    def runner(self, log: Log) -> Runner:
        """What feeds this worker with a partition's facts; run and stop it beside `run`."""
        runner = Runner(
            WORKER,
            self._archive,
            log,
            partial(self.take, log),
            kinds=(*courses_of.FACTS, OutageNoted),
            sleep=self._sleep,
        )
        self._followed[log.partition] = _Followed(log, Reach(self._archive, log, runner))
        return runner

    # From facts to courses

    async def take(self, log: Log, facts: Sequence[Keyed]) -> None:
        """Note what these facts tell. Raises `LogUnavailable`."""
        followed = self._followed[log.partition]
        async with followed.lock:
            await self._take(followed, facts)

    async def _take(self, followed: _Followed, facts: Sequence[Keyed]) -> None:
        partition = followed.log.partition
        keys = {key: None for keyed in facts if (key := self._key(keyed)) is not None}
        known = await self._courses.load(partition, list(keys))
        changed: dict[Key, courses_of.Course] = {}
        for keyed in facts:
            fact = keyed.fact
            if isinstance(fact, OutageNoted):
                await self._courses.save(partition, list(changed.items()))
                changed |= await self._hold(followed, keyed.desk, fact, known)
            elif isinstance(fact, courses_of.FACTS) and (key := self._key(keyed)) is not None:
                course = known.setdefault(key, courses_of.Course())
                lateness_ms = self._conduct.lateness_ms(key.shop)
                grace_ms = self._conduct.outage_grace_ms(key.shop)
                outages = followed.outages.get(key.desk, ())
                until_ms = courses_of.held_ms(fact, outages, grace_ms)
                if courses_of.take(course, fact, lateness_ms, until_ms):
                    changed[key] = course
        if changed:
            await self._courses.save(partition, list(changed.items()))

    def _key(self, keyed: Keyed) -> Key | None:
        """Whose course a fact belongs to; None for none, or none that is judged here."""
        fact = keyed.fact
        if not isinstance(fact, courses_of.FACTS) or self._conduct.examiner(fact.shop) is None:
            return None
        return Key(keyed.desk, fact.shop, fact.buyer)

    async def _hold(
        self,
        followed: _Followed,
        desk: str,
        outage: OutageNoted,
        known: dict[Key, courses_of.Course],
    ) -> dict[Key, courses_of.Course]:
        """What had not settled when an outage began waits for the platforms' retries."""
        noted = followed.outages.get(desk, [])
        followed.outages[desk] = [*noted[1 - OUTAGES_KEPT :], outage]
        waiting = await self._courses.due(
            followed.log.partition, outage.to_ms + 1, limit=-1, desk=desk
        )
        held: dict[Key, courses_of.Course] = {}
        for key, course in waiting:
            course = known.setdefault(key, course)
            if courses_of.hold(course, outage, self._conduct.outage_grace_ms(key.shop)):
                held[key] = course
        return held

    # Judging

    def stop(self) -> None:
        """End after what is being judged."""
        self._stop.ask()

    async def run(self) -> None:
        """Judge what has settled, until `stop`."""
        while not self._stop.asked:
            pause_s = PAUSE_S
            for followed in self._followed.values():
                try:
                    await self.judge(followed.log.partition)
                except Exception as error:
                    self.failures += 1
                    partition = followed.log.partition
                    unexpected = None if isinstance(error, LogError) else error
                    logger.warning(
                        "partition %s is not inspected now: %r",
                        partition,
                        error,
                        exc_info=unexpected,
                    )
                    pause_s = TROUBLE_S
            await self._stop.pause(pause_s)

    async def judge(self, partition: int) -> None:
        """Judge all that has settled by now. Raises `LogError`, and what `submit` raises."""
        followed = self._followed[partition]
        clock_ms = await followed.reach.look()
        while not self._stop.asked:
            async with followed.lock:
                due = await self._courses.due(partition, clock_ms, limit=AT_ONCE)
                if due:
                    await self._judge(followed, due, clock_ms)
            if len(due) < AT_ONCE:
                break
        followed.looks += 1
        if followed.looks % SWEEP_EVERY == 0:
            await self._courses.forget_quiet(partition, clock_ms - courses_of.QUIET_MS)

    async def _judge(
        self,
        followed: _Followed,
        due: Sequence[tuple[Key, courses_of.Course]],
        clock_ms: int,
    ) -> None:
        offsets = {at: None for _, course in due for at in inspection.needed(course, clock_ms)}
        words = await self._words(followed, list(offsets))
        for key, course in due:
            examiner = self._conduct.examiner(key.shop)
            if examiner is None:  # a shop that is gone
                await self._courses.forget(followed.log.partition, key)
                continue
            found = inspection.judge(course, key.shop, key.buyer, words, examiner, clock_ms)
            while (command := self._next(key, found)) is not None:
                async with asyncio.timeout(SUBMIT_S):
                    await self._submit(key.desk, command)
                self.raised += 1
            self.judged += 1
        await self._courses.save(
            followed.log.partition,
            [pair for pair in due if self._conduct.examiner(pair[0].shop) is not None],
        )

    def _next(self, key: Key, found: Iterator[c.RaiseFlag]) -> c.RaiseFlag | None:
        """The next flag. A text over which the engine breaks hinders no other."""
        try:
            return next(found, None)
        except Exception:
            self.failures += 1
            logger.exception("a message of %s to %s cannot be judged", key.shop, key.buyer)
            return None

    async def _words(
        self, followed: _Followed, offsets: Sequence[int]
    ) -> dict[int, inspection.Words]:
        """What the messages at these places say; those that are not to be found are missing."""
        kept = followed.words
        missing = [offset for offset in offsets if offset not in kept]
        found = {offset: kept[offset] for offset in offsets if offset in kept}
        for entry in await entries_at(self._archive, followed.log, missing) if missing else ():
            if entry is None:
                continue
            try:
                words = inspection.words_of(decode_entry(entry.body).command)
            except Undecodable:
                continue
            if words is not None:
                found[entry.offset] = kept[entry.offset] = words
        while len(kept) > WORDS_KEPT:
            kept.popitem(last=False)
        return found
