"""Excel workbooks: what is in their cells, and files that are out to do harm."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from router.tables import BadTable, Cell, Sheet, Value, read, write_xlsx
from router.tables.cells import cell_of

MOMENT = datetime.fromisoformat("2026-12-01 09:30:15")


def made(fill: Callable[[xlsxwriter.Workbook], None]) -> bytes:
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed) as workbook:
        fill(workbook)
    return packed.getvalue()


def one_sheet(values: dict[tuple[int, int], tuple[object, str]]) -> bytes:
    """A workbook with these (row, column) → (value, number format), counted from 0."""

    def fill(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet("S")
        for (row, column), (value, code) in values.items():
            sheet.write(row, column, value, workbook.add_format({"num_format": code}))

    return made(fill)


def patched(data: bytes, **parts: bytes) -> bytes:
    """The same package with parts replaced: `sheet1` stands for its worksheet."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w", 8) as new:
        for name in old.namelist():
            stem = name.rpartition("/")[2].removesuffix(".xml")
            new.writestr(name, parts.get(stem, old.read(name)))
    return packed.getvalue()


def refused(data: bytes) -> str:
    with pytest.raises(BadTable) as caught:
        read(data, "排班.xlsx")
    [problem] = caught.value.problems
    assert problem.sheet == "排班.xlsx"
    return problem.en


def test_dates_times_and_numbers() -> None:
    data = one_sheet(
        {
            (1, 1): (date(2026, 12, 1), "m/d"),
            (1, 2): (time(9, 30), "hh:mm"),
            (1, 3): (MOMENT, "yyyy-mm-dd hh:mm"),
            (1, 4): (timedelta(days=1), "[h]:mm"),
            (1, 5): (1, "hh:mm"),
            (1, 6): (12.0, "General"),
            (1, 7): (1.5, "General"),
            (1, 8): (True, "General"),
            (1, 9): (datetime.combine(date(2026, 12, 1), time()), "yyyy-mm-dd hh:mm"),
        }
    )
    [sheet] = read(data, "x.xlsx")
    assert sheet.name == "S"
    [row] = sheet.rows
    assert row.filled() == [
        Cell(2, 1, "2026-12-01", date(2026, 12, 1)),
        Cell(2, 2, "09:30", time(9, 30)),
        Cell(2, 3, "2026-12-01 09:30:15", MOMENT),
        Cell(2, 4, "24:00"),
        Cell(2, 5, "24:00"),
        Cell(2, 6, "12"),
        Cell(2, 7, "1.5"),
        Cell(2, 8, "TRUE"),
        Cell(2, 9, "2026-12-01", date(2026, 12, 1)),
    ]


