"""What a desk is and what its rules are: data that the log carries (RULES, all sections).

A `Desk` is adopted by a command, so a replay knows what judged what. Every number is a
default that a shop may change; durations are milliseconds, money is fen.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
BEIJING_OFFSET_MS = 8 * HOUR_MS
"""Asia/Shanghai has had no summer time since 1991: a constant."""


class Strategy(StrEnum):
    """Who of those who can take a session gets it (RULES §3)."""

    LEAST_LOADED = "least_loaded"
    LONGEST_IDLE = "longest_idle"
    ONLINE_TIME = "online_time"
    WEIGHTED = "weighted"
    ROUND_ROBIN = "round_robin"


class AwayMessages(StrEnum):
    """What becomes of a buyer's message whose holder is away (RULES §3)."""

    MOVE = "move"
    KEEP = "keep"


class Opens(StrEnum):
    """What opens a work item."""

    ORDER_PLACED = "order.placed"
    ORDER_PAID = "order.paid"
    ORDER_SHIPPED = "order.shipped"
    REFUND_REQUESTED = "refund.requested"


class Meets(StrEnum):
    """What meets a work item's deadline."""

    SHOWS_ORDER = "shows_order"
    """Any message of the shop's side, automatic ones too, that shows the order."""
    AGENT_MESSAGE = "agent_message"
    """A person's message to that buyer."""
    RESOLVED = "resolved"
    """An act that settles the item: agreed, refused, withdrawn, accepted by a supervisor."""


class ItemKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of work item (RULES §9): what opens, meets and cancels it, and what a miss costs."""

    name: str
    opens: Opens
    due_ms: int
    fine_fen: int = 0
    met_by: tuple[Meets, ...]
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

FAREWELLS = (
    *("好", "好的", "好吧", "行", "可以", "谢谢", "谢谢你", "谢谢您", "谢谢亲", "感谢", "多谢"),
    *("再见", "拜拜", "不用了", "不买了", "拍了", "已拍", "拍下了", "知道了", "明白了"),
    *("ok", "嗯", "嗯嗯"),
)


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of RULES §2–§4; a shop may have its own."""

    reply_ms: int = 5 * MINUTE_MS
    reply_fine_fen: int = 2000
    reply_repeat_ms: int = 0
    """Count the same wait again every so often; 0 for once per wait."""
    bots_answer: bool = False
    """Whether a bot's message ends a buyer's wait."""
    follow_up_from_ms: int = 10 * MINUTE_MS
    follow_up_to_ms: int = 20 * MINUTE_MS
    follow_up_fine_fen: int = 2000
    items: tuple[ItemKind, ...] = (ORDER_CHECK, REFUND)
    session_idle_ms: int = 2 * HOUR_MS
    order_window_ms: int = DAY_MS
    check_all_orders: bool = False
    """Ask an order check of orders without a session, too."""
    sticky_ms: int = DAY_MS
    late_limit_ms: int = DAY_MS
    """What is later than this is kept and shown, and judges nothing."""
    warn_before_ms: int = 2 * MINUTE_MS
    rescue_before_ms: int = 90_000
    """0 for no rescue."""
    grace_ms: int = 2 * MINUTE_MS
    outage_grace_ms: int = 10 * MINUTE_MS
    away_messages: AwayMessages = AwayMessages.MOVE
    away_text: str = "亲,客服临时离开一下,马上回来为您服务,请稍等~"
    queue_text: str = ""
    """Sent once per wait in the queue; "" for nothing."""
    message_expiry_ms: int = 10 * MINUTE_MS
    farewells: tuple[str, ...] = FAREWELLS


class ServiceHours(msgspec.Struct, frozen=True, kw_only=True):
    """From `from_minute` to `to_minute` (exclusive) of the day, on these weekdays (0 = Monday)."""

    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    from_minute: int = 0
    to_minute: int = 1440


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """A store on one platform."""

    id: str
    name: str = ""
    channel: str = "bridge"
    lateness_ms: int = 2 * MINUTE_MS
    """How late a message may reach us and still be judged in its place (RULES §2)."""
    console_only: bool = False
    """Our console is the agents' only client: nothing can reach us late."""
    groups: tuple[str, ...] = ()
    service_hours: tuple[ServiceHours, ...] = ()
    """Empty: always in service."""
    policy: Policy | None = None
    """The shop's own rules instead of the desk's."""


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """A person who answers."""

    id: str
    name: str = ""
    capacity: int = 0
    """How many sessions over all sub-accounts; 0 for no limit."""


class SubAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A platform login of a shop, through which an agent speaks."""

    id: str
    shop: str
    agent: str = ""
    """Who signs on to it unless somebody else does; "" for nobody."""
    groups: tuple[str, ...] = ()
    """Empty: takes any group."""
    capacity: int = 0
    """0 for no limit of its own."""
    weight: int = 1


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """A customer-service team with its shops, people and rules: the unit of partitioning."""

    id: str
    name: str = ""
    strategy: Strategy = Strategy.LEAST_LOADED
    policy: Policy = Policy()
    shops: tuple[Shop, ...] = ()
    agents: tuple[Agent, ...] = ()
    sub_accounts: tuple[SubAccount, ...] = ()


def in_service(hours: tuple[ServiceHours, ...], at_ms: int) -> bool:
    """Whether this moment lies in the service hours, by Beijing time. Pure arithmetic."""
    if not hours:
        return True
    day, in_day_ms = divmod(at_ms + BEIJING_OFFSET_MS, DAY_MS)
    weekday = (day + 3) % 7  # 1970-01-01 was a Thursday
    minute = in_day_ms // MINUTE_MS
    for span in hours:
        if span.from_minute <= span.to_minute:
            if weekday in span.days and span.from_minute <= minute < span.to_minute:
                return True
        elif (weekday in span.days and minute >= span.from_minute) or (
            (weekday - 1) % 7 in span.days and minute < span.to_minute
        ):
            return True  # a span across midnight belongs to the day on which it begins
    return False
