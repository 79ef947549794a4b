"""The bot worker against a real server, in virtual time: what is asked, and what comes of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook

from router.channels.standard_webhooks import key_of
from router.core.commands import (
    AnyCommand,
    Content,
    HandOverFromBot,
    MessageReceived,
    MessageSent,
    WriteForBot,
    WriteMessage,
)
from router.core.facts import BotAsked
from router.log.archive import Archive
from router.log.codec import encode_command
from router.log.memory import MemoryLog
from tests.workers.delivery import held
from tests.workers.stage import (
    SECOND,
    SECRET,
    START_MS,
    Answer,
    Bridge,
    Request,
    VirtualTime,
    Writer,
    hang_up,
    keyed,
    status,
)
from workers.bot import Bots, BotTarget
from workers.outbound import wall_clock


def says(body: Any, *, code: int = 200) -> Answer:
    async def answer(_request: Request, _raw: web.Request) -> web.StreamResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return web.Response(status=code, body=raw, content_type="application/json")

    return answer


def asked(
    session: str = "s1", *, offset: int = 1, shop: str = "shop", in_s: float = 15, **more: Any
) -> BotAsked:
    return BotAsked(
        at_ms=START_MS,
        session=session,
        shop=shop,
        buyer="buyer",
        offset=offset,
        mode="bot_first",
        until_ms=START_MS + round(in_s * SECOND),
        **more,
    )


class BotStage:
    """The worker, the bot that it asks, and the commands that come of it."""

    def __init__(self, archive: Archive, bot: Bridge, time: VirtualTime, **options: Any) -> None:
        self.bot = bot
        self.time = time
        self.log = MemoryLog(0)
        self.commands: list[AnyCommand] = []
        self.errors: list[Exception] = []
        self._changed = asyncio.Condition()
        url = str(bot.server.make_url("/ask"))
        self.targets = {
            "shop": BotTarget(url=url, key=key_of(SECRET)),
            "other": BotTarget(url=url + "/other", key=key_of(SECRET)),
        }
        self.bots = Bots(
            archive, self.targets.get, self.submit, clock=time, sleep=time.sleep, **options
        )

    async def submit(self, desk: str, command: AnyCommand) -> None:
        assert desk == "desk"
        if self.errors:
            raise self.errors.pop(0)
        async with self._changed:
            self.commands.append(command)
            self._changed.notify_all()

    async def take(self, *facts: BotAsked) -> None:
        await self.bots.take(self.log, keyed(facts))

    async def seen(self, count: int) -> list[AnyCommand]:
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: len(self.commands) >= count)
        return self.commands

    async def refused(self, *, until_left: int) -> None:
        """Returns when so many errors are left to be given."""
        async with asyncio.timeout(10):
            while len(self.errors) > until_left:
                await asyncio.sleep(0)

    async def idle(self) -> None:
        async with asyncio.timeout(10):
            while self.bots.in_flight:
                await asyncio.sleep(0)


@asynccontextmanager
async def running(
    archive: Archive, bot: Bridge, time: VirtualTime, **options: Any
) -> AsyncIterator[BotStage]:
    stage = BotStage(archive, bot, time, **options)
    task = asyncio.create_task(stage.bots.run())
    yield stage
    stage.bots.stop()
    async with asyncio.timeout(10):
        await task


@pytest.fixture
async def stage(archive: Archive, bridge: Bridge, time: VirtualTime) -> AsyncIterator[BotStage]:
    async with running(archive, bridge, time) as stage:
        yield stage


def handed_over(command: AnyCommand) -> tuple[str, int]:
    """Why, and for which message the bot has failed (0: it wants no more of the session)."""
    assert isinstance(command, HandOverFromBot)
    return command.why, command.asked


# What is asked


async def test_the_question_is_signed_and_shows_the_session(
    stage: BotStage, time: VirtualTime
) -> None:
    time.now_ms = wall_clock()
    writer = Writer(stage.log)
    lines: list[AnyCommand] = [
        MessageReceived(
            shop="shop", buyer="buyer", message="q1", sent_ms=1_000, content=Content(text="在吗")
        ),
        MessageSent(
            shop="shop",
            buyer="buyer",
            message="a1",
            sent_ms=2_000,
            by="auto",
            kind="order_card",
            content=Content(order="O1"),
        ),
        WriteMessage(
            shop="shop", buyer="buyer", agent="amy", message="w1", content=Content(text="您好")
        ),
        WriteForBot(
            shop="shop",
            buyer="buyer",
            session="s1",
            message="b1",
            asked=1,
            content=Content(text="我是机器人"),
        ),
    ]
    offsets = await writer.append(*(encode_command("desk", line) for line in lines))
    fact = BotAsked(
        at_ms=time.now_ms,
        session="s1",
        shop="shop",
        buyer="buyer",
        offset=offsets[0],
        mode="mixed",
        until_ms=time.now_ms + 15_000,
        lines=(*offsets, 99),
    )
    stage.bot.answer = says({"reply": {"text": "您好,请问需要什么?"}})
    await stage.take(fact)
    (request,) = await stage.bot.seen(1)
    body = Webhook(SECRET).verify(request.body, request.headers)
    assert (request.id, request.path) == (f"bot-s1-{offsets[0]}", "/ask")
    assert body["type"] == "bot.ask"
    data = body["data"]
    assert (data["session"], data["shop"], data["buyer"]) == ("s1", "shop", "buyer")
    assert data["mode"] == "mixed"
    shown = [(one["side"], one["by"], one["kind"], one.get("text", "")) for one in data["messages"]]
    assert shown == [
        ("buyer", "human", "text", "在吗"),
        ("shop", "auto", "order_card", ""),
        ("shop", "human", "text", "您好"),
        ("shop", "bot", "text", "我是机器人"),
    ]
    assert data["messages"][0]["sent_at"] == "1970-01-01T00:00:01.000Z"
    assert data["messages"][1]["order"] == "O1"


async def test_what_is_over_is_not_asked(stage: BotStage) -> None:
    await stage.take(asked(in_s=0), asked("s2", in_s=-5))
    await stage.idle()
    assert (stage.bot.requests, stage.commands) == ([], [])
    assert stage.bots.outcomes["expired"] == 2


# What comes of it


async def test_a_reply_becomes_a_message(stage: BotStage) -> None:
    stage.bot.answer = says({"reply": {"text": "订单 A100 已发货"}, "more": "ignored"})
    await stage.take(asked(offset=7))
    (command,) = await stage.seen(1)
    assert isinstance(command, WriteForBot)
    assert (command.shop, command.buyer, command.session) == ("shop", "buyer", "s1")
    assert (command.message, command.asked, command.kind) == ("bot-s1-7", 7, "text")
    assert command.content.text == "订单 A100 已发货"
    assert "A100" in command.shows
    assert stage.bots.outcomes["answered"] == 1


async def test_a_card_too(stage: BotStage) -> None:
    stage.bot.answer = says({"reply": {"kind": "order_card", "order": "O1"}})
    await stage.take(asked())
    (command,) = await stage.seen(1)
    assert isinstance(command, WriteForBot)
    assert (command.kind, command.shows, command.content.order) == ("order_card", ("O1",), "O1")


async def test_handing_over_with_its_account(stage: BotStage) -> None:
    stage.bot.answer = says({"hand_over": True, "why": "投诉", "transcript": "买家要投诉"})
    await stage.take(asked(offset=7))
    (command,) = await stage.seen(1)
    assert handed_over(command) == ("投诉", 0)
    assert isinstance(command, HandOverFromBot)
    assert command.transcript == "买家要投诉"


async def test_a_last_word_and_then_handing_over(stage: BotStage) -> None:
    stage.bot.answer = says({"reply": {"text": "为您转人工"}, "hand_over": True})
    await stage.take(asked())
    written, handed = await stage.seen(2)
    assert isinstance(written, WriteForBot)
    assert handed_over(handed) == ("asked_by_the_bot", 0)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (status(500), "http_500"),
        (status(302, location="/elsewhere"), "http_302"),
        (says({}), "nothing_to_say"),
        (says(b""), "invalid_answer"),
        (says(b"\xff"), "invalid_answer"),
        (says([1]), "invalid_answer"),
        (says({"reply": "hello"}), "invalid_answer"),
        (says({"reply": {"text": "  "}}), "invalid_answer"),
        (says({"reply": {"kind": "image", "text": "no address"}}), "invalid_answer"),
        (says({"reply": {"kind": "song", "text": "x"}}), "invalid_answer"),
        (says({"reply": {"text": "长" * 2_001}}), "invalid_answer"),
        (says(b'{"reply": {"text": "\\ud800"}}'), "invalid_answer"),
        (says({"hand_over": True, "transcript": "长" * 4_001}), "invalid_answer"),
        (says(b" " * 70_000), "answer_too_long"),
        (hang_up, "not_reached"),
    ],
)
async def test_what_is_no_answer_hands_over(stage: BotStage, answer: Answer, why: str) -> None:
    stage.bot.answer = answer
    await stage.take(asked(offset=7))
    (command,) = await stage.seen(1)
    assert handed_over(command) == (why, 7)
    assert len(stage.bot.requests) == 1  # nothing is tried again
    assert stage.bots.outcomes["failed"] == 1


async def test_the_longest_reply_that_fits(stage: BotStage) -> None:
    stage.bot.answer = says({"reply": {"text": "长" * 2_000}})
    await stage.take(asked())
    (command,) = await stage.seen(1)
    assert isinstance(command, WriteForBot)


async def test_no_answer_in_time_hands_over(stage: BotStage, time: VirtualTime) -> None:
    release = asyncio.Event()
    stage.bot.answer = held(release)
    await stage.take(asked(offset=7, in_s=15))
    await stage.bot.seen(1)
    assert await time.advance() == 15 * SECOND
    (command,) = await stage.seen(1)
    assert handed_over(command) == ("no_answer_in_time", 7)
    release.set()


async def test_a_shop_without_a_bot_hands_over_at_once(stage: BotStage) -> None:
    await stage.take(asked(shop="third", offset=7))
    (command,) = await stage.seen(1)
    assert handed_over(command) == ("no_bot_url", 7)


async def test_a_bot_that_is_not_there(stage: BotStage) -> None:
    stage.targets["shop"] = BotTarget(url="http://127.0.0.1:1/", key=key_of(SECRET))
    await stage.take(asked(offset=7))
    (command,) = await stage.seen(1)
    assert handed_over(command) == ("not_reached", 7)


# Many at once


async def test_a_newer_question_takes_the_place_of_an_older_one(
    stage: BotStage, time: VirtualTime
) -> None:
    release = asyncio.Event()
    stage.bot.answers = [held(release), says({"reply": {"text": "好的,马上"}})]
    await stage.take(asked(offset=7))
    await stage.bot.seen(1)
    await stage.take(asked(offset=8))
    (command,) = await stage.seen(1)
    assert isinstance(command, WriteForBot)
    assert command.asked == 8
    await stage.idle()
    assert stage.bots.outcomes["replaced"] == 1
    release.set()


async def test_a_shop_whose_bot_hangs_holds_up_only_itself(
    archive: Archive, bridge: Bridge, time: VirtualTime
) -> None:
    release = asyncio.Event()
    async with running(archive, bridge, time, per_shop=2) as stage:

        async def answer(request: Request, raw: web.Request) -> web.StreamResponse:
            if request.path == "/ask":
                await release.wait()
            return await says({"hand_over": True})(request, raw)

        bridge.answer = answer
        await stage.take(*(asked(f"s{n}") for n in range(5)))
        await stage.take(asked("t1", shop="other"))
        (command,) = await stage.seen(1)
        assert isinstance(command, HandOverFromBot)
        assert command.session == "t1"
        assert bridge.most_busy["/ask"] == 2
        release.set()
        await stage.seen(6)
        assert bridge.most_busy["/ask"] == 2


async def test_beyond_the_limit_people_get_it_at_once(
    archive: Archive, bridge: Bridge, time: VirtualTime
) -> None:
    release = asyncio.Event()
    bridge.answer = held(release)
    async with running(archive, bridge, time, waiting_limit=1) as stage:
        await stage.take(asked("s1"), asked("s2", offset=2))
        (command,) = await stage.seen(1)
        assert handed_over(command) == ("too_busy", 2)
        release.set()


# Ends and trouble


async def test_what_was_not_taken_is_submitted_again(stage: BotStage, time: VirtualTime) -> None:
    stage.errors = [RuntimeError("the log is away")]
    stage.bot.answer = says({"reply": {"text": "您好,请稍等"}})
    await stage.take(asked())
    await stage.refused(until_left=0)
    assert await time.advance() == 200
    (command,) = await stage.seen(1)
    assert isinstance(command, WriteForBot)


async def test_but_not_when_it_is_over(stage: BotStage, time: VirtualTime) -> None:
    stage.errors = [RuntimeError("the log is away") for _ in range(9)]
    stage.bot.answer = says({"reply": {"text": "您好,请稍等"}})
    await stage.take(asked(in_s=0.5))
    for left in (8, 7, 6):
        await stage.refused(until_left=left)
        await time.advance()
    await stage.idle()
    assert (len(stage.errors), stage.commands) == (5, [])


async def test_stopping_gives_up_what_hangs(
    archive: Archive, bridge: Bridge, time: VirtualTime
) -> None:
    release = asyncio.Event()
    bridge.answer = held(release)
    async with running(archive, bridge, time, grace_s=0) as stage:
        await stage.take(asked())
        await bridge.seen(1)
    assert (stage.commands, stage.bots.in_flight) == ([], 0)
    release.set()


async def test_it_follows_the_facts(archive: Archive, bridge: Bridge, time: VirtualTime) -> None:
    bridge.answer = says({"hand_over": True})
    async with running(archive, bridge, time) as stage:
        writer = Writer(stage.log)
        (offset,) = await writer.append(b"x")
        await writer.say(asked(offset=offset))
        runner = stage.bots.runner(stage.log)
        following = asyncio.create_task(runner.run())
        await stage.seen(1)
        runner.stop()
        async with asyncio.timeout(10):
            await following
    assert await archive.bookmark("bot", 0) == 1


def test_where_it_is_configured_no_key_is_shown() -> None:
    target = BotTarget(url="https://bot.example/ask", key=b"secret-secret-secret")
    assert "secret-secret" not in repr(target)
