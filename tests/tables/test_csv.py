"""CSV as people have it: encodings, separators, quotes, and text that looks like a formula."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.tables import (
    BYTES_LIMIT,
    COLUMNS_LIMIT,
    ROWS_LIMIT,
    BadTable,
    Sheet,
    column_letter,
    read,
    write_csv,
)


def texts(sheet: Sheet) -> list[list[str]]:
    return [[row.cell(column).text for column in range(row.width)] for row in sheet.rows]


def refused(data: bytes) -> tuple[str, str]:
    with pytest.raises(BadTable) as caught:
        read(data, "表.csv")
    [problem] = caught.value.problems
    assert str(caught.value) == str(problem) == f"表.csv: {problem.zh} / {problem.en}"
    return problem.zh, problem.en


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_encoding_and_separator(encoding: str, delimiter: str) -> None:
    data = delimiter.join(("客服", '"早,晚;夜"', "x")).encode(encoding)
    [sheet] = read(data, "C:/上传/十二月.csv")
    assert texts(sheet) == [["客服", "早,晚;夜", "x"]]
    assert sheet.name == "十二月"


def test_the_first_line_with_a_separator_decides() -> None:
    [sheet] = read("十二月排班\n\n客服;日期\n小李;12/1,12/2".encode(), "a.csv")
    assert texts(sheet) == [["十二月排班"], ["客服", "日期"], ["小李", "12/1,12/2"]]
    assert [row.number for row in sheet.rows] == [1, 3, 4]


def test_cells_know_where_they_stand() -> None:
    [sheet] = read(b'a,"two\nlines"\r\n,,\r\n,c\r\n', "t.csv")
    [first, last] = sheet.rows
    assert [(cell.row, cell.column, cell.text) for cell in first.filled()] == [
        (1, 0, "a"),
        (1, 1, "two\nlines"),
    ]
    # Row 3 as Excel counts, though it is the fourth line of the file.
    assert [(cell.row, cell.column, cell.text) for cell in last.filled()] == [(3, 1, "c")]
    assert last.cell(7) == (3, 7, "", None)


def test_column_letters() -> None:
    assert [column_letter(n) for n in (0, 25, 26, 51, 52, 701, 702)] == [
        *("A", "Z", "AA", "AZ", "BA", "ZZ", "AAA")
    ]


def test_what_is_no_text_is_refused() -> None:
    assert "not text" in refused(b"\x00\x01\x02")[1]
    assert "not text" in refused(b"\xff\xff\xff")[1]
    assert "row 2 cannot be read" in refused(b'a,b\n"open,c\n')[1]


def test_what_is_too_large_is_refused() -> None:
    assert "more than 5 MB" in refused(b"x" * (BYTES_LIMIT + 1))[1]
    assert "at most 20000 rows" in refused(b"a\n" * (ROWS_LIMIT + 1))[1]
    assert "row 1 has 201" in refused(b"," * COLUMNS_LIMIT + b"x")[1]
    assert "500000 cells" in refused((b"1," * 199 + b"1\n") * 2600)[1]
    assert len(read(b"a\n" * ROWS_LIMIT, "t.csv")[0].rows) == ROWS_LIMIT


@pytest.mark.parametrize(
    "text", ["=1+1", "+86", "-5", "@SUM(A1)", "\tx", "\r=1", "'=1", "＝1", "－x"]
)
def test_text_is_never_a_formula_in_csv(text: str) -> None:
    data = write_csv(Sheet.of("t", [["a", text]]))
    [[_, written]] = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert written == f"'{text}"
    assert texts(read(data, "t.csv")[0]) == [["a", text]]


def test_an_apostrophe_of_its_own_stays() -> None:
    data = write_csv(Sheet.of("t", [["'tis", "it's"]]))
    assert b"'tis,it's" in data
    assert texts(read(data, "t.csv")[0]) == [["'tis", "it's"]]


cells = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    | st.sampled_from("'=+-@\"\r\n\t,;"),
    max_size=12,
)


@given(st.lists(st.lists(cells, max_size=6), max_size=6))
def test_what_was_written_is_read(rows: list[list[str]]) -> None:
    sheet = Sheet.of("t", [["head", "er"], *rows])  # a first line that has the separator
    [again] = read(write_csv(sheet), "t.csv")
    assert texts(again) == texts(sheet)
    assert [row.number for row in again.rows] == [row.number for row in sheet.rows]


def test_what_could_not_be_read_again_is_not_written() -> None:
    with pytest.raises(ValueError, match="more than 20000 rows"):
        write_csv(Sheet.of("t", [["x"]] * (ROWS_LIMIT + 1)))
