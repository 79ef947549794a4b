"""Dates as people write them: 2026-12-01, 12/1, 12月1日(周二), or Excel's own.

A year that is left out is the one that brings the date nearest to today. A weekday beside the
date must be that date's: it tells a slip of the year or the month.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from router.core.policy import BEIJING_OFFSET_MS, DAY_MS
from router.roster.words import plain
from router.tables import Cell

FARTHEST_DAYS = 366
"""A date farther from today is a slip of the pen."""

EXPECTED_ZH = "应为日期(如 2026-12-01、12/1、12月1日)"
EXPECTED_EN = "expected a date (2026-12-01, 12/1, 12月1日)"

_WEEKDAYS = "一二三四五六日天"
_DATE = re.compile(
    r"(?:(?:(?P<year>\d{4})[-/.年]\s*)?(?P<month>\d{1,2})(?P<sep>[-/.月])\s*(?P<day>\d{1,2})[日号]?"
    r"|(?P<y8>\d{4})(?P<m8>\d{2})(?P<d8>\d{2}))"
    r"(?:\s+0?0:00(?::00)?)?"
    rf"\s*(?:\(?(?:周|星期|礼拜)(?P<weekday>[{_WEEKDAYS}])\)?|\((?P<short>[{_WEEKDAYS}])\))?"
)
_WEEKDAY = re.compile(rf"(?:周|星期|礼拜)?[{_WEEKDAYS}]|mon|tue|wed|thu|fri|sat|sun", re.I)
_EPOCH = date(1970, 1, 1)


class BadDate(ValueError):
    """Not a date that could be meant: `zh` and `en` say why."""

    def __init__(self, zh: str = EXPECTED_ZH, en: str = EXPECTED_EN) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def looks_like_date(cell: Cell) -> bool:
    return isinstance(cell.value, date) or bool(_DATE.fullmatch(plain(cell.text)))


def is_weekday(text: str) -> bool:
    """`周一`, `一`, `Mon`."""
    return bool(_WEEKDAY.fullmatch(plain(text)))


def date_of(cell: Cell, today: date) -> date:
    """The date in a cell. Raises `BadDate`."""
    if isinstance(cell.value, datetime):
        raise BadDate
    day = cell.value if isinstance(cell.value, date) else _parsed(plain(cell.text), today)
    if abs((day - today).days) > FARTHEST_DAYS:
        raise BadDate(
            f"{day.isoformat()} 离今天({today.isoformat()})超过一年,请检查年份",
            f"{day.isoformat()} is more than a year from today ({today.isoformat()}):"
            " check the year",
        )
    return day


def midnight_ms(day: date) -> int:
    """When the day begins (Asia/Shanghai), in milliseconds since 1970."""
    return (day - _EPOCH).days * DAY_MS - BEIJING_OFFSET_MS


def _parsed(text: str, today: date) -> date:
    match = _DATE.fullmatch(text)
    if not match:
        raise BadDate
    year = match["year"] or match["y8"]
    month, day = int(match["month"] or match["m8"]), int(match["day"] or match["d8"])
    if not year and match["sep"] == ".":
        raise BadDate  # 12.10 is 12.1 to Excel
    made = _existing(int(year), month, day) if year else _nearest(month, day, today)
    if made is None:
        raise BadDate(f"没有这一天,{EXPECTED_ZH}", f"there is no such day; {EXPECTED_EN}")
    weekday = match["weekday"] or match["short"]
    if weekday and min(_WEEKDAYS.index(weekday), 6) != made.weekday():
        right = _WEEKDAYS[made.weekday()]
        raise BadDate(
            f"{made.isoformat()} 是周{right},请检查日期",
            f"{made.isoformat()} is a {made:%A}: check the date",
        )
    return made


def _nearest(month: int, day: int, today: date) -> date | None:
    years = (today.year + 1, today.year, today.year - 1)  # of two as near, the later
    found = [made for year in years if (made := _existing(year, month, day))]
    return min(found, key=lambda made: abs((made - today).days), default=None)


def _existing(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
