"""The servers that `bench ingress` compares, each a process of its own: the real one, and the
fastest handlers that can be written in the same server without any log.

Run as `python -m router.bench.ingress_server floor|plain|real|whole URL`; prints its port, and
answers each line on its standard input with the processor time it has used so far. `floor` uses
the door's own ready-made answer, `plain` an ordinary response; `real` is put together as
`zhiban serve --roles http`, `whole` as with the broker in the same process.
"""

from __future__ import annotations

import asyncio
import sys
import time
from base64 import b64encode
from collections.abc import Callable
from hmac import compare_digest, digest

import msgspec
from aiohttp import web

from router.bench.measure import run_loop
from router.bench.world import make_desk
from router.channels.bridge import Event, MessageReceivedData
from router.core import commands as c
from router.http.app import HttpSettings, make_app, serve
from router.http.auth import People
from router.http.ready import Ready
from router.http.webhooks import ACCEPTED
from router.ingress import Ingress
from router.log.redis import RedisLogs
from router.owner import Owner
from router.service import Partition, Service

SHOP = "shop0"
KEY = bytes(range(24))
SECRET = "whsec_" + b64encode(KEY).decode()
AGENTS = 10


class FloorHandler:
    """Read, verify, decode, answer; nothing that could be left out."""

    def __init__(self, *, ready: bool) -> None:
        self._ready = Ready(ACCEPTED.body) if ready else None
        self._event = msgspec.json.Decoder(Event).decode
        self._data = msgspec.json.Decoder(MessageReceivedData).decode

    async def handle(self, request: web.Request) -> web.StreamResponse:
        content = request.content  # as the door takes it: nearly always it has come whole
        body = content.read_nowait() if content.is_eof() else await request.read()
        headers = request.headers
        stamp = headers["webhook-timestamp"]
        if abs(time.time() - int(stamp)) > 300:
            return web.Response(status=401)
        signed = f"{headers['webhook-id']}.{stamp}.".encode() + body
        if not compare_digest(
            b64encode(digest(KEY, signed, "sha256")), headers["webhook-signature"][3:].encode()
        ):
            return web.Response(status=401)
        self._data(self._event(body).data)
        if self._ready is not None:
            return self._ready
        return web.Response(body=ACCEPTED.body, content_type="application/json")


async def _floor(*, ready: bool) -> None:
    app = web.Application()
    app.router.add_post("/hooks/bridge/{shop}", FloorHandler(ready=ready).handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await _until_closed(int(runner.addresses[0][1]))
    await runner.cleanup()


async def _real(url: str, *, whole: bool) -> None:
    async with await RedisLogs.connect(url) as logs:
        log = logs.log(0)
        adopt = c.AdoptDesk(desk=make_desk(AGENTS), by="bench")
        owner = Owner(log, "bench", desks=[adopt], lease_ms=3_600_000)
        owning = asyncio.create_task(owner.run())
        await owner.wait_loaded()
        partition = Partition(log, Ingress(log), owner)
        service = Service([partition], [adopt])
        people = People(":memory:")
        app = make_app(service, HttpSettings(secrets={SHOP: (SECRET,)}), people)
        appending = asyncio.create_task(partition.ingress.run())
        runner, port = await serve(app, "127.0.0.1", 0)
        # The first line comes when a first request has been answered: from then on the shop's
        # farewells, all that the door needs of the state, are known to it.
        await _until_closed(port, first=None if whole else owner.stop)
        await runner.cleanup()
        partition.ingress.close()
        owner.stop()
        await asyncio.gather(appending, owning)


async def _until_closed(port: int, *, first: Callable[[], None] | None = None) -> None:
    loop = asyncio.get_running_loop()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    while await loop.run_in_executor(None, sys.stdin.readline):
        if first is not None:
            first()
        sys.stdout.write(f"{time.process_time()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    kind, log_url = sys.argv[1:]
    if kind in ("floor", "plain"):
        run_loop(_floor(ready=kind == "floor"))
    else:
        run_loop(_real(log_url, whole=kind == "whole"))
