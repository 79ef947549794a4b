"""The embedded server: it keeps what it accepted, and there is never a second one."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from router.log import server_files
from router.log.embedded import DataInUse, EmbeddedError, EmbeddedServer
from router.log.ports import (
    Appended,
    Draft,
    LogError,
    LogUnavailable,
    RepeatKey,
    RepeatKind,
)
from router.log.redis import RedisLog, RedisLogs
from tests.servers import binary, client, is_running, running

ROOT = Path(__file__).parents[2]


@pytest.fixture
def data() -> Iterator[Path]:
    """A data directory with a short name; no server is left on it."""
    directory = Path(tempfile.mkdtemp(prefix="zb-")) / '数据 "1"'
    yield directory
    _kill_whoever_holds(directory / "server.lock")
    _kill_whoever_holds(directory / "daemon.lock")
    shutil.rmtree(directory.parent)


def _kill_whoever_holds(lock: Path) -> None:
    """End the processes that have this file open."""
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            holds = os.readlink(link) == str(lock)
        except OSError:
            continue
        if holds and int(link.parts[2]) != os.getpid():
            os.kill(int(link.parts[2]), signal.SIGKILL)


async def append(url: str, body: bytes) -> None:
    async with await RedisLogs.connect(url) as logs:
        await logs.log(1).append([Draft(body)])


async def bodies(url: str) -> list[bytes]:
    async with await RedisLogs.connect(url) as logs:
        return [entry.body for entry in (await logs.log(1).read(0, limit=100)).entries]


@asynccontextmanager
async def daemon(directory: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, int, str]]:
    """A daemon in its own process; gives it, its server's pid and url."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.log.embedding_daemon",
        str(directory),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout
    try:
        pid, url = (await process.stdout.readline()).decode().split()
        yield process, int(pid), url
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_keeps_data_over_restarts(data: Path) -> None:
    pids = set()
    for n in range(3):
        async with EmbeddedServer(data) as server:
            pid = server.pid
            pids.add(pid)
            assert await bodies(server.url) == [b"%d" % each for each in range(n)]
            await append(server.url, b"%d" % n)
        assert not is_running(pid)
    assert len(pids) == 3


async def test_is_durable_and_says_so(data: Path) -> None:
    async with (
        EmbeddedServer(data, maxmemory_bytes=50_000_000) as server,
        await RedisLogs.connect(server.url) as logs,
        client(server.url) as admin,
    ):
        assert logs.findings == ()
        assert (await admin("CONFIG", "GET", "maxmemory"))[1] == b"50000000"
        assert (await admin("CONFIG", "GET", "port"))[1] == b"0"


async def test_takes_over_what_a_killed_daemon_left(data: Path) -> None:
    async with daemon(data) as (process, pid, url):
        await append(url, b"kept")
        process.kill()
        await process.wait()
    assert is_running(pid)
    async with EmbeddedServer(data, maxmemory_bytes=123_456_789) as server:
        assert (server.pid, server.url) == (pid, url)
        assert await bodies(server.url) == [b"kept"]
        async with client(server.url) as admin:  # with the settings of this daemon
            assert (await admin("CONFIG", "GET", "maxmemory"))[1] == b"123456789"
    assert not is_running(pid)


async def test_a_daemon_and_its_server_both_killed(data: Path) -> None:
    async with daemon(data) as (process, pid, url):
        await append(url, b"kept")
        os.kill(pid, signal.SIGKILL)
        process.kill()
        await process.wait()
    async with EmbeddedServer(data) as server:
        assert server.pid != pid
        assert await bodies(server.url) == [b"kept"]


async def test_a_killed_server_is_noticed_and_started_again(data: Path) -> None:
    async with EmbeddedServer(data) as server, await RedisLogs.connect(server.url) as logs:
        log, url = logs.log(1), server.url
        for n in range(3):
            await log.append([Draft(b"%d" % n)])
            killed = server.pid
            async with asyncio.timeout(10):
                watching = asyncio.create_task(server.watch())
                await asyncio.sleep(0)
                os.kill(killed, signal.SIGKILL)
                await watching
                assert await server.ensure_running() is True
            assert server.pid != killed
            assert server.url == url
            entries = (await log.read(0, limit=9)).entries
            assert [entry.body for entry in entries] == [b"%d" % each for each in range(n + 1)]
        assert await server.ensure_running() is False


