"""The values of a desk's rules, by key, in the form in which people read and change them.

Durations are as in the file (`"90s"`, `"5m"`), amounts are fen, service hours are a list of
spans (`"Mon-Fri 09:00-23:00"`), a time of day is `"18:00"` or "".
"""

from __future__ import annotations

from router.core.kinds import KNOWN_KINDS, ItemKind
from router.core.policy import Desk, Policy, ServiceHours, Shop
from router.policy_editing.keys import Key, Words

Value = bool | int | str | list[str]

_UNITS = (
    ("d", 86_400, "天", "d"),
    ("h", 3_600, "小时", "h"),
    ("m", 60, "分钟", "min"),
    ("s", 1, "秒", "s"),
)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAYS_ZH = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


def read(key: Key, desk: Desk, shop: Shop | None = None) -> Value:
    """The value in force at the shop; without one, at shops that say nothing of their own."""
    if key.id == "strategy":
        return desk.strategy.value
    if key.id == "service_hours":
        return [span_of(hours) for hours in shop.service_hours] if shop else []
    if key.id == "lateness":
        return duration_of((shop or Shop(id="")).lateness_ms)
    policy = (shop.policy if shop else None) or desk.policy
    table, _, rest = key.id.partition(".")
    name, _, field = rest.rpartition(".")
    if table == "items" and rest:
        return _of_item(key, policy, name, field)
    if table == "conduct" and rest:
        rule = policy.conduct_rule(name)
        return rule.fine_fen if field == "fine" else str(getattr(rule, field))
    return _of_policy(key, policy)


def _of_policy(key: Key, policy: Policy) -> Value:
    match key.kind:
        case "duration":
            return duration_of(getattr(policy, f"{key.id}_ms"))
        case "fen":
            return int(getattr(policy, f"{key.id}_fen"))
        case "flag":
            return bool(getattr(policy, key.id))
        case "number":
            return int(getattr(policy, key.id))
        case "words":
            return list(getattr(policy, key.id))
        case _:
            return str(getattr(policy, key.id))


def _of_item(key: Key, policy: Policy, name: str, field: str) -> Value:
    """Of a kind that is not there: as it would begin."""
    own = next((item for item in policy.items if item.name == name), None)
    if key.kind == "switch":
        return own is not None
    kind = own or KNOWN_KINDS.get(name)
    if kind is None:  # another desk's
        return 0 if key.kind == "fen" else "0s" if key.kind == "duration" else ""
    return _of_kind(kind, field)


def _of_kind(kind: ItemKind, field: str) -> Value:
    match field:
        case "due":
            return duration_of(kind.due_ms)
        case "fine":
            return kind.fine_fen
        case "cut_off":
            return "" if kind.cut_off_minute < 0 else clock_of(kind.cut_off_minute)
        case "cut_off_before":
            return duration_of(kind.cut_off_before_ms)
        case _:
            return kind.auto_text


def is_there(key: Key, desk: Desk, shop: Shop | None = None) -> bool:
    """Whether there can be such a value: a kind of work of somebody's own is only where it is."""
    table, _, rest = key.id.partition(".")
    name = rest.rpartition(".")[0]
    policy = (shop.policy if shop else None) or desk.policy
    return table != "items" or name in KNOWN_KINDS or any(i.name == name for i in policy.items)


DEFAULTS = Desk(id="")
"""What a desk has that says nothing."""


def duration_of(ms: int) -> str:
    """In the largest unit that leaves no rest, as people say it: 24 h rather than 1 d."""
    seconds = ms // 1_000
    for unit, size, _, _ in _UNITS:
        if seconds and seconds % size == 0 and (unit != "d" or seconds >= 2 * size):
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def clock_of(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def span_of(hours: ServiceHours) -> str:
    days = _days(hours.days, _DAYS, "-", ",")
    span = f"{clock_of(hours.from_minute)}-{clock_of(hours.to_minute)}"
    return f"{days} {span}" if days else span


def _days(days: tuple[int, ...], names: tuple[str, ...], to: str, comma: str) -> str:
    """Runs of days; "" for all of them."""
    if len(days) == len(names):
        return ""
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return comma.join(
        names[run[0]] if len(run) == 1 else f"{names[run[0]]}{to}{names[run[-1]]}" for run in runs
    )


# In words


def say(key: Key, value: Value) -> Words:
    """A value as it stands in a sentence."""
    if isinstance(value, bool):
        if key.kind == "switch":
            return Words("开启", "on") if value else Words("关闭", "off")
        return Words("是", "yes") if value else Words("否", "no")
    if isinstance(value, list):
        return _say_list(key, value)
    if key.kind == "fen" and isinstance(value, int):
        return _same(f"¥{value / 100:.2f}".removesuffix(".00"))
    if key.kind == "duration":
        return say_duration(str(value))
    if key.kind == "choice":
        found = (choice for choice in key.choices if choice.value == value)
        choice = next(found, None)
        return Words(choice.zh, choice.en) if choice else _same(str(value))
    if value == "":
        return Words("无", "none") if key.kind == "time" else Words("不发", "nothing")
    return Words(f"「{value}」", f"“{value}”") if key.kind == "text" else _same(str(value))


def _same(text: str) -> Words:
    return Words(text, text)


def say_duration(text: str) -> Words:
    for unit, _, zh, en in _UNITS:
        if text.endswith(unit):
            number = text.removesuffix(unit)
            return Words(f"{number} {zh}", f"{number} {en}")
    return _same(text)


def _say_list(key: Key, values: list[str]) -> Words:
    if key.kind != "hours":
        return _same("、".join(values)) if values else Words("无", "none")
    if not values:
        return Words("全天", "always")
    zh = []
    for span in values:
        for name, own in zip(_DAYS, _DAYS_ZH, strict=True):
            span = span.replace(name, own)
        zh.append(span.replace("-周", "至周").replace(",周", "、周"))
    return Words(";".join(zh), "; ".join(values))
