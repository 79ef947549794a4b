"""`/v1/handovers`: what one shift tells the next, and what is asked back (RULES §5)."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from router.core import commands as c
from router.core import drafting
from router.core.commands_shift import HandoverLine
from router.core.facts import HandoverFiled
from router.core.handover import follower
from router.core.policy import DAY_MS
from router.core.records import HandedLine, Handover, Shift
from router.core.state import State
from router.http import showing
from router.http import showing_shifts as show
from router.http import views as v
from router.http import views_shift as w
from router.http.api_shifts import period, time_of
from router.http.problems import Problem
from router.http.routes import Call, Route

TAG = "handovers"
LAST_SHOWN = 3
"""How many of a session's last messages stand in a draft."""

SESSIONS_SHOWN = 200
"""Of how many sessions the draft reads them."""


def _sees(call: Call, state: State, found: Handover) -> bool:
    return call.supervises or show.sees_handover(state, call.agent, found)


def find(call: Call, name: str) -> tuple[str, Handover]:
    """The desk and the handover. Raises a 404, also for what the caller may not see."""
    desk = showing.desk_of(name, "h")
    found = call.state(desk).handovers.get(name) if desk in call.desks() else None
    if found is None or not _sees(call, call.state(desk), found):
        raise Problem(404, f"no handover {name[:200]!r}", reason="no_such_handover")
    return desk, found


def _holds(found: Handover, words: str) -> bool:
    """Whether these words stand in it, whatever their case."""
    texts = [found.note, *(line.text for line in found.lines)]
    texts += [text for each in found.questions for text in (each.text, each.answer)]
    texts += [line.buyer for line in found.lines]
    return any(words in text.casefold() for text in texts)


def _wanted(call: Call, query: w.HandoversQuery) -> Iterator[tuple[str, Handover]]:
    from_ms, to_ms = period(query.from_, query.to)
    words = query.q.strip().casefold()
    for desk in call.desks(query.desk):
        state = call.state(desk)
        source = state.rota.open if query.state == "open" else state.handovers
        for found in list(source.values()):
            if not from_ms <= found.filed_ms < to_ms or query.agent not in ("", found.agent):
                continue
            if _sees(call, state, found) and (not words or _holds(found, words)):
                yield desk, found


async def get_handovers(call: Call) -> w.Handovers:
    query = call.query(w.HandoversQuery)
    found, cursor = showing.page(
        _wanted(call, query), lambda pair: pair[1].id, query, newest_first=True
    )
    return w.Handovers(
        handovers=[show.handover(desk, call.state(desk), each) for desk, each in found],
        next_cursor=cursor,
    )


async def get_handover(call: Call) -> w.HandoverView:
    desk, found = find(call, call.id)
    return show.handover(desk, call.state(desk), found)


async def get_draft(call: Call) -> w.DraftView:
    query = call.query(w.DraftQuery)
    agent = query.agent if call.supervises and query.agent else call.agent
    if query.agent not in ("", agent):
        raise Problem(403, "this is somebody else's draft", reason="not_yours")
    desk = next((desk for desk in call.desks(query.desk) if agent in call.state(desk).persons), "")
    if not desk:
        raise Problem(404, f"no agent {agent[:200]!r}", reason="unknown_agent")
    state = call.state(desk)
    shift = drafting.unhanded(state, agent)
    now_ms = await call.clock_ms(desk)
    follows = follower(state, agent, shift, base_ms=now_ms)
    lines: list[w.LineView] = []
    for number, line in enumerate(drafting.draft(state, agent)):
        shown = show.line(state, number, _handed(line))
        flag = state.flags.get(line.ref) if line.about == "other" else None
        kind = flag.rule if flag is not None else shown.kind
        last = await _last(call, desk, state, line) if number < SESSIONS_SHOWN else []
        lines.append(replace(shown, kind=kind, last=tuple(last)))
    due_ms = show.filing_due_ms(state, shift)
    return w.DraftView(
        desk=desk,
        agent=agent,
        shift=shift.id if shift else "",
        due_at=showing.at(due_ms),
        to=follows.agent if follows else "",
        to_shift=follows.id if follows else "",
        lines=lines,
    )


