"""Two days of a desk at work, with the log's clock moved: what the charts are looked at with.

Buyers come as they do in a shop: few at night, most in the morning and the evening; most are
answered within a minute, some wait too long. It is the same every time.
"""

from __future__ import annotations

import random
from typing import NamedTuple

import pytest

from router.core import commands as c
from router.core.policy import DAY_MS, HOUR_MS, MINUTE_MS
from router.owner import Owner
from tests.browser.past import Past

BUYERS_BY_HOUR = (
    *(2, 1, 1, 0, 0, 0, 1, 2, 5, 9, 11, 10),
    *(7, 6, 8, 9, 8, 7, 7, 10, 12, 13, 9, 4),
)
BEGINS_AT = 16
"""The harness's first hour, in Beijing."""


class Said(NamedTuple):
    at_ms: int
    buyer: str
    shop: str
    agent: str
    """"": the buyer says it."""


def _exchange(chance: random.Random, at_ms: int, buyer: str) -> list[Said]:
    """What one buyer and one agent say."""
    shop, agent = chance.choice(
        (("shop-a", "amy"), ("shop-a", "amy"), ("shop-a", "bob"), ("shop-b", "bob"))
    )
    said: list[Said] = []
    for _ in range(chance.choice((1, 1, 2))):
        said.append(Said(at_ms, buyer, shop, ""))
        slow = chance.random() < 0.06
        at_ms += chance.randrange(6, 12) * MINUTE_MS if slow else int(chance.lognormvariate(10, 1))
        said.append(Said(at_ms, buyer, shop, agent))
        at_ms += chance.randrange(MINUTE_MS)
    if chance.random() < 0.85:  # asked again in time
        said.append(Said(at_ms + 14 * MINUTE_MS, buyer, shop, agent))
    return said


async def pass_over(past: Past, hours: int) -> None:
    """So many hours from the beginning on; nothing is taken for an outage."""
    desk = past.harness
    chance = random.Random(1)
    began_ms = desk.now_ms
    said: list[Said] = []
    for hour in range(hours):
        for number in range(BUYERS_BY_HOUR[(BEGINS_AT + hour) % 24]):
            at_ms = began_ms + hour * HOUR_MS + chance.randrange(HOUR_MS)
            said += _exchange(chance, at_ms, f"buyer-{hour}-{number}")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Owner, "outage_ms", property(lambda self: 40 * DAY_MS))
        await desk.online("amy", "bob")
        await desk.advance(1_000)  # from the next look on
        for number, each in enumerate(sorted(said)):
            if each.at_ms < began_ms + hours * HOUR_MS:
                desk.now_ms = max(desk.now_ms, each.at_ms)
                await desk.service.submit("d1", _command(each, f"said-{number}"))
                await desk.settle()
        await desk.advance(began_ms + hours * HOUR_MS - desk.now_ms)


def _command(said: Said, message: str) -> c.AnyCommand:
    if said.agent:
        return c.MessageSent(
            shop=said.shop,
            buyer=said.buyer,
            message=message,
            sent_ms=said.at_ms,
            sub_account=f"{said.shop}:{said.agent}",
            by="human",
        )
    seat = f"{said.shop}:{'amy' if said.shop == 'shop-a' else 'bob'}"
    return c.MessageReceived(
        shop=said.shop, buyer=said.buyer, message=message, sent_ms=said.at_ms, sub_account=seat
    )
