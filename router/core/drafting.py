"""What is open for somebody: the draft of their handover (RULES §5). Reads, never changes.

Theirs is what they hold, and what was theirs when they went before handing over: it waits in
the queue or is in other hands since, and the next shift wants to know of it all the same.
"""

from __future__ import annotations

from typing import NamedTuple

from router.core.commands_shift import HandoverLine
from router.core.records import HandedLine, Shift
from router.core.state import State
from router.core.thread import Thread, Work

FILED_WITHIN_MS = 12 * 3_600_000
"""A shift that ended longer ago than this is not what a handover is about, unless it is named."""


class Waits(NamedTuple):
    """What a session waits for, and until when."""

    rule: str
    key: str
    due_ms: int
    """0: no deadline."""


def draft(state: State, agent: str) -> list[HandoverLine]:
    """All that is open for this agent: their sessions, their work (refunds, promised call-backs),
    and, as `other`, the flags on what they wrote that nobody has answered yet."""
    lines = [as_line(line) for line in open_lines(state, agent)]
    flags = [flag for flag in state.flags.values() if flag.agent == agent and flag.state == "open"]
    lines += [
        HandoverLine(about="other", ref=flag.id, shop=flag.shop, buyer=flag.buyer) for flag in flags
    ]
    return lines


def as_line(line: HandedLine) -> HandoverLine:
    """As a line that can be filed."""
    return HandoverLine(
        about="session" if line.about == "session" else "item",
        ref=line.ref,
        shop=line.shop,
        buyer=line.buyer,
        due_ms=line.due_ms,
    )


def open_lines(state: State, agent: str) -> list[HandedLine]:
    """Sessions and work of theirs: what they hold, then what was theirs when they went."""
    lines = held_lines(state, agent)
    shift = unhanded(state, agent)
    return lines if shift is None else _with_left(state, lines, shift.left_open)


def open_lines_of(state: State, shift: Shift) -> list[HandedLine]:
    """The same, for the handover of this very shift."""
    return _with_left(state, held_lines(state, shift.agent), shift.left_open)


def _with_left(state: State, lines: list[HandedLine], left: list[HandedLine]) -> list[HandedLine]:
    known = {(line.about, line.ref): None for line in lines}
    return lines + [
        line for line in left if (line.about, line.ref) not in known and is_open(state, line)
    ]


def held_lines(state: State, agent: str) -> list[HandedLine]:
    """What this agent holds now, oldest buyer first."""
    lines: list[HandedLine] = []
    for thread in state.held_by(agent):
        if thread.agent == agent:
            lines.append(_session_line(thread))
        lines += [_item_line(thread, work) for work in thread.work.values() if work.agent == agent]
    return lines


def _session_line(thread: Thread) -> HandedLine:
    due_ms = min((each.due_ms for each in waits_of(thread) if each.due_ms), default=0)
    return HandedLine("session", thread.session, "", thread.shop, thread.buyer, due_ms)


def _item_line(thread: Thread, work: Work) -> HandedLine:
    return HandedLine("item", work.id, "", thread.shop, thread.buyer, work.due_ms)


def waits_of(thread: Thread) -> list[Waits]:
    """What this session waits for: an answer (also after its breach), a follow-up."""
    live = thread.live
    waits: list[Waits] = []
    if live.wait is not None and live.wait.unanswered:
        waits.append(Waits("reply", "", live.wait.due_ms))
    if live.follow_up is not None:
        waits.append(Waits("follow_up", "", live.follow_up.due_ms))
    return waits


def is_open(state: State, line: HandedLine) -> bool:
    """Whether the session, or the work item, is open still."""
    if line.about == "session":
        return line.ref in state.sessions
    return find_item(state, line) is not None


def find_item(state: State, line: HandedLine) -> tuple[Thread, Work] | None:
    """The pending work item that a line names."""
    thread = state.thread(line.shop, line.buyer)
    if thread is None:
        return None
    found = (work for work in thread.work.values() if work.id == line.ref)
    work = next(found, None)
    return None if work is None else (thread, work)


def holder_of(state: State, line: HandedLine) -> str:
    """Who holds what an open line names; "" where it waits in the queue (or is a supervisor's)."""
    if line.about == "session":
        return state.sessions[line.ref].agent
    found = find_item(state, line)
    return found[1].agent if found else ""


def unhanded(state: State, agent: str) -> Shift | None:
    """The shift whose handover this agent owes, or could file: the one that is over and not
    judged, else the one that is on, else the one that ended last (within 12 h)."""
    free = [shift for shift in state.rota.of(agent) if not shift.handover]
    over = [
        shift
        for shift in free
        if shift.state == "over" and state.at_ms <= shift.to_ms + FILED_WITHIN_MS
    ]
    owed = [shift for shift in over if not shift.judged]
    on = [shift for shift in free if shift.state == "on"]
    if owed:
        return owed[0]
    if on:
        return on[0]
    return max(over, key=lambda shift: shift.to_ms, default=None)
