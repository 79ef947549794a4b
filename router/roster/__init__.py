"""Rosters (排班): who works when, and with which sub-accounts, read from tables (RULES §5).

`import_roster` makes shifts out of the sheets that `router.tables.read` gives, or says all that
is wrong with them, each with its sheet, row and column. `export_roster` is the other way round.
Pure: what they need to know of the desk (agents, sub-accounts, today's date) they are given.

Two layouts are known by their header row: one shift a row (`long`), or one agent a row and one
day a column (`matrix`). A further sheet may define what the names of shifts mean (`definitions`).
"""

from router.roster.exporting import export_roster
from router.roster.importing import import_roster
from router.roster.shift import LONGEST_SHIFT_MS, BadRoster, Imported, Shift
from router.roster.template import template

__all__ = [
    "LONGEST_SHIFT_MS",
    "BadRoster",
    "Imported",
    "Shift",
    "export_roster",
    "import_roster",
    "template",
]
