"""A desk's state from its records, and its digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from router.core.policy import Desk
from router.core.records import Breach, Counters, LedgerEntry, PastDesk, Person, Record, Seat
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
            case PastDesk():
                state.past_desks[key] = record
            case Desk():
                desk = record
    state.breaches = dict(sorted(state.breaches.items(), key=lambda pair: number(pair[0])))
    state.entries = dict(sorted(state.entries.items(), key=lambda pair: number(pair[0])))
    state.at_ms = state.counters.clock_ms
    state.adopt(desk)
    state.dirty.clear()
    return state


def number(name: str) -> int:
    """The number at the end of a breach's or an entry's id: their order."""
    return int(name.rpartition("-")[2][1:])


def all_records(state: State) -> dict[str, Record]:
    """Every record of the desk under its name, in a fixed order."""
    records: dict[str, Record] = {"c": state.counters, "desk": state.desk}
    tables: tuple[tuple[str, Mapping[str, Record]], ...] = (
        ("b", state.breaches),
        ("d", state.past_desks),
        ("e", state.entries),
        ("p", state.persons),
        ("s", state.seats),
        ("t", state.threads),
    )
    for letter, table in tables:
        for key, record in sorted(table.items()):
            records[f"{letter}:{key}"] = record
    return records
