"""The fold: facts in, hours out. No clock, no I/O; the same facts always give the same hours."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from router.core import facts as f
from router.core.policy import BEIJING_OFFSET_MS, DAY_MS, HOUR_MS
from router.stats.hour import Hour
from router.stats.waits import ANSWER, BUYER, CLOSED, OPENED, Line, Thread, Wait

KEPT_MS = DAY_MS + HOUR_MS
"""How long a thread is remembered: what is more than a day late judges nothing (RULES §2)."""
NEVER_DAY = 1 << 40
THREADS_LIMIT = 100_000
IN_3MIN_MS = 180_000
IN_30S_MS = 30_000

Key = tuple[str, str]
Hours = dict[int, dict[str, Hour]]
"""By hour, then by shop ("": of none, as a handover)."""
Agents = dict[int, dict[Key, Hour]]
"""By day, then by shop and agent."""


def hour_of(at_ms: int) -> int:
    """The number of an hour, counted from 1970 in Beijing."""
    return (at_ms + BEIJING_OFFSET_MS) // HOUR_MS


def day_of(at_ms: int) -> int:
    """The number of a day, counted from 1970-01-01 in Beijing."""
    return (at_ms + BEIJING_OFFSET_MS) // DAY_MS


def first_ms_of(day: int) -> int:
    """When a day begins."""
    return day * DAY_MS - BEIJING_OFFSET_MS


class Booked(NamedTuple):
    """A breach that is counted."""

    rule: str
    thread: Key
    agent: str
    due_ms: int


class Figures:
    """One desk's hours, of the days from `first_day` to `last_day`; what is of others is not
    counted."""

    def __init__(
        self, bots_answer: Callable[[str, int], bool], first_day: int, last_day: int = NEVER_DAY
    ) -> None:
        """`bots_answer`: whether a bot's message ends a wait, by shop and time (the policy)."""
        self._bots_answer = bots_answer
        self._first = first_day * 24
        self._end = (last_day + 1) * 24
        self.hours: Hours = {}
        self.agents: Agents = {}
        self._threads: OrderedDict[Key, Thread] = OrderedDict()
        self.waiting: dict[Key, Wait] = {}
        """Who waits at this moment, by shop and buyer."""
        self.queued: dict[str, tuple[str, int]] = {}
        """Sessions in the queue: their shop, and since when."""
        self._booked: dict[str, Booked] = {}
        self._touched: dict[Key, Thread] = {}
        self._at_ms = 0

    def forget_before(self, day: int) -> None:
        """Let the days before this one go."""
        self._first = day * 24
        self.hours = {hour: cells for hour, cells in self.hours.items() if hour >= self._first}
        self.agents = {each: cells for each, cells in self.agents.items() if each >= day}
        self._booked = {
            breach: booked
            for breach, booked in self._booked.items()
            if hour_of(booked.due_ms) >= self._first
        }

    def take(self, facts: Iterable[f.AnyFact]) -> None:
        """What the desk's commits say, in their order."""
        for fact in facts:
            self._at_ms = max(self._at_ms, fact.at_ms)
            take = _TAKE.get(type(fact))
            if take is not None:
                take(self, fact)
        for key, thread in self._touched.items():
            self._recount(key, thread)
        self._touched.clear()
        self._forget()

    # Facts

    def _opened(self, fact: f.SessionOpened) -> None:
        opened_ms = fact.opened_ms or fact.at_ms
        self._line(fact.shop, fact.buyer, Line(opened_ms, OPENED, ""))
        for cell in self._cells(opened_ms, fact.shop):
            cell.sessions += 1

    def _closed(self, fact: f.SessionClosed) -> None:
        self._line(fact.shop, fact.buyer, Line(fact.ended_ms, CLOSED, ""))
        self._leaves_queue(fact)

    def _noted(self, fact: f.MessageNoted) -> None:
        by_buyer, human = fact.side == "buyer", fact.by == "human"
        for cell in self._cells(fact.sent_ms, fact.shop, "" if by_buyer else fact.agent):
            cell.messages += by_buyer
            cell.sent += human and not by_buyer
        if fact.late:
            return
        if by_buyer:
            self._line(fact.shop, fact.buyer, Line(fact.sent_ms, BUYER, fact.message))
        elif human:
            self._line(fact.shop, fact.buyer, Line(fact.sent_ms, ANSWER, fact.agent, True))
            self._spoke(fact)
        elif fact.by == "bot" and self._bots_answer(fact.shop, fact.sent_ms):
            self._line(fact.shop, fact.buyer, Line(fact.sent_ms, ANSWER, ""))

    def _spoke(self, fact: f.MessageNoted) -> None:
        spoken = self._thread((fact.shop, fact.buyer)).spoken
        mark = (fact.session, fact.agent)
        if fact.agent and fact.session and mark not in spoken:
            spoken.add(mark)
            for cell in self._cells(fact.sent_ms, fact.shop, fact.agent):
                cell.received += 1

    def _requested(self, fact: f.DeliveryRequested) -> None:
        """An agent who leaves tells their buyers: that answers them (RULES §4)."""
        if fact.by == "auto" and fact.message.startswith(f"away-{fact.session}-"):
            self._line(fact.shop, fact.buyer, Line(fact.at_ms, ANSWER, ""))

    def _recalled(self, fact: f.MessageRecalledNoted) -> None:
        thread = self._touch((fact.shop, fact.buyer))
        thread.recalled.setdefault(fact.message, fact.at_ms)

    def _queue(self, fact: f.SessionQueued) -> None:
        if fact.session not in self.queued:
            self.queued[fact.session] = (fact.shop, fact.at_ms)
            for cell in self._cells(fact.at_ms, fact.shop):
                cell.queued += 1

    def _leaves_queue(self, fact: f.SessionAssigned | f.SessionClosed) -> None:
        shop, since_ms = self.queued.pop(fact.session, ("", -1))
        for cell in self._cells(since_ms, shop):
            cell.queue_ms = max(cell.queue_ms, fact.at_ms - since_ms)

    def _missed(self, fact: f.DeadlineMissed) -> None:
        if fact.rule == "reply":
            self._touch((fact.shop, fact.buyer)).missed[fact.due_ms] = fact.agent

    def _withdrawn(self, fact: f.DeadlineWithdrawn) -> None:
        if fact.rule == "reply":
            self._touch((fact.shop, fact.buyer)).missed.pop(fact.due_ms, None)

    def _sealed(self, fact: f.BreachSealed) -> None:
        self.book(fact.breach, fact.rule, fact.shop, fact.buyer, fact.agent, fact.due_ms)
        if fact.rule == "reply":
            self._touch((fact.shop, fact.buyer)).missed[fact.due_ms] = fact.agent

    def _reversed(self, fact: f.BreachReversed) -> None:
        self.reverse(fact.breach)

    def book(self, breach: str, rule: str, shop: str, buyer: str, agent: str, due_ms: int) -> None:
        """Count a breach; once."""
        if breach in self._booked or not self._covers(due_ms):
            return
        self._booked[breach] = booked = Booked(rule, (shop, buyer), agent, due_ms)
        self._count_breach(booked, +1)

    def reverse(self, breach: str) -> None:
        """It was none."""
        booked = self._booked.pop(breach, None)
        if booked is None:
            return
        self._count_breach(booked, -1)
        thread = self._threads.get(booked.thread)
        if booked.rule == "reply" and thread is not None:
            thread.missed.pop(booked.due_ms, None)
            self._touched[booked.thread] = thread

    def _count_breach(self, booked: Booked, by: int) -> None:
        for cell in self._cells(booked.due_ms, booked.thread[0], booked.agent):
            cell.breaches[booked.rule] = cell.breaches.get(booked.rule, 0) + by

    # Threads

    def _line(self, shop: str, buyer: str, line: Line) -> None:
        self._touch((shop, buyer)).add(line)

    def _touch(self, key: Key) -> Thread:
        thread = self._touched[key] = self._thread(key)
        return thread

    def _thread(self, key: Key) -> Thread:
        thread = self._threads.get(key)
        if thread is None:
            thread = self._threads[key] = Thread()
        return thread

    def _recount(self, key: Key, thread: Thread) -> None:
        waits, before = thread.waits(), thread.counted
        if waits != before:
            same = 0
            while same < min(len(waits), len(before)) and waits[same] == before[same]:
                same += 1
            for wait in before[same:]:
                self._count(key[0], wait, -1)
            for wait in waits[same:]:
                self._count(key[0], wait, +1)
            thread.counted = waits
        if waits and not waits[-1].over:
            self.waiting[key] = waits[-1]
        else:
            self.waiting.pop(key, None)
        thread.shorten()
        thread.seen_ms = self._at_ms
        self._threads.move_to_end(key)

    def _count(self, shop: str, wait: Wait, by: int) -> None:
        if wait.late:
            for cell in self._cells(wait.start_ms, shop, wait.blamed):
                cell.late += by
        if wait.over:
            for cell in self._cells(wait.start_ms, shop, wait.agent):
                _count_over(cell, wait, by)

    def _covers(self, at_ms: int) -> bool:
        return self._first <= hour_of(at_ms) < self._end

    def _cells(self, at_ms: int, shop: str, agent: str = "") -> tuple[Hour, ...]:
        """What counts something of this moment: the shop's hour, and the agent's day."""
        if not self._covers(at_ms):
            return ()
        hours = self.hours.setdefault(hour_of(at_ms), {})
        hour = hours.get(shop)
        if hour is None:
            hour = hours[shop] = Hour()
        if not agent:
            return (hour,)
        days = self.agents.setdefault(day_of(at_ms), {})
        day = days.get((shop, agent))
        if day is None:
            day = days[shop, agent] = Hour()
        return hour, day

    def _forget(self) -> None:
        """Threads of which nothing was heard for so long that nothing can change any more."""
        while self._threads:
            key, thread = next(iter(self._threads.items()))
            gone = thread.seen_ms < self._at_ms - KEPT_MS
            if not gone and len(self._threads) <= THREADS_LIMIT:
                return
            del self._threads[key]
            self.waiting.pop(key, None)


def _count_over(cell: Hour, wait: Wait, by: int) -> None:
    """A wait that has ended."""
    cell.waits_over += by
    cell.firsts_over += by * wait.first
    if wait.answered_ms < 0:
        cell.unanswered += by
        return
    cell.in_time += by * (not wait.late)
    if wait.human:
        took_ms = wait.answered_ms - wait.start_ms
        cell.replies.add(took_ms, by)
        cell.in_3min += by * (took_ms <= IN_3MIN_MS)
        if wait.first:
            cell.first_replies.add(took_ms, by)
            cell.firsts_in_30s += by * (took_ms <= IN_30S_MS)


_TAKE: dict[type, Callable[..., None]] = {
    f.SessionOpened: Figures._opened,
    f.SessionClosed: Figures._closed,
    f.MessageNoted: Figures._noted,
    f.DeliveryRequested: Figures._requested,
    f.MessageRecalledNoted: Figures._recalled,
    f.SessionQueued: Figures._queue,
    f.SessionAssigned: Figures._leaves_queue,
    f.DeadlineMissed: Figures._missed,
    f.DeadlineWithdrawn: Figures._withdrawn,
    f.BreachSealed: Figures._sealed,
    f.BreachReversed: Figures._reversed,
}
