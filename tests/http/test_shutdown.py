"""How the HTTP side ends."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
from aiohttp import web_protocol

from tests.http.harness import Harness


async def test_who_has_just_come_does_not_hold_up_the_end(
    desk: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that is accepted in the very moment in which all are told to close."""
    server = desk.runner.server
    assert server is not None
    ours, theirs = socket.socketpair()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
    close_all = server.pre_shutdown
    accepted: list[web_protocol.RequestHandler] = []

    def accept_and_close_all() -> None:
        if not accepted:
            accepted.append(server())
            transport.set_protocol(accepted[0])
            accepted[0].connection_made(transport)
        close_all()

    monkeypatch.setattr(server, "pre_shutdown", accept_and_close_all)
    began_s = time.monotonic()
    await desk.runner.cleanup()
    assert time.monotonic() - began_s < desk.settings.finish_s / 2
    assert accepted
    assert transport.is_closing()
    theirs.close()
