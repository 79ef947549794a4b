"""What the daemon's parts ask of the desks: submit, ask, look, listen.

The one object that HTTP, workers and the demo share. It knows which partition a desk lives in,
appends through the ingress, waits for the owner's commit, and spreads committed facts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import cast
from zlib import crc32

from router.core import commands as c
from router.core.state import State
from router.ingress import Ingress, Receipt, Refused
from router.log.archive import Archive, entries_at, next_facts
from router.log.codec import decode_facts, encode_command
from router.log.ports import Appended, Draft, Entry, FactBatch, Log, RepeatKey
from router.owner import Answer, Committed, Owner, Unowned

LISTENER_LIMIT = 2_000
"""Commits that a slow listener may be behind before it is let go."""


# What a NamedTuple's own constructor calls in the end, at half its cost.
_draft = cast(Callable[[tuple[bytes, tuple[RepeatKey, ...]]], Draft], partial(tuple.__new__, Draft))


def partition_of(desk: str, partitions: int) -> int:
    """Where a desk lives: a stable hash (DESIGN 1)."""
    return crc32(desk.encode()) % partitions


class Lagging(Exception):
    """This listener was too slow and has missed facts: begin again from what it had."""


class Listener:
    """The facts of one partition, as they are committed."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Committed | None] = asyncio.Queue(LISTENER_LIMIT)
        self.lagging = False

    def put(self, committed: Committed | None) -> None:
        try:
            self._queue.put_nowait(committed)
        except asyncio.QueueFull:
            self.lagging = True

    async def next(self) -> Committed | None:
        """The next commit; None when the partition is shutting down. Raises `Lagging`."""
        if self.lagging:
            raise Lagging("too slow to follow")
        return await self._queue.get()


class Partition:
    """One partition's parts in this process."""

    def __init__(self, log: Log, ingress: Ingress, owner: Owner) -> None:
        self.log = log
        self.ingress = ingress
        self.owner = owner
        self.listeners: list[Listener] = []
        self.published = 0
        """The last commit that the listeners were given."""

    def submit(
        self, desk: str, command: c.AnyCommand, repeats: tuple[RepeatKey, ...] = ()
    ) -> asyncio.Future[Receipt]:
        """Append a command; answered when it is durable. Raises `Refused`, at once or later."""
        return self.ingress.submit(_draft((encode_command(desk, command), repeats)))

    def publish(self, committed: Committed) -> None:
        self.published = committed.seq
        for listener in self.listeners:
            listener.put(committed)

    @contextmanager
    def listen(self) -> Iterator[Listener]:
        listener = Listener()
        self.listeners.append(listener)
        try:
            yield listener
        finally:
            self.listeners.remove(listener)


class UnknownDesk(Exception):
    """No desk or shop of this name."""


class UnknownShop(UnknownDesk):
    """No shop of this name."""


