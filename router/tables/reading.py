"""Reads a file's bytes into sheets: CSV in the encodings and dialects that people have, and XLSX.

What a file is shows in its first bytes, not in its name. Merged cells all hold what is written
in them; hidden sheets are left out. Everything is bounded (`router.tables.limits`), and a file
that does not fit is refused as a whole with `BadTable`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from router.tables.cells import Cell, Row, Sheet, cell_of
from router.tables.guard import unguarded
from router.tables.limits import (
    BYTES_LIMIT,
    CELLS_LIMIT,
    COLUMNS_LIMIT,
    ROWS_LIMIT,
    SHEETS_LIMIT,
)
from router.tables.package import BROKEN, Refused, checked
from router.tables.problems import BadTable, Problem

ZIP_MAGIC = b"PK\x03\x04"
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Old .xls files, and workbooks with a password."""
DELIMITERS = ",\t;"
_MERGED_LIMIT = 10_000


def read(data: bytes, name: str) -> list[Sheet]:
    """The sheets of a file; `name` is what the person calls it: a CSV file's sheet is named so.

    Raises `BadTable` (too large, damaged, not a table).
    """
    if len(data) > BYTES_LIMIT:
        raise _refusal(
            name,
            f"文件超过 {BYTES_LIMIT >> 20} MB,请拆成几个文件",
            f"more than {BYTES_LIMIT >> 20} MB; split it",
        )
    try:
        if data.startswith(ZIP_MAGIC):
            return _xlsx(data)
        if data.startswith(OLE_MAGIC):
            raise Refused(
                "是旧版 .xls 或有密码的文件,请另存为没有密码的 .xlsx",
                "an old .xls, or a file with a password; save it as .xlsx without one",
            )
        return [_csv(_decoded(data), PurePath(name).stem or name)]
    except Refused as refused:
        raise _refusal(name, refused.zh, refused.en) from refused


def _refusal(name: str, zh: str, en: str) -> BadTable:
    return BadTable([Problem(name, 0, "", "", zh, en)])


# CSV


def _decoded(data: bytes) -> str:
    """UTF-8 with or without a mark, UTF-16 with one, else GB18030, which Excel writes in China."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: Iterable[str] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Refused(
        "不是文字,请另存为 .xlsx 或 UTF-8 编码的 .csv",
        "not text; save it as .xlsx, or as .csv in UTF-8",
    )


def _csv(text: str, name: str) -> Sheet:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    rows: list[Row] = []
    cells = 0
    number = 0
    try:
        for number, texts in enumerate(reader, 1):
            if number > ROWS_LIMIT:
                raise Refused(f"最多 {ROWS_LIMIT} 行", f"at most {ROWS_LIMIT} rows")
            row = Row(
                number,
                {
                    column: Cell(number, column, unguarded(text))
                    for column, text in enumerate(texts)
                    if text
                },
            )
            cells += len(row.filled())
            _check_size(row, cells)
            if row.width:
                rows.append(row)
    except csv.Error as error:
        raise Refused(
            f"第 {number + 1} 行读不懂:引号没有成对,或一格太长",
            f"row {number + 1} cannot be read: {error}",
        ) from error
    return Sheet(name, tuple(rows))


def _delimiter(text: str) -> str:
    """What the first line that has one has most of, outside quotes; a comma where none has."""
    for line in text.splitlines():
        plain = "".join(line.split('"')[::2])
        best = max(DELIMITERS, key=plain.count)  # the first of equals
        if best in plain:
            return best
    return ","


def _check_size(row: Row, cells: int) -> None:
    if row.width > COLUMNS_LIMIT:
        raise Refused(
            f"最多 {COLUMNS_LIMIT} 列,而第 {row.number} 行有 {row.width} 列",
            f"at most {COLUMNS_LIMIT} columns, but row {row.number} has {row.width}",
        )
    if cells > CELLS_LIMIT:
        raise Refused(f"最多 {CELLS_LIMIT} 个单元格", f"at most {CELLS_LIMIT} cells")


# XLSX


def _xlsx(data: bytes) -> list[Sheet]:
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(checked(data))) as workbook:
            shown = [
                sheet.name
                for sheet in workbook.sheets_metadata
                if sheet.visible is SheetVisibleEnum.Visible
                and sheet.typ is SheetTypeEnum.WorkSheet
            ]
            if len(shown) > SHEETS_LIMIT:
                raise Refused(f"最多 {SHEETS_LIMIT} 张表", f"at most {SHEETS_LIMIT} sheets")
            return [_sheet(workbook.get_sheet_by_name(name)) for name in shown]
    except CalamineError as error:
        raise Refused(*BROKEN) from error


def _sheet(sheet: CalamineSheet) -> Sheet:
    grid: list[dict[int, Cell]] = [
        {
            column: cell_of(number, column, value)
            for column, value in enumerate(values)
            if value != ""
        }
        for number, values in enumerate(sheet.to_python(skip_empty_area=False), 1)
    ]
    _spread(grid, sheet.merged_cell_ranges or [])
    return Sheet(
        sheet.name, tuple(Row(number, cells) for number, cells in enumerate(grid, 1) if cells)
    )


def _spread(
    grid: list[dict[int, Cell]], ranges: Sequence[tuple[tuple[int, int], tuple[int, int]]]
) -> None:
    """Give every cell of a merged range what is written in its first; never beyond the table."""
    width = max((max(cells) + 1 for cells in grid if cells), default=0)
    spread = 0
    if len(ranges) > _MERGED_LIMIT:
        raise Refused(f"合并的单元格超过 {_MERGED_LIMIT} 处", f"over {_MERGED_LIMIT} merged cells")
    for (top, left), (bottom, right) in ranges:
        first = grid[top].get(left) if top < len(grid) else None
        if first is None:
            continue
        rows, columns = range(top, min(bottom + 1, len(grid))), range(left, min(right + 1, width))
        spread += len(rows) * len(columns)
        if spread > CELLS_LIMIT:
            raise Refused("合并的单元格太多", "too many merged cells")
        for row in rows:
            for column in columns:
                grid[row][column] = Cell(row + 1, column, first.text, first.value)
