"""Logs on each kind of server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from router.log.redis import RedisLogs
from tests.servers import Server, running


@pytest.fixture(params=["valkey", "redis"])
def url(request: pytest.FixtureRequest) -> str:
    """An empty server."""
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest_asyncio.fixture
async def logs(url: str) -> AsyncIterator[RedisLogs]:
    async with await RedisLogs.connect(url, connections=3, waiters=2) as connected:
        yield connected


@pytest.fixture(params=["valkey", "redis"])
def own_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server that a test may kill, freeze or fill."""
    with running(request.param) as server:
        yield server
