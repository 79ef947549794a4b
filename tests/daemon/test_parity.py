"""Live, exported and simulated, replayed: one ledger, byte for byte.

A desk is driven through `zhiban serve` by webhooks and API calls, with deadlines in seconds,
until breaches of every kind are sealed. Then its inbox alone must give the same again.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from router.clocktime import parse_ms
from router.core import facts as f
from router.core.records import Breach
from tests.daemon.books import Books, check_deadlines, is_identical, read_books
from tests.daemon.process import SHOP, Zhiban, answers, asks, command, stage, until

Json = dict[str, Any]


@asynccontextmanager
async def bridge() -> AsyncIterator[tuple[str, list[Json]]]:
    """A bridge that takes whatever we send out: its URL, and what it has got."""
    got: list[Json] = []

    async def take(request: web.Request) -> web.Response:
        got.append({"id": request.headers["webhook-id"], **await request.json()})
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_post("/", take)
    async with TestServer(app) as server:
        yield str(server.make_url("/")), got


async def breaches(daemon: Zhiban, **wanted: object) -> list[Json]:
    found = await daemon.does("GET", "/v1/breaches?limit=500")
    return [b for b in found["breaches"] if all(b[key] == wanted[key] for key in wanted)]


async def sealed(daemon: Zhiban, **wanted: object) -> Json:
    """The breach, once it is sealed."""

    async def there() -> bool:
        return bool(await breaches(daemon, **wanted))

    await until(there, 20, lambda: f"{wanted}: {daemon.log[-1_500:]}")
    return (await breaches(daemon, **wanted))[0]


async def session_of(daemon: Zhiban, buyer: str) -> Json:
    found: list[Json] = []

    async def there() -> bool:
        nonlocal found
        sessions = (await daemon.does("GET", "/v1/sessions?limit=500"))["sessions"]
        found = [session for session in sessions if session["buyer"] == buyer]
        return bool(found)

    await until(there, 10, lambda: f"no session of {buyer}")
    return found[0]


async def opened(daemon: Zhiban, buyer: str, **more: object) -> Json:
    """The session of a buyer who has just asked."""
    await daemon.hook("message.received", **asks(buyer, f"q-{buyer}", **more))
    return await session_of(daemon, buyer)


async def ignored(daemon: Zhiban) -> None:
    """Nobody answers, a supervisor waives it; another's late proof takes it back."""
    await opened(daemon, "ignored")
    waived = await sealed(daemon, rule="reply", buyer="ignored")
    await daemon.does("POST", f"/v1/breaches/{waived['id']}/waive", "boss", why="系统故障")
    await opened(daemon, "proved")
    breach = await sealed(daemon, rule="reply", buyer="proved")
    at_ms = parse_ms(breach["due_at"]) - 500
    await daemon.hook("message.sent", at_ms, **answers("proved", "r-proved", "a1"))

    async def reversed_() -> bool:
        return (await breaches(daemon, id=breach["id"]))[0]["reversed"] is True

    await until(reversed_, 10)


async def answered(daemon: Zhiban, got: list[Json]) -> None:
    """Answered through the API; echoed by the bridge; a follow-up is owed, and asked or not."""
    for buyer in ("quiet", "asked-again"):
        session = await opened(daemon, buyer)
        path = f"/v1/sessions/{session['id']}/messages"
        message = await daemon.does("POST", path, session["agent"], text="您好,我在的")

        async def delivered(name: str = message["id"]) -> bool:
            return any(one["id"] == name for one in got)

        await until(delivered, 10, lambda: str(got))
        words = answers(buyer, f"echo-{buyer}", session["agent"], echo_of=message["id"])
        await daemon.hook("message.sent", **words)
        if buyer == "asked-again":
            ask = "您还需要什么吗"
            await until(partial(_asks_again, daemon, session["id"]), 10)
            await daemon.does("POST", path, session["agent"], text=ask)
    await sealed(daemon, rule="follow_up", buyer="quiet")


