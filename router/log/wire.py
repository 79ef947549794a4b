"""Connections to one server, and what goes over each: questions, then as many answers.

redis-py opens a connection and says who we are; from then on its transport is ours. The layers
that redis-py has above it (its pool, streams and parser) cost ten times what an exchange does.

An exchange has a connection for itself. If it is cancelled, takes too long or fails in the
middle, that connection is closed, so that no later exchange reads its answers; nothing is
sent twice. Called by `link.py` alone.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Sequence
from typing import Any, cast

import hiredis
from redis import exceptions as errors
from redis.asyncio.connection import AbstractConnection, Connection, DefaultParser, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff


class Wire(asyncio.Protocol):
    """One connection. Errors among the answers are redis-py's, as values."""

    def __init__(self, connection: AbstractConnection) -> None:
        """Takes over a connection that is open and authenticated."""
        writer = connection._writer
        assert writer is not None
        # The writer closes the transport when it is dropped, hence it is kept.
        connection._reader = connection._writer = None
        self._writer = writer
        self._transport = writer.transport
        self._reader = hiredis.Reader(replyError=DefaultParser.parse_error)
        self._answer: asyncio.Future[list[Any]] | None = None
        self._replies: list[Any] = []
        self._wanted = 0
        self._stirring = select.poll()
        self._stirring.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the connection is closed."""
        self._transport.set_protocol(self)

    def usable(self) -> bool:
        """Whether it is open and quiet. What comes unasked is the end of the connection; the
        loop may not have got round to that yet."""
        return not self._transport.is_closing() and not self._stirring.poll(0)

    def close(self) -> None:
        """What is under way fails; bytes that lie unsent are dropped."""
        self._transport.abort()

    async def exchange(self, packed: Sequence[bytes], timeout_s: float) -> list[Any]:
        """The answers to these commands.

        Raises redis-py's ConnectionError or TimeoutError; the connection is closed then.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Any]] = loop.create_future()
        self._answer, self._replies, self._wanted = answer, [], len(packed)
        guard = loop.call_later(timeout_s, self._late, timeout_s)
        try:
            self._transport.writelines(packed)
            return await answer
        except BaseException:
            self.close()
            raise
        finally:
            guard.cancel()
            self._answer = None

    def data_received(self, data: bytes) -> None:
        replies, reader = self._replies, self._reader
        reader.feed(data)
        try:
            while (reply := reader.gets()) is not False:
                replies.append(reply)
        except hiredis.HiredisError as error:
            self._fail(errors.ConnectionError(f"this is no answer: {error}"))
            return
        answer = self._answer
        if answer is None or len(replies) > self._wanted:
            self._fail(errors.ConnectionError("an answer that nobody asked for"))
        elif len(replies) == self._wanted and not answer.done():
            answer.set_result(replies)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(errors.ConnectionError(f"the connection was closed: {exc or 'by the server'}"))
        if not self.gone.done():
            self.gone.set_result(None)

    def _late(self, timeout_s: float) -> None:
        self._fail(errors.TimeoutError(f"no answer within {timeout_s:.3g} s"))

    def _fail(self, error: errors.RedisError) -> None:
        self.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


class Wires:
    """Up to `size` connections to the server at `url`, opened when they are needed."""

    def __init__(self, url: str, size: int, connect_timeout_ms: int) -> None:
        options: dict[str, Any] = dict(parse_url(url))
        for ours in ("max_connections", "timeout"):
            options.pop(ours, None)
        self._kind = cast(type[AbstractConnection], options.pop("connection_class", Connection))
        self._options = options | {
            "socket_timeout": None,  # the exchange's own time-out covers it
            "socket_connect_timeout": connect_timeout_ms / 1000,
            "retry": Retry(NoBackoff(), 0),
            "retry_on_timeout": False,
            "retry_on_error": [],
            "health_check_interval": 0,
            "decode_responses": False,
            "protocol": 2,  # plain lists for streams, no push messages, no HELLO to be refused
            "driver_info": None,
        }
        # The wire used last is taken first; None is the right to open one.
        self._slots: asyncio.LifoQueue[Wire | None] = asyncio.LifoQueue()
        for _ in range(size):
            self._slots.put_nowait(None)
        self._open: set[Wire] = set()
        self._closed = False

    async def exchange(self, packed: Sequence[bytes], timeout_s: float) -> list[Any]:
        """The answers to these commands, which go over one connection.

        `timeout_s` covers all of it, waiting for a free connection included. Raises redis-py's
        RedisError, OSError or TimeoutError.
        """
        wire = self._at_hand()
        if wire is None:
            loop = asyncio.get_running_loop()
            until_s = loop.time() + timeout_s
            async with asyncio.timeout(timeout_s):
                wire = await self._take()
            timeout_s = until_s - loop.time()
        try:
            return await wire.exchange(packed, timeout_s)
        finally:
            self._slots.put_nowait(wire)

    async def close(self) -> None:
        """Close all; what is under way fails, and so does whatever is asked from now on."""
        self._closed = True
        wires = list(self._open)
        for wire in wires:
            wire.close()
        await asyncio.gather(*(wire.gone for wire in wires))

    def _at_hand(self) -> Wire | None:
        """A free wire that is open, if that is the next slot."""
        if self._slots.empty():
            return None
        slot = self._slots.get_nowait()
        if slot is not None and slot.usable():
            return slot
        if slot is not None:
            slot.close()
        self._slots.put_nowait(None)
        return None

    async def _take(self) -> Wire:
        slot = await self._slots.get()
        try:
            if slot is not None:
                if slot.usable():
                    return slot
                slot.close()
            return await self._opened()
        except BaseException:
            self._slots.put_nowait(None)
            raise

    async def _opened(self) -> Wire:
        self._refuse_if_closed()
        connection = self._kind(**self._options)
        try:
            await connection.connect()  # type: ignore[no-untyped-call]
            self._refuse_if_closed()  # meanwhile
            wire = Wire(connection)
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        self._open.add(wire)
        wire.gone.add_done_callback(lambda _: self._open.discard(wire))
        return wire

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise errors.ConnectionError("the connections were closed")
