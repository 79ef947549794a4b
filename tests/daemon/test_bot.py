"""A daemon with a bot: asked, heard, delivered, handed over; and the replay agrees."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks.webhooks import Webhook

from router.core import commands as c
from router.daemon import Daemon
from router.settings import fresh_secret, load
from tests.daemon.books import is_identical
from tests.daemon.process import now_ms, until

Json = dict[str, Any]
CONFIG = """
[http]
port = 0
[log]
url = "{url}"
data_dir = "{data}"
[shops."s1"]
secrets = ["{secret}"]
outbound_url = "{bridge}"
bot_url = "{bot}"
bot_secret = "{bot_secret}"
[[desk]]
id = "desk"
[desk.policy]
bot_mode = "bot_first"
[[desk.shops]]
id = "s1"
[[desk.agents]]
id = "mei"
[[desk.sub_accounts]]
id = "s1:mei"
shop = "s1"
agent = "mei"
"""


class Elsewhere:
    """The shop's bot and its bridge."""

    def __init__(self, bot_secret: str) -> None:
        self.asked: list[Json] = []
        self.sent: list[Json] = []
        self._key = Webhook(bot_secret)

    async def ask(self, request: web.Request) -> web.Response:
        question = self._key.verify(await request.read(), dict(request.headers))["data"]
        self.asked.append(question)
        if question["messages"][-1]["text"] == "转人工":
            return web.json_response({"hand_over": True, "why": "要人工", "transcript": "问运费"})
        return web.json_response({"reply": {"text": "您好,运费是 10 元"}})

    async def take(self, request: web.Request) -> web.Response:
        self.sent.append((await request.json())["data"])
        return web.Response(text="ok")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[tuple[str, str]]:
        app = web.Application()
        app.router.add_post("/ask", self.ask)
        app.router.add_post("/bridge", self.take)
        async with TestServer(app) as server:
            yield str(server.make_url("/ask")), str(server.make_url("/bridge"))


async def test_the_bot_answers_and_hands_over(valkey_url: str, tmp_path: Path) -> None:
    secret, bot_secret = fresh_secret(), fresh_secret()
    elsewhere = Elsewhere(bot_secret)
    file = tmp_path / "zhiban.toml"
    async with elsewhere.running() as (bot, bridge):
        names = {"url": valkey_url, "data": tmp_path, "secret": secret, "bridge": bridge}
        file.write_text(CONFIG.format(bot=bot, bot_secret=bot_secret, **names), encoding="utf-8")
        async with Daemon(load(file), config=file) as daemon:
            await talk(daemon, elsewhere)
            print(await is_identical(file))


async def talk(daemon: Daemon, elsewhere: Elsewhere) -> None:
    service = daemon.service
    await service.ask("desk", c.SetPresence(agent="mei", to="online"))

    async def says(text: str) -> None:
        content = c.Content(text=text)
        command = c.MessageReceived(
            shop="s1", buyer="x", message=text, sent_ms=now_ms(), content=content
        )
        await service.submit("desk", command)

    async def delivered() -> bool:
        return any(line.get("by") == "bot" for line in elsewhere.sent)

    await says("运费多少")
    await until(delivered, 10)
    (line,) = [line for line in elsewhere.sent if line.get("by") == "bot"]
    assert line["text"] == "您好,运费是 10 元"
    thread = service.state("desk").thread("s1", "x")
    assert thread is not None
    assert thread.with_bot
    await says("转人工")

    async def with_people() -> bool:
        await asyncio.sleep(0)
        return thread.agent == "mei"

    await until(with_people, 10)
    assert [one["text"] for one in elsewhere.asked[-1]["messages"]] == [
        "运费多少",
        "您好,运费是 10 元",
        "转人工",
    ]
    assert thread.bot is not None
    assert (thread.bot.why, thread.bot.transcript) == ("要人工", "问运费")
