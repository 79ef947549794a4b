"""Keeps the figures of today and yesterday as facts are committed, and finds those of other days.

The live figures are made at the start from what is stored and then follow the commits: two days
of counters, and what is needed of the threads of the last one. A day that is further back is read
from the archive when it is asked for: one at a time, in pieces; the last few are kept. All of it
takes at most a tenth of the event loop's time: who asks for figures can wait, buyers can not. A
past day's breaches are those that the state holds: a flag may be confirmed, or dismissed, long
after its day.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import NamedTuple

from router.core import facts as f
from router.core.policy import DAY_MS, HOUR_MS
from router.core.state import State
from router.http.follower import following
from router.http.problems import Problem
from router.http.views_stats import StatsView
from router.log.codec import decode_facts
from router.log.ports import FactBatch, LogError
from router.owner import Committed, Unowned
from router.service import Lagging, Service
from router.stats import Day, Figures, day_of, first_ms_of

logger = logging.getLogger("zhiban.http")

LEAD_MS = 3 * HOUR_MS
"""How long before a day the facts are read, so that what reaches into it is known."""
LAG_MS = DAY_MS
"""How long after it: what comes later judges nothing (RULES §2)."""
PIECE = 500
PIECE_S = 0.002
"""Facts taken in a row before others get their turn, and how long that may take."""
REST_TIMES = 9
"""How often as long others have the event loop then."""
PAST_KEPT = 14
PAST_ASKED = 8
"""Past days that may be waited for at once."""
WAIT_S = 12.0
SHOWN_TIMES = 20
SHOWN_KEPT = 64
RETRY_S = 2.0


class Known(NamedTuple):
    """A day's figures."""

    day: Day
    seq: int
    """As of this commit."""
    since_ms: int
    """From when on anything is known at all; 0: nothing is."""


class Shown(NamedTuple):
    """What was put together, and as of which commit."""

    view: StatsView
    seq: int
    until_s: float
    """It is not put together again before."""


