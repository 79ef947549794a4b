"""Rosters that are not well: everything is said, with its place, and nothing taken over."""

from __future__ import annotations

from datetime import date, time

import pytest

from router.roster import BadRoster, import_roster
from tests.roster.reading import DEFINITIONS, LONG, said

TIME = "expected a time such as 09:00 or 24:00"
DATE = "expected a date (2026-12-01, 12/1, 12月1日)"
NO_HEADER = (
    "found no header. Expected: 客服, 日期 and either 班次 or 开始 and 结束; or agents in the first"
    " column and a date over each other column; or, to define shifts, 班次, 开始 and 结束"
)


def test_all_of_a_long_roster_is_said_at_once() -> None:
    assert said(
        [
            LONG,
            ("赵民", "12月32日", "", "25:00", "18:60", "", "tmall:Li2"),
            ("", "", "", "9:00", "", "", ""),
            ("li", "12/1", "", "9:00", "18:00", "08:00-08:30", ""),
            ("li", "12/2", "", "9:00", "18:00", "noon", ""),
            ("li", "12/3", "", "9:00", "18:00", "12:00-13:00、12:30-13:30", ""),
            ("li", "12/4", "", "9:00", "9:00", "", ""),
            ("li", "12/5", "休", "9:00", "18:00", "", ""),
            ("li", "12/6", "", "", "", "", ""),
            ("li", "12/7", "早", "", "", "", ""),
        ]
    ) == [
        (
            "排班!A2",
            '"赵民"',
            "expected an agent's id or name; there is nobody of it; did you mean 赵敏?",
        ),
        ("排班!B2", '"12月32日"', f"there is no such day; {DATE}"),
        ("排班!D2", '"25:00"', TIME),
        ("排班!E2", '"18:60"', TIME),
        (
            "排班!G2",
            '"tmall:Li2"',
            "expected ids of sub-accounts; there is no tmall:Li2; did you mean tmall:li?",
        ),
        ("排班!A3", "空 (empty)", "expected an agent's id or name; there is nobody of it"),
        ("排班!B3", "空 (empty)", DATE),
        ("排班!E3", "空 (empty)", TIME),
        ("排班!F4", '"08:00-08:30"', "breaks have to lie inside the shift"),
        (
            "排班!F5",
            '"noon"',
            "expected breaks such as 12:00-12:30, several separated by 、",
        ),
        ("排班!F6", '"12:00-13:00、12:30-13:30"', "breaks overlap"),
        (
            "排班!E7",
            '"9:00"',
            "a shift has at most 16 hours, this one 24"
            " (an end at or before the start is of the next day)",
        ),
        ("排班!C8", '"休"', "with a start or an end the shift cannot be a day off"),
        (
            "排班!C9",
            "空 (empty)",
            "expected a shift's name, a span or 休, or else a start and an end",
        ),
        (
            "排班!C10",
            '"早"',
            "expected a shift that the sheet 班次 defines, a span such as 09:00-18:00, or 休;"
            " there is no shift 早",
        ),
    ]


def test_all_of_a_matrix_is_said_at_once() -> None:
    assert said(
        [
            ("客服", "12/1", "12/1(一)", "2/30", "二号", "2020-01-01", "12月1日", "12/9"),
            ("li", "午", "", "", "", "", "", "休+早"),
            ("小李", "早", "", "", "", "", "", "早"),
            ("nobody", "早", "", "", "", "", "", "x"),
            ("wang", "", "", "", "", "", "", "08:00-02:00"),
        ],
        DEFINITIONS,
    ) == [
        ("排班!C1", '"12/1(一)"', "2026-12-01 is a Tuesday: check the date"),
        ("排班!D1", '"2/30"', f"there is no such day; {DATE}"),
        ("排班!E1", '"二号"', f"{DATE}; call a column for people 备注"),
        (
            "排班!F1",
            '"2020-01-01"',
            "2020-01-01 is more than a year from today (2026-11-21): check the year",
        ),
        ("排班!G1", '"12月1日"', "a duplicate: the same day as the column 12/1"),
        (
            "排班!B2",
            '"午"',
            "expected a shift that the sheet 班次 defines, a span such as 09:00-18:00, or 休;"
            " there is no shift 午",
        ),
        ("排班!H2", '"休+早"', "a day off and a shift cannot stand in one cell"),
        (
            "排班!A3",
            '"小李"',
            "a duplicate: row 2 has this agent"
            " (several shifts of a day stand in one cell, with + between)",
        ),
        ("排班!A4", '"nobody"', "expected an agent's id or name; there is nobody of it"),
        (
            "排班!H5",
            '"08:00-02:00"',
            "a shift has at most 16 hours, this one 18"
            " (an end at or before the start is of the next day)",
        ),
    ]


