"""Small tables that people write: CSV and Excel workbooks, in and out.

`read` makes sheets of cells out of a file's bytes; every cell knows its row and column, so that
whoever judges it can say where it stands. `write_csv` and `write_xlsx` are the other way round.
What a cell means is its reader's affair (rosters, quick replies). Nothing here opens a file.
"""

from router.tables.cells import Cell, Row, Sheet, Value, column_letter
from router.tables.limits import BYTES_LIMIT, CELLS_LIMIT, COLUMNS_LIMIT, ROWS_LIMIT
from router.tables.problems import BadTable, Problem, Problems, shown
from router.tables.reading import read
from router.tables.writing import write_csv, write_xlsx

__all__ = [
    "BYTES_LIMIT",
    "CELLS_LIMIT",
    "COLUMNS_LIMIT",
    "ROWS_LIMIT",
    "BadTable",
    "Cell",
    "Problem",
    "Problems",
    "Row",
    "Sheet",
    "Value",
    "column_letter",
    "read",
    "shown",
    "write_csv",
    "write_xlsx",
]
