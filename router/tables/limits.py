"""How large a table may be: far beyond what people write, far below what would harm the process."""

from __future__ import annotations

BYTES_LIMIT = 5 * 1024 * 1024
"""Of the file as it comes."""
ROWS_LIMIT = 20_000
COLUMNS_LIMIT = 200
CELLS_LIMIT = 500_000
"""Cells that are not empty, in all sheets of a file."""
SHEETS_LIMIT = 50