async def _asks_again(daemon: Zhiban, session: str) -> bool:
    """Whether its follow-up's window is open."""
    view = await daemon.does("GET", f"/v1/sessions/{session}")
    now = (await daemon.does("GET", "/v1/board"))["now"]
    return any(d["rule"] == "follow_up" and d["from_at"] <= now for d in view["deadlines"])


async def ordered(daemon: Zhiban) -> None:
    """An order that nobody checks, one that is checked, and one that is closed."""
    for name in ("unchecked", "checked", "closed"):
        session = await opened(daemon, name)
        await daemon.hook("order.placed", buyer=name, order=f"2024-{name}7", total_fen=100)
        path = f"/v1/sessions/{session['id']}/messages"
        if name == "checked":
            await daemon.does(
                "POST", path, session["agent"], kind="order_card", order=f"2024-{name}7"
            )
        else:
            await daemon.does("POST", path, session["agent"], text="亲,您好,我在的")
        if name == "closed":
            await daemon.hook("order.closed", buyer=name, order=f"2024-{name}7")
    await sealed(daemon, rule="order_check", buyer="unchecked")


async def refunded(daemon: Zhiban) -> None:
    """One too late, one in time, one taken over by a supervisor, one of another reason."""
    for name, reason in (
        ("late", "changed_mind"), ("agreed", "reorder"), ("taken", "mistaken_order"),
        ("other", "other"),
    ):  # fmt: skip
        ids = {"order": f"o-{name}", "refund": f"r-{name}"}
        await daemon.hook("refund.requested", buyer=f"refund-{name}", reason=reason, **ids)
    path = f"/v1/refunds/{SHOP}~r-"
    holder = (await _pending(daemon, "agreed"))["agent"]
    await daemon.does("POST", f"{path}agreed/resolve", holder, outcome="agreed")
    holder = (await _pending(daemon, "taken"))["agent"]
    await daemon.does("POST", f"{path}taken/escalate", holder, reason="要主管看")
    await daemon.does("POST", f"{path}taken/take-over")
    await sealed(daemon, rule="refund", buyer="refund-late")
    await daemon.hook("refund.resolved", buyer="refund-late", refund="r-late", outcome="refused")


async def _pending(daemon: Zhiban, name: str) -> Json:
    refunds: list[Json] = []

    async def there() -> bool:
        nonlocal refunds
        found = (await daemon.does("GET", "/v1/refunds"))["refunds"]
        refunds = [refund for refund in found if refund["key"] == f"r-{name}"]
        return bool(refunds)

    await until(there, 10)
    return refunds[0]


async def moved(daemon: Zhiban) -> None:
    """Closes, transfers, a reassignment, agents who leave; the platform's own doing."""
    session = await opened(daemon, "moved")
    holder, path = session["agent"], f"/v1/sessions/{session['id']}"
    other = next(agent for agent in ("a0", "a1", "a2") if agent != holder)
    third = next(agent for agent in ("a0", "a1", "a2") if agent not in (holder, other))
    await daemon.does("POST", f"{path}/transfer", holder, to=other)
    refused = await daemon.ask("POST", f"{path}/close", other)
    assert (refused.status, refused.body["reason"]) == (409, "buyer_waiting")
    await daemon.does("POST", f"{path}/reassign", "boss", to=third, reason="换人")
    await daemon.does("PUT", "/v1/me/presence", third, to="away", open_sessions="inform")
    await daemon.does("PUT", "/v1/me/presence", third, to="online")
    await daemon.hook("message.received", **asks("moved", "q2-moved"))
    await daemon.does("POST", f"/v1/agents/{third}/reassign", to=other, reason="下班")
    await daemon.does("PUT", "/v1/me/presence", other, to="offline", open_sessions="transfer")
    await daemon.does("PUT", "/v1/me/presence", other, to="online")
    await daemon.hook("message.sent", **answers("moved", "r-moved", holder))
    await daemon.hook("message.received", **asks("moved", "q3-moved") | {"text": "谢谢"})
    await daemon.hook("message.sent", **answers("moved", "r3-moved", holder))
    closed = await daemon.does("POST", f"{path}/close", holder)
    assert closed["state"] == "closed"
    await opened(daemon, "gone")
    await daemon.hook("message.recalled", buyer="gone", message="q-gone")
    await daemon.hook("session.closed", buyer="gone")


