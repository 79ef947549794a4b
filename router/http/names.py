"""What buyers are called: for people's eyes, so the core knows nothing of it.

A name stands in the messages. It is read from the log when a session is first shown, so nothing
is lost with a restart, and a bounded number of names is kept. A bridge need not give any.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import msgspec

from router.core import commands as c
from router.core.thread import Thread, read_lines
from router.http import views as v
from router.http.views_conduct import FlagView
from router.log.codec import Undecodable, decode_entry
from router.log.ports import Entry, LogError
from router.service import Service

KEPT = 50_000
READ_AT_ONCE = 1_000

Named = TypeVar("Named", v.SessionView, v.QueueView, v.Due, v.WorkView, v.LedgerView, FlagView)
Buyer = tuple[str, str]
"""Shop and buyer."""


class _Known(NamedTuple):
    name: str
    session: str
    """Where it was looked for."""
    lines: int
    """How many messages that session had; found there: no number is as high."""


_FOUND = 1 << 30
_NOTHING = _Known("", "", 0)


class Names:
    """The names of one process's buyers."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._known: OrderedDict[Buyer, _Known] = OrderedDict()
        self._reading = asyncio.Lock()

    def on(self, view: Named) -> Named:
        """The same with the buyer's name, if that is known."""
        known = self._known.get((view.shop, view.buyer))
        if known is None or not known.name:
            return view
        return msgspec.structs.replace(view, buyer_name=known.name)

    def of(self, thread: Thread) -> str:
        """A buyer's name; "" where that is not known."""
        return self._known.get((thread.shop, thread.buyer), _NOTHING).name

    async def learn(self, desk: str, threads: Sequence[Thread | None]) -> None:
        """Read the names of these buyers, where that has not been done for their session."""
        wanted = {(t.shop, t.buyer): t for t in threads if t is not None and self._is_wanted(t)}
        if not wanted:
            return
        async with self._reading:  # many pages ask for the same at once
            found = {key: _lines(t) for key, t in wanted.items() if self._is_wanted(t)}
            offsets = sorted({o for lines in found.values() for o in (lines[0], lines[-1])})
            try:
                names = await self._read(desk, offsets)
            except LogError:
                return  # a name is not worth to fail for: the next time
            for key, lines in found.items():
                name = names.get(lines[-1]) or names.get(lines[0]) or ""
                before = self._known.pop(key, _NOTHING)
                session = _session(wanted[key])
                looked = _FOUND if name else len(lines)
                self._known[key] = _Known(name or before.name, session, looked)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)

    def _is_wanted(self, thread: Thread) -> bool:
        """Once a session; where no name was there, again each time it has grown to the double."""
        count = len(_raw(thread)) // 6
        known = self._known.get((thread.shop, thread.buyer), _NOTHING)
        if known.session != _session(thread):
            return count > 0
        return count > 0 and count >= 2 * known.lines

    async def _read(self, desk: str, offsets: list[int]) -> dict[int, str]:
        names: dict[int, str] = {}
        for start in range(0, len(offsets), READ_AT_ONCE):
            part = offsets[start : start + READ_AT_ONCE]
            for entry in await self._service.entries(desk, part):
                if entry is not None:
                    names[entry.offset] = _name_in(entry)
        return names


def _session(thread: Thread) -> str:
    """The open one, or the last."""
    return thread.session or (thread.past[-1].id if thread.past else "")


def _raw(thread: Thread) -> bytes:
    if thread.session:
        return thread.lines
    return thread.past[-1].lines if thread.past else b""


def _lines(thread: Thread) -> list[int]:
    return read_lines(_raw(thread))


def _name_in(entry: Entry) -> str:
    try:
        command = decode_entry(entry.body).command
    except Undecodable:
        return ""
    return command.content.buyer_name if isinstance(command, c.MessageReceived) else ""
