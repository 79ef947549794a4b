"""An archive in a file, the logs, and a bridge."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from router.log.archive import Archive
from router.log.memory import MemoryLog
from router.log.ports import Log
from router.log.redis import RedisLogs
from tests.workers.delivery import Stage
from tests.workers.stage import Bridge, VirtualTime


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    archive = await Archive.open(tmp_path / "archive.sqlite")
    yield archive
    await archive.close()


@pytest.fixture(params=["memory", "valkey"])
async def log(request: pytest.FixtureRequest) -> AsyncIterator[Log]:
    if request.param == "memory":
        yield MemoryLog(0)
        return
    logs = await RedisLogs.connect(request.getfixturevalue("valkey_url"))
    yield logs.log(0)
    await logs.close()


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime()


@pytest.fixture
async def bridge(time: VirtualTime) -> AsyncIterator[Bridge]:
    bridge = Bridge(time)
    await bridge.server.start_server()
    yield bridge
    await bridge.server.close()


@pytest.fixture
async def stage(archive: Archive, bridge: Bridge, time: VirtualTime) -> AsyncIterator[Stage]:
    stage = Stage(archive, bridge, time)
    await stage.start()
    yield stage
    await stage.stop()
