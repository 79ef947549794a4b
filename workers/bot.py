"""The bot worker: asks a shop's bot about a buyer's message, and says what came of it.

A fact `BotAsked` becomes one signed request (the envelope of CONTRACT §4, type `bot.ask`) with
the session's last messages; the bot's answer becomes `WriteForBot`, `HandOverFromBot`, or both. Any
failure is a handing over: no answer in time, an error, an answer that does not fit. Nothing is
tried again: the core gives the session to people at `until_ms` whatever happens here, so a
request that is lost with a crash loses nothing. Requests of one session replace each other;
those of a shop whose bot hangs hold up only its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import aiohttp
import msgspec

from router.channels import standard_webhooks
from router.channels.bridge import shows
from router.core.commands import AnyCommand, Content, HandOverFromBot, WriteForBot
from router.core.facts import BotAsked
from router.log.archive import Archive
from router.log.ports import Log, LogError
from workers.bot_words import Answer, BadAnswer, ask_body, lines_of, read_answer
from workers.bridge_events import header_safe
from workers.outbound import wall_clock
from workers.runner import Keyed, Runner
from workers.stop import Sleep, Stop

logger = logging.getLogger("zhiban.bot")

WORKER = "bot"
PER_SHOP = 16
IN_ALL = 128
WAITING_LIMIT = 2_000
"""Sessions whose bots are asked, or wait to be; beyond it people get them at once."""
ANSWER_LIMIT = 64 * 1_024
"""Bytes of an answer."""
SUBMIT_S = 5.0
RETRY_S = 0.2
GRACE_S = 5.0
"""How long `stop` waits for requests under way."""

Submit = Callable[[str, AnyCommand], Awaitable[object]]
Session = tuple[str, str]
"""(desk, session)."""


class BotTarget(msgspec.Struct, frozen=True, kw_only=True):
    """Where a shop's bot answers."""

    url: str
    key: bytes

    def __repr__(self) -> str:
        return f"BotTarget(url={self.url!r})"


