"""`/v1/shifts/preview`: what a change of single shifts would come to, before it is made."""

from __future__ import annotations

from router.core import commands as c
from router.core import planning
from router.core.commands_shift import PlannedShift
from router.core.outcome import Rejected
from router.core.state import State
from router.http import showing_plan
from router.http import views as v
from router.http import views_shift as w
from router.http.api_shifts import breaks_of, changed_of, find, readable, row, time_of
from router.http.problems import Problem
from router.http.routes import SUPERVISORS, Call, Route, refused


async def preview(call: Call) -> w.ShiftPreviewView:
    body = await call.body(w.ShiftPreviewBody)
    desk = call.one_desk(call.query(v.DeskQuery).desk)
    if body.shift and find(call, body.shift)[0] != desk:
        raise Problem(404, f"no shift {body.shift!r} at {desk}", reason="no_such_shift")
    found = _tried(call.state(desk), body, call.user.id)
    if isinstance(found, Rejected):
        raise readable(refused(found))
    return showing_plan.preview(call.state(desk), found, await call.clock_ms(desk))


def _tried(state: State, body: w.ShiftPreviewBody, user: str) -> planning.Difference | Rejected:
    if body.other:
        swap = c.SwapShifts(one=body.shift, other=body.other, by=user, why="")
        return planning.would_swap(state, swap)
    shift = state.shifts.get(body.shift)
    planned = None
    if not body.cancel:
        planned = changed_of(shift, body) if shift else _new(body)
    command = c.ChangeShift(by=user, why="", shift=body.shift, cancel=body.cancel, planned=planned)
    return planning.would_change(state, command)


def _new(body: w.ShiftPreviewBody) -> PlannedShift:
    return PlannedShift(
        agent=body.agent,
        from_ms=time_of("from_at", body.from_at),
        to_ms=time_of("to_at", body.to_at),
        sub_accounts=body.sub_accounts or (),
        breaks=breaks_of(body.breaks or ()),
        name=body.name or "",
    )


ROUTES: tuple[Route, ...] = (
    row(
        "POST",
        "/v1/shifts/preview",
        preview,
        "What a change of shifts would come to: before and after, clashes, gaps; changes nothing",
        "试算班次改动:改前改后、撞号、空档;不改排班",
        roles=SUPERVISORS,
        query=v.DeskQuery,
        body=w.ShiftPreviewBody,
        answer=w.ShiftPreviewView,
        refuses=True,
        acts=False,
    ),
)
