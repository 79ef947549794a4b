"""A process of the router: an owner and an ingress on one wire. It crashes, freezes, returns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from random import Random
from typing import Any, TypeVar

from router.core import commands as c
from router.ingress import Ingress, Receipt
from router.log.codec import encode_command
from router.log.memory import MemoryLog
from router.log.ports import Appended, Draft, RepeatKey
from router.owner import Answer, Owner
from tests.simulation.auditor import Auditor
from tests.simulation.network import Weather, Wire

T = TypeVar("T")

LEASE_MS = 5_000


class Gone(Exception):
    """The process has no ear for this request, or died over it."""


class Tasks:
    """Tasks in the order in which they were started; what fails by itself is told."""

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        self._failed = failed
        self._tasks: dict[asyncio.Task[Any], None] = {}

    def spawn(self, doing: Coroutine[Any, Any, T], *, told: bool = True) -> asyncio.Task[T]:
        """`told`: somebody else looks at what becomes of it."""
        task = asyncio.get_running_loop().create_task(doing)
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._ended(done, told=told))
        return task

    def _ended(self, task: asyncio.Task[Any], *, told: bool) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None and not told:
            self._failed(error)

    async def cancel(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Process:
    """One of the two."""

    def __init__(
        self,
        name: str,
        log: MemoryLog,
        weather: Weather,
        auditor: Auditor,
        adopt: Callable[[], c.AdoptDesk],
        spawn: Callable[[Coroutine[Any, Any, Any]], Any],
    ) -> None:
        self.name = name
        self._log = log
        self._weather = weather
        self._auditor = auditor
        self._adopt = adopt
        self._spawn = spawn
        self.alive = False
        self.starts = 0

    def start(self) -> None:
        """Anew, with nothing but what the log keeps."""
        self.alive = True
        self.starts += 1
        self._auditor.note(f"{self.name} starts")
        self.wire = Wire(self._log, self._weather, self._spawn)
        self.wire.crash = self.crash
        self.tasks = Tasks(self._failed)
        name = f"{self.name}{self.starts}"
        self.owner = Owner(
            self.wire,
            name,
            desks=[self._adopt()],
            lease_ms=LEASE_MS,
        )
        self.owner.publish_to(self._auditor.published)
        self.ingress = Ingress(self.wire, owner=self.owner)
        self.open = False
        self._running = self.tasks.spawn(self.owner.run(), told=False)
        self._pumping = self.tasks.spawn(self._open_door(), told=False)

    async def _open_door(self) -> None:
        """As the daemon does: the owner is first, so that it notes that we were away."""
        with suppress(TimeoutError):
            async with asyncio.timeout(15):
                await self.owner.wait_settled()
        self.open = True
        await self.ingress.run()

    def _failed(self, error: BaseException) -> None:
        self._auditor.say(f"a task of {self.name} has died: {type(error).__name__}: {error}")

    def crash(self) -> None:
        """No goodbye: nothing more leaves it, nothing reaches it."""
        if not self.alive:
            return
        self._auditor.note(f"{self.name} crashes")
        self._weather.count("crash")
        self.alive = False
        self.wire.dead = True
        self.wire.thaw()
        self._spawn(self.tasks.cancel())

    async def stop(self) -> None:
        """In order: the door first, then the owner."""
        self._auditor.note(f"{self.name} stops")
        self.alive = False
        self.ingress.close()
        self.owner.stop()
        try:
            async with asyncio.timeout(30):
                await asyncio.gather(self._pumping, self._running, return_exceptions=True)
        except TimeoutError:
            self._auditor.say(f"{self.name} does not stop")
        self.wire.dead = True
        await self.tasks.cancel()

    # What clients ask

    async def submit(
        self, command: c.AnyCommand, repeats: tuple[RepeatKey, ...], *, patience_s: float
    ) -> Receipt:
        """Raises `Refused`, or `Gone`: then nobody knows."""
        return await self._request(self._submit(command, repeats), patience_s)

    async def ask(
        self, command: c.AnyCommand, repeats: tuple[RepeatKey, ...], *, patience_s: float
    ) -> tuple[int, Answer] | None:
        """Raises as `submit`, and `Unowned`; None for a repeat."""
        return await self._request(self._ask(command, repeats), patience_s)

    async def _submit(self, command: c.AnyCommand, repeats: tuple[RepeatKey, ...]) -> Receipt:
        return await self.ingress.submit(Draft(encode_command("desk", command), repeats))

    async def _ask(
        self, command: c.AnyCommand, repeats: tuple[RepeatKey, ...]
    ) -> tuple[int, Answer] | None:
        receipt = await self._submit(command, repeats)
        if not isinstance(receipt, Appended):
            return None
        return receipt.offset, await self.owner.answer(receipt.offset)

    async def _request(self, doing: Coroutine[Any, Any, T], patience_s: float) -> T:
        if not self.alive or not self.open:
            doing.close()
            raise Gone(self.name)
        task = self.tasks.spawn(doing)
        _, waiting = await asyncio.wait([task], timeout=patience_s)
        if waiting:
            task.cancel()  # the client hangs up
            await asyncio.wait([task])
        if task.cancelled():
            raise Gone(self.name)
        return task.result()


def pick(random: Random, processes: list[Process]) -> Process:
    """The one to which a load balancer sends a request."""
    alive = [process for process in processes if process.alive]
    return random.choice(alive or processes)
