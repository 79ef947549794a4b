"""`/v1/sessions`: looking at them, and what agents and supervisors do with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import nlargest

from router.core import commands as c
from router.core.state import State
from router.http import showing, sight
from router.http import views as v
from router.http.problems import Problem
from router.http.routes import EVERYBODY, SUPERVISORS, Call, Route
from router.http.showing import Ref

TAG = "sessions"
SEARCHED = 1_000
"""Sessions in which a buyer is looked for."""


def find(call: Call, session: str) -> Ref:
    """An open or closed session that the caller may see. Raises 404 or 403."""
    desk = showing.desk_of(session, "s")
    ref = None
    if desk in call.desks():
        ref = locate(call, desk, session)
    if ref is None:
        raise Problem(404, f"no session {session[:200]!r}", reason="no_such_session")
    if not call.supervises and not sight.sees_session(call.state(desk), call.agent, ref):
        raise Problem(403, "this session is not yours", reason="not_yours")
    return ref


def locate(call: Call, desk: str, session: str) -> Ref | None:
    state = call.state(desk)
    thread = state.sessions.get(session)
    if thread is not None:
        return showing.ref(desk, state, thread)
    closed = call.context.follower.closed(session)
    threads = [t] if closed and (t := state.thread(*closed)) else state.threads.values()
    for thread in threads:
        for past in reversed(thread.past):
            if past.id == session:
                return showing.ref(desk, state, thread, past)
    return None


def _all(call: Call, query: v.SessionsQuery) -> Iterator[Ref]:
    for desk in call.desks(query.desk):
        state = call.state(desk)
        closed = query.state == "closed"
        for ref in _closed(desk, state) if closed else _open(desk, state, query.ids):
            if _wanted(query, ref) and (
                call.supervises or sight.sees_session(state, call.agent, ref)
            ):
                yield ref


def _open(desk: str, state: State, ids: str) -> Iterator[Ref]:
    if not ids:
        return (showing.ref(desk, state, thread) for thread in state.sessions.values())
    threads = (state.sessions.get(session) for session in dict.fromkeys(ids.split(",")))
    return (showing.ref(desk, state, thread) for thread in threads if thread)


def _closed(desk: str, state: State) -> Iterator[Ref]:
    for thread in state.threads.values():
        for past in thread.past:
            yield showing.ref(desk, state, thread, past)


def _wanted(query: v.SessionsQuery, ref: Ref) -> bool:
    if query.shop and ref.thread.shop != query.shop:
        return False
    if query.agent and ref.agent != query.agent:
        return False
    if query.sub_account and ref.sub_account != query.sub_account:
        return False
    if query.state not in ("", "open", ref.state):
        return False
    if query.ids and ref.past is not None and ref.id not in query.ids.split(","):
        return False
    if query.rule:
        return ref.past is None and any(
            rule == query.rule for rule, _ in showing.pending(ref.thread)
        )
    return True


async def get_sessions(call: Call) -> v.Sessions:
    query = call.query(v.SessionsQuery)
    newest_first = query.state == "closed"
    found: Iterable[Ref] = _all(call, query)
    if query.buyer:
        found = await _of_buyer(call, query.buyer, found)
    refs, cursor = showing.page(found, lambda ref: ref.id, query, newest_first=newest_first)
    sessions = [showing.session(ref) for ref in refs]
    return v.Sessions(sessions=await call.named(sessions), next_cursor=cursor)


async def _of_buyer(call: Call, wanted: str, refs: Iterable[Ref]) -> list[Ref]:
    """The latest of them whose buyer's id or name has this in it."""
    latest = nlargest(SEARCHED, refs, key=lambda ref: showing.place_of(ref.id))
    names = call.context.names
    for desk in {ref.desk for ref in latest}:
        await names.learn(desk, [ref.thread for ref in latest if ref.desk == desk])
    wanted = wanted.casefold()
    return [
        ref
        for ref in latest
        if wanted in ref.thread.buyer.casefold() or wanted in names.of(ref.thread).casefold()
    ]


async def get_session(call: Call) -> v.SessionView:
    return await _shown(call, find(call, call.id))


async def _shown(call: Call, ref: Ref) -> v.SessionView:
    """The session with its buyer's name."""
    (shown,) = await call.named([showing.session(ref)])
    return shown


async def _now(call: Call, ref: Ref) -> v.SessionView:
    """As it is after what was done with it."""
    return await _shown(call, locate(call, ref.desk, call.id) or ref)


async def get_messages(call: Call) -> v.Messages:
    query = call.query(v.PageQuery)
    if query.cursor and not (query.cursor.isdecimal() and query.cursor.isascii()):
        raise Problem(400, "$.cursor: not a cursor of this list", reason="bad_request")
    ref = find(call, call.id)
    before = int(query.cursor) if query.cursor else None
    offsets = [o for o in ref.offsets if before is None or o < before]
    chosen = offsets[-query.limit :]
    more = len(offsets) > len(chosen)
    first = chosen[0] if more else 0
    messages = await call.context.writing.read(ref, chosen)
    # Automatic texts come with the page of the message that they came after, beyond its limit.
    messages += call.context.writing.automatic(ref, first, before)
    messages.sort(key=lambda message: message.offset)
    return v.Messages(messages=messages, next_cursor=str(first) if more else None)


