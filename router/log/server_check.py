"""Whether a server will do: its version, and whether its settings keep what it accepts.

A version that is too old is refused; settings that can lose acknowledged writes (or stall
the server) are reported: only the operator knows whether something else makes up for them.
"""

from __future__ import annotations

import re
from typing import Any

from router.log.link import Link
from router.log.ports import LogError, LogUnavailable

OLDEST_REDIS = (7, 0)
OLDEST_VALKEY = (7, 2)

# What each setting must be, and what happens otherwise.
_WANTED = {
    "appendonly": (
        "yes",
        "服务器重启会丢失全部数据 / a restart of the server loses everything",
    ),
    "appendfsync": (
        "always",
        "断电或进程被杀会丢失最近几秒已确认的消息"
        " / a crash loses the last seconds of acknowledged messages",
    ),
    "maxmemory-policy": (
        "noeviction",
        "内存满时数据会被静默删除 / a full server silently deletes data",
    ),
    "lazyfree-lazy-expire": (
        "yes",
        "整批编号过期时服务器会停顿 / the server stalls whenever a whole bucket of ids expires",
    ),
}


class ServerUnsuitable(LogError):
    """The server is too old for the functions that the log is made of."""


async def findings_of(link: Link) -> tuple[str, ...]:
    """What is unsafe about the server's settings, a line each.

    Raises `ServerUnsuitable`, `LogUnavailable`.
    """
    _check_version((await link.ask("INFO", "server")).decode())
    try:
        flat = await link.ask("CONFIG", "GET", *_WANTED)
    except LogUnavailable:
        raise
    except LogError as error:  # hosted servers forbid it
        return (
            "无法读取服务器设置，请确认 appendonly yes、appendfsync always、"
            "maxmemory-policy noeviction / the server does not show its settings; see that"
            f" they are appendonly yes, appendfsync always, maxmemory-policy noeviction ({error})",
        )
    return _unsafe({name.decode(): value.decode() for name, value in _pairs(flat)})


def _pairs(flat: list[Any]) -> list[tuple[bytes, bytes]]:
    return list(zip(flat[::2], flat[1::2], strict=True))


def _unsafe(settings: dict[str, str]) -> tuple[str, ...]:
    found: list[str] = []
    for name, (wanted, consequence) in _WANTED.items():
        value = settings.get(name, "?")
        if value != wanted:
            found.append(f"{name} = {value} (≠ {wanted}): {consequence}")
    return tuple(found)


def _check_version(info: str) -> None:
    for name, oldest in (("valkey", OLDEST_VALKEY), ("redis", OLDEST_REDIS)):
        found = re.search(rf"^{name}_version:(\d+)\.(\d+)", info, re.MULTILINE)
        if found:
            version = (int(found[1]), int(found[2]))
            if version < oldest:
                have, need = ".".join(map(str, version)), ".".join(map(str, oldest))
                raise ServerUnsuitable(
                    f"{name} {have} 版本过旧，至少需要 {need}"
                    f" / {name} {have} is too old, {need} or newer is needed"
                )
            return
    raise ServerUnsuitable("这不是 Redis 或 Valkey 服务器 / this is neither Redis nor Valkey")
