"""Rosters that are well: both layouts, names of shifts, times and dates in all their forms."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path

import pytest

from router.roster import Imported, import_roster
from router.tables import Value, read
from tests.roster.reading import DEFINITIONS, LONG, TODAY, at, imported, shift


def test_one_shift_a_row() -> None:
    found = imported(
        [
            LONG,
            ("小李", "2026-12-01", "", "09:00", "18:00", "12:00-12:30", "tmall:li、jd:1"),
            ("wang", "12/1", "大夜", "22:00", "6:00", "02:00-02:30;23:00-23:15", ""),
            ("小王", "12/2", "休", "", "", "", ""),
            (),
            ("li", "12月3日", "10:00-15:00+18:00-24:00", "", "", "11:00-11:20 20:00-20:20", ""),
        ]
    )
    assert found == Imported(
        (
            shift(
                *("li", "12-01 09:00", "12-01 18:00", ("12-01 12:00", "12-01 12:30")),
                sub_accounts=("tmall:li", "jd:1"),
            ),
            shift(
                *("wang", "12-01 22:00", "12-02 06:00"),
                *(("12-01 23:00", "12-01 23:15"), ("12-02 02:00", "12-02 02:30")),
                name="大夜",
            ),
            shift("li", "12-03 10:00", "12-03 15:00", ("12-03 11:00", "12-03 11:20")),
            shift("li", "12-03 18:00", "12-04 00:00", ("12-03 20:00", "12-03 20:20")),
        ),
        at("12-01 00:00"),
        at("12-03 24:00"),
    )


def test_one_agent_a_row() -> None:
    found = imported(
        [
            ("十二月排班表",),
            ("客服", "姓名", "12/1", "12月2日(三)", "2026-12-03", date(2026, 12, 4), "备注"),
            ("", "", "二", "三", "周四", "Fri", ""),
            ("li", "小李", "早", "休", "早+夜", "—", "新人"),
            ("wang", "小王", "off", "夜", "", "年假", ""),
            ("赵敏", "", "10:00-19:00", "空", "08:00~次日0:00", "晚/ 9点-12点半", ""),
            ("合计", "", "2", "1", "2", "1", ""),
        ],
        DEFINITIONS,
    )
    night = (("12-02 23:00", "12-02 23:15"), ("12-03 02:00", "12-03 02:30"))
    assert list(found.shifts) == [
        shift("li", "12-01 09:00", "12-01 18:00", ("12-01 12:00", "12-01 12:30"), name="早"),
        shift("zhao", "12-01 10:00", "12-01 19:00"),
        shift("wang", "12-02 22:00", "12-03 06:00", *night, name="夜"),
        shift("zhao", "12-03 08:00", "12-04 00:00"),
        shift("li", "12-03 09:00", "12-03 18:00", ("12-03 12:00", "12-03 12:30"), name="早"),
        shift(
            *("li", "12-03 22:00", "12-04 06:00"),
            *(("12-03 23:00", "12-03 23:15"), ("12-04 02:00", "12-04 02:30")),
            name="夜",
        ),
        shift("zhao", "12-04 09:00", "12-04 12:30"),
        shift("zhao", "12-04 18:00", "12-04 24:00", sub_accounts=("tmall:li",), name="晚"),
    ]
    assert (found.from_ms, found.to_ms) == (at("12-01 00:00"), at("12-04 24:00"))


def test_a_row_may_change_what_its_shift_has() -> None:
    found = imported(
        [LONG, ("li", "12/1", "晚", "", "", "20:00-20:10", "jd:1"), ("li", "12/2", "晚")],
        DEFINITIONS,
    )
    assert list(found.shifts) == [
        shift(
            *("li", "12-01 18:00", "12-01 24:00", ("12-01 20:00", "12-01 20:10")),
            sub_accounts=("jd:1",),
            name="晚",
        ),
        shift("li", "12-02 18:00", "12-02 24:00", sub_accounts=("tmall:li",), name="晚"),
    ]


def test_english_headers_and_bare_columns() -> None:
    found = imported(
        [
            ("Agent", "Date", "Start", "End", "Sub_Accounts"),
            ("LI", "2026/12/1", "9:00", "24:00", ""),
        ]
    )
    assert list(found.shifts) == [shift("li", "12-01 09:00", "12-01 24:00")]
    found = imported(
        [("", "20261201"), ("zhao", "e")], [("name", "start", "end"), ("E", "9:00", "10:00")]
    )
    assert list(found.shifts) == [shift("zhao", "12-01 09:00", "12-01 10:00", name="E")]


def test_excels_own_dates_and_times() -> None:
    row: tuple[Value, ...] = ("li", date(2026, 12, 1), "", time(21), time(0), "", "")
    assert list(imported([LONG, row]).shifts) == [shift("li", "12-01 21:00", "12-01 24:00")]


@pytest.mark.parametrize(
    ("written", "start", "end"),
    [
        ("09:00-18:00", "09:00", "18:00"),
        ("9:00—18:00", "09:00", "18:00"),
        ("9:00 至 18:00", "09:00", "18:00"),
        ("9点到18点30分", "09:00", "18:30"),
        ("22:00-6:00", "22:00", "30:00"),
        ("22:00-次日 6:00", "22:00", "30:00"),
        ("20:00-00:00", "20:00", "24:00"),
        ("24:00-08:00", "24:00", "32:00"),
        ("次日0:00-次日8:00", "24:00", "32:00"),
        ("08:00-24:00", "08:00", "24:00"),
    ],
)
def test_spans(written: str, start: str, end: str) -> None:
    found = imported([("客服", "12-01"), ("li", written)])
    assert list(found.shifts) == [shift("li", f"12-01 {start}", f"12-01 {end}")]


def test_the_year_is_the_one_nearest_to_today() -> None:
    found = imported([("客服", "12/31", "1/1"), ("li", "9:00-10:00", "9:00-10:00")])
    assert found.to_ms - found.from_ms == 2 * 86_400_000
    january = imported(
        [("客服", "12/31", "1/1"), ("li", "9:00-10:00", "9:00-10:00")], today=date(2027, 1, 5)
    )
    assert january == found
    leap = imported([("客服", "2/29"), ("li", "off")], today=date(2027, 12, 1))
    assert leap.from_ms == at("12-01 00:00") + 455 * 86_400_000


def test_days_off_count_for_the_days_that_are_planned() -> None:
    found = imported([("客服", "12/1", "12/2"), ("li", "休", "")])
    assert found == Imported((), at("12-01 00:00"), at("12-02 24:00"))


def test_shifts_may_touch() -> None:
    found = imported([("客服", "12/1", "12/2"), ("li", "18:00-24:00", "24:00-01:00/0:00-8:00")])
    assert len(found.shifts) == 3


def test_several_sheets_and_notes_beside_them() -> None:
    found = imported(
        [("客服", "12/1"), ("li", "早")],
        DEFINITIONS,
        [],
        [("客服", "日期", "班次"), ("li", "12/2", "早")],
    )
    assert [s.from_ms for s in found.shifts] == [at("12-01 09:00"), at("12-02 09:00")]


def test_agents_without_names() -> None:
    sheets = read("客服,12/1\nli,9:00-10:00".encode(), "a.csv")
    assert import_roster(sheets, agents=["li"], sub_accounts=(), today=TODAY).shifts


def test_the_example_imports() -> None:
    file = Path(__file__).resolve().parents[2] / "config" / "roster-example.csv"
    found = import_roster(
        read(file.read_bytes(), file.name),
        agents=("li", "wang", "zhao", "chen", "sun"),
        sub_accounts=("tmall:li", "tmall:wang", "tmall:zhao", "jd:chen", "jd:sun"),
        today=TODAY,
    )
    assert {s.agent for s in found.shifts} == {"li", "wang", "zhao", "chen", "sun"}
    assert any(s.breaks for s in found.shifts)
    assert datetime.fromtimestamp(found.from_ms / 1000).year == 2026  # noqa: DTZ006
