"""`/v1/items`, call-backs and orders' remarks: the rest of the day's work (RULES §9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from router.clocktime import format_ms, parse_ms
from router.core import commands as c
from router.core.facts import ItemOpened
from router.core.facts_work import remark_id
from router.core.kinds import CALL_BACK
from router.core.state import State, pair_key
from router.core.thread import Thread, Work
from router.http import showing, sight
from router.http import views as v
from router.http import views_work as w
from router.http.api_sessions import find as find_session
from router.http.problems import Problem
from router.http.routes import Call, Route
from router.log.codec import Undecodable, decode_entry
from router.log.ports import Entry

TAG = "work"


class Item(NamedTuple):
    """A work item, pending or settled, and the thread it belongs to."""

    desk: str
    thread: Thread
    work: Work

    @property
    def name(self) -> str:
        return f"{self.work.kind}/{self.work.key}"

    @property
    def shown(self) -> v.WorkView:
        return showing.work(self.desk, self.thread, self.work, settled=bool(self.work.ended_ms))


def _pending(desk: str, state: State) -> Iterator[Item]:
    for (_, kind, key), thread in list(state.items.items()):
        yield Item(desk, thread, thread.work[f"{kind}/{key}"])


def _settled(desk: str, state: State) -> Iterator[Item]:
    for thread in list(state.threads.values()):
        for work in thread.noted:
            yield Item(desk, thread, work)


def _wanted(query: w.ItemsQuery, item: Item) -> bool:
    work = item.work
    if query.kind not in ("", work.kind) or query.shop not in ("", item.thread.shop):
        return False
    if query.agent not in ("", work.agent):
        return False
    if query.state == "missed":
        return item.shown.missed
    return query.state in ("", "settled") or item.shown.state == query.state


async def get_items(call: Call) -> w.Items:
    query = call.query(w.ItemsQuery)
    source = _settled if query.state == "settled" else _pending
    found = (
        item
        for desk in call.desks(query.desk)
        for item in source(desk, call.state(desk))
        if _wanted(query, item) and (call.supervises or item.work.agent == call.agent)
    )
    items, cursor = showing.page(
        found, lambda item: item.work.id, query, newest_first=query.state == "settled"
    )
    return w.Items(items=await call.named([item.shown for item in items]), next_cursor=cursor)


def find(call: Call, name: str) -> Item:
    """By its id; a settled one as long as its notes are remembered. Raises 404 or 403."""
    item = _find(call, name)
    if item is None:
        raise Problem(404, f"no work item {name[:200]!r}", reason="no_such_item")
    if not call.supervises and not _is_for(call.state(item.desk), call.agent, item):
        raise Problem(403, "this work item is not yours", reason="not_yours")
    return item


def _find(call: Call, name: str) -> Item | None:
    desk = showing.desk_of(name, "w")
    if desk not in call.desks():
        return None
    state = call.state(desk)
    for item in (*_pending(desk, state), *_settled(desk, state)):
        if item.work.id == name:
            return item
    return None


def _is_for(state: State, agent: str, item: Item) -> bool:
    """Its holder's and the session holder's; what nobody holds is for all of the shop's."""
    if not item.work.agent:
        return item.thread.shop in sight.shops_of(state, agent)
    return agent in (item.work.agent, item.thread.agent)


async def get_item(call: Call) -> w.ItemView:
    return await _with_notes(call, find(call, call.id))


async def _with_notes(call: Call, item: Item) -> w.ItemView:
    """As it is now, with the words of its notes from the log."""
    state = call.state(item.desk)
    thread = state.thread(item.thread.shop, item.thread.buyer) or item.thread
    known = [*thread.work.values(), *thread.noted]
    work = next((work for work in known if work.id == item.work.id), item.work)
    (shown,) = await call.named([Item(item.desk, thread, work).shown])
    entries: Sequence[Entry | None] = []
    if work.notes:
        entries = await call.context.service.entries(item.desk, work.notes)
    notes = [note for entry in entries if entry and (note := _note(entry))]
    return w.ItemView(item=shown, notes=notes)


def _note(entry: Entry) -> w.NoteView | None:
    try:
        command = decode_entry(entry.body).command
    except Undecodable:
        return None
    at = format_ms(entry.at_ms)
    match command:
        case c.NoteItem():
            return w.NoteView(
                offset=entry.offset,
                at=at,
                by=command.agent,
                text=command.text,
                evidence=command.evidence,
            )
        case c.WithdrawCallBack():
            return w.NoteView(
                offset=entry.offset, at=at, by=command.by, text=command.why, what="withdrawn"
            )
        case _:
            return None


def _myself(call: Call) -> str:
    """The agent who asks; a supervisor who is none, by their own name."""
    return (call.user.agent or call.user.id) if call.supervises else call.agent


async def post_note(call: Call) -> w.ItemView:
    body = await call.body(w.NoteBody)
    item = find(call, call.id)
    command = c.NoteItem(
        shop=item.thread.shop,
        kind=item.work.kind,
        key=item.work.key,
        agent=_myself(call),
        text=body.text,
        evidence=body.evidence,
        supervisor=call.supervises,
    )
    await call.ask(item.desk, _still(item, command))
    return await _with_notes(call, item)


def _still(item: Item, command: c.AnyCommand) -> c.AnyCommand:
    """The command, of an item that is pending: another of the same kind and key may be by now."""
    if item.work.ended_ms:
        raise Problem(409, f"{item.work.id} is settled", reason="no_pending_item")
    return command


