"""The outbound worker: messages, events and remarks, brought to the shops' bridges (CONTRACT §4).

`take` writes what facts ask for into the outbox; a `Runner` made by `runner` feeds it and only
then moves on. `run` works the outbox off: the rows of a lane (a session's messages, a session's
events, an order's remarks) strictly one after the other, many lanes at once, up to a bound per
shop and in all, so that a bridge that hangs holds up only its own shop. All that counts is in the
file: after a crash the same rows go out again, with the same `webhook-id` and the same body.

What became of a message or a remark is reported as a command; of the events only what failed is.
One process at a time may run this on one file.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import aiohttp
import msgspec

from router.channels import standard_webhooks
from router.core.commands import AnyCommand, Content, ReportDelivery, WriteForBot, WriteMessage
from router.core.facts import DeliveryRequested
from router.log.archive import Archive, entries_at
from router.log.codec import Undecodable, decode_entry
from router.log.ports import Log, LogError
from workers.deliveries import KINDS, row_of
from workers.outbox import Outbox, Reported, Row
from workers.retries import next_attempt_ms, retry_after_ms
from workers.runner import Keyed, Runner
from workers.stop import Sleep, Stop

logger = logging.getLogger("zhiban.outbound")

WORKER = "outbound"
TIMEOUT_S = 15.0
PER_SHOP = 16
IN_ALL = 256
SHOP_LIMIT = 10_000
"""Rows that may wait for a shop; beyond it a message has failed at once."""
GRACE_S = 5.0
"""How long `stop` waits for requests under way."""
TROUBLE_S = 5.0
"""A pause when our own file is in trouble."""
DETAIL_LIMIT = 200
ANSWER_LIMIT = 1_024
"""Bytes of an answer that are looked at."""
GONE = 410

Submit = Callable[[str, AnyCommand], Awaitable[object]]
"""Appends a desk's command to its inbox; raises when it was not (or may not have been) taken."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where a shop's deliveries go."""

    url: str
    key: bytes
    """The signing key: `standard_webhooks.key_of(secret)`."""
    events: bool = False
    """Send `session.assigned` and `session.transferred`, too."""

    def __repr__(self) -> str:
        return f"Target(url={self.url!r})"


class Attempt(NamedTuple):
    """What one request gave."""

    delivered: bool
    gone: bool = False
    detail: str = ""
    retry_after_ms: int = 0


def wall_clock() -> int:
    """Milliseconds since 1970."""
    return int(time.time() * 1000)


class Outbound:
    """Delivers for all partitions of this process. `await prepare()`, then start `run`."""

    def __init__(
        self,
        archive: Archive,
        target_of: Callable[[str], Target | None],
        submit: Submit,
        *,
        clock: Callable[[], int] = wall_clock,
        sleep: Sleep = asyncio.sleep,
        timeout_s: float = TIMEOUT_S,
        per_shop: int = PER_SHOP,
        in_all: int = IN_ALL,
        shop_limit: int = SHOP_LIMIT,
        grace_s: float = GRACE_S,
    ) -> None:
        """`target_of`: a shop's target; None when it has no URL."""
        self.outbox = Outbox(archive.database, WORKER)
        self._archive = archive
        self._target_of = target_of
        self._submit = submit
        self._clock = clock
        self._sleep = sleep
        self._timeout_s = timeout_s
        self._per_shop = per_shop
        self._in_all = in_all
        self._shop_limit = shop_limit
        self._grace_s = grace_s
        self._stop = Stop(sleep)
        self._changed = asyncio.Event()
        self._active: dict[str, asyncio.Task[None]] = {}
        self._busy: Counter[str] = Counter()
        self.outcomes: Counter[Reported] = Counter()
        self.attempts = 0
        self.unreported = 0
        """Outcomes that could not be reported for a day."""

    async def prepare(self) -> None:
        """Make the tables, before anything else. Raises `SchemaTooNew`, `LogUnavailable`."""
        await self.outbox.prepare()

    def runner(self, log: Log) -> Runner:
        """What feeds this worker with a partition's facts; run and stop it beside `run`."""
        return Runner(
            WORKER,
            self._archive,
            log,
            partial(self.take, log),
            kinds=KINDS,
            sleep=self._sleep,
        )

    @property
    def in_flight(self) -> int:
        return len(self._active)

    # From facts to rows

    async def take(self, log: Log, facts: Sequence[Keyed]) -> None:
        """Write what these facts ask for into the outbox. Raises `LogUnavailable`."""
        offsets = [
            keyed.fact.offset
            for keyed in facts
            if isinstance(keyed.fact, DeliveryRequested) and keyed.fact.offset
        ]
        words = await self._words(log, offsets) if offsets else {}
        rows = [row for keyed in facts if (row := self._row(keyed, words)) is not None]
        if rows:
            now_ms = self._clock()
            await self.outbox.add(rows, now_ms=now_ms, shop_limit=self._shop_limit)
            self._changed.set()

    async def _words(self, log: Log, offsets: Sequence[int]) -> dict[int, Content]:
        """What the messages at these places say; those that are not to be found are missing."""
        words: dict[int, Content] = {}
        for entry in await entries_at(self._archive, log, offsets):
            if entry is None:
                continue
            try:
                command = decode_entry(entry.body).command
            except Undecodable:
                continue
            if isinstance(command, WriteMessage | WriteForBot):
                words[entry.offset] = command.content
        return words

    def _row(self, keyed: Keyed, words: dict[int, Content]) -> Row | None:
        target = self._target_of(getattr(keyed.fact, "shop", ""))
        reachable, events = target is not None, target is not None and target.events
        return row_of(keyed, words, reachable=reachable, events=events)

    # Working the outbox off

    def stop(self) -> None:
        """Begin no more requests, give those under way a moment, and let `run` end."""
        self._stop.ask()

    async def run(self) -> None:
        """Deliver until `stop`."""
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._in_all),
            timeout=aiohttp.ClientTimeout(total=self._timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        ) as session:
            try:
                while not self._stop.asked:
                    self._changed.clear()
                    try:
                        wake_ms = await self._begin_due(session)
                    except LogError as error:
                        logger.warning("the outbox cannot be read: %s", error)
                        await self._stop.pause(TROUBLE_S)
                        continue
                    await self._stop.unless(self._wait(wake_ms))
                if self._active:
                    await asyncio.wait(self._active.values(), timeout=self._grace_s)
            finally:
                tasks = list(self._active.values())
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _begin_due(self, session: aiohttp.ClientSession) -> int | None:
        """Begin what is due now; gives when the next is (None: when something changes)."""
        room = self._in_all - len(self._active)
        if room <= 0:
            return None
        due = await self.outbox.due(
            self._clock(),
            active=frozenset(self._active),
            busy=dict(self._busy),
            per_shop=self._per_shop,
            room=room,
        )
        for row in due.rows:
            self._busy[row.shop] += 1
            task = asyncio.create_task(self._work(session, row), name=f"deliver {row.key}")
            self._active[row.key] = task
            task.add_done_callback(partial(self._ended, row))
        return due.wake_ms

    def _ended(self, row: Row, _task: asyncio.Task[None]) -> None:
        del self._active[row.key]
        self._busy[row.shop] -= 1
        if not self._busy[row.shop]:
            del self._busy[row.shop]
        self._changed.set()

    async def _wait(self, wake_ms: int | None) -> None:
        """Until something has changed, or it is time."""
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._changed.wait())]
        if wake_ms is not None:
            delay_s = max(0, wake_ms - self._clock()) / 1000
            waits.append(asyncio.ensure_future(self._sleep(delay_s)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _work(self, session: aiohttp.ClientSession, row: Row) -> None:
        """Whatever is next for this row."""
        try:
            if row.state == "waiting":
                row = await self._deliver(session, row)
            if row.state == "report":
                await self._report(row)
        except LogError as error:
            # It stays as it is in the file: due at once. So hold it back here for a while.
            logger.warning("outbox, %s: %s", row.key, error)
            await self._stop.pause(TROUBLE_S)
        except Exception:
            logger.exception("outbox, %s", row.key)
            await self._stop.pause(TROUBLE_S)

    async def _deliver(self, session: aiohttp.ClientSession, row: Row) -> Row:
        """One attempt, or the end of them; gives the row as it is now stored."""
        began_ms = self._clock()
        target = self._target_of(row.shop)
        if target is None:
            return await self._settle(row, "failed", "no outbound url")
        if began_ms >= row.expires_ms:
            return await self._settle(row, "expired", row.detail)
        attempt = await self._post(session, target, row)
        self.attempts += 1
        if attempt.delivered:
            return await self._settle(row, "delivered", "")
        if attempt.gone:
            return await self._settle(row, "failed", attempt.detail)
        attempts, first_ms = row.attempts + 1, row.first_ms or began_ms
        next_ms = next_attempt_ms(
            attempts=attempts,
            first_ms=first_ms,
            now_ms=self._clock(),
            retry_after_ms=attempt.retry_after_ms,
        )
        if next_ms is None:
            return await self._settle(row, "failed", attempt.detail)
        row = row._replace(
            attempts=attempts,
            first_ms=first_ms,
            next_ms=min(next_ms, row.expires_ms),
            detail=attempt.detail,
        )
        await self.outbox.retry(row)
        return row

    async def _settle(self, row: Row, outcome: Reported, detail: str) -> Row:
        if outcome == "expired" and not row.message and row.attempts:
            outcome = "failed"  # an event has no expiry but the end of its attempts
        if outcome == "failed":
            logger.warning("shop %s: %s was not delivered: %s", row.shop, row.delivery, detail)
        self.outcomes[outcome] += 1
        report = bool(row.message) or outcome == "failed"
        settled = await self.outbox.settle(
            row, outcome, detail, now_ms=self._clock(), report=report
        )
        self._changed.set()  # the lane goes on while this one is being reported
        return settled

    async def _post(self, session: aiohttp.ClientSession, target: Target, row: Row) -> Attempt:
        """One signed request. Only its own failures are answers; others are raised."""
        now_ms = self._clock()
        headers = standard_webhooks.headers(target.key, row.delivery, now_ms // 1000, row.body)
        headers |= {"content-type": "application/json", "user-agent": "zhiban"}
        try:
            async with session.post(
                target.url, data=row.body, headers=headers, allow_redirects=False
            ) as answer:
                if 200 <= answer.status < 300:
                    return Attempt(delivered=True)
                said = (await answer.content.read(ANSWER_LIMIT)).decode("utf-8", "replace")
                detail = f"HTTP {answer.status} {' '.join(said.split())}".strip()
                return Attempt(
                    delivered=False,
                    gone=answer.status == GONE,
                    detail=detail[:DETAIL_LIMIT],
                    retry_after_ms=retry_after_ms(answer.headers.get("retry-after"), now_ms),
                )
        except TimeoutError:
            return Attempt(delivered=False, detail=f"no answer within {self._timeout_s:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            detail = f"{type(error).__name__}: {error}"
            return Attempt(delivered=False, detail=detail[:DETAIL_LIMIT])

    async def _report(self, row: Row) -> None:
        """Submit what became of it; when that fails, again later."""
        assert row.outcome
        began_ms = self._clock()
        command = ReportDelivery(
            effect=f"{row.shop}/{row.message}" if row.message else row.delivery,
            shop=row.shop,
            buyer=row.buyer,
            message=row.message,
            outcome=row.outcome,
            detail=row.detail,
        )
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._submit(row.desk, command)
        except Exception as error:
            logger.warning("shop %s: %s is not reported: %r", row.shop, row.delivery, error)
            attempts, first_ms = row.attempts + 1, row.first_ms or began_ms
            next_ms = next_attempt_ms(attempts=attempts, first_ms=first_ms, now_ms=self._clock())
            if next_ms is not None:
                await self.outbox.retry(
                    row._replace(attempts=attempts, first_ms=first_ms, next_ms=next_ms)
                )
                return
            self.unreported += 1
            logger.error("shop %s: %s is given up unreported", row.shop, row.delivery)
        await self.outbox.finish(row)
