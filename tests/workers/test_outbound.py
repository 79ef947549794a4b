"""The outbound worker against a real server, in virtual time: what is sent, and retries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from router.core.commands import Content, WriteMessage
from router.log.archive import Archive
from router.log.codec import encode_command
from router.log.ports import Log
from tests.workers.delivery import Stage, held
from tests.workers.stage import (
    HOUR,
    MINUTE,
    SECOND,
    SECRET,
    START_MS,
    Bridge,
    VirtualTime,
    Writer,
    assigned,
    hang_up,
    message,
    status,
)
from workers.archiver import Archiver
from workers.outbound import Target, wall_clock

SCHEDULE = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR]


@asynccontextmanager
async def run_beside(*workers: Any) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    yield
    for worker in workers:
        worker.stop()
    async with asyncio.timeout(10):
        await asyncio.gather(*tasks)


class TestWhatIsSent:
    async def test_a_message_is_signed_and_reported(self, stage: Stage, time: VirtualTime) -> None:
        time.now_ms = wall_clock()
        await stage.take(message("m1", at_ms=time.now_ms))
        (request,) = await stage.bridge.seen(1)
        body = Webhook(SECRET).verify(request.body, request.headers)
        assert request.id == "m1"
        assert request.headers["content-type"] == "application/json"
        assert body["type"] == "message.send"
        assert body["data"] == {
            "session": "s1",
            "shop": "shop",
            "buyer": "buyer",
            "message": "m1",
            "sub_account": "shop:anna",
            "kind": "text",
            "by": "human",
            "text": "您好",
        }
        assert await stage.reports.seen(1) == [("m1", "delivered", "")]
        report = stage.reports.commands[0]
        assert (report.effect, report.shop, report.buyer) == ("shop/m1", "shop", "buyer")
        await stage.settled(done=1)
        await stage.archive.set_bookmark("outbound", 0, 1)
        await stage.take(message("m2", at_ms=time.now_ms), seq=2)
        await stage.reports.seen(2)
        await stage.settled(done=1)  # the first is forgotten: it cannot come again

    async def test_its_time_is_the_facts(self, stage: Stage) -> None:
        await stage.take(message("m1"))
        (request,) = await stage.bridge.seen(1)
        assert request.json["timestamp"] == "2026-11-18T11:06:40.000Z"
        assert request.headers["webhook-timestamp"] == str(START_MS // 1000)

    async def test_an_id_that_no_header_takes_is_encoded(self, stage: Stage) -> None:
        await stage.take(message("消息\n1"))
        (request,) = await stage.bridge.seen(1)
        assert request.id == "%E6%B6%88%E6%81%AF%0A1"
        assert request.json["data"]["message"] == "消息\n1"
        assert await stage.reports.seen(1) == [("消息\n1", "delivered", "")]

    async def test_session_events_only_where_they_are_wanted(self, stage: Stage) -> None:
        await stage.take(assigned())
        stage.targets["shop"] = stage.bridge.target(events=True)
        await stage.take(assigned(), assigned(from_agent="ben"), seq=2)
        first, second = await stage.bridge.seen(2)
        assert (first.id, first.json["type"]) == ("0:2:0", "session.assigned")
        assert (second.id, second.json["type"]) == ("0:2:1", "session.transferred")
        assert second.json["data"]["from_agent"] == "ben"
        assert "from_agent" not in first.json["data"]
        await stage.settled(done=2)
        assert stage.reports.commands == []

    async def test_a_fact_that_comes_again_is_known(self, stage: Stage) -> None:
        await stage.take(message("m1"))
        await stage.reports.seen(1)
        await stage.settled(done=1)
        await stage.take(message("m1"), message("m2"))
        await stage.reports.seen(2)
        assert [request.id for request in stage.bridge.requests] == ["m1", "m2"]

    async def test_no_url(self, stage: Stage) -> None:
        await stage.take(message("m1", shop="elsewhere"))
        assert await stage.reports.seen(1) == [("m1", "failed", "no outbound url")]
        assert stage.bridge.requests == []

    async def test_words_that_are_not_there(self, stage: Stage) -> None:
        await stage.take(message("m1", offset=7))
        assert await stage.reports.seen(1) == [("m1", "failed", "its words are not in the log")]

    async def test_words_from_the_inbox_archive_or_stream(
        self, archive: Archive, log: Log, bridge: Bridge
    ) -> None:
        stage = Stage(archive, bridge, VirtualTime())
        await stage.start()
        writer = Writer(log)
        runner = stage.outbound.runner(log)
        archiver = Archiver(
            archive, log, keep_entries=1, keep_commits=1, trim_step=1, linger_s=0,
            readers=("outbound",),
        )  # fmt: skip
        async with run_beside(runner, archiver):
            for number in range(40):
                name = f"m{number:02}"
                content = Content(text=f"text {number}", order="1234")
                command = WriteMessage(
                    shop="shop", buyer="buyer", agent="anna", message=name, content=content
                )
                (offset,) = await writer.append(encode_command("desk", command))
                session = f"s{number % 5}"
                await writer.say(message(name, text="", offset=offset, session=session))
            await stage.reports.seen(40)
        await stage.stop()
        for request in bridge.requests:
            data = request.json["data"]
            assert data["text"] == f"text {int(data['message'][1:])}"
            assert data["order"] == "1234"
        assert await archive.dead_count("outbound") == 0
        assert runner.handled == 40


class TestRetries:
    async def test_the_whole_schedule_then_failed(self, stage: Stage) -> None:
        stage.bridge.answer = status(503)
        await stage.take(message("m1", expires_in_ms=30 * HOUR))
        waits = [await stage.time.advance() for _ in range(18)]
        assert waits[:7] == SCHEDULE
        assert set(waits[7:-1]) == {2 * HOUR}
        assert sum(waits) == 24 * HOUR
        requests = await stage.bridge.seen(19)
        assert await stage.reports.seen(1) == [("m1", "failed", "HTTP 503")]
        assert len({(request.id, request.body) for request in requests}) == 1
        assert requests[-1].at_ms == START_MS + 24 * HOUR
        assert requests[-1].headers["webhook-timestamp"] == str(requests[-1].at_ms // 1000)

    @pytest.mark.parametrize("code", [301, 307, 400, 404, 408, 409, 425, 429, 500])
    async def test_all_but_2xx_is_tried_again(self, stage: Stage, code: int) -> None:
        stage.bridge.answers = [status(code, Location="/elsewhere")]
        await stage.take(message("m1"))
        assert await stage.time.advance() == 5 * SECOND
        requests = await stage.bridge.seen(2)
        assert [request.path for request in requests] == ["/shop", "/shop"]
        assert await stage.reports.seen(1) == [("m1", "delivered", "")]

    async def test_retry_after(self, stage: Stage) -> None:
        headers = {"Retry-After": "90"}
        stage.bridge.answers = [status(429, **headers), status(503, **{"Retry-After": "99999"})]
        await stage.take(message("m1", expires_in_ms=10 * HOUR))
        assert await stage.time.advance() == 90 * SECOND
        assert await stage.time.advance() == 2 * HOUR
        assert await stage.reports.seen(1) == [("m1", "delivered", "")]

    async def test_410_stops(self, stage: Stage) -> None:
        stage.bridge.answers = [status(410)]
        await stage.take(message("m1"))
        assert await stage.reports.seen(1) == [("m1", "failed", "HTTP 410")]
        assert len(stage.bridge.requests) == 1

    async def test_no_answer_in_time(self, stage: Stage) -> None:
        await stage.stop()
        await stage.start(timeout_s=1)
        release = asyncio.Event()
        stage.bridge.answers = [held(release)]
        await stage.take(message("m1"))
        assert await stage.time.advance() == 5 * SECOND
        assert await stage.reports.seen(1) == [("m1", "delivered", "")]
        release.set()

    async def test_a_lost_reply_brings_the_same_again(self, stage: Stage) -> None:
        stage.bridge.answers = [status(200), hang_up, hang_up]
        await stage.take(message("m0"), message("m1"))  # the first leaves a connection open
        assert await stage.time.advance() == 5 * SECOND
        assert await stage.time.advance() == 30 * SECOND
        await stage.reports.seen(2)
        _, *again = stage.bridge.requests
        assert len(again) == 3
        assert len({(request.id, request.body) for request in again}) == 1

    async def test_nobody_listens(self, stage: Stage) -> None:
        url = str(stage.bridge.server.make_url("/shop"))
        await stage.bridge.server.close()
        stage.targets["shop"] = Target(url=url, key=b"k" * 24)
        await stage.take(message("m1", expires_in_ms=5 * SECOND))
        assert await stage.time.advance() == 5 * SECOND
        ((name, outcome, detail),) = await stage.reports.seen(1)
        assert (name, outcome) == ("m1", "expired")
        assert detail.startswith("ClientConnectorError")

    async def test_expired_before_the_first_attempt(self, stage: Stage) -> None:
        stage.time.now_ms += 10 * MINUTE
        await stage.take(message("m1"))
        assert await stage.reports.seen(1) == [("m1", "expired", "")]
        assert stage.bridge.requests == []

    async def test_expires_between_two_attempts(self, stage: Stage) -> None:
        stage.bridge.answer = status(502)
        await stage.take(message("m1"))
        waits = [await stage.time.advance() for _ in range(4)]
        assert waits == [*SCHEDULE[:3], 10 * MINUTE - sum(SCHEDULE[:3])]
        assert await stage.reports.seen(1) == [("m1", "expired", "HTTP 502")]
        assert len(stage.bridge.requests) == 4

    async def test_an_event_that_fails_is_reported(self, stage: Stage) -> None:
        stage.targets["shop"] = stage.bridge.target(events=True)
        stage.bridge.answer = status(500)
        await stage.take(assigned())
        assert sum([await stage.time.advance() for _ in range(18)]) == 24 * HOUR
        await stage.reports.seen(1)
        (report,) = stage.reports.commands
        assert (report.effect, report.message, report.outcome) == ("0:1:0", "", "failed")

    async def test_a_report_is_tried_again_without_another_delivery(self, stage: Stage) -> None:
        stage.reports.errors = [RuntimeError("away"), TimeoutError()]
        await stage.take(message("m1"))
        assert await stage.time.advance() == 5 * SECOND
        assert await stage.time.advance() == 30 * SECOND
        assert await stage.reports.seen(1) == [("m1", "delivered", "")]
        assert len(stage.bridge.requests) == 1

    async def test_a_report_that_nobody_takes_is_given_up_after_a_day(self, stage: Stage) -> None:
        stage.reports.errors = [RuntimeError("no such desk") for _ in range(19)]
        await stage.take(message("m1"))
        assert sum([await stage.time.advance() for _ in range(18)]) == 24 * HOUR
        await stage.settled(done=1)
        assert stage.outbound.unreported == 1
        assert len(stage.bridge.requests) == 1
