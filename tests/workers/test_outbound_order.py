"""The outbound worker: order, bounds, restarts and crashes."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from aiohttp import web

from router.log.archive import Archive
from tests.workers.delivery import Stage, held
from tests.workers.stage import (
    HOUR,
    MINUTE,
    SECOND,
    Request,
    Writer,
    assigned,
    hang_up,
    message,
    status,
)


class TestOrder:
    async def test_a_sessions_messages_wait_for_each_other(self, stage: Stage) -> None:
        stage.bridge.answers = [status(500), status(500)]
        await stage.take(message("m1"), message("m2"))
        await stage.take(message("m3"), seq=2)
        await stage.time.advance()
        await stage.time.advance()
        await stage.reports.seen(3)
        sent = [request.id for request in stage.bridge.requests]
        assert sent == ["m1", "m1", "m1", "m2", "m3"]

    async def test_the_next_goes_when_the_one_before_expires(self, stage: Stage) -> None:
        stage.bridge.answers = [status(500)] * 2
        await stage.take(message("m1", expires_in_ms=20 * SECOND), message("m2"))
        assert await stage.time.advance() == 5 * SECOND
        assert await stage.time.advance() == 15 * SECOND
        outcomes = {name: outcome for name, outcome, _ in await stage.reports.seen(2)}
        assert outcomes == {"m1": "expired", "m2": "delivered"}

    async def test_events_that_fail_hold_up_no_message(self, stage: Stage) -> None:
        stage.targets["shop"] = stage.bridge.target(events=True)
        stage.bridge.answers = [status(500)]
        await stage.take(assigned())
        await stage.bridge.seen(1)
        await stage.take(message("m1"), seq=2)
        assert await stage.reports.seen(1) == [("m1", "delivered", "")]

    async def test_one_failing_session_holds_up_no_other(self, stage: Stage) -> None:
        async def picky(request: Request, _raw: web.Request) -> web.Response:
            return web.Response(status=500 if request.json["data"]["session"] == "bad" else 200)

        stage.bridge.answer = picky
        await stage.take(message("b1", session="bad"), message("b2", session="bad"))
        facts = [message(f"m{number}", session=f"s{number % 20}") for number in range(100)]
        await stage.take(*facts, seq=2)
        outcomes = await stage.reports.seen(100)
        assert {outcome for _, outcome, _ in outcomes} == {"delivered"}
        assert stage.bridge.most_busy["/shop"] <= 16
        for session in range(20):
            sent = [
                r.id for r in stage.bridge.requests if r.json["data"]["session"] == f"s{session}"
            ]
            assert sent == [f"m{number}" for number in range(session, 100, 20)]

    async def test_a_hanging_shop_takes_its_share_and_no_more(self, stage: Stage) -> None:
        release = asyncio.Event()
        hanging = held(release)

        async def answer(request: Request, raw: web.Request) -> web.StreamResponse:
            return await (hanging if request.path == "/shop" else status(200))(request, raw)

        stage.bridge.answer = answer
        await stage.take(*[message(f"h{number}", session=f"h{number}") for number in range(50)])
        await stage.bridge.seen(16)
        others = [message(f"o{n}", session=f"o{n}", shop="other") for n in range(50)]
        await stage.take(*others, seq=2)
        names = [name for name, _, _ in await stage.reports.seen(50)]
        assert sorted(names) == sorted(fact.message for fact in others)
        assert stage.bridge.busy["/shop"] == stage.bridge.most_busy["/shop"] == 16
        release.set()
        await stage.reports.seen(100)
        assert stage.bridge.most_busy["/shop"] == 16

    async def test_bounds_in_all_and_per_shops_outbox(self, stage: Stage) -> None:
        await stage.stop()
        await stage.start(in_all=3, shop_limit=4)
        release = asyncio.Event()
        stage.bridge.answer = held(release)
        await stage.take(*[message(f"m{number}", session=f"s{number}") for number in range(4)])
        await stage.bridge.seen(3)
        assert stage.outbound.in_flight == 3
        await stage.take(message("m4", session="s4"), seq=2)
        release.set()
        outcomes = await stage.reports.seen(5)
        assert ("m4", "failed", "too much waits for this shop") in outcomes
        assert stage.bridge.most_busy["/shop"] == 3


class TestRestart:
    async def test_goes_on_with_the_schedule(self, stage: Stage, tmp_path: Path) -> None:
        stage.bridge.answers = [status(500), status(500)]
        await stage.take(message("m1"), message("m2"))
        assert await stage.time.advance() == 5 * SECOND
        await stage.bridge.seen(2)
        await stage.stop()
        await stage.archive.close()
        stage.archive = await Archive.open(tmp_path / "archive.sqlite")
        await stage.start()
        assert await stage.time.advance() == 30 * SECOND
        await stage.reports.seen(2)
        await stage.stop()
        await stage.archive.close()
        first, second, third, last = stage.bridge.requests
        assert (first.id, first.body) == (second.id, second.body) == (third.id, third.body)
        assert last.id == "m2"

    async def test_stop_lets_requests_under_way_end(self, stage: Stage) -> None:
        release = asyncio.Event()
        stage.bridge.answer = held(release)
        await stage.take(message("m1"), message("m2"))
        await stage.bridge.seen(1)
        stage.outbound.stop()
        release.set()
        await stage.stop()
        assert await stage.counts() == {"done": 1, "waiting": 1}
        assert await stage.reports.seen(1) == [("m1", "delivered", "")]

    async def test_stop_does_not_wait_for_ever(self, stage: Stage) -> None:
        await stage.stop()
        await stage.start(grace_s=0.01)
        release = asyncio.Event()
        stage.bridge.answers = [held(release)]
        await stage.take(message("m1"))
        await stage.bridge.seen(1)
        await stage.stop()
        release.set()
        assert await stage.counts() == {"waiting": 1}
        await stage.start()
        first, second = await stage.bridge.seen(2)
        assert (first.id, first.body) == (second.id, second.body)
        assert await stage.reports.seen(1) == [("m1", "delivered", "")]

    @pytest.mark.parametrize("seed", range(6))
    async def test_crashes_lose_nothing_and_keep_the_order(self, stage: Stage, seed: int) -> None:
        rng = random.Random(seed)

        async def moody(request: Request, raw: web.Request) -> web.StreamResponse:
            for _ in range(rng.randrange(10)):
                await asyncio.sleep(0)
            return await rng.choice((status(200), status(200), status(500), hang_up))(request, raw)

        stage.bridge.answer = moody
        writer = Writer(stage.log)
        names = [f"m{number:02}" for number in range(60)]
        for number, name in enumerate(names):
            session = f"s{number % 4}"
            await writer.say(message(name, session=session, expires_in_ms=24 * HOUR))
        await stage.stop()
        while len({command.message for command in stage.reports.commands}) < len(names):
            await stage.start(grace_s=0)
            runner = stage.outbound.runner(stage.log)
            feeding = asyncio.create_task(runner.run())
            for _ in range(rng.randrange(400)):
                await asyncio.sleep(0)
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
            await stage.crash()
            stage.time.now_ms += rng.choice((0, SECOND, MINUTE))
        for lane in range(4):
            sent = [r.id for r in stage.bridge.requests if r.json["data"]["session"] == f"s{lane}"]
            assert sent == sorted(sent)
            assert set(sent) == set(names[lane::4])
        bodies = {(request.id, request.body) for request in stage.bridge.requests}
        assert len(bodies) == len(names)
        assert {command.outcome for command in stage.reports.commands} == {"delivered"}
