"""`/v1/refunds`: pending ones, and how they are settled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from router.core import commands as c
from router.core.state import State
from router.core.thread import Thread, Work
from router.http import showing
from router.http import views as v
from router.http.problems import Problem
from router.http.routes import SUPERVISORS, Call, Route

TAG = "refunds"


class Refund(NamedTuple):
    """A pending refund, and the thread it belongs to."""

    desk: str
    thread: Thread
    work: Work


def _pending(desk: str, state: State) -> Iterator[Refund]:
    for (_, kind, key), thread in list(state.items.items()):
        if kind == "refund":
            yield Refund(desk, thread, thread.work[f"refund/{key}"])


def find(call: Call, name: str) -> Refund:
    """By the work's id, or `{shop}~{refund}`. Raises 404 or 403."""
    refund = _find(call, name)
    if refund is None:
        raise Problem(404, f"no pending refund {name[:200]!r}", reason="no_pending_refund")
    if not call.supervises and refund.work.agent not in ("", call.agent):
        raise Problem(403, "this refund is not yours", reason="not_yours")
    return refund


def _find(call: Call, name: str) -> Refund | None:
    for desk in call.desks():
        state = call.state(desk)
        shop, tilde, key = name.partition("~")
        thread = state.items.get((shop, "refund", key)) if tilde else None
        if thread is not None:
            return Refund(desk, thread, thread.work[f"refund/{key}"])
        if showing.desk_of(name, "w") == desk:
            for refund in _pending(desk, state):
                if refund.work.id == name:
                    return refund
    return None


def _shown(refund: Refund, *, settled: bool = False) -> v.WorkView:
    return showing.work(refund.desk, refund.thread, refund.work, settled=settled)


async def get_refunds(call: Call) -> v.Refunds:
    query = call.query(v.RefundsQuery)
    found = (
        refund
        for desk in call.desks(query.desk)
        for refund in _pending(desk, call.state(desk))
        if _wanted(query, refund) and (call.supervises or refund.work.agent == call.agent)
    )
    refunds, cursor = showing.page(found, lambda refund: refund.work.id, query)
    shown = await call.named([_shown(refund) for refund in refunds])
    return v.Refunds(refunds=shown, next_cursor=cursor)


def _wanted(query: v.RefundsQuery, refund: Refund) -> bool:
    if query.shop and refund.thread.shop != query.shop:
        return False
    if query.agent and refund.work.agent != query.agent:
        return False
    return query.for_supervisors in (None, refund.work.for_supervisors)


async def resolve(call: Call) -> v.WorkView:
    body = await call.body(v.ResolveBody)
    refund = find(call, call.id)
    command = c.RefundResolved(
        shop=refund.thread.shop,
        buyer=refund.thread.buyer,
        refund=refund.work.key,
        outcome=body.outcome,
        sent_ms=await call.clock_ms(refund.desk),
        by_agent=call.user.agent or call.user.id,
    )
    await call.ask(refund.desk, command)
    return _now(call, refund)


def _now(call: Call, refund: Refund) -> v.WorkView:
    """As it is after the command; one that is not pending any more was settled."""
    state = call.state(refund.desk)
    thread = state.thread(refund.thread.shop, refund.thread.buyer)
    work = thread.work.get(f"refund/{refund.work.key}") if thread else None
    if thread is None or work is None or work.id != refund.work.id:
        return _shown(refund, settled=True)
    return _shown(Refund(refund.desk, thread, work))


async def escalate(call: Call) -> v.WorkView:
    body = await call.body(v.ReasonBody)
    refund = find(call, call.id)
    command = c.EscalateRefund(
        shop=refund.thread.shop, refund=refund.work.key, agent=call.agent, reason=body.reason
    )
    await call.ask(refund.desk, command)
    return _now(call, refund)


async def take_over(call: Call) -> v.WorkView:
    refund = find(call, call.id)
    command = c.TakeOverRefund(
        shop=refund.thread.shop,
        refund=refund.work.key,
        supervisor=call.user.id,
        sent_ms=await call.clock_ms(refund.desk),
    )
    await call.ask(refund.desk, command)
    return _now(call, refund)


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/refunds",
        handler=get_refunds,
        summary="Pending refunds",
        summary_zh="待处理的退款",
        tag=TAG,
        query=v.RefundsQuery,
        answer=v.Refunds,
    ),
    Route(
        method="POST",
        path="/v1/refunds/{id}/resolve",
        handler=resolve,
        summary="Settle a refund: agreed, refused or withdrawn",
        summary_zh="处理退款:同意、拒绝或买家撤回",
        tag=TAG,
        body=v.ResolveBody,
        answer=v.WorkView,
        refuses=True,
    ),
    Route(
        method="POST",
        path="/v1/refunds/{id}/escalate",
        handler=escalate,
        summary="Ask a supervisor; the clock runs on until one takes it over",
        summary_zh="上报主管;主管接手之前计时不停",
        tag=TAG,
        body=v.ReasonBody,
        answer=v.WorkView,
        refuses=True,
    ),
    Route(
        method="POST",
        path="/v1/refunds/{id}/take-over",
        handler=take_over,
        summary="A supervisor takes the refund over",
        summary_zh="主管接手退款",
        tag=TAG,
        roles=SUPERVISORS,
        answer=v.WorkView,
        refuses=True,
    ),
)
