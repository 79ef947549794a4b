"""A desk behind a real HTTP server: the log in memory, with a clock that a test moves."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import aiohttp
from aiohttp import web
from argon2 import PasswordHasher

from router.channels import standard_webhooks
from router.clocktime import format_ms, parse_ms
from router.conducting import Conduct
from router.core import commands as c
from router.core.policy import Agent, Desk, Shop, SubAccount
from router.core.state import State
from router.http.app import HttpSettings, make_app, serve
from router.http.auth import People, Role
from router.ingress import Ingress
from router.log.memory import MemoryLog
from router.owner import Owner
from router.service import Partition, Service

START_MS = parse_ms("2026-11-21T08:00:00.000Z")
SECRET = "whsec_" + b64encode(b"k" * 24).decode()
MINUTE_MS = 60_000
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""As cheap as can be: a test has no secrets."""

DESK = Desk(
    id="d1",
    name="客服一台",
    shops=(Shop(id="shop-a", name="甲店"), Shop(id="shop-b")),
    agents=(
        Agent(id="amy", name="小艾", capacity=5),
        Agent(id="bob", name="小波", capacity=5),
        Agent(id="cat"),
    ),
    sub_accounts=(
        SubAccount(id="shop-a:amy", shop="shop-a", agent="amy"),
        SubAccount(id="shop-a:bob", shop="shop-a", agent="bob"),
        SubAccount(id="shop-b:bob", shop="shop-b", agent="bob"),
        SubAccount(id="shop-b:cat", shop="shop-b", agent="cat"),
    ),
)


class Reply(NamedTuple):
    """An answer, read."""

    status: int
    json: Any
    headers: dict[str, str]


class Later:
    """Stands for the loop's `call_later`: the test says when the time is up."""

    def __init__(self) -> None:
        self.waiting: list[_Timer] = []

    def __call__(self, delay_s: float, callback: Callable[[], None]) -> _Timer:
        timer = _Timer(self, delay_s, callback)
        self.waiting.append(timer)
        return timer

    def fire(self) -> None:
        for timer in list(self.waiting):
            timer.cancel()
            timer.callback()


class _Timer:
    def __init__(self, later: Later, delay_s: float, callback: Callable[[], None]) -> None:
        self._later = later
        self.delay_s = delay_s
        self.callback = callback

    def cancel(self) -> None:
        if self in self._later.waiting:
            self._later.waiting.remove(self)


