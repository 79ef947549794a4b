"""What must hold of a desk's state after every step. Tests and the simulation call it.

`check` changes nothing that matters: it reads the records, makes what is derived from them a
second time, and compares. It is slow on purpose, and never called by the running desk.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from router.core.deadlines import due_next_ms
from router.core.pools import Pools
from router.core.queue import Piece
from router.core.state import State, thread_key
from router.core.thread import Thread, Work, sealed_view
from router.core.timeline import advance, apply
from router.core.view import Miss, View

SESSION_STATES = ("queued", "held", "closing")

_copy_view = msgspec.msgpack.Decoder(View).decode
_encode = msgspec.msgpack.Encoder().encode


class BrokenInvariant(Exception):
    """The state contradicts itself; says how."""


def check(state: State) -> None:
    """Raises `BrokenInvariant`."""
    _desk(state)
    for key, thread in state.threads.items():
        _is(thread_key(thread.shop, thread.buyer), key, f"the key of {thread.buyer}'s thread")
        _session(state, thread)
        _work(state, thread)
        _timeline(state, thread)
        _timer(state, key, thread)
    _loads(state)
    _indexes(state)
    _queue(state)
    _pools(state)
    _ledger(state)
    if state.touched or state.freed:
        raise BrokenInvariant("the last step was not settled")


def _is(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise BrokenInvariant(f"{what}: is {found!r}, should be {wanted!r}")


def _desk(state: State) -> None:
    subs = {sub.id: sub for sub in state.desk.sub_accounts}
    agents = {agent.id: None for agent in state.desk.agents}
    _is(sorted(state.persons), sorted(agents), "persons, by the desk's agents")
    _is(sorted(state.seats), sorted(subs), "seats, by the desk's sub-accounts")
    for seat in state.seats.values():
        _is(seat.shop, subs[seat.id].shop, f"the shop of {seat.id}")
        if seat.agent and seat.agent not in agents:
            raise BrokenInvariant(f"{seat.id} is operated by {seat.agent}, who is not there")


def _session(state: State, thread: Thread) -> None:
    what = f"session {thread.session or '(none)'} of {thread.buyer}"
    _is(bool(thread.session), thread.live.open, f"{what} is open")
    if not thread.session:
        _is(thread.state, "", f"the state of {what}")
        return
    if thread.state not in SESSION_STATES:
        raise BrokenInvariant(f"{what} is left {thread.state!r}: neither held, queued nor closing")
    if thread.state != "closing":
        _is(thread.state, "held" if thread.agent else "queued", f"the state of {what}")
    _is(thread.state == "closing", thread.live.closing, f"{what} is closing")
    _is(thread.opened_ms, thread.live.opened_ms, f"the opening of {what}")
    _is(thread.serial, thread.live.sessions, f"the serial of {what}")
    _holder(state, thread, thread.agent, thread.sub_account, what)


def _holder(state: State, thread: Thread, agent: str, sub_account: str, what: str) -> None:
    if not agent:
        return
    if agent not in state.persons:
        raise BrokenInvariant(f"{what} is held by {agent}, who is not there")
    seat = state.seats.get(sub_account)
    if seat is None:
        raise BrokenInvariant(f"{what} is held through {sub_account}, which is not there")
    _is(seat.agent, agent, f"the operator of {sub_account}, which holds {what}")
    _is(seat.shop, thread.shop, f"the shop of {sub_account}, which holds {what}")
    if thread_key(thread.shop, thread.buyer) not in state.held.get(agent, {}):
        raise BrokenInvariant(f"{what} is not among what {agent} holds")


def _work(state: State, thread: Thread) -> None:
    pending = {f"{item.kind}/{item.key}": item for item in thread.live.pending}
    _is(sorted(thread.work), sorted(pending), f"the work of {thread.buyer}, by the timeline")
    for name, work in thread.work.items():
        what = f"work {name} of {thread.buyer}"
        item = pending[name]
        _is((work.opened_ms, work.due_ms), (item.armed_ms, item.due_ms), f"opening, due of {what}")
        _is(work.order, item.order, f"the order of {what}")
        waits = not work.agent and not work.taken_by
        _is(work.queued, waits, f"{what} waits in the queue")
        _holder(state, thread, work.agent, work.sub_account, what)


def _timeline(state: State, thread: Thread) -> None:
    """What is sealed, with the buffer applied, gives what is live."""
    rules = state.rules(thread.shop)
    places = [(moment.sent_ms, moment.rank, moment.key) for moment in thread.buffer]
    _is(places, sorted(places), f"the order of {thread.buyer}'s buffer")
    folded = sealed_view(thread)
    missed: list[Miss] = []
    for moment in thread.buffer:
        apply(folded, rules, moment, missed)
    live = _copy_view(_encode(thread.live))
    noticed = list(thread.misses)
    for view, misses in ((folded, missed), (live, noticed)):
        advance(view, rules, state.at_ms, misses)
        _untold(view)
    _is(live, folded, f"the live view of {thread.buyer}, by the sealed one and the buffer")
    _is(noticed, missed, f"what {thread.buyer} was seen to miss")


def _untold(view: View) -> None:
    for deadline in (view.wait, view.follow_up, *view.pending):
        if deadline is not None:
            deadline.told = 0


def _timer(state: State, key: str, thread: Thread) -> None:
    next_ms = due_next_ms(state, thread)
    if next_ms < 0:
        return
    if not 0 <= thread.next_ms <= max(next_ms, state.at_ms):
        raise BrokenInvariant(
            f"{thread.buyer} waits for {next_ms}, but the clock is to stop at {thread.next_ms}"
        )
    if (thread.next_ms, thread.no, key) not in state.timers:
        raise BrokenInvariant(f"no timer stands for {thread.buyer} at {thread.next_ms}")


def _loads(state: State) -> None:
    by_agent = dict.fromkeys(state.persons, 0)
    by_seat = dict.fromkeys(state.seats, 0)
    for thread in state.threads.values():
        if thread.agent:
            by_agent[thread.agent] += 1
            by_seat[thread.sub_account] += 1
    for agent, load in by_agent.items():
        _is(state.persons[agent].load, load, f"the load of {agent}, by what they hold")
    for seat, load in by_seat.items():
        _is(state.seats[seat].load, load, f"the load of {seat}, by what it holds")


def _indexes(state: State) -> None:
    threads = state.threads.values()
    sessions = {t.session: t for t in threads if t.session}
    _is(sorted(state.sessions), sorted(sessions), "the open sessions")
    for name, thread in sessions.items():
        if state.sessions[name] is not thread:
            raise BrokenInvariant(f"{name} leads to another thread")
    items = {(t.shop, w.kind, w.key): t for t in threads for w in t.work.values()}
    _is(sorted(state.items), sorted(items), "the pending work")


def _queue(state: State) -> None:
    wanted: list[tuple[Piece, str, str]] = []
    for thread in state.threads.values():
        if thread.session and not thread.agent:
            group, piece = state.session_piece(thread)
            wanted.append((piece, thread.shop, group))
        for work in _queued(thread):
            group, piece = state.work_piece(thread, work)
            wanted.append((piece, thread.shop, group))
    _is(state.queue.pieces(), sorted(wanted), "the queue, by what waits")


def _queued(thread: Thread) -> Iterable[Work]:
    return [work for work in thread.work.values() if work.queued]


def _pools(state: State) -> None:
    """Who would be chosen is who would be chosen if the pools were made anew."""
    fresh = Pools(state.desk, state.persons, state.seats, state.counters)
    _is(state.pools.seats_of, fresh.seats_of, "the sub-accounts of each agent")
    for shop in state.desk.shops:
        for group in ("", *sorted(fresh.groups[shop.id])):
            what = f"who takes the next session of {shop.id} ({group or 'any group'})"
            _is(state.pools.pick(shop.id, group), fresh.pick(shop.id, group), what)
            found = state.pools.pick_on_duty(shop.id, group)
            _is(found, fresh.pick_on_duty(shop.id, group), f"{what}, full or not")


def _ledger(state: State) -> None:
    owed: dict[str, int] = {}
    for breach in state.breaches.values():
        _is(bool(breach.agent), not breach.uncharged, f"{breach.id} names who is charged")
        if not breach.agent and breach.fine_fen:
            raise BrokenInvariant(f"{breach.id} has a fine that nobody pays")
        if breach.agent and not breach.reversed and not breach.waived:
            owed[breach.agent] = owed.get(breach.agent, 0) + breach.fine_fen
    booked: dict[str, int] = {}
    for entry in state.entries.values():
        if entry.breach not in state.breaches:
            raise BrokenInvariant(f"{entry.id} is about {entry.breach}, which is not there")
        booked[entry.agent] = booked.get(entry.agent, 0) + entry.fine_fen
    agents = sorted({**owed, **booked})
    for agent in agents:
        _is(booked.get(agent, 0), owed.get(agent, 0), f"what {agent} owes, by the breaches")
