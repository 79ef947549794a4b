"""A `[policy]` table: the numbers of the rules, in human units, over those of a base policy."""

from __future__ import annotations

import msgspec

from router.core.policy import AwayMessages, Policy
from router.marks import normalise
from router.settings.conduct import read_conduct
from router.settings.items import read_items
from router.settings.reading import (
    FLAG,
    NAME,
    TEXT,
    YUAN,
    Kind,
    Table,
    choice,
    duration,
    one_of,
)

_DURATIONS = {
    "reply": 1,
    "reply_repeat": 0,
    "follow_up_from": 1,
    "follow_up_to": 1,
    "session_idle": 60,
    "order_window": 0,
    "sticky": 0,
    "late_limit": 0,
    "warn_before": 0,
    "rescue_before": 0,
    "grace": 0,
    "outage_grace": 0,
    "message_expiry": 1,
    "away_return": 1,
    "presence_max": 0,
    "handover_grace": 0,
    "late_after": 0,
    "follows_within": 0,
    "waiting_after": 1,
    "auto_period": 0,
    "bot_wait": 1,
}
"""Keys of durations, with the least they may be, in seconds."""
_FINES = ("reply_fine", "follow_up_fine", "away_fine", "handover_fine")
_FLAGS = ("bots_answer", "check_all_orders", "presence_ends_with_shift", "handover_required")
_TEXTS = ("away_text", "queue_text", "out_of_hours_text", "waiting_text")
_BOT_MODE = one_of("off", "people_first", "bot_first", "mixed")


def _farewell(value: object) -> str:
    word = normalise(NAME.parse(value))
    if not word:
        raise ValueError
    return word


FAREWELL = Kind("含有字母、汉字或数字的文字", "text with letters or digits", _farewell)
"""Kept as messages are compared: normalised."""


def read_policy(table: Table, base: Policy) -> Policy:
    """The base with whatever the table changes; checked as a whole."""
    changes: dict[str, object] = {}

    def keep(key: str, field: str, kind: Kind[int] | Kind[bool] | Kind[str]) -> None:
        old = getattr(base, field)
        changes[field] = table.take(key, kind, old)

    for key, least_s in _DURATIONS.items():
        keep(key, f"{key}_ms", duration(least_s))
    for key in _FINES:
        keep(key, f"{key}_fen", YUAN)
    for key in _FLAGS:
        keep(key, key, FLAG)
    for key in _TEXTS:
        keep(key, key, TEXT)
    changes["away_messages"] = table.take("away_messages", choice(AwayMessages), base.away_messages)
    changes["bot_mode"] = table.take("bot_mode", _BOT_MODE, str(base.bot_mode))
    changes["farewells"] = table.many("farewells", FAREWELL, base.farewells)
    changes["items"] = read_items(table, base.items)
    changes |= read_conduct(table, base)
    table.close()
    policy = msgspec.structs.replace(base, **changes)
    _check(table, policy)
    return policy


def _check(table: Table, policy: Policy) -> None:
    if policy.grace_ms >= policy.reply_ms:
        table.error(
            "grace",
            "必须短于 reply,否则谁都不会被扣款",
            "must be shorter than reply: nobody would ever be charged",
        )
    for item in policy.items:
        if item.fine_fen and policy.grace_ms >= item.due_ms:
            table.error(
                "grace",
                f"必须短于 {item.name} 的 due,否则谁都不会被扣款",
                f"must be shorter than due of {item.name}: nobody would ever be charged",
            )
    if policy.follow_up_from_ms >= policy.follow_up_to_ms:
        table.error("follow_up_to", "必须长于 follow_up_from", "must be longer than follow_up_from")
    if policy.rescue_before_ms >= policy.reply_ms:
        table.warn(
            "rescue_before",
            "不短于 reply,不会有任何会话被救援",
            "is not shorter than reply: no session will ever be rescued",
        )
    _check_waiting(table, policy)
    if policy.warn_before_ms >= policy.reply_ms:
        table.warn(
            "warn_before",
            "不短于 reply,回复超时前不会有预警",
            "is not shorter than reply: nobody is warned before a late reply",
        )


def _check_waiting(table: Table, policy: Policy) -> None:
    """What is to happen while a buyer waits happens before the reply is due."""
    if policy.waiting_text and policy.waiting_after_ms >= policy.reply_ms:
        table.warn(
            "waiting_after",
            "不短于 reply,买家要等到超时才会收到 waiting_text",
            "is not shorter than reply: the buyer gets waiting_text after the deadline only",
        )
    if policy.bot_mode != "off" and policy.bot_wait_ms >= policy.reply_ms:
        table.warn(
            "bot_wait",
            "不短于 reply,机器人不答时买家等到超时才轮到客服",
            "is not shorter than reply: where the bot is silent, people get it too late",
        )
    if 0 < policy.presence_max_ms < policy.away_return_ms:
        table.warn(
            "presence_max",
            "短于 away_return,客服回来后还没到回复期限就会被下线",
            "is shorter than away_return: who is back is offline before the answer is due",
        )