def test_every_minute_of_the_day_is_read_as_it_was_written() -> None:
    minutes = [time(m // 60, m % 60) for m in range(1440)]
    data = write_xlsx(
        [Sheet.of("t", [[m, datetime.combine(date(2026, 12, 1), m)] for m in minutes])]
    )
    [sheet] = read(data, "x.xlsx")
    assert [row.cell(0).value for row in sheet.rows] == minutes
    assert [row.cell(1).text[11:] for row in sheet.rows[1:]] == [
        m.isoformat("minutes") for m in minutes[1:]
    ]


def test_a_fraction_of_a_second_is_rounded() -> None:
    assert cell_of(1, 0, time(17, 59, 59, 914_000)).value == time(18)
    assert cell_of(1, 0, time(23, 59, 59, 914_000)).text == "24:00"
    assert cell_of(1, 0, timedelta(hours=-1)).text == "-01:00"
    assert cell_of(1, 0, datetime.fromisoformat("1900-01-01 06:00")).text == "30:00"


def test_merged_cells_all_hold_what_is_written() -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet()
        sheet.merge_range(1, 0, 3, 0, "小李")
        for row in range(3):
            sheet.write(row + 1, 1, str(row))
        sheet.merge_range(4, 1, 4, 2, "")

    [sheet] = read(made(fill), "x.xlsx")
    assert [(row.number, row.cell(0).text, row.cell(1).text) for row in sheet.rows] == [
        *((2, "小李", "0"), (3, "小李", "1"), (4, "小李", "2"))
    ]


def test_hidden_sheets_are_left_out() -> None:
    def fill(workbook: xlsxwriter.Workbook) -> None:
        workbook.add_worksheet("shown").write(0, 0, "x")
        workbook.add_worksheet("old").hide()
        workbook.add_chartsheet("chart")

    assert [sheet.name for sheet in read(made(fill), "x.xlsx")] == ["shown"]


def test_text_stays_text() -> None:
    written = ["=1+1", "http://a.cn/x", "  spaced ", "_x0041_", "a\r\nb\tc", "０１2"]
    [sheet] = read(write_xlsx([Sheet.of("t", [written])]), "x.xlsx")
    assert [cell.text for cell in sheet.rows[0].filled()] == written


values: st.SearchStrategy[Value] = st.one_of(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffe\uffff"), max_size=20
    ),
    st.dates(date(1950, 1, 1), date(2100, 1, 1)),
    st.times().map(lambda t: t.replace(microsecond=0)),
    st.datetimes(datetime.fromisoformat("1950-01-01"), datetime.fromisoformat("2100-01-01")).map(
        lambda t: t.replace(microsecond=0, second=t.second or 1)
    ),
)


@given(st.lists(st.lists(values, max_size=5), max_size=5))
def test_what_was_written_is_read(rows: list[list[Value]]) -> None:
    sheet = Sheet.of("t", rows)
    [again] = read(write_xlsx([sheet]), "x.xlsx")
    assert [row.filled() for row in again.rows] == [row.filled() for row in sheet.rows]


def test_what_excel_cannot_hold_is_not_written() -> None:
    with pytest.raises(ValueError, match="32767"):
        write_xlsx([Sheet.of("t", [["x" * 32_768]])])
    with pytest.raises(ValueError, match="a/b"):
        write_xlsx([Sheet.of("a/b", [])])


# What is out to do harm, or broken


SMALL = one_sheet({(0, 0): ("x", "General")})
CELL = b'<worksheet><sheetData><row r="1">%s</row></sheetData></worksheet>'


def test_other_files_are_refused() -> None:
    assert "old .xls" in refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    assert "damaged" in refused(b"PK\x03\x04 no zip")
    assert "damaged" in refused(SMALL[: len(SMALL) // 2])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        package.writestr("content.xml", "<x/>")
    assert "not an Excel workbook" in refused(packed.getvalue())


def test_a_cell_far_away_is_refused_before_it_is_read() -> None:
    """The reader would ask for memory up to it, and end the process."""
    for far in (b'r="XFD1048576"', b"r = 'xfd1'", b"""a=' r="A1"' r='A20001'""", b'r="GS1"'):
        data = patched(SMALL, sheet1=CELL % (b"<c %s><v>1</v></c>" % far))
        assert "at most 20000 rows and 200 columns" in refused(data)
    prefixed = b'<x:worksheet xmlns:x="y"><x:c a=">" r="XFD9"></x:c></x:worksheet>'
    assert "at most" in refused(patched(SMALL, sheet1=prefixed))


def test_a_format_far_away_is_harmless() -> None:
    data = patched(SMALL, sheet1=CELL % b'<c r="A1"><v>7</v></c><c r="XFD1" s="0"/>')
    assert read(data, "x.xlsx")[0].rows[0].filled() == [Cell(1, 0, "7")]


def test_a_cell_that_does_not_say_where_it_stands_is_refused() -> None:
    for cell in (b"<c><v>1</v></c>", b'<c r="A1" r="B1"><v>1</v></c>', b'<c r="1A"><v>1</v></c>'):
        assert "does not say where it stands" in refused(patched(SMALL, sheet1=CELL % cell))
    assert "damaged" in refused(patched(SMALL, sheet1=CELL % b"<c r=A1><v>1</v></c>"))
    assert "damaged" in refused(patched(SMALL, sheet1="<worksheet/>".encode("utf-16")))


def test_a_zip_bomb_is_refused() -> None:
    assert "too large once unpacked" in refused(patched(SMALL, sheet1=b" " * (65 << 20)))


def test_a_bomb_that_understates_its_size_is_refused() -> None:
    data = patched(SMALL, sheet1=b" " * (65 << 20))
    real = (65 << 20).to_bytes(4, "little")
    assert data.count(real) == 2  # in the part's own head and in the list at the end
    lying = data.replace(real, (100).to_bytes(4, "little"))
    assert "too large once unpacked" in refused(lying)


def test_texts_that_would_be_repeated_too_often_are_refused() -> None:
    cells = b"".join(b'<c r="A%d" t="s"><v>0</v></c>' % row for row in range(1, 20_001))
    long = b"<sst><si><t>" + b"x" * 30_000 + b"</t></si></sst>"
    data = patched(SMALL, sheet1=CELL % cells, sharedStrings=long)
    assert "too large once unpacked" in refused(data)


def test_too_many_parts_cells_and_merges_are_refused() -> None:
    packed = io.BytesIO(SMALL)
    with zipfile.ZipFile(packed, "a") as package:
        for number in range(1_001):
            package.writestr(f"{number}.xml", "")
    assert "damaged" in refused(packed.getvalue())

    cells = b'<c r="A1"><v>1</v></c>' * 500_001
    assert "more than 500000 cells" in refused(patched(SMALL, sheet1=CELL % cells))

    merge = b'<mergeCell ref="A1:GR20000"/>' * 3
    sheet = (CELL % b'<c r="A1"><v>1</v></c><c r="GR20000"><v>1</v></c>').replace(
        b"</sheetData>", b"</sheetData><mergeCells>" + merge + b"</mergeCells>"
    )
    assert "too many merged cells" in refused(patched(SMALL, sheet1=sheet))
