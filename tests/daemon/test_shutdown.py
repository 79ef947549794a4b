"""SIGTERM under load: whatever was answered 200 is there afterwards."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.daemon.books import check_once, is_identical, read_books
from tests.daemon.process import Answer, asks, event, stage, until


async def test_nothing_that_was_answered_is_lost_by_a_shutdown(tmp_path: Path) -> None:
    async with stage(tmp_path) as make:
        daemon = make(lateness="5m", reply="5m")
        await daemon.start()
        numbers = iter(range(1_000_000))
        answered: dict[str, Answer] = {}

        async def client() -> None:
            for number in numbers:
                name = f"q{number}"
                one = event("message.received", **asks(f"b{number % 50}", name))
                answered[name] = await daemon.deliver(*one)
                if answered[name].status == 0:
                    return

        clients = [asyncio.create_task(client()) for _ in range(32)]

        async def under_load() -> bool:
            return len(answered) >= 500

        await until(under_load, 30)
        began_s = time.monotonic()
        assert await daemon.terminate() == 0, daemon.log[-3_000:]
        took_s = time.monotonic() - began_s
        async with asyncio.timeout(30):
            await asyncio.gather(*clients)
        assert took_s < 10, took_s
        statuses = [answer.status for answer in answered.values()]
        assert set(statuses) <= {0, 200, 503}, set(statuses)
        taken = {name for name, answer in answered.items() if answer.status == 200}
        unknown = {name for name, answer in answered.items() if answer.status == 0}
        await daemon.start()
        await is_identical(daemon.config)
        assert await daemon.terminate() == 0
        books = await read_books(daemon.config)
        noted = set(books.times_noted())
        assert taken <= noted <= taken | unknown
        check_once(books, noted)
        print(f"{len(taken)} taken, {len(unknown)} without an answer; stopped in {took_s:.2f} s")
