"""The owner's loop, where no server is needed to show it."""

from __future__ import annotations

import pytest

from router.core.commands import SCHEMA
from router.log.memory import MemoryLog
from router.log.ports import Commit, LogCorrupt
from router.owner import Owner


async def test_records_of_a_newer_release_are_not_touched() -> None:
    newer = MemoryLog(0, clock=lambda: 1_000, schema=SCHEMA + 1)
    lease = await newer.acquire("newer", ttl_ms=5_000)
    assert lease is not None
    await newer.commit(Commit(lease, "batch", 1, 0, 1_000, b"", {"desk|c": b"\xff"}))
    await newer.release(lease)
    with pytest.raises(LogCorrupt, match=f"schema {SCHEMA + 1}"):
        await Owner(newer, "older").run()
    assert (await newer.meta()).seq == 1
