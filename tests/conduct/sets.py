"""The conduct sets: pieces of sessions, and which rules each breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from router.conduct import Line

DATA = Path(__file__).parent.parent / "data"
START_MS = 1_795_190_400_000

Json = dict[str, Any]


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
