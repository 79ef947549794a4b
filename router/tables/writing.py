"""Writes sheets as CSV and XLSX, so that Excel and WPS open them as they are meant.

Text is never a formula: in XLSX it is written as text, in CSV it is guarded.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Protocol

import xlsxwriter

from router.tables.cells import Cell, Sheet
from router.tables.guard import guarded
from router.tables.limits import COLUMNS_LIMIT, ROWS_LIMIT

TEXT_LIMIT = 32_767
"""Characters of a cell: Excel's own limit."""
_WIDEST = 60
_NARROWEST = 8
_DATE, _MOMENT, _CLOCK = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "hh:mm:ss"


class _Format(Protocol):
    """How numbers of a cell are shown."""


class _Worksheet(Protocol):
    """What of xlsxwriter's worksheets is used here."""

    def freeze_panes(self, row: int, column: int) -> None: ...
    def set_column(self, first: int, last: int, width: float) -> int: ...
    def write_string(self, row: int, column: int, text: str) -> int: ...
    def write_datetime(
        self, row: int, column: int, value: date | time, shown_as: _Format
    ) -> int: ...


def write_csv(sheet: Sheet) -> bytes:
    """UTF-8 with a mark, by which Excel knows it, and CRLF.

    Raises ValueError for a sheet that could not be read again (too large).
    """
    _check(sheet)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    number = 0
    for row in sheet.rows:
        for _ in range(number + 1, row.number):
            writer.writerow([])
        writer.writerow([guarded(row.cell(column).text) for column in range(row.width)])
        number = row.number
    return text.getvalue().encode("utf-8-sig", "replace")


def write_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """A workbook. The first row of each sheet stays in sight; dates and times are Excel's own.

    Raises ValueError for what Excel cannot hold (a sheet's name, a text too long).
    """
    for sheet in sheets:
        _check(sheet)
    packed = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    workbook = xlsxwriter.Workbook(packed, options)
    formats = {code: workbook.add_format({"num_format": code}) for code in (_DATE, _MOMENT, _CLOCK)}
    try:
        for sheet in sheets:
            _write_sheet(workbook.add_worksheet(sheet.name), sheet, formats)
    except xlsxwriter.exceptions.XlsxWriterException as error:
        raise ValueError(f"sheet {sheet.name!r}: {error}") from error
    finally:
        workbook.close()
    return packed.getvalue()


def _check(sheet: Sheet) -> None:
    for row in sheet.rows:
        if row.number > ROWS_LIMIT or row.width > COLUMNS_LIMIT:
            raise ValueError(
                f"sheet {sheet.name!r}: more than {ROWS_LIMIT} rows or {COLUMNS_LIMIT} columns"
            )
        for cell in row.filled():
            if len(cell.text) > TEXT_LIMIT:
                raise ValueError(f"sheet {sheet.name!r}: a text of more than {TEXT_LIMIT}")


def _write_sheet(worksheet: _Worksheet, sheet: Sheet, formats: dict[str, _Format]) -> None:
    worksheet.freeze_panes(1, 0)
    widths: dict[int, int] = {}
    for row in sheet.rows:
        for cell in row.filled():
            wide = min(_WIDEST, _width(cell.text) + 2)
            widths[cell.column] = max(widths.get(cell.column, _NARROWEST), wide)
    for column, wide in widths.items():  # before the rows: they are written as they come
        worksheet.set_column(column, column, wide)
    for row in sheet.rows:
        for cell in row.filled():
            _write_cell(worksheet, row.number - 1, cell, formats)


def _write_cell(worksheet: _Worksheet, row: int, cell: Cell, formats: dict[str, _Format]) -> None:
    if cell.value is None:
        worksheet.write_string(row, cell.column, cell.text)
        return
    if isinstance(cell.value, datetime):
        code = _MOMENT
    else:
        code = _CLOCK if isinstance(cell.value, time) else _DATE
    worksheet.write_datetime(row, cell.column, cell.value, formats[code])


def _width(text: str) -> int:
    """Of its longest line, a Han character counting two."""
    return max(
        (
            sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)
            for line in text[: TEXT_LIMIT // 8].splitlines()
        ),
        default=0,
    )
