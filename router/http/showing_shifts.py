"""From shifts and handovers to the shapes of the API. Reads a desk's state, never changes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, cast

from router.clocktime import format_ms
from router.core import drafting, duties
from router.core.commands_shift import PlannedShift
from router.core.records import HandedLine, Handover, Shift
from router.core.state import State
from router.http import views as v
from router.http import views_shift as w
from router.http.showing import at

About = Literal["session", "item", "promise", "other"]


def name_of(state: State, agent: str) -> str:
    found = (each.name for each in state.desk.agents if each.id == agent)
    return next(found, "")


def shift(desk: str, state: State, found: Shift) -> w.ShiftView:
    person = state.persons.get(found.agent)
    return w.ShiftView(
        id=found.id,
        desk=desk,
        agent=found.agent,
        agent_name=name_of(state, found.agent),
        from_at=format_ms(found.from_ms),
        to_at=format_ms(found.to_ms),
        sub_accounts=found.sub_accounts,
        breaks=spans(found.breaks),
        name=found.name,
        state=cast(Literal["planned", "on", "over", "cancelled"], found.state),
        presence=person.presence if person else "offline",
        came_at=at(found.came_ms),
        left_at=at(found.left_ms),
        late_ms=found.late_ms,
        early_ms=found.early_ms,
        away_ms=found.away_ms,
        away_in_breaks_ms=found.away_in_breaks_ms,
        absent=found.absent,
        handover=found.handover,
        handover_due_at=None if found.handover else at(found.due_ms),
        breach=found.breach,
    )


def spans(breaks: Iterable[tuple[int, int]]) -> list[v.Span]:
    return [v.Span(from_at=format_ms(begin), to_at=format_ms(end)) for begin, end in breaks]


def planned(found: Shift | PlannedShift) -> w.PlannedView:
    return w.PlannedView(
        agent=found.agent,
        from_at=format_ms(found.from_ms),
        to_at=format_ms(found.to_ms),
        sub_accounts=list(found.sub_accounts),
        breaks=spans(found.breaks),
        name=found.name,
    )


def attendance(state: State, agent: str, shifts: Iterable[Shift]) -> w.AttendanceRow:
    """One agent's shifts that are on or over, in numbers."""
    theirs = list(shifts)
    return w.AttendanceRow(
        agent=agent,
        name=name_of(state, agent),
        shifts=len(theirs),
        planned_ms=sum(each.to_ms - each.from_ms for each in theirs),
        late=sum(bool(each.late_ms) for each in theirs),
        late_ms=sum(each.late_ms for each in theirs),
        left_early=sum(bool(each.early_ms) for each in theirs),
        early_ms=sum(each.early_ms for each in theirs),
        absent=sum(each.absent for each in theirs),
        away_ms=sum(each.away_ms for each in theirs),
        away_in_breaks_ms=sum(each.away_in_breaks_ms for each in theirs),
    )


# Handovers


def handover(desk: str, state: State, found: Handover) -> w.HandoverView:
    return w.HandoverView(
        id=found.id,
        desk=desk,
        agent=found.agent,
        shift=found.shift,
        filed_at=format_ms(found.filed_ms),
        note=found.note,
        lines=[line(state, number, each) for number, each in enumerate(found.lines)],
        to=found.to,
        to_shift=found.to_shift,
        due_at=at(found.due_ms),
        by_router=found.by_router,
        questions=[
            w.QuestionView(
                number=number,
                line=each.line,
                agent=each.agent,
                text=each.text,
                asked_at=format_ms(each.asked_ms),
                answered_by=each.answered_by,
                answer=each.answer,
                answered_at=at(each.answered_ms),
            )
            for number, each in enumerate(found.questions)
        ],
        acknowledged_by=found.acknowledged_by,
        acknowledged_at=at(found.acknowledged_ms),
        state="acknowledged" if found.acknowledged_ms else "open",
        breach=found.breach,
    )


