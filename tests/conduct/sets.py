"""The conduct sets: pieces of sessions, and which rules each breaks.

Each was written by another hand from RULES.md. `a` to `n` are those that the lists of
`config/lexicons` were made with; the weights are learnt from all but those that are held out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from router.conduct import Line

DATA = Path(__file__).parent.parent / "data"
START_MS = 1_795_190_400_000
LISTED = frozenset("abcdefghijlmn")
"""The sets that the lists were made with: what a list finds in these tells little of what it
finds elsewhere."""
HELD_OUT = frozenset("opZ")
"""Nothing is learnt from these, and nothing may be. `Z` was first measured when all was settled,
`o` and `p` before: then it was not yet said how bad a missed breach is beside a wrong flag
(`learn.MISSED`)."""

Json = dict[str, Any]


def path_of(name: str) -> Path:
    return DATA / f"conduct-{name}.jsonl"


def names() -> list[str]:
    """All there are but those held out."""
    found = (path.stem.removeprefix("conduct-") for path in DATA.glob("conduct-*.jsonl"))
    return sorted(set(found) - HELD_OUT)


def sessions_of(name: str) -> Iterator[Json]:
    with path_of(name).open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def lines_of(session: Json) -> list[Line]:
    """The lines of a set's line."""
    return [
        Line(
            message=f"m{number}",
            sent_ms=START_MS + round(line["at_s"] * 1000),
            side=line["side"],
            by=line.get("by", "human"),
            kind=line.get("kind", "text"),
            text=line.get("text", ""),
            product=line.get("product", ""),
        )
        for number, line in enumerate(session["lines"])
    ]
