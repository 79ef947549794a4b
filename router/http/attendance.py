"""The heartbeat of presence set in the console: its event streams (RULES §4).

Counts each agent's open streams. When the last is gone for `silent_ms` and the agent's
presence was set in the console, `GoSilent` says so to the desk, which decides. After a
restart everybody gets the whole delay to come back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

from router.core import commands as c
from router.owner import Unowned
from router.service import Refused, Service, UnknownDesk

logger = logging.getLogger("zhiban.http")

RETRY_S = 5.0

Who = tuple[str, str]
"""(desk, agent)."""


class Timer(Protocol):
    def cancel(self) -> Any: ...


CallLater = Callable[[float, Callable[[], None]], Timer]


class Attendance:
    """Who is at their console."""

    def __init__(
        self, service: Service, silent_ms: int, call_later: CallLater | None = None
    ) -> None:
        self._service = service
        self._silent_s = silent_ms / 1_000
        self._call_later = call_later
        self._streams: dict[Who, int] = {}
        self._lost: dict[Who, tuple[int, Timer]] = {}
        """Since when (by the log's clock), and what will say so."""
        self._telling: set[asyncio.Task[None]] = set()

    def streams(self, desk: str, agent: str) -> int:
        """How many event streams of this agent are open."""
        return self._streams.get((desk, agent), 0)

    def opened(self, desk: str, agent: str) -> None:
        who = (desk, agent)
        self._streams[who] = self._streams.get(who, 0) + 1
        self._forget(who)

    def closed(self, desk: str, agent: str) -> None:
        who = (desk, agent)
        left = self._streams.pop(who, 0) - 1
        if left > 0:
            self._streams[who] = left
        else:
            self._await(who)

    def begin(self, desk: str) -> None:
        """The desk has been loaded: whoever is not here has the whole delay to come."""
        try:
            persons = self._service.state(desk).persons
        except Unowned:
            return
        for agent in persons:
            self._await((desk, agent))

    def presence_changed(self, desk: str, agent: str) -> None:
        """Set anew: the delay begins anew, where it is needed at all."""
        self._await((desk, agent))

    def close(self) -> None:
        for who in list(self._lost):
            self._forget(who)
        for task in self._telling:
            task.cancel()

    def _forget(self, who: Who) -> None:
        lost = self._lost.pop(who, None)
        if lost is not None:
            lost[1].cancel()

    def _await(self, who: Who) -> None:
        self._forget(who)
        if self._streams.get(who) or not self._is_heard(who):
            return
        since_ms = self._service.partition(who[0]).owner.clock_ms
        self._arm(who, since_ms, self._silent_s)

    def _arm(self, who: Who, since_ms: int, delay_s: float) -> None:
        later = self._call_later or asyncio.get_running_loop().call_later
        self._lost[who] = (since_ms, later(delay_s, lambda: self._silent(who)))

    def _is_heard(self, who: Who) -> bool:
        """Whether this agent's presence needs a console."""
        try:
            person = self._service.state(who[0]).persons.get(who[1])
        except (Unowned, UnknownDesk):
            return True  # not known now: ask again when the time is up
        return person is not None and person.console and person.presence != "offline"

    def _silent(self, who: Who) -> None:
        since_ms, _ = self._lost.pop(who)
        if self._streams.get(who) or not self._is_heard(who):
            return
        task = asyncio.get_running_loop().create_task(self._tell(who, since_ms))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell(self, who: Who, since_ms: int) -> None:
        desk, agent = who
        try:
            await self._service.submit(desk, c.GoSilent(agent=agent, since_ms=since_ms))
        except Refused as refused:
            logger.warning("agent %s of %s is silent, not taken yet: %s", agent, desk, refused.why)
            if not self._streams.get(who) and who not in self._lost:
                self._arm(who, since_ms, RETRY_S)
