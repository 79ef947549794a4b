"""The bridge's webhook (CONTRACT §2)."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode

import pytest

from router.channels import standard_webhooks
from router.channels.standard_webhooks import key_of
from router.core import commands as c
from router.log.codec import decode_entry
from router.log.memory import MemoryLog
from router.log.ports import LogFull, LogUnavailable
from tests.http.harness import MINUTE_MS, SECRET, START_MS, Harness, event_body

OTHER = "whsec_" + b64encode(b"o" * 32).decode()


def text(buyer: str = "buyer", message: str = "m1", said: str = "在吗") -> bytes:
    return event_body(
        "message.received", START_MS, buyer=buyer, message=message, kind="text", text=said
    )


async def inbox(desk: Harness) -> list[c.AnyCommand]:
    tail = (await desk.log.meta()).tail
    entries = await desk.log.entries(range(1, tail + 1))
    return [decode_entry(entry.body).command for entry in entries if entry]


async def received(desk: Harness) -> list[c.MessageReceived]:
    return [command for command in await inbox(desk) if isinstance(command, c.MessageReceived)]


async def test_accepted_once_it_is_in_the_log(desk: Harness) -> None:
    reply = await desk.deliver(text())
    assert (reply.status, reply.json) == (200, {"accepted": True})
    assert [command.content.text for command in await received(desk)] == ["在吗"]


async def test_repeats_change_nothing(desk: Harness) -> None:
    first = await desk.deliver(text(), delivery="d1")
    again = await desk.deliver(text(), delivery="d1")
    same_message = await desk.deliver(text(), delivery="d2")
    assert first.json == {"accepted": True}
    assert again.json == same_message.json == {"accepted": True, "duplicate": True}
    assert len(await received(desk)) == 1


async def test_the_same_id_with_another_body_conflicts(desk: Harness) -> None:
    await desk.deliver(text(), delivery="d1")
    reply = await desk.deliver(text(message="m2"), delivery="d1")
    assert (reply.status, reply.json["reason"]) == (409, "delivery_id_reused")
    assert reply.headers["Content-Type"].startswith("application/problem+json")


@pytest.mark.parametrize(
    "headers",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": ""},
        {"webhook-signature": "v2,AAAA v1a,AAAA"},
        {"webhook-signature": "v1,签名"},
        {"webhook-id": ""},
        {"webhook-id": "another"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": "1e9"},
        {"webhook-timestamp": "٣"},
    ],
)
async def test_forged(desk: Harness, headers: dict[str, str]) -> None:
    reply = await desk.deliver(text(), headers=headers)
    assert (reply.status, reply.json["reason"]) == (401, "bad_signature")
    assert await received(desk) == []


async def test_another_key_is_forged(desk: Harness) -> None:
    assert (await desk.deliver(text(), secret=OTHER)).status == 401


@pytest.mark.parametrize(("off_s", "status"), [(-301, 401), (-300, 200), (300, 200), (301, 401)])
async def test_tolerance(desk: Harness, off_s: int, status: int) -> None:
    reply = await desk.deliver(text(), at_s=START_MS // 1000 + off_s)
    assert reply.status == status


async def test_the_signature_comes_before_the_body_is_read(desk: Harness) -> None:
    assert (await desk.deliver(b"{", secret=OTHER)).status == 401


async def test_rotation(desk: Harness) -> None:
    desk.secrets["shop-a"] = [OTHER, SECRET]
    assert (await desk.deliver(text(message="m1"))).status == 200
    assert (await desk.deliver(text(message="m2"), secret=OTHER)).status == 200
    desk.secrets["shop-a"] = [OTHER]
    assert (await desk.deliver(text(message="m3"))).status == 401


async def test_a_shop_without_a_secret_takes_nothing(desk: Harness) -> None:
    del desk.secrets["shop-a"]
    assert (await desk.deliver(text())).status == 401


async def test_unknown_shop(desk: Harness) -> None:
    for shop in ("nobody", "店", "x" * 5000, "a/b"):
        reply = await desk.deliver(text(), shop=shop)
        assert (reply.status, reply.json["reason"]) == (404, "unknown_shop")


async def test_too_large(desk: Harness) -> None:
    limit = 256 * 1024
    fits = await desk.deliver(text() + b" " * (limit - len(text())))
    over = await desk.deliver(text() + b" " * (limit + 1 - len(text())))
    assert (fits.status, over.status) == (200, 413)
    assert over.json["reason"] == "too_large"


async def test_too_large_in_chunks(desk: Harness) -> None:
    async def chunks() -> object:
        for _ in range(300):
            yield b"x" * 1024

    async with desk.http.post("/hooks/bridge/shop-a", data=chunks()) as answer:
        assert answer.status == 413


async def test_a_body_in_pieces(desk: Harness) -> None:
    body = text()

    async def pieces() -> object:
        for begin in range(0, len(body), 20):
            yield body[begin : begin + 20]
            await asyncio.sleep(0)

    headers = standard_webhooks.headers(key_of(SECRET), "d1", START_MS // 1000, body)
    async with desk.http.post("/hooks/bridge/shop-a", data=pieces(), headers=headers) as answer:
        assert answer.status == 200
    assert [command.content.text for command in await received(desk)] == ["在吗"]


async def test_the_order_of_an_events_fields_does_not_matter(desk: Harness) -> None:
    event = json.loads(text())
    turned = {name: event[name] for name in ("data", "timestamp", "type")}
    assert (await desk.deliver(json.dumps(turned).encode())).json == {"accepted": True}
    assert [command.content.text for command in await received(desk)] == ["在吗"]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"", ""),
        (b"[]", ""),
        (b"{", ""),
        (b'{"type": "message.received"}', "timestamp"),
        (event_body("message.flew", START_MS, buyer="b"), "$.type"),
        (event_body("message.received", START_MS, buyer="b", message="m"), "kind"),
        (
            event_body("message.received", START_MS, buyer="x" * 10_240, message="m", kind="text"),
            "buyer",
        ),
        (text().replace(b"2026-11-21T08:00:00.000Z", b"yesterday"), "timestamp"),
        (text().replace(b"08:00:00.000Z", b"08:00:00.000"), "zone"),
        (b"[" * 100_000, ""),
    ],
)
async def test_malformed(desk: Harness, body: bytes, where: str) -> None:
    reply = await desk.deliver(body)
    assert reply.status == 400
    assert where in reply.json["detail"]
    assert set(reply.json) >= {"type", "title", "status", "detail", "title_zh"}


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (b'"\\ud83d"', "�"),
        (b'"a\\udc00b"', "a�b"),
        (b'"\xff\xfe"', "��"),
        (b'"\xe4\xbd"', "�"),
        (b'"\\u0000\\u0007"', "\0\a"),
        ('"你好👋"'.encode(), "你好👋"),
    ],
)
async def test_a_message_is_repaired_rather_than_refused(
    desk: Harness, raw: bytes, kept: str
) -> None:
    body = text().replace('"在吗"'.encode(), raw)
    assert (await desk.deliver(body)).status == 200
    assert [command.content.text for command in await received(desk)] == [kept]
    await desk.settle()
    assert len(desk.state.sessions) == 1


@pytest.mark.parametrize("days", [1, -365])
async def test_times_far_off_are_kept(desk: Harness, days: int) -> None:
    at_ms = START_MS + days * 24 * 60 * MINUTE_MS
    body = event_body("message.received", at_ms, buyer="b", message="m", kind="text", text="hi")
    assert (await desk.deliver(body)).status == 200
    assert [command.sent_ms for command in await received(desk)] == [at_ms]
    await desk.settle()


async def test_facts_once_for_ever(desk: Harness) -> None:
    body = event_body("order.paid", START_MS, buyer="b", order="o1")
    later = event_body("order.paid", START_MS + 1, buyer="b", order="o1")
    replies = [await desk.deliver(b) for b in (body, body, later)]
    assert [reply.json.get("duplicate", False) for reply in replies] == [False, True, False]


async def test_farewells_are_marked_by_the_shops_policy(desk: Harness) -> None:
    await desk.says("b", "好的!")
    await desk.says("b", "好的,还有吗")
    assert [command.farewell for command in await received(desk)] == [True, False]


@pytest.mark.parametrize("error", [LogFull("full"), LogUnavailable("gone")])
async def test_shedding(desk: Harness, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    async def fail(self: MemoryLog, drafts: object) -> object:
        raise error

    monkeypatch.setattr(MemoryLog, "append", fail)
    reply = await desk.deliver(text())
    assert (reply.status, reply.json["reason"]) == (503, "shedding")
    assert int(reply.headers["Retry-After"]) > 0
    monkeypatch.undo()
    assert (await desk.deliver(text())).json == {"accepted": True}


async def test_overload_is_429(desk: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = asyncio.Event()
    append = MemoryLog.append

    async def slow(self: MemoryLog, drafts: list[object]) -> object:
        await blocked.wait()
        return await append(self, drafts)  # type: ignore[arg-type]

    monkeypatch.setattr(MemoryLog, "append", slow)
    tasks = [asyncio.create_task(desk.deliver(text(message=f"m{n}"))) for n in range(100)]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    assert {task.result().status for task in done} == {429}
    blocked.set()
    statuses = [(await task).status for task in tasks]
    assert set(statuses) == {200, 429}
    assert len(await received(desk)) == statuses.count(200)


async def test_taken_while_the_desk_is_loaded(desk: Harness) -> None:
    """Then the farewells are those that are configured here."""
    desk.owner._loaded.clear()
    assert (await desk.deliver(text(said="谢谢"))).json == {"accepted": True}
    assert [command.farewell for command in await received(desk)] == [True]


async def test_unknown_paths_and_methods(desk: Harness) -> None:
    missing = await desk.call("", "GET", "/nowhere")
    assert (missing.status, missing.json["status"]) == (404, 404)
    wrong = await desk.call("", "GET", "/hooks/bridge/shop-a")
    assert (wrong.status, wrong.headers["Allow"]) == (405, "POST")
    assert json.dumps(wrong.json)
