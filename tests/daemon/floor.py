"""A daemon in this process over a real server, a bridge that signs, and people with tokens."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from router.channels import standard_webhooks
from router.clocktime import format_ms
from router.core import commands as c
from router.core.policy import Agent, Desk, Policy, Shop, SubAccount
from router.core.state import State
from router.daemon import Daemon
from router.settings import Loaded, Settings, ShopAccess, fresh_secret
from router.settings.process import Archive, Http, LogPlace

Json = dict[str, Any]
SHOP = "shop"
SECRET = fresh_secret()


def desk(agents: int, capacity: int, policy: Policy | None = None, **more: Any) -> Desk:
    """A desk of one shop with agents a0, a1, … each with a sub-account there."""
    names = [f"a{number}" for number in range(agents)]
    return Desk(
        id="desk",
        policy=policy or Policy(),
        shops=(Shop(id=SHOP),),
        agents=tuple(Agent(id=name, capacity=capacity) for name in names),
        sub_accounts=tuple(
            SubAccount(id=f"{SHOP}:{name}", shop=SHOP, agent=name) for name in names
        ),
        **more,
    )


class Floor:
    """A running desk, and what its people and its bridge do."""

    def __init__(self, daemon: Daemon, http: aiohttp.ClientSession) -> None:
        self.daemon = daemon
        self.http = http
        self.base = f"http://{daemon.address[0]}:{daemon.address[1]}"
        self._key = standard_webhooks.key_of(SECRET)
        assert daemon.people is not None
        daemon.people.add_user("boss", role="supervisor", desk="desk")
        self._tokens = {"boss": daemon.people.issue_token("boss")}

    @property
    def state(self) -> State:
        return self.daemon.service.state("desk")

    async def hook(self, event_type: str, sent_ms: int | None = None, **data: Any) -> Json:
        """A signed webhook; fails unless it is accepted."""
        now_ms = time.time_ns() // 1_000_000
        event = {"type": event_type, "timestamp": format_ms(sent_ms or now_ms), "data": data}
        body = json.dumps(event).encode()
        name = f"{event_type}-{data.get('message') or data.get('order') or data}-{now_ms}"
        headers = standard_webhooks.headers(self._key, name[:150], now_ms // 1000, body)
        async with self.http.post(
            f"{self.base}/hooks/bridge/{SHOP}", data=body, headers=headers
        ) as answer:
            text = await answer.text()
            assert answer.status == 200, text
            return json.loads(text)  # type: ignore[no-any-return]

    async def asks(self, buyer: str, message: str, **more: Any) -> Json:
        return await self.hook(
            "message.received", buyer=buyer, message=message, kind="text", text="在吗", **more
        )

    async def answers(self, buyer: str, message: str, agent: str, **more: Any) -> Json:
        sub_account = f"{SHOP}:{agent}"
        words: Json = {"kind": "text", "text": "您好", "by": "human", "sub_account": sub_account}
        return await self.hook("message.sent", buyer=buyer, message=message, **words, **more)

    async def api(self, method: str, path: str, who: str = "boss", **body: Any) -> tuple[int, Json]:
        """An API call of a user: its status and answer."""
        token = self._tokens.get(who) or self._login(who)
        headers = {"Authorization": f"Bearer {token}"}
        async with self.http.request(
            method, self.base + path, json=body or None, headers=headers
        ) as answer:
            return answer.status, await answer.json(content_type=None)

    def _login(self, agent: str) -> str:
        people = self.daemon.people
        assert people is not None
        people.add_user(agent, role="agent", agent=agent, desk="desk")
        self._tokens[agent] = people.issue_token(agent)
        return self._tokens[agent]

    async def presence(self, agent: str, to: str, choice: c.Choice = "") -> None:
        """Set without the API's round trip; fails when refused."""
        command = c.SetPresence(agent=agent, to=to, open_sessions=choice)  # type: ignore[arg-type]
        answer = await self.daemon.service.ask("desk", command)
        assert answer is not None
        assert answer.rejected is None, answer.rejected

    async def until(self, holds: Callable[[], bool], timeout_s: float = 10.0) -> None:
        """Until this holds of the committed state; looks after each commit."""
        partition = self.daemon.service.partition("desk")
        with partition.listen() as listener:
            async with asyncio.timeout(timeout_s):
                while not holds():
                    await listener.next()

    def held(self) -> dict[str, int]:
        """By agent: how many sessions they hold, counted from the sessions."""
        count: dict[str, int] = {}
        for thread in self.state.sessions.values():
            count[thread.agent] = count.get(thread.agent, 0) + 1
        return count

    def holder(self, buyer: str) -> str:
        thread = self.state.thread(SHOP, buyer)
        assert thread is not None
        assert thread.session
        return thread.agent


@asynccontextmanager
async def floor(url: str, directory: Path, of: Desk) -> AsyncIterator[Floor]:
    """A daemon for this desk, and somebody to drive it."""
    settings = Settings(
        http=Http(host="127.0.0.1", port=0),
        log=LogPlace(url=url, data_dir=directory),
        archive=Archive(path=str(directory / "archive.sqlite")),
        shops={SHOP: ShopAccess(secrets=(SECRET,))},
    )
    limit = aiohttp.TCPConnector(limit=64)
    async with (
        Daemon(Loaded(settings, [of], [])) as daemon,
        aiohttp.ClientSession(connector=limit, timeout=aiohttp.ClientTimeout(total=60)) as http,
    ):
        yield Floor(daemon, http)
