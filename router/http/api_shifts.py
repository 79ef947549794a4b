"""`/v1/shifts` and `/v1/attendance`: who works when, with whom, and who was there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from router.clocktime import parse_ms
from router.core import commands as c
from router.core.commands_shift import PlannedShift
from router.core.policy import BEIJING_OFFSET_MS
from router.core.records import Shift
from router.core.rota import beginning, in_order
from router.http import showing, showing_around
from router.http import showing_shifts as show
from router.http import views as v
from router.http import views_shift as w
from router.http.problems import Problem
from router.http.routes import SUPERVISORS, Call, Route

TAG = "shifts"
AROUND_MOST = 100
_MOMENT = re.compile(r"\b\d{13}\b")


def time_of(name: str, text: str) -> int:
    """Raises a 400 for what is no time."""
    try:
        return parse_ms(text.replace(" ", "+"))  # a "+" that the client did not escape
    except (ValueError, OverflowError):
        detail = f"$.{name}: expected a time like 2026-11-21T08:00:00+08:00"
        raise Problem(400, detail, reason="bad_request") from None


def period(from_: str, to: str) -> tuple[int, int]:
    """From and to in ms; without them all time. Raises a 400."""
    return (time_of("from", from_) if from_ else 0, time_of("to", to) if to else 1 << 60)


def find(call: Call, name: str) -> tuple[str, Shift]:
    """The desk and the shift. Raises a 404."""
    desk = showing.desk_of(name, "r")
    shift = call.state(desk).shifts.get(name) if desk in call.desks() else None
    if shift is None:
        raise Problem(404, f"no shift {name[:200]!r}", reason="no_such_shift")
    return desk, shift


def in_period(
    call: Call, desk_wanted: str, agent: str, from_ms: int, to_ms: int
) -> Iterator[tuple[str, Shift]]:
    """The shifts that touch the period; agents see their own."""
    only = agent if call.supervises else call.agent
    for desk in call.desks(desk_wanted):
        state = call.state(desk)
        shifts = state.rota.of(only) if only else in_order(state.shifts.values())
        for shift in shifts:
            if agent in ("", shift.agent) and shift.from_ms < to_ms and shift.to_ms > from_ms:
                yield desk, shift


async def get_shifts(call: Call) -> w.Shifts:
    query = call.query(w.ShiftsQuery)
    from_ms, to_ms = period(query.from_, query.to)
    found = sorted(
        (
            pair
            for pair in in_period(call, query.desk, query.agent, from_ms, to_ms)
            if query.state in ("", pair[1].state)
        ),
        key=lambda pair: (pair[0], *beginning(pair[1])),
    )
    start = int(query.cursor) if query.cursor.isdecimal() and query.cursor.isascii() else 0
    end = start + query.limit
    return w.Shifts(
        shifts=[show.shift(desk, call.state(desk), shift) for desk, shift in found[start:end]],
        next_cursor=str(end) if end < len(found) else None,
    )


async def get_around(call: Call) -> w.AroundView:
    query = call.query(w.AroundQuery)
    from_ms, to_ms = period(query.from_, query.to)
    asked: dict[str, list[Shift]] = {}
    shifts = in_period(call, query.desk, query.agent, from_ms, to_ms)
    for desk, shift in islice((s for s in shifts if s[1].state != "cancelled"), AROUND_MOST):
        asked.setdefault(desk, []).append(shift)
    return w.AroundView(
        shifts=[
            around
            for desk, shifts in asked.items()
            for around in showing_around.around(call.state(desk), shifts)
        ]
    )


async def get_attendance(call: Call) -> w.AttendanceView:
    query = call.query(w.PeriodQuery)
    from_ms, to_ms = period(query.from_, query.to)
    by_agent: dict[tuple[str, str], list[Shift]] = {}
    for desk, shift in in_period(call, query.desk, query.agent, from_ms, to_ms):
        if shift.state in ("on", "over"):
            by_agent.setdefault((desk, shift.agent), []).append(shift)
    return w.AttendanceView(
        agents=[
            show.attendance(call.state(desk), agent, shifts)
            for (desk, agent), shifts in sorted(by_agent.items())
        ],
        shifts=[
            show.shift(desk, call.state(desk), shift)
            for (desk, _), shifts in sorted(by_agent.items())
            for shift in shifts
            if shift.late_ms or shift.early_ms or shift.absent
        ],
    )


def planned_of(body: w.ShiftBody, place: str = "") -> PlannedShift:
    return PlannedShift(
        agent=body.agent,
        from_ms=time_of(f"{place}from_at", body.from_at),
        to_ms=time_of(f"{place}to_at", body.to_at),
        sub_accounts=body.sub_accounts,
        breaks=breaks_of(body.breaks, place),
        name=body.name,
    )


def breaks_of(spans: tuple[w.SpanBody, ...], place: str = "") -> tuple[tuple[int, int], ...]:
    return tuple(
        (time_of(f"{place}breaks.from_at", s.from_at), time_of(f"{place}breaks.to_at", s.to_at))
        for s in spans
    )


async def ask(call: Call, desk: str, command: c.AnyCommand) -> None:
    try:
        await call.ask(desk, command)
    except Problem as problem:
        raise readable(problem) from None


def readable(problem: Problem) -> Problem:
    """The core names moments in ms: people know them as times of day in Beijing."""

    def clock(found: re.Match[str]) -> str:
        at_s = (int(found.group()) + BEIJING_OFFSET_MS) // 1000
        return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M}"

    problem.detail = _MOMENT.sub(clock, problem.detail)
    return problem


# Single shifts


async def add(call: Call) -> w.ShiftView:
    body = await call.body(w.NewShiftBody)
    desk = call.one_desk(call.query(v.DeskQuery).desk)
    command = c.ChangeShift(by=call.user.id, why=body.why, planned=planned_of(body))
    try:
        answer = await call.ask(desk, command)
    except Problem as problem:
        raise readable(problem) from None
    state = call.state(desk)
    names = [str(getattr(fact, "shift", "")) for fact in answer.facts]
    name = next(name for name in names if name in state.shifts)
    return show.shift(desk, state, state.shifts[name])


async def change(call: Call) -> w.ShiftView:
    body = await call.body(w.ShiftChangeBody)
    desk, shift = find(call, call.id)
    planned = changed_of(shift, body)
    command = c.ChangeShift(by=call.user.id, why=body.why, shift=shift.id, planned=planned)
    return await _changed(call, desk, shift.id, command)


def changed_of(shift: Shift, body: w.ShiftChangeBody | w.ShiftPreviewBody) -> PlannedShift:
    """The shift with what is named of it."""
    return PlannedShift(
        agent=body.agent or shift.agent,
        from_ms=time_of("from_at", body.from_at) if body.from_at else shift.from_ms,
        to_ms=time_of("to_at", body.to_at) if body.to_at else shift.to_ms,
        sub_accounts=tuple(shift.sub_accounts) if body.sub_accounts is None else body.sub_accounts,
        breaks=tuple(shift.breaks) if body.breaks is None else breaks_of(body.breaks),
        name=shift.name if body.name is None else body.name,
    )


async def cancel(call: Call) -> w.ShiftView:
    body = await call.body(w.CancelBody)
    desk, shift = find(call, call.id)
    command = c.ChangeShift(by=call.user.id, why=body.why, shift=shift.id, cancel=True)
    return await _changed(call, desk, shift.id, command)


async def _changed(call: Call, desk: str, name: str, command: c.ChangeShift) -> w.ShiftView:
    await ask(call, desk, command)
    return show.shift(desk, call.state(desk), find(call, name)[1])


async def swap(call: Call) -> w.SwappedView:
    body = await call.body(w.SwapBody)
    desk, one = find(call, call.id)
    other_desk, other = find(call, body.other)
    if other_desk != desk:
        raise Problem(409, "the two shifts are of different desks", reason="no_such_shift")
    command = c.SwapShifts(one=one.id, other=other.id, by=call.user.id, why=body.why)
    await ask(call, desk, command)
    state = call.state(desk)
    return w.SwappedView(
        one=show.shift(desk, state, find(call, one.id)[1]),
        other=show.shift(desk, state, find(call, other.id)[1]),
    )


def row(method: str, path: str, handler: Any, summary: str, summary_zh: str, **more: Any) -> Route:
    return Route(
        method=method,
        path=path,
        handler=handler,
        summary=summary,
        summary_zh=summary_zh,
        tag=TAG,
        **more,
    )


ROUTES: tuple[Route, ...] = (
    row(
        "GET",
        "/v1/shifts",
        get_shifts,
        "Shifts that touch a period, by their beginnings; agents see their own",
        "班次,按开始时间;客服只看自己的",
        query=w.ShiftsQuery,
        answer=w.Shifts,
    ),
    row(
        "GET",
        "/v1/shifts/around",
        get_around,
        "Who works before, beside and after a shift on the same sub-accounts; agents see their own",
        "班次前后、同时用同一批子账号的同事;客服只问自己的",
        query=w.AroundQuery,
        answer=w.AroundView,
    ),
    row(
        "POST",
        "/v1/shifts",
        add,
        "Add a shift, with a reason",
        "加一个班次,须写明原因",
        roles=SUPERVISORS,
        query=v.DeskQuery,
        body=w.NewShiftBody,
        answer=w.ShiftView,
        status=201,
        refuses=True,
    ),
    row(
        "PATCH",
        "/v1/shifts/{id}",
        change,
        "Change a shift, with a reason; what is not named stays",
        "改班次,须写明原因;没写的不变",
        roles=SUPERVISORS,
        body=w.ShiftChangeBody,
        answer=w.ShiftView,
        refuses=True,
    ),
    row(
        "POST",
        "/v1/shifts/{id}/cancel",
        cancel,
        "Cancel a shift, with a reason",
        "取消班次,须写明原因",
        roles=SUPERVISORS,
        body=w.CancelBody,
        answer=w.ShiftView,
        refuses=True,
    ),
    row(
        "POST",
        "/v1/shifts/{id}/swap",
        swap,
        "Two shifts change their people, with a reason",
        "两个班次换人,须写明原因",
        roles=SUPERVISORS,
        body=w.SwapBody,
        answer=w.SwappedView,
        refuses=True,
    ),
    row(
        "GET",
        "/v1/attendance",
        get_attendance,
        "Who was there: late, left early, absent, away; agents see their own",
        "考勤:迟到、早退、缺勤、离开时长;客服只看自己的",
        query=w.PeriodQuery,
        answer=w.AttendanceView,
    ),
)
