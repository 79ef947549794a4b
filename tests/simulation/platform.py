"""The shops' platforms: webhooks late, twice, out of order, and again until they are taken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

from router.core import commands as c
from router.core.facts import DeliveryRequested
from router.core.policy import Desk
from router.ingress import Refused
from router.log.codec import encode_command
from router.log.ports import Conflicting, Repeated
from router.repeats import delivery, of_command
from tests.simulation.auditor import Auditor
from tests.simulation.process import Gone, Process, Tasks, pick


class Platform:
    """Delivers events of its own making until each has been answered; gives up never."""

    def __init__(
        self,
        random: Random,
        desk: Desk,
        auditor: Auditor,
        tasks: Tasks,
        processes: list[Process],
        clock: Callable[[], int],
    ) -> None:
        self._random = random
        self._auditor = auditor
        self._tasks = tasks
        self._processes = processes
        self._clock = clock
        self._lateness_s = {shop.id: shop.lateness_ms / 1000 for shop in desk.shops}
        self._deliveries = 0
        self._messages = 0
        self.underway = 0
        self.echoed: set[str] = set()

    def now_ms(self) -> int:
        """When something is sent: now, at times by a clock that is ahead."""
        ahead_ms = self._random.randint(1, 3_000) if self._random.random() < 0.03 else 0
        return self._clock() + ahead_ms

    def message_id(self) -> str:
        self._messages += 1
        return f"m{self._messages}"

    def tell(self, shop: str, command: c.AnyCommand) -> None:
        """Something happened here: the router shall hear of it, sooner or later."""
        self.underway += 1
        _ = self._tasks.spawn(self._tell(shop, command), told=False)

    def _delay_s(self, shop: str) -> float:
        lateness_s = self._lateness_s[shop]
        chance = self._random.random()
        if chance < 0.7:
            return self._random.random() * 0.5
        if chance < 0.9:
            return self._random.random() * lateness_s
        return lateness_s + self._random.random() * 60

    async def _tell(self, shop: str, command: c.AnyCommand) -> None:
        random = self._random
        await asyncio.sleep(self._delay_s(shop))
        twins = [self._deliver(shop, command)]
        if random.random() < 0.1:  # at the same time under another id
            twins.append(self._deliver(shop, command))
        try:
            await asyncio.gather(*twins)
        finally:
            self.underway -= 1

    async def _deliver(self, shop: str, command: c.AnyCommand) -> None:
        random = self._random
        self._deliveries += 1
        name = f"d{self._deliveries}"
        await self._until_taken(shop, command, name)
        self._auditor.acknowledged(command)
        if random.random() < 0.15:
            await asyncio.sleep(random.random() * 20)
            again = await self._until_taken(shop, command, name)
            if not isinstance(again, Repeated):
                self._auditor.say(f"delivery {name} came twice and was {again}")
        if random.random() < 0.02:
            other = c.PlatformClosed(shop=shop, buyer="nobody", sent_ms=self._clock())
            wrong = await self._until_taken(shop, other, name)
            if not isinstance(wrong, Conflicting):
                self._auditor.say(f"delivery {name} came with another body and was {wrong}")

    async def _until_taken(self, shop: str, command: c.AnyCommand, name: str) -> Any:
        body = encode_command("desk", command)
        key = of_command(command)
        repeats = (delivery(shop, name, body), *((key,) if key else ()))
        while True:
            process = pick(self._random, self._processes)
            try:
                receipt = await process.submit(command, repeats, patience_s=4)
            except Refused as refused:
                await asyncio.sleep(refused.retry_after_s * self._random.random())
            except Gone:
                await asyncio.sleep(0.2 + 2 * self._random.random())
            else:
                self._auditor.note(f"{name}: {type(receipt).__name__}")
                return receipt

    def show_back(self, asked: DeliveryRequested) -> None:
        """What the router sends out appears here, and its echo comes back."""
        if self._random.random() < 0.2:
            return
        if asked.message in self.echoed:
            return
        self.echoed.add(asked.message)
        command = c.MessageSent(
            shop=asked.shop,
            buyer=asked.buyer,
            message=self.message_id(),
            sent_ms=self.now_ms(),
            sub_account=asked.sub_account,
            by=asked.by,
            echo_of=asked.message,
        )
        self.tell(asked.shop, command)