class Recent:
    """What took long to put together is not put together again for a while: so it takes a
    twentieth of the event loop's time at most, however many ask. Who asks for what is newer
    waits: nobody is given what is older than what they may have heard."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int, str], Shown] = OrderedDict()

    async def get(self, desk: str, day: int, shop: str, seq: int) -> StatsView | None:
        """The view as of commit `seq` or a later one; None: it may be put together now."""
        loop = asyncio.get_running_loop()
        while (shown := self._kept.get((desk, day, shop))) is not None:
            if shown.seq >= seq:
                return shown.view
            if shown.until_s <= loop.time():
                break
            await asyncio.sleep(shown.until_s - loop.time())
        return None

    def keep(
        self, desk: str, day: int, shop: str, view: StatsView, *, seq: int, began_s: float
    ) -> None:
        now_s = asyncio.get_running_loop().time()
        self._kept[desk, day, shop] = Shown(view, seq, now_s + SHOWN_TIMES * (now_s - began_s))
        self._kept.move_to_end((desk, day, shop))
        if len(self._kept) > SHOWN_KEPT:
            self._kept.popitem(last=False)


class Stats:
    """The figures of all desks of this process."""

    def __init__(self, service: Service) -> None:
        self.recent = Recent()
        self._service = service
        self._live: dict[str, _Live] = {}
        self._past: OrderedDict[tuple[str, int], Known] = OrderedDict()
        self._reading: dict[tuple[str, int], asyncio.Task[Known]] = {}
        self._one = asyncio.Semaphore(1)
        """Who reads what is stored: one day, or one desk's last two, at a time."""

    def follow(self, desk: str) -> None:
        """Follow this desk from now on, if that is not done already."""
        if desk not in self._live:
            changed = partial(self._changed, desk)
            self._live[desk] = _Live(self._service, desk, self._one, changed)

    async def close(self) -> None:
        tasks = [*(live.task for live in self._live.values()), *self._reading.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def of(self, desk: str, day: int, now_ms: int) -> Known:
        """The figures of a day as they stand. Raises a 503 while they are being put together."""
        self.follow(desk)
        try:
            async with asyncio.timeout(WAIT_S):
                if day >= day_of(now_ms) - 1:
                    return await self._live[desk].of(day)
                return await self._of_past(desk, day)
        except TimeoutError:
            raise _patience() from None

    def _changed(self, desk: str, day: int) -> None:
        """A breach of this day was booked or reversed: what is known of it is not true any more."""
        self._past.pop((desk, day), None)
        reading = self._reading.pop((desk, day), None)
        if reading is not None:
            reading.cancel()

    async def _of_past(self, desk: str, day: int) -> Known:
        key = desk, day
        known = self._past.get(key)
        if known is not None:
            self._past.move_to_end(key)
            return known
        task = self._reading.get(key)
        if task is None:
            if len(self._reading) >= PAST_ASKED:
                raise _patience()
            task = self._reading[key] = asyncio.create_task(
                self._read_past(desk, day), name=f"stats-{desk}-{day}"
            )
            task.add_done_callback(partial(self._was_read, key))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():  # not the one who asks: the day has just changed
                raise _patience() from None
            raise

    def _was_read(self, key: tuple[str, int], task: asyncio.Task[Known]) -> None:
        if self._reading.get(key) is task:
            del self._reading[key]
        if not task.cancelled() and task.exception() is None:
            self._past[key] = task.result()
            while len(self._past) > PAST_KEPT:
                self._past.popitem(last=False)

    async def _read_past(self, desk: str, day: int) -> Known:
        async with self._one:
            seq = self._service.partition(desk).published
            figures = Figures(_bots_answer(self._service, desk), day, day)
            pace = _Pace()
            until_ms = first_ms_of(day + 1) + LAG_MS
            start = await _seek(self._service, desk, first_ms_of(day) - LEAD_MS)
            async for committed in _stored(self._service, desk, start.seq, pace):
                if _clock_ms(committed) > until_ms:
                    break
                await pace.take(figures, _of_desk(desk, committed))
            breaches = [
                breach
                for breach in self._service.state(desk).breaches.values()
                if day_of(breach.due_ms) == day
            ]
            for breach in breaches:
                figures.book(
                    breach.id, breach.rule, breach.shop, breach.buyer, breach.agent, breach.due_ms
                )
                if breach.reversed:
                    figures.reverse(breach.id)
            return Known(Day.of(figures, day), seq, start.since_ms)


class _Live:
    """One desk's figures of today and yesterday."""

    def __init__(
        self, service: Service, desk: str, one: asyncio.Semaphore, changed: Callable[[int], None]
    ) -> None:
        """`one`: who reads what is stored; `changed`: is told of an older day whose breaches are
        not the same any more."""
        self._one = one
        self._service = service
        self._desk = desk
        self._changed = changed
        self._figures: Figures | None = None
        self._first_day = 0
        self._since_ms = 0
        self._seen = 0
        self._ready = asyncio.Event()
        self._counted = asyncio.Event()
        """Set for a moment when there is more to be seen."""
        self._pace = _Pace()
        self.task = asyncio.create_task(self._run(), name=f"stats-{desk}")

    async def of(self, day: int) -> Known:
        """Once all that has been committed by now is counted."""
        published = self._service.partition(self._desk).published
        while not self._ready.is_set() or self._seen < published:
            await self._counted.wait()
        assert self._figures is not None
        return Known(Day.of(self._figures, day), self._seen, self._since_ms)

    async def _run(self) -> None:
        """Until the partition shuts down. What goes wrong here must not harm anything else."""
        while True:
            try:
                if await self._follow():
                    return
            except Lagging:
                continue  # what was missed is stored
            except (LogError, Unowned) as error:
                logger.warning("desk %s: keeping the figures: %s", self._desk, error)
            except Exception:  # over one fact; the figures are counted anew, no more is lost
                logger.exception("desk %s: keeping the figures; beginning anew", self._desk)
                self._figures = None
                self._ready.clear()
            await asyncio.sleep(RETRY_S)

    async def _follow(self) -> bool:
        """Count what is stored, then what is committed; False: begin again behind that."""
        owner = self._service.partition(self._desk).owner
        await owner.wait_loaded()
        async with self._one:
            if self._figures is None:
                await self._begin(owner.clock_ms)
            async for committed in _stored(self._service, self._desk, self._seen, self._pace):
                await self._count(committed)
                if not owner.is_owner:
                    return False  # who owns the partition now is asked for its figures
        self._ready.set()
        self._tell()
        async with following(self._service, self._desk, self._seen) as commits:
            async for fresh in commits:
                if fresh is not None:
                    await self._count(fresh)
        return True

    async def _begin(self, now_ms: int) -> None:
        self._first_day = day_of(now_ms) - 1
        start_ms = first_ms_of(self._first_day) - LEAD_MS
        start = await _seek(self._service, self._desk, start_ms)
        self._figures = Figures(_bots_answer(self._service, self._desk), self._first_day)
        self._seen, self._since_ms = start

    async def _count(self, committed: Committed) -> None:
        assert self._figures is not None
        facts = _of_desk(self._desk, committed)
        self._since_ms = self._since_ms or (facts[0].at_ms if facts else 0)
        await self._pace.take(self._figures, facts)
        self._seen = committed.seq
        if facts and day_of(facts[-1].at_ms) - 1 > self._first_day:
            self._first_day = day_of(facts[-1].at_ms) - 1
            self._figures.forget_before(self._first_day)
        for fact in facts:
            if isinstance(fact, f.BreachSealed):
                self._touched(fact.due_ms)
            elif isinstance(fact, f.BreachReversed):
                breach = self._service.state(self._desk).breaches.get(fact.breach)
                if breach is not None:
                    self._touched(breach.due_ms)
        self._tell()

    def _tell(self) -> None:
        self._counted.set()
        self._counted.clear()

    def _touched(self, due_ms: int) -> None:
        if day_of(due_ms) < self._first_day:
            self._changed(day_of(due_ms))


# Reading what is stored


class _Start(NamedTuple):
    """Where to begin to read."""

    seq: int
    """The last commit before the moment that was asked for."""
    since_ms: int
    """When the first of all commits was that are stored; 0: there are none."""


async def _seek(service: Service, desk: str, at_ms: int) -> _Start:
    """By halves: the log's clock never goes back."""
    low, high = 0, service.partition(desk).owner.seq
    first_ms = 0
    if first := await service.stored(desk, 0, limit=1):
        first_ms = _clock_ms(_read(first[0]))
    while low < high:
        middle = (low + high) // 2
        found = await service.stored(desk, middle, limit=1)
        if found and _clock_ms(_read(found[0])) < at_ms:
            low = found[0].seq
        else:
            high = middle
    return _Start(low, first_ms)


def _clock_ms(committed: Committed) -> int:
    """The log's clock at a commit, by what is said there."""
    return max((fact.at_ms for _, facts in committed.desks for fact in facts), default=0)


async def _stored(
    service: Service, desk: str, after_seq: int, pace: _Pace
) -> AsyncIterator[Committed]:
    """The commits of the desk's partition that are stored, up to the last one."""
    while batches := await service.stored(desk, after_seq):
        for batch in batches:
            after_seq = batch.seq
            with pace.work():
                committed = _read(batch)
            yield committed
            await pace.rest()


def _read(batch: FactBatch) -> Committed:
    return Committed(batch.seq, decode_facts(batch.body))


def _of_desk(desk: str, committed: Committed) -> Sequence[f.AnyFact]:
    return next((facts for name, facts in committed.desks if name == desk), ())


class _Pace:
    """Leaves most of the event loop's time to others."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._taken_s = 0.0

    @contextmanager
    def work(self) -> Iterator[None]:
        """What is done in it counts."""
        began_s = self._loop.time()
        yield
        self._taken_s += self._loop.time() - began_s

    async def rest(self) -> None:
        """Once a little while was taken, let others have many times as much."""
        if self._taken_s >= PIECE_S:
            rest_s, self._taken_s = self._taken_s * REST_TIMES, 0.0
            await asyncio.sleep(rest_s)

    async def take(self, figures: Figures, facts: Sequence[f.AnyFact]) -> None:
        for start in range(0, len(facts), PIECE):
            with self.work():
                figures.take(facts[start : start + PIECE])
            await self.rest()


def _bots_answer(service: Service, desk: str) -> Callable[[str, int], bool]:
    """By the policies as the desk's state remembers them."""
    known: State = service.state(desk)

    def bots_answer(shop: str, sent_ms: int) -> bool:
        nonlocal known
        with suppress(Unowned):
            known = service.state(desk)
        return known.rules(shop).at(sent_ms).policy.bots_answer

    return bots_answer


def _patience() -> Problem:
    detail = "the figures are being put together"
    return Problem(503, detail, reason="counting", retry_after_s=2)
