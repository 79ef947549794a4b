"""The bridge's inbound events (CONTRACT §2): one struct a type, and the command each becomes.

A trace's lines have the same `type`, `timestamp` and `data` (CONTRACT §3), so `simulate` reads
them through here, too. Everything has a limit: ids are short, texts are not books.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal

import msgspec

from router.clocktime import to_ms
from router.core import commands as c
from router.marks import is_farewell, shown_orders

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Name = Annotated[str, msgspec.Meta(max_length=200)]
Text = Annotated[str, msgspec.Meta(max_length=20_000)]
Url = Annotated[str, msgspec.Meta(max_length=4_000)]
Fen = Annotated[int, msgspec.Meta(ge=0, le=10**12)]

EARLIEST_MS = 946_684_800_000  # 2000-01-01: nothing of these platforms is older


class BadEvent(Exception):
    """What was sent is no event that can be taken; says what and where (answered 400)."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """The envelope, its data still raw."""

    type: str
    timestamp: datetime
    data: msgspec.Raw


class MessageReceivedData(msgspec.Struct, frozen=True, kw_only=True):
    buyer: Id
    message: Id
    kind: c.MessageKind
    text: Text = ""
    url: Url = ""
    order: Name = ""
    product: Name = ""
    buyer_name: Name = ""
    group: Name = ""
    sub_account: Name = ""


class MessageSentData(msgspec.Struct, frozen=True, kw_only=True):
    buyer: Id
    message: Id
    sub_account: Id
    kind: c.MessageKind
    by: c.By
    text: Text = ""
    url: Url = ""
    order: Name = ""
    product: Name = ""
    echo_of: Name = ""


class MessageRecalledData(msgspec.Struct, frozen=True, kw_only=True):
    buyer: Id
    message: Id


class OrderData(msgspec.Struct, frozen=True, kw_only=True):
    buyer: Id
    order: Id
    total_fen: Fen = 0
    pay_on_delivery: bool = False


class RefundRequestedData(msgspec.Struct, frozen=True, kw_only=True):
    buyer: Id
    order: Id
    refund: Id
    reason: Literal["mistaken_order", "reorder", "changed_mind", "other"]
    reason_text: Text = ""


class RefundResolvedData(msgspec.Struct, frozen=True, kw_only=True):
    buyer: Id
    refund: Id
    outcome: Literal["agreed", "refused", "withdrawn"]
    sub_account: Name = ""


class ReviewData(msgspec.Struct, frozen=True, kw_only=True):
    buyer: Id
    order: Id
    review: Id
    rating: Literal["good", "neutral", "bad"]
    text: Text = ""


class SessionClosedData(msgspec.Struct, frozen=True, kw_only=True):
    buyer: Id


class PresenceData(msgspec.Struct, frozen=True, kw_only=True):
    sub_account: Id
    presence: Literal["online", "paused", "offline"]


_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def repaired(body: bytes) -> bytes:
    """The JSON with what is not valid Unicode replaced by U+FFFD (CONTRACT §2).

    Raises `BadEvent` when it is no JSON even so.
    """
    try:
        value = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise BadEvent(f"the body is not JSON: {error}") from error
    text = json.dumps(value, ensure_ascii=False)
    return _LONE_SURROGATE.sub("�", text).encode()


_event_decoder = msgspec.json.Decoder(Event)


def decode(body: bytes, shop: str, farewells: Collection[str]) -> c.AnyCommand:
    """The command that a delivery's body asks for. Raises `BadEvent`."""
    try:
        event = _decode_whole(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _decode_or_say_why(body, shop, farewells)
    return _WHOLE[type(event)](shop, sent_ms(event.timestamp), event.data, farewells)


def _decode_or_say_why(body: bytes, shop: str, farewells: Collection[str]) -> c.AnyCommand:
    try:
        return _decode(body, shop, farewells)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        fixed = repaired(body)
        if fixed == body:
            raise BadEvent(str(error)) from error
    try:
        return _decode(fixed, shop, farewells)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadEvent(str(error)) from error


def _decode(body: bytes, shop: str, farewells: Collection[str]) -> c.AnyCommand:
    event = _event_decoder.decode(body)
    reader = _READERS.get(event.type)
    if reader is None:
        known = ", ".join(_READERS)
        raise BadEvent(f"$.type: {event.type[:80]!r} is not one of {known}")
    decoder, build = reader
    data = decoder.decode(event.data)
    return build(shop, sent_ms(event.timestamp), data, farewells)


def sent_ms(timestamp: datetime) -> int:
    """Raises `BadEvent` for a time without a zone, or one that cannot be."""
    if timestamp.tzinfo is None:
        raise BadEvent("$.timestamp: names no time zone (expected 2026-11-21T08:00:00.000Z)")
    at_ms = to_ms(timestamp)
    if at_ms < EARLIEST_MS:
        raise BadEvent("$.timestamp: lies before the year 2000")
    return at_ms


def command_of(
    kind: str, shop: str, at_ms: int, data: dict[str, object], farewells: Collection[str]
) -> c.AnyCommand | None:
    """The command of a trace's line of a bridge type; None for another type.

    Raises `msgspec.ValidationError`.
    """
    reader = _READERS.get(kind)
    if reader is None:
        return None
    decoder, build = reader
    return build(shop, at_ms, msgspec.convert(data, decoder.type), farewells)


def _message_received(
    shop: str, at_ms: int, data: MessageReceivedData, farewells: Collection[str]
) -> c.AnyCommand:
    return c.MessageReceived(
        shop=shop,
        buyer=data.buyer,
        message=data.message,
        sent_ms=at_ms,
        kind=data.kind,
        group=data.group,
        sub_account=data.sub_account,
        farewell=data.kind == "text" and is_farewell(data.text, farewells),
        content=c.Content(
            text=data.text,
            url=data.url,
            order=data.order,
            product=data.product,
            buyer_name=data.buyer_name,
        ),
    )


def shows(kind: str, text: str, order: str) -> tuple[str, ...]:
    """The order numbers that a message of the shop's side shows (RULES §2, order_check)."""
    found = shown_orders(text) if text else ()
    if kind == "order_card" and order and order not in found:
        return (order, *found)
    return found


def _message_sent(
    shop: str, at_ms: int, data: MessageSentData, farewells: Collection[str]
) -> c.AnyCommand:
    del farewells
    return c.MessageSent(
        shop=shop,
        buyer=data.buyer,
        message=data.message,
        sent_ms=at_ms,
        sub_account=data.sub_account,
        kind=data.kind,
        by=data.by,
        echo_of=data.echo_of,
        shows=shows(data.kind, data.text, data.order),
        content=c.Content(text=data.text, url=data.url, order=data.order, product=data.product),
    )


def _message_recalled(
    shop: str, at_ms: int, data: MessageRecalledData, farewells: Collection[str]
) -> c.AnyCommand:
    del farewells
    return c.MessageRecalled(shop=shop, buyer=data.buyer, message=data.message, sent_ms=at_ms)


OrderEvent = Literal["placed", "paid", "shipped", "closed"]
_Build = Callable[[str, int, Any, Collection[str]], c.AnyCommand]


def _order(event: OrderEvent) -> _Build:
    def build(shop: str, at_ms: int, data: OrderData, farewells: Collection[str]) -> c.AnyCommand:
        del farewells
        return c.OrderChanged(
            event=event,
            shop=shop,
            buyer=data.buyer,
            order=data.order,
            sent_ms=at_ms,
            total_fen=data.total_fen,
            pay_on_delivery=data.pay_on_delivery,
        )

    return build


def _refund_requested(
    shop: str, at_ms: int, data: RefundRequestedData, farewells: Collection[str]
) -> c.AnyCommand:
    del farewells
    return c.RefundRequested(
        shop=shop,
        buyer=data.buyer,
        order=data.order,
        refund=data.refund,
        reason=data.reason,
        sent_ms=at_ms,
        reason_text=data.reason_text,
    )


def _refund_resolved(
    shop: str, at_ms: int, data: RefundResolvedData, farewells: Collection[str]
) -> c.AnyCommand:
    del farewells
    return c.RefundResolved(
        shop=shop,
        buyer=data.buyer,
        refund=data.refund,
        outcome=data.outcome,
        sent_ms=at_ms,
        sub_account=data.sub_account,
    )


def _review(shop: str, at_ms: int, data: ReviewData, farewells: Collection[str]) -> c.AnyCommand:
    del farewells
    return c.ReviewPosted(
        shop=shop,
        buyer=data.buyer,
        order=data.order,
        review=data.review,
        rating=data.rating,
        sent_ms=at_ms,
        content=c.Content(text=data.text),
    )


def _session_closed(
    shop: str, at_ms: int, data: SessionClosedData, farewells: Collection[str]
) -> c.AnyCommand:
    del farewells
    return c.PlatformClosed(shop=shop, buyer=data.buyer, sent_ms=at_ms)


def _presence(
    shop: str, at_ms: int, data: PresenceData, farewells: Collection[str]
) -> c.AnyCommand:
    del farewells
    return c.SubAccountPresence(
        shop=shop, sub_account=data.sub_account, presence=data.presence, sent_ms=at_ms
    )


_READERS: dict[str, tuple[msgspec.json.Decoder[Any], _Build]] = {
    "message.received": (msgspec.json.Decoder(MessageReceivedData), _message_received),
    "message.sent": (msgspec.json.Decoder(MessageSentData), _message_sent),
    "message.recalled": (msgspec.json.Decoder(MessageRecalledData), _message_recalled),
    "order.placed": (msgspec.json.Decoder(OrderData), _order("placed")),
    "order.paid": (msgspec.json.Decoder(OrderData), _order("paid")),
    "order.shipped": (msgspec.json.Decoder(OrderData), _order("shipped")),
    "order.closed": (msgspec.json.Decoder(OrderData), _order("closed")),
    "refund.requested": (msgspec.json.Decoder(RefundRequestedData), _refund_requested),
    "refund.resolved": (msgspec.json.Decoder(RefundResolvedData), _refund_resolved),
    "review.posted": (msgspec.json.Decoder(ReviewData), _review),
    "session.closed": (msgspec.json.Decoder(SessionClosedData), _session_closed),
    "presence.changed": (msgspec.json.Decoder(PresenceData), _presence),
}


def _whole(kind: str, data: type) -> type:
    """An event of one type, envelope and data decoded in one pass."""
    fields = [("timestamp", datetime), ("data", data)]
    return msgspec.defstruct(f"Whole {kind}", fields, tag_field="type", tag=kind, frozen=True)


_WHOLE: dict[type, _Build] = {
    _whole(kind, decoder.type): build for kind, (decoder, build) in _READERS.items()
}
_decode_whole: Callable[[bytes], Any] = msgspec.json.Decoder(reduce(or_, _WHOLE)).decode
