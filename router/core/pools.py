"""Who can take a session, in the order of the desk's strategy (RULES §3). O(log n).

For each shop and group there is a heap of the sub-accounts that can be given a session now.
An entry is dropped when it is met and found outdated (`_Ticket`), so a change of a
sub-account costs one push for each pool it stands in. No key changes with time alone:
`online_time` compares what an agent received with a fair share that grows, by each
assignment, for everybody online alike, so that their order changes only with an event.
Pools are derived from the records; `rebuild` makes them again.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush

from router.core.policy import Agent, Desk, Strategy, SubAccount
from router.core.records import Counters, Person, Seat

SCALE = 1_000_000_000

Key = tuple[int, ...]
_Ticket = tuple[Key, str, str, int]
"""(strategy's key, agent, sub-account, the sub-account's generation)."""
_Pool = tuple[str, str, bool]
"""(shop, group, whether these are full): "" has all groups, "*" those that take any."""


class Pools:
    """The sub-accounts that can be given a session, by shop and group."""

    def __init__(
        self,
        desk: Desk,
        persons: dict[str, Person],
        seats: dict[str, Seat],
        counters: Counters,
    ) -> None:
        self._persons = persons
        self._seats = seats
        self._counters = counters
        self._agents: dict[str, Agent] = {agent.id: agent for agent in desk.agents}
        self._subs: dict[str, SubAccount] = {sub.id: sub for sub in desk.sub_accounts}
        self._key_of = _KEYS[desk.strategy]
        self._heaps: dict[_Pool, list[_Ticket]] = {}
        self._generation: dict[str, int] = {}
        self._online = sum(person.presence == "online" for person in persons.values())
        self.groups: dict[str, frozenset[str]] = {
            shop.id: frozenset(
                group for sub in desk.sub_accounts if sub.shop == shop.id for group in sub.groups
            )
            for shop in desk.shops
        }
        self.seats_of: dict[str, list[str]] = {agent.id: [] for agent in desk.agents}
        for sub_id in sorted(seats):
            seat = seats[sub_id]
            if seat.agent:
                self.seats_of.setdefault(seat.agent, []).append(sub_id)
            self.touch_seat(sub_id)

    # What can be given

    def capacity_left(self, seat: Seat) -> bool:
        """Whether neither the sub-account nor its agent is full."""
        sub, agent = self._subs.get(seat.id), self._agents.get(seat.agent)
        if sub is None or agent is None:
            return False
        if sub.capacity and seat.load >= sub.capacity:
            return False
        person = self._persons[seat.agent]
        return not agent.capacity or person.load < agent.capacity

    def on_duty(self, seat: Seat) -> bool:
        """Its agent is online and it is not paused."""
        person = self._persons.get(seat.agent)
        return (
            person is not None
            and person.presence == "online"
            and not seat.paused
            and seat.platform == "online"
            and seat.id in self._subs
            and seat.agent in self._agents
        )

    def available(self, seat: Seat) -> bool:
        return self.on_duty(seat) and self.capacity_left(seat)

    def takes_group(self, seat: Seat, group: str) -> bool:
        groups = self._subs[seat.id].groups
        return not group or not groups or group in groups

    def wanted_group(self, shop: str, group: str) -> str:
        """The group, or "" (anybody) where the shop has nobody for it by name."""
        return group if group in self.groups.get(shop, ()) else ""

    # Keeping the heaps

    def touch_seat(self, seat_id: str) -> None:
        """Something about this sub-account has changed: its old tickets are void."""
        generation = self._generation.get(seat_id, 0) + 1
        self._generation[seat_id] = generation
        seat = self._seats[seat_id]
        if not self.on_duty(seat):
            return
        full = not self.capacity_left(seat)
        ticket = (self._key(seat), seat.agent, seat_id, generation)
        self._push((seat.shop, "", full), ticket)
        for group in self._subs[seat_id].groups or ("*",):
            self._push((seat.shop, group, full), ticket)

    def touch_person(self, agent: str) -> None:
        for seat_id in self.seats_of.get(agent, ()):
            self.touch_seat(seat_id)

    def sign_on(self, seat: Seat, agent: str) -> None:
        """Let `agent` ("" for nobody) operate the sub-account."""
        if seat.agent:
            self.seats_of[seat.agent].remove(seat.id)
        seat.agent = agent
        if agent:
            seats = self.seats_of.setdefault(agent, [])
            seats.append(seat.id)
            seats.sort()

    def _push(self, pool: _Pool, ticket: _Ticket) -> None:
        heap = self._heaps.setdefault(pool, [])
        heappush(heap, ticket)
        if len(heap) > 64 and len(heap) > 4 * len(self._seats):
            heap[:] = [t for t in heap if self._generation[t[2]] == t[3]]
            heapify(heap)

    # Choosing

    def pick(self, shop: str, group: str, *, but_not: str = "") -> Seat | None:
        """The one to take a session of this shop and group; never `but_not`'s sub-accounts."""
        return self._best(shop, group, full=False, but_not=but_not)

    def pick_on_duty(self, shop: str, group: str, *, but_not: str = "") -> Seat | None:
        """For work that counts on no capacity: the one to take it, full or not."""
        found = self.pick(shop, group, but_not=but_not)
        return found or self._best(shop, group, full=True, but_not=but_not)

    def _best(self, shop: str, group: str, *, full: bool, but_not: str) -> Seat | None:
        best: _Ticket | None = None
        for pool in (group, "*") if group else ("",):
            ticket = self._head((shop, pool, full), but_not)
            if ticket is not None and (best is None or ticket < best):
                best = ticket
        return self._seats[best[2]] if best else None

    def seat_of(
        self, agent: str, shop: str, *, preferred: str = "", group: str = ""
    ) -> Seat | None:
        """A sub-account of this agent at this shop that can take a session (of this group)."""
        found: Seat | None = None
        for seat_id in self.seats_of.get(agent, ()):
            seat = self._seats[seat_id]
            if seat.shop == shop and self.available(seat) and self.takes_group(seat, group):
                if seat_id == preferred:
                    return seat
                found = found or seat
        return found

    def _head(self, pool: _Pool, but_not: str) -> _Ticket | None:
        heap = self._heaps.get(pool)
        if not heap:
            return None
        aside: list[_Ticket] = []
        found: _Ticket | None = None
        while heap:
            ticket = heap[0]
            if self._generation[ticket[2]] != ticket[3]:
                heappop(heap)
            elif but_not and ticket[1] == but_not:
                aside.append(heappop(heap))
            else:
                found = ticket
                break
        for ticket in aside:
            heappush(heap, ticket)
        return found

    # Accounts of who received what

    def received(self, seat: Seat) -> None:
        """A session was given to this sub-account: keep the strategies' books."""
        counters = self._counters
        counters.assigned_no += 1
        seat.assigned_no = counters.assigned_no
        counters.pace = max(counters.pace, seat.pace)
        sub = self._subs.get(seat.id)
        seat.pace += SCALE // max(1, sub.weight if sub else 1)
        person = self._persons.get(seat.agent)
        if person is not None:
            counters.growth += SCALE // max(1, self._online)
            person.share += SCALE

    def not_received(self, agent: str) -> None:
        """A session went on before they had answered it: not their reception (RULES §3)."""
        person = self._persons.get(agent)
        if person is not None:
            person.share -= SCALE

    def came_online(self, person: Person) -> None:
        """From now on the person's fair share grows with everybody's."""
        self._online += 1
        person.share += self._counters.growth
        for seat_id in self.seats_of.get(person.id, ()):
            self.came_on_duty(self._seats[seat_id])

    def came_on_duty(self, seat: Seat) -> None:
        """weighted: what went by before is not made up for."""
        seat.pace = max(seat.pace, self._counters.pace)

    def left_online(self, person: Person) -> None:
        self._online -= 1
        person.share -= self._counters.growth

    def _key(self, seat: Seat) -> Key:
        sub, person = self._subs[seat.id], self._persons[seat.agent]
        return self._key_of(sub, self._agents[seat.agent], seat, person)


