"""Times of day and spans of time as people write them: 9:00, 09:00-18:00, 22:00-次日6:00, 9点半.

In seconds since the midnight (Asia/Shanghai) with which the shift's day begins; what lies in the
next day is beyond 24 h. Raises ValueError for what is none.
"""

from __future__ import annotations

import re
from datetime import time

from router.roster.words import listed, plain
from router.tables import Cell

DAY_S = 86_400

_TIME = r"(?:次日|翌日|第二天)?\s*\d{1,2}(?::\d{2}(?::\d{2})?|[点时](?:半|\d{1,2}分?)?)"
_PARTS = re.compile(
    r"(次日|翌日|第二天)?\s*(\d{1,2})(?::(\d{2})(?::(\d{2}))?|[点时](半|\d{1,2})?分?)"
)
_SPAN = re.compile(rf"({_TIME})\s*(?:-{{1,2}}|~{{1,2}}|至|到)\s*({_TIME})")


def seconds_of(cell: Cell) -> int:
    """A cell's time of day, be it text or Excel's own."""
    if isinstance(cell.value, time):
        return cell.value.hour * 3600 + cell.value.minute * 60 + cell.value.second
    return _seconds(plain(cell.text))


def span_of(text: str) -> tuple[int, int]:
    """`09:00-18:00`; an end at or before the start lies in the next day."""
    match = _SPAN.fullmatch(plain(text))
    if not match:
        raise ValueError
    start_s = _seconds(match[1])
    return start_s, after(start_s, _seconds(match[2]))


def spans_of(text: str) -> list[tuple[int, int]]:
    """Several spans, separated as lists are."""
    joined = re.sub(r"\s*(-{1,2}|~{1,2}|至|到)\s*", r"\1", plain(text))
    return [span_of(part) for part in listed(joined)]


def after(start_s: int, end_s: int) -> int:
    """The first time at this hour behind the start."""
    while end_s <= start_s:
        end_s += DAY_S
    return end_s


def _seconds(text: str) -> int:
    match = _PARTS.fullmatch(text)
    if not match:
        raise ValueError
    next_day, hours, minutes, seconds, spoken = match.groups()
    minute = 30 if spoken == "半" else int(minutes or spoken or 0)
    of_day_s = int(hours) * 3600 + minute * 60 + int(seconds or 0)
    if minute > 59 or int(seconds or 0) > 59 or of_day_s > DAY_S:
        raise ValueError
    return of_day_s + (DAY_S if next_day else 0)
