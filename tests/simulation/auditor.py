"""Watches what was promised and what was committed, and says what does not fit.

It hears of everything that took effect at the server (`network.Watcher`), of every answer a
client got, and keeps a picture of its own from the facts (`floor`, `books`).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

from router.core import commands as c
from router.core import facts as f
from router.core.records import Breach
from router.core.state import thread_key
from router.core.thread import Thread
from router.log.codec import decode_entry, decode_facts, decode_record, encode_facts
from router.log.ports import Appended, Commit, Draft, Lease, Meta
from router.owner import Answer, Committed
from tests.simulation.books import Books
from tests.simulation.floor import Floor
from tests.simulation.network import Receipts

FINDINGS_LIMIT = 20

MESSAGES = (c.MessageReceived, c.MessageSent, c.WriteMessage)


class Known(NamedTuple):
    """An inbox entry as the auditor saw it appended."""

    at_ms: int
    command: c.AnyCommand


def identity(command: c.AnyCommand) -> tuple[str, str, str, int] | None:
    """What may be in the inbox once only; None where repeats do no harm."""
    match command:
        case c.MessageReceived() | c.MessageSent() | c.MessageRecalled():
            return (command.shop, type(command).__name__, command.message, 0)
        case c.OrderChanged():
            return (command.shop, command.event, command.order, command.sent_ms)
        case c.RefundRequested() | c.RefundResolved():
            return (command.shop, type(command).__name__, command.refund, command.sent_ms)
        case _:
            return None


class Auditor:
    """One simulation's."""

    def __init__(self, *, verbose: bool = False) -> None:
        self.findings: list[str] = []
        self.outage_findings: list[str] = []
        """Apart, as long as they are known (see `test_simulation`)."""
        self._verbose = verbose
        self._digest = blake2b(digest_size=16)
        self.floor = Floor(self.say)
        self.books = Books(self.floor, self.say)
        self.inbox: dict[int, Known] = {}
        self.facts: list[f.AnyFact] = []
        self._fact_bytes: dict[int, bytes] = {}
        self._identities: dict[tuple[str, str, str, int], int] = {}
        self._noted: dict[int, f.MessageNoted] = {}
        self._session_of: dict[tuple[str, str, str], str] = {}
        self.refused: dict[int, f.CommandRefused] = {}
        self._quarantined: set[int] = set()
        self._taken_over: set[tuple[str, str]] = set()
        self._groups: dict[str, str] = {}
        self._lease = Lease("", 0, "", 0)
        self.seq = 0
        self.offset = 0
        self.clock_ms = 0
        self.commits = 0
        self.acked = 0
        self.answers = 0
        self.answered: dict[int, Answer] = {}
        self._fact_ms = 0

    def say(self, finding: str) -> None:
        """Something does not fit."""
        self.note(f"FINDING {finding}")
        if len(self.findings) < FINDINGS_LIMIT:
            self.findings.append(f"after commit {self.seq}, entry {self.offset}: {finding}")

    def note(self, line: str) -> None:
        """Part of the trace: the same seed must give the same lines."""
        self._digest.update(line.encode())
        if self._verbose:
            print(line)

    def digest(self) -> str:
        return self._digest.hexdigest()

    # The server

    def appended(self, drafts: Sequence[Draft], receipts: Receipts) -> None:
        for draft, receipt in zip(drafts, receipts, strict=True):
            if not isinstance(receipt, Appended):
                continue
            command = decode_entry(draft.body).command
            self.inbox[receipt.offset] = Known(receipt.at_ms, command)
            self.note(f"{receipt.at_ms} #{receipt.offset} {command}")
            name = identity(command)
            if name is not None:
                if name in self._identities:
                    self.say(f"{name} is at {self._identities[name]} and {receipt.offset}")
                self._identities[name] = receipt.offset

    def granted(self, lease: Lease, now_ms: int) -> None:
        self.note(f"{now_ms} lease {lease.token} to {lease.owner}")
        if now_ms < self._lease.expires_ms:
            self.say(f"{lease.owner} got the lease that {self._lease.owner} holds")
        if lease.token <= self._lease.token:
            self.say(f"lease {lease.token} after {self._lease.token}")
        self._lease = lease

    def renewed(self, lease: Lease) -> None:
        if lease.token != self._lease.token:
            self.say(f"lease {lease.token} was renewed when {self._lease.token} was granted")
        self._lease = lease

    def released(self, lease: Lease) -> None:
        if lease.token == self._lease.token:
            self._lease = self._lease._replace(expires_ms=0)

    def committed(self, commit: Commit, now_ms: int, meta: Meta) -> None:
        self._check_commit(commit, now_ms, meta)
        before = self.offset
        if self.clock_ms:
            self.books.clock_gap(self.clock_ms, commit.clock_ms)
        self.seq, self.offset, self.clock_ms = commit.seq, commit.offset, commit.clock_ms
        self.commits += 1
        self.note(f"{now_ms} commit {commit.seq} to #{commit.offset} by {commit.lease.owner}")
        self._fact_bytes[commit.seq] = commit.facts
        adopted = [
            entry.command.desk
            for offset in range(before + 1, commit.offset + 1)
            if isinstance((entry := self.inbox[offset]).command, c.AdoptDesk)
        ]
        self._read_records(commit)
        for _, facts in decode_facts(commit.facts) if commit.facts else ():
            for fact in facts:
                self._hear(fact, before)
                if isinstance(fact, f.DeskAdopted):
                    desk = adopted.pop(0)
                    self.floor.adopt(desk)
                    self.books.adopt(desk)
        self._check_all_noted(before)
        self._note_taken_over(before)
        self._check_queue()

    def _check_commit(self, commit: Commit, now_ms: int, meta: Meta) -> None:
        if commit.lease.token != self._lease.token or now_ms >= self._lease.expires_ms:
            self.say(f"{commit.lease.owner} committed without the lease")
        if commit.seq != self.seq + 1:
            self.say(f"commit {commit.seq} follows {self.seq}")
        if not self.offset <= commit.offset <= meta.tail:
            self.say(f"offset {commit.offset} follows {self.offset}, of {meta.tail}")
        if commit.clock_ms < self.clock_ms or commit.clock_ms > now_ms:
            self.say(f"clock {commit.clock_ms} follows {self.clock_ms}, at {now_ms}")
        waiting = self.inbox.get(commit.offset + 1)
        if waiting is not None and waiting.at_ms < commit.clock_ms:
            self.say(f"clock {commit.clock_ms} is beyond entry {commit.offset + 1}")

    def _read_records(self, commit: Commit) -> None:
        for key, body in commit.records.items():
            if body is None:
                continue
            _, name, record = decode_record(key, body)
            if isinstance(record, Thread):
                self._groups[name.removeprefix("t:")] = record.group
            elif isinstance(record, Breach) and record.agent and record.proof:
                armed = self.inbox[record.proof[0]]
                if record.rule in ("reply", "follow_up") and armed.at_ms > record.due_ms:
                    self.say(f"{record.id}: charged for what came after its own deadline")

    def _hear(self, fact: f.AnyFact, before: int) -> None:
        self.note(str(fact))
        self.facts.append(fact)
        if fact.at_ms < self._fact_ms or fact.at_ms > self.clock_ms:
            self.say(f"a fact of {fact.at_ms} after {self._fact_ms}, clock {self.clock_ms}")
        self._fact_ms = fact.at_ms
        self.floor.hear(fact)
        self.books.hear(fact)
        match fact:
            case f.MessageNoted():
                self._note_message(fact, before)
            case f.CommandRefused():
                self.refused[fact.offset] = fact
            case f.EntryQuarantined():
                self._quarantined.add(fact.offset)
                self.say(f"entry {fact.offset} was put in quarantine: {fact.why}")
            case _:
                pass

    def _note_message(self, fact: f.MessageNoted, before: int) -> None:
        if fact.offset in self._noted:
            self.say(f"message {fact.message} of #{fact.offset} was noted twice")
        self._noted[fact.offset] = fact
        if not before < fact.offset <= self.offset:
            self.say(f"message of #{fact.offset} was noted with {before}-{self.offset}")
            return
        command = self.inbox[fact.offset].command
        if not isinstance(command, MESSAGES) or command.message != fact.message:
            self.say(f"message {fact.message} does not stand at #{fact.offset}")
        told = (fact.shop, fact.side, fact.message)
        if self._session_of.setdefault(told, fact.session) != fact.session:
            self.say(f"{told} is in {self._session_of[told]} and {fact.session}")

    def _check_all_noted(self, before: int) -> None:
        """Each message that was consumed is noted, unless it was refused or is an echo."""
        for offset in range(before + 1, self.offset + 1):
            command = self.inbox[offset].command
            if not isinstance(command, MESSAGES) or offset in self._quarantined:
                continue
            echo = isinstance(command, c.MessageSent) and bool(command.echo_of)
            expected = not echo and offset not in self.refused
            if expected != (offset in self._noted):
                self.say(f"#{offset}: noted is {not expected}, should be {expected}")

    def _note_taken_over(self, before: int) -> None:
        """A refund that a supervisor has taken over waits for nobody."""
        for offset in range(before + 1, self.offset + 1):
            command = self.inbox[offset].command
            if isinstance(command, c.TakeOverRefund) and offset not in self.refused:
                self._taken_over.add((command.shop, command.refund))

    def _check_queue(self) -> None:
        """Nobody waits while somebody could take it; nothing is lost."""
        for name, session in self.floor.sessions.items():
            if session.agent:
                continue
            if not session.queued:
                self.say(f"{name} is open, not held and does not wait")
            group = self._groups.get(thread_key(session.shop, session.buyer), "")
            for seat in self.floor.takers(session.shop, group, room=True):
                self.say(f"{name} ({group}) waits, {seat} could take it")
                break
        for item in self.floor.items.values():
            if isinstance(item, f.ItemOpened):
                self.say(f"item {item.item} was opened and not handed out")
            elif not item.agent and (item.shop, item.key) not in self._taken_over:
                group = "after_sale" if item.kind == "refund" else ""
                for seat in self.floor.takers(item.shop, group, room=False):
                    self.say(f"item {item.item} ({item.kind}) waits, {seat} could take it")
                    break

    # The clients

    def acknowledged(self, command: c.AnyCommand) -> None:
        """A platform got 200: it is in the inbox."""
        self.acked += 1
        name = identity(command)
        if name is not None and name not in self._identities:
            self.say(f"{name} was acknowledged and is not in the inbox")

    def told(self, offset: int, answer: Answer) -> None:
        """A client got this answer to the command at this place."""
        self.answers += 1
        self.answered[offset] = answer
        if offset > self.offset:
            self.say(f"#{offset} was answered before it was committed")
        refused = self.refused.get(offset)
        if (refused is None) != (answer.rejected is None):
            self.say(f"#{offset} was answered {answer.rejected}, the log says {refused}")
        elif refused is not None and answer.rejected is not None:
            if refused.reason != answer.rejected.reason:
                self.say(f"#{offset}: {answer.rejected.reason}, the log says {refused.reason}")
        if any(not self._is_committed(fact) for fact in answer.facts):
            self.say(f"#{offset} was answered with facts that are not in the log")

    def _is_committed(self, fact: f.AnyFact) -> bool:
        return any(known == fact for known in reversed(self.facts))

    def published(self, committed: Committed) -> None:
        """Subscribers of a process were told this."""
        if self._fact_bytes.get(committed.seq) != encode_facts(committed.desks):
            self.say(f"what was published as {committed.seq} is not what the log has")

    @property
    def sealed(self) -> int:
        return len(self.books.breaches)
