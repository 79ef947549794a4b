"""`zhiban demo`: a desk with simulated buyers and agents, marked as such, to look around.

The buyers write through the signed webhook, as a bridge would; the agents answer in their
"platform client", sometimes too late, so that there is something to see. All of it is gone
when the demo ends.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import secrets
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from importlib.resources import as_file
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

import config
from router.channels import standard_webhooks
from router.clocktime import format_ms
from router.core import commands as c
from router.daemon import Daemon, run_loop
from router.http.logins import Logins
from router.logs import configure_logging
from router.settings import Loaded, load

DEFAULT_PORT = 8080
BUYERS = 14
QUESTIONS = (
    "在吗?这件有货吗",
    "请问什么时候发货呀",
    "能便宜点吗亲",
    "这个是纯棉的吗",
    "尺码偏大还是偏小",
    "可以开发票吗",
    "昨天买的还没物流信息",
)
ANSWERS = (
    "您好,有货的,今天下单今天发出哦",
    "亲,感谢您的咨询,这款支持七天无理由退换",
    "您好,这款是纯棉的,可以放心购买",
    "亲,建议按平时尺码选择就好",
)


def free_port(host: str, wanted: int | None) -> int:
    """The port asked for (0: any free one), or 8080 and on to the next free one."""
    if wanted is not None:
        return wanted
    for port in range(DEFAULT_PORT, DEFAULT_PORT + 50):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return port
    return 0


class Stage:
    """The simulated people around a running daemon."""

    def __init__(self, daemon: Daemon, loaded: Loaded, chance: random.Random) -> None:
        self._daemon = daemon
        self._chance = chance
        self._desk = loaded.desks[0]
        self._keys = {
            shop: standard_webhooks.key_of(access.secrets[0])
            for shop, access in loaded.settings.shops.items()
        }
        self._number = 0
        self._base = f"http://{daemon.address[0]}:{daemon.address[1]}"

    async def play(self) -> None:
        """Until cancelled."""
        for agent in self._desk.agents:
            online = c.SetPresence(agent=agent.id, to="online", reason="演示", by="demo")
            await self._daemon.service.ask(self._desk.id, online)
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http,
            asyncio.TaskGroup() as people,
        ):
            for number in range(BUYERS):
                shop = self._desk.shops[number % len(self._desk.shops)].id
                people.create_task(self._buyer(http, shop, f"演示买家{number + 1:02d}"))

    async def _buyer(self, http: aiohttp.ClientSession, shop: str, buyer: str) -> None:
        await asyncio.sleep(self._chance.uniform(0, 20))
        while True:
            await self._say(http, shop, buyer)
            for _ in range(self._chance.randrange(1, 4)):
                # most agents answer in time, some let the buyer wait too long
                await asyncio.sleep(self._chance.choice((4, 6, 9, 15, 25, 34, 60)))
                await self._answer(http, shop, buyer)
                if self._chance.random() < 0.5:
                    await asyncio.sleep(self._chance.uniform(3, 12))
                    await self._say(http, shop, buyer)
            if self._chance.random() < 0.3:
                await self._order(http, shop, buyer)
            await asyncio.sleep(self._chance.uniform(10, 90))

    async def _say(self, http: aiohttp.ClientSession, shop: str, buyer: str) -> None:
        data = {"buyer": buyer, "message": self._name("m"), "kind": "text"}
        data["text"] = self._chance.choice(QUESTIONS)
        await self._post(http, shop, "message.received", data)

    async def _answer(self, http: aiohttp.ClientSession, shop: str, buyer: str) -> None:
        thread = self._daemon.service.state(self._desk.id).thread(shop, buyer)
        if thread is None or not thread.agent:
            return
        data = {
            "buyer": buyer,
            "message": self._name("m"),
            "kind": "text",
            "by": "human",
            "sub_account": thread.sub_account,
            "text": self._chance.choice(ANSWERS),
        }
        await self._post(http, shop, "message.sent", data)

    async def _order(self, http: aiohttp.ClientSession, shop: str, buyer: str) -> None:
        order = self._name("20261122")
        await self._post(http, shop, "order.placed", {"buyer": buyer, "order": order})
        await asyncio.sleep(self._chance.uniform(5, 30))
        thread = self._daemon.service.state(self._desk.id).thread(shop, buyer)
        if thread is not None and thread.agent and self._chance.random() < 0.8:
            card = {"buyer": buyer, "message": self._name("m"), "kind": "order_card", "by": "human"}
            card |= {"sub_account": thread.sub_account, "order": order}
            await self._post(http, shop, "message.sent", card)
        if self._chance.random() < 0.3:
            refund = {"buyer": buyer, "order": order, "refund": self._name("r")}
            await self._post(http, shop, "refund.requested", {**refund, "reason": "changed_mind"})

    def _name(self, prefix: str) -> str:
        self._number += 1
        return f"{prefix}{self._number:06d}"

    async def _post(
        self, http: aiohttp.ClientSession, shop: str, kind: str, data: dict[str, str]
    ) -> None:
        now_ms = time.time_ns() // 1_000_000
        event = {"type": kind, "timestamp": format_ms(now_ms), "data": data}
        body = json.dumps(event, ensure_ascii=False).encode()
        delivery, at_s = self._name("demo-"), now_ms // 1000
        headers = {
            "content-type": "application/json",
            "webhook-id": delivery,
            "webhook-timestamp": str(at_s),
            "webhook-signature": standard_webhooks.sign(self._keys[shop], delivery, at_s, body),
        }
        url = f"{self._base}/hooks/bridge/{shop}"
        with suppress(aiohttp.ClientError, TimeoutError):
            async with http.post(url, data=body, headers=headers) as answer:
                await answer.read()


def _welcome(base: str, password: str, agent: str, token: str, shop: str, secret: str) -> str:
    return f"""
