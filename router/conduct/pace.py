"""How often and how late an agent writes: harassment and slow stalls (RULES §6)."""

from __future__ import annotations

from collections.abc import Sequence

from router.conduct.messages import Line


def in_a_row(line: Line, before: Sequence[Line], window_ms: int) -> list[Line]:
    """The agent's messages up to this one, in the window, that no buyer's message interrupts."""
    row = [line]
    for earlier in reversed(before):
        if earlier.side == "buyer":
            if not earlier.recalled:
                break
        elif earlier.by == "human" and not earlier.recalled:
            if line.sent_ms - earlier.sent_ms > window_ms:
                break
            row.append(earlier)
    row.reverse()
    return row


def previous(before: Sequence[Line]) -> Line | None:
    """The agent's message before."""
    for earlier in reversed(before):
        if earlier.from_agent:
            return earlier
    return None


def minutes(duration_ms: int) -> str:
    """`3:20`."""
    seconds = duration_ms // 1000
    return f"{seconds // 60}:{seconds % 60:02}"
