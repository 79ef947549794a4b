"""Rosters as tests write them: rows of text, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from router.roster import BadRoster, Imported, Shift, import_roster
from router.tables import Sheet, Value

TODAY = date(2026, 11, 21)
AGENTS = {"li": "小李", "wang": "小王", "zhao": "赵敏"}
SUB_ACCOUNTS = ("tmall:li", "tmall:wang", "jd:1")
LONG = ("客服", "日期", "班次", "开始", "结束", "休息", "子账号")
DEFINITIONS: Sequence[Sequence[Value]] = (
    ("班次", "开始", "结束", "休息", "子账号"),
    ("早", "09:00", "18:00", "12:00-12:30", ""),
    ("晚", "18:00", "24:00", "", "tmall:li"),
    ("夜", "22:00", "06:00", "02:00-02:30、23:00-23:15", ""),
    ("年假", "", "", "", ""),
)

Rows = Sequence[Sequence[Value]]


def imported(
    *sheets: Rows,
    agents: Mapping[str, str] = AGENTS,
    sub_accounts: Sequence[str] = SUB_ACCOUNTS,
    today: date = TODAY,
) -> Imported:
    """The first sheet is called `排班`, those behind it 2, 3, …"""
    made = [Sheet.of("排班" if n == 1 else str(n), rows) for n, rows in enumerate(sheets, 1)]
    return import_roster(made, agents=agents, sub_accounts=sub_accounts, today=today)


def said(*sheets: Rows, agents: Mapping[str, str] = AGENTS) -> list[tuple[str, str, str]]:
    """Place, what was found, and the English words."""
    with pytest.raises(BadRoster) as caught:
        imported(*sheets, agents=agents)
    for problem in caught.value.problems:
        assert any("\u4e00" <= char <= "\u9fff" for char in problem.zh), problem
        assert str(problem).startswith(f"{problem.place}: {problem.zh}"), problem
    return [(problem.place, problem.found, problem.en) for problem in caught.value.problems]


def at(text: str) -> int:
    """`12-01 09:00` of 2026 (Asia/Shanghai), in milliseconds; hours may go beyond 24."""
    day, _, clock = text.partition(" ")
    month, number = map(int, day.split("-"))
    hours, minutes = map(int, clock.split(":"))
    days = (date(2026, month, number) - date(1970, 1, 1)).days
    return ((days * 24 + hours - 8) * 60 + minutes) * 60_000


def shift(agent: str, start: str, end: str, *breaks: tuple[str, str], **more: object) -> Shift:
    accounts = more.get("sub_accounts", ())
    assert isinstance(accounts, tuple)
    return Shift(
        agent=agent,
        from_ms=at(start),
        to_ms=at(end),
        breaks=tuple((at(a), at(b)) for a, b in breaks),
        sub_accounts=accounts,
        name=str(more.get("name", "")),
    )
