"""The way out: shifts to a sheet in the long layout, which imports back to the same shifts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, time, timedelta

from router.core.policy import BEIJING_OFFSET_MS
from router.roster.shift import LONGEST_SHIFT_MS, Shift
from router.tables import Sheet, Value

HEADER = ("客服", "姓名", "日期", "班次", "开始", "结束", "休息", "子账号")
SHEET = "排班"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def export_roster(
    shifts: Iterable[Shift], agents: Collection[str] | Mapping[str, str]
) -> list[Sheet]:
    """A sheet with a row for each shift, by their beginnings; times are Asia/Shanghai.

    The agents' names, where they are given, stand beside their ids. Raises ValueError for a
    shift that the layout cannot show: with fractions of a second, or longer than a shift may be.
    """
    names = agents if isinstance(agents, Mapping) else {}
    rows: list[tuple[Value, ...]] = [HEADER]
    for shift in sorted(shifts, key=lambda shift: (shift.from_ms, shift.agent)):
        if not 0 < shift.to_ms - shift.from_ms <= LONGEST_SHIFT_MS:
            raise ValueError(f"a shift of {shift.agent} ends before it begins, or is too long")
        start = _beijing(shift.from_ms)
        rows.append(
            (
                shift.agent,
                names.get(shift.agent, ""),
                start.date(),
                shift.name,
                start.time(),
                _beijing(shift.to_ms).time(),
                "、".join(f"{_clock(a)}-{_clock(b)}" for a, b in shift.breaks),
                "、".join(shift.sub_accounts),
            )
        )
    return [Sheet.of(SHEET, rows)]


def _beijing(at_ms: int) -> datetime:
    if at_ms % 1000:
        raise ValueError(f"{at_ms} ms is no whole second")
    # Without a zone: what stands in a cell is the time that a clock on the wall shows.
    return (_EPOCH + timedelta(milliseconds=at_ms + BEIJING_OFFSET_MS)).replace(tzinfo=None)


def _clock(at_ms: int) -> str:
    at: time = _beijing(at_ms).time()
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"
