"""`zhiban replay --verify` on a daemon that goes on working."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.daemon.books import is_identical
from tests.daemon.process import asks, event, now_ms, stage


async def test_verifying_does_not_ask_the_daemon_to_stop(tmp_path: Path) -> None:
    async with stage(tmp_path) as make:
        daemon = make()
        await daemon.start()
        await daemon.does("PUT", "/v1/agents/a0/presence", to="online", reason="x")
        taken = 0

        async def ask_on() -> None:
            nonlocal taken
            while True:
                buyer = f"b{taken % 400}"
                await daemon.insist(
                    *event("message.received", now_ms(), **asks(buyer, f"q{taken}"))
                )
                taken += 1

        asking = [asyncio.create_task(ask_on()) for _ in range(4)]
        try:
            for _ in range(3):
                before = taken
                said = await is_identical(daemon.config)
                assert taken > before, "nothing came meanwhile: nothing is shown"
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
        assert await daemon.terminate() == 0
        assert int((await is_identical(daemon.config)).split()[2]) >= int(said.split()[2])
