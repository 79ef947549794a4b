"""Spreads each desk's facts to its open streams: every commit is looked at once for all of them.

With hundreds of pages open most commits concern two or three. So a commit wakes only the streams
that it has something for, and a fact's bytes are made once, whoever reads them. One task a desk.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import NamedTuple

from router.core import facts as f
from router.core.state import State
from router.http import sight
from router.http.follower import following
from router.http.streams import event
from router.log.ports import LogError
from router.owner import Committed, Unowned
from router.service import Lagging, Service

logger = logging.getLogger("zhiban.http")

HEARD_LIMIT = 5_000
"""Facts that a stream may be behind before it is let go."""
RETRY_S = 0.5
LIVE_S = 5.0


class Heard(NamedTuple):
    """A fact on its way to a stream."""

    seq: int
    nth: int
    """Its place among the desk's facts in the commit."""
    data: bytes


def heard(seq: int, index: int, fact: f.AnyFact) -> Heard:
    """The fact as an event of a stream."""
    name = str(fact.__struct_config__.tag)
    return Heard(seq, index, event(fact, name=name, event_id=f"{seq}:{index}"))


class Ear:
    """What one stream has yet to write."""

    def __init__(self, after: int) -> None:
        self.after = after
        """It hears of the commits behind this one."""
        self._waiting: list[Heard] = []
        self._woken = asyncio.Event()
        self._end: Exception | None = None
        self._ended = False

    def tell(self, one: Heard) -> None:
        if len(self._waiting) >= HEARD_LIMIT:
            self.end(Lagging("too slow to follow"))
            return
        self._waiting.append(one)
        self._woken.set()

    def end(self, error: Exception | None = None) -> None:
        """Nothing comes any more; `error`: something is missing, too."""
        self._ended = True
        self._end = error
        self._woken.set()

    async def next(self) -> list[Heard] | None:
        """All that came since; None when no more will. Raises `Lagging`, `Unowned`, LogError."""
        await self._woken.wait()
        if self._end is not None:
            raise self._end
        if self._ended and not self._waiting:
            return None
        found, self._waiting = self._waiting, []
        if not self._ended:
            self._woken.clear()
        return found


class Announcer:
    """The streams of each desk, and the tasks that tell them."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._desks: dict[str, DeskAnnouncer] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def announce(self, desk: str) -> None:
        """Tell this desk's facts from now on, if that is not done already."""
        if desk not in self._desks:
            announcer = self._desks[desk] = DeskAnnouncer(self._service, desk)
            self._tasks.append(asyncio.create_task(announcer.run(), name=f"announce-{desk}"))

    @asynccontextmanager
    async def listening(self, desk: str, agent: str) -> AsyncIterator[Ear]:
        """Hear the desk's facts, or with `agent` those that this agent may see.

        Raises `Unowned` when the desk does not come here in time.
        """
        self.announce(desk)
        async with self._desks[desk].listening(agent) as ear:
            yield ear

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class DeskAnnouncer:
    """One desk's."""

    def __init__(self, service: Service, desk: str) -> None:
        self._service = service
        self._desk = desk
        self._seq = 0
        self._live = asyncio.Event()
        """Set while every commit behind `_seq` is told."""
        self._ears: dict[str, list[Ear]] = {}
        """By agent; "" hears all."""

    @asynccontextmanager
    async def listening(self, agent: str) -> AsyncIterator[Ear]:
        try:
            async with asyncio.timeout(LIVE_S):
                await self._live.wait()
        except TimeoutError:
            raise Unowned(f"desk {self._desk!r} is being loaded") from None
        ear = Ear(self._seq)
        ears = self._ears.setdefault(agent, [])
        ears.append(ear)
        try:
            yield ear
        finally:
            ears.remove(ear)
            if not ears and self._ears.get(agent) is ears:
                del self._ears[agent]

    async def run(self) -> None:
        """Until the partition shuts down; those who may have missed something are told so."""
        owner = self._service.partition(self._desk).owner
        while True:
            error: Exception | None = None
            try:
                await owner.wait_loaded()
                self._seq = owner.seq
                self._live.set()
                async with following(self._service, self._desk, self._seq) as commits:
                    async for committed in commits:
                        if committed is not None:
                            self._tell(committed)
            except (Lagging, Unowned, LogError) as failure:
                logger.warning("desk %s: telling the streams: %s", self._desk, failure)
                error = failure
            except Exception:  # over one fact; it must not end the streams for good
                logger.exception("desk %s: telling the streams; they begin anew", self._desk)
                error = Lagging("what came could not be told")
            self._live.clear()
            self._end_all(error)
            if error is None:
                return
            await asyncio.sleep(RETRY_S)

    def _tell(self, committed: Committed) -> None:
        """Raises `Unowned`."""
        self._seq = committed.seq
        facts = [fact for desk, facts in committed.desks if desk == self._desk for fact in facts]
        if not self._ears or not facts:
            return
        state = self._service.state(self._desk)
        for index, fact in enumerate(facts):
            told = [*self._ears.get("", ()), *self._agents_ears(state, fact)]
            if told:
                one = heard(committed.seq, index, fact)
                for ear in told:
                    ear.tell(one)

    def _agents_ears(self, state: State, fact: f.AnyFact) -> Iterable[Ear]:
        """Of the agents who may see it."""
        concerned = sight.concerned(state, fact)
        agents = self._ears.keys() if concerned is None else concerned & self._ears.keys()
        for agent in agents:
            if agent and sight.sees_fact(state, agent, fact):
                yield from self._ears[agent]

    def _end_all(self, error: Exception | None) -> None:
        for ears in self._ears.values():
            for ear in ears:
                ear.end(error)
