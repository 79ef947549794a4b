"""Follows each desk's facts, and remembers what the core does not: deliveries, closed sessions.

Everything is bounded: the oldest goes first. At the start what is still in the facts stream
is read again, so a restart forgets little. One task a desk.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar, cast

from router.core import facts as f
from router.core.facts_work import remark_id
from router.http import views as v
from router.http.attendance import Attendance
from router.http.policy_history import History
from router.log.ports import LogError
from router.owner import Committed, Unowned
from router.service import Lagging, Service

logger = logging.getLogger("zhiban.http")

K = TypeVar("K")
T = TypeVar("T")

KEPT = 50_000
HISTORY = 20_000
"""How many commits back the facts are read at the start."""
RETRY_S = 0.5


def following(
    service: Service, desk: str, after: int
) -> aclosing[AsyncGenerator[Committed | None, None]]:
    """The desk's facts behind this commit; lets go of its listener at the end of the `with`."""
    facts = service.facts(desk, after)
    assert isinstance(facts, AsyncGenerator)
    return aclosing(facts)


class Follower:
    """What the facts said that the state does not hold."""

    def __init__(self, service: Service, attendance: Attendance, history: History) -> None:
        self._service = service
        self._attendance = attendance
        self._history = history
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._deliveries: OrderedDict[tuple[str, str], v.Delivery] = OrderedDict()
        self._troubles: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._closed: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._recalled: OrderedDict[tuple[str, str], None] = OrderedDict()

    def follow(self, desk: str) -> None:
        """Follow this desk from now on, if that is not done already."""
        if desk not in self._tasks:
            self._tasks[desk] = asyncio.create_task(self._run(desk), name=f"follow-{desk}")

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def delivery(self, shop: str, message: str) -> v.Delivery | None:
        """What became of a message that was to be sent out."""
        return self._deliveries.get((shop, message))

    def trouble(self, shop: str, message: str) -> str:
        """Why it could not be delivered, as the one who tried says it."""
        return self._troubles.get((shop, message), "")

    def recalled(self, shop: str, message: str) -> bool:
        """Whether its writer has taken it back."""
        return (shop, message) in self._recalled

    def closed(self, session: str) -> tuple[str, str] | None:
        """The shop and buyer of a closed session."""
        return self._closed.get(session)

    async def _run(self, desk: str) -> None:
        """Follow until the partition shuts down; begin again after a hole."""
        seen: int | None = None
        while True:
            try:
                await self._service.partition(desk).owner.wait_loaded()
                self._attendance.begin(desk)
                self._history.hear(self._service.state(desk).desk, 0, "")
                if seen is None:
                    seen = await self._first(desk)
                async with following(self._service, desk, seen) as commits:
                    async for committed in commits:
                        if committed is None:
                            continue
                        for name, facts in committed.desks:
                            if name == desk:
                                self._take(desk, facts)
                        seen = committed.seq
                return
            except Lagging:
                logger.warning("desk %s: the HTTP side was too slow to follow the facts", desk)
                seen = None
            except (LogError, Unowned) as error:
                logger.warning("desk %s: following the facts: %s", desk, error)
            await asyncio.sleep(RETRY_S)

    async def _first(self, desk: str) -> int:
        partition = self._service.partition(desk)
        _, first = await partition.log.first_offsets()
        return max(first - 1, partition.owner.seq - HISTORY, 0)

    def _take(self, desk: str, facts: list[f.AnyFact]) -> None:
        for fact in facts:
            match fact:
                case f.DeliveryRequested():
                    if (fact.shop, fact.message) not in self._deliveries:
                        _keep(self._deliveries, (fact.shop, fact.message), "pending")
                case f.OrderRemarked():
                    name = remark_id(fact.order, fact.offset)
                    if (fact.shop, name) not in self._deliveries:
                        _keep(self._deliveries, (fact.shop, name), "pending")
                case f.DeliveryReported():
                    outcome = cast("v.Delivery", fact.outcome)
                    _keep(self._deliveries, (fact.shop, fact.message), outcome)
                    if fact.detail:
                        _keep(self._troubles, (fact.shop, fact.message), fact.detail)
                case f.MessageRecalledNoted():
                    _keep(self._recalled, (fact.shop, fact.message), None)
                case f.SessionClosed():
                    _keep(self._closed, fact.session, (fact.shop, fact.buyer))
                case f.DeskAdopted():
                    self._history.hear(self._service.state(desk).desk, fact.at_ms, fact.by)
                case f.PresenceChanged():
                    self._attendance.presence_changed(desk, fact.agent)
                case _:
                    pass


def _keep(kept: OrderedDict[K, T], key: K, value: T) -> None:
    kept[key] = value
    if len(kept) > KEPT:
        kept.popitem(last=False)
