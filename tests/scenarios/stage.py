"""A desk on which a scenario's sentences happen, one after the other, in virtual time.

A command at `t` comes after all that was due before `t`, and before what is due at `t` (RULES §2:
deadlines include their ends). After each step the invariants hold, every charge is proved by the
log, and what changed is stored as an owner stores it.
"""

from __future__ import annotations

from typing import TypeVar

from router.core import commands as c
from router.core.facts import AnyFact
from router.core.invariants import check
from router.core.outcome import Outcome, Rejected
from router.core.policy import Desk, Policy, Shop, SubAccount
from router.core.records import Breach
from router.core.state import State
from router.core.step import step, tick
from router.core.thread import Thread
from router.simulate import state_hash
from tests.core.book import Book
from tests.core.scene import hash_without_clock, restored, store
from tests.scenarios.inspecting import Inspection
from tests.scenarios.reading import MIDNIGHT_MS, Sentence, clock

F = TypeVar("F")

ADOPTED_MS = MIDNIGHT_MS + 7 * 3_600_000
ONLINE_MS = MIDNIGHT_MS + 8 * 3_600_000


class Stage:
    """The desk, its clock and its log's offsets; and what a scenario has named so far."""

    def __init__(self, desk: Desk, online: list[str], *, inspected: bool = False) -> None:
        self.state = State()
        self.records: dict[str, bytes] = {}
        self.facts: list[AnyFact] = []
        self.offset = 0
        self.buyer_of: dict[str, tuple[str, str]] = {}
        """Of orders, refunds and call-backs that were named: shop and buyer."""
        self.asked: dict[int, tuple[str, str]] = {}
        """Shop and buyer of each buyer's message, by its offset."""
        self.claimed: dict[str, None] = {}
        """Breaches that were expected."""
        self.flags_claimed: dict[tuple[str, str], None] = {}
        """Flags that were expected, each in its state."""
        self.book = Book()
        self.inspection = Inspection(desk) if inspected else None
        self.take(ADOPTED_MS, c.AdoptDesk(desk=desk))
        for agent in online:
            self.take(ONLINE_MS, c.SetPresence(agent=agent, to="online"))

    # Letting things happen

    def tick(self, at_ms: int) -> None:
        """Let all happen that was due before this moment."""
        self._inspect(at_ms)
        self._keep(tick(self.state, max(at_ms, self.state.at_ms)))
        self._inspect(at_ms)

    def take(self, at_ms: int, command: c.AnyCommand) -> Rejected | None:
        """Let a command come; one that is refused changes nothing but the clock.

        The clock is not let run up to an outage's end before the outage is known.
        """
        if not isinstance(command, c.NoteOutage):
            self.tick(at_ms)
        before = hash_without_clock(self.state)
        self.offset += 1
        if self.inspection is not None:
            self.inspection.hear(self.offset, command)
        if isinstance(command, c.MessageReceived):
            self.asked[self.offset] = (command.shop, command.buyer)
        self.book.enter(self.offset, command)
        outcome = step(self.state, c.Stamped(self.offset, at_ms, command))
        if outcome.rejected is not None and not isinstance(command, c.NoteOutage):
            assert hash_without_clock(self.state) == before, f"a refusal changed it: {command}"
        self._keep(outcome)
        return outcome.rejected

    def _keep(self, outcome: Outcome) -> None:
        check(self.state)
        self.book.read(self.state, outcome.facts)
        self.facts += outcome.facts
        if self.inspection is not None:
            self.inspection.see(outcome.facts)
        store(self.state, self.records)

    def _inspect(self, clock_ms: int) -> None:
        """Raise what the inspector has found in all that settled before this moment."""
        if self.inspection is None:
            return
        for at_ms, found in self.inspection.found(clock_ms):
            self.offset += 1
            self.book.enter(self.offset, found)
            at_ms = max(at_ms, self.state.at_ms)
            self._keep(step(self.state, c.Stamped(self.offset, at_ms, found)))

    def recovered_is_the_same(self) -> None:
        """A desk made of the stored records alone is this desk."""
        assert state_hash(restored(self.records)) == state_hash(self.state)

    # Asking

    @property
    def desk(self) -> Desk:
        return self.state.desk

    def policy(self, shop: str) -> Policy:
        return self.state.rules(shop).policy

    def shop(self, sentence: Sentence) -> str:
        """The shop that the line names, or the desk's first."""
        return sentence.option("店铺", self.desk.shops[0].id)

    def shop_named(self, sentence: Sentence) -> Shop:
        name = self.shop(sentence)
        found = next((shop for shop in self.desk.shops if shop.id == name), None)
        if found is None:
            raise sentence.place.bad(f"没有店铺 {name}")
        return found

    def agent(self, sentence: Sentence, name: str) -> str:
        """An agent of the desk."""
        if name not in [agent.id for agent in self.desk.agents]:
            raise sentence.place.bad(f"没有客服 {name}")
        return name

    def seat(self, sentence: Sentence, agent: str, shop: str) -> str:
        """The sub-account through which an agent speaks at a shop: the one they operate, else
        the one that is theirs."""
        operated = [s.id for s in self.state.seats.values() if s.agent == agent and s.shop == shop]
        theirs = [s.id for s in self.desk.sub_accounts if s.agent == agent and s.shop == shop]
        found = [*theirs, *operated] if set(theirs) & set(operated) else [*operated, *theirs]
        if not found:
            raise sentence.place.bad(f"{agent} 在 {shop} 没有子账号")
        return found[0]

    def sub_account(self, sentence: Sentence, name: str) -> SubAccount:
        found = next((sub for sub in self.desk.sub_accounts if sub.id == name), None)
        if found is None:
            raise sentence.place.bad(f"没有子账号 {name}")
        return found

    def thread(self, sentence: Sentence, buyer: str) -> Thread:
        thread = self.state.thread(self.shop(sentence), buyer)
        if thread is None:
            raise sentence.place.unmet(f"还不认识买家 {buyer}")
        return thread

    def whose(self, sentence: Sentence, name: str) -> tuple[str, str]:
        """Shop and buyer of an order or refund: of that which was named before, else as said."""
        if name not in self.buyer_of and sentence.option("买家"):
            return self.shop(sentence), sentence.option("买家")
        if name not in self.buyer_of:
            raise sentence.place.bad(f"前面没有出现过 {name}")
        return self.buyer_of[name]

    def breaches(self, sentence: Sentence, rule: str) -> list[Breach]:
        """The breaches of this rule that fit the line's options."""
        buyer, key = sentence.option("买家"), sentence.option("单号")
        due, shop = sentence.option("应于"), sentence.option("店铺")
        return [
            breach
            for breach in self.state.breaches.values()
            if breach.rule == rule
            and (not buyer or breach.buyer == buyer)
            and (not key or breach.key == key)
            and (not due or breach.due_ms == sentence.time(due))
            and (not shop or breach.shop == shop)
        ]

    def told(self, breach: Breach) -> str:
        """A breach in a line, for messages."""
        who = breach.agent or f"不罚({breach.uncharged})"
        about = " ".join(part for part in (breach.buyer, breach.key) if part)
        lifted = "(已撤销)" if breach.reversed else "(已免除)" if breach.waived else ""
        due = clock(breach.due_ms)
        return f"{breach.rule} {who} {breach.fine_fen / 100:.2f} {about} 应于 {due}{lifted}"
