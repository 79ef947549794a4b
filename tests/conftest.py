"""Servers for whoever needs one: started once a session (and xdist worker), empty for each test."""

from __future__ import annotations

import faulthandler
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.servers import Server, running

# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[Server]:
    with running("valkey") as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Server]:
    with running("redis") as server:
        yield server


@pytest.fixture
def valkey_url(valkey_server: Server) -> str:
    """An empty Valkey."""
    valkey_server.flush()
    return valkey_server.url


@pytest.fixture
def redis_url(redis_server: Server) -> str:
    """An empty Redis 7.0."""
    redis_server.flush()
    return redis_server.url


@pytest.fixture(autouse=True)
def no_test_hangs() -> Iterator[None]:
    """A test that hangs ends its worker and says where, instead of holding up all others."""
    faulthandler.dump_traceback_later(300, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()