async def test_nothing_acknowledged_is_lost_or_doubled_by_kills(data: Path) -> None:
    """Twenty writers go on, each sending again what was in doubt, while the server is killed."""
    acknowledged: dict[int, bytes] = {}
    stop = asyncio.Event()

    async def write(log: RedisLog, writer: int) -> int:
        number = 0
        while not stop.is_set():
            number += 1
            name = b"%d:%d" % (writer, number)
            key = RepeatKey(RepeatKind.DELIVERY, name.rjust(16), b"12345678")
            while True:
                try:
                    (result,) = await log.append([Draft(name, (key,))])
                    break
                except LogUnavailable:
                    await server.ensure_running()
            if isinstance(result, Appended):
                acknowledged[result.offset] = name
        return number

    async with EmbeddedServer(data) as server, await RedisLogs.connect(server.url) as logs:
        log = logs.log(1)
        async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
            writers = [tasks.create_task(write(log, n)) for n in range(20)]
            for _ in range(3):
                killed, seen = server.pid, len(acknowledged)
                while len(acknowledged) < seen + 100:
                    await asyncio.sleep(0.001)
                os.kill(killed, signal.SIGKILL)
                while server.pid == killed:
                    await asyncio.sleep(0.001)
            stop.set()
        entries = (await log.read(0, limit=100_000)).entries
        assert {
            entry.offset: entry.body for entry in entries if entry.offset in acknowledged
        } == acknowledged
        names = [b"%d:%d" % (n, m) for n in range(20) for m in range(1, writers[n].result() + 1)]
        assert sorted(entry.body for entry in entries) == sorted(names)


async def test_a_server_that_was_taken_over_is_watched_as_well(data: Path) -> None:
    async with daemon(data) as (process, pid, _):
        process.kill()
        await process.wait()
    async with EmbeddedServer(data) as server, asyncio.timeout(10):
        watching = asyncio.create_task(server.watch())
        os.kill(pid, signal.SIGKILL)
        await watching
        assert await server.ensure_running() is True
        assert server.pid != pid


async def test_a_closed_connection_is_not_a_death(data: Path) -> None:
    """Neither the one that waits for the end, nor the one that looks whether it was the end."""
    async with (
        EmbeddedServer(data) as server,
        client(server.url) as admin,
        asyncio.timeout(20),
    ):
        watching = asyncio.create_task(server.watch())
        cut = 0
        while cut < 50:
            cut += int(await admin("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"))
            assert not watching.done()
        assert not watching.done()
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching


async def test_many_may_ask_for_it_at_once(data: Path) -> None:
    async with EmbeddedServer(data) as server:
        os.kill(server.pid, signal.SIGKILL)
        await server.watch()
        started = await asyncio.gather(*(server.ensure_running() for _ in range(5)))
        assert sorted(started) == [False] * 4 + [True]


async def test_a_second_daemon_is_refused(data: Path) -> None:
    async with daemon(data) as (process, _, url):
        with pytest.raises(DataInUse) as caught:
            await EmbeddedServer(data).start()
        assert "正被另一个值班进程" in str(caught.value)
        assert "in use by another daemon" in str(caught.value)
        assert str(process.pid) in str(caught.value)
        await append(url, b"undisturbed")


async def test_survives_ctrl_c_and_is_shut_down_by_its_daemon(data: Path) -> None:
    async with daemon(data) as (process, pid, url):
        assert process.stdin
        assert process.stdout
        os.killpg(process.pid, signal.SIGINT)
        assert await process.stdout.readline() == b"interrupted\n"
        await append(url, b"accepted while the daemon ends")
        process.stdin.close()
        assert await process.wait() == 0
        assert not is_running(pid)


async def test_stale_files_mislead_nobody(data: Path) -> None:
    data.mkdir()
    endpoint = server_files.Endpoint(path=str(data / "server.sock"))
    server_files.write_state(data, server_files.State(endpoint, os.getpid(), "0" * 40))
    (data / "server.sock").write_bytes(b"")
    (data / "daemon.lock").write_text(f"{os.getpid()}\n")
    (data / "server.lock").write_bytes(b"")
    async with EmbeddedServer(data) as server:
        assert server.pid != os.getpid()
        await append(server.url, b"works")


@pytest.mark.parametrize("content", [b"", b"{", b'{"pid": "x"}', bytes(range(256))])
async def test_garbage_for_a_state_is_no_state(data: Path, content: bytes) -> None:
    data.mkdir()
    (data / "server.json").write_bytes(content)
    async with EmbeddedServer(data) as server:
        await append(server.url, b"works")


async def test_a_lost_state_is_found_again_by_the_socket(data: Path) -> None:
    async with daemon(data) as (process, pid, _):
        process.kill()
        await process.wait()
    (data / "server.json").unlink()
    async with EmbeddedServer(data) as server:
        assert server.pid == pid


