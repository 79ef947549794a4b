"""What a test of the console acts on: a desk of two shops behind a real daemon, and a bridge.

The daemon runs in the test's process, over a server of the session; `configured` alone gives
its files, for a test that starts it as a process. Buyers write through the signed webhook, and
what goes out to them arrives at a real server, its signature checked.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from router.channels import standard_webhooks
from router.clocktime import format_ms
from router.core import commands as c
from router.core.state import State
from router.daemon import Daemon
from router.http.auth import FILE, People, Role
from router.http.logins import Logins
from router.settings import fresh_secret, load
from tests.http.harness import CHEAP

Json = dict[str, Any]
DESK = "desk"
TMALL, PDD = "tmall", "pdd"
PASSWORD = "值班 correct horse"
SECRET = fresh_secret()
KEY = standard_webhooks.key_of(SECRET)
AGENTS = {"xiaomei": "小美", "ajie": "阿杰"}
USERS: dict[str, tuple[str, Role]] = {
    "xiaomei": ("小美", "agent"),
    "ajie": ("阿杰", "agent"),
    "boss": ("王主管", "supervisor"),
    "root": ("张店长", "admin"),
}
MINUTE_MS = 60_000
SOON_S = 15.0

_CONFIG = """
[http]
host = "127.0.0.1"
port = {port}
[log]
url = "{url}"
data_dir = "{data}"
{access}
[[desk]]
id = "desk"
name = "客服一台"
[desk.policy]
rescue_before = "0s"
outage_grace = "1s"
[[desk.shops]]
id = "tmall"
name = "天猫旗舰店"
[[desk.shops]]
id = "pdd"
name = "拼多多工厂店"
{people}
"""


def configured(directory: Path, *, url: str, outbound: str, port: int = 0) -> Path:
    """The configuration's file."""
    access = "".join(
        f'[shops.{shop}]\nsecrets = ["{SECRET}"]\noutbound_url = "{outbound}/{shop}"\n'
        for shop in (TMALL, PDD)
    )
    people = "".join(
        f'[[desk.agents]]\nid = "{agent}"\nname = "{name}"\ncapacity = 8\n'
        + "".join(
            f'[[desk.sub_accounts]]\nid = "{shop}:{name}"\nshop = "{shop}"\nagent = "{agent}"\n'
            for shop in (TMALL, PDD)
        )
        for agent, name in AGENTS.items()
    )
    config = directory / "zhiban.toml"
    data = directory / "data"
    config.write_text(
        _CONFIG.format(port=port, url=url, data=data, access=access, people=people), "utf-8"
    )
    return config


def add_users(data: Path) -> None:
    """All have the same password, hashed as cheaply as can be: a test has no secrets."""
    people = People(data / FILE)
    logins = Logins(people, hasher=CHEAP)
    for user, (name, role) in USERS.items():
        agent = user if role == "agent" else ""
        people.add_user(user, name=name, role=role, agent=agent, desk=DESK)
        logins.set_password(user, PASSWORD)
    people.close()


