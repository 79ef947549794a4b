"""`/v1/roster`: whole periods planned anew, by hand or from a file, and files to take away."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import msgspec
from aiohttp import web

from router.core import commands as c
from router.core import planning
from router.core.commands_shift import PlannedShift
from router.core.outcome import Rejected
from router.core.policy import BEIJING_OFFSET_MS, DAY_MS
from router.core.records import Shift
from router.core.state import State
from router.http import showing_roster as show
from router.http import views as v
from router.http import views_shift as w
from router.http.api_shifts import ask, in_period, period, planned_of, readable, row, time_of
from router.http.problems import Problem
from router.http.routes import SUPERVISORS, Call, Route, refused
from router.roster import Imported, export_roster, import_roster, template
from router.roster import Shift as RosterShift
from router.tables import BYTES_LIMIT, BadTable, read, write_csv, write_xlsx

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def put_roster(call: Call) -> w.RosterView:
    query = call.query(w.RosterQuery)
    desk = call.one_desk(query.desk)
    raw = await call.large_body(BYTES_LIMIT)
    body = msgspec.json.decode(raw or b"{}", type=w.RosterBody)
    command = c.PlanShifts(
        from_ms=time_of("from_at", body.from_at),
        to_ms=time_of("to_at", body.to_at),
        shifts=tuple(
            planned_of(shift, f"shifts[{number}].") for number, shift in enumerate(body.shifts)
        ),
        agents=body.agents,
        by=call.user.id,
        why=body.why,
    )
    return await _plan(call, desk, command, query)


async def import_(call: Call) -> w.RosterView:
    query = call.query(w.RosterImportQuery)
    desk = call.one_desk(query.desk)
    data = await call.large_body(BYTES_LIMIT)
    today = _today(await call.clock_ms(desk))
    try:
        imported = await asyncio.to_thread(_read, data, query.name, call.state(desk), today)
    except BadTable as error:
        raise bad_table(error) from None
    command = c.PlanShifts(
        from_ms=imported.from_ms,
        to_ms=imported.to_ms,
        shifts=tuple(
            PlannedShift(
                agent=shift.agent,
                from_ms=shift.from_ms,
                to_ms=shift.to_ms,
                sub_accounts=shift.sub_accounts,
                breaks=shift.breaks,
                name=shift.name,
            )
            for shift in imported.shifts
        ),
        by=call.user.id,
        why=f"import: {query.name}",
    )
    return await _plan(call, desk, command, query)


def _today(clock_ms: int) -> date:
    return datetime.fromtimestamp((clock_ms + BEIJING_OFFSET_MS) // 1000, UTC).date()


def _read(data: bytes, name: str, state: State, today: date) -> Imported:
    """Raises `BadTable`."""
    return import_roster(
        read(data, name),
        agents={agent.id: agent.name for agent in state.desk.agents},
        sub_accounts=[sub.id for sub in state.desk.sub_accounts],
        today=today,
    )


def bad_table(error: BadTable) -> Problem:
    """All that is wrong with a file, each with its place."""
    shown = [
        {
            "sheet": problem.sheet,
            "row": problem.row,
            "column": problem.column,
            "place": problem.place,
            "found": problem.found,
            "zh": problem.zh,
            "en": problem.en,
        }
        for problem in error.problems
    ]
    detail = f"{len(shown)} things are wrong with this file; nothing was taken over"
    return Problem(422, detail, reason="bad_table", problems=shown)


async def _plan(call: Call, desk: str, command: c.PlanShifts, query: w.RosterQuery) -> w.RosterView:
    """What it changes; done, unless it is a dry run. Raises a 409 for what is not as expected."""
    state = call.state(desk)
    found = planning.compare(state, command)
    if isinstance(found, Rejected):
        raise readable(refused(found))
    shown = show.difference(state, found, command.from_ms, command.to_ms, dry_run=query.dry_run)
    if query.expect and query.expect != shown.digest:
        detail = "the roster has changed since the dry run: look again at what would change"
        raise Problem(409, detail, reason="roster_changed")
    if not query.dry_run:
        await ask(call, desk, command)
    return shown


async def get_clashes(call: Call) -> w.Clashes:
    query = call.query(w.ClashesQuery)
    desk = call.one_desk(query.desk)
    from_ms, to_ms = period(query.from_, query.to)
    return w.Clashes(clashes=show.clashes_of(call.state(desk), from_ms, to_ms))


async def get_names(call: Call) -> w.RosterNames:
    state = call.state(call.one_desk(call.query(v.DeskQuery).desk))
    return w.RosterNames(
        agents=[w.RosterPerson(id=each.id, name=each.name) for each in state.desk.agents],
        sub_accounts=[
            w.RosterSubAccount(id=each.id, shop=each.shop, agent=each.agent)
            for each in state.desk.sub_accounts
        ],
    )


async def export(call: Call) -> web.Response:
    query = call.query(w.RosterExportQuery)
    desk = call.one_desk(query.desk)
    now_ms = await call.clock_ms(desk)
    today_ms = now_ms - (now_ms + BEIJING_OFFSET_MS) % DAY_MS
    from_ms = time_of("from", query.from_) if query.from_ else today_ms
    to_ms = time_of("to", query.to) if query.to else from_ms + 31 * DAY_MS
    state = call.state(desk)
    shifts = [
        _exported(shift)
        for _, shift in in_period(call, desk, query.agent, from_ms, to_ms)
        if shift.state != "cancelled" and from_ms <= shift.from_ms
    ]
    names = {agent.id: agent.name for agent in state.desk.agents}
    sheets = export_roster(shifts, names)
    if query.format == "csv":
        return _file(write_csv(sheets[0]), "text/csv", "roster.csv")
    return _file(await asyncio.to_thread(write_xlsx, sheets), XLSX, "roster.xlsx")


def _exported(shift: Shift) -> RosterShift:
    """A file knows whole seconds."""
    return RosterShift(
        agent=shift.agent,
        from_ms=shift.from_ms - shift.from_ms % 1000,
        to_ms=shift.to_ms - shift.to_ms % 1000,
        sub_accounts=tuple(shift.sub_accounts),
        breaks=tuple((a - a % 1000, b - b % 1000) for a, b in shift.breaks),
        name=shift.name,
    )


async def get_template(call: Call) -> web.Response:
    query = call.query(w.RosterTemplateQuery)
    desk = call.one_desk(query.desk)
    if query.from_:
        first = _today(time_of("from", query.from_))
    else:
        today = _today(await call.clock_ms(desk))
        first = today + timedelta(days=7 - today.weekday())
    names = {agent.id: agent.name for agent in call.state(desk).desk.agents}
    body = await asyncio.to_thread(write_xlsx, template(names, first, query.days))
    return _file(body, XLSX, "roster-template.xlsx")


def _file(body: bytes, content_type: str, name: str) -> web.Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return web.Response(body=body, content_type=content_type, headers=headers)


ROUTES: tuple[Route, ...] = (
    row(
        "PUT",
        "/v1/roster",
        put_roster,
        "Plan a period anew; dry_run says what would change",
        "重排一段时间的班表;dry_run 只看会改什么",
        roles=SUPERVISORS,
        query=w.RosterQuery,
        body=w.RosterBody,
        answer=w.RosterView,
        refuses=True,
    ),
    row(
        "POST",
        "/v1/roster/import",
        import_,
        "Plan from a CSV or XLSX file (the body, up to 5 MB); 422 lists all that is wrong with it",
        "导入排班表(CSV 或 XLSX,最大 5 MB);422 列出全部错误",
        roles=SUPERVISORS,
        query=w.RosterImportQuery,
        answer=w.RosterView,
        refuses=True,
    ),
    row(
        "GET",
        "/v1/roster/export",
        export,
        "The roster as a file that can be imported again; by default 31 days from today",
        "导出排班表(可再导入);默认从今天起 31 天",
        query=w.RosterExportQuery,
        answer=bytes,
        answer_type=XLSX,
    ),
    row(
        "GET",
        "/v1/roster/template",
        get_template,
        "A workbook to fill in and import: the desk's agents, so many days, and shifts by name",
        "排班表模板(Excel):本台客服、日期和班次定义,填好即可导入",
        roles=SUPERVISORS,
        query=w.RosterTemplateQuery,
        answer=bytes,
        answer_type=XLSX,
    ),
    row(
        "GET",
        "/v1/roster/names",
        get_names,
        "Whom and which sub-accounts a roster may name",
        "排班可以写的客服和子账号",
        roles=SUPERVISORS,
        query=v.DeskQuery,
        answer=w.RosterNames,
    ),
    row(
        "GET",
        "/v1/roster/clashes",
        get_clashes,
        "Two people rostered for one sub-account at one time, in shifts that begin in a period",
        "同一时间把一个子账号排给两个人的地方",
        roles=SUPERVISORS,
        query=w.ClashesQuery,
        answer=w.Clashes,
    ),
)
