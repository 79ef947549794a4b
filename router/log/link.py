"""What is asked of one server, and the one way in which it is asked.

Owns the time-outs and the translation of the server's errors into the log's; the connections
are `wire.py`'s. Knows nothing of partitions. Called by `redis.py` alone.

Nothing is sent twice. The one exception is a function the server does not know (it was
flushed, or this is another server by now): then nothing has run, so the library is loaded and
the call made once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import hiredis
from redis import exceptions as errors

from router.log import library
from router.log.ports import LogCorrupt, LogError, LogFull, LogUnavailable
from router.log.wire import Wires

Word = str | bytes | int
"""A word of a command."""

LONGEST_BLOCK_MS = 5_000
"""How long one blocking command waits at the server. Longer waits are made of several, so
that a connection whose other end has silently gone is noticed within this and a time-out."""

# Answers of a server that will, or may, do the same thing later (or another one now).
_PASSING = (
    "ASK",
    "BUSY",
    "CLUSTERDOWN",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "MOVED",
    "NOREPLICAS",
    "READONLY",
    "TRYAGAIN",
    "UNBLOCKED",
)


class Link:
    """Connections to one server: a few that are never held up, and some for waiting.

    Waiting reads hold their connection for seconds. They have a pool of their own, so
    that however many wait, appends, commits and renewals find a free connection.
    """

    def __init__(
        self,
        url: str,
        *,
        connections: int,
        waiters: int,
        timeout_ms: int,
        connect_timeout_ms: int,
        wait_replicas: int,
        wait_timeout_ms: int,
    ) -> None:
        self._timeout_s = timeout_ms / 1000
        self._wait_replicas = wait_replicas
        self._wait_timeout_ms = wait_timeout_ms
        self._free = Wires(url, connections, connect_timeout_ms)
        self._waiting = Wires(url, waiters, connect_timeout_ms)
        self._loading = asyncio.Lock()

    @property
    def waits_for_replicas(self) -> bool:
        return self._wait_replicas > 0

    async def ask(self, *command: Word) -> Any:
        """The answer to one command; raises `LogError`."""
        (reply,) = await self.exchange([command])
        return reply

    async def exchange(self, commands: Sequence[Sequence[Word]]) -> list[Any]:
        """The answers to several commands sent at once; raises the first error among them."""
        replies = await self._exchange(self._free, commands, self._timeout_s)
        return _no_errors(replies)

    async def at_once(self, commands: Sequence[Sequence[Word]]) -> list[Any]:
        """As `exchange`, with nothing of anybody else's between the commands."""
        *_, replies = await self.exchange([("MULTI",), *commands, ("EXEC",)])
        return _no_errors(replies)

    async def wait(self, commands: Sequence[Sequence[Word]], *, block_ms: int) -> list[Any]:
        """As `exchange`, of commands that may hold up the server's answer for `block_ms`."""
        replies = await self._exchange(self._waiting, commands, self._timeout_s + block_ms / 1000)
        return _no_errors(replies)

    async def call(
        self,
        name: str,
        keys: Sequence[Word],
        args: Sequence[Word],
        *,
        replicated: bool = False,
    ) -> Any:
        """What a function of the library gives.

        With `replicated` it waits for as many replicas as the link was told to; raises
        `LogUnavailable` when too few have it in time (it then holds here all the same).
        """
        command = ("FCALL", library.function(name), len(keys), *keys, *args)
        commands: list[Sequence[Word]] = [command]
        if replicated and self._wait_replicas:
            commands.append(("WAIT", self._wait_replicas, self._wait_timeout_ms))
        timeout_s = self._timeout_s + (self._wait_timeout_ms / 1000 if len(commands) > 1 else 0)
        replies = await self._exchange(self._free, commands, timeout_s)
        if isinstance(replies[0], errors.ResponseError) and "Function not found" in str(replies[0]):
            await self.load_library()
            replies = await self._exchange(self._free, commands, timeout_s)
        _no_errors(replies)
        if len(replies) > 1 and replies[1] < self._wait_replicas:
            raise LogUnavailable(f"{replies[1]} of {self._wait_replicas} replicas have the write")
        return replies[0]

    async def load_library(self) -> None:
        """Load the function library, unless somebody has."""
        async with self._loading:
            (reply,) = await self._exchange(
                self._free, [("FUNCTION", "LOAD", library.SOURCE)], self._timeout_s
            )
        if not (isinstance(reply, errors.ResponseError) and "already exists" in str(reply)):
            _no_errors([reply])

    async def close(self) -> None:
        """Close all connections; what is under way fails."""
        await self._free.close()
        await self._waiting.close()

    async def _exchange(
        self, wires: Wires, commands: Sequence[Sequence[Word]], timeout_s: float
    ) -> list[Any]:
        """The answers, errors among them as values; raises `LogUnavailable`, `LogError`."""
        # Packed before a connection is taken, so that a word of a wrong type harms none.
        # (Its stub asks for a tuple of one word.)
        packed = [hiredis.pack_command(tuple(words)) for words in commands]  # type: ignore[arg-type]
        try:
            replies = await wires.exchange(packed, timeout_s)
            for reply in replies:
                if isinstance(reply, errors.ConnectionError):  # the server is not at our service
                    raise reply
        except errors.AuthenticationError as error:
            raise LogError(f"the server refuses us: {error}") from error
        except errors.ResponseError as error:  # in the handshake
            raise translated(error) from error
        except (errors.RedisError, OSError, TimeoutError) as error:
            raise LogUnavailable(str(error) or f"no answer within {timeout_s} s") from error
        return replies


def _no_errors(replies: list[Any]) -> list[Any]:
    for reply in replies:
        if isinstance(reply, errors.ResponseError):
            raise translated(reply) from reply
    return replies


def translated(error: errors.ResponseError) -> LogError:
    """The log's error for one of the server's."""
    text = str(error)
    # redis-py cuts the code off some messages and keeps it aside.
    code = getattr(error, "status_code", None) or text.partition(" ")[0]
    if code == "OOM":
        return LogFull(text)
    if code in _PASSING:
        return LogUnavailable(f"{code}: {text}")
    if code == "WRONGTYPE" or "ID specified in XADD" in text:
        return LogCorrupt(text)
    return LogError(text)
