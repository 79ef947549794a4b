"""An empty roster to fill in: agents, days, and what the shifts' names mean."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time, timedelta

from router.tables import Sheet, Value

_WEEKDAYS = "一二三四五六日"
_DEFINITIONS: tuple[tuple[Value, ...], ...] = (
    ("班次", "开始", "结束", "休息", "子账号"),
    ("早班", time(9), time(18), "12:00-12:30", ""),
    ("晚班", time(16), "24:00", "19:00-19:30", ""),
    ("夜班", time(22), time(6), "02:00-02:30", ""),
)
_REMARKS = (
    "“排班”表:一行一名客服,一列一天。格子里写班次名(早班),或时间(09:00-18:00);"
    "一天几个班用 + 隔开;不上班留空或写 休。",
    "“班次”表:写明每个班次几点到几点;结束不晚于开始的,算到次日。可以增删改。",
    "“班次”表的子账号空着,就用客服自己的;多个用、隔开。",
    "导入会替换这些天里还没开始的全部班次,没写到的就去掉;导入之前可以先看会改什么。",
    "Rows are agents, columns are days. A cell holds a shift's name or its times; empty: no shift.",
    "An import replaces all that has not begun on these days. It shows first what would change.",
)


def template(agents: Mapping[str, str], first: date, days: int) -> list[Sheet]:
    """A workbook for these agents (ids with names) and so many days; it imports as it is."""
    dates = [first + timedelta(days=number) for number in range(days)]
    header = (
        "客服",
        "姓名",
        *(f"{day.isoformat()}(周{_WEEKDAYS[day.weekday()]})" for day in dates),
    )
    rows = [(agent, name, *([""] * days)) for agent, name in agents.items()]
    return [
        Sheet.of("排班", [header, *rows]),
        Sheet.of("班次", _DEFINITIONS),
        Sheet.of("说明", [(line,) for line in _REMARKS]),
    ]
