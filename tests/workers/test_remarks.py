"""Orders' remarks on their way to a real bridge: what is sent, in which order, and what is not."""

from __future__ import annotations

import asyncio

from standardwebhooks.webhooks import Webhook

from router.core.facts import OrderRemarked
from tests.workers.delivery import Stage
from tests.workers.stage import (
    HOUR,
    SECOND,
    SECRET,
    START_MS,
    VirtualTime,
    Writer,
    message,
    status,
)
from workers.outbound import wall_clock


def remark(
    offset: int,
    *,
    order: str = "A1",
    shop: str = "shop",
    session: str = "s1",
    reason: str = "改地址",
    at_ms: int = START_MS,
) -> OrderRemarked:
    return OrderRemarked(
        at_ms=at_ms,
        shop=shop,
        buyer="buyer",
        order=order,
        session=session,
        flag="red",
        reason=reason,
        agent="anna",
        sub_account="shop:anna",
        offset=offset,
    )


async def test_it_is_signed_and_has_the_facts_place_for_its_id(
    stage: Stage, time: VirtualTime
) -> None:
    time.now_ms = wall_clock()
    await stage.take(message("m1", at_ms=time.now_ms), remark(7, at_ms=time.now_ms))
    seen = await stage.bridge.seen(2)
    (request,) = (each for each in seen if each.json["type"] == "order.remark")
    body = Webhook(SECRET).verify(request.body, request.headers)
    assert request.id == "0:1:1"
    assert body["data"] == {
        "shop": "shop",
        "buyer": "buyer",
        "order": "A1",
        "flag": "red",
        "reason": "改地址",
        "agent": "anna",
        "sub_account": "shop:anna",
        "session": "s1",
    }
    reports = {name: outcome for name, outcome, _ in await stage.reports.seen(2)}
    assert reports["remark-A1-7"] == "delivered"


async def test_what_there_is_none_of_is_left_out(stage: Stage) -> None:
    await stage.take(remark(7, session=""))
    (request,) = await stage.bridge.seen(1)
    assert "session" not in request.json["data"]
    assert request.json["timestamp"] == "2026-11-18T11:06:40.000Z"


async def test_it_is_sent_again_under_the_same_id_until_it_is_taken(stage: Stage) -> None:
    stage.bridge.answers = [status(500), status(503)]
    await stage.take(remark(7))
    assert await stage.time.advance() == 5 * SECOND
    assert await stage.time.advance() == 30 * SECOND
    await stage.reports.seen(1)
    first, second, third = stage.bridge.requests
    assert (first.id, first.body) == (second.id, second.body) == (third.id, third.body)


async def test_the_remarks_of_an_order_wait_for_each_other_and_for_nothing_else(
    stage: Stage,
) -> None:
    stage.bridge.answers = [status(500)]
    await stage.take(remark(7))
    await stage.bridge.seen(1)
    await stage.take(remark(8, reason="已改"), remark(9, order="A2"), message("m1"), seq=2)
    await stage.reports.seen(2)
    await stage.time.advance()
    await stage.reports.seen(4)
    sent = [
        (each.json["data"]["order"], each.json["data"]["reason"])
        for each in stage.bridge.requests
        if each.json["type"] == "order.remark"
    ]
    assert sent[0] == ("A1", "改地址")
    assert sent[1] == ("A2", "改地址")
    assert sent[2:] == [("A1", "改地址"), ("A1", "已改")]


async def test_a_bridge_that_wants_no_events_gets_remarks(stage: Stage) -> None:
    assert not stage.targets["shop"].events
    await stage.take(remark(7))
    await stage.bridge.seen(1)


async def test_one_that_cannot_go_out_is_shown(stage: Stage) -> None:
    del stage.targets["other"]
    await stage.take(remark(7, shop="other"))
    assert await stage.reports.seen(1) == [("remark-A1-7", "failed", "no outbound url")]
    stage.bridge.answers = [status(410)]
    await stage.take(remark(8), seq=2)
    assert (await stage.reports.seen(2))[1] == ("remark-A1-8", "failed", "HTTP 410")


async def test_one_that_nobody_took_for_a_day_is_shown(stage: Stage, time: VirtualTime) -> None:
    await stage.stop()
    await stage.take(remark(7))
    time.now_ms += 24 * HOUR
    await stage.start()
    assert await stage.reports.seen(1) == [("remark-A1-7", "expired", "")]
    assert stage.bridge.requests == []


async def test_the_runner_hears_of_remarks(stage: Stage) -> None:
    writer = Writer(stage.log)
    await writer.say(remark(7))
    runner = stage.outbound.runner(stage.log)
    feeding = asyncio.create_task(runner.run())
    (request,) = await stage.bridge.seen(1)
    assert request.json["data"]["order"] == "A1"
    runner.stop()
    await feeding


async def test_messages_of_buyers_without_a_session_hold_up_nobody_elses(stage: Stage) -> None:
    """An automatic text may go to a buyer whose session is not open (RULES §9)."""
    stage.bridge.answers = [status(500)]
    await stage.take(message("m1", session=""))
    await stage.bridge.seen(1)
    await stage.take(message("m2", session="", shop="other"), seq=2)
    assert await stage.reports.seen(1) == [("m2", "delivered", "")]
