"""What the best open systems get wrong, against the running daemon."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import msgspec
import pytest

from router.core import commands as c
from router.core.policy import Policy, Shop
from tests.daemon.floor import SHOP, Floor, desk, floor

pytestmark = pytest.mark.filterwarnings("error")


async def online(on: Floor, count: int) -> None:
    for number in range(count):
        await on.presence(f"a{number}", "online")


async def test_2000_sessions_at_once_for_20_agents_with_capacity_5(
    valkey_url: str, tmp_path: Path
) -> None:
    async with floor(valkey_url, tmp_path, desk(20, 5)) as on:
        await online(on, 20)
        buyers = iter(range(2_000))

        async def client() -> None:
            for number in buyers:
                await on.asks(f"b{number}", f"m{number}")

        await asyncio.gather(*(client() for _ in range(16)))
        await on.until(lambda: len(on.state.sessions) == 2_000)
        held = on.held()
        assert held.pop("") == 1_900
        assert held == {f"a{number}": 5 for number in range(20)}
        waiting = [piece for piece, _, _ in on.state.queue.pieces()]
        assert len(waiting) == 1_900
        assert [p.due_ms for p in waiting] == sorted(p.due_ms for p in waiting)
        _, queue = await on.api("GET", "/v1/queue?limit=1")
        first = on.state.threads[waiting[0].thread]
        assert queue["queue"][0]["buyer"] == first.buyer


async def test_40_simultaneous_first_messages_are_one_session(
    valkey_url: str, tmp_path: Path
) -> None:
    async with floor(valkey_url, tmp_path, desk(3, 5)) as on:
        await online(on, 3)
        await asyncio.gather(*(on.asks("b", f"m{number}") for number in range(40)))
        await on.until(lambda: len(on.state.sessions) == 1)
        [thread] = on.state.sessions.values()
        await on.until(lambda: len(thread.lines) == 40 * 6)
        assert on.state.counters.session_no == 1
        assert sum(on.held().values()) == 1


async def test_200_agents_come_online_to_2000_waiting_buyers(
    valkey_url: str, tmp_path: Path
) -> None:
    async with floor(valkey_url, tmp_path, desk(200, 5)) as on:
        buyers = iter(range(2_000))

        async def client() -> None:
            for number in buyers:
                await on.asks(f"b{number}", f"m{number}")

        await asyncio.gather(*(client() for _ in range(32)))
        await on.until(lambda: len(on.state.queue) == 2_000)
        due = sorted(piece.due_ms for piece, _, _ in on.state.queue.pieces())
        started = time.perf_counter()
        await asyncio.gather(*(on.presence(f"a{number}", "online") for number in range(200)))
        took_s = time.perf_counter() - started
        held = on.held()
        assert held.pop("") == 1_000
        assert held == {f"a{number}": 5 for number in range(200)}
        left = sorted(piece.due_ms for piece, _, _ in on.state.queue.pieces())
        assert left == due[1_000:]  # those that waited longest were taken
        assert took_s < 1.0, f"all places were filled only after {took_s:.2f} s"


async def test_freed_capacity_moves_the_queue_at_once(valkey_url: str, tmp_path: Path) -> None:
    async with floor(valkey_url, tmp_path, desk(2, 1)) as on:
        await on.presence("a0", "online")
        for number in range(4):
            await on.asks(f"b{number}", f"m{number}")
        await on.until(lambda: len(on.state.queue) == 3)
        # by a close: the holder has the last word, the buyer took leave
        await on.hook("message.received", buyer="b0", message="bye", kind="text", text="谢谢")
        await on.answers("b0", "r0", "a0")
        await on.until(lambda: on.state.threads[f"{SHOP}\x1fb0"].live.wait is None)
        session = on.state.threads[f"{SHOP}\x1fb0"].session
        status, closed = await on.api("POST", f"/v1/sessions/{session}/close", "a0")
        assert status == 200, closed
        assert on.holder("b1") == "a0"  # by the time the close is answered
        # by a transfer
        await on.presence("a1", "online")
        assert on.holder("b2") == "a1"
        session = on.state.threads[f"{SHOP}\x1fb2"].session
        status, moved = await on.api(
            "POST", f"/v1/sessions/{session}/reassign", to=f"{SHOP}:a0", reason="试试"
        )
        assert status == 200, moved
        assert on.holder("b2") == "a0"
        assert on.holder("b3") == "a1"
        # by an away with transfer: what a1 held waits, nobody has room
        status, answer = await on.api(
            "PUT", "/v1/me/presence", "a1", to="away", reason="如厕", open_sessions="transfer"
        )
        assert status == 200, answer
        assert on.holder("b3") == ""
        await on.presence("a1", "online")
        assert on.holder("b3") == "a1"


async def test_leaving_with_buyers_waiting(valkey_url: str, tmp_path: Path) -> None:
    async with floor(valkey_url, tmp_path, desk(2, 5)) as on:
        await online(on, 1)
        for number in range(3):
            await on.asks(f"b{number}", f"m{number}")
        await on.until(lambda: on.held() == {"a0": 3})
        status, refused = await on.api("PUT", "/v1/me/presence", "a0", to="offline")
        assert status == 409
        assert refused["reason"] == "open_sessions_choice_needed"
        assert on.state.persons["a0"].presence == "online"
        # nobody to take them: they wait in the queue, with nobody
        status, _ = await on.api(
            "PUT", "/v1/me/presence", "a0", to="offline", open_sessions="transfer"
        )
        assert status == 200
        assert on.held() == {"": 3}
        await on.presence("a1", "online")
        assert on.held() == {"a1": 3}
        # away, telling them: answered, kept, no follow-up owed
        status, _ = await on.api(
            "PUT", "/v1/me/presence", "a1", to="away", reason="用餐", open_sessions="inform"
        )
        assert status == 200
        assert on.held() == {"a1": 3}
        lives = [thread.live for thread in on.state.sessions.values()]
        assert all(live.wait is None and live.follow_up is None for live in lives)


async def test_a_silent_console_is_left_by_its_sessions(valkey_url: str, tmp_path: Path) -> None:
    async with floor(valkey_url, tmp_path, desk(2, 5)) as on:
        status, _ = await on.api("PUT", "/v1/me/presence", "a0", to="online", console=True)
        assert status == 200
        await on.asks("b", "m")
        await on.until(lambda: on.held() == {"a0": 1})
        await on.presence("a1", "online")
        now_ms = await on.daemon.service.partition("desk").log.clock()
        answer = await on.daemon.service.ask("desk", c.GoSilent(agent="a0", since_ms=now_ms))
        assert answer is not None
        assert answer.rejected is None
        assert on.state.persons["a0"].reason == "silent"
        assert on.held() == {"a1": 1}


QUICK = Policy(reply_ms=700, grace_ms=50, rescue_before_ms=0, warn_before_ms=100)


async def test_deadlines_between_two_looks_are_judged_to_the_millisecond(
    valkey_url: str, tmp_path: Path
) -> None:
    """Both messages arrive together, after the deadline; what counts is when they were sent."""
    of = msgspec.structs.replace(desk(1, 0, QUICK), shops=(Shop(id=SHOP, lateness_ms=1_500),))
    async with floor(valkey_url, tmp_path, of) as on:
        await online(on, 1)
        now_ms = time.time_ns() // 1_000_000
        start_ms = now_ms - 1_000
        for buyer in ("met", "missed"):
            await on.asks(buyer, f"m-{buyer}", sent_ms=start_ms)
        await on.answers("met", "r-met", "a0", sent_ms=start_ms + 700)
        await on.answers("missed", "r-missed", "a0", sent_ms=start_ms + 701)
        await on.until(lambda: len(on.state.breaches) > 0)
        await on.until(lambda: not any(t.misses for t in on.state.threads.values()))
        rows = [(b.buyer, b.due_ms) for b in on.state.breaches.values() if b.rule == "reply"]
        assert rows == [("missed", start_ms + 700)]


async def test_a_buyer_comes_back_while_the_last_agent_is_off(
    valkey_url: str, tmp_path: Path
) -> None:
    async with floor(valkey_url, tmp_path, desk(2, 5)) as on:
        await online(on, 1)
        await on.asks("b", "m1")
        await on.until(lambda: on.held() == {"a0": 1})
        await on.answers("b", "r1", "a0")
        await on.hook("order.placed", buyer="b", order="O1")
        await on.hook(
            "message.sent",
            buyer="b",
            message="card",
            kind="order_card",
            order="O1",
            by="human",
            sub_account=f"{SHOP}:a0",
        )
        thread = on.state.threads[f"{SHOP}\x1fb"]
        await on.until(lambda: thread.live.wait is None and not thread.live.pending)
        # nothing is pending: the session stays with whoever has gone
        await on.presence("a0", "offline")
        assert on.holder("b") == "a0"
        # the buyer writes, nobody is there: it waits, with nobody
        await on.asks("b", "m2")
        await on.until(lambda: on.holder("b") == "")
        await on.presence("a1", "online")
        assert on.holder("b") == "a1"
