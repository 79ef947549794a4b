"""`/v1/replies`: quick replies, found as one types, kept by the team and by each agent."""

from __future__ import annotations

from secrets import token_hex

from aiohttp import web

from router.clocktime import format_ms
from router.http import views_replies as v
from router.http.api_sessions import find
from router.http.problems import Problem
from router.http.reply_rules import Judge, Judged
from router.http.routes import Call, Route
from router.http.showing import at
from router.replies import (
    CATEGORIES,
    BadReplies,
    BadReply,
    IdTaken,
    LibraryFull,
    LibraryUnavailable,
    Reply,
    UnknownReply,
    fill,
    read_replies,
    to_csv,
    to_json,
    to_xlsx,
)
from router.tables import BYTES_LIMIT

TAG = "replies"
PROBLEMS_SHOWN = 200
EXPORTS = {
    "csv": (to_csv, "text/csv"),
    "xlsx": (to_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "json": (to_json, "application/json"),
}


def _owner(call: Call, owner: str) -> str:
    """Whose the replies are: the team's (for supervisors), or the caller's own."""
    if owner == "mine":
        return call.user.agent or call.user.id
    if not call.supervises:
        detail = "the team's quick replies are kept by supervisors"
        raise Problem(403, detail, reason="wrong_role")
    return ""


def _me(call: Call) -> str:
    return call.user.agent or call.user.id


def _problem(error: Exception) -> Problem:
    """What the library says, as an answer."""
    match error:
        case UnknownReply():
            return Problem(404, "no such quick reply of yours", reason="no_such_reply")
        case BadReply():
            faults = [{"field": f.field, "zh": f.zh, "en": f.en} for f in error.faults]
            return Problem(400, str(error)[:1_000], reason="bad_reply", faults=faults)
        case BadReplies():
            shown = [
                v.RowProblem(place=p.place, found=p.found, zh=p.zh, en=p.en)
                for p in error.problems[:PROBLEMS_SHOWN]
            ]
            detail = f"{len(error.problems)} problems; nothing was imported"
            return Problem(422, detail, reason="bad_table", problems=shown)
        case LibraryUnavailable():
            return Problem(503, str(error), reason="library_unavailable", retry_after_s=5)
        case IdTaken():
            detail = "ids in use already; a file may leave them out"
            return Problem(409, detail, reason="ids_taken", ids=error.ids[:PROBLEMS_SHOWN])
        case LibraryFull():
            return Problem(409, f"at most {error.limit} replies", reason="library_full")
        case _:
            raise error


_ERRORS = (UnknownReply, BadReply, BadReplies, IdTaken, LibraryFull, LibraryUnavailable)


async def get_replies(call: Call) -> v.ReplyList:
    query = call.query(v.RepliesQuery)
    if query.cursor and not (query.cursor.isdecimal() and query.cursor.isascii()):
        raise Problem(400, "$.cursor: not a cursor of this list", reason="bad_request")
    start = int(query.cursor or 0)
    me = _me(call)
    try:
        found = await call.context.replies.search(
            query.q,
            agent=me,
            owner={"team": "", "mine": me}.get(query.owner),
            shop=query.shop,
            category=query.category,
            order=query.sort,
            start=start,
            limit=query.limit,
        )
    except LibraryUnavailable as error:
        raise _problem(error) from None
    values = await _values(call, query.session)
    end = start + len(found.replies)
    return v.ReplyList(
        replies=[_shown(reply, values) for reply in found.replies],
        total=found.total,
        categories=[
            v.CategoryCount(id=id_, name=name, count=found.categories[id_])
            for id_, name in CATEGORIES.items()
        ],
        next_cursor=str(end) if end < found.total else None,
    )


async def _values(call: Call, session: str) -> dict[str, str]:
    """What is known for the placeholders."""
    values = {"agent": call.user.name}
    if not session:
        return values
    ref = find(call, session)
    thread = ref.thread
    state = call.state(ref.desk)
    await call.context.names.learn(ref.desk, [thread])
    buyer = call.context.names.of(thread) or thread.buyer
    shop = next((one for one in state.desk.shops if one.id == thread.shop), None)
    values |= {"buyer": buyer, "shop": (shop.name if shop else "") or thread.shop}
    orders = [work.order for work in thread.work.values() if work.order]
    orders += [order for order, bits in thread.live.orders.items() if not bits & 1]
    if orders:
        values["order"] = orders[0]
    return values


def _shown(
    reply: Reply, values: dict[str, str] | None = None, findings: list[Judged] | None = None
) -> v.ReplyView:
    filled = fill(reply.text, values or {})
    return v.ReplyView(
        id=reply.id,
        owner="mine" if reply.owner else "team",
        category=reply.category,
        category_name=CATEGORIES.get(reply.category, reply.category),
        scenario=reply.scenario,
        title=reply.title,
        text=reply.text,
        pictures=reply.pictures,
        shops=reply.shops,
        shortcut=reply.shortcut,
        uses=reply.uses,
        filled=filled.text,
        missing=filled.missing,
        updated_at=at(reply.updated_ms),
        findings=tuple(one.view for one in findings or ()),
    )


async def post_reply(call: Call) -> v.ReplyView:
    return await _save(call, f"r-{token_hex(8)}", new=True)


async def put_reply(call: Call) -> v.ReplyView:
    return await _save(call, call.id, new=False)


async def _save(call: Call, reply_id: str, *, new: bool) -> v.ReplyView:
    body = await call.body(v.ReplyBody)
    reply = Reply(
        id=reply_id,
        owner=_owner(call, body.owner),
        category=body.category,
        scenario=body.scenario,
        title=body.title,
        text=body.text,
        pictures=body.pictures,
        shops=body.shops,
        shortcut=body.shortcut,
        updated_ms=_now_ms(call),
    )
    found = Judge(call).let_pass(reply, confirmed=body.confirmed)
    try:
        await call.context.replies.save(reply, new=new)
    except _ERRORS as error:
        raise _problem(error) from None
    return _shown(reply, findings=found)


def _now_ms(call: Call) -> int:
    return int(call.context.settings.clock_s() * 1000)


async def delete_reply(call: Call) -> v.ReplyList:
    query = call.query(v.OwnerQuery)
    try:
        await call.context.replies.delete(call.id, _owner(call, query.owner))
    except _ERRORS as error:
        raise _problem(error) from None
    return v.ReplyList(replies=[], total=0, categories=[])


async def post_used(call: Call) -> v.ReplyView:
    try:
        reply = await call.context.replies.used(call.id, _me(call), _now_ms(call))
    except _ERRORS as error:
        raise _problem(error) from None
    return _shown(reply)


async def get_usage(call: Call) -> v.UsageList:
    me, reply_id = _me(call), call.id
    try:
        await call.context.replies.read(lambda library: library.get(reply_id, me))
        usage = await call.context.replies.read(lambda library: library.usage(reply_id))
    except _ERRORS as error:
        raise _problem(error) from None
    return v.UsageList(
        usage=[
            v.UsageView(agent=one.agent, uses=one.uses, last_at=format_ms(one.last_ms))
            for one in usage
            if call.supervises or one.agent == me
        ]
    )


async def get_categories(call: Call) -> v.CategoryList:
    del call
    return v.CategoryList(
        categories=[v.CategoryView(id=id_, name=name) for id_, name in CATEGORIES.items()]
    )


async def get_export(call: Call) -> web.Response:
    query = call.query(v.ExportQuery)
    owner = _me(call) if query.owner == "mine" else ""
    write, content_type = EXPORTS[query.format]
    try:
        body = await call.context.replies.read(lambda library: write(library.owned(owner)))
    except LibraryUnavailable as error:
        raise _problem(error) from None
    name = f"quick-replies.{query.format}"
    return web.Response(
        body=body,
        content_type=content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


async def post_import(call: Call) -> v.ImportedReplies:
    """All of the file, or nothing; what is wrong is told with sheet, row and column."""
    query = call.query(v.ImportQuery)
    owner, at_ms = _owner(call, query.owner), _now_ms(call)
    data = await call.large_body(BYTES_LIMIT)

    def new_id() -> str:
        return f"r-{token_hex(8)}"

    try:
        placed = await call.context.replies.read(
            lambda _: read_replies(data, query.name, owner=owner, at_ms=at_ms, new_id=new_id)
        )
        await Judge(call).let_all_pass(placed, confirmed=query.confirmed)
        replies = [reply for reply, _ in placed]
        added, changed = await call.context.replies.save_all(owner, replies)
    except _ERRORS as error:
        raise _problem(error) from None
    return v.ImportedReplies(added=added, changed=changed)


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/replies",
        handler=get_replies,
        summary="Quick replies, searched by text and pinyin; the best first",
        summary_zh="话术:按文字或拼音搜索,最合适的在前",
        tag=TAG,
        query=v.RepliesQuery,
        answer=v.ReplyList,
    ),
    Route(
        method="GET",
        path="/v1/replies/categories",
        handler=get_categories,
        summary="The categories of quick replies",
        summary_zh="话术分类",
        tag=TAG,
        answer=v.CategoryList,
    ),
    Route(
        method="GET",
        path="/v1/replies/export",
        handler=get_export,
        summary="The team's or one's own quick replies as a file",
        summary_zh="导出团队或自己的话术",
        tag=TAG,
        query=v.ExportQuery,
        answer_type="application/octet-stream",
    ),
    Route(
        method="POST",
        path="/v1/replies/import",
        handler=post_import,
        summary="Import a CSV, XLSX or JSON file (the body), all or nothing",
        summary_zh="导入话术文件(请求体为 CSV、XLSX 或 JSON),整体成功或整体拒绝",
        tag=TAG,
        query=v.ImportQuery,
        answer=v.ImportedReplies,
        refuses=True,
    ),
    Route(
        method="POST",
        path="/v1/replies",
        handler=post_reply,
        summary="Keep a new quick reply; its text is checked by the rules of conduct",
        summary_zh="新增话术,保存前按行为规范检查",
        tag=TAG,
        body=v.ReplyBody,
        answer=v.ReplyView,
        status=201,
        refuses=True,
    ),
    Route(
        method="PUT",
        path="/v1/replies/{id}",
        handler=put_reply,
        summary="Change a quick reply",
        summary_zh="修改话术",
        tag=TAG,
        body=v.ReplyBody,
        answer=v.ReplyView,
        refuses=True,
    ),
    Route(
        method="DELETE",
        path="/v1/replies/{id}",
        handler=delete_reply,
        summary="Delete a quick reply",
        summary_zh="删除话术",
        tag=TAG,
        query=v.OwnerQuery,
        answer=v.ReplyList,
    ),
    Route(
        method="POST",
        path="/v1/replies/{id}/used",
        handler=post_used,
        summary="Count that one has used it",
        summary_zh="记一次使用",
        tag=TAG,
        acts=False,
        answer=v.ReplyView,
    ),
    Route(
        method="GET",
        path="/v1/replies/{id}/usage",
        handler=get_usage,
        summary="Who has used it how often",
        summary_zh="使用次数",
        tag=TAG,
        answer=v.UsageList,
    ),
)
