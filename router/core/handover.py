"""Handovers: filing one, and who has to acknowledge it (RULES §5).

A handover names what is open, line by line, and says what is special (特殊情况). What is open
and stands in no line of the agent's is added, so that the next shift has all of it. Who is to
acknowledge it is told by the outgoing agent, or by the roster: the shift of another agent on
the same sub-accounts that begins nearest to this one's end.
"""

from __future__ import annotations

from collections.abc import Iterable

from router.core import commands as c
from router.core import drafting, duties, operators, work_items
from router.core.commands_shift import HandoverLine
from router.core.drafting import FILED_WITHIN_MS
from router.core.facts import HandoverFiled, HandoverOwed
from router.core.kinds import CALL_BACK
from router.core.outcome import Rejected
from router.core.policy import DAY_MS
from router.core.records import HandedLine, Handover, Shift
from router.core.state import State

LINES_MOST = 2000


def file(state: State, command: c.FileHandover) -> Rejected | None:
    """An agent hands their shift over; without a shift of theirs it is kept in the book all
    the same, and nobody is held to it.

    Refused: `unknown_agent`, `own_handover` (to oneself), `no_such_shift`, `shift_not_begun`,
    `shift_cancelled`, `already_filed`, `not_theirs` (a line names what is not theirs or not
    open), `named_twice`, `nothing_said` (an `other` or `promise` line without words),
    `too_many_lines`, and for promises as `work_items.may_open_call_back`.
    """
    if command.agent not in state.persons:
        return Rejected("unknown_agent", command.agent)
    if command.to and command.to not in state.persons:
        return Rejected("unknown_agent", command.to)
    if command.to == command.agent:
        return Rejected("own_handover", command.agent)
    shift = _shift_of(state, command)
    if isinstance(shift, Rejected):
        return shift
    theirs = (
        drafting.open_lines_of(state, shift)
        if shift is not None
        else drafting.held_lines(state, command.agent)
    )
    lines = _read_lines(state, command, theirs)
    if isinstance(lines, Rejected):
        return lines
    unnamed = _unnamed(theirs, lines)
    if shift is not None:
        unaccounted = _unaccounted(state, command.agent, unnamed, lines)
        duties.filed(state, shift, unaccounted, note=command.note)
    handover = _new(state, command.agent, shift, command.note, lines + unnamed)
    for number, line in enumerate(lines):
        if line.about == "promise":
            _promise(state, handover, number, line)
    handover.named = bool(command.to)
    _follow(state, handover, command.to, base_ms=state.at_ms)
    _say_filed(state, handover)
    _owe(state, handover, base_ms=state.at_ms)
    return None


def _shift_of(state: State, command: c.FileHandover) -> Shift | Rejected | None:
    """Which shift is handed over; None where none of theirs is on or ended within 12 h."""
    if command.shift:
        shift = state.shifts.get(command.shift)
        if shift is None or shift.agent != command.agent:
            return Rejected("no_such_shift", command.shift)
        if shift.state == "planned":
            return Rejected("shift_not_begun", shift.id)
        if shift.state == "cancelled":
            return Rejected("shift_cancelled", shift.id)
        return Rejected("already_filed", shift.handover) if shift.handover else shift
    found = drafting.unhanded(state, command.agent)
    if found is not None:
        return found
    since_ms = state.at_ms - FILED_WITHIN_MS
    for shift in reversed(state.rota.of(command.agent)):
        if shift.handover and (shift.state == "on" or shift.to_ms >= since_ms):
            return Rejected("already_filed", shift.handover)
    return None


def _read_lines(
    state: State, command: c.FileHandover, theirs: list[HandedLine]
) -> list[HandedLine] | Rejected:
    """The lines as they are kept, each checked."""
    if len(command.lines) > LINES_MOST:
        return Rejected("too_many_lines", f"at most {LINES_MOST}")
    known = {(line.about, line.ref): line for line in theirs}
    named: dict[tuple[str, str], None] = {}
    lines: list[HandedLine] = []
    for number, line in enumerate(command.lines):
        read = _read_line(state, command, known, number, line)
        if isinstance(read, Rejected):
            return read
        if line.ref and (line.about, line.ref) in named:
            return Rejected("named_twice", line.ref)
        named[line.about, line.ref] = None
        lines.append(read)
    return lines