class Harness:
    """What a test holds: the desk, its clock, and a client."""

    def __init__(self, people: People, directory: Path, desk: Desk = DESK) -> None:
        self.now_ms = START_MS
        self.people = people
        self.log = MemoryLog(0, clock=lambda: self.now_ms)
        self.ingress = Ingress(self.log, waiting_limit=64)
        adopt = c.AdoptDesk(desk=desk)
        self.owner = Owner(self.log, "test", desks=[adopt], lease_ms=10**9)
        self.partition = Partition(self.log, self.ingress, self.owner)
        self.owner.publish_to(self.partition.publish)
        self.service = Service([self.partition], [adopt])
        self.later = Later()
        self.secrets: dict[str, list[str]] = {"shop-a": [SECRET], "shop-b": [SECRET]}
        self.settings = HttpSettings(
            secrets=self.secrets,
            clock_s=lambda: self.now_ms / 1000,
            call_later=self.later,
            hasher=CHEAP,
            replies_path=directory / "replies.sqlite",
            conduct=Conduct([desk]),
            finish_s=2,
        )
        self.tokens: dict[str, str] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._count = 0

    @property
    def state(self) -> State:
        return self.service.state("d1")

    def user(self, name: str, role: Role, *, agent: str = "") -> None:
        desk = "" if role == "admin" else "d1"
        self.people.add_user(name, role=role, agent=agent, desk=desk)
        self.tokens[name] = self.people.issue_token(name)

    async def start(self) -> None:
        self._tasks.append(asyncio.create_task(self.ingress.run()))
        await self.start_owner()
        for name in ("amy", "bob", "cat"):
            self.user(name, "agent", agent=name)
        self.user("sue", "supervisor")
        self.user("root", "admin")
        await self.open()

    async def start_owner(self) -> None:
        self._tasks.append(asyncio.create_task(self.owner.run()))
        await self.owner.wait_loaded()

    async def open(self) -> None:
        self.app: web.Application = make_app(self.service, self.settings, self.people)
        self.runner, self.port = await serve(self.app, "127.0.0.1", 0)
        self.http = aiohttp.ClientSession(f"http://127.0.0.1:{self.port}")

    async def shut(self) -> None:
        await self.http.close()
        await self.runner.cleanup()

    async def stop(self) -> None:
        await self.shut()
        self.owner.stop()
        self.ingress.close()
        self.log.tick()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def settle(self) -> None:
        """Until the owner has committed all that stands in the log, as of the clock."""
        for _ in range(10_000):
            tail = (await self.log.meta()).tail
            if self.owner.offset >= tail and self.owner.clock_ms >= self.now_ms:
                return
            self.log.tick()
            await asyncio.sleep(0)
        raise AssertionError("the owner does not come to rest")

    async def advance(self, by_ms: int) -> None:
        """Let time pass, in steps that the owner does not take for an outage."""
        until_ms = self.now_ms + by_ms
        while self.now_ms < until_ms:
            self.now_ms = min(until_ms, self.now_ms + self.owner.outage_ms)
            self.log.tick()
            await self.settle()

    # The client

    async def call(
        self,
        who: str,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        sent = dict(headers or {})
        if who:
            sent["Authorization"] = f"Bearer {self.tokens[who]}"
        async with self.http.request(method, path, json=body, headers=sent) as answer:
            raw = await answer.read()
            is_json = "json" in answer.content_type
            value = json.loads(raw) if is_json else raw.decode()
            return Reply(answer.status, value, dict(answer.headers))

    async def get(self, who: str, path: str) -> Any:
        reply = await self.call(who, "GET", path)
        assert reply.status == 200, reply
        return reply.json

    async def deliver(
        self,
        body: bytes,
        *,
        shop: str = "shop-a",
        delivery: str = "",
        secret: str = SECRET,
        at_s: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """A signed delivery, as raw bytes."""
        self._count += 1
        key = standard_webhooks.key_of(secret)
        stamp = self.now_ms // 1000 if at_s is None else at_s
        signed = standard_webhooks.headers(key, delivery or f"msg_{self._count}", stamp, body)
        path = f"/hooks/bridge/{quote(shop, safe='')}"
        async with self.http.post(path, data=body, headers={**signed, **(headers or {})}) as answer:
            return Reply(answer.status, await answer.json(content_type=None), dict(answer.headers))

    async def event(
        self, kind: str, /, *, shop: str = "shop-a", at_ms: int = 0, **data: Any
    ) -> Reply:
        reply = await self.deliver(event_body(kind, at_ms or self.now_ms, **data), shop=shop)
        await self.settle()
        return reply

    async def says(self, buyer: str, text: str = "在吗", *, shop: str = "shop-a") -> None:
        """A buyer writes."""
        self._count += 1
        message = f"b{self._count}"
        reply = await self.event(
            "message.received", shop=shop, buyer=buyer, message=message, kind="text", text=text
        )
        assert reply.status == 200, reply

    async def online(self, *agents: str, console: bool = False) -> None:
        for agent in agents:
            body = {"to": "online", "console": console}
            reply = await self.call(agent, "PUT", "/v1/me/presence", body)
            assert reply.status == 200, reply

    @asynccontextmanager
    async def stream(
        self, who: str, last: str = "", query: str = ""
    ) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """An event stream, open from here on."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        if last:
            headers["Last-Event-ID"] = last
        async with self.http.get(f"/v1/events{query}", headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            while await answer.content.readline() != b": open\n":
                pass
            yield events(answer)


async def events(answer: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    event: dict[str, Any] = {}
    async for line in answer.content:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            event[name] = value
        elif "data" in event:
            yield event | {"data": json.loads(event["data"])}
            event = {}
        else:
            event = {}


def event_body(kind: str, at_ms: int, /, **data: Any) -> bytes:
    value = {"type": kind, "timestamp": format_ms(at_ms), "data": data}
    return json.dumps(value, ensure_ascii=False).encode()


@asynccontextmanager
async def running(data: Path, desk: Desk = DESK) -> AsyncIterator[Harness]:
    people = People(data / "people.sqlite")
    harness = Harness(people, data, desk)
    try:
        await harness.start()
        yield harness
    finally:
        await harness.stop()
        people.close()
