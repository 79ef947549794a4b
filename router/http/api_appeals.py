"""What people can see of a charge and say against it: sums, proofs and appeals (RULES §1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from router.core import commands as c
from router.core.policy import BEIJING_OFFSET_MS
from router.core.records import Appeal, LedgerEntry
from router.core.state import State
from router.http import proof, showing
from router.http import views_ledger as v
from router.http.api_ledger import between
from router.http.problems import Problem
from router.http.routes import SUPERVISORS, Call, Route

TAG = "ledger"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


# Sums


def _period(at_ms: int, by: str) -> str:
    """The Beijing day or month of a moment."""
    day = (_EPOCH + timedelta(milliseconds=at_ms + BEIJING_OFFSET_MS)).date().isoformat()
    return day if by == "day" else day[:7]


def _entries(call: Call, query: v.SummaryQuery) -> Iterator[LedgerEntry]:
    in_time = between(query.from_, query.to)
    agent = query.agent if call.supervises else call.agent
    if query.agent and query.agent != agent:
        return
    for desk in call.desks(query.desk):
        for entry in call.state(desk).entries.values():
            if (
                in_time(entry.at_ms)
                and agent in ("", entry.agent)
                and query.shop in ("", entry.shop)
                and query.rule in ("", entry.rule)
            ):
                yield entry


async def get_summary(call: Call) -> v.Summary:
    query = call.query(v.SummaryQuery)
    sums: dict[tuple[str, str], list[int]] = {}
    for entry in _entries(call, query):
        row = sums.setdefault((_period(entry.at_ms, query.by), entry.agent), [0, 0, 0])
        charge = entry.kind == "charge"
        row[0] += charge
        row[1] += entry.fine_fen if charge else 0
        row[2] += 0 if charge else entry.fine_fen
    rows = [
        v.SummaryRow(
            period=period,
            agent=agent,
            charges=charges,
            charged_fen=charged_fen,
            lifted_fen=lifted_fen,
            total_fen=charged_fen + lifted_fen,
        )
        for (period, agent), (charges, charged_fen, lifted_fen) in sorted(sums.items())
    ]
    return v.Summary(rows=rows, total_fen=sum(row.total_fen for row in rows))


# Proofs


async def explain(call: Call) -> v.ProofView:
    found = _about(call)
    if found is None:
        detail = f"no ledger entry, breach or flag {call.id[:200]!r}"
        raise Problem(404, detail, reason="no_such_entry")
    state, about = found
    if not call.supervises and about.agent != call.agent:
        raise Problem(403, "this is not yours", reason="not_yours")
    entries = await call.context.service.entries(about.desk, proof.offsets(state, about))
    shown = proof.assemble(state, about, (entry for entry in entries if entry is not None))
    names, thread = call.context.names, state.thread(about.shop, about.buyer)
    await names.learn(about.desk, [thread])
    name = names.of(thread) if thread is not None else ""
    return msgspec.structs.replace(shown, buyer_name=name)


def _about(call: Call) -> tuple[State, proof.Subject] | None:
    for letter in ("e", "b", "f"):
        desk = showing.desk_of(call.id, letter)
        if desk in call.desks():
            state = call.state(desk)
            about = proof.subject(state, desk, call.id)
            if about is not None:
                return state, about
    return None


# Appeals


def _desk_of(call: Call, letter: str) -> str:
    desk = showing.desk_of(call.id, letter)
    if desk not in call.desks():
        what, reason = ("entry", "no_such_entry") if letter == "e" else ("appeal", "no_such_appeal")
        raise Problem(404, f"no {what} {call.id[:200]!r}", reason=reason)
    return desk


async def appeal(call: Call) -> v.AppealView:
    body = await call.body(v.AppealBody)
    desk = _desk_of(call, "e")
    entry = call.state(desk).entries.get(call.id)
    if entry is None:
        raise Problem(404, f"no entry {call.id[:200]!r}", reason="no_such_entry")
    if entry.agent != call.agent:
        raise Problem(403, "this is not yours", reason="not_yours")
    await call.ask(desk, c.AppealCharge(entry=entry.id, agent=call.agent, why=body.why))
    state = call.state(desk)
    return proof.appeal_view(state, desk, state.appealed[entry.id])


def _appeals(call: Call, query: v.AppealsQuery) -> Iterator[tuple[str, Appeal]]:
    for desk in call.desks(query.desk):
        for found in call.state(desk).appeals.values():
            if not call.supervises and found.agent != call.agent:
                continue
            if query.agent in ("", found.agent) and query.state in ("", found.state):
                yield desk, found


async def get_appeals(call: Call) -> v.Appeals:
    query = call.query(v.AppealsQuery)
    found, cursor = showing.page(
        _appeals(call, query), lambda pair: pair[1].id, query, newest_first=True
    )
    return v.Appeals(
        appeals=[proof.appeal_view(call.state(desk), desk, each.id) for desk, each in found],
        next_cursor=cursor,
    )


async def answer(call: Call) -> v.AppealView:
    body = await call.body(v.AnswerBody)
    desk = _desk_of(call, "a")
    found = call.state(desk).appeals.get(call.id)
    if found is None:
        raise Problem(404, f"no appeal {call.id[:200]!r}", reason="no_such_appeal")
    if call.user.agent and call.user.agent == found.agent:
        raise Problem(403, "somebody else has to answer your appeal", reason="own_appeal")
    command = c.AnswerAppeal(
        appeal=found.id, supervisor=call.user.id, accepted=body.accepted, why=body.why
    )
    await call.ask(desk, command)
    return proof.appeal_view(call.state(desk), desk, found.id)


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/ledger/summary",
        handler=get_summary,
        summary="What each agent was charged, by day or month (Beijing time)",
        summary_zh="每位客服每日或每月的罚款合计(北京时间)",
        tag=TAG,
        query=v.SummaryQuery,
        answer=v.Summary,
    ),
    Route(
        method="GET",
        path="/v1/ledger/{id}/explain",
        handler=explain,
        summary="The proof of a ledger entry, a breach or a flag",
        summary_zh="一笔账、一条违规或一条标记的完整证据",
        tag=TAG,
        answer=v.ProofView,
    ),
    Route(
        method="POST",
        path="/v1/ledger/{id}/appeal",
        handler=appeal,
        summary="Say why a charge of yours is unfair",
        summary_zh="对自己的罚款提出申诉,须写明理由",
        tag=TAG,
        body=v.AppealBody,
        answer=v.AppealView,
        refuses=True,
        status=201,
    ),
    Route(
        method="GET",
        path="/v1/appeals",
        handler=get_appeals,
        summary="Appeals; newest first",
        summary_zh="申诉;新的在前",
        tag=TAG,
        query=v.AppealsQuery,
        answer=v.Appeals,
    ),
    Route(
        method="POST",
        path="/v1/appeals/{id}/answer",
        handler=answer,
        summary="Answer an appeal; what is accepted is waived",
        summary_zh="答复申诉;接受的即免罚",
        tag=TAG,
        roles=SUPERVISORS,
        body=v.AnswerBody,
        answer=v.AppealView,
        refuses=True,
    ),
)
