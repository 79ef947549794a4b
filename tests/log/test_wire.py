"""The connections themselves: how they are opened, kept, found dead and closed."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from router.log.ports import Appended, Draft, LogError, LogUnavailable
from router.log.redis import RedisLogs
from tests.log.fake_server import fake_server, opened
from tests.servers import Server, client, free_port, running

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs on either event loop: their transports are not the same."""
    return asyncio.run if request.param == "asyncio" else uvloop.run


async def _appends(url: str, times: int = 3) -> None:
    async with await RedisLogs.connect(url) as logs:
        log = logs.log(1)
        tail = (await log.meta()).tail
        for number in range(times):
            (receipt,) = await log.append([Draft(b"x" * 100_000)])
            assert isinstance(receipt, Appended)
            assert receipt.offset == tail + number + 1
        waiting = asyncio.create_task(log.read(tail + times, limit=1, wait_ms=30_000))
        await log.append([Draft(b"last")])
        assert [entry.body for entry in (await waiting).entries] == [b"last"]


def test_over_a_unix_socket(run: Run, valkey_url: str) -> None:
    run(_appends(valkey_url))


def test_over_tcp_with_a_password_and_a_database(run: Run) -> None:
    port = free_port()

    async def ask() -> None:
        await _appends(f"redis://:secret@127.0.0.1:{port}/3")
        for wrong in ("redis://:wrong@", "redis://"):
            with pytest.raises(LogError, match="refuses us"):
                await RedisLogs.connect(f"{wrong}127.0.0.1:{port}/3")
        async with client(f"redis://:secret@127.0.0.1:{port}/3") as admin:
            assert await admin("XLEN", "{p01}:inbox") == 4

    with running("valkey", port=str(port)) as server:
        asyncio.run(_protect(server.url))
        run(ask())


async def _protect(url: str) -> None:
    async with client(url) as admin:
        await admin("CONFIG", "SET", "requirepass", "secret")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_over_tls(run: Run, tmp_path: Path) -> None:
    key, certificate, port = tmp_path / "key", tmp_path / "certificate", free_port()
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    tls = {"tls_port": str(port), "tls_cert_file": str(certificate), "tls_key_file": str(key)}
    with running("redis", **tls, tls_ca_cert_file=str(certificate), tls_auth_clients="no"):
        run(_appends(f"rediss://127.0.0.1:{port}?ssl_ca_certs={certificate}"))


def test_a_server_that_was_started_again_is_found_at_once(run: Run, own_server: Server) -> None:
    """Though the loop has had no time to see the old connection end."""

    async def ask() -> None:
        async with await RedisLogs.connect(own_server.url) as logs:
            log = logs.log(1)
            assert (await log.append([Draft(b"one")]))[0]
            own_server.kill()
            own_server.start()
            assert [entry.body for entry in (await log.read(0, limit=5)).entries] == [b"one"]
            assert (await log.append([Draft(b"two")]))[0]

    run(ask())


def test_closing_fails_what_is_under_way_and_what_comes_after(run: Run, own_server: Server) -> None:
    async def ask() -> None:
        logs = await RedisLogs.connect(own_server.url, connections=1)
        log = logs.log(1)
        own_server.freeze()
        calls: list[asyncio.Task[object]] = [
            asyncio.create_task(log.append([Draft(b"sent")])),
            asyncio.create_task(log.append([Draft(b"waiting for the connection")])),
            asyncio.create_task(log.read(0, limit=1, wait_ms=30_000)),
        ]
        await asyncio.sleep(0)
        await logs.close()
        for outcome in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(outcome, LogUnavailable)
        with pytest.raises(LogUnavailable):
            await log.meta()
        await logs.close()

    run(ask())


async def test_an_answer_that_nobody_asked_for_ends_the_connection() -> None:
    """Else the next question would get it."""
    meta = b"*6\r\n" + b"$1\r\n7\r\n" * 6
    doubled = [True]

    def answer(command: list[bytes]) -> bytes | None:
        if command[0] != b"HMGET":
            return opened(command)
        return meta + b"$5\r\nwrong\r\n" if doubled.pop() else meta

    async with fake_server(answer) as url, await RedisLogs.connect(url) as logs:
        doubled[:] = [False, True]
        with pytest.raises(LogUnavailable):
            await logs.log(1).meta()
        assert (await logs.log(1).meta()).tail == 7
