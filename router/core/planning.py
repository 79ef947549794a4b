"""The roster as people plan it: whole periods, single shifts, swaps (RULES §5).

All or nothing: what a plan has wrong is named, and then nothing is taken over. What has begun
is never planned anew: it stays as it is, and a supervisor changes its end or cancels it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from router.core import commands as c
from router.core import handover, shifts
from router.core.commands_shift import PlannedShift
from router.core.facts import RosterPlanned, ShiftChanged
from router.core.outcome import Rejected
from router.core.policy import DAY_MS, HOUR_MS
from router.core.records import Shift
from router.core.rota import in_order
from router.core.state import State

LONGEST_MS = 16 * HOUR_MS
SHIFTS_MOST = 20_000
KEPT_MS = 62 * DAY_MS
"""Shifts that ended longer ago than this are forgotten when a roster is planned."""

NAMED_MOST = 10
"""How many of those that are wrong a refusal names."""

Key = tuple[str, int, int, tuple[str, ...], tuple[tuple[int, int], ...], str]


class Difference(NamedTuple):
    """What a plan would change."""

    added: list[PlannedShift]
    removed: list[Shift]
    kept: int
    """How many are planned as they were."""
    passed: int
    """How many are on already, or lie in the past as a whole: they are passed over."""


def plan(state: State, command: c.PlanShifts) -> Rejected | None:
    """Put these shifts in the place of what was planned for the period and has not begun.

    Refused as `compare`.
    """
    found = compare(state, command)
    if isinstance(found, Rejected):
        return found
    _forget_old(state)
    for shift in found.removed:
        _forget(state, shift)
    for each in found.added:
        _add(state, each)
    if found.removed:
        handover.roster_changed(state, {shift.id: None for shift in found.removed})
    state.say(
        RosterPlanned(
            at_ms=state.at_ms,
            from_ms=command.from_ms,
            to_ms=command.to_ms,
            shifts=len(command.shifts),
            by=command.by,
            why=command.why,
        )
    )
    return None


def compare(state: State, command: c.PlanShifts) -> Difference | Rejected:
    """What this plan would change. Changes nothing; what is planned as it was stays that very
    shift.

    Refused: `empty_period`, `too_many_shifts`, `outside_period`, `other_agent` (not of the
    `agents` planned for), and per shift `unknown_agent`, `unknown_sub_account`, `empty_shift`,
    `shift_too_long`, `bad_break`, `shifts_overlap`. The detail names the shifts.
    """
    if command.to_ms <= command.from_ms:
        return Rejected("empty_period", f"{command.from_ms}..{command.to_ms}")
    if len(command.shifts) > SHIFTS_MOST:
        return Rejected("too_many_shifts", f"{len(command.shifts)}, at most {SHIFTS_MOST}")
    refused = _refuse_period(state, command) or _refuse(state, command.shifts)
    if refused is not None:
        return refused
    replaced = _replaced(state, command)
    wanted = _wanted(state, command)
    refused = _overlap(state, wanted, but_not=replaced)
    if refused is not None:
        return refused
    known = {_key(shift): shift for shift in in_order(replaced.values())}
    added: list[PlannedShift] = []
    for each in wanted:
        same = known.get(_key(each))
        if same is None or replaced.pop(same.id, None) is None:
            added.append(each)
    kept = len(wanted) - len(added)
    removed = in_order(replaced.values())
    return Difference(added, removed, kept, len(command.shifts) - len(wanted))


def _refuse_period(state: State, command: c.PlanShifts) -> Rejected | None:
    agents = dict.fromkeys(command.agents)
    unknown = [agent for agent in agents if agent not in state.persons]
    if unknown:
        return Rejected("unknown_agent", _names(unknown))
    outside = [_name(p) for p in command.shifts if not command.from_ms <= p.from_ms < command.to_ms]
    if outside:
        return Rejected("outside_period", _names(outside))
    others = [_name(p) for p in command.shifts if agents and p.agent not in agents]
    return Rejected("other_agent", _names(others)) if others else None


def _refuse(state: State, planned: Iterable[PlannedShift]) -> Rejected | None:
    """What is wrong with shifts by themselves; the first kind of fault, with all that have it."""
    faults: dict[str, list[str]] = {}
    for each in planned:
        if each.agent not in state.persons:
            faults.setdefault("unknown_agent", []).append(_name(each))
        unknown = [name for name in each.sub_accounts if name not in state.seats]
        if unknown:
            wrong = f"{_name(each)}: {', '.join(unknown)}"
            faults.setdefault("unknown_sub_account", []).append(wrong)
        if each.to_ms <= each.from_ms:
            faults.setdefault("empty_shift", []).append(_name(each))
        elif each.to_ms - each.from_ms > LONGEST_MS:
            faults.setdefault("shift_too_long", []).append(_name(each))
        if not _breaks_fit(each):
            faults.setdefault("bad_break", []).append(_name(each))
    for reason in (
        *("unknown_agent", "unknown_sub_account", "empty_shift", "shift_too_long", "bad_break"),
    ):
        if reason in faults:
            return Rejected(reason, _names(faults[reason]))
    return None


def _breaks_fit(planned: PlannedShift) -> bool:
    """Whether the breaks lie in the shift, one after the other."""
    last_ms = planned.from_ms
    for from_ms, to_ms in planned.breaks:
        if not last_ms <= from_ms < to_ms <= planned.to_ms:
            return False
        last_ms = to_ms
    return True


def _replaced(state: State, command: c.PlanShifts) -> dict[str, Shift]:
    """What was planned for this period, and has not begun."""
    agents = dict.fromkeys(command.agents)
    return {
        shift.id: shift
        for shift in state.shifts.values()
        if shift.state == "planned"
        and command.from_ms <= shift.from_ms < command.to_ms
        and (not agents or shift.agent in agents)
    }


def _wanted(state: State, command: c.PlanShifts) -> list[PlannedShift]:
    on = {(shift.agent, shift.from_ms, shift.to_ms): None for shift in state.rota.on.values()}
    return [
        each
        for each in command.shifts
        if each.to_ms > state.at_ms and (each.agent, each.from_ms, each.to_ms) not in on
    ]


def _overlap(
    state: State, wanted: Iterable[PlannedShift], *, but_not: dict[str, Shift]
) -> Rejected | None:
    """Nobody works two shifts at once."""
    spans: dict[str, list[tuple[int, int, str]]] = {}
    for each in wanted:
        spans.setdefault(each.agent, []).append((each.from_ms, each.to_ms, _name(each)))
    overlapping: list[str] = []
    for agent, theirs in spans.items():
        theirs += [
            (shift.from_ms, shift.to_ms, shift.id)
            for shift in state.rota.of(agent)
            if shift.state != "cancelled" and shift.id not in but_not
        ]
        theirs.sort()
        last_ms, last = 0, ""
        for from_ms, to_ms, name in theirs:
            if last and from_ms < last_ms:
                overlapping.append(f"{last} / {name}")
            if to_ms > last_ms:
                last_ms, last = to_ms, name
    return Rejected("shifts_overlap", _names(overlapping)) if overlapping else None


def _forget_old(state: State) -> None:
    old = [s for s in state.shifts.values() if s.to_ms < state.at_ms - KEPT_MS]
    for shift in old:
        _forget(state, shift)


def _key(shift: Shift | PlannedShift) -> Key:
    return (
        shift.agent,
        shift.from_ms,
        shift.to_ms,
        tuple(shift.sub_accounts),
        tuple((from_ms, to_ms) for from_ms, to_ms in shift.breaks),
        shift.name,
    )


def _add(state: State, planned: PlannedShift) -> Shift:
    state.counters.shift_no += 1
    no = state.counters.shift_no
    shift = Shift(
        id=f"{state.desk.id}-r{no}",
        no=no,
        agent=planned.agent,
        from_ms=planned.from_ms,
        to_ms=planned.to_ms,
        sub_accounts=list(planned.sub_accounts),
        breaks=list(planned.breaks),
        name=planned.name,
        offset=state.offset,
        planned_ms=state.at_ms,
        end_set_ms=state.at_ms,
    )
    state.shifts[shift.id] = shift
    state.rota.note_shift(shift)
    state.changed(shift)
    shifts.rearm(state, shift)
    return shift


def _forget(state: State, shift: Shift) -> None:
    del state.shifts[shift.id]
    state.rota.forget_shift(shift)
    state.dirty[f"w:{shift.id}"] = None
    state.rostered[shift.agent] = None


# Single shifts


def change(state: State, command: c.ChangeShift) -> Rejected | None:
    """A supervisor adds a shift, changes one, or cancels it. One that is on keeps its agent and
    its beginning.

    Refused: `reason_needed`, and as `would_change`.
    """
    if not command.why.strip():
        return Rejected("reason_needed", "who changes the roster says why")
    found = would_change(state, command)
    if isinstance(found, Rejected):
        return found
    for planned in found.added:
        if command.shift:
            _alter(state, state.shifts[command.shift], planned, command)
        else:
            _say_changed(state, _add(state, planned), command.by, command.why)
    if command.cancel:
        _cancel(state, state.shifts[command.shift], command.by, command.why)
    return None


def would_change(state: State, command: c.ChangeShift) -> Difference | Rejected:
    """What this would change: the shift as it is, and as it would be. Changes nothing.

    Refused: `no_such_shift`, `nothing_planned`, `shift_over`, `shift_cancelled`,
    `shift_has_begun`, `in_the_past`, and as `plan` for a shift.
    """
    planned = command.planned
    if not command.shift:
        if planned is None or command.cancel:
            return Rejected("nothing_planned", "a new shift says when and whose it is")
        return _refuse_one(state, planned, {}) or Difference([planned], [], 0, 0)
    shift = state.shifts.get(command.shift)
    if shift is None:
        return Rejected("no_such_shift", command.shift)
    refused = _refuse_ended(shift)
    if refused is not None:
        return refused
    if command.cancel:
        return Difference([], [shift], 0, 0)
    if planned is None:
        return Rejected("nothing_planned", "a change says how the shift shall be")
    if shift.state == "on":
        if (planned.agent, planned.from_ms) != (shift.agent, shift.from_ms):
            return Rejected("shift_has_begun", f"{shift.id}: cancel it, and add another one")
    refused = _refuse_one(state, planned, {shift.id: shift})
    return refused or Difference([planned], [shift], 0, 0)


def _refuse_ended(shift: Shift) -> Rejected | None:
    if shift.state == "over":
        return Rejected("shift_over", shift.id)
    return Rejected("shift_cancelled", shift.id) if shift.state == "cancelled" else None


def _refuse_one(state: State, planned: PlannedShift, but_not: dict[str, Shift]) -> Rejected | None:
    refused = _refuse(state, (planned,))
    if refused is None and planned.to_ms <= state.at_ms:
        refused = Rejected("in_the_past", _name(planned))
    return refused or _overlap(state, (planned,), but_not=but_not)


def _alter(state: State, shift: Shift, planned: PlannedShift, command: c.ChangeShift) -> None:
    was = shift.agent
    if (planned.agent, planned.to_ms) != (shift.agent, shift.to_ms):
        shift.end_set_ms = state.at_ms
    shift.agent = planned.agent
    shift.from_ms, shift.to_ms = planned.from_ms, planned.to_ms
    shift.sub_accounts = list(planned.sub_accounts)
    shift.breaks = list(planned.breaks)
    shift.name = planned.name
    _replanned(state, shift, was)
    _say_changed(state, shift, command.by, command.why)
    if shift.state == "planned":
        handover.roster_changed(state, {shift.id: None})


def _replanned(state: State, shift: Shift, was: str) -> None:
    shift.offset = state.offset
    shift.told = False
    if shift.state == "planned":
        shift.planned_ms = state.at_ms
    state.rota.note_shift(shift, was=was)
    state.changed(shift)
    state.rostered[was] = None
    shifts.rearm(state, shift)


def _cancel(state: State, shift: Shift, by: str, why: str) -> None:
    shift.state = "cancelled"
    shift.judged = True
    shift.offset = state.offset
    state.rota.note_shift(shift)
    state.changed(shift)
    shifts.rearm(state, shift)
    _say_changed(state, shift, by, why)
    handover.roster_changed(state, {shift.id: None})


def swap(state: State, command: c.SwapShifts) -> Rejected | None:
    """Two shifts that have not begun change their people.

    Refused: `reason_needed`, and as `would_swap`.
    """
    if not command.why.strip():
        return Rejected("reason_needed", "who changes the roster says why")
    found = would_swap(state, command)
    if isinstance(found, Rejected):
        return found
    for shift, planned in zip(found.removed, found.added, strict=True):
        was, shift.agent = shift.agent, planned.agent
        shift.end_set_ms = state.at_ms
        _replanned(state, shift, was)
        _say_changed(state, shift, command.by, command.why)
    handover.roster_changed(state, {shift.id: None for shift in found.removed})
    return None


def would_swap(state: State, command: c.SwapShifts) -> Difference | Rejected:
    """What this would change: the two as they are, and each as it would be, in the same order.
    Changes nothing.

    Refused: `no_such_shift`, `shift_over`, `shift_cancelled`, `shift_has_begun`, `same_agent`,
    `shifts_overlap`.
    """
    pair: list[Shift] = []
    for name in (command.one, command.other):
        shift = state.shifts.get(name)
        if shift is None:
            return Rejected("no_such_shift", name)
        refused = _refuse_ended(shift)
        if refused is not None:
            return refused
        if shift.state == "on":
            return Rejected("shift_has_begun", shift.id)
        pair.append(shift)
    one, other = pair
    if one.agent == other.agent:
        return Rejected("same_agent", one.agent)
    swapped = [_as_planned(one, other.agent), _as_planned(other, one.agent)]
    refused = _overlap(state, swapped, but_not={shift.id: shift for shift in pair})
    return refused or Difference(swapped, pair, 0, 0)


def _as_planned(shift: Shift, agent: str) -> PlannedShift:
    return PlannedShift(
        agent=agent,
        from_ms=shift.from_ms,
        to_ms=shift.to_ms,
        sub_accounts=tuple(shift.sub_accounts),
        breaks=tuple(shift.breaks),
        name=shift.name,
    )


def _say_changed(state: State, shift: Shift, by: str, why: str) -> None:
    state.say(
        ShiftChanged(
            at_ms=state.at_ms,
            shift=shift.id,
            agent=shift.agent,
            from_ms=shift.from_ms,
            to_ms=shift.to_ms,
            by=by,
            why=why,
            cancelled=shift.state == "cancelled",
        )
    )


def desk_changed(state: State) -> None:
    """The desk is another: nobody who is gone is rostered, nor with a sub-account that is gone.
    A shift that has none left is cancelled."""
    gone: dict[str, None] = {}
    for shift in in_order(state.shifts.values()):
        if shift.state not in ("planned", "on"):
            continue
        left = [name for name in shift.sub_accounts if name in state.seats]
        if shift.agent not in state.persons or (shift.sub_accounts and not left):
            _cancel(state, shift, "desk", "not in the desk any more")
        elif left != shift.sub_accounts:
            shift.sub_accounts = left
            state.changed(shift)
            gone[shift.id] = None
    handover.roster_changed(state, gone)


def _name(planned: PlannedShift) -> str:
    """A shift as a person knows it: whose, from when to when (ms)."""
    return f"{planned.agent} {planned.from_ms}..{planned.to_ms}"


def _names(names: list[str]) -> str:
    more = len(names) - NAMED_MOST
    return "; ".join(names[:NAMED_MOST]) + (f"; and {more} more" if more > 0 else "")
