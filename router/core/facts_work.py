"""What followed of the rest of the day's work, and of bots (RULES §9)."""

from __future__ import annotations

from typing import Literal

from router.core.fact import Fact


class ItemNoted(Fact, frozen=True, kw_only=True, tag="item_noted"):
    item: str
    kind: str
    key: str
    shop: str
    buyer: str
    agent: str
    offset: int
    """Where the note's words stand in the inbox."""


class OrderRemarked(Fact, frozen=True, kw_only=True, tag="order_remarked"):
    """An effect: the remark goes to the bridge (CONTRACT §4, `order.remark`)."""

    shop: str
    buyer: str
    order: str
    session: str
    flag: str
    reason: str
    agent: str
    sub_account: str
    offset: int


def remark_id(order: str, offset: int) -> str:
    """What a remark is called when it is told what became of it (`delivery_reported`)."""
    return f"remark-{order}-{offset}"


class BotAsked(Fact, frozen=True, kw_only=True, tag="bot_asked"):
    """An effect: the shop's bot is asked to answer, or to hand over, until `until_ms`."""

    session: str
    shop: str
    buyer: str
    offset: int
    """The buyer's message that it is to answer."""
    mode: Literal["people_first", "bot_first", "mixed"]
    until_ms: int
    lines: tuple[int, ...] = ()
    """Where the session's last messages stand in the inbox, that one included."""


class BotHandedOver(Fact, frozen=True, kw_only=True, tag="bot_handed_over"):
    session: str
    shop: str
    buyer: str
    why: str
    transcript: str = ""
