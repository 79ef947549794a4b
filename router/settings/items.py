"""The `[[policy.items]]` of a policy: kinds of work items (RULES §9)."""

from __future__ import annotations

import re

from router.core.kinds import CALL_BACK, DAY_MS, HOUR_MS, KNOWN_KINDS, ItemKind, Meets, Opens
from router.settings.reading import FLAG, ID, TEXT, YUAN, Kind, Table, choice, duration, one_of

_CANCELS = one_of("order.closed", "order.paid", "order.shipped")
_REASON = one_of("mistaken_order", "reorder", "changed_mind", "other")
_RATING = one_of("good", "neutral", "bad")
_TIME = re.compile(r"(\d{2}):([0-5]\d)", re.ASCII)


def _minute(value: object) -> int:
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[1]) >= 24:
        raise ValueError
    return int(match[1]) * 60 + int(match[2])


MINUTE = Kind(
    '一天中的时刻,北京时间(如 "18:00")',
    'a time of day in Beijing such as "18:00"',
    _minute,
)


def read_items(table: Table, base: tuple[ItemKind, ...]) -> tuple[ItemKind, ...]:
    """The base with what the table's `[[items]]` change and add.

    An item of a name that the base has changes that one; one of a name that the rules know
    (`KNOWN_KINDS`) begins as that kind; any other is a further kind.
    """
    items = {item.name: item for item in base}
    seen: set[str] = set()
    for entry in table.tables("items"):
        name = entry.need("name", ID, "")
        if name and name in seen:
            entry.error("name", f"重复的编号 {name}", f"duplicate id {name}")
        seen.add(name)
        item = _read_item(entry, name, items.get(name) or KNOWN_KINDS.get(name))
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
        met_by_all=entry.take("met_by_all", FLAG, old.met_by_all),
        cancelled_by=entry.many("cancelled_by", _CANCELS, old.cancelled_by),
        in_session_only=entry.take("in_session_only", FLAG, old.in_session_only),
        follows_session=entry.take("follows_session", FLAG, old.follows_session),
        group=entry.take("group", TEXT, old.group),
        reasons=entry.many("reasons", _REASON, old.reasons),
        unpaid_only=entry.take("unpaid_only", FLAG, old.unpaid_only),
        pay_on_delivery_only=entry.take("pay_on_delivery_only", FLAG, old.pay_on_delivery_only),
        ratings=entry.many("ratings", _RATING, old.ratings),
        cut_off_minute=entry.take("cut_off", MINUTE, old.cut_off_minute),
        cut_off_before_ms=entry.take("cut_off_before", duration(), old.cut_off_before_ms),
        auto_text=entry.take("auto_text", TEXT, old.auto_text),
    )
    if not entry.has("met_by") and base is None:
        words = choice(Meets)
        entry.error("met_by", f"缺少,应为 [{words.zh}]", f"missing; expected [{words.en}]")
    elif entry.is_empty("met_by"):
        entry.error("met_by", "不能为空", "must not be empty")
    _check_opening(entry, item)
    _check_cut_off(entry, item)
    _check_text(entry, item)
    entry.close()
    return item


def _check_opening(entry: Table, item: ItemKind) -> None:
    by_order = item.opens.value.startswith("order.")
    only_orders = ("只用于由 order.* 打开的工作项", "is only for items that an order.* event opens")
    if item.unpaid_only and not by_order:
        entry.error("unpaid_only", *only_orders)
    if item.pay_on_delivery_only and not by_order:
        entry.error("pay_on_delivery_only", *only_orders)
    if item.auto_text and not by_order:
        entry.error("auto_text", *only_orders)
    if item.ratings and item.opens is not Opens.REVIEW_POSTED:
        entry.error(
            "ratings",
            "只用于由 review.posted 打开的工作项",
            "is only for items that review.posted opens",
        )
    if (item.opens is Opens.PROMISED) != (item.name == CALL_BACK.name):
        entry.error(
            "opens",
            f"promised 用于且只用于 {CALL_BACK.name}",
            f"promised is for {CALL_BACK.name}, and for it alone",
        )


def _check_cut_off(entry: Table, item: ItemKind) -> None:
    if item.cut_off_before_ms and item.cut_off_minute < 0:
        entry.error("cut_off_before", "还需要写 cut_off", "needs cut_off beside it")
    if item.cut_off_before_ms >= DAY_MS:
        entry.error("cut_off_before", "必须短于 24h", "must be shorter than 24h")


def _check_text(entry: Table, item: ItemKind) -> None:
    if item.met_by == (Meets.AUTO_MESSAGE,) and not item.auto_text:
        entry.error(
            "auto_text",
            "met_by 只有 auto_message 时必须写",
            "must be given where met_by is auto_message alone",
        )
