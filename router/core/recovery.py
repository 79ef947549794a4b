"""A desk's state from its records, and its digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from router.core.policy import Desk
from router.core.records import (
    Allowed,
    Appeal,
    Breach,
    Counters,
    Flag,
    Handover,
    LedgerEntry,
    PastDesk,
    Person,
    Record,
    Remark,
    Seat,
    Shift,
)
from router.core.state import State
from router.core.thread import Thread


def restore(records: Iterable[tuple[str, Record]]) -> State:
    """The state that these records (by their names in `State.dirty`) are of."""
    state = State()
    desk = Desk(id="")
    for name, record in records:
        key = name.partition(":")[2]
        match record:
            case Thread():
                state.threads[key] = record
            case Person():
                state.persons[key] = record
            case Seat():
                state.seats[key] = record
            case Breach():
                state.breaches[key] = record
            case LedgerEntry():
                state.entries[key] = record
            case Counters():
                state.counters = record
            case Shift():
                state.shifts[key] = record
            case Handover():
                state.handovers[key] = record
            case Flag():
                state.flags[key] = record
            case Appeal():
                state.appeals[key] = record
            case Allowed():
                state.allowed[key] = record
            case Remark():
                state.remarks[key] = record
            case PastDesk():
                state.past_desks[key] = record
            case Desk():
                desk = record
    state.breaches = _numbered(state.breaches)
    state.entries = _numbered(state.entries)
    state.shifts = _numbered(state.shifts)
    state.handovers = _numbered(state.handovers)
    state.flags = _numbered(state.flags)
    state.appeals = _numbered(state.appeals)
    state.allowed = dict(sorted(state.allowed.items()))
    state.remarks = dict(sorted(state.remarks.items()))
    state.at_ms = state.counters.clock_ms
    state.adopt(desk)
    state.dirty.clear()
    return state


T = TypeVar("T")


def _numbered(records: dict[str, T]) -> dict[str, T]:
    """In the order in which they came to be."""
    return dict(sorted(records.items(), key=lambda pair: number(pair[0])))


def number(name: str) -> int:
    """The number at the end of a breach's or an entry's id: their order."""
    return int(name.rpartition("-")[2][1:])


def all_records(state: State) -> dict[str, Record]:
    """Every record of the desk under its name, in a fixed order."""
    records: dict[str, Record] = {"c": state.counters, "desk": state.desk}
    tables: tuple[tuple[str, Mapping[str, Record]], ...] = (
        ("a", state.appeals),
        ("b", state.breaches),
        ("d", state.past_desks),
        ("e", state.entries),
        ("f", state.flags),
        ("h", state.handovers),
        ("l", state.allowed),
        ("p", state.persons),
        ("r", state.remarks),
        ("s", state.seats),
        ("t", state.threads),
        ("w", state.shifts),
    )
    for letter, table in tables:
        for key, record in sorted(table.items()):
            records[f"{letter}:{key}"] = record
    return records
