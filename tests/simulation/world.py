"""One simulation: a desk, its people and platforms, two processes, and what goes wrong."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Coroutine, Sequence
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock

from router import owner
from router.core import commands as c
from router.core.facts import DeliveryRequested
from router.log.ports import Commit, Meta
from tests.simulation.auditor import Auditor
from tests.simulation.desks import changed_desk, make_desk
from tests.simulation.network import WatchedLog, Weather
from tests.simulation.people import People
from tests.simulation.platform import Platform
from tests.simulation.process import Process, Tasks
from tests.simulation.reckoning import reckon
from tests.simulation.virtual import VirtualLoop, run_virtually

BUSY_S = 150.0
SETTLE_S = 150.0
TROUBLES = ("crash", "crash_later", "freeze", "away", "full", "restart", "configure")


class Result(NamedTuple):
    """What one seed gave."""

    seed: int
    findings: Sequence[str]
    digest: str
    """Of everything that happened, and of all that is stored in the end."""
    counts: dict[str, int]
    outage_findings: Sequence[str]


class _Ears(Auditor):
    """The auditor, and the outbound worker that performs what is committed."""

    platform: Platform

    def committed(self, commit: Commit, now_ms: int, meta: Meta) -> None:
        before = len(self.facts)
        super().committed(commit, now_ms, meta)
        for fact in self.facts[before:]:
            if isinstance(fact, DeliveryRequested):
                self.platform.show_back(fact)


class World:
    """Everything of one seed."""

    def __init__(
        self, seed: int, loop: VirtualLoop, *, verbose: bool, troubles: Sequence[str]
    ) -> None:
        self._wanted = troubles
        self.random = random = Random(seed)
        self.auditor = _Ears(verbose=verbose)
        self.weather = Weather(random)
        self.desk = make_desk(random)
        self._changed = self.desk
        self.log = WatchedLog(loop.clock_ms, self.auditor)
        self.tasks = Tasks(self._failed)
        self.processes = [
            Process(name, self.log, self.weather, self.auditor, self._adopt, self._background)
            for name in ("A", "B")
        ]
        shared = (self.tasks, self.processes, loop.clock_ms)
        self.platform = Platform(random, self.desk, self.auditor, *shared)
        self.auditor.platform = self.platform
        self.people = People(random, self.desk, self.auditor, self.platform, *shared)

    def _failed(self, error: BaseException) -> None:
        self.auditor.note(f"in the background: {type(error).__name__}")
        if not isinstance(error, Exception) or not type(error).__module__.startswith("router.log"):
            self.auditor.say(f"the simulation has failed: {type(error).__name__}: {error}")

    def _background(self, doing: Coroutine[Any, Any, Any]) -> None:
        _ = self.tasks.spawn(doing, told=False)

    def _adopt(self) -> c.AdoptDesk:
        return c.AdoptDesk(desk=self._changed)

    async def run(self) -> None:
        first, second = self.processes
        first.start()  # as the daemon does at its first start: the desk is known, then the door
        await first.owner.wait_loaded()
        second.start()
        troubles = self.tasks.spawn(self._troubles(), told=False)
        await self.people.live(asyncio.get_running_loop().time() + BUSY_S)
        troubles.cancel()
        await self._heal()
        loop = asyncio.get_running_loop()
        latest_s = loop.time() + 400
        while self.platform.underway and loop.time() < latest_s:
            await asyncio.sleep(1)
        if self.platform.underway:
            self.auditor.say(f"{self.platform.underway} events were never taken")
        await asyncio.sleep(SETTLE_S)
        for process in self.processes:
            await process.stop()
        await self.tasks.cancel()
        await reckon(self.log, self.auditor)

    async def _heal(self) -> None:
        self.weather.clear()
        for process in self.processes:
            process.wire.crash_at_call = -1
            process.wire.thaw()
        await asyncio.sleep(1)
        for process in self.processes:
            if not process.alive:
                process.start()

    # What goes wrong

    async def _troubles(self) -> None:
        random, weather = self.random, self.weather
        if not self._wanted:
            return
        if len(self._wanted) > 1:
            weather.lost_before = random.choice((0, 0, 0.005, 0.03))
            weather.lost_after = random.choice((0, 0, 0.005, 0.03))
            weather.strays = random.choice((0, 0.5))
        weather.delay_s = random.choice((0.002, 0.02, 0.2))
        kinds = {
            "crash": (3, self._crash),
            "crash_later": (5, self._crash_later),
            "freeze": (3, self._freeze),
            "away": (2, self._away),
            "full": (1, self._full),
            "restart": (2, self._restart),
            "configure": (1, self._configure),
        }
        while True:
            await asyncio.sleep(random.expovariate(1 / 20))
            weights = [kinds[name][0] for name in self._wanted]
            name = random.choices(self._wanted, weights)[0]
            self.auditor.note(f"trouble: {name}")
            weather.count(name)
            await kinds[name][1]()

    def _victims(self) -> list[Process]:
        """One process, seldom both."""
        if self.random.random() < 0.15:
            return self.processes
        return [self.random.choice(self.processes)]

    async def _start_again(self, victims: list[Process]) -> None:
        await asyncio.sleep(self.random.choice((0.0, 0.5, 3, 12, 30)))
        for process in victims:
            if not process.alive:
                process.start()

    async def _crash(self) -> None:
        victims = self._victims()
        for process in victims:
            process.crash()
        await self._start_again(victims)

    async def _crash_later(self) -> None:
        """At the n-th call from now: in the middle of a load, a begin, a commit."""
        victims = self._victims()
        for process in victims:
            if process.alive:
                process.wire.crash_at_call = process.wire.calls + self.random.randint(1, 40)
        await asyncio.sleep(self.random.random() * 10)
        await self._start_again(victims)

    async def _freeze(self) -> None:
        """Longer than the lease, at times: then the other takes over."""
        victims = self._victims()
        for process in victims:
            process.wire.freeze()
        await asyncio.sleep(self.random.choice((0.5, 2, 6, 6, 15, 30)))
        for process in victims:
            process.wire.thaw()

    async def _away(self) -> None:
        self.weather.away = True
        await asyncio.sleep(self.random.choice((1, 4, 8, 60)))
        self.weather.away = False

    async def _full(self) -> None:
        self.weather.full = True
        await asyncio.sleep(self.random.choice((1, 5, 15)))
        self.weather.full = False

    async def _restart(self) -> None:
        victim = self.random.choice(self.processes)
        if victim.alive:
            await victim.stop()
        await self._start_again([victim])

    async def _configure(self) -> None:
        """The next to start has another configuration."""
        self._changed = changed_desk(self.random, self.desk)


def simulate(seed: int, *, verbose: bool = False, troubles: Sequence[str] | None = None) -> Result:
    """Run one seed to its end; with these troubles only, or (one in ten) without any."""
    loop = VirtualLoop()
    if troubles is None:
        troubles = TROUBLES if seed % 10 else ()
    world = World(seed, loop, verbose=verbose, troubles=troubles)
    logger = logging.getLogger("zhiban")
    level = logger.level
    if not verbose:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with mock.patch.object(owner, "time", SimpleNamespace(monotonic=loop.time)):
            run_virtually(world.run(), loop)
    finally:
        logger.setLevel(level)
        gc.unfreeze()  # an owner freezes what it has loaded; here that is soon rubbish
    auditor = world.auditor
    counts = {
        "entries": len(auditor.inbox),
        "commits": auditor.commits,
        "facts": len(auditor.facts),
        "acked": auditor.acked,
        "accepted": world.people.accepted,
        "rejected": world.people.rejected,
        "sealed": auditor.sealed,
        "outages": len(auditor.books.outages),
        **world.weather.counts,
    }
    return Result(
        seed,
        tuple(auditor.findings),
        auditor.digest(),
        counts,
        tuple(auditor.outage_findings),
    )