async def get_duties(call: Call) -> w.Duties:
    query = call.query(w.DutiesQuery)
    found: list[tuple[str, Shift]] = []
    for desk in call.desks(query.desk):
        now_ms = await call.clock_ms(desk)
        from_ms, to_ms = period(query.from_, query.to)
        from_ms = from_ms if query.from_ else now_ms - drafting.FILED_WITHIN_MS
        to_ms = to_ms if query.to else now_ms + DAY_MS
        state = call.state(desk)
        shifts = state.shifts.values() if call.supervises else state.rota.of(call.agent)
        found += [
            (desk, shift)
            for shift in shifts
            if from_ms <= shift.to_ms < to_ms and shift.state != "cancelled"
        ]
    found.sort(key=lambda pair: (pair[1].to_ms, pair[0], pair[1].no))
    start = int(query.cursor) if query.cursor.isdecimal() and query.cursor.isascii() else 0
    end = start + query.limit
    shown = found[start:end]
    return w.Duties(
        duties=[
            show.duty(desk, call.state(desk), shift, follows)
            for (desk, shift), follows in zip(shown, _followers(call, shown), strict=True)
        ],
        next_cursor=str(end) if end < len(found) else None,
    )


def _followers(call: Call, shifts: list[tuple[str, Shift]]) -> Iterator[Shift | None]:
    """Who takes each of these over by the roster, which is gone through once for all."""
    near: dict[str, list[Shift]] = {}
    for desk in dict.fromkeys(desk for desk, _ in shifts):
        state = call.state(desk)
        ends = [shift.to_ms for name, shift in shifts if name == desk]
        from_ms = min(ends) - state.desk.policy.follows_within_ms
        to_ms = max(ends) + DAY_MS
        near[desk] = [each for each in state.shifts.values() if from_ms <= each.from_ms <= to_ms]
    for desk, shift in shifts:
        state = call.state(desk)
        yield (
            None
            if shift.handover
            else follower(state, shift.agent, shift, base_ms=state.at_ms, among=near[desk])
        )


def _handed(line: HandoverLine) -> HandedLine:
    return HandedLine(line.about, line.ref, line.text, line.shop, line.buyer, line.due_ms)


async def _last(call: Call, desk: str, state: State, line: HandoverLine) -> list[v.MessageView]:
    """The last messages of the session that a line is about."""
    thread = state.sessions.get(line.ref) if line.about == "session" else None
    if thread is None:
        return []
    ref = showing.ref(desk, state, thread)
    return await call.context.writing.read(ref, ref.offsets[-LAST_SHOWN:])


async def file(call: Call) -> w.HandoverView:
    agent = call.agent
    body = await call.body(w.HandoverBody)
    command = c.FileHandover(
        agent=agent,
        lines=tuple(_line(number, line) for number, line in enumerate(body.lines)),
        note=body.note,
        shift=body.shift,
        to=body.to,
    )
    desk = _desk_of(call, agent)
    answer = await call.ask(desk, command)
    name = next(fact.handover for fact in answer.facts if isinstance(fact, HandoverFiled))
    state = call.state(desk)
    return show.handover(desk, state, state.handovers[name])


def _desk_of(call: Call, agent: str) -> str:
    """Where this agent works. Raises a 404."""
    for desk in call.desks():
        if agent in call.state(desk).persons:
            return desk
    raise Problem(404, f"no agent {agent[:200]!r}", reason="unknown_agent")


def _line(number: int, body: w.LineBody) -> HandoverLine:
    return HandoverLine(
        about=body.about,
        ref=body.ref,
        text=body.text,
        shop=body.shop,
        buyer=body.buyer,
        due_ms=time_of(f"lines[{number}].due_at", body.due_at) if body.due_at else 0,
    )


