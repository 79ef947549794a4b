"""Keeps text from being taken for a formula when a spreadsheet program opens a CSV file.

A buyer or an agent may write `=HYPERLINK(…)`; in CSV nothing tells text from a formula. Such
text gets an apostrophe in front, which those programs know as "this is text". Reading takes one
off again, so that a table comes back as it was written.
"""

from __future__ import annotations

import re

# The wide forms of = + - @ are formulas to some versions, too.
_STARTS_A_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]")


def guarded(text: str) -> str:
    """The text as it may stand in a CSV file."""
    return f"'{text}" if _STARTS_A_FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    return text[1:] if text.startswith("'") and _STARTS_A_FORMULA.match(text) else text
