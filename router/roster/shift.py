"""What a roster is made of, once it is read."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from router.core.policy import HOUR_MS
from router.tables import BadTable

LONGEST_SHIFT_MS = 16 * HOUR_MS
"""What is longer is a slip of the pen: an end that was meant for another day."""


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's planned working time. Times are milliseconds since 1970."""

    agent: str
    from_ms: int
    to_ms: int
    sub_accounts: tuple[str, ...] = ()
    """Which the agent signs on to; empty: those that are theirs anyway."""
    breaks: tuple[tuple[int, int], ...] = ()
    """From and to of each, in order, inside the shift."""
    name: str = ""


class Imported(NamedTuple):
    """A roster as it was read, for putting in the place of what was planned for these days."""

    shifts: tuple[Shift, ...]
    """By their beginnings, then agents."""
    from_ms: int
    """The midnight with which the first day named begins, days off included (Asia/Shanghai)."""
    to_ms: int
    """The midnight with which the last day named ends; its last shifts may end later."""


class BadRoster(BadTable):
    """The roster cannot be imported: all that is wrong with it, and nothing was taken over."""