async def post_message(call: Call) -> v.MessageView:
    body = await call.body(v.MessageBody)
    return await call.context.writing.write(call, find(call, call.id), body)


async def post_close(call: Call) -> v.SessionView:
    body = await call.body(v.ReasonBody)
    ref = _still_open(find(call, call.id))
    as_holder = bool(call.user.agent) and ref.agent == call.user.agent
    by_supervisor = call.supervises and not as_holder
    command = c.CloseSession(
        shop=ref.thread.shop,
        buyer=ref.thread.buyer,
        agent=call.user.id if by_supervisor else call.agent,
        sent_ms=await call.clock_ms(ref.desk),
        supervisor=by_supervisor,
        reason=body.reason,
    )
    await call.ask(ref.desk, command)
    return await _now(call, ref)


def _still_open(ref: Ref) -> Ref:
    if ref.past is not None:
        raise Problem(409, f"session {ref.id} has ended", reason="no_open_session")
    return ref


async def post_transfer(call: Call) -> v.SessionView:
    body = await call.body(v.TransferBody)
    ref = _still_open(find(call, call.id))
    command = c.TransferSession(
        shop=ref.thread.shop,
        buyer=ref.thread.buyer,
        to=_sub_account(call.state(ref.desk), ref, body.to),
        by=call.agent,
        reason=body.reason,
    )
    await call.ask(ref.desk, command)
    return await _now(call, ref)


def _sub_account(state: State, ref: Ref, to: str) -> str:
    """`to` is a sub-account, or an agent: then their sub-account at this shop with most room."""
    if to in state.seats or to not in state.persons:
        return to
    here = [
        state.seats[name]
        for name in state.pools.seats_of.get(to, ())
        if state.seats[name].shop == ref.thread.shop
    ]
    if not here:
        detail = f"{to} has no sub-account at {ref.thread.shop}"
        raise Problem(409, detail, reason="unknown_sub_account")
    return min(here, key=lambda seat: (not state.pools.available(seat), seat.load, seat.id)).id


async def post_claim(call: Call) -> v.SessionView:
    ref = _still_open(find(call, call.id))
    command = c.ClaimSession(shop=ref.thread.shop, buyer=ref.thread.buyer, agent=call.agent)
    await call.ask(ref.desk, command)
    return await _now(call, ref)


async def post_reassign(call: Call) -> v.SessionView:
    body = await call.body(v.TransferBody)
    ref = _still_open(find(call, call.id))
    if not body.reason:
        raise Problem(409, "a supervisor who moves a session says why", reason="reason_needed")
    command = c.TransferSession(
        shop=ref.thread.shop,
        buyer=ref.thread.buyer,
        to=_sub_account(call.state(ref.desk), ref, body.to),
        by=call.user.id,
        supervisor=True,
        reason=body.reason,
    )
    await call.ask(ref.desk, command)
    return await _now(call, ref)


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/sessions",
        handler=get_sessions,
        summary="Sessions, open ones unless state=closed",
        summary_zh="会话列表,默认只列未结束的",
        tag=TAG,
        query=v.SessionsQuery,
        answer=v.Sessions,
    ),
    Route(
        method="GET",
        path="/v1/sessions/{id}",
        handler=get_session,
        summary="One session",
        summary_zh="一个会话",
        tag=TAG,
        answer=v.SessionView,
    ),
    Route(
        method="GET",
        path="/v1/sessions/{id}/messages",
        handler=get_messages,
        summary="The messages of a session, the latest page first",
        summary_zh="会话的消息,先给最近一页",
        tag=TAG,
        query=v.PageQuery,
        answer=v.Messages,
    ),
    Route(
        method="POST",
        path="/v1/sessions/{id}/messages",
        handler=post_message,
        summary="Answer the buyer; repeats with the same Idempotency-Key write once",
        summary_zh="回复买家;相同 Idempotency-Key 的重复请求只发一次",
        tag=TAG,
        roles=EVERYBODY,
        body=v.MessageBody,
        answer=v.MessageView,
        status=201,
        refuses=True,
    ),
    Route(
        method="POST",
        path="/v1/sessions/{id}/close",
        handler=post_close,
        summary="Close it: its holder when nobody waits, a supervisor with a reason",
        summary_zh="关闭会话:买家不在等时由接待客服关闭,主管须写明原因",
        tag=TAG,
        body=v.ReasonBody,
        answer=v.SessionView,
        refuses=True,
    ),
    Route(
        method="POST",
        path="/v1/sessions/{id}/transfer",
        handler=post_transfer,
        summary="Give one's own session to a colleague who can take it",
        summary_zh="把自己的会话转给能接待的同事",
        tag=TAG,
        body=v.TransferBody,
        answer=v.SessionView,
        refuses=True,
    ),
    Route(
        method="POST",
        path="/v1/sessions/{id}/claim",
        handler=post_claim,
        summary="Take a session that waits in the queue, or is with the bot",
        summary_zh="领取排队中或由机器人接待的会话",
        tag=TAG,
        answer=v.SessionView,
        refuses=True,
    ),
    Route(
        method="POST",
        path="/v1/sessions/{id}/reassign",
        handler=post_reassign,
        summary="Move a session to somebody else, with a reason",
        summary_zh="主管改派会话,须写明原因",
        tag=TAG,
        roles=SUPERVISORS,
        body=v.TransferBody,
        answer=v.SessionView,
        refuses=True,
    ),
)
