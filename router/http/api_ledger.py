"""`/v1/ledger` and `/v1/breaches`: what was missed, what it costs, and what lifts it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from router.clocktime import parse_ms
from router.core import commands as c
from router.core.records import Breach, LedgerEntry
from router.http import showing
from router.http import views as v
from router.http.problems import Problem
from router.http.routes import SUPERVISORS, Call, Route

TAG = "ledger"


def between(from_: str, to: str) -> Callable[[int], bool]:
    """Whether a time lies in `[from, to)`. Raises a 400 for what is no time."""
    from_ms = time_ms("from", from_) if from_ else 0
    to_ms = time_ms("to", to) if to else 1 << 60
    return lambda at_ms: from_ms <= at_ms < to_ms


def time_ms(name: str, text: str) -> int:
    """A time that a query parameter has. Raises a 400 for what is none."""
    try:
        return parse_ms(text.replace(" ", "+"))  # a "+" that the client did not escape
    except (ValueError, OverflowError):
        detail = f"$.{name}: expected a time like 2026-11-21T08:00:00.000Z"
        raise Problem(400, detail, reason="bad_request") from None


def _wanted(call: Call, query: v.LedgerQuery, line: LedgerEntry | Breach) -> bool:
    if not call.supervises and line.agent != call.agent:
        return False
    if query.agent and line.agent != query.agent:
        return False
    if query.shop and line.shop != query.shop:
        return False
    return not query.rule or line.rule == query.rule


def _entries(call: Call, query: v.LedgerQuery) -> Iterator[tuple[str, LedgerEntry]]:
    in_time = between(query.from_, query.to)
    for desk in call.desks(query.desk):
        for entry in call.state(desk).entries.values():
            if in_time(entry.at_ms) and _wanted(call, query, entry):
                yield desk, entry


async def get_ledger(call: Call) -> v.Ledger:
    query = call.query(v.LedgerQuery)
    found = list(_entries(call, query))
    entries, cursor = showing.page(found, lambda pair: pair[1].id, query, newest_first=True)
    return v.Ledger(
        entries=await call.named(
            [showing.entry(desk, call.state(desk), entry) for desk, entry in entries]
        ),
        total_fen=sum(entry.fine_fen for _, entry in found),
        next_cursor=cursor,
    )


def _breaches(call: Call, query: v.LedgerQuery) -> Iterator[tuple[str, Breach]]:
    in_time = between(query.from_, query.to)
    for desk in call.desks(query.desk):
        for breach in call.state(desk).breaches.values():
            if in_time(breach.due_ms) and _wanted(call, query, breach):
                yield desk, breach


async def get_breaches(call: Call) -> v.Breaches:
    query = call.query(v.LedgerQuery)
    found, cursor = showing.page(
        _breaches(call, query), lambda pair: pair[1].id, query, newest_first=True
    )
    return v.Breaches(
        breaches=[showing.breach(desk, breach) for desk, breach in found], next_cursor=cursor
    )


async def waive(call: Call) -> v.BreachView:
    body = await call.body(v.WaiveBody)
    desk = showing.desk_of(call.id, "b")
    found = call.state(desk).breaches.get(call.id) if desk in call.desks() else None
    if found is None:
        raise Problem(404, f"no breach {call.id[:200]!r}", reason="no_such_breach")
    if call.user.agent and call.user.agent == found.agent:
        raise Problem(403, "somebody else has to waive your charge", reason="own_breach")
    await call.ask(desk, c.WaiveBreach(supervisor=call.user.id, why=body.why, breach=call.id))
    return showing.breach(desk, call.state(desk).breaches[call.id])


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/ledger",
        handler=get_ledger,
        summary="The ledger's entries, with the offsets that prove them; newest first",
        summary_zh="罚款台账,附证据在日志中的位置;新的在前",
        tag=TAG,
        query=v.LedgerQuery,
        answer=v.Ledger,
    ),
    Route(
        method="GET",
        path="/v1/breaches",
        handler=get_breaches,
        summary="Sealed breaches, by due; newest first",
        summary_zh="已定案的违规;新的在前",
        tag=TAG,
        query=v.LedgerQuery,
        answer=v.Breaches,
    ),
    Route(
        method="POST",
        path="/v1/breaches/{id}/waive",
        handler=waive,
        summary="Lift the charge, with a reason; the breach stands",
        summary_zh="免除罚款,须写明原因;违规记录保留",
        tag=TAG,
        roles=SUPERVISORS,
        body=v.WaiveBody,
        answer=v.BreachView,
        refuses=True,
    ),
)
