"""All that a desk's core remembers, and the bookkeeping of one step.

`State` owns the records and what is derived from them (pools, queue, timers, indexes). The
modules of the rules change it through plain functions; they call `changed` for each record
they touch and `say` for each fact. It decides nothing by itself.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from router.core.facts import AnyFact
from router.core.policy import DAY_MS, Desk, ItemKind, Policy, Shop
from router.core.pools import Pools
from router.core.queue import Piece, Queue
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
from router.core.rota import Rota
from router.core.thread import Thread, Work
from router.core.view import Rules

NO_DEADLINE_MS = 1 << 52
"""Stands for the deadline of what has none: behind all others."""


ALARM = "\x00"
"""Begins the key of a timer that is no thread's."""

Alarmed = Shift | Handover | Person
"""What else the clock stops at."""


def thread_key(shop: str, buyer: str) -> str:
    return f"{shop}\x1f{buyer}"


def pair_key(*parts: str) -> str:
    """A record's name made of several, which may have any characters in them."""
    return "\x1f".join(parts)


def alarm_key(thing: Alarmed) -> str:
    match thing:
        case Shift():
            return f"{ALARM}w:{thing.id}"
        case Handover():
            return f"{ALARM}h:{thing.id}"
        case Person():
            return f"{ALARM}p:{thing.id}"


