"""The server of the log stands still, goes away or is full; two daemons share one."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from router.log.keys import Keys
from tests.daemon.books import check_deadlines, check_once, is_identical, read_books, standing
from tests.daemon.process import Answer, Zhiban, answers, asks, event, stage, until
from tests.servers import Kind, Server, client, running

QUICK_S = 7.0
"""The log's own time-out is 5 s."""


async def asked(daemon: Zhiban, first: int, last: int) -> list[str]:
    """Buyers who ask, all at once; each is answered by its agent."""
    names = [f"b{number}" for number in range(first, last)]
    await asyncio.gather(
        *(daemon.hook("message.received", **asks(name, f"q-{name}")) for name in names)
    )
    await asyncio.gather(
        *(daemon.hook("message.sent", **answers(name, f"r-{name}")) for name in names)
    )
    return names


async def refused(daemon: Zhiban, name: str, body: bytes) -> Answer:
    """A webhook that is answered 503, quickly, with when to come again."""
    began_s = time.monotonic()
    answer = await daemon.deliver(name, body)
    took_s = time.monotonic() - began_s
    assert answer.status == 503, answer
    assert int(answer.headers["Retry-After"]) >= 1
    assert took_s < QUICK_S, took_s
    return answer


async def gone(tmp_path: Path, server: Server, how: str, for_s: float) -> None:
    async with stage(tmp_path) as make:
        daemon = make(url=server.url, follow_up_from="1h", follow_up_to="2h")
        await daemon.start()
        names = await asked(daemon, 0, 20)
        await daemon.hook("message.received", **asks("late", "q-late"))
        began_s = time.monotonic()
        server.freeze() if how == "frozen" else server.kill()
        tried = [event("message.received", **asks("r", f"q-r{number}")) for number in range(5)]
        while time.monotonic() - began_s < for_s:
            await asyncio.gather(*(refused(daemon, *one) for one in tried))
            assert (await daemon.get("/readyz")).status == 503
            assert (await daemon.get("/healthz")).status == 200
            await asyncio.sleep(0.1)
        answer = answers("late", "r-late")
        tried += [
            event("message.sent", **answer),
            event("message.sent", **answers("r", "r-r")),
        ]
        retried = [asyncio.create_task(daemon.insist(*one)) for one in tried]
        server.thaw() if how == "frozen" else server.start()
        await daemon.ready(20)
        back_s = time.monotonic() - began_s
        await asyncio.gather(*retried)
        names += await asked(daemon, 20, 40)
        await is_identical(daemon.config)
        assert await daemon.terminate() == 0, daemon.log[-2_000:]
        books = await read_books(daemon.config)
        check_once(
            books,
            ["q-late", *(f"q-r{number}" for number in range(5)), *(f"q-{name}" for name in names)],
        )
        check_once(books, ["r-late", "r-r", *(f"r-{name}" for name in names)], side="shop")
        check_deadlines(books, lateness_ms=1_000)
        # Answered only after their time, on the platform: theirs may be breaches.
        assert set(standing(books)) <= {"late", "r"}
        await is_identical(daemon.config)
        print(f"{how} for {for_s} s: ready {back_s - for_s:.1f} s after the outage's least")


@pytest.mark.parametrize("how", [pytest.param("frozen", marks=pytest.mark.slow), "killed"])
async def test_the_server_is_gone_for_seconds(tmp_path: Path, how: str) -> None:
    with running("valkey") as server:
        await gone(tmp_path, server, how, 3.0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["valkey", "redis"])
@pytest.mark.parametrize("how", ["frozen", "killed"])
async def test_the_server_is_gone_for_a_minute(tmp_path: Path, how: str, kind: Kind) -> None:
    with running(kind) as server:
        await gone(tmp_path, server, how, 60.0)


@pytest.mark.parametrize("kind", ["valkey", "redis"])
async def test_a_full_server_sheds_and_drains(tmp_path: Path, kind: Kind) -> None:
    with running(kind) as server:
        async with stage(tmp_path) as make, client(server.url) as redis:
            daemon = make(url=server.url, follow_up_from="1h", follow_up_to="2h")
            await daemon.start()
            names = await asked(daemon, 0, 20)
            before = await meta(redis)
            await daemon.hook("message.received", **asks("waits", "q-waits"))
            await redis("CONFIG", "SET", "maxmemory", "1")
            one, two = (event("message.received", **asks(n, f"q-{n}")) for n in ("full", "full2"))
            answer = await refused(daemon, *one)
            assert answer.body["reason"] == "shedding"

            async def drained() -> bool:
                # Also the deadline that passes meanwhile is committed, noticed and sealed.
                now = await meta(redis)
                found = await daemon.does("GET", "/v1/breaches")
                return now["offset"] == now["tail"] and len(found["breaches"]) == 1

            await until(drained, 10, lambda: daemon.log[-2_000:])
            assert (await meta(redis))["seq"] > before["seq"]
            assert (await daemon.get("/readyz")).status == 200
            await refused(daemon, *two)
            await redis("CONFIG", "SET", "maxmemory", "0")
            await asyncio.gather(daemon.insist(*one), daemon.insist(*two))
            names += await asked(daemon, 20, 40)
            assert await daemon.terminate() == 0, daemon.log[-2_000:]
            await is_identical(daemon.config)
            books = await read_books(daemon.config)
            check_once(books, ["q-waits", "q-full", "q-full2", *(f"q-{name}" for name in names)])
            assert standing(books).pop("waits") == 1


async def meta(redis: Any) -> dict[str, int]:
    flat = await redis("HMGET", Keys(0).meta, "seq", "offset", "tail")
    return dict(zip(("seq", "offset", "tail"), map(int, flat), strict=True))


async def test_a_standby_takes_over_without_loss(tmp_path: Path, valkey_url: str) -> None:
    async with stage(tmp_path) as make:
        first = make("first", url=valkey_url, follow_up_from="1h", follow_up_to="2h")
        second = make("second", url=valkey_url, follow_up_from="1h", follow_up_to="2h")
        await first.start()
        names = await asked(first, 0, 10)
        await second.start(ready=False)
        answer = await second.get("/v1/sessions", "boss")
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) >= 1
        names += await asked(second, 10, 20)
        # On the standby again: known to be a repeat.
        again = await second.deliver(*event("message.received", **asks("b0", "q-b0")))
        assert (again.status, again.body.get("duplicate", again.status)) in (
            (200, True),
            (409, 409),
        )
        await first.kill()
        began_s = time.monotonic()
        under_way = asyncio.create_task(asked(second, 20, 60))
        await second.ready(10)
        took_s = time.monotonic() - began_s
        names += await under_way
        assert (await first.get("/healthz")).status == 0
        assert await second.terminate() == 0, second.log[-2_000:]
        await is_identical(second.config)
        books = await read_books(second.config)
        check_once(books, [f"q-{name}" for name in names])
        check_once(books, [f"r-{name}" for name in names], side="shop")
        check_deadlines(books, lateness_ms=1_000)
        print(f"taken over in {took_s:.1f} s")