class Bridge:
    """The shops' side of outbound messages."""

    def __init__(self) -> None:
        self.sent: list[Json] = []
        self.wants_no: set[str] = set()
        """Kinds of events that it refuses for good."""
        self._changed = asyncio.Condition()
        app = web.Application()
        app.router.add_post("/{shop}", self._take)
        self.server = TestServer(app)

    @property
    def url(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        standard_webhooks.verify(
            [KEY],
            request.headers["webhook-id"],
            request.headers["webhook-timestamp"],
            request.headers["webhook-signature"],
            body,
            now_s=time.time(),
        )
        event = json.loads(body)
        if event["type"] in self.wants_no:
            return web.Response(status=410)
        async with self._changed:
            self.sent.append(event | {"shop": request.match_info["shop"]})
            self._changed.notify_all()
        return web.Response(status=204)

    async def message(self, holds: Callable[[Json], bool]) -> Json:
        """The first `message.send` whose data are such, once it is there."""
        return await self.event("message.send", holds)

    async def event(self, kind: str, holds: Callable[[Json], bool]) -> Json:
        """The same of any kind."""

        def found() -> Json | None:
            sends = (event["data"] for event in self.sent if event["type"] == kind)
            return next((data for data in sends if holds(data)), None)

        async with asyncio.timeout(SOON_S), self._changed:
            await self._changed.wait_for(lambda: found() is not None)
        data = found()
        assert data is not None
        return data


class Buyers:
    """They write through the webhook of the daemon at `base`."""

    def __init__(self, http: aiohttp.ClientSession, base: str) -> None:
        self._http = http
        self.base = base
        self._count = 0

    async def hook(self, kind: str, shop: str = TMALL, ago_ms: int = 0, /, **data: Any) -> None:
        """An event of the platform; fails unless it is taken."""
        self._count += 1
        now_ms = time.time_ns() // 1_000_000
        event = {"type": kind, "timestamp": format_ms(now_ms - ago_ms), "data": data}
        body = json.dumps(event, ensure_ascii=False).encode()
        headers = standard_webhooks.headers(KEY, f"d{self._count}", now_ms // 1_000, body)
        url = f"{self.base}/hooks/bridge/{shop}"
        async with self._http.post(url, data=body, headers=headers) as answer:
            assert answer.status == 200, await answer.text()

    async def says(
        self, buyer: str, text: str, shop: str = TMALL, ago_ms: int = 0, **more: Any
    ) -> str:
        """A text of a buyer; the message's id."""
        message = f"m{self._count}"
        data = {"buyer": buyer, "message": message, "kind": "text", "text": text, **more}
        await self.hook("message.received", shop, ago_ms, **data)
        return message

    async def is_answered(
        self, buyer: str, agent: str, text: str, shop: str = TMALL, ago_ms: int = 0, **more: Any
    ) -> None:
        """An agent's answer in the platform's own client."""
        await self.hook(
            "message.sent",
            shop,
            ago_ms,
            buyer=buyer,
            message=f"m{self._count}",
            kind="text",
            text=text,
            **{"by": "human", "sub_account": f"{shop}:{AGENTS[agent]}", **more},
        )


class Stage:
    """A running daemon and those around it."""

    def __init__(self, daemon: Daemon, bridge: Bridge, http: aiohttp.ClientSession) -> None:
        host, port = daemon.address
        self.base = f"http://{host}:{port}"
        self.bridge = bridge
        self.buyers = Buyers(http, self.base)
        self._daemon = daemon

    @property
    def state(self) -> State:
        """The desk's, to be looked at."""
        return self._daemon.service.state(DESK)

    async def online(self, *agents: str) -> None:
        """They work in the platform's client: no page of theirs is open."""
        for agent in agents:
            await self.ask(c.SetPresence(agent=agent, to="online"))

    async def ask(self, command: c.AnyCommand) -> None:
        """What needs no page; fails when it is refused."""
        answer = await self._daemon.service.ask(DESK, command)
        assert answer is not None
        assert answer.rejected is None, answer.rejected


@asynccontextmanager
async def bridging() -> AsyncIterator[tuple[Bridge, aiohttp.ClientSession]]:
    """The bridge's server, and a client for its webhooks."""
    bridge = Bridge()
    await bridge.server.start_server()
    connector = aiohttp.TCPConnector(force_close=True)
    try:
        async with aiohttp.ClientSession(connector=connector) as http:
            yield bridge, http
    finally:
        await bridge.server.close()


@asynccontextmanager
async def staged(directory: Path, url: str) -> AsyncIterator[Stage]:
    """A daemon in this process, over the server at `url`."""
    async with bridging() as (bridge, http):
        config = configured(directory, url=url, outbound=bridge.url)
        (directory / "data").mkdir()
        add_users(directory / "data")
        async with Daemon(load(config), config=config) as daemon:
            yield Stage(daemon, bridge, http)
