"""What makes a delivery the repeat of an earlier one (CONTRACT §2)."""

from __future__ import annotations

from hashlib import blake2b

from router.core import commands as c
from router.core.policy import DAY_MS
from router.log.ports import RepeatKey, RepeatKind

MONTH_MS = 30 * DAY_MS + 10 * 3_600_000  # a twelfth of a year, near enough for a bucket


def _digest(*parts: str) -> bytes:
    return blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=16).digest()


def delivery(scope: str, delivery_id: str, body: bytes) -> RepeatKey:
    """The same delivery again; with another body it is a conflict. `scope`: the shop's hook."""
    check = blake2b(body, digest_size=8).digest()
    return RepeatKey(RepeatKind.DELIVERY, _digest(scope, delivery_id), check)


def of_command(command: c.AnyCommand) -> RepeatKey | None:
    """The same message, or the same fact of an order or refund; None where repeats do no harm."""
    match command:
        case c.MessageReceived() | c.MessageSent() | c.MessageRecalled():
            kind = str(command.__struct_config__.tag)
            return RepeatKey(RepeatKind.MESSAGE, _digest(command.shop, kind, command.message))
        case c.OrderChanged():
            return _fact(command.sent_ms, command.shop, f"order.{command.event}", command.order)
        case c.RefundRequested() | c.RefundResolved():
            kind = str(command.__struct_config__.tag)
            return _fact(command.sent_ms, command.shop, kind, command.refund)
        case c.ReviewPosted():
            return _fact(command.sent_ms, command.shop, "review.posted", command.review)
        case _:
            return None


def _fact(sent_ms: int, shop: str, kind: str, name: str) -> RepeatKey:
    digest = _digest(shop, kind, name, str(sent_ms))
    return RepeatKey(RepeatKind.FACT, digest, month=sent_ms // MONTH_MS)
