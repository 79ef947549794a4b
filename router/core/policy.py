"""What a desk is and what its rules are: data that the log carries (RULES, all sections).

A `Desk` is adopted by a command, so a replay knows what judged what. Every number is a
default that a shop may change; durations are milliseconds, money is fen.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from router.core.kinds import (
    CALL_BACK,
    DAY_MS,
    HOUR_MS,
    KNOWN_KINDS,
    MINUTE_MS,
    ORDER_CHECK,
    REFUND,
    ItemKind,
    Meets,
    Opens,
)

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


FAREWELLS = (
    *("好", "好的", "好吧", "行", "可以", "谢谢", "谢谢你", "谢谢您", "谢谢亲", "感谢", "多谢"),
    *("再见", "拜拜", "不用了", "不买了", "拍了", "已拍", "拍下了", "知道了", "明白了"),
    *("ok", "嗯", "嗯嗯"),
)


class ConductRule(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a conduct finding (RULES §1, §6)."""

    rule: str
    fine_fen: int = 0
    charge: Literal["confirmed", "at_once", "never"] = "confirmed"
    """Charged when a supervisor has confirmed the flag, at once, or never."""
    sending: Literal["record", "warn", "block"] = "record"
    """What happens to such a message written through our API, before it is sent."""


CONDUCT = (
    ConductRule(rule="honorific", fine_fen=1000),
    ConductRule(rule="short_reply", fine_fen=1000, sending="warn"),
    ConductRule(rule="alternatives", fine_fen=1000, sending="warn"),
    ConductRule(rule="abuse", fine_fen=10_000, sending="block"),
    ConductRule(rule="off_platform", sending="warn"),
    ConductRule(rule="close_order", sending="warn"),
    ConductRule(rule="bank_transfer", sending="warn"),
    ConductRule(rule="invoice_refused", sending="warn"),
    ConductRule(rule="impersonation", sending="warn"),
    ConductRule(rule="prohibited", sending="block"),
    ConductRule(rule="harassment"),
    ConductRule(rule="slow_stall"),
)


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of RULES §1–§6 and §9; a shop may have its own. What is about people rather than
    shops (handover, presence) is the desk's."""

    reply_ms: int = 5 * MINUTE_MS
    reply_fine_fen: int = 2000
    reply_repeat_ms: int = 0
    """Count the same wait again every so often; 0 for once per wait."""
    bots_answer: bool = False
    """Whether a bot's message ends a buyer's wait."""
    follow_up_from_ms: int = 10 * MINUTE_MS
    follow_up_to_ms: int = 20 * MINUTE_MS
    follow_up_fine_fen: int = 2000
    items: tuple[ItemKind, ...] = (ORDER_CHECK, REFUND, CALL_BACK)
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
    # Away (RULES §1: 4, §4)
    away_fine_fen: int = 2000
    away_return_ms: int = 5 * MINUTE_MS
    """Within this of coming back, those who were told get an answer."""
    presence_max_ms: int = 0
    """Presence without a heartbeat ends after this; 0: it does not."""
    presence_ends_with_shift: bool = False
    # Shifts and handover (RULES §5)
    handover_required: bool = True
    handover_fine_fen: int = 3000
    handover_grace_ms: int = 10 * MINUTE_MS
    late_after_ms: int = 0
    """Who comes later than this after their shift's start is late."""
    follows_within_ms: int = 2 * HOUR_MS
    """A shift follows another one if it begins at most this long before or after its end."""
    # Conduct (RULES §1: 1, 2, 5, 7; §6)
    conduct: tuple[ConductRule, ...] = CONDUCT
    honorific_every_message: bool = False
    short_reply_min: int = 5
    alternatives_min: int = 2
    harassment_messages: int = 5
    harassment_window_ms: int = 10 * MINUTE_MS
    stall_ms: int = 2 * MINUTE_MS
    # Automatic replies and bots
    out_of_hours_text: str = ""
    """Sent when a buyer writes outside the service hours; "" for nothing."""
    waiting_text: str = ""
    """Sent when a buyer has waited for `waiting_after_ms`; "" for nothing."""
    waiting_after_ms: int = 2 * MINUTE_MS
    auto_period_ms: int = 12 * HOUR_MS
    """Each automatic text goes to a buyer at most once in a session, and in this period."""
    bot_mode: Literal["off", "people_first", "bot_first", "mixed"] = "off"
    """people_first: asked when nobody can take the session; bot_first: before anybody gets it;
    mixed: asked about every message while people hold it, too."""
    bot_wait_ms: int = 15_000
    """How long a bot may take before people get the session."""

    def conduct_rule(self, rule: str) -> ConductRule:
        """What becomes of findings of this rule; one that is not listed is only recorded."""
        found = (known for known in self.conduct if known.rule == rule)
        return next(found, ConductRule(rule=rule, charge="never"))


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


__all__ = [
    "BEIJING_OFFSET_MS",
    "CONDUCT",
    "DAY_MS",
    "FAREWELLS",
    "HOUR_MS",
    "KNOWN_KINDS",
    "MINUTE_MS",
    "ORDER_CHECK",
    "REFUND",
    "Agent",
    "AwayMessages",
    "ConductRule",
    "Desk",
    "ItemKind",
    "Meets",
    "Opens",
    "Policy",
    "ServiceHours",
    "Shop",
    "Strategy",
    "SubAccount",
    "in_service",
]