def _read_line(
    state: State,
    command: c.FileHandover,
    known: dict[tuple[str, str], HandedLine],
    number: int,
    line: HandoverLine,
) -> HandedLine | Rejected:
    if line.about in ("session", "item"):
        found = known.get((line.about, line.ref))
        if found is None:
            return Rejected("not_theirs", f"line {number}: {line.about} {line.ref}")
        return HandedLine(line.about, line.ref, line.text, found.shop, found.buyer, found.due_ms)
    if not line.text.strip() and not line.ref:
        return Rejected("nothing_said", f"line {number}")
    if line.about == "promise":
        refused = work_items.may_open_call_back(
            state,
            shop=line.shop,
            buyer=line.buyer,
            due_ms=line.due_ms,
            key=_promise_key(state, state.counters.handover_no + 1, number),
        )
        if refused is not None:
            return Rejected(refused.reason, f"line {number}: {refused.detail}")
    elif line.ref:
        flag = state.flags.get(line.ref)
        if flag is None or flag.agent != command.agent:
            return Rejected("not_theirs", f"line {number}: {line.ref}")
    ref = "" if line.about == "promise" else line.ref
    return HandedLine(line.about, ref, line.text, line.shop, line.buyer, line.due_ms)


def _unnamed(theirs: list[HandedLine], lines: list[HandedLine]) -> list[HandedLine]:
    """What is open and stands in no line of theirs."""
    named = {(line.about, line.ref): None for line in lines}
    return [line for line in theirs if (line.about, line.ref) not in named]


def _unaccounted(
    state: State, agent: str, unnamed: list[HandedLine], lines: list[HandedLine]
) -> list[HandedLine]:
    """Of that, what had to stand in one. A line about a buyer's session speaks for what hangs on
    it, too; what somebody else holds by now, or came just before they filed, needs none."""
    sessions = {line.ref: None for line in lines if line.about == "session"}
    found: list[HandedLine] = []
    for line in unnamed:
        thread = state.thread(line.shop, line.buyer)
        if thread is None or (line.about == "item" and thread.session in sessions):
            continue
        item = drafting.find_item(state, line)
        holds = item[1].holds if item is not None else thread.holds
        first = len(holds) - 1
        if first >= 0 and holds[first].agent not in ("", agent):
            continue
        while first > 0 and holds[first - 1].agent == holds[first].agent:
            first -= 1
        since_ms = holds[first].at_ms if first >= 0 else 0
        if state.at_ms - since_ms >= state.rules(line.shop).policy.grace_ms:
            found.append(line)
    return found


def _new(
    state: State,
    agent: str,
    shift: Shift | None,
    note: str,
    lines: list[HandedLine],
    *,
    by_router: bool = False,
) -> Handover:
    state.counters.handover_no += 1
    no = state.counters.handover_no
    handover = Handover(
        id=_id(state, no),
        no=no,
        agent=agent,
        shift=shift.id if shift else "",
        filed_ms=state.at_ms,
        note=note,
        lines=lines,
        offset=state.offset,
        by_router=by_router,
    )
    state.handovers[handover.id] = handover
    state.rota.note_handover(handover)
    state.changed(handover)
    if shift is not None:
        shift.handover = handover.id
        shift.left_open = []
        if shift.state == "over":
            state.set_alarm(shift, -1)
        state.changed(shift)
    return handover


def _id(state: State, no: int) -> str:
    return f"{state.desk.id}-h{no}"


def _promise_key(state: State, no: int, line: int) -> str:
    return f"{_id(state, no)}.{line}"


def _promise(state: State, handover: Handover, number: int, line: HandedLine) -> None:
    """What was promised stays on the board until it is done: a call-back."""
    key = _promise_key(state, handover.no, number)
    refused = work_items.open_call_back(
        state,
        shop=line.shop,
        buyer=line.buyer,
        agent=handover.agent,
        due_ms=line.due_ms,
        key=key,
        text=line.text,
    )
    assert refused is None, refused  # `may_open_call_back` has said so
    thread = state.items.get((line.shop, CALL_BACK.name, key))
    if thread is not None:
        line.ref = thread.work[f"{CALL_BACK.name}/{key}"].id


