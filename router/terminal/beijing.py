"""Times as people in the shops say them: Asia/Shanghai, which has had no summer time since 1991."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)


def shown(text: Any, pattern: str = "%m-%d %H:%M") -> str:
    """A moment of the API; "" where there is none."""
    try:
        return datetime.fromisoformat(text).astimezone(BEIJING).strftime(pattern)
    except (TypeError, ValueError):
        return ""


def moment(text: str, now: datetime) -> datetime:
    """ "18:30": the next such time; else a time like 2026-11-21T18:30, by Beijing unless it
    names a zone. Raises ValueError."""
    clock = _CLOCK.fullmatch(text.strip())
    if clock is None:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=BEIJING)
    here = now.astimezone(BEIJING)
    wall = time(int(clock[1]), int(clock[2]), tzinfo=BEIJING)
    found = datetime.combine(here.date(), wall)
    return found if found > here else found + timedelta(days=1)


def midnight(text: str, now: datetime) -> datetime:
    """With which this day begins: "2026-11-21", or today for "". Raises ValueError."""
    day = date.fromisoformat(text) if text else now.astimezone(BEIJING).date()
    return datetime.combine(day, time(0, 0, tzinfo=BEIJING))


def now() -> datetime:
    return datetime.now(UTC)
