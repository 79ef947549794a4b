"""Kinds of work items (RULES §9): data of a policy."""

from __future__ import annotations

from enum import StrEnum

import msgspec

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


class Opens(StrEnum):
    """What opens a work item."""

    ORDER_PLACED = "order.placed"
    ORDER_PAID = "order.paid"
    ORDER_SHIPPED = "order.shipped"
    REFUND_REQUESTED = "refund.requested"
    REVIEW_POSTED = "review.posted"
    PROMISED = "promised"
    """An agent's act, or a handover."""


class Meets(StrEnum):
    """What meets a work item's deadline."""

    SHOWS_ORDER = "shows_order"
    """Any message of the shop's side, automatic ones too, that shows the order."""
    AGENT_MESSAGE = "agent_message"
    """A person's message to that buyer."""
    RESOLVED = "resolved"
    """An act that settles the item: agreed, refused, withdrawn, accepted by a supervisor."""
    QUICK_REPLY = "quick_reply"
    """A message of the shop's side that is a quick reply of the category named as the kind."""
    NOTE = "note"
    """An agent's note of what was done, or of the answer."""
    AUTO_MESSAGE = "auto_message"
    """The kind's own automatic message, sent when the item opens."""


class ItemKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of work item (RULES §9): what opens, meets and cancels it, and what a miss costs."""

    name: str
    opens: Opens
    due_ms: int
    fine_fen: int = 0
    met_by: tuple[Meets, ...]
    met_by_all: bool = False
    """Whether each of `met_by` is needed, in any order; else any one will do."""
    cancelled_by: tuple[str, ...] = ()
    """Types of order events: `order.closed`, `order.paid`, `order.shipped`."""
    in_session_only: bool = False
    """Opened only while the buyer's session is open or within `order_window_ms` of its end;
    in the latter case it opens a session (RULES §2, order_check)."""
    follows_session: bool = False
    """Moves with the buyer's session whenever that gets a holder."""
    group: str = ""
    """Which group takes it when nobody holds the buyer's session; "" for anybody."""
    reasons: tuple[str, ...] = ()
    """Which reasons carry a deadline; others go to the supervisors. Empty: all."""
    unpaid_only: bool = False
    """Opened only by an order that is not known to be paid."""
    pay_on_delivery_only: bool = False
    ratings: tuple[str, ...] = ()
    """Of reviews: which ratings open it. Empty: all."""
    cut_off_minute: int = -1
    """Minute of the day (Beijing) of the shop's daily cut-off: then it is due `cut_off_before_ms`
    before the next one, where that comes before `due_ms` has passed. -1: none."""
    cut_off_before_ms: int = 0
    auto_text: str = ""
    """Sent to the buyer when the item opens; with the order's number for `{order}`."""


ORDER_CHECK = ItemKind(
    name="order_check",
    opens=Opens.ORDER_PLACED,
    due_ms=10 * MINUTE_MS,
    fine_fen=1000,
    met_by=(Meets.SHOWS_ORDER,),
    cancelled_by=("order.closed",),
    in_session_only=True,
    follows_session=True,
)
REFUND = ItemKind(
    name="refund",
    opens=Opens.REFUND_REQUESTED,
    due_ms=30 * MINUTE_MS,
    fine_fen=3000,
    met_by=(Meets.RESOLVED,),
    group="after_sale",
    reasons=("mistaken_order", "reorder", "changed_mind"),
)

# Known by name, none fined; a policy takes those it wants (RULES §9).

PAYMENT_REMINDER = ItemKind(
    name="payment_reminder",
    opens=Opens.ORDER_PLACED,
    due_ms=30 * MINUTE_MS,
    met_by=(Meets.SHOWS_ORDER, Meets.QUICK_REPLY),
    cancelled_by=("order.paid", "order.closed"),
    unpaid_only=True,
)
COD_CONFIRM = ItemKind(
    name="cod_confirm",
    opens=Opens.ORDER_PLACED,
    due_ms=10 * MINUTE_MS,
    met_by=(Meets.AGENT_MESSAGE, Meets.NOTE),
    met_by_all=True,
    cancelled_by=("order.closed",),
    pay_on_delivery_only=True,
)
ADDRESS_CHECK = ItemKind(
    name="address_check",
    opens=Opens.ORDER_PAID,
    due_ms=10 * MINUTE_MS,
    met_by=(Meets.SHOWS_ORDER,),
    cancelled_by=("order.closed",),
)
SHIPPING_NOTICE = ItemKind(
    name="shipping_notice",
    opens=Opens.ORDER_SHIPPED,
    due_ms=MINUTE_MS,
    met_by=(Meets.AUTO_MESSAGE, Meets.SHOWS_ORDER),
    auto_text="亲,您的订单 {order} 已经发货啦,请留意物流信息,感谢您的支持!",
)
REVIEW_CASE = ItemKind(
    name="review_case",
    opens=Opens.REVIEW_POSTED,
    due_ms=DAY_MS,
    met_by=(Meets.NOTE,),
    ratings=("neutral", "bad"),
    group="after_sale",
)
CALL_BACK = ItemKind(
    name="call_back",
    opens=Opens.PROMISED,
    due_ms=HOUR_MS,
    met_by=(Meets.AGENT_MESSAGE,),
    follows_session=True,
)

KNOWN_KINDS = {
    kind.name: kind
    for kind in (
        ORDER_CHECK,
        REFUND,
        PAYMENT_REMINDER,
        COD_CONFIRM,
        ADDRESS_CHECK,
        SHIPPING_NOTICE,
        REVIEW_CASE,
        CALL_BACK,
    )
}
"""The kinds of RULES, by name: a policy's item of such a name changes that one."""