class Service:
    """All partitions of this process."""

    def __init__(
        self,
        partitions: Sequence[Partition],
        desks: Sequence[c.AdoptDesk],
        *,
        archive: Archive | None = None,
    ) -> None:
        """`archive`: where what was trimmed from the streams is found."""
        self._archive = archive
        self.partitions = list(partitions)
        self._by_desk: dict[str, Partition] = {}
        self._home_of_shop: dict[str, tuple[str, Partition]] = {}
        self._farewells: dict[str, tuple[str, ...]] = {}
        for adopt in desks:
            self.know(adopt)

    def know(self, adopt: c.AdoptDesk) -> None:
        """Route the desk's shops from now on."""
        desk = adopt.desk
        home = self.partitions[partition_of(desk.id, len(self.partitions))]
        self._by_desk[desk.id] = home
        for shop in desk.shops:
            self._home_of_shop[shop.id] = (desk.id, home)
            self._farewells[shop.id] = (shop.policy or desk.policy).farewells

    @property
    def desks(self) -> list[str]:
        return list(self._by_desk)

    def home_of_shop(self, shop: str) -> tuple[str, Partition]:
        """The shop's desk, and where that lives. Raises `UnknownShop`."""
        try:
            return self._home_of_shop[shop]
        except KeyError:
            raise UnknownShop(f"no shop {shop[:200]!r}") from None

    def farewells(self, shop: str) -> tuple[str, ...]:
        """As configured here, for who does not own the partition."""
        return self._farewells.get(shop, ())

    def partition(self, desk: str) -> Partition:
        """Raises `UnknownDesk`."""
        try:
            return self._by_desk[desk]
        except KeyError:
            raise UnknownDesk(f"no desk {desk!r}") from None

    def state(self, desk: str) -> State:
        """The desk's state as committed; read it, never change it. Raises `Unowned`."""
        owner = self.partition(desk).owner
        if not owner.is_owner or desk not in owner.states:
            raise Unowned(f"desk {desk!r} is being loaded")
        return owner.states[desk]

    def submit(
        self, desk: str, command: c.AnyCommand, repeats: tuple[RepeatKey, ...] = ()
    ) -> asyncio.Future[Receipt]:
        """Append a command; answered when it is durable. Raises `Refused`, at once or later."""
        return self.partition(desk).submit(desk, command, repeats)

    async def ask(
        self, desk: str, command: c.AnyCommand, repeats: tuple[RepeatKey, ...] = ()
    ) -> Answer | None:
        """Append a command and wait for what became of it; None for a repeat.

        Raises `Refused`, `Unowned` or TimeoutError (the outcome is not known then).
        """
        receipt = await self.submit(desk, command, repeats)
        if not isinstance(receipt, Appended):
            return None
        return await self.partition(desk).owner.answer(receipt.offset)

    async def entries(self, desk: str, offsets: Sequence[int]) -> list[Entry | None]:
        """What stands at these places of the inbox, or of the archive; None for what is in
        neither."""
        log = self.partition(desk).log
        if self._archive is None:
            return await log.entries(offsets)
        return await entries_at(self._archive, log, offsets)

    async def facts(
        self, desk: str, after_seq: int | None = None
    ) -> AsyncIterator[Committed | None]:
        """The desk's facts from behind `after_seq` on (None: from now), without a hole.

        Yields None when nothing came for 10 s. Ends at shutdown; raises `Lagging` for a reader
        that is too slow, or that asks for what is not in the stream any more.
        """
        partition = self.partition(desk)
        owner = partition.owner
        with partition.listen() as listener:
            reloads = owner.reloads
            seen = owner.seq if after_seq is None else after_seq
            if after_seq is not None:
                await self.check_reach(desk, after_seq)
                async for committed in self._behind(desk, seen):
                    seen = committed.seq
                    yield committed
            while True:
                fresh: Committed | None = None
                try:
                    async with asyncio.timeout(10):
                        fresh = await listener.next()
                    if fresh is None:
                        return
                except TimeoutError:
                    pass
                if owner.reloads != reloads:
                    # Another process may have committed meanwhile: that is stored, no more.
                    reloads = owner.reloads
                    async for committed in self._behind(desk, seen):
                        seen = committed.seq
                        yield committed
                if fresh is None:
                    yield None
                elif fresh.seq > seen:
                    seen = fresh.seq
                    yield fresh

    async def _behind(self, desk: str, seq: int) -> AsyncIterator[Committed]:
        """The commits behind `seq` that are stored by now."""
        while batches := await self.stored(desk, seq):
            for batch in batches:
                seq = batch.seq
                yield Committed(batch.seq, decode_facts(batch.body))

    async def check_reach(self, desk: str, after_seq: int) -> None:
        """Raises `Lagging` where the commits behind `after_seq` are not kept any more."""
        if self._archive is None:
            _, first = await self.partition(desk).log.first_offsets()
            if first and after_seq and after_seq + 1 < first:
                raise Lagging("what came since is not in the stream any more")

    async def stored(self, desk: str, after_seq: int, *, limit: int = 100) -> list[FactBatch]:
        """The commits behind `after_seq` of the desk's partition, as they are stored; the oldest
        first. Empty: there are no more."""
        log = self.partition(desk).log
        if self._archive is None:
            return await log.facts(after_seq, limit=limit)
        return await next_facts(self._archive, log, after_seq, limit=limit)


__all__ = [
    "Lagging",
    "Partition",
    "Refused",
    "Service",
    "UnknownDesk",
    "UnknownShop",
    "Unowned",
    "partition_of",
]