async def test_a_copy_of_the_data_gets_its_own_server(data: Path) -> None:
    """Though the copied state names the server of the original."""
    async with EmbeddedServer(data) as original:
        await append(original.url, b"both")
        copied = data.with_name("copy")
        shutil.copytree(data, copied, ignore=shutil.ignore_patterns("*.sock"))
        async with EmbeddedServer(copied) as copy:
            assert copy.pid != original.pid
            assert copy.url != original.url
            await append(copy.url, b"copy")
            assert await bodies(copy.url) == [b"both", b"copy"]
        assert await bodies(original.url) == [b"both"]


async def test_a_path_too_long_for_a_socket(data: Path) -> None:
    deep = data / ("深" * 40)
    async with daemon(deep) as (process, pid, url):
        private = Path(url.removeprefix("unix://")).parent
        assert len(url) < server_files.LONGEST_SOCKET_PATH
        assert private.stat().st_mode & 0o077 == 0
        await append(url, b"kept")
        process.kill()
        await process.wait()
    async with EmbeddedServer(deep) as server:
        assert server.pid == pid
        assert await bodies(server.url) == [b"kept"]
    assert not private.exists()


async def test_a_port_where_there_are_no_sockets(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_files, "_can_bind", lambda _path: False)
    async with EmbeddedServer(data) as server:
        url = server.url
        assert url.startswith("redis://")
        await append(url, b"kept")
        with pytest.raises(LogError, match=r"refuses us|Authentication required"):
            await RedisLogs.connect("redis://127.0.0.1:" + url.rpartition(":")[2])
        watching = asyncio.create_task(server.watch())
        os.kill(server.pid, signal.SIGKILL)
        await watching
        assert await server.ensure_running() is True
        assert server.url == url
        assert await bodies(url) == [b"kept"]


async def test_a_foreign_server_is_never_taken(data: Path) -> None:
    """It answers where ours should, but has other data."""
    with running("valkey") as foreign:
        data.mkdir()
        endpoint = server_files.Endpoint(path=str(foreign.socket))
        server_files.write_state(data, server_files.State(endpoint, foreign.process.pid, ""))
        async with EmbeddedServer(data) as server:
            assert server.pid != foreign.process.pid
            assert server.url != foreign.url
        assert foreign.socket.exists()
        assert foreign.process.poll() is None


async def test_runs_debians_redis(data: Path) -> None:
    async with EmbeddedServer(data, binary=Path(binary("redis"))) as server:
        await append(server.url, b"kept")
    async with EmbeddedServer(data, binary=Path(binary("redis"))) as server:
        assert await bodies(server.url) == [b"kept"]


async def test_says_why_the_server_does_not_start(data: Path) -> None:
    (data / "appendonlydir").mkdir(parents=True)
    (data / "appendonlydir" / "appendonly.aof.manifest").write_text("garbage\n")
    with pytest.raises(EmbeddedError, match=r"(?s)启动后退出.*ended at once.*manifest"):
        await EmbeddedServer(data).start()
    shutil.rmtree(data / "appendonlydir")
    async with EmbeddedServer(data) as server:  # the lock was let go
        await append(server.url, b"works")


async def test_a_server_that_stays_silent_is_given_up_and_ended(data: Path) -> None:
    script = data / "silent"
    data.mkdir()
    script.write_text("#!/bin/sh\nexec sleep 1000\n")
    script.chmod(0o700)
    server = EmbeddedServer(data, binary=script, start_timeout_s=0.1)
    with pytest.raises(EmbeddedError, match="does not answer"):
        await server.start()
    lock = server_files.try_lock(data / "server.lock")
    assert lock is not None
    os.close(lock)


async def test_says_when_there_is_no_program(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_files, "find_binary", lambda: None)
    with pytest.raises(EmbeddedError, match="找不到 valkey-server"):
        await EmbeddedServer(data).start()
    with pytest.raises(EmbeddedError, match="cannot start"):
        await EmbeddedServer(data, binary=data / "missing").start()


async def test_says_when_the_directory_cannot_be_used(data: Path) -> None:
    data.write_text("a file")
    with pytest.raises(EmbeddedError, match="无法使用数据目录"):
        await EmbeddedServer(data).start()
    data.unlink()


async def test_a_long_log_is_put_aside(data: Path) -> None:
    data.mkdir()
    with (data / "server.log").open("wb") as log:
        log.truncate(20_000_000)
    async with EmbeddedServer(data):
        assert (data / "server.log").stat().st_size < 100_000
    assert (data / "server.log.1").stat().st_size == 20_000_000
