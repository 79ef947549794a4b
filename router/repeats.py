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
    match command:
        case c.MessageReceived() | c.MessageSent() | c.MessageRecalled():
            name = f"{command.shop}\x1f{_TAGS[type(command)]}\x1f{command.message}"
            digest = xxh3_128_digest(name.encode("utf-8", "replace"))
            return _key((_MESSAGE, digest, b"", 0))
        case c.OrderChanged():
            return _fact(command.sent_ms, command.shop, f"order.{command.event}", command.order)
        case c.RefundRequested() | c.RefundResolved():
            return _fact(command.sent_ms, command.shop, _TAGS[type(command)], command.refund)
        case c.ReviewPosted():
            return _fact(command.sent_ms, command.shop, "review.posted", command.review)
        case _:
            return None


def _fact(sent_ms: int, shop: str, kind: str, name: str) -> RepeatKey:
    identity = f"{shop}\x1f{kind}\x1f{name}\x1f{sent_ms}"
    digest = xxh3_128_digest(identity.encode("utf-8", "replace"))
    return RepeatKey(RepeatKind.FACT, digest, month=sent_ms // MONTH_MS)
