"""A book kept beside a desk, of the log's entries and the facts alone: what it says must agree
with the desk, and whatever is charged must be proved by what stands in the log.
"""

from __future__ import annotations

from collections.abc import Iterable

from router.core import commands as c
from router.core.facts import (
    AnyFact,
    BreachReversed,
    EntryBooked,
    SessionAssigned,
    SessionClosed,
    SessionOpened,
    SessionQueued,
)
from router.core.records import Breach, LedgerEntry
from router.core.state import State

_OF_THE_ROSTER = (c.PlanShifts, c.ChangeShift, c.SwapShifts)


class Book:
    """Give it each entry of the log before it is taken, then what followed from it."""

    def __init__(self) -> None:
        self.log: dict[int, c.AnyCommand] = {}
        self.holders: dict[str, str] = {}
        """Of the open sessions, by the facts; "" for one that nobody holds."""
        self._owed: dict[str, int] = {}

    def enter(self, offset: int, command: c.AnyCommand) -> None:
        self.log[offset] = command

    def read(self, state: State, facts: Iterable[AnyFact]) -> None:
        """Take the facts of a step; raises AssertionError where they contradict the desk."""
        for fact in facts:
            self._read(state, fact)
        held = {name: thread.agent for name, thread in state.sessions.items()}
        assert self.holders == held, "who holds what, by the facts and by the desk"
        waiting = {piece.thread for piece, _, _ in state.queue.pieces() if not piece.work}
        for key, thread in state.threads.items():
            if thread.session and not thread.agent:
                assert thread.with_bot != (key in waiting), f"{thread.session} is nowhere, or twice"

    def _read(self, state: State, fact: AnyFact) -> None:
        match fact:
            case SessionOpened():
                assert fact.session not in self.holders
                self.holders[fact.session] = ""
            case SessionAssigned():
                assert self.holders[fact.session] == fact.from_agent, fact
                self.holders[fact.session] = fact.agent
            case SessionQueued():
                assert self.holders[fact.session] == fact.from_agent, fact
                self.holders[fact.session] = ""
            case SessionClosed():
                assert self.holders.pop(fact.session) == fact.agent, fact
            case EntryBooked():
                self._book(state, state.entries[fact.entry])
            case BreachReversed():
                assert fact.offset in self.log, fact
            case _:
                pass

    def _book(self, state: State, entry: LedgerEntry) -> None:
        breach = state.breaches[entry.breach]
        owed = self._owed.get(entry.agent, 0) + entry.fine_fen
        self._owed[entry.agent] = owed
        assert owed >= 0, f"{entry.agent} was given back more than was taken: {entry}"
        assert entry.agent == breach.agent, entry
        proof = [self.log.get(offset) for offset in entry.proof]
        assert proof, f"nothing proves {entry}"
        assert None not in proof, f"{entry} names what is not in the log"
        if entry.kind == "waiver":
            assert all(isinstance(p, c.WaiveBreach | c.AnswerAppeal) for p in proof), entry
        else:
            assert any(p is not None and _is_about(p, breach) for p in proof), entry


def _is_about(command: c.AnyCommand, breach: Breach) -> bool:
    """Whether an entry of the log speaks of the buyer, the shift, the leaving or the flag that
    this breach is about."""
    if breach.rule == "handover":
        shifts = isinstance(command, _OF_THE_ROSTER)
        return shifts or getattr(command, "agent", "") == breach.agent
    if breach.rule == "away" and isinstance(command, c.SetPresence | c.GoSilent):
        return command.agent == breach.agent
    if isinstance(command, c.ConfirmFlag | c.DismissFlag):
        return command.flag == breach.key
    if isinstance(command, c.FileHandover):  # what was promised in it
        return any(line.buyer == breach.buyer for line in command.lines)
    if isinstance(command, c.EscalateRefund | c.TakeOverRefund | c.NoteItem | c.WithdrawCallBack):
        return breach.key in (getattr(command, "refund", ""), getattr(command, "key", ""))
    return (getattr(command, "shop", ""), getattr(command, "buyer", "")) == (
        breach.shop,
        breach.buyer,
    )
