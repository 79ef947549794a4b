"""Breaches and the ledger, by the committed facts alone: the auditor's own accounts."""

from __future__ import annotations

from router.core import facts as f
from router.core.policy import Desk, Policy
from tests.simulation.floor import Floor, Say, Stint

NOTICED_GAP_MS = 20_000
"""A hole between two commits that is certainly an outage (heartbeats come every 5 s)."""

SLACK_MS = 2_000
"""A hole between commits begins a little before an outage and ends a little after it."""


class Books:
    """Each deadline is sealed once, in time; each charge is lifted once at the most."""

    def __init__(self, floor: Floor, say: Say) -> None:
        self._floor = floor
        self._say = say
        self._policy = Policy()
        self._lateness_ms: dict[str, int] = {}
        self._sealed: dict[tuple[str, str, str, str, int], str] = {}
        self.breaches: dict[str, f.BreachSealed] = {}
        self._charged: dict[str, int] = {}
        self._lifted: dict[str, str] = {}
        self.owed_fen: dict[str, int] = {}
        self.outages: list[tuple[int, int]] = []

    def adopt(self, desk: Desk) -> None:
        self._policy = desk.policy
        self._lateness_ms = {shop.id: shop.lateness_ms for shop in desk.shops}

    def clock_gap(self, from_ms: int, to_ms: int) -> None:
        """Nothing was committed in between."""
        if to_ms - from_ms > NOTICED_GAP_MS:
            self.outages.append((from_ms, to_ms))

    def hear(self, fact: f.AnyFact) -> None:
        match fact:
            case f.BreachSealed():
                self._seal(fact)
            case f.EntryBooked(kind="charge"):
                self._charge(fact)
            case f.EntryBooked():
                self._lift(fact)
            case _:
                pass

    def _seal(self, fact: f.BreachSealed) -> None:
        deadline = (fact.shop, fact.buyer, fact.rule, fact.key, fact.due_ms)
        name = f"{fact.breach} ({fact.rule} of {fact.buyer}, due {fact.due_ms})"
        if deadline in self._sealed:
            self._say(f"{name} was sealed before, as {self._sealed[deadline]}")
        self._sealed[deadline] = fact.breach
        if fact.breach in self.breaches:
            self._say(f"{name}: its id was given before")
        self.breaches[fact.breach] = fact
        if fact.at_ms < fact.due_ms + self._lateness_ms[fact.shop]:
            self._say(f"{name} was sealed at {fact.at_ms}, before the lateness was over")
        if fact.agent:
            self._check_agent(fact, name)

    def _check_agent(self, fact: f.BreachSealed, name: str) -> None:
        """Somebody who held it, at `due` or until they gave it away shortly before."""
        if fact.rule == "away" and fact.key:
            return  # they fell silent, and are charged for what they do not hold any more
        kind = "" if fact.rule in ("reply", "follow_up", "away") else fact.rule
        stints = self._floor.stints.get((fact.shop, fact.buyer, kind, fact.key), [])
        held = [
            s
            for s in stints
            if s.at_ms < fact.due_ms or (s.at_ms == fact.due_ms and s.cause != "closed")
        ]
        if not held or all(stint.agent != fact.agent for stint in held):
            self._say(f"{name}: {fact.agent} never held it")
            return
        last = held[-1]
        if last.agent == fact.agent:
            # (What the platform gives to somebody who is offline is theirs all the same.)
            if self._floor.left_after(fact.agent, _since(held), fact.due_ms):
                self._say(f"{name}: {fact.agent} had left before it fell due")
            if fact.due_ms - _since(held) < self._policy.grace_ms:
                self._say(f"{name}: {fact.agent} got it within the grace")
        elif not last.agent or fact.due_ms - _since(held) >= self._policy.grace_ms:
            self._say(f"{name}: {last.agent!r} held it, not {fact.agent}")

    def _charge(self, fact: f.EntryBooked) -> None:
        breach = self.breaches.get(fact.breach)
        if breach is None or (breach.agent, breach.fine_fen) != (fact.agent, fact.fine_fen):
            self._say(f"{fact.entry} charges what {fact.breach} does not say")
        if fact.breach in self._charged or fact.fine_fen <= 0:
            self._say(f"{fact.entry}: {fact.breach} was charged before, or with nothing")
        self._charged[fact.breach] = fact.fine_fen
        self.owed_fen[fact.agent] = self.owed_fen.get(fact.agent, 0) + fact.fine_fen

    def _lift(self, fact: f.EntryBooked) -> None:
        charged = self._charged.get(fact.breach, 0)
        if fact.breach in self._lifted:
            self._say(f"{fact.entry}: {self._lifted[fact.breach]} has lifted {fact.breach}")
        self._lifted[fact.breach] = fact.entry
        if fact.fine_fen != -charged or fact.agent != self.breaches[fact.breach].agent:
            self._say(f"{fact.entry} lifts {fact.fine_fen} of {charged}")
        self.owed_fen[fact.agent] = self.owed_fen.get(fact.agent, 0) + fact.fine_fen

    def sealed_in_outage(self) -> list[str]:
        """What fell due in an outage and was sealed before its grace was over (RULES §2)."""
        return [
            f"{fact.breach}: due in the outage {from_ms}-{to_ms}, sealed at {fact.at_ms}"
            for fact in self.breaches.values()
            for from_ms, to_ms in self.outages
            if from_ms + SLACK_MS < fact.due_ms <= to_ms
            and fact.at_ms < to_ms + self._policy.outage_grace_ms - SLACK_MS
        ]


def _since(held: list[Stint]) -> int:
    """Since when the last one of these has had it, whichever their sub-account was."""
    index = len(held) - 1
    while index > 0 and held[index - 1].agent == held[index].agent:
        index -= 1
    return held[index].at_ms