class State:
    """One desk."""

    def __init__(self) -> None:
        self.desk = Desk(id="")
        self.counters = Counters()
        self.persons: dict[str, Person] = {}
        self.seats: dict[str, Seat] = {}
        self.threads: dict[str, Thread] = {}
        self.breaches: dict[str, Breach] = {}
        self.entries: dict[str, LedgerEntry] = {}
        self.past_desks: dict[str, PastDesk] = {}
        """By their numbers: as long as something may come that was sent under their rules."""
        self.shifts: dict[str, Shift] = {}
        self.handovers: dict[str, Handover] = {}
        self.flags: dict[str, Flag] = {}
        self.appeals: dict[str, Appeal] = {}
        self.allowed: dict[str, Allowed] = {}
        self.remarks: dict[str, Remark] = {}
        """By `shop/order`, see `pair_key`."""
        # derived
        self.flag_ids: dict[tuple[str, str, str], str] = {}
        """By shop, buyer and the finding's own name."""
        self.appealed: dict[str, str] = {}
        """By ledger entry: the appeal against it."""
        self.sessions: dict[str, Thread] = {}
        """Open sessions by their id."""
        self.items: dict[tuple[str, str, str], Thread] = {}
        """Pending work by (shop, kind, key)."""
        self.held: dict[str, dict[str, None]] = {}
        """By agent: the keys of the threads of which they hold the session or work."""
        self.pools = Pools(self.desk, self.persons, self.seats, self.counters)
        self.queue = Queue()
        self.rota = Rota(self.shifts, self.handovers)
        self.timers: list[tuple[int, int, str]] = []
        """(next_ms, number, key) of threads, and of shifts, handovers and persons, whose keys begin
        with `ALARM`; outdated ones are dropped when met."""
        self.shops: dict[str, Shop] = {}
        self._rules: dict[str, Rules] = {}
        self._default_rules = Rules(Policy())
        # of the present step
        self.at_ms = 0
        self.offset = 0
        self.facts: list[AnyFact] = []
        self.dirty: dict[str, Record | None] = {}
        self.touched: dict[str, Thread] = {}
        self.freed: dict[str, None] = {}
        """Agents who may have come free."""
        self.rostered: dict[str, None] = {}
        """Agents of whom a shift has changed."""

    # Looking up

    def rules(self, shop: str) -> Rules:
        return self._rules.get(shop, self._default_rules)

    def shop(self, shop: str) -> Shop:
        """The shop; one that the desk does not have any more, as shops are by default."""
        return self.shops.get(shop) or Shop(id=shop)

    def kind(self, shop: str, name: str) -> ItemKind | None:
        return self.rules(shop).by_name.get(name)

    def thread(self, shop: str, buyer: str) -> Thread | None:
        return self.threads.get(thread_key(shop, buyer))

    def horizon_ms(self, shop: str, clock_ms: int) -> int:
        """Before this moment nothing that counts can still arrive at a command of `clock_ms`."""
        horizon_ms = clock_ms - self.shop(shop).lateness_ms
        horizon_ms = self._held_back(shop, clock_ms, horizon_ms)
        for past in self.past_desks.values():
            horizon_ms = max(horizon_ms, past.horizons.get(shop, horizon_ms))
        return horizon_ms

    def _held_back(self, shop: str, clock_ms: int, horizon_ms: int) -> int:
        grace_ms = self.rules(shop).policy.outage_grace_ms
        for outage in self.counters.outages:
            if clock_ms < outage.to_ms + grace_ms and outage.from_ms < horizon_ms:
                horizon_ms = outage.from_ms
        return horizon_ms

    def sealable_ms(self, shop: str, clock_ms: int) -> int:
        """When all commands of `clock_ms` are in: deadlines up to this moment are sealed."""
        sealable_ms = clock_ms - self.shop(shop).lateness_ms
        return min(sealable_ms, self._held_back(shop, clock_ms, sealable_ms + 1) - 1)

    def seal_at_ms(self, shop: str, due_ms: int) -> int:
        """When the verdict on a deadline is due (RULES §2)."""
        seal_ms = due_ms + self.shop(shop).lateness_ms
        grace_ms = self.rules(shop).policy.outage_grace_ms
        for outage in self.counters.outages:
            if outage.from_ms <= due_ms:
                seal_ms = max(seal_ms, outage.to_ms + grace_ms)
        return seal_ms

    # Keeping

    def thread_for(self, shop: str, buyer: str) -> Thread:
        """The buyer's thread, made when it is not there."""
        key = thread_key(shop, buyer)
        thread = self.threads.get(key)
        if thread is None:
            self.counters.thread_no += 1
            thread = Thread(no=self.counters.thread_no, shop=shop, buyer=buyer)
            self.threads[key] = thread
        self.touch(thread)
        return thread

    def touch(self, thread: Thread) -> None:
        """The thread changes in this step: store it, and look at its timers again."""
        self.touched[thread_key(thread.shop, thread.buyer)] = thread

    def forget_thread(self, thread: Thread) -> None:
        key = thread_key(thread.shop, thread.buyer)
        for name, work in thread.work.items():
            self.items.pop((thread.shop, work.kind, work.key), None)
            self.queue.drop(key, name)
        for order in thread.remarked:
            name = pair_key(thread.shop, order)
            del self.remarks[name]
            self.dirty[f"r:{name}"] = None
        del self.threads[key]
        self.touched.pop(key, None)
        self.dirty[f"t:{key}"] = None

    def changed(
        self,
        record: Person
        | Seat
        | Breach
        | LedgerEntry
        | Shift
        | Handover
        | Flag
        | Appeal
        | Allowed
        | Remark,
    ) -> None:
        match record:
            case Shift():
                self.dirty[f"w:{record.id}"] = record
                self.rostered[record.agent] = None
            case Handover():
                self.dirty[f"h:{record.id}"] = record
            case Flag():
                self.dirty[f"f:{record.id}"] = record
            case Appeal():
                self.dirty[f"a:{record.id}"] = record
            case Allowed():
                key = pair_key(record.shop, record.rule, record.phrase)
                self.dirty[f"l:{key}"] = record
            case Remark():
                self.dirty[f"r:{pair_key(record.shop, record.order)}"] = record
            case Person():
                self.dirty[f"p:{record.id}"] = record
            case Seat():
                self.dirty[f"s:{record.id}"] = record
            case Breach():
                self.dirty[f"b:{record.id}"] = record
            case LedgerEntry():
                self.dirty[f"e:{record.id}"] = record

    def say(self, fact: AnyFact) -> None:
        self.facts.append(fact)

    def note_held(self, agent: str, thread: Thread) -> None:
        if agent:
            self.held.setdefault(agent, {})[thread_key(thread.shop, thread.buyer)] = None

    def held_by(self, agent: str) -> list[Thread]:
        """The threads of which this agent holds the session or work, oldest first."""
        keys = self.held.get(agent, {})
        found = [t for key in list(keys) if (t := self.threads.get(key)) and holds(t, agent)]
        self.held[agent] = {thread_key(t.shop, t.buyer): None for t in found}
        return sorted(found, key=lambda thread: thread.no)

    def arm(self, thread: Thread, key: str, next_ms: int) -> None:
        """Let the clock stop at this thread at `next_ms` (-1: not at all)."""
        if next_ms != thread.next_ms:
            thread.next_ms = next_ms
            if next_ms >= 0:
                self._set_timer(next_ms, thread.no, key)

    def set_alarm(self, thing: Alarmed, at_ms: int) -> None:
        """Let the clock stop at this shift, handover or person at `at_ms` (-1: not at all)."""
        if at_ms != thing.next_ms:
            thing.next_ms = at_ms
            self.changed(thing)
            if at_ms >= 0:
                self._set_timer(at_ms, 0, alarm_key(thing))

    def _set_timer(self, at_ms: int, number: int, key: str) -> None:
        heappush(self.timers, (at_ms, number, key))
        things = len(self.threads) + len(self.shifts) + len(self.handovers) + len(self.persons)
        if len(self.timers) > 1024 and len(self.timers) > 4 * things:
            self._sweep_timers()

    def _sweep_timers(self) -> None:
        self.timers = [timer for timer in self.timers if self._is_armed(timer)]
        heapify(self.timers)

    def _is_armed(self, timer: tuple[int, int, str]) -> bool:
        if timer[2].startswith(ALARM):
            thing = self._alarmed(timer[2])
            return thing is not None and thing.next_ms == timer[0]
        thread = self.threads.get(timer[2])
        return thread is not None and thread.no == timer[1] and thread.next_ms == timer[0]

    def next_timer_ms(self) -> int | None:
        """When the next deadline (or warning, or whatever waits for the clock) is due."""
        while self.timers:
            if self._is_armed(self.timers[0]):
                return self.timers[0][0]
            heappop(self.timers)
        return None

    def pop_timer(self) -> tuple[int, Thread | Alarmed]:
        """The next one; call it only when `next_timer_ms` gave one."""
        at_ms, _, key = heappop(self.timers)
        if not key.startswith(ALARM):
            thread = self.threads[key]
            thread.next_ms = -1
            return at_ms, thread
        thing = self._alarmed(key)
        assert thing is not None
        thing.next_ms = -1
        self.changed(thing)
        return at_ms, thing

    def _alarmed(self, key: str) -> Alarmed | None:
        kind, name = key[1], key[3:]
        if kind == "w":
            return self.shifts.get(name)
        return self.handovers.get(name) if kind == "h" else self.persons.get(name)

    # Configuration and recovery

    def adopt(self, desk: Desk) -> None:
        """Let the desk be this, and make all that is derived again."""
        self.desk = desk
        self.shops = {shop.id: shop for shop in desk.shops}
        self._default_rules = self._rules_of("")
        desks = (desk, *(past.desk for past in self.past_desks.values()))
        # A shop that was taken off the desk still has what was sent under its own rules.
        names = {shop.id: None for of in desks for shop in of.shops}
        self._rules = {name: self._rules_of(name) for name in names}
        for agent in desk.agents:
            if agent.id not in self.persons:
                self.persons[agent.id] = Person(id=agent.id)
                self.changed(self.persons[agent.id])
        for sub in desk.sub_accounts:
            if sub.id not in self.seats:
                operator = sub.agent if sub.agent in self.persons else ""
                pace = self.counters.pace
                self.seats[sub.id] = Seat(id=sub.id, shop=sub.shop, agent=operator, pace=pace)
                self.changed(self.seats[sub.id])
        self.rebuild()

    def _rules_of(self, shop: str) -> Rules:
        """The shop's rules, with those that were in force before."""
        rules: Rules | None = None
        since_ms = 0
        for past in sorted(self.past_desks.values(), key=lambda past: past.no):
            rules = Rules(_policy_of(past.desk, shop), before=rules, since_ms=since_ms)
            since_ms = past.until_ms + 1
        return Rules(_policy_of(self.desk, shop), before=rules, since_ms=since_ms)

    def put_by(self, desk: Desk) -> None:
        """Remember the present desk, which `desk` is about to replace, if the rules differ."""
        names = {"": None} | {shop.id: None for of in (self.desk, desk) for shop in of.shops}
        late_ms = {
            name: (_lateness_ms(self.desk, name), _lateness_ms(desk, name)) for name in names
        }
        if not self.desk.id or all(
            _policy_of(desk, name) == _policy_of(self.desk, name) and before == after
            for name, (before, after) in late_ms.items()
        ):
            return
        open_ms = min((self.horizon_ms(name, self.at_ms) for name in names), default=0)
        for name, past in list(self.past_desks.items()):
            if past.until_ms < min(open_ms, self.at_ms - 2 * DAY_MS):
                del self.past_desks[name]
                self.dirty[f"d:{name}"] = None
        self.counters.desk_no += 1
        horizons = {
            name: self.horizon_ms(name, self.at_ms)
            for name, (before, after) in late_ms.items()
            if after > before
        }
        past = PastDesk(self.counters.desk_no, self.at_ms, self.desk, horizons)
        self.past_desks[str(past.no)] = past
        self.dirty[f"d:{past.no}"] = past

    def rebuild(self) -> None:
        """Make pools, queue, indexes and timers from the records."""
        self.flag_ids = {(f.shop, f.buyer, f.name): f.id for f in self.flags.values()}
        self.appealed = {each.entry: each.id for each in self.appeals.values()}
        self.sessions = {}
        self.items = {}
        self.held = {}
        self.queue = Queue()
        self.timers = []
        for person in self.persons.values():
            person.load = 0
        for seat in self.seats.values():
            seat.load = 0
        for key, thread in sorted(self.threads.items(), key=lambda pair: pair[1].no):
            self._index(key, thread)
        self.rota = Rota(self.shifts, self.handovers)
        alarmed: list[Alarmed] = [
            *self.shifts.values(),
            *self.handovers.values(),
            *self.persons.values(),
        ]
        self.timers += [(each.next_ms, 0, alarm_key(each)) for each in alarmed if each.next_ms >= 0]
        heapify(self.timers)
        # Pools need every load; the queue needs the pools, to know who takes which group.
        self.pools = Pools(self.desk, self.persons, self.seats, self.counters)
        for thread in self.threads.values():
            if thread.session and not thread.agent and not thread.with_bot:
                self.queue_session(thread)
            for work in thread.work.values():
                if work.queued:
                    self.queue_work(thread, work)

    def _index(self, key: str, thread: Thread) -> None:
        if thread.next_ms >= 0:
            self.timers.append((thread.next_ms, thread.no, key))
        if thread.session:
            self.sessions[thread.session] = thread
            if thread.agent:
                self.persons[thread.agent].load += 1
                self.seats[thread.sub_account].load += 1
                self.held.setdefault(thread.agent, {})[key] = None
        for work in thread.work.values():
            self.items[thread.shop, work.kind, work.key] = thread
            self.note_held(work.agent, thread)

    def queue_session(self, thread: Thread) -> None:
        """Put the session in the queue, or in its new place there."""
        group, piece = self.session_piece(thread)
        self.queue.put(thread.shop, group, piece)

    def queue_work(self, thread: Thread, work: Work) -> None:
        group, piece = self.work_piece(thread, work)
        self.queue.put(thread.shop, group, piece)

    def session_piece(self, thread: Thread) -> tuple[str, Piece]:
        """How this session waits: in which group's queue, and where in it."""
        live = thread.live
        due_ms = live.wait.due_ms if live.wait else NO_DEADLINE_MS
        if live.follow_up is not None:
            due_ms = min(due_ms, live.follow_up.due_ms)
        for item in live.pending:
            kind = self.kind(thread.shop, item.kind)
            if item.running and kind is not None and kind.follows_session:
                due_ms = min(due_ms, item.due_ms)
        group = self.pools.wanted_group(thread.shop, thread.group)
        return group, Piece(due_ms, thread.no, "", thread_key(thread.shop, thread.buyer))

    def work_piece(self, thread: Thread, work: Work) -> tuple[str, Piece]:
        """How this work item waits."""
        kind = self.kind(thread.shop, work.kind)
        group = self.pools.wanted_group(thread.shop, kind.group if kind else "")
        key = thread_key(thread.shop, thread.buyer)
        name = f"{work.kind}/{work.key}"
        return group, Piece(work.due_ms or NO_DEADLINE_MS, thread.no, name, key)


def holds(thread: Thread, agent: str) -> bool:
    """Whether the agent holds the thread's session or any of its work."""
    return thread.agent == agent or any(work.agent == agent for work in thread.work.values())


def _lateness_ms(desk: Desk, shop: str) -> int:
    """As `State.shop` has it: what the desk does not have is as shops are by default."""
    found = next((of for of in desk.shops if of.id == shop), None)
    return (found or Shop(id=shop)).lateness_ms


def _policy_of(desk: Desk, shop: str) -> Policy:
    """The shop's own policy, or the desk's."""
    own = next((of.policy for of in desk.shops if of.id == shop), None)
    return own or desk.policy
