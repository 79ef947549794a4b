"""Where a configuration keeps its things: files below the data directory, and the log's server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from router.core.commands import SCHEMA
from router.log.embedded import DataInUse, EmbeddedServer
from router.log.redis import RedisLogs
from router.log.server_files import last_state
from router.settings import Settings


def data_dir(settings: Settings) -> Path:
    return Path(settings.log.data_dir)


def server_dir(settings: Settings) -> Path:
    """The embedded server's own directory."""
    return data_dir(settings) / "valkey"


def archive_path(settings: Settings) -> Path:
    return (
        Path(settings.archive.path)
        if settings.archive.path
        else data_dir(settings) / "archive.sqlite"
    )


def people_path(settings: Settings) -> Path:
    return data_dir(settings) / "people.sqlite"


def replies_path(settings: Settings) -> Path:
    return data_dir(settings) / "replies.sqlite"


async def connect(settings: Settings, url: str) -> RedisLogs:
    return await RedisLogs.connect(
        url, schema=SCHEMA, wait_replicas=settings.log.wait_replicas, waiters=64
    )


@asynccontextmanager
async def reading_logs(settings: Settings) -> AsyncIterator[RedisLogs]:
    """The logs for a tool that only reads: of the running daemon's server, or of one started
    for the purpose on the same data."""
    if settings.log.url:
        async with await connect(settings, settings.log.url) as logs:
            yield logs
        return
    server = EmbeddedServer(server_dir(settings))
    try:
        await server.start()
    except DataInUse:
        url = last_state(server.directory).endpoint.url
        async with await connect(settings, url) as logs:
            yield logs
        return
    try:
        async with await connect(settings, server.url) as logs:
            yield logs
    finally:
        await server.stop()