async def post_withdraw(call: Call) -> w.ItemView:
    body = await call.body(w.WithdrawBody)
    item = find(call, call.id)
    if item.work.kind != CALL_BACK.name:
        raise Problem(409, f"{item.work.id} is no call-back", reason="not_a_call_back")
    command = c.WithdrawCallBack(
        shop=item.thread.shop,
        call_back=item.work.key,
        by=_myself(call),
        why=body.why,
        supervisor=call.supervises,
    )
    await call.ask(item.desk, _still(item, command))
    return await _with_notes(call, item)


async def post_call_back(call: Call) -> v.WorkView:
    body = await call.body(w.CallBackBody)
    ref = find_session(call, call.id)
    command = c.PromiseCallBack(
        shop=ref.thread.shop,
        buyer=ref.thread.buyer,
        agent=_myself(call),
        due_ms=_due_ms(body, await call.clock_ms(ref.desk)),
        text=body.text,
        supervisor=call.supervises,
    )
    answer = await call.ask(ref.desk, command)
    opened = next(fact for fact in answer.facts if isinstance(fact, ItemOpened))
    state = call.state(ref.desk)
    thread = state.items.get((opened.shop, opened.kind, opened.key), ref.thread)
    work = thread.work[f"{opened.kind}/{opened.key}"]
    return showing.work(ref.desk, thread, work)


def _due_ms(body: w.CallBackBody, clock_ms: int) -> int:
    if (body.due_in_s is None) == (not body.due_at):
        raise Problem(400, "$: give either due_in_s or due_at", reason="bad_request")
    if body.due_in_s is not None:
        return clock_ms + body.due_in_s * 1000
    try:
        return parse_ms(body.due_at)
    except (ValueError, OverflowError):
        detail = "$.due_at: expected a time like 2026-11-21T08:00:00.000Z"
        raise Problem(400, detail, reason="bad_request") from None


# Remarks


def _order(call: Call) -> tuple[str, str, str]:
    """The desk, shop and order of `{shop}~{order}`. Raises 404 or 403."""
    shop, tilde, order = call.id.partition("~")
    for desk in call.desks():
        state = call.state(desk)
        if tilde and order and shop in state.shops:
            if not call.supervises and shop not in sight.shops_of(state, call.agent):
                raise Problem(403, f"you do not work at {shop}", reason="not_yours")
            return desk, shop, order
    detail = f"no order {call.id[:200]!r}: name it {{shop}}~{{order}}"
    raise Problem(404, detail, reason="no_such_order")


async def get_remark(call: Call) -> w.OrderRemark:
    return _remark(call, *_order(call))


def _remark(call: Call, desk: str, shop: str, order: str) -> w.OrderRemark:
    remark = call.state(desk).remarks.get(pair_key(shop, order))
    if remark is None:
        raise Problem(404, f"order {order[:200]!r} has no remark", reason="no_remark")
    delivery = call.context.follower.delivery(shop, remark_id(order, remark.offset))
    return w.OrderRemark(remark=showing.remark(remark), delivery=delivery)


async def post_remark(call: Call) -> w.OrderRemark:
    body = await call.body(w.RemarkBody)
    desk, shop, order = _order(call)
    if len(order) > 200:
        raise Problem(400, "an order's number has at most 200 characters", reason="bad_request")
    command = c.SetRemark(
        shop=shop,
        buyer=body.buyer,
        order=order,
        agent=_myself(call),
        reason=body.reason,
        flag=body.flag,
        supervisor=call.supervises,
    )
    await call.ask(desk, command)
    return _remark(call, desk, shop, order)


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/items",
        handler=get_items,
        summary="Pending work items: order checks, refunds, call-backs and the other kinds",
        summary_zh="待办的工作项:核对订单、退款、承诺回复等",
        tag=TAG,
        query=w.ItemsQuery,
        answer=w.Items,
    ),
    Route(
        method="GET",
        path="/v1/items/{id}",
        handler=get_item,
        summary="One work item with its notes",
        summary_zh="一个工作项及其记录",
        tag=TAG,
        answer=w.ItemView,
    ),
    Route(
        method="POST",
        path="/v1/items/{id}/note",
        handler=post_note,
        summary="Note what was done, with its evidence; meets the kinds that want a note",
        summary_zh="记下做了什么,可附凭证;需要记录的工作项由此完成",
        tag=TAG,
        body=w.NoteBody,
        answer=w.ItemView,
        refuses=True,
    ),
    Route(
        method="POST",
        path="/v1/items/{id}/withdraw",
        handler=post_withdraw,
        summary="A promised call-back is not needed any more, with a reason",
        summary_zh="撤回承诺的回复,须写明原因",
        tag=TAG,
        body=w.WithdrawBody,
        answer=w.ItemView,
        refuses=True,
    ),
    Route(
        method="POST",
        path="/v1/sessions/{id}/call-backs",
        handler=post_call_back,
        summary="Promise the buyer to come back to them; it stays on the board until it is done",
        summary_zh="承诺回复买家,完成之前一直在看板上",
        tag=TAG,
        body=w.CallBackBody,
        answer=v.WorkView,
        status=201,
        refuses=True,
    ),
    Route(
        method="GET",
        path="/v1/orders/{id}/remark",
        handler=get_remark,
        summary="An order's remark; the id is {shop}~{order}",
        summary_zh="订单备注;编号写作 店铺~订单",
        tag=TAG,
        answer=w.OrderRemark,
    ),
    Route(
        method="POST",
        path="/v1/orders/{id}/remark",
        handler=post_remark,
        summary="Set an order's remark, which goes to the platform; the id is {shop}~{order}",
        summary_zh="改备注,会同步到平台;编号写作 店铺~订单",
        tag=TAG,
        body=w.RemarkBody,
        answer=w.OrderRemark,
        refuses=True,
    ),
)
