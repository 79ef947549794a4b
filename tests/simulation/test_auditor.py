"""The auditor has teeth: each promise is broken on purpose, and it notices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from router.core import acts, assignment, ledger, presence, step
from router.core import commands as c
from router.core.facts import SessionAssigned
from router.core.outcome import Rejected
from router.core.pools import Pools
from router.core.records import Seat
from router.core.state import State
from router.ingress import Ingress
from router.log.memory import MemoryLog, Seen
from router.log.ports import Appended, Commit
from router.owner import Answer, Owner
from tests.simulation.world import simulate

SEEDS = 20

Patch = pytest.MonkeyPatch


def no_lease_check(patch: Patch) -> None:
    """Whoever ever had the lease may commit."""
    patch.setattr(MemoryLog, "_holds", lambda *_: True)


def lease_for_all(patch: Patch) -> None:
    """The lease is granted while another one runs."""
    acquire = MemoryLog.acquire

    async def grant(self: MemoryLog, owner: str, *, ttl_ms: int) -> Any:
        self._lease = self._lease._replace(expires_ms=0)
        return await acquire(self, owner, ttl_ms=ttl_ms)

    patch.setattr(MemoryLog, "acquire", grant)


def no_repeat_check(patch: Patch) -> None:
    patch.setattr(Seen, "judge", lambda *_: None)


def acknowledged_too_soon(patch: Patch) -> None:
    """What could not be appended is answered all the same."""

    def fail(self: Ingress, batch: Any, refused: Exception) -> None:
        del self, refused
        for _, future in batch:
            if not future.done():
                future.set_result(Appended(1, 0))

    patch.setattr(Ingress, "_fail", fail)


def entry_skipped(patch: Patch) -> None:
    take = Owner._take

    def skip(self: Owner, entry: Any, *rest: Any) -> None:
        if entry.offset % 17:
            take(self, entry, *rest)

    patch.setattr(Owner, "_take", skip)


def half_a_commit(patch: Patch) -> None:
    """The facts are stored, a record is not."""
    apply = MemoryLog._apply

    def tear(self: MemoryLog, commit: Commit) -> None:
        records = dict(list(commit.records.items())[: -1 if commit.seq % 7 == 0 else None])
        apply(self, commit._replace(records=records))

    patch.setattr(MemoryLog, "_apply", tear)


def unsaved_seats(patch: Patch) -> None:
    changed = State.changed

    def forget(self: State, record: Any) -> None:
        if not isinstance(record, Seat):
            changed(self, record)

    patch.setattr(State, "changed", forget)


def double_assignment(patch: Patch) -> None:
    say = State.say

    def twice(self: State, fact: Any) -> None:
        say(self, fact)
        if isinstance(fact, SessionAssigned):
            say(self, fact)

    patch.setattr(State, "say", twice)


def no_capacity_check(patch: Patch) -> None:
    patch.setattr(Pools, "capacity_left", lambda *_: True)


def nobody_takes_from_the_queue(patch: Patch) -> None:
    patch.setattr(assignment, "fill", lambda state: state.freed.clear())


def sealed_at_once(patch: Patch) -> None:
    patch.setattr(State, "seal_at_ms", lambda _self, _shop, due_ms: due_ms)
    patch.setattr(State, "sealable_ms", lambda _self, _shop, clock_ms: clock_ms)


def charged_twice(patch: Patch) -> None:
    book = ledger._book

    def twice(*args: Any, **named: Any) -> None:
        book(*args, **named)
        book(*args, **named)

    patch.setattr(ledger, "_book", twice)


def left_with_their_sessions(patch: Patch) -> None:
    """Who goes offline keeps what waits, and pays for it."""
    patch.setattr(presence, "_leave", lambda *_: None)
    patch.setattr(presence, "hand_on_if_absent", lambda *_: None)


def charged_after_its_deadline(patch: Patch) -> None:
    charge_for = ledger.charge_for

    def charge(thread: Any, miss: Any, grace_ms: int) -> Any:
        found = charge_for(thread, miss, grace_ms)
        hold = ledger.holder_at(thread, miss)
        return found if not hold.agent else found._replace(agent=hold.agent, uncharged="")

    patch.setattr(ledger, "charge_for", charge)


def refusal_changes_something(patch: Patch) -> None:
    def refuse(state: State, command: c.CloseSession) -> Rejected | None:
        rejected = acts.close_session(state, command)
        thread = state.thread(command.shop, command.buyer)
        if rejected is not None and thread is not None:
            thread.greeted = not thread.greeted
            state.touch(thread)
        return rejected

    handlers: dict[Any, Any] = {**step._HANDLERS}
    handlers[c.CloseSession] = refuse
    patch.setattr(step, "_HANDLERS", handlers)


def answers_lie(patch: Patch) -> None:
    """Every command is said to have been accepted."""
    tell: Any = Owner._tell

    def lie(self: Owner, *rest: Any) -> None:
        *facts, answers = rest
        tell(self, *facts, [(at, Answer(None, answer.facts)) for at, answer in answers])

    patch.setattr(Owner, "_tell", lie)


SABOTAGE: list[tuple[Callable[[Patch], None], str]] = [
    (no_lease_check, "was granted|without the lease"),
    (lease_for_all, "got the lease that"),
    (no_repeat_check, "was acknowledged|is at|came twice"),
    (acknowledged_too_soon, "was acknowledged and is not in the inbox"),
    (entry_skipped, "noted is"),
    (half_a_commit, "record"),
    (unsaved_seats, "record"),
    (double_assignment, "who holds it"),
    (no_capacity_check, "above its capacity"),
    (nobody_takes_from_the_queue, "could take it"),
    (sealed_at_once, "before the lateness was over"),
    (charged_twice, "was charged before"),
    (left_with_their_sessions, "had left before it fell due"),
    (charged_after_its_deadline, "within the grace|after its own deadline"),
    (refusal_changes_something, "was refused and changed"),
    (answers_lie, "the log says"),
]


@pytest.mark.parametrize(
    ("sabotage", "expected"), SABOTAGE, ids=[sabotage.__name__ for sabotage, _ in SABOTAGE]
)
def test_sabotage_is_noticed(
    monkeypatch: Patch, sabotage: Callable[[Patch], None], expected: str
) -> None:
    sabotage(monkeypatch)
    seen: list[str] = []
    for seed in range(1, SEEDS):
        seen.extend(simulate(seed).findings)
        if any(part in finding for finding in seen for part in expected.split("|")):
            return
    pytest.fail(f"nothing was noticed but {seen[:3]}")
