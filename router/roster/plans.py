"""A shift's times of day, before it has a date and an agent: from a definition or a cell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from router.roster.clock import DAY_S, after, span_of, spans_of
from router.roster.shift import LONGEST_SHIFT_MS
from router.roster.words import Nearest, folded, is_off

_SEVERAL = re.compile(r"[+/、,;＋／，；\n]")

TIME_ZH, TIME_EN = "应为时间(如 09:00、24:00)", "expected a time such as 09:00 or 24:00"
SPANS_ZH = "应为休息时段(如 12:00-12:30,多段用、隔开)"
SPANS_EN = "expected breaks such as 12:00-12:30, several separated by 、"


class BadPlan(ValueError):
    """A cell's times cannot be right: `zh` and `en` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class Plan(NamedTuple):
    """Seconds since the midnight with which the day begins; the next day's are beyond 24 h."""

    name: str
    start_s: int
    end_s: int
    breaks: tuple[tuple[int, int], ...] = ()
    sub_accounts: tuple[str, ...] = ()


def plan_of(name: str, start_s: int, end_s: int) -> Plan:
    """A plan without breaks. Raises `BadPlan` for one that is too long."""
    end_s = after(start_s, end_s)
    if (end_s - start_s) * 1000 > LONGEST_SHIFT_MS:
        most_h = LONGEST_SHIFT_MS // 3_600_000
        hours = f"{(end_s - start_s) / 3600:.4g}"
        raise BadPlan(
            f"一个班最长 {most_h} 小时,这里是 {hours} 小时(结束不晚于开始的,算到次日)",
            f"a shift has at most {most_h} hours, this one {hours}"
            " (an end at or before the start is of the next day)",
        )
    return Plan(name, start_s, end_s)


def with_breaks(plans: Sequence[Plan], text: str) -> tuple[Plan, ...]:
    """Each break in the shift that it lies in. Raises `BadPlan`."""
    try:
        spans = spans_of(text)
    except ValueError:
        raise BadPlan(SPANS_ZH, SPANS_EN) from None
    breaks: list[list[tuple[int, int]]] = [[] for _ in plans]
    for start_s, end_s in spans:
        for plan, own in zip(plans, breaks, strict=True):
            placed_s = start_s
            while placed_s < plan.start_s:
                placed_s += DAY_S
            if placed_s + end_s - start_s <= plan.end_s:
                own.append((placed_s, placed_s + end_s - start_s))
                break
        else:
            raise BadPlan("休息要在班次之内", "breaks have to lie inside the shift")
    for own in breaks:
        own.sort()
        if any(one[1] > other[0] for one, other in pairwise(own)):
            raise BadPlan("休息时段互相重叠", "breaks overlap")
    return tuple(plan._replace(breaks=tuple(own)) for plan, own in zip(plans, breaks, strict=True))


class Names:
    """What the roster's names of shifts mean."""

    def __init__(self) -> None:
        self._plans: dict[str, Plan | None] = {}
        """None: no shift on that day."""
        self._broken: set[str] = set()
        self._read: dict[str, tuple[Plan, ...]] = {}
        self._nearest: Nearest | None = None

    def define(self, name: str, plan: Plan | None) -> None:
        self._plans[folded(name)] = plan

    def define_broken(self, name: str) -> None:
        """Defined, but wrongly: that is said where it is defined, not at each use."""
        self._broken.add(folded(name))

    def knows(self, name: str) -> bool:
        return folded(name) in self._plans or folded(name) in self._broken

    def plans(self, text: str) -> tuple[Plan, ...]:
        """The shifts that a cell names, one or several; () for a day off. Raises `BadPlan`."""
        if text not in self._read:
            self._read[text] = self._plans_of(text)
        return self._read[text]

    def _plans_of(self, text: str) -> tuple[Plan, ...]:
        if self.knows(text) or is_off(text):
            return self._one(text)
        parts = [part.strip() for part in _SEVERAL.split(text) if part.strip()]
        if len(parts) > 1 and any(map(is_off, parts)):
            raise BadPlan("休和班次不能写在一格", "a day off and a shift cannot stand in one cell")
        return tuple(plan for part in parts for plan in self._one(part))

    def _one(self, text: str) -> tuple[Plan, ...]:
        if self.knows(text):
            plan = self._plans.get(folded(text))
            return (plan,) if plan else ()
        if is_off(text):
            return ()
        try:
            start_s, end_s = span_of(text)
        except ValueError:
            pass
        else:
            return (plan_of("", start_s, end_s),)
        if self._nearest is None:  # all are defined by the time the first is looked for
            self._nearest = Nearest(self._plans)
        zh, en = self._nearest.to(folded(text))
        raise BadPlan(
            f"应为班次表里定义的班次名、时间段(如 09:00-18:00)或 休,没有 {text} 这个班次{zh}",
            "expected a shift that the sheet 班次 defines, a span such as 09:00-18:00, or 休;"
            f" there is no shift {text}{en}",
        )
