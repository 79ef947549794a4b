"""What makes a delivery the repeat of an earlier one (CONTRACT §2).

The digests are of what a shop's own bridge has signed, so nobody gains by making two alike: a
fast hash does, with 128 bits against chance.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

from xxhash import xxh3_64_digest, xxh3_128_digest

from router.core import commands as c
from router.core.policy import DAY_MS
from router.log.ports import RepeatKey, RepeatKind

MONTH_MS = 30 * DAY_MS + 10 * 3_600_000  # a twelfth of a year, near enough for a bucket


_TAGS: dict[type[c.Command], str] = {
    kind: str(kind.__struct_config__.tag)
    for kind in (
        c.MessageReceived,
        c.MessageSent,
        c.MessageRecalled,
        c.RefundRequested,
        c.RefundResolved,
    )
}


# What a NamedTuple's own constructor calls in the end; that one costs as much as a digest.
_key = cast(
    Callable[[tuple[RepeatKind, bytes, bytes, int]], RepeatKey], partial(tuple.__new__, RepeatKey)
)
_DELIVERY, _MESSAGE = RepeatKind.DELIVERY, RepeatKind.MESSAGE


def delivery(scope: str, delivery_id: str, body: bytes) -> RepeatKey:
    """The same delivery again; with another body it is a conflict. `scope`: the shop's hook."""
    name = f"{scope}\x1f{delivery_id}".encode("utf-8", "replace")
    return _key((_DELIVERY, xxh3_128_digest(name), xxh3_64_digest(body), 0))


def of_command(command: c.AnyCommand) -> RepeatKey | None:
    """The same message, or the same fact of an order or refund; None where repeats do no harm."""
    key = _KEYS.get(type(command))
    return None if key is None else key(command)


_Message = c.MessageReceived | c.MessageSent | c.MessageRecalled


def _of_message(command: _Message) -> RepeatKey:
    name = f"{command.shop}\x1f{_TAGS[type(command)]}\x1f{command.message}"
    return _key((_MESSAGE, xxh3_128_digest(name.encode("utf-8", "replace")), b"", 0))


def _of_order(command: c.OrderChanged) -> RepeatKey:
    return _fact(command.sent_ms, command.shop, f"order.{command.event}", command.order)


def _of_refund(command: c.RefundRequested | c.RefundResolved) -> RepeatKey:
    return _fact(command.sent_ms, command.shop, _TAGS[type(command)], command.refund)


def _of_review(command: c.ReviewPosted) -> RepeatKey:
    return _fact(command.sent_ms, command.shop, "review.posted", command.review)


def _fact(sent_ms: int, shop: str, kind: str, name: str) -> RepeatKey:
    identity = f"{shop}\x1f{kind}\x1f{name}\x1f{sent_ms}"
    digest = xxh3_128_digest(identity.encode("utf-8", "replace"))
    return RepeatKey(RepeatKind.FACT, digest, month=sent_ms // MONTH_MS)


_KEYS: dict[type[c.Command], Callable[..., RepeatKey]] = {
    c.MessageReceived: _of_message,
    c.MessageSent: _of_message,
    c.MessageRecalled: _of_message,
    c.OrderChanged: _of_order,
    c.RefundRequested: _of_refund,
    c.RefundResolved: _of_refund,
    c.ReviewPosted: _of_review,
}
