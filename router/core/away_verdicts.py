"""What was found of a broken fourth rule is judged and put down, once a spell (see `away`)."""

from __future__ import annotations

from typing import NamedTuple

from router.core import ledger
from router.core.memos import Silence, Told
from router.core.policy import in_service
from router.core.records import Breach, Person
from router.core.state import State
from router.core.thread import Thread
from router.core.view import Wait

RULE = "away"
SILENT = "silent"
"""The key of a breach that is about a silence; "" for a told buyer."""
CHARGED_KEPT = 8


class _Verdict(NamedTuple):
    """What is put down of a miss."""

    agent: str
    sub_account: str
    session: str
    key: str
    armed_ms: int
    asked_ms: int
    due_ms: int
    uncharged: str
    spell: int
    """The entry that it is charged for, once."""
    proof: tuple[int, ...]


def judge(state: State, thread: Thread, told: Told) -> None:
    """The buyer whom they told has had no answer in time."""
    uncharged = ""
    if _out_of_hours(state, thread, told.back_ms, told.due_ms):
        uncharged = "out_of_service_hours"
    elif any(
        breach.agent == told.agent
        for breach in _replies(state, thread, told.session)
        if told.told_ms < breach.armed_ms <= told.due_ms
    ):
        uncharged = "charged_as_reply"
    verdict = _Verdict(
        agent=told.agent,
        sub_account=told.sub_account,
        session=told.session,
        key="",
        armed_ms=told.back_ms,
        asked_ms=told.told_ms,
        due_ms=told.due_ms,
        uncharged=uncharged,
        spell=told.back_offset,
        proof=(told.offset, told.back_offset),
    )
    _book(state, thread, verdict)


def is_judged(state: State, thread: Thread, silence: Silence) -> bool:
    """Judge the silence if the wait it left behind is judged; False while it is not."""
    if reply_verdict_ms(state, thread, 0, silence.since_ms) > 0:
        return False
    missed = [
        breach
        for breach in _replies(state, thread, silence.session)
        if breach.armed_ms <= silence.since_ms and breach.due_ms >= silence.gone_ms
    ]
    person = state.persons.get(silence.agent)
    if missed and person is not None:
        breach = min(missed, key=lambda breach: breach.due_ms)
        if not any(silence.gone_ms <= came <= breach.due_ms for came in person.came):
            _judge_silence(state, thread, silence, breach)
    return True


def _judge_silence(state: State, thread: Thread, silence: Silence, reply: Breach) -> None:
    grace_ms = state.rules(thread.shop).at(reply.armed_ms).policy.grace_ms
    uncharged = ""
    if _out_of_hours(state, thread, reply.armed_ms, reply.due_ms):
        uncharged = "out_of_service_hours"
    elif reply.agent:
        same = reply.agent == silence.agent
        uncharged = "charged_as_reply" if same else "charged_to_who_took_it"
    elif reply.due_ms - max(silence.held_ms, silence.came_ms) < grace_ms:
        uncharged = "came_too_late_to_the_holder"
    verdict = _Verdict(
        agent=silence.agent,
        sub_account=silence.sub_account,
        session=silence.session,
        key=SILENT,
        armed_ms=reply.armed_ms,
        asked_ms=silence.since_ms,
        due_ms=reply.due_ms,
        uncharged=uncharged,
        spell=silence.offset,
        proof=(silence.asked_offset, silence.presence_offset, silence.offset),
    )
    _book(state, thread, verdict)


def _book(state: State, thread: Thread, verdict: _Verdict) -> None:
    person = state.persons.get(verdict.agent)
    if person is None or verdict.spell in person.charged:
        return
    _note_charged(state, person, verdict.spell)
    fine_fen = state.rules(thread.shop).at(verdict.armed_ms).policy.away_fine_fen
    breach = ledger.book_breach(
        state,
        rule=RULE,
        shop=thread.shop,
        buyer=thread.buyer,
        session=verdict.session,
        key=verdict.key,
        armed_ms=verdict.armed_ms,
        asked_ms=verdict.asked_ms,
        due_ms=verdict.due_ms,
        agent=verdict.agent,
        sub_account=verdict.sub_account,
        fine_fen=fine_fen,
        uncharged=verdict.uncharged,
        proof=verdict.proof,
    )
    thread.breaches = (*thread.breaches, breach.id)


def _note_charged(state: State, person: Person, spell: int) -> None:
    person.charged = (*person.charged, spell)[-CHARGED_KEPT:]
    state.changed(person)


def _replies(state: State, thread: Thread, session: str) -> list[Breach]:
    """The reply deadlines of this session that were missed, sealed and not reversed."""
    found = (state.breaches[breach] for breach in thread.breaches)
    return [b for b in found if b.rule == "reply" and b.session == session and not b.reversed]


def _out_of_hours(state: State, thread: Thread, from_ms: int, to_ms: int) -> bool:
    hours = state.shop(thread.shop).service_hours
    return not (in_service(hours, from_ms) and in_service(hours, to_ms))


def reply_verdict_ms(state: State, thread: Thread, from_ms: int, to_ms: int) -> int:
    """When a wait that began between these is judged; 0 where none is left to be."""
    found = [
        miss.due_ms
        for miss in thread.misses
        if miss.rule == "reply" and from_ms <= miss.armed_ms <= to_ms
    ]
    wait = thread.live.wait
    if wait is not None and not wait.missed and from_ms <= asked_ms_of(wait) <= to_ms:
        found.append(wait.due_ms)
    return max((state.seal_at_ms(thread.shop, due_ms) for due_ms in found), default=0)


def asked_ms_of(wait: Wait) -> int:
    return wait.unanswered[0].true_ms if wait.unanswered else wait.armed_ms