def file_by_router(state: State, shift: Shift) -> None:
    """Nobody has handed this shift over in time: what is open of it goes to the next one."""
    lines = drafting.open_lines_of(state, shift)
    if not lines:
        return
    handover = _new(state, shift.agent, shift, "", lines, by_router=True)
    _follow(state, handover, "", base_ms=state.at_ms)
    _say_filed(state, handover)
    _owe(state, handover, base_ms=state.at_ms)


def _say_filed(state: State, handover: Handover) -> None:
    state.say(
        HandoverFiled(
            at_ms=state.at_ms,
            handover=handover.id,
            agent=handover.agent,
            shift=handover.shift,
            to=handover.to,
            lines=len(handover.lines),
        )
    )


# Who has to acknowledge it


def follower(
    state: State,
    agent: str,
    outgoing: Shift | None,
    *,
    to: str = "",
    base_ms: int,
    among: Iterable[Shift] | None = None,
) -> Shift | None:
    """The shift that takes over from `agent`: of `to`, else of whoever shares a sub-account with
    their shift; the nearest to that one's end (without one: to `base_ms`), within the policy's
    `follows_within_ms` before it and 24 h after it. What has ended by `base_ms` follows nothing.
    `among`: only these are looked at, where the caller knows that no other can be it."""
    if outgoing is None and not to:
        return None
    end_ms = outgoing.to_ms if outgoing is not None else base_ms
    from_ms = end_ms - state.desk.policy.follows_within_ms
    every = state.shifts.values() if among is None else among
    candidates = state.rota.of(to) if to else every
    found = (
        shift
        for shift in candidates
        if from_ms <= shift.from_ms <= end_ms + DAY_MS
        and shift.agent != agent
        and shift.state in ("planned", "on")
        and shift.to_ms > base_ms
        and (to or (outgoing is not None and operators.shared(state, outgoing, shift)))
    )
    return min(
        found, key=lambda each: (abs(each.from_ms - end_ms), each.from_ms, each.no), default=None
    )


def _follow(state: State, handover: Handover, to: str, *, base_ms: int) -> None:
    outgoing = state.shifts.get(handover.shift)
    shift = follower(state, handover.agent, outgoing, to=to, base_ms=base_ms)
    handover.to = shift.agent if shift is not None else to
    handover.to_shift = shift.id if shift is not None else ""


def _owe(state: State, handover: Handover, *, base_ms: int) -> None:
    """Until when it has to be acknowledged."""
    shift = state.shifts.get(handover.to_shift)
    if shift is None or not duties.required(state):
        handover.due_ms = 0
        state.set_alarm(handover, -1)
    else:
        armed_ms = max(shift.from_ms, base_ms)
        due_ms = armed_ms + duties.grace_ms(state)
        handover.due_ms = duties.extended_ms(state, armed_ms, due_ms)
        state.set_alarm(handover, handover.due_ms)
    state.changed(handover)
    if handover.to:
        state.say(
            HandoverOwed(
                at_ms=state.at_ms,
                agent=handover.to,
                shift=handover.to_shift,
                what="acknowledge",
                due_ms=handover.due_ms,
                handover=handover.id,
            )
        )


def roster_changed(state: State, shifts: dict[str, None]) -> None:
    """These shifts are cancelled, or at another time, or somebody else's: whoever was to take a
    handover over in one of them is found anew, with the grace from now on."""
    for handover in state.rota.all_open():
        gone = bool(handover.to) and handover.to not in state.persons
        if handover.judged or not (gone or handover.to_shift in shifts):
            continue
        handover.named = handover.named and not gone
        to = handover.to if handover.named else ""
        _follow(state, handover, to, base_ms=state.at_ms)
        _owe(state, handover, base_ms=state.at_ms)


def fire(state: State, record: Handover) -> None:
    """The clock has stopped at this handover: the time to acknowledge it may be over."""
    if state.at_ms < record.due_ms:
        state.set_alarm(record, record.due_ms)
    elif not record.judged and not record.acknowledged_ms:
        duties.not_acknowledged(state, record)


def extend(state: State, handover: Handover, from_ms: int, to_ms: int) -> None:
    """An outage was noted: whoever had to acknowledge in it has its length more (RULES §2)."""
    armed_ms = handover.due_ms - duties.grace_ms(state)
    if handover.next_ms >= 0 and handover.due_ms >= from_ms and armed_ms < to_ms:
        handover.due_ms += to_ms - from_ms
        state.set_alarm(handover, handover.due_ms)
