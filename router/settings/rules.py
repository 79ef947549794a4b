"""A `[policy]` table: the numbers of the rules, in human units, over those of a base policy."""

from __future__ import annotations

import msgspec

from router.core.policy import HOUR_MS, AwayMessages, ItemKind, Meets, Opens, Policy
from router.marks import normalise
from router.settings.reading import (
    FLAG,
    ID,
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
}
"""Keys of durations, with the least they may be, in seconds."""
_FINES = ("reply_fine", "follow_up_fine")
_FLAGS = ("bots_answer", "check_all_orders")
_TEXTS = ("away_text", "queue_text")


def _farewell(value: object) -> str:
    word = normalise(NAME.parse(value))
    if not word:
        raise ValueError
    return word


FAREWELL = Kind("含有字母、汉字或数字的文字", "text with letters or digits", _farewell)
"""Kept as messages are compared: normalised."""


_CANCELS = one_of("order.closed", "order.paid", "order.shipped")
_REASON = one_of("mistaken_order", "reorder", "changed_mind", "other")


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
    changes["farewells"] = table.many("farewells", FAREWELL, base.farewells)
    changes["items"] = _read_items(table, base.items)
    table.close()
    policy = msgspec.structs.replace(base, **changes)
    _check(table, policy)
    return policy


def _read_items(table: Table, base: tuple[ItemKind, ...]) -> tuple[ItemKind, ...]:
    """An item of a known name changes that one; any other is a further kind."""
    items = {item.name: item for item in base}
    seen: set[str] = set()
    for entry in table.tables("items"):
        name = entry.need("name", ID, "")
        if name and name in seen:
            entry.error("name", f"重复的编号 {name}", f"duplicate id {name}")
        seen.add(name)
        item = _read_item(entry, name, items.get(name))
        if name:
            items[name] = item
    return tuple(items.values())


def _read_item(entry: Table, name: str, base: ItemKind | None) -> ItemKind:
    old = base or ItemKind(name=name, opens=Opens.ORDER_PLACED, due_ms=HOUR_MS, met_by=())
    get = entry.need if base is None else entry.take
    item = ItemKind(
        name=name,
        opens=get("opens", choice(Opens), old.opens),
        due_ms=get("due", duration(), old.due_ms),
        fine_fen=entry.take("fine", YUAN, old.fine_fen),
        met_by=entry.many("met_by", choice(Meets), old.met_by),
        cancelled_by=entry.many("cancelled_by", _CANCELS, old.cancelled_by),
        in_session_only=entry.take("in_session_only", FLAG, old.in_session_only),
        follows_session=entry.take("follows_session", FLAG, old.follows_session),
        group=entry.take("group", TEXT, old.group),
        reasons=entry.many("reasons", _REASON, old.reasons),
    )
    if not entry.has("met_by") and base is None:
        words = choice(Meets)
        entry.error("met_by", f"缺少,应为 [{words.zh}]", f"missing; expected [{words.en}]")
    elif entry.is_empty("met_by"):
        entry.error("met_by", "不能为空", "must not be empty")
    entry.close()
    return item


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
    if policy.warn_before_ms >= policy.reply_ms:
        table.warn(
            "warn_before",
            "不短于 reply,回复超时前不会有预警",
            "is not shorter than reply: nobody is warned before a late reply",
        )
