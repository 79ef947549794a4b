"""What makes a delivery the repeat of an earlier one (CONTRACT §2)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from typing import cast

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


def _digest(name: str) -> bytes:
    """Of the parts of an identity, joined by \\x1f."""
    return blake2b(name.encode("utf-8", "replace"), digest_size=16).digest()


def delivery(scope: str, delivery_id: str, body: bytes) -> RepeatKey:
    """The same delivery again; with another body it is a conflict. `scope`: the shop's hook."""
    check = blake2b(body, digest_size=8).digest()
    return _key((_DELIVERY, _digest(f"{scope}\x1f{delivery_id}"), check, 0))


def of_command(command: c.AnyCommand) -> RepeatKey | None:
    """The same message, or the same fact of an order or refund; None where repeats do no harm."""
    match command:
        case c.MessageReceived() | c.MessageSent() | c.MessageRecalled():
            name = f"{command.shop}\x1f{_TAGS[type(command)]}\x1f{command.message}"
            return _key((_MESSAGE, _digest(name), b"", 0))
        case c.OrderChanged():
            return _fact(command.sent_ms, command.shop, f"order.{command.event}", command.order)
        case c.RefundRequested() | c.RefundResolved():
            return _fact(command.sent_ms, command.shop, _TAGS[type(command)], command.refund)
        case c.ReviewPosted():
            return _fact(command.sent_ms, command.shop, "review.posted", command.review)
        case _:
            return None


def _fact(sent_ms: int, shop: str, kind: str, name: str) -> RepeatKey:
    digest = _digest(f"{shop}\x1f{kind}\x1f{name}\x1f{sent_ms}")
    return RepeatKey(RepeatKind.FACT, digest, month=sent_ms // MONTH_MS)