async def test_live_export_simulate_and_replay_agree(tmp_path: Path) -> None:
    async with bridge() as (url, got), stage(tmp_path) as make:
        daemon = make(outbound=url)
        await daemon.start()
        for agent in ("a0", "a1", "a2"):
            await daemon.does("PUT", "/v1/me/presence", agent, to="online")
        await moved(daemon)  # alone: it moves whatever an agent holds
        async with asyncio.timeout(45), asyncio.TaskGroup() as group:
            for part in (ignored(daemon), answered(daemon, got), ordered(daemon)):
                group.create_task(part)
            group.create_task(refunded(daemon))
        print("live:", await is_identical(daemon.config))
        shown = await daemon.does("GET", "/v1/ledger?limit=500")
        shown_breaches = await breaches(daemon)
        assert await daemon.terminate() == 0, daemon.log[-3_000:]
        print("stopped:", await is_identical(daemon.config))
        books = await read_books(daemon.config)
        check_kinds(books)
        report = await simulated(daemon.config, tmp_path)
        check_same(report, books)
        check_shown(shown, shown_breaches, books)


def check_kinds(books: Books) -> None:
    rules = Counter(b["rule"] for b in books.breaches)
    assert set(rules) == {"reply", "follow_up", "order_check", "refund"}
    kinds = Counter(entry["kind"] for entry in books.ledger)
    assert set(kinds) == {"charge", "reversal", "waiver"}
    assert {fact.outcome for fact in books.of(f.DeliveryReported)} == {"delivered"}
    causes = {fact.cause for fact in books.of(f.SessionAssigned)}
    assert causes >= {"new", "transfer", "reassign"}
    check_deadlines(books, lateness_ms=1_000)
    print(f"breaches {dict(rules)}, ledger {dict(kinds)}, causes {sorted(causes)}")


async def simulated(config: Path, directory: Path) -> Json:
    """The report of the exported trace, without a desk."""
    trace, out = directory / "trace.jsonl", directory / "report.json"
    code, said = await command("export", "--config", config, "--out", trace)
    assert code == 0, said
    code, said = await command("simulate", "--trace", trace, "--out", out)
    assert code == 0, said
    report: Json = json.loads(out.read_text())
    return report


def _bytes(value: object) -> bytes:
    return msgspec.json.encode(value)


def check_same(report: Json, books: Books) -> None:
    assert _bytes(report["ledger"]) == _bytes(books.ledger)
    assert _bytes(report["breaches"]) == _bytes(books.breaches)
    assert report["sessions"] == books.state.counters.sessions
    live = [
        (fact.shop, fact.buyer, fact.sub_account, fact.agent, fact.cause)
        for fact in books.of(f.SessionAssigned)
    ]
    again = [
        (row["shop"], row["buyer"], row["sub_account"], row["agent"], row["cause"])
        for row in report["assignments"]
    ]
    assert again == live
    refused = [fact.reason for fact in books.of(f.CommandRefused)]
    assert [row["reason"] for row in report["rejected"]] == refused


def check_shown(ledger: Json, found: list[Json], books: Books) -> None:
    """What the API has shown is what is stored (what was sealed since comes on top)."""
    stored = {entry["id"]: entry for entry in books.ledger}
    for entry in ledger["entries"]:
        there = stored[entry["id"]]
        for name in ("kind", "breach", "rule", "agent", "fine_fen", "why", "by", "proof"):
            assert entry[name] == there[name], (entry, there)
        assert entry["due_at"] == there["due"]
    assert ledger["total_fen"] == sum(entry["fine_fen"] for entry in ledger["entries"])
    for breach in found:
        kept: Breach = books.state.breaches[breach["id"]]
        assert (breach["rule"], breach["fine_fen"]) == (kept.rule, kept.fine_fen)
