"""A partition's loop: read, step, commit, wake for the next deadline (DESIGN 4, 6).

The owner holds the lease, keeps the desks' states in memory, and makes each batch of entries
and of passing time one commit. Whatever goes wrong — the lease is lost, a commit is in doubt,
the core raises — it throws the memory away and loads the records again. An entry over which
the core has raised is stepped over the next time, with a fact that says so: one bad entry can
not stop a partition.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from uuid import uuid4

from router.core import commands as c
from router.core.facts import AnyFact
from router.core.state import State
from router.log.codec import encode_command, encode_facts
from router.log.ports import (
    Commit,
    Draft,
    Entry,
    Lease,
    LeaseLost,
    Log,
    LogCorrupt,
    LogError,
    LogFull,
    LogUnavailable,
    OutOfStep,
)
from router.stepping import (
    Answer,
    Answers,
    Committed,
    CoreBroken,
    Desks,
    Unowned,
    load_states,
)

logger = logging.getLogger("zhiban.owner")

LEASE_MS = 5_000
BATCH_LIMIT = 500
BREATH = 50
"""Entries stepped in a row before others in this process get their turn."""
IDLE_WAIT_MS = 1_000
OUTAGE_MS = 10_000
"""A longer gap of the log's clock is an outage: a shorter one, too, where a message may be
late by less than this. When nothing else is committed, the clock is at half of it."""
OUTAGE_LEAST_MS = 3_000

PLATFORM = (c.MessageReceived, c.MessageSent, c.MessageRecalled, c.OrderChanged)
"""What nobody waits for an answer to."""

Facts = dict[str, list[AnyFact]]
Outcomes = list[tuple[int, Answer]]


class Owner:
    """One partition's owner. Start with `run`, in a task of its own."""

    def __init__(
        self,
        log: Log,
        name: str,
        *,
        desks: Iterable[c.AdoptDesk] = (),
        lease_ms: int = LEASE_MS,
    ) -> None:
        self._log = log
        self._name = name
        self._desks = list(desks)
        self._publish: Callable[[Committed], None] | None = None
        self._lease_ms = lease_ms
        self._lease: Lease | None = None
        self._stopping = asyncio.Event()
        self._loaded = asyncio.Event()
        self._settled = asyncio.Event()
        self._refused_since_s = 0.0
        self._poison: dict[int, str] = {}
        self._answers = Answers()
        self._stepping = Desks()
        self._taken = 0
        """The last entry stepped; `offset` is the last one committed."""
        self._flight: asyncio.Task[None] | None = None
        """The commit under way, while what follows it is read and stepped already."""
        self.seq = 0
        self.offset = 0
        self.clock_ms = 0
        self.stepped = 0
        self.commits = 0
        self.reloads = 0
        self._open_until_s = 0.0
        self.away = False
        """The log did not answer, and what was missed meanwhile is not in it yet: take nothing."""
        self.looks = 0
        """How often the log was seen to be as it should: nothing is to be noted first."""
        self._committed_clock_ms = 0
        self._looked_ms, self._looked_s = 0, 0.0
        """When the log was last looked at: by its clock, and by ours."""

    # For the others in this process

    def publish_to(self, publish: Callable[[Committed], None]) -> None:
        """Tell this one of each commit."""
        self._publish = publish

    @property
    def states(self) -> dict[str, State]:
        return self._stepping.states

    @property
    def is_owner(self) -> bool:
        return self._loaded.is_set()

    async def wait_loaded(self) -> None:
        """Until this process owns the partition and has its state."""
        await self._loaded.wait()

    async def wait_settled(self) -> None:
        """Until then, or until it is certain that another process owns it, and lives."""
        await self._settled.wait()

    @property
    def outage_ms(self) -> int:
        """A gap of the log's clock up to this long is no outage: what was sent meanwhile still
        lands within the shops' lateness."""
        desks = [state.desk for state in self.states.values()] or [a.desk for a in self._desks]
        late_ms = [shop.lateness_ms for desk in desks for shop in desk.shops]
        return max(OUTAGE_LEAST_MS, min(OUTAGE_MS, *late_ms, OUTAGE_MS))

    async def answer(self, offset: int, *, timeout_s: float = 10.0) -> Answer:
        """What became of the command at this offset, once that is committed.

        Raises `Unowned` when this process lost the partition meanwhile, TimeoutError.
        """
        known = self._answers.known(offset)
        if known is not None:
            return known
        if not self.is_owner or self.offset >= offset:
            raise Unowned(f"the outcome of entry {offset} is not known here")
        async with asyncio.timeout(timeout_s):
            return await self._answers.wait(offset)

    def stop(self) -> None:
        """Commit what was read, release the lease, and end `run`."""
        self._stopping.set()

    # The loop

    async def run(self) -> None:
        """Own the partition whenever nobody else does, until `stop`."""
        delay_s = 0.05
        while not self._stopping.is_set():
            try:
                await self._let_go()
                lease = await self._log.acquire(self._name, ttl_ms=self._lease_ms)
                if lease is not None:
                    delay_s = 0.05
                    await self._own(lease)
                    continue
                await self._stand_by()
            except (LeaseLost, OutOfStep) as error:
                logger.warning("partition %s: %s; loading again", self._log.partition, error)
            except LogUnavailable as error:
                logger.warning("partition %s: the log is away: %s", self._log.partition, error)
                self.away, delay_s = True, min(2.0, delay_s * 2)
            except LogFull as error:
                logger.error("partition %s can not be loaded: %s", self._log.partition, error)
                delay_s = min(2.0, delay_s * 2)
            finally:
                self._forget()
            with suppress(TimeoutError):
                async with asyncio.timeout(delay_s if delay_s > 0.05 else self._lease_ms / 10_000):
                    await self._stopping.wait()

    async def _stand_by(self) -> None:
        """Somebody has the lease. Once it must have been renewed, they are alive.

        Nothing is taken here while they have not committed for so long that an outage is to be
        noted first, or have not adopted anything yet.
        """
        now_s = time.monotonic()
        self._refused_since_s = self._refused_since_s or now_s
        if now_s - self._refused_since_s > self._lease_ms / 1_000:
            self._settled.set()
        meta, clock_ms = await self._log.meta(), await self._log.clock()
        left_ms = meta.committed_ms + self.outage_ms * 3 // 4 - clock_ms
        self._open_until_s = now_s + left_ms / 1_000
        self.away = left_ms <= 0
        self.looks += not self.away

    def may_take(self) -> bool:
        """Whether entries may be appended here: there is no outage that is to be noted first."""
        return not self.away and (self.is_owner or time.monotonic() < self._open_until_s)

    async def _own(self, lease: Lease) -> None:
        self._lease = lease
        self._refused_since_s = 0.0
        renewing = asyncio.create_task(self._keep_lease(), name="renew-lease")
        try:
            await self._load()
            await self._work()
        except asyncio.CancelledError:
            if self._flight is not None:
                self._flight.cancel()
            raise
        finally:
            renewing.cancel()
            flight, self._flight = self._flight, None
            await asyncio.gather(renewing, *([flight] if flight else []), return_exceptions=True)
        with suppress(LogError):
            await self._let_go()

    async def _let_go(self) -> None:
        """Release the lease that we had until something went wrong: it need not run out."""
        if self._lease is not None:
            await self._log.release(self._lease)
            self._lease = None

    async def _keep_lease(self) -> None:
        """Until the lease is lost: then the next commit says so."""
        while True:
            await asyncio.sleep(self._lease_ms / 3_000)
            assert self._lease is not None
            try:
                self._lease = await self._log.renew(self._lease, ttl_ms=self._lease_ms)
            except LogUnavailable as error:
                logger.warning("partition %s: renewing: %s", self._log.partition, error)

    async def _load(self) -> None:
        started = time.monotonic()
        meta = await self._log.meta()
        if meta.schema > c.SCHEMA:
            raise LogCorrupt(
                f"the records are of schema {meta.schema}, this release knows {c.SCHEMA}:"
                " run the newer one again"
            )
        states, count = await load_states(self._log)
        self._stepping = Desks(states)
        self._stepping.poison = self._poison
        self.seq, self.offset, self.clock_ms = meta.seq, meta.offset, meta.clock_ms
        self._taken = meta.offset
        if meta.offset < meta.tail:
            # The log's clock is that of the last append: ahead of the entries that wait.
            self.clock_ms = max((state.at_ms for state in self.states.values()), default=0)
        self._committed_clock_ms = meta.clock_ms
        await self._begin(meta.committed_ms)
        self.reloads += 1
        self.away = False
        self._loaded.set()
        self._settled.set()
        logger.info(
            "partition %s: owner %s from entry %s, %s records in %.2f s",
            self._log.partition,
            self._name,
            self.offset,
            count,
            time.monotonic() - started,
        )

    async def _begin(self, last_clock_ms: int) -> None:
        """Before anything else is taken: say that we were away, and adopt what has changed."""
        clock_ms = await self._log.clock()
        self._looked_ms, self._looked_s = clock_ms, time.monotonic()
        drafts: list[Draft] = []
        if last_clock_ms and clock_ms - last_clock_ms > self.outage_ms:
            outage = c.NoteOutage(from_ms=last_clock_ms, to_ms=clock_ms)
            drafts.extend(Draft(encode_command(desk, outage)) for desk in self.states)
        for adopt in self._desks:
            known = self.states.get(adopt.desk.id)
            if known is None or known.desk != adopt.desk:
                drafts.append(Draft(encode_command(adopt.desk.id, adopt)))
        if drafts:
            await self._log.append(drafts)
            meta = await self._log.meta()
            while self.offset < meta.tail:
                await self._round(0)

    async def _work(self) -> None:
        while not self._stopping.is_set():
            await self._round(self._wait_ms(), gap_ms=self.outage_ms)
            self.looks += 1
            # Loading again meanwhile takes no such time that an outage would have to be noted.
            self._open_until_s = self._looked_s + self.outage_ms / 4_000
        await self._landed()

    def _wait_ms(self) -> int:
        wait_ms = IDLE_WAIT_MS
        for state in self.states.values():
            next_ms = state.next_timer_ms()
            if next_ms is not None:
                wait_ms = min(wait_ms, max(0, next_ms + 1 - self.clock_ms))
        return wait_ms

    async def _round(self, wait_ms: int, gap_ms: int = 0) -> None:
        """One look at the inbox and the clock, and the commit of what followed.

        Where more waits than was read, that is read and stepped while the commit is under way.
        Raises `OutOfStep` when more than `gap_ms` have passed since the last look: the server,
        or we, stood still, and that is to be noted before the clock goes on.
        """
        reading = await self._log.read(self._taken, limit=BATCH_LIMIT, wait_ms=wait_ms)
        looked_s = time.monotonic()
        cut = len(reading.entries) == BATCH_LIMIT
        if cut:
            # Cut short, it tells no more of the clock than when its last entry arrived.
            self._looked_ms += int((looked_s - self._looked_s) * 1_000)
        else:
            away_ms = reading.clock_ms - self._looked_ms
            if gap_ms and away_ms > gap_ms:
                self.away = True
                raise OutOfStep(f"{away_ms} ms without a look at the log")
            self._looked_ms = reading.clock_ms
        self._looked_s = looked_s
        answers: Outcomes = []
        facts: Facts = {}
        for number, entry in enumerate(reading.entries, start=1):
            self._take(entry, facts, answers)
            if number % BREATH == 0:
                await asyncio.sleep(0)
        self.clock_ms = max(self.clock_ms, reading.clock_ms)
        for desk, followed in self._stepping.tick(self.clock_ms).items():
            facts.setdefault(desk, []).extend(followed)
        await self._landed()
        idle = not reading.entries and not facts
        if idle and self.clock_ms - self._committed_clock_ms < self.outage_ms // 2:
            return
        self._taken = reading.entries[-1].offset if reading.entries else self._taken
        commit = self._next_commit(facts)
        if cut:
            self._flight = asyncio.create_task(self._commit(commit, facts, answers))
        else:
            await self._commit(commit, facts, answers)

    async def _landed(self) -> None:
        """Until no commit is under way. Raises what became of it."""
        if self._flight is not None:
            await self._flight
            self._flight = None

    def _take(self, entry: Entry, facts: Facts, answers: Outcomes) -> None:
        try:
            stepped = self._stepping.take(entry)
        except CoreBroken as broken:
            self._poison[broken.offset] = broken.why
            raise OutOfStep(str(broken)) from broken
        if stepped is None:
            return
        if stepped.facts:
            facts.setdefault(stepped.desk, []).extend(stepped.facts)
        if not isinstance(stepped.command, PLATFORM):
            answers.append((entry.offset, Answer(stepped.rejected, tuple(stepped.facts))))

    def _next_commit(self, facts: Facts) -> Commit:
        assert self._lease is not None
        return Commit(
            lease=self._lease,
            batch=uuid4().hex,
            seq=self.seq + 1,
            offset=self._taken,
            clock_ms=self.clock_ms,
            facts=encode_facts(list(facts.items())) if facts else b"",
            records=self._stepping.changes(facts, moved=self._taken != self.offset),
        )

    async def _commit(self, commit: Commit, facts: Facts, answers: Outcomes) -> None:
        await self._send(commit)
        self.commits += 1
        self.stepped += commit.offset - self.offset
        self.seq, self.offset = commit.seq, commit.offset
        self._committed_clock_ms = commit.clock_ms
        self._tell(facts, answers)

    async def _send(self, commit: Commit) -> None:
        """A commit whose reply was lost is sent again: the log knows its own batch."""
        delay_s = 0.02
        while True:
            try:
                await self._log.commit(commit)
                return
            except LogUnavailable as error:
                if delay_s > self._lease_ms / 1_000:
                    raise
                logger.warning("commit %s is in doubt (%s); sending again", commit.seq, error)
                await asyncio.sleep(delay_s)
                delay_s *= 2

    def _tell(self, facts: Facts, answers: Outcomes) -> None:
        if self._publish is not None and facts:
            self._publish(Committed(self.seq, list(facts.items())))
        self._answers.tell(answers)

    def _forget(self) -> None:
        """Nothing in memory counts any more."""
        self._loaded.clear()
        self._stepping = Desks()
        self._answers.disappoint(Unowned("the partition has to be loaded again"))


__all__ = ["Answer", "Committed", "Owner", "Unowned"]