def test_shifts_that_overlap_and_rows_twice() -> None:
    assert said(
        [
            ("客服", "日期", "开始", "结束"),
            ("li", "12/1", "22:00", "06:00"),
            ("wang", "12/1", "22:00", "06:00"),
            ("小李", "12/1", "22:00", "06:00"),
            ("li", "12/2", "05:59", "10:00"),
            ("wang", "12/2", "06:00", "10:00"),
        ],
        [("客服", "12/2"), ("li", "9:00-10:00+9:30-9:45")],
    ) == [
        ("排班!C4", '"22:00"', "a duplicate: 排班!C2 has the same shift"),
        ("排班!C5", '"05:59"', "this shift of li overlaps the one in 排班!C2"),
        ("2!B2", '"9:00-10:00+9:30-9:45"', "this shift of li overlaps the one in 排班!C5"),
        ("2!B2", '"9:00-10:00+9:30-9:45"', "this shift of li overlaps the one in 排班!C5"),
    ]


def test_a_name_that_two_agents_have() -> None:
    assert said(
        [("客服", "12/1"), ("小李", "9:00-10:00"), ("a", "9:00-10:00")],
        agents={"b": "小李", "a": "小李"},
    ) == [("排班!A2", '"小李"', "2 agents have this name; write the id: a, b")]


def test_shifts_that_are_defined_wrongly() -> None:
    assert said(
        [("客服", "12/1", "12/2", "12/3"), ("li", "早", "晚+早", "中")],
        [
            ("班次", "开始", "结束", "休息", "子账号", "备注"),
            ("早", "9", "18:00", "", "nobody", ""),
            ("早", "9:00", "18:00", "", "", ""),
            ("休", "9:00", "18:00", "", "", ""),
            ("晚", "18:00", time(23), "12:00-13:00", "", ""),
            ("", "", "", "", "", "给人看"),
        ],
    ) == [
        (
            "排班!D2",
            '"中"',
            "expected a shift that the sheet 班次 defines, a span such as 09:00-18:00, or 休;"
            " there is no shift 中",
        ),
        ("2!B2", '"9"', TIME),
        (
            "2!E2",
            '"nobody"',
            "expected ids of sub-accounts; there is no nobody",
        ),
        ("2!A3", '"早"', "this shift is defined already"),
        (
            "2!A4",
            '"休"',
            "expected a shift's name; 休, 空, off and — mean no shift and cannot be defined",
        ),
        ("2!D5", '"12:00-13:00"', "breaks have to lie inside the shift"),
    ]


def test_columns_that_are_unknown_or_there_twice() -> None:
    assert said(
        [
            ("客服", "日期", "班次", "休憩", "日期", "备注", "name"),
            ("li", "12/1", "9:00-10:00"),
        ]
    ) == [
        (
            "排班!D1",
            '"休憩"',
            "unknown column; did you mean 休息? (call a column for people 备注)",
        ),
        ("排班!E1", '"日期"', "a duplicate of the column 日期"),
        ("排班!G1", '"name"', "unknown column (call a column for people 备注)"),
    ]


def test_a_header_without_the_times_or_with_one_of_them() -> None:
    assert said([("客服", "日期", "开始"), ("li", "12/1", "9:00")]) == [
        ("排班!1", "", "the column 班次 is missing, or else 开始 and 结束")
    ]
    assert said([("客服", "日期", "班次", "开始"), ("li", "12/1", "早", "9:00")]) == [
        ("排班!D2", "空 (empty)", TIME)
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [("客服", "日子", "班次"), ("li", "12/1", "早"), ("wang", "12/2", "早")],
        [("姓名", "开始", "结束"), ("li", "9:00", "10:00")],
        [("12/1", "12/2"), ("早", "早")],
    ],
)
def test_no_header(rows: list[tuple[str, ...]]) -> None:
    assert said(rows) == [("排班!1", "", NO_HEADER)]


def test_empty_tables() -> None:
    empty = "there is nothing below the header"
    assert said([LONG]) == [("排班!1", "", empty)]
    assert said([("客服", "12/1"), ("", "二")]) == [("排班!1", "", empty)]
    assert said([]) == [("排班", "", "it is empty: there is no roster")]
    assert said(DEFINITIONS) == [("排班", "", "it is empty: there is no roster")]
    with pytest.raises(BadRoster):
        import_roster([], agents=(), sub_accounts=(), today=date(2026, 12, 1))


def test_many_unknown_people_take_no_long_search() -> None:
    agents = {f"agent-{n}": f"客服第{n}号" for n in range(200)}
    rows = [("客服", "日期", "班次"), *((f"x{n}", "12/1", "休") for n in range(3_000))]
    found = said(rows, agents=agents)
    assert len(found) == 3_000
    assert not found[-1][2].endswith("?")


def test_a_typed_moment_is_no_date() -> None:
    # Above the dates of a matrix Excel may hold dates with a time; those are slips.
    from datetime import datetime

    moment = datetime.fromisoformat("2026-12-01 09:00")
    assert said([("客服", "12/2", moment), ("li", "", "")]) == [
        ("排班!C1", '"2026-12-01 09:00"', DATE)
    ]