class Bots:
    """Asks the bots of all shops. Start `run`, and a `runner` for each partition beside it."""

    def __init__(
        self,
        archive: Archive,
        target_of: Callable[[str], BotTarget | None],
        submit: Submit,
        *,
        clock: Callable[[], int] = wall_clock,
        sleep: Sleep = asyncio.sleep,
        per_shop: int = PER_SHOP,
        in_all: int = IN_ALL,
        waiting_limit: int = WAITING_LIMIT,
        grace_s: float = GRACE_S,
    ) -> None:
        """`target_of`: a shop's bot; None when it has none."""
        self._archive = archive
        self._target_of = target_of
        self._submit = submit
        self._clock = clock
        self._sleep = sleep
        self._in_all = asyncio.Semaphore(in_all)
        self._per_shop: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(per_shop)
        )
        self._waiting_limit = waiting_limit
        self._grace_s = grace_s
        self._stop = Stop(sleep)
        self._begun = asyncio.Event()
        self._http: aiohttp.ClientSession | None = None
        self._active: dict[Session, asyncio.Task[None]] = {}
        self.outcomes: Counter[str] = Counter()
        """`answered`, `handed_over`, `failed`, `expired` (not asked at all), `replaced`."""

    def runner(self, log: Log) -> Runner:
        """What feeds this worker with a partition's facts."""
        return Runner(
            WORKER,
            self._archive,
            log,
            partial(self.take, log),
            kinds=(BotAsked,),
            sleep=self._sleep,
        )

    @property
    def in_flight(self) -> int:
        return len(self._active)

    # Running

    def stop(self) -> None:
        """Ask nobody any more, give what is under way a moment, and let `run` end."""
        self._stop.ask()

    async def run(self) -> None:
        """Hold the connections until `stop`."""
        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        ) as http:
            self._http = http
            self._begun.set()
            try:
                await self._stop.unless(asyncio.Event().wait())
                if self._active:
                    await asyncio.wait(self._active.values(), timeout=self._grace_s)
            finally:
                tasks = list(self._active.values())
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                self._http = None

    async def take(self, log: Log, facts: Sequence[Keyed]) -> None:
        """Begin to ask what can still be answered; the core needs nothing from us of the rest."""
        await self._stop.unless(self._begun.wait())
        for keyed in facts:
            fact = keyed.fact
            if not isinstance(fact, BotAsked) or self._stop.asked:
                continue
            if fact.until_ms <= self._clock():
                self.outcomes["expired"] += 1
                continue
            self._begin(log, keyed.desk, fact)

    def _begin(self, log: Log, desk: str, fact: BotAsked) -> None:
        name = (desk, fact.session)
        before = self._active.pop(name, None)
        if before is not None:
            self.outcomes["replaced"] += 1
            before.cancel()
        full = len(self._active) >= self._waiting_limit
        doing = self._fail(desk, fact, "too_busy") if full else self._ask(log, desk, fact)
        task = asyncio.create_task(doing, name=f"bot {fact.session}")
        self._active[name] = task
        task.add_done_callback(partial(self._ended, name))

    def _ended(self, name: Session, task: asyncio.Task[None]) -> None:
        if self._active.get(name) is task:
            del self._active[name]
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("the bot of %s: %r", name[1], error)

    # One request

    async def _ask(self, log: Log, desk: str, fact: BotAsked) -> None:
        try:
            answer = await self._in_time(self._answer(log, fact), fact.until_ms)
        except BadAnswer as error:
            await self._fail(desk, fact, str(error))
            return
        if answer is None:
            await self._fail(desk, fact, "no_answer_in_time")
            return
        if answer.reply is not None:
            await self._tell(desk, _written(fact, answer), fact.until_ms)
            self.outcomes["answered"] += 1
        if answer.hand_over:
            command = HandOverFromBot(
                shop=fact.shop,
                buyer=fact.buyer,
                session=fact.session,
                why=answer.why or "asked_by_the_bot",
                transcript=answer.transcript,
            )
            await self._tell(desk, command, fact.until_ms)
            self.outcomes["handed_over"] += 1

    async def _in_time(self, doing: Awaitable[Answer], until_ms: int) -> Answer | None:
        """What it gives; None when the time is up before."""
        task = asyncio.ensure_future(doing)
        left_s = max(0, until_ms - self._clock()) / 1_000
        over = asyncio.ensure_future(self._sleep(left_s))
        try:
            await asyncio.wait((task, over), return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            task.cancel()
            over.cancel()
            await asyncio.gather(task, over, return_exceptions=True)

    async def _answer(self, log: Log, fact: BotAsked) -> Answer:
        """Raises `BadAnswer`, which says what is wrong."""
        target = self._target_of(fact.shop)
        if target is None:
            raise BadAnswer("no_bot_url")
        try:
            lines = await lines_of(self._archive, log, fact.lines)
        except LogError as error:
            raise BadAnswer("log_unavailable") from error
        body = ask_body(fact, lines)
        async with self._per_shop[fact.shop], self._in_all:
            return read_answer(await self._post(target, fact, body))

    async def _post(self, target: BotTarget, fact: BotAsked, body: bytes) -> bytes:
        assert self._http is not None
        delivery = header_safe(message_id(fact))
        headers = standard_webhooks.headers(target.key, delivery, self._clock() // 1_000, body)
        headers |= {"content-type": "application/json", "user-agent": "zhiban"}
        try:
            async with self._http.post(
                target.url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                if not 200 <= answer.status < 300:
                    raise BadAnswer(f"http_{answer.status}")
                return await _read(answer.content)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            logger.warning("shop %s: its bot: %r", fact.shop, error)
            raise BadAnswer("not_reached") from error

    # What came of it

    async def _fail(self, desk: str, fact: BotAsked, why: str) -> None:
        self.outcomes["failed"] += 1
        logger.warning("shop %s: its bot has not answered %s: %s", fact.shop, fact.session, why)
        command = HandOverFromBot(
            shop=fact.shop, buyer=fact.buyer, session=fact.session, why=why, asked=fact.offset
        )
        await self._tell(desk, command, fact.until_ms)

    async def _tell(self, desk: str, command: AnyCommand, until_ms: int) -> None:
        """Submit it; again while it can still count, where it was not taken."""
        while True:
            try:
                async with asyncio.timeout(SUBMIT_S):
                    await self._submit(desk, command)
                return
            except Exception as error:  # whatever the log's way to refuse: the core's clock goes on
                logger.warning("desk %s: a bot's act is not taken: %r", desk, error)
            if self._clock() >= until_ms:
                return
            await self._sleep(RETRY_S)


def message_id(fact: BotAsked) -> str:
    """The same for the same question, so that an answer is written once."""
    return f"bot-{fact.session}-{fact.offset}"


def _written(fact: BotAsked, answer: Answer) -> WriteForBot:
    reply = answer.reply
    assert reply is not None
    return WriteForBot(
        shop=fact.shop,
        buyer=fact.buyer,
        session=fact.session,
        message=message_id(fact),
        asked=fact.offset,
        kind=reply.kind,
        shows=shows(reply.kind, reply.text, reply.order),
        content=Content(text=reply.text, url=reply.url, order=reply.order, product=reply.product),
    )


async def _read(content: aiohttp.StreamReader) -> bytes:
    """The body, if it is no longer than an answer may be. Raises `BadAnswer`."""
    found = bytearray()
    async for chunk in content.iter_any():
        found += chunk
        if len(found) > ANSWER_LIMIT:
            raise BadAnswer("answer_too_long")
    return bytes(found)
