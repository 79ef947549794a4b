"""An embedded, persistent Valkey for a machine that has no server of its own.

Owns one server process on one data directory, with every write on disk before it is
acknowledged. Called by whoever puts the daemon together:

    async with EmbeddedServer(directory) as server:
        logs = await RedisLogs.connect(server.url)

The server is not the daemon's child in anything but name: it stands in a session of its
own, so that Ctrl-C in a terminal does not end it under the daemon's feet, and it outlives
a daemon that was killed. Two locks make that safe (`server_files.py`): the daemon's, so
that a second daemon is refused; and one that the server process itself holds as long as
it lives, so that the next daemon knows for certain whether a server is running on the
data. If one is, it is taken over; if none is, one is started; never a second one.

The address stays the same over restarts of the server, so clients need only reconnect.
`watch` tells when the server has gone; `ensure_running` starts it again. With
`appendfsync always` nothing acknowledged is lost by that.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple, Self

from router.log import server_files as files
from router.log.link import Link
from router.log.ports import LogError, LogUnavailable

_FIRST_PAUSE_S = 0.005
_LONGEST_PAUSE_S = 0.1


class EmbeddedError(Exception):
    """The embedded server cannot be run; the message says why, in Chinese and English."""


class DataInUse(EmbeddedError):
    """Another daemon holds this data directory."""


class _Seen(NamedTuple):
    """What a server says of itself."""

    pid: int
    run_id: str
    directory: Path
    loading: bool


class EmbeddedServer:
    """One server on one data directory; `async with`, or `start` and `stop`."""

    def __init__(
        self,
        directory: Path | str,
        *,
        maxmemory_bytes: int = 0,
        binary: Path | None = None,
        start_timeout_s: float = 30.0,
        stop_timeout_s: float = 15.0,
    ) -> None:
        """`maxmemory_bytes` 0 is without limit. `start_timeout_s` is how long the server may
        be silent when it starts; while it loads its data it answers, and takes its time."""
        self.directory = Path(directory).resolve()
        self._maxmemory_bytes = maxmemory_bytes
        self._binary = binary
        self._start_timeout_s = start_timeout_s
        self._stop_timeout_s = stop_timeout_s
        self._daemon_lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._state: files.State | None = None
        self._starting = asyncio.Lock()

    @property
    def url(self) -> str:
        """Where it answers, for `RedisLogs.connect`; the same over restarts."""
        return self._running.endpoint.url

    @property
    def pid(self) -> int:
        return self._running.pid

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Hold the data; take the server over that runs on it, or start one.

        Raises `DataInUse`, `EmbeddedError`.
        """
        self._hold_data()
        try:
            async with self._starting:
                await self._take_over_or_spawn()
        except BaseException:
            if self._process:  # it may still be loading: nobody waits for that any more
                self._process.terminate()
                if not await self._gone(self._stop_timeout_s):
                    self._process.kill()
                    await self._gone(self._stop_timeout_s)
            self._let_go()
            raise

    async def ensure_running(self) -> bool:
        """True when the server was gone and has been started again, False when it runs.

        Raises `EmbeddedError` when it cannot be started.
        """
        async with self._starting:
            if await self._look(self._running.endpoint):
                return False
            await self._take_over_or_spawn()
            return True

    async def watch(self) -> None:
        """Return when the server has gone (crashed, killed, shut down by somebody else).

        Only its lock proves that: a connection, even the one that looks whether it is still
        there, can be cut while the server lives.
        """
        pause_s = _FIRST_PAUSE_S
        while True:
            await self._connection_ends()
            if await self._look(self._running.endpoint):
                pause_s = _FIRST_PAUSE_S
                continue
            if self._has_ended():
                return
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def stop(self) -> None:
        """Shut the server down in order, or else kill it; let the data go."""
        try:
            async with self._starting:
                if self._state:
                    await self._shut_down()
                    files.remove_state(self.directory, self._state)
        finally:
            self._state = None
            self._let_go()

    @property
    def _running(self) -> files.State:
        if self._state is None:
            raise RuntimeError("the embedded server has not been started")
        return self._state

    # --- the data's lock

    def _hold_data(self) -> None:
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self.directory / "daemon.lock"
            self._daemon_lock = files.try_lock(path)
            if self._daemon_lock is None:
                holder = path.read_text().strip() or "?"
                raise DataInUse(
                    f"数据目录 {self.directory} 正被另一个值班进程（pid {holder}）使用"
                    f" / the data directory {self.directory} is in use by another daemon"
                    f" (pid {holder})"
                )
            files.write_pid(self._daemon_lock)
        except OSError as error:
            self._let_go()
            raise EmbeddedError(
                f"无法使用数据目录 {self.directory} / cannot use the data directory: {error}"
            ) from error

    def _let_go(self) -> None:
        if self._daemon_lock is not None:
            os.close(self._daemon_lock)
            self._daemon_lock = None

    # --- starting

    async def _take_over_or_spawn(self) -> None:
        """Wait for the server that runs on the data to answer, or start one if none does."""
        pause_s, silent_since, spawned = _FIRST_PAUSE_S, _now_s(), False
        # After a restart of ours the address is known; else it is what was written down.
        state = self._state or files.last_state(self.directory)
        while True:
            lock = None if spawned else files.try_lock(self.directory / "server.lock")
            if lock is not None:
                try:
                    state = self._spawn(lock, state)
                finally:
                    os.close(lock)  # the server has it now
                spawned, silent_since = True, _now_s()
            seen = await self._look(state.endpoint)
            if seen and not seen.loading:
                await self._adopt(state.endpoint, seen)
                return
            if seen:
                silent_since = _now_s()
            self._check_start(state, _now_s() - silent_since, spawned=spawned)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _spawn(self, lock: int, old: files.State) -> files.State:
        """Start the server with the lock; gives where it will answer."""
        binary = self._binary or files.find_binary()
        if binary is None:
            raise EmbeddedError(
                "找不到 valkey-server 或 redis-server；请安装其一，或在设置中填写 Redis 地址"
                " / no valkey-server or redis-server found; install one, or set a Redis URL"
            )
        if self._process:
            self._process.wait()  # its lock is free: it has ended, or is just about to
        if self._state:
            endpoint = self._state.endpoint
        else:
            files.remove_state(self.directory, old)
            endpoint = files.choose_endpoint(self.directory)
        state = files.State(endpoint)
        # Written before the server runs: whoever finds it running must find its address.
        files.write_state(self.directory, state)
        config = files.write_config(self.directory, endpoint, self._maxmemory_bytes)
        log = files.open_log(self.directory)
        try:
            self._process = subprocess.Popen(
                [binary, config],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                pass_fds=[lock],
                start_new_session=True,
            )
        except OSError as error:
            raise EmbeddedError(f"无法启动 {binary} / cannot start {binary}: {error}") from error
        finally:
            os.close(log)
        return state

    def _check_start(self, state: files.State, silent_s: float, *, spawned: bool) -> None:
        """Raise when the server just started has ended, or one has been silent for too long."""
        if spawned and self._process and self._process.poll() is not None:
            code = self._process.returncode
            self._process = None
            raise EmbeddedError(
                f"内嵌的服务器启动后退出（{code}） / the embedded server ended at once ({code}):\n"
                + files.log_tail(self.directory)
            )
        if silent_s > self._start_timeout_s:
            pid = self._process.pid if self._process else state.pid or "?"
            raise EmbeddedError(
                f"占用数据目录 {self.directory} 的服务器进程（pid {pid}）没有应答，请结束它后重试"
                f" / the server process (pid {pid}) that holds the data directory"
                f" {self.directory} does not answer; end it and try again"
            )

    async def _look(self, endpoint: files.Endpoint) -> _Seen | None:
        """What the server there says of itself; None when there is none of this data."""
        try:
            async with _link(endpoint) as link:
                info = (await link.ask("INFO")).decode(errors="replace")
                directory = os.fsdecode((await link.ask("CONFIG", "GET", "dir"))[1])
        except LogError:
            return None
        seen = _seen(info, directory)
        return seen if seen.directory == self.directory else None

    async def _adopt(self, endpoint: files.Endpoint, seen: _Seen) -> None:
        """Hold the server as ours: with the settings we want, and written down."""
        settings = files.durable_settings(self._maxmemory_bytes)
        try:
            async with _link(endpoint) as link:
                for name, value in settings.items():
                    await link.ask("CONFIG", "SET", name, value)
        except LogError as error:
            raise EmbeddedError(
                f"无法设置运行中的服务器 / cannot configure the running server: {error}"
            ) from error
        self._state = files.State(endpoint, seen.pid, seen.run_id)
        files.write_state(self.directory, self._state)

    # --- watching and stopping

    async def _connection_ends(self) -> None:
        """Hold an idle connection until its other end closes; at once when there is none."""
        endpoint = self._running.endpoint
        with contextlib.suppress(OSError):
            if endpoint.path:
                reader, writer = await asyncio.open_unix_connection(endpoint.path)
            else:
                reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
            try:
                await reader.read()
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()

    async def _shut_down(self) -> None:
        endpoint, pid = self._running.endpoint, self.pid
        with contextlib.suppress(LogUnavailable):  # it closes the connection instead of answering
            try:
                async with _link(endpoint, timeout_ms=int(self._stop_timeout_s * 1000)) as link:
                    await link.ask("SHUTDOWN")
            except LogUnavailable:
                raise
            except LogError:  # it will not while it writes its first append-only file
                self._signal(pid, signal.SIGTERM)
        if not await self._gone(self._stop_timeout_s):
            # Harmless to the data: what was acknowledged is on disk.
            self._signal(pid, signal.SIGKILL)
            await self._gone(self._stop_timeout_s)

    async def _gone(self, timeout_s: float) -> bool:
        """Whether the server process has ended in time; its lock tells, whoever started it."""
        until, pause_s = _now_s() + timeout_s, _FIRST_PAUSE_S
        while True:
            if self._has_ended() and self._process is None:
                return True
            if _now_s() > until:
                return False
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _has_ended(self) -> bool:
        """Whether no server process holds the data, whoever started it."""
        if self._process and self._process.poll() is not None:
            self._process = None
        lock = files.try_lock(self.directory / "server.lock")
        if lock is None:
            return False
        os.close(lock)
        return True

    def _signal(self, pid: int, number: signal.Signals) -> None:
        """Signal the server that was seen running, if its lock says that it still is."""
        if self._has_ended():
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _seen(info: str, directory: str) -> _Seen:
    fields = dict(line.split(":", 1) for line in info.splitlines() if ":" in line)
    return _Seen(
        pid=int(fields["process_id"]),
        run_id=fields["run_id"],
        directory=Path(directory).resolve(),
        loading=fields.get("loading") == "1",
    )


@contextlib.asynccontextmanager
async def _link(endpoint: files.Endpoint, timeout_ms: int = 2_000) -> AsyncIterator[Link]:
    link = Link(
        endpoint.url,
        connections=1,
        waiters=1,
        timeout_ms=timeout_ms,
        connect_timeout_ms=timeout_ms,
        wait_replicas=0,
        wait_timeout_ms=0,
    )
    try:
        yield link
    finally:
        await link.close()


def _now_s() -> float:
    return asyncio.get_running_loop().time()