值班 Zhiban 演示(买家与客服都是模拟的) / demo: buyers and agents are simulated

  控制台 console   {base}/
  管理员 admin     admin  密码 password  {password}
  主管 supervisor  demo  密码 password  {password}
  客服 agent       {agent}  密码 password  {password}
  主管令牌 supervisor's token  {token}
  店铺密钥 a shop's secret     {shop} {secret}

试一试 / try:
  curl -H 'Authorization: Bearer {token}' {base}/v1/board
  curl -H 'Authorization: Bearer {token}' {base}/v1/ledger
  curl -N -H 'Authorization: Bearer {token}' {base}/v1/events
  zhiban status --url {base} --token {token}

Ctrl-C 结束 / ends it
"""


async def _run(port: int | None, seconds: int | None) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    with tempfile.TemporaryDirectory(prefix="zhiban-demo-") as directory:
        file = _written(Path(directory))
        loaded = _placed(load(file), Path(directory), port)
        async with Daemon(loaded, config=file) as daemon:
            assert daemon.people is not None
            desk = loaded.desks[0].id
            daemon.people.add_user("demo", name="演示主管", role="supervisor", desk=desk)
            daemon.people.add_user("admin", name="演示店长", role="admin")
            token = daemon.people.issue_token("demo", label="demo")
            base = f"http://{daemon.address[0]}:{daemon.address[1]}"
            agent = loaded.desks[0].agents[0]
            daemon.people.add_user(
                agent.id, name=agent.name, role="agent", agent=agent.id, desk=desk
            )
            password = secrets.token_urlsafe(9)
            logins = Logins(daemon.people)
            for user in ("admin", "demo", agent.id):
                await asyncio.to_thread(logins.set_password, user, password)
            shop = loaded.desks[0].shops[0].id
            secret = loaded.settings.shops[shop].secrets[0]
            print(_welcome(base, password, agent.id, token, shop, secret), flush=True)  # noqa: T201  the demo's face
            stage = Stage(daemon, loaded, random.Random(1))  # noqa: S311  a show, no secret
            await _until(stopping, seconds, stage.play)
    return 0


async def _until(
    stopping: asyncio.Event, seconds: int | None, play: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    playing = asyncio.create_task(play())
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait((playing, waiting), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in (playing, waiting):
        task.cancel()
    results = await asyncio.gather(playing, waiting, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


def _written(directory: Path) -> Path:
    """The configuration in a file of its own: its rules can be changed, and its secrets stay when
    it is read again."""
    with as_file(config.path("demo.toml")) as given:
        text = given.read_text(encoding="utf-8")
        shops = load(given).settings.shops
    for shop, access in shops.items():
        text += f'\n[shops."{shop}"]\nsecrets = ["{access.secrets[0]}"]\n'
    file = directory / "zhiban.toml"
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
    return file


def _placed(loaded: Loaded, directory: Path, port: int | None) -> Loaded:
    settings = loaded.settings
    http = msgspec.structs.replace(settings.http, port=free_port(settings.http.host, port))
    log = msgspec.structs.replace(settings.log, data_dir=directory)
    return loaded._replace(settings=msgspec.structs.replace(settings, http=http, log=log))


def main(port: int | None, seconds: int | None) -> int:
    """`zhiban demo`."""
    configure_logging(logging.WARNING)
    return run_loop(_run(port, seconds))
