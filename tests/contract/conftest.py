"""One suite, run on everything that keeps a log."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.contract.backends import Backend, MemoryBackend, server_backend


@pytest_asyncio.fixture(params=["memory", "valkey", "redis"])
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[Backend]:
    if request.param == "memory":
        yield MemoryBackend()
        return
    async with server_backend(request.getfixturevalue(f"{request.param}_url")) as on_server:
        yield on_server
