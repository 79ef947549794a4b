"""What a bridge is sent (CONTRACT §4): facts, and the words that belong to them, as bytes."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from router.clocktime import format_ms
from router.core.commands import Content
from router.core.facts import DeliveryRequested, OrderRemarked, SessionAssigned

TRANSFERS = frozenset({"transfer", "reassign", "handover", "rescue"})
"""Causes by which a session that somebody held goes to somebody else."""


def message_send(fact: DeliveryRequested, content: Content) -> bytes:
    """A message for the buyer."""
    data = {
        "session": fact.session,
        "shop": fact.shop,
        "buyer": fact.buyer,
        "message": fact.message,
        "sub_account": fact.sub_account,
        "kind": fact.kind,
        "by": fact.by,
    }
    words = {
        "text": content.text,
        "url": content.url,
        "order": content.order,
        "product": content.product,
    }
    return _envelope("message.send", fact.at_ms, data, words)


def session_event(fact: SessionAssigned) -> bytes:
    """Who holds a session from now on: `session.assigned`, or `session.transferred` when
    somebody else held it before."""
    data = {
        "session": fact.session,
        "shop": fact.shop,
        "buyer": fact.buyer,
        "sub_account": fact.sub_account,
        "agent": fact.agent,
        "cause": fact.cause,
    }
    before = {"from_agent": fact.from_agent, "from_sub_account": fact.from_sub_account}
    transferred = fact.cause in TRANSFERS or bool(fact.from_agent)
    name = "session.transferred" if transferred else "session.assigned"
    return _envelope(name, fact.at_ms, data, before)


def order_remark(fact: OrderRemarked) -> bytes:
    """改备注: an order's remark as it stands from now on (RULES §9)."""
    data = {
        "shop": fact.shop,
        "buyer": fact.buyer,
        "order": fact.order,
        "flag": fact.flag,
        "reason": fact.reason,
        "agent": fact.agent,
    }
    where = {"sub_account": fact.sub_account, "session": fact.session}
    return _envelope("order.remark", fact.at_ms, data, where)


def header_safe(id_: str) -> str:
    """An id as it can stand in a header: as it is, or percent-encoded where it cannot."""
    return id_ if id_.isascii() and id_.isprintable() else quote(id_, safe="")


def _envelope(type_: str, at_ms: int, data: dict[str, Any], optional: dict[str, str]) -> bytes:
    """`optional` values are left out where they are empty."""
    data |= {name: value for name, value in optional.items() if value}
    return msgspec.json.encode({"type": type_, "timestamp": format_ms(at_ms), "data": data})
