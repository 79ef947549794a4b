"""`/v1/policy`: a desk's rules, what a change of them would do, and the change."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from aiohttp import web

from router.clocktime import format_ms
from router.core.policy import Desk, Shop
from router.http import views_policy as v
from router.http.policy_history import said
from router.http.problems import Problem
from router.http.routes import SUPERVISORS, Call, Route, encode
from router.http.views import DeskQuery
from router.policy_editing import (
    DEFAULTS,
    GROUPS,
    Changed,
    Edit,
    Editor,
    Fault,
    Given,
    Key,
    NotEditable,
    NotUnderstood,
    Stale,
    Standing,
    Tried,
    catalogue,
    describe,
    differences,
    is_there,
    read,
)

TAG = "policy"
_DEFAULT_SHOP = Shop(id="")


async def get_policy(call: Call) -> web.Response:
    desk = call.one_desk(call.query(DeskQuery).desk)
    return await _answer(call, desk)


async def preview(call: Call) -> v.PreviewView:
    desk = call.one_desk(call.query(DeskQuery).desk)
    edits = _edits(await call.body(v.PolicyBody))
    try:
        tried = await asyncio.to_thread(_editor(call).try_out, desk, edits)
    except (NotEditable, NotUnderstood) as error:
        raise _problem(error) from None
    return _preview(call, desk, tried)


async def put_policy(call: Call) -> web.Response:
    desk = call.one_desk(call.query(DeskQuery).desk)
    edits = _edits(await call.body(v.PolicyBody))
    version = call.request.headers.get("If-Match", "").removeprefix("W/").strip('"')
    if not version:
        detail = "say which version was looked at: If-Match"
        raise Problem(428, detail, reason="version_needed")
    try:
        await _editor(call).change(desk, edits, version, call.user.id)
    except Changed as error:
        shown = [_fault(fault) for fault in error.tried.errors]
        detail = f"{len(shown)} errors; nothing was changed"
        raise Problem(422, detail, reason="bad_policy", errors=shown) from None
    except (NotEditable, NotUnderstood, Stale) as error:
        raise _problem(error) from None
    return await _answer(call, desk)


async def get_history(call: Call) -> v.HistoryView:
    query = call.query(v.HistoryQuery)
    desk = call.one_desk(query.desk)
    history = call.context.history
    found = await asyncio.to_thread(history.read, desk, before=query.before, limit=query.limit + 1)
    shown = found[: query.limit]
    return v.HistoryView(
        adoptions=[
            v.AdoptionView(
                id=one.id,
                at=format_ms(one.at_ms),
                by=one.by,
                by_name=one.by_name,
                changes=one.body.changes,
                further=one.body.further,
            )
            for one in shown
        ],
        next_before=shown[-1].id if len(found) > len(shown) else None,
    )


def _editor(call: Call) -> Editor:
    editor = call.context.settings.policy_editor
    if editor is None:
        raise _problem(NotEditable("no_file"))
    return editor


def _edits(body: v.PolicyBody) -> list[Edit]:
    return [Edit(each.shop, each.key, each.value) for each in body.changes]


def _problem(error: Exception) -> Problem:
    match error:
        case NotEditable():
            reason = f"policy_{error.why}"
            return Problem(409, str(error), reason=reason, title_zh=error.words.zh)
        case Stale():
            detail = "somebody has changed the file meanwhile; look at it again"
            return Problem(412, detail, reason="policy_changed")
        case _:
            return Problem(400, str(error), reason="bad_request")


# Showing


async def _answer(call: Call, desk: str) -> web.Response:
    view = await _view(call, desk)
    headers = {"Cache-Control": "no-store"}
    if view.version:
        headers["ETag"] = f'"{view.version}"'
    return web.Response(body=encode(view), content_type="application/json", headers=headers)


async def _view(call: Call, name: str) -> v.PolicyView:
    in_force = call.state(name).desk
    editor = call.context.settings.policy_editor
    standing: Standing | None = None
    locked: NotEditable | None = NotEditable("no_file")
    if editor is not None:
        locked = await asyncio.to_thread(editor.writable, name)
        try:
            standing = await asyncio.to_thread(editor.look, name)
        except NotEditable as error:
            locked = error
    desk = in_force if standing is None else standing.desk
    keys = catalogue(desk)
    return v.PolicyView(
        desk=name,
        name=desk.name,
        version=standing.version if standing else "",
        in_force=not differences(in_force, desk),
        file=str(standing.file) if standing else "",
        locked=said(locked.words) if locked else None,
        may_change=call.user.role == "admin",
        groups=list(_groups(keys)),
        scopes=[
            _scope(keys, desk, shop, standing.given if standing else None)
            for shop in (None, *desk.shops)
        ],
    )


def _groups(keys: Sequence[Key]) -> Iterable[v.GroupView]:
    for group, words in GROUPS.items():
        fields = [_field(key) for key in keys if key.group == group]
        yield v.GroupView(id=group, zh=words.zh, en=words.en, fields=fields)


def _field(key: Key) -> v.FieldView:
    return v.FieldView(
        key=key.id,
        zh=key.zh,
        en=key.en,
        kind=key.kind,
        scope=key.scope,
        default=read(key, DEFAULTS, _DEFAULT_SHOP),
        choices=[v.ChoiceView(value=c.value, zh=c.zh, en=c.en) for c in key.choices],
        hint=said(key.hint),
    )


def _scope(
    keys: Sequence[Key], desk: Desk, shop: Shop | None, given: frozenset[Given] | None
) -> v.ScopeView:
    not_here = "desk" if shop else "shop"
    return v.ScopeView(
        shop=shop.id if shop else "",
        name=(shop.name or shop.id) if shop else desk.name,
        values={
            key.id: v.ValueView(value=read(key, desk, shop), source=_source(key, desk, shop, given))
            for key in keys
            if key.scope != not_here and is_there(key, desk, shop)
        },
    )


def _source(key: Key, desk: Desk, shop: Shop | None, given: frozenset[Given] | None) -> v.Source:
    """As the file says it; without one, what is different comes from there."""
    own = read(key, desk)
    if shop is not None:
        stands = (shop.id, key.id) in given if given is not None else read(key, desk, shop) != own
        if stands:
            return "shop"
    if given is not None:
        return "desk" if ("", key.id) in given else "default"
    return "desk" if own != read(key, DEFAULTS) else "default"


def _preview(call: Call, desk: str, tried: Tried) -> v.PreviewView:
    state = call.state(desk)
    changes = [] if tried.after is None else differences(tried.before, tried.after)
    shown = []
    for change in changes:
        words = describe(change, state)
        shown.append(
            v.ChangeView(
                key=change.key.id,
                shop=change.shop,
                group=said(GROUPS[change.key.group]),
                rule=v.Said(zh=change.key.zh, en=change.key.en),
                before=said(words.before),
                after=said(words.after),
                means=said(words.means),
                shops=list(change.shops),
                others=list(change.others),
                concerned=words.concerned,
            )
        )
    return v.PreviewView(
        version=tried.version,
        valid=tried.after is not None,
        changes=shown,
        errors=[_fault(fault) for fault in tried.errors],
        warnings=[_fault(fault) for fault in tried.warnings],
    )


def _fault(fault: Fault) -> v.FaultView:
    problem = fault.problem
    return v.FaultView(
        shop=fault.shop, key=fault.key, place=problem.key, zh=problem.zh, en=problem.en
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/policy",
        handler=get_policy,
        summary="A desk's rules: each value, and whether it is the default, the desk's or a shop's",
        summary_zh="客服台的规则:每项的值,以及它来自默认、客服台还是店铺",
        tag=TAG,
        roles=SUPERVISORS,
        query=DeskQuery,
        answer=v.PolicyView,
    ),
    Route(
        method="POST",
        path="/v1/policy/preview",
        handler=preview,
        summary="What a change of the rules would do; nothing is changed",
        summary_zh="试算规则改动:会变什么、从何时起算、涉及多少;不会真的修改",
        tag=TAG,
        roles=SUPERVISORS,
        query=DeskQuery,
        body=v.PolicyBody,
        answer=v.PreviewView,
        refuses=True,
        acts=False,
    ),
    Route(
        method="PUT",
        path="/v1/policy",
        handler=put_policy,
        summary="Change the rules, in the file and at once; needs If-Match with the version seen",
        summary_zh="修改规则:写入文件并立即采用;须带 If-Match 写明所看的版本",
        tag=TAG,
        roles=("admin",),
        query=DeskQuery,
        body=v.PolicyBody,
        answer=v.PolicyView,
        refuses=True,
    ),
    Route(
        method="GET",
        path="/v1/policy/history",
        handler=get_history,
        summary="The rules that were adopted before: when, by whom, what was changed",
        summary_zh="规则的采用记录:何时、谁、改了什么",
        tag=TAG,
        roles=SUPERVISORS,
        query=v.HistoryQuery,
        answer=v.HistoryView,
    ),
)
