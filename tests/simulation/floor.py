"""Who holds what, by the committed facts alone: the auditor's own picture of the desk.

Nothing of the core is used but the shapes of its facts; what contradicts itself is a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from router.core import facts as f
from router.core.policy import Agent, Desk, SubAccount

OWN_CHOICES = ("new", "sticky", "from_queue", "rescue")
"""What the router decides by itself: never above a capacity (RULES §3)."""

Say = Callable[[str], None]


class Stint(NamedTuple):
    """Somebody ("" for nobody) had it from `at_ms` on."""

    at_ms: int
    agent: str
    cause: str


class Session:
    """An open session."""

    def __init__(self, shop: str, buyer: str) -> None:
        self.shop = shop
        self.buyer = buyer
        self.agent = ""
        self.seat = ""
        self.queued = False


class Floor:
    """All agents, sub-accounts, sessions and work items."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self.agents: dict[str, Agent] = {}
        self.subs: dict[str, SubAccount] = {}
        self.shop_groups: dict[str, set[str]] = {}
        self.operators: dict[str, str] = {}
        self.paused: set[str] = set()
        self.presence: dict[str, list[tuple[int, str]]] = {}
        self.sessions: dict[str, Session] = {}
        self.open_of: dict[tuple[str, str], str] = {}
        self.agent_load: dict[str, int] = {}
        self.seat_load: dict[str, int] = {}
        self.stints: dict[tuple[str, str, str, str], list[Stint]] = {}
        """By (shop, buyer, "", "") for sessions and (shop, buyer, kind, key) for work."""
        self.items: dict[str, f.ItemAssigned | f.ItemOpened] = {}

    def adopt(self, desk: Desk) -> None:
        self.agents = {agent.id: agent for agent in desk.agents}
        self.subs = {sub.id: sub for sub in desk.sub_accounts}
        self.shop_groups = {shop.id: set() for shop in desk.shops}
        for sub in desk.sub_accounts:
            self.shop_groups[sub.shop].update(sub.groups)
            self.operators.setdefault(sub.id, sub.agent)

    # Questions

    def presence_of(self, agent: str, at_ms: int | None = None) -> str:
        """Now, or at a moment (an act at that moment counts)."""
        now = "offline"
        for since_ms, to in self.presence.get(agent, ()):
            if at_ms is not None and since_ms > at_ms:
                break
            now = to
        return now

    def left_after(self, agent: str, since_ms: int, at_ms: int) -> bool:
        """Whether they went offline behind `since_ms`, and were at `at_ms`."""
        was_offline = self.presence_of(agent, since_ms) == "offline"
        return not was_offline and self.presence_of(agent, at_ms) == "offline"

    def on_duty(self, seat: str) -> bool:
        agent = self.operators.get(seat, "")
        return bool(agent) and self.presence_of(agent) == "online" and seat not in self.paused

    def has_room(self, seat: str) -> bool:
        sub, agent = self.subs[seat], self.agents[self.operators[seat]]
        if sub.capacity and self.seat_load.get(seat, 0) >= sub.capacity:
            return False
        return not agent.capacity or self.agent_load.get(agent.id, 0) < agent.capacity

    def takers(self, shop: str, group: str, *, room: bool) -> Iterator[str]:
        """The sub-accounts that could be given something of this shop and group now."""
        if group not in self.shop_groups[shop]:
            group = ""
        for sub in self.subs.values():
            if sub.shop != shop or not self.on_duty(sub.id):
                continue
            if group and sub.groups and group not in sub.groups:
                continue
            if not room or self.has_room(sub.id):
                yield sub.id

    # Facts

    def hear(self, fact: f.AnyFact) -> None:
        match fact:
            case f.SessionOpened():
                self._opened(fact)
            case f.SessionAssigned():
                self._assigned(fact)
            case f.SessionQueued():
                self._queued(fact)
            case f.SessionClosed():
                self._closed(fact)
            case f.PresenceChanged():
                self.presence.setdefault(fact.agent, []).append((fact.at_ms, fact.to))
            case f.SubAccountChanged():
                self.operators[fact.sub_account] = fact.agent
                away = fact.paused or fact.platform != "online"
                (self.paused.add if away else self.paused.discard)(fact.sub_account)
            case f.ItemOpened():
                self.items[fact.item] = fact
            case f.ItemAssigned():
                if fact.item not in self.items:
                    self._say(f"item {fact.item} was assigned and is not open")
                self.items[fact.item] = fact
                stints = self.stints.setdefault((fact.shop, fact.buyer, fact.kind, fact.key), [])
                stints.append(Stint(fact.at_ms, fact.agent, ""))
            case f.ItemSettled():
                if self.items.pop(fact.item, None) is None:
                    self._say(f"item {fact.item} was settled twice")
            case _:
                pass

    def _opened(self, fact: f.SessionOpened) -> None:
        buyer = (fact.shop, fact.buyer)
        if buyer in self.open_of:
            self._say(f"{fact.session} opened beside {self.open_of[buyer]}")
        if fact.session in self.sessions:
            self._say(f"{fact.session} opened twice")
        self.sessions[fact.session] = Session(fact.shop, fact.buyer)
        self.open_of[buyer] = fact.session

    def _session(self, name: str, what: str) -> Session | None:
        session = self.sessions.get(name)
        if session is None:
            self._say(f"{name} was {what} and is not open")
        return session

    def _leave(self, session: Session) -> None:
        if session.agent:
            self.agent_load[session.agent] -= 1
            self.seat_load[session.seat] -= 1
        session.agent = session.seat = ""

    def _stint(self, session: Session, at_ms: int, cause: str) -> None:
        stints = self.stints.setdefault((session.shop, session.buyer, "", ""), [])
        stints.append(Stint(at_ms, session.agent, cause))

    def _assigned(self, fact: f.SessionAssigned) -> None:
        session = self._session(fact.session, "assigned")
        if session is None:
            return
        if (fact.from_agent, fact.from_sub_account) != (session.agent, session.seat):
            self._say(f"{fact.session}: from {fact.from_agent!r}, held by {session.agent!r}")
        if (session.agent, session.seat) == (fact.agent, fact.sub_account):
            self._say(f"{fact.session} was assigned to {fact.agent} who holds it")
        if fact.cause in OWN_CHOICES:
            self._check_choice(fact)
        if self.operators.get(fact.sub_account) != fact.agent:
            self._say(f"{fact.session}: {fact.agent} does not operate {fact.sub_account}")
        self._leave(session)
        session.agent, session.seat, session.queued = fact.agent, fact.sub_account, False
        self.agent_load[fact.agent] = self.agent_load.get(fact.agent, 0) + 1
        self.seat_load[fact.sub_account] = self.seat_load.get(fact.sub_account, 0) + 1
        self._stint(session, fact.at_ms, fact.cause)

    def _check_choice(self, fact: f.SessionAssigned) -> None:
        if not self.on_duty(fact.sub_account):
            self._say(f"{fact.session} ({fact.cause}): {fact.sub_account} is not on duty")
        elif not self.has_room(fact.sub_account):
            self._say(f"{fact.session} ({fact.cause}): {fact.sub_account} is above its capacity")
        elif self.subs[fact.sub_account].shop != fact.shop:
            self._say(f"{fact.session} ({fact.cause}): {fact.sub_account} is of another shop")

    def _queued(self, fact: f.SessionQueued) -> None:
        session = self._session(fact.session, "queued")
        if session is None:
            return
        if fact.from_agent != session.agent:
            self._say(f"{fact.session}: queued from {fact.from_agent!r}, not {session.agent!r}")
        self._leave(session)
        session.queued = True
        self._stint(session, fact.at_ms, "queue")

    def _closed(self, fact: f.SessionClosed) -> None:
        session = self._session(fact.session, "closed")
        if session is None:
            return
        if fact.agent != session.agent:
            self._say(f"{fact.session}: closed with {fact.agent!r}, held by {session.agent!r}")
        self._leave(session)
        self._stint(session, fact.at_ms, "closed")
        del self.sessions[fact.session]
        del self.open_of[session.shop, session.buyer]
