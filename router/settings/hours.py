"""Service hours as people write them: `Mon-Fri 09:00-23:00`, `周六,周日 22:00-02:00`."""

from __future__ import annotations

import re

from router.core.policy import ServiceHours
from router.settings.reading import Kind

_DAYS = {
    name: day
    for names in (
        ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
        ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    )
    for day, name in enumerate(names)
}
_HOURS = re.compile(r"(?:(?P<days>\S+)\s+)?(\d{2}):([0-5]\d)\s*[-–]\s*(\d{2}):([0-5]\d)", re.ASCII)


def _days(text: str) -> tuple[int, ...]:
    found: set[int] = set()
    for part in text.lower().replace(",", ",").split(","):
        first, _, last = part.replace("–", "-").partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise ValueError
        begin, end = _DAYS[first], _DAYS[last or first]
        found.update((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return tuple(sorted(found))


def parse_hours(value: object) -> ServiceHours:
    """Raises ValueError. A span whose end is before its begin goes over midnight."""
    match = _HOURS.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError
    begin = int(match[2]) * 60 + int(match[3])
    end = int(match[4]) * 60 + int(match[5])
    if begin >= 1440 or end > 1440 or begin == end:
        raise ValueError
    days = _days(match["days"]) if match["days"] else tuple(range(7))
    return ServiceHours(days=days, from_minute=begin, to_minute=end)


HOURS = Kind(
    '服务时间(如 "Mon-Sun 09:00-23:00"、"周六,周日 22:00-02:00")',
    'service hours such as "Mon-Sun 09:00-23:00" or "Sat,Sun 22:00-02:00"',
    parse_hours,
)