def _least_loaded(sub: SubAccount, agent: Agent, seat: Seat, person: Person) -> Key:
    by_agent = person.load * SCALE // agent.capacity if agent.capacity else 0
    by_seat = seat.load * SCALE // sub.capacity if sub.capacity else 0
    return (max(by_agent, by_seat), person.load, seat.load, person.idle_since_ms)


def _longest_idle(sub: SubAccount, agent: Agent, seat: Seat, person: Person) -> Key:
    del sub, agent
    return (person.idle_since_ms, person.load, seat.load)


def _online_time(sub: SubAccount, agent: Agent, seat: Seat, person: Person) -> Key:
    del sub, agent
    return (person.share, person.load, seat.load)


def _weighted(sub: SubAccount, agent: Agent, seat: Seat, person: Person) -> Key:
    del sub, agent, person
    return (seat.pace, seat.load)


def _round_robin(sub: SubAccount, agent: Agent, seat: Seat, person: Person) -> Key:
    del sub, agent, person
    return (seat.assigned_no,)


_KEYS: dict[Strategy, Callable[[SubAccount, Agent, Seat, Person], Key]] = {
    Strategy.LEAST_LOADED: _least_loaded,
    Strategy.LONGEST_IDLE: _longest_idle,
    Strategy.ONLINE_TIME: _online_time,
    Strategy.WEIGHTED: _weighted,
    Strategy.ROUND_ROBIN: _round_robin,
}
