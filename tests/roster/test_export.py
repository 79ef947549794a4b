"""What is exported imports back to the same shifts, through both kinds of file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.roster import LONGEST_SHIFT_MS, Shift, export_roster, import_roster
from router.roster.words import is_off
from router.tables import read, write_csv, write_xlsx
from tests.roster.reading import AGENTS, SUB_ACCOUNTS, TODAY, at, shift

names = (
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("早晚夜+/、-='"),
        max_size=6,
    )
    .map(str.strip)
    .filter(lambda name: not name or not is_off(name))
)


@st.composite
def rosters(draw: st.DrawFn) -> list[Shift]:
    """Shifts in whole seconds that do not overlap, with breaks inside, within the next weeks."""
    shifts: list[Shift] = []
    for agent in AGENTS:
        clock_s = at("12-01 00:00") // 1000
        for _ in range(draw(st.integers(0, 4))):
            clock_s += draw(st.integers(0, 30 * 3600))
            length_s = draw(st.integers(1, LONGEST_SHIFT_MS // 1000))
            cuts = sorted(draw(st.sets(st.integers(0, length_s), max_size=6)))
            edges = cuts[: len(cuts) // 2 * 2]
            shifts.append(
                Shift(
                    agent=agent,
                    from_ms=clock_s * 1000,
                    to_ms=(clock_s + length_s) * 1000,
                    breaks=tuple(
                        ((clock_s + a) * 1000, (clock_s + b) * 1000)
                        for a, b in zip(edges[::2], edges[1::2], strict=True)
                    ),
                    sub_accounts=tuple(draw(st.permutations(SUB_ACCOUNTS)))[
                        : draw(st.integers(0, 3))
                    ],
                    name=draw(names),
                )
            )
            clock_s += length_s
    return sorted(shifts, key=lambda s: (s.from_ms, s.agent))


@given(rosters().filter(bool))
def test_what_is_exported_imports_back(shifts: list[Shift]) -> None:
    sheets = export_roster(shifts, AGENTS)
    for data, name in ((write_csv(sheets[0]), "排班.csv"), (write_xlsx(sheets), "排班.xlsx")):
        found = import_roster(
            read(data, name), agents=AGENTS, sub_accounts=SUB_ACCOUNTS, today=TODAY
        )
        assert list(found.shifts) == shifts
        assert found.from_ms <= shifts[0].from_ms
        assert found.to_ms > shifts[-1].from_ms


def test_what_an_export_looks_like() -> None:
    [sheet] = export_roster(
        [
            shift("wang", "12-01 22:00", "12-02 06:00", ("12-02 02:00", "12-02 02:30"), name="夜"),
            shift("li", "12-01 09:00", "12-01 18:00", sub_accounts=("tmall:li", "jd:1")),
        ],
        AGENTS,
    )
    assert write_csv(sheet).decode("utf-8-sig").splitlines() == [
        "客服,姓名,日期,班次,开始,结束,休息,子账号",
        "li,小李,2026-12-01,,09:00,18:00,,tmall:li、jd:1",
        "wang,小王,2026-12-01,夜,22:00,06:00,02:00-02:30",
    ]
    [sheet] = export_roster([], ["li"])
    assert len(sheet.rows) == 1


def test_what_the_layout_cannot_show_is_refused() -> None:
    with pytest.raises(ValueError, match="no whole second"):
        export_roster([Shift(agent="li", from_ms=1, to_ms=1001)], ())
    with pytest.raises(ValueError, match="too long"):
        export_roster([Shift(agent="li", from_ms=0, to_ms=LONGEST_SHIFT_MS + 1000)], ())
