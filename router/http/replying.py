"""The quick replies at work: the library on disk and the index in memory, in one thread of theirs.

The index belongs to that thread alone, so it always says what the library does. A library that
is opened empty begins with the starter set.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

from router.replies import Index, Library, LibraryUnavailable, Reply, starter

T = TypeVar("T")
Order = Literal["best", "used", "unused", "changed"]

_KEYS: dict[Order, Callable[[Reply], int]] = {
    "used": lambda reply: -reply.uses,
    "unused": lambda reply: reply.uses,
    "changed": lambda reply: -reply.updated_ms,
}
"""Beside the best first, as the index gives them."""


class Found(NamedTuple):
    """Some of those that were found."""

    replies: list[Reply]
    total: int
    categories: Counter[str]
    """How many of each category were found: of all, where only one is shown."""


class Replies:
    """Ask it from the event loop; `close` it in the end."""

    def __init__(self, path: Path | None) -> None:
        """Opens the file when it is first asked. Its directory must be there then."""
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="replies")
        self._library: Library | None = None
        self._index = Index()

    async def search(
        self,
        typed: str,
        *,
        agent: str,
        owner: str | None,
        shop: str,
        category: str,
        order: Order,
        start: int,
        limit: int,
    ) -> Found:
        """A part of the team's and this agent's own, or of one `owner`'s."""

        def work(library: Library) -> Found:
            del library
            every = self._index.search(typed, agent=agent, owner=owner, shop=shop, limit=None)
            found = [one for one in every if category in ("", one.category)]
            if order in _KEYS:
                found.sort(key=_KEYS[order])
            categories = Counter(one.category for one in every)
            return Found(found[start : start + limit], len(found), categories)

        return await self._run(work)

    async def read(self, work: Callable[[Library], T]) -> T:
        return await self._run(work)

    async def save(self, reply: Reply, *, new: bool) -> None:
        """Raises `BadReply`, `IdTaken`, `LibraryFull`, `UnknownReply`, `LibraryUnavailable`."""

        def work(library: Library) -> None:
            (library.add if new else library.update)(reply)
            self._index.put(library.get(reply.id, reply.owner))

        await self._run(work)

    async def save_all(self, owner: str, replies: Iterable[Reply]) -> tuple[int, int]:
        """How many were added and how many changed: all, or none."""

        def work(library: Library) -> tuple[int, int]:
            saved = library.save_all(owner, replies)
            for reply in library.owned(owner):
                self._index.put(reply)
            return saved.added, saved.changed

        return await self._run(work)

    async def delete(self, reply_id: str, owner: str) -> None:
        def work(library: Library) -> None:
            library.delete(reply_id, owner)
            self._index.remove(reply_id)

        await self._run(work)

    async def used(self, reply_id: str, agent: str, at_ms: int) -> Reply:
        def work(library: Library) -> Reply:
            reply = library.used(reply_id, agent, at_ms)
            self._index.put(reply)
            return reply

        return await self._run(work)

    async def close(self) -> None:
        def work() -> None:
            if self._library is not None:
                self._library.close()

        await asyncio.get_running_loop().run_in_executor(self._thread, work)
        self._thread.shutdown()

    async def _run(self, work: Callable[[Library], T]) -> T:
        def run() -> T:
            return work(self._opened())

        return await asyncio.get_running_loop().run_in_executor(self._thread, run)

    def _opened(self) -> Library:
        if self._library is None:
            if self._path is None:
                raise LibraryUnavailable("这里没有话术库 / no quick replies are kept here")
            library = Library(self._path)
            if not library.everybodys():
                library.save_all("", starter())
            for reply in library.everybodys():
                self._index.put(reply)
            self._library = library
        return self._library