def line(state: State, number: int, found: HandedLine) -> w.LineView:
    """A line, with how it stands now with what it names."""
    named = found.about != "other" and bool(found.ref)
    is_open = named and drafting.is_open(state, found)
    thread = state.sessions.get(found.ref) if found.about == "session" else None
    item = drafting.find_item(state, found) if named and found.about != "session" else None
    waits = drafting.waits_of(thread) if thread is not None else []
    return w.LineView(
        number=number,
        about=cast(About, found.about),
        ref=found.ref,
        text=found.text,
        shop=found.shop,
        buyer=found.buyer,
        due_at=at(found.due_ms),
        kind=item[1].kind if item else "",
        key=item[1].key if item else "",
        order=item[1].order if item else "",
        reason=item[1].reason if item else "",
        open=is_open,
        holder=drafting.holder_of(state, found) if is_open else "",
        waits=tuple(w.WaitsView(rule=e.rule, key=e.key, due_at=at(e.due_ms)) for e in waits),
        taken_by=found.taken_by,
        taken_at=at(found.taken_ms),
    )


def duty(desk: str, state: State, found: Shift, follows: Shift | None) -> w.DutyView:
    """A shift and its handover; `follows`: who takes it over by the roster, where none is filed."""
    person = state.persons.get(found.agent)
    handed = state.handovers.get(found.handover)
    roster_tells = (follows.agent, follows.id) if follows else ("", "")
    to, to_shift = (handed.to, handed.to_shift) if handed else roster_tells
    return w.DutyView(
        shift=found.id,
        desk=desk,
        agent=found.agent,
        name=found.name,
        from_at=format_ms(found.from_ms),
        to_at=format_ms(found.to_ms),
        state=cast(Literal["planned", "on", "over"], found.state),
        presence=person.presence if person else "offline",
        came=bool(found.came_ms),
        owed=duties.owed(state, found),
        due_at=at(filing_due_ms(state, found)),
        to=to,
        to_shift=to_shift,
        handover=found.handover,
        filed_at=at(handed.filed_ms) if handed else None,
        by_router=handed.by_router if handed else False,
        lines=len(handed.lines) if handed else 0,
        left=_left(handed) if handed else 0,
        questions=_unanswered(handed) if handed else 0,
        acknowledge_by=at(handed.due_ms) if handed else None,
        acknowledged_by=handed.acknowledged_by if handed else "",
        acknowledged_at=at(handed.acknowledged_ms) if handed else None,
        breach=found.breach,
        took_breach=handed.breach if handed else "",
    )


def _left(found: Handover) -> int:
    return sum(not each.taken_ms for each in found.lines)


def _unanswered(found: Handover) -> int:
    """What was asked back and waits for an answer; who filed it has added things, too."""
    return sum(not each.answered_ms and each.agent != found.agent for each in found.questions)


# The board


def rostered(state: State, found: Shift, clock_ms: int) -> v.RosteredView:
    person = state.persons[found.agent]
    came = bool(found.came_ms)
    return v.RosteredView(
        shift=found.id,
        agent=found.agent,
        name=name_of(state, found.agent),
        from_at=format_ms(found.from_ms),
        to_at=format_ms(found.to_ms),
        presence=person.presence,
        here=person.presence != "offline",
        came=came,
        late_ms=found.late_ms if came else max(0, clock_ms - max(found.from_ms, found.planned_ms)),
        breaks=spans(found.breaks),
    )


def open_handover(found: Handover) -> v.OpenHandoverView:
    return v.OpenHandoverView(
        id=found.id,
        agent=found.agent,
        to=found.to,
        filed_at=format_ms(found.filed_ms),
        due_at=at(found.due_ms),
        lines=len(found.lines),
        left=_left(found),
        questions=_unanswered(found),
    )


def sees_handover(state: State, agent: str, found: Handover) -> bool:
    """An agent sees what they filed, what is for them or was taken by them, and what they could
    take over now."""
    takers = (each.taken_by for each in found.lines)
    if agent in (found.agent, found.to, found.acknowledged_by, *takers):
        return True
    if found.acknowledged_ms:
        return False
    named = state.persons.get(found.to)
    return named is None or named.presence != "online"


def filing_due_ms(state: State, found: Shift | None) -> int:
    """Until when this shift's handover has to be filed; 0: it does not have to be."""
    if found is None or not duties.required(state):
        return 0
    return found.due_ms or found.to_ms + duties.grace_ms(state)
