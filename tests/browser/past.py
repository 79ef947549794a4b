"""A floor on which time has passed: the log in memory, with a clock that the test moves.

What a stage would have to be waited for — minutes without an answer, and the shop's lateness —
is there at once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from msgspec import structs

from router.core.policy import Shop
from router.http.logins import Logins
from tests.browser.stage import PASSWORD
from tests.http.harness import CHEAP, DESK, MINUTE_MS, Harness, running

_NAMES = {"amy": "小美", "bob": "阿杰", "cat": "婷婷"}
DESK_OF_OLD = structs.replace(
    DESK,
    shops=(Shop(id="shop-a", name="天猫旗舰店"), Shop(id="shop-b", name="拼多多工厂店")),
    agents=tuple(structs.replace(agent, name=_NAMES[agent.id]) for agent in DESK.agents),
)


class Past:
    """What is done on it."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.base = f"http://127.0.0.1:{harness.port}"
        self._count = 0

    async def says(self, buyer: str, text: str, shop: str = "shop-a", name: str = "") -> None:
        """A buyer writes."""
        data: dict[str, Any] = {
            "buyer": buyer,
            "kind": "text",
            "text": text,
            "message": self._message(),
        }
        await self.harness.event("message.received", shop=shop, buyer_name=name or buyer, **data)

    async def answers(self, agent: str, buyer: str, text: str, shop: str = "shop-a") -> None:
        """An agent does, in the platform's own client."""
        data: dict[str, Any] = {
            "buyer": buyer,
            "kind": "text",
            "text": text,
            "message": self._message(),
        }
        sub_account = f"{shop}:{agent}"
        await self.harness.event(
            "message.sent", shop=shop, sub_account=sub_account, by="human", **data
        )

    async def passes(self, minutes: float) -> None:
        await self.harness.advance(int(minutes * MINUTE_MS))

    async def is_late(self, buyer: str, agent: str, shop: str = "shop-a") -> None:
        """This agent, who is alone here, answers a minute too late; that is judged."""
        await self.says(buyer, "在吗?这件有货吗", shop)
        await self.passes(6)
        await self.answers(agent, buyer, "您好,有货的,今天能发", shop)
        await self.passes(2)

    def _message(self) -> str:
        self._count += 1
        return f"m{self._count}"


@asynccontextmanager
async def passed(directory: Path) -> AsyncIterator[Past]:
    async with running(directory, DESK_OF_OLD) as harness:
        harness.people.add_user("boss", name="王主管", role="supervisor", agent="", desk="d1")
        logins = Logins(harness.people, hasher=CHEAP)
        for user in ("amy", "bob", "boss"):
            logins.set_password(user, PASSWORD)
        yield Past(harness)
