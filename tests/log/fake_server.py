"""A server that answers as a test says: errors no real one can be brought to give in time."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import hiredis

Answer = Callable[[list[bytes]], bytes | None]
"""What a command is answered, as bytes on the wire; None closes the connection."""

INFO = b"redis_version:7.0.15\r\n"
OK = b"+OK\r\n"


def bulk(text: bytes) -> bytes:
    return b"$%d\r\n%s\r\n" % (len(text), text)


def opened(command: list[bytes]) -> bytes | None:
    """Answers what `RedisLogs.connect` asks."""
    match command[0]:
        case b"INFO":
            return bulk(INFO)
        case b"CONFIG":
            return b"*0\r\n"
        case b"FUNCTION":
            return OK
        case _:
            return None


@asynccontextmanager
async def fake_server(answer: Answer) -> AsyncIterator[str]:
    """A server's URL."""
    talking: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        talking.add(task)
        task.add_done_callback(talking.discard)
        parser = hiredis.Reader()
        try:
            while data := await reader.read(65_536):
                parser.feed(data)
                while (command := parser.gets()) is not False:
                    reply = answer(command)
                    if reply is None:
                        return
                    writer.write(reply)
        finally:
            writer.close()

    with tempfile.TemporaryDirectory(prefix="zb-") as directory:
        path = Path(directory) / "s"
        server = await asyncio.start_unix_server(talk, path)
        try:
            yield f"unix://{path}"
        finally:
            server.close()
            for task in talking.copy():
                task.cancel()
            await asyncio.gather(*talking, return_exceptions=True)