async def acknowledge(call: Call) -> w.HandoverView:
    agent = call.agent
    body = await call.body(w.AcknowledgeBody)
    desk, found = find(call, call.id)
    command = c.AcknowledgeHandover(agent=agent, handover=found.id, lines=body.lines)
    await call.ask(desk, command)
    state = call.state(desk)
    return show.handover(desk, state, state.handovers[found.id])


async def ask(call: Call) -> w.HandoverView:
    body = await call.body(w.QuestionBody)
    desk, found = find(call, call.id)
    command = c.AskHandover(
        handover=found.id,
        agent=_speaker(call),
        text=body.text,
        line=body.line,
        supervisor=call.supervises,
    )
    await call.ask(desk, command)
    state = call.state(desk)
    return show.handover(desk, state, state.handovers[found.id])


def _speaker(call: Call) -> str:
    return call.user.id if call.supervises else call.agent


async def answer(call: Call) -> w.HandoverView:
    body = await call.body(w.AnswerBody)
    desk, found = find(call, call.id)
    number = call.request.match_info["number"]
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise Problem(404, f"no question {number[:20]!r}", reason="no_such_question")
    command = c.AnswerHandover(
        handover=found.id,
        question=int(number),
        agent=_speaker(call),
        text=body.text,
        supervisor=call.supervises,
    )
    await call.ask(desk, command)
    state = call.state(desk)
    return show.handover(desk, state, state.handovers[found.id])


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/handovers",
        handler=get_handovers,
        summary="Handovers, newest first; `q` searches notes and lines",
        summary_zh="交接班记录,新的在前;q 搜索说明和各行",
        tag=TAG,
        query=w.HandoversQuery,
        answer=w.Handovers,
    ),
    Route(
        method="GET",
        path="/v1/handovers/draft",
        handler=get_draft,
        summary="What is open: the draft of one's own handover; supervisors name an agent",
        summary_zh="交班草稿:手上未完的会话、工作、承诺;主管可看某人的",
        tag=TAG,
        query=w.DraftQuery,
        answer=w.DraftView,
    ),
    Route(
        method="GET",
        path="/v1/handovers/duties",
        handler=get_duties,
        summary="Who hands over to whom: shifts by their end, and how far that has come",
        summary_zh="谁交给谁:按下班时间排的班次,和交接到哪一步",
        tag=TAG,
        query=w.DutiesQuery,
        answer=w.Duties,
    ),
    Route(
        method="POST",
        path="/v1/handovers",
        handler=file,
        summary="File a handover: lines, and what is special (note)",
        summary_zh="交班:逐项说明,加特殊情况",
        tag=TAG,
        body=w.HandoverBody,
        answer=w.HandoverView,
        status=201,
        refuses=True,
    ),
    Route(
        method="GET",
        path="/v1/handovers/{id}",
        handler=get_handover,
        summary="A handover",
        summary_zh="一份交接班记录",
        tag=TAG,
        answer=w.HandoverView,
    ),
    Route(
        method="POST",
        path="/v1/handovers/{id}/acknowledge",
        handler=acknowledge,
        summary="Take it over: the lines named by number, or the whole",
        summary_zh="接班:按行号逐项,或全部",
        tag=TAG,
        body=w.AcknowledgeBody,
        answer=w.HandoverView,
        refuses=True,
    ),
    Route(
        method="POST",
        path="/v1/handovers/{id}/questions",
        handler=ask,
        summary="Ask back, about a line or the whole",
        summary_zh="提问:对某一行,或整份",
        tag=TAG,
        body=w.QuestionBody,
        answer=w.HandoverView,
        refuses=True,
    ),
    Route(
        method="POST",
        path="/v1/handovers/{id}/questions/{number}/answer",
        handler=answer,
        summary="Answer a question",
        summary_zh="回答提问",
        tag=TAG,
        body=w.AnswerBody,
        answer=w.HandoverView,
        refuses=True,
    ),
)
