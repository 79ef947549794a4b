"""What must hold of a desk's state after every step. Tests and the simulation call it.

`check` changes nothing that matters: it reads the records, makes what is derived from them a
second time, and compares. It is slow on purpose, and never called by the running desk.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from router.core.deadlines import due_next_ms
from router.core.pools import Pools
from router.core.presence import presence_ends_ms
from router.core.queue import Piece
from router.core.rota import Rota
from router.core.state import State, pair_key, thread_key
from router.core.thread import Thread, Work, sealed_view
from router.core.timeline import advance, apply
from router.core.view import Miss, View

SESSION_STATES = ("bot", "queued", "held", "closing")

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
        _beside(state, thread)
        _timeline(state, thread)
        _timer(state, key, thread)
    _loads(state)
    _indexes(state)
    _queue(state)
    _pools(state)
    _ledger(state)
    _flags(state)
    _appeals(state)
    _shifts(state)
    _handovers(state)
    _remarks(state)
    for person in state.persons.values():
        ends_ms = presence_ends_ms(state, person)
        if ends_ms >= 0 and not 0 <= person.next_ms <= max(ends_ms, state.at_ms):
            raise BrokenInvariant(f"{person.id}'s presence ends at {ends_ms}, and no timer stands")
    if state.touched or state.freed or state.rostered:
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
        idle = "bot" if thread.with_bot else "queued"
        _is(thread.state, "held" if thread.agent else idle, f"the state of {what}")
    _is(thread.state == "closing", thread.live.closing, f"{what} is closing")
    _is(thread.opened_ms, thread.live.opened_ms, f"the opening of {what}")
    _is(thread.serial, thread.live.sessions, f"the serial of {what}")
    _holder(state, thread, thread.agent, thread.sub_account, what)


def _beside(state: State, thread: Thread) -> None:
    """Who told a buyer that they leave holds the session, as long as an answer is owed; what is
    with the bot is with nobody else."""
    what = f"session {thread.session or '(none)'} of {thread.buyer}"
    for told in thread.told:
        if not told.due_ms or told.due_ms >= state.at_ms:
            _is((thread.session, thread.agent), (told.session, told.agent), f"who told in {what}")
    if thread.bot is not None and not thread.session:
        raise BrokenInvariant(f"{thread.buyer} has a bot and no session")
    if thread.with_bot and thread.agent:
        raise BrokenInvariant(f"{what} is with the bot and with {thread.agent}")


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
        if thread.session and not thread.agent and not thread.with_bot:
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


def _flags(state: State) -> None:
    names = {(flag.shop, flag.buyer, flag.name): flag.id for flag in state.flags.values()}
    _is(len(names), len(state.flags), "how many findings were flagged, each once")
    _is(state.flag_ids, names, "the flags by their findings")
    for flag in state.flags.values():
        if flag.state == "open" and (flag.at_ms or flag.by or flag.breach):
            raise BrokenInvariant(f"{flag.id} is open, and yet somebody has answered it")
        if flag.state == "dismissed" and not flag.why:
            raise BrokenInvariant(f"{flag.id} was dismissed without a reason")
        if not flag.breach:
            continue
        breach = state.breaches.get(flag.breach)
        if breach is None:
            raise BrokenInvariant(f"{flag.id} was charged as {flag.breach}, which is not there")
        _is((breach.key, breach.rule), (flag.id, flag.rule), f"what {breach.id} is about")
        if breach.agent:
            _is(breach.agent, flag.agent, f"who is charged for {flag.id}")
        if flag.state == "dismissed" and not breach.reversed:
            raise BrokenInvariant(f"{flag.id} was dismissed, and {breach.id} stands")


def _appeals(state: State) -> None:
    against = {appeal.entry: appeal.id for appeal in state.appeals.values()}
    _is(len(against), len(state.appeals), "how many charges were appealed, each once")
    _is(state.appealed, against, "the appeals by their charges")
    for appeal in state.appeals.values():
        entry = state.entries.get(appeal.entry)
        if entry is None or entry.kind != "charge":
            raise BrokenInvariant(f"{appeal.id} is about {appeal.entry}, which is no charge")
        _is((entry.agent, entry.breach), (appeal.agent, appeal.breach), f"who made {appeal.id}")
        breach = state.breaches[appeal.breach]
        if appeal.state == "accepted" and not (breach.waived or breach.reversed):
            raise BrokenInvariant(f"{appeal.id} was accepted, and {breach.id} stands")


def _remarks(state: State) -> None:
    """Each stands with its buyer; so does settled work, as long as its notes are remembered."""
    of_buyers = {
        pair_key(thread.shop, order): thread.buyer
        for thread in state.threads.values()
        for order in thread.remarked
    }
    buyers = {name: remark.buyer for name, remark in state.remarks.items()}
    _is(buyers, of_buyers, "the remarks, by the buyers they stand with")
    for thread in state.threads.values():
        if any(not work.notes or not work.ended_ms for work in thread.noted):
            raise BrokenInvariant(f"{thread.buyer} has settled work without a note")


def _shifts(state: State) -> None:
    fresh = Rota(state.shifts, state.handovers)
    _is(sorted(state.rota.on), sorted(fresh.on), "the shifts that are on")
    for agent in sorted({shift.agent: None for shift in state.shifts.values()}):
        _is(state.rota.of(agent), fresh.of(agent), f"the shifts of {agent}")
        last_ms = 0
        for shift in fresh.of(agent):
            if shift.state in ("planned", "on"):
                if shift.from_ms < last_ms:
                    raise BrokenInvariant(f"{shift.id} begins before {agent}'s last one ends")
                last_ms = shift.to_ms
    for shift in state.shifts.values():
        if shift.state in ("planned", "on"):
            if shift.agent not in state.persons or any(
                name not in state.seats for name in shift.sub_accounts
            ):
                raise BrokenInvariant(f"{shift.id} is of somebody who is not there")
            _is(shift.next_ms >= state.at_ms, True, f"the clock is to stop at {shift.id}")
        if shift.state == "planned":
            _is((shift.came_ms, shift.left_ms, shift.handover), (0, 0, ""), f"what {shift.id} saw")
        if shift.state == "over" and not shift.judged and not shift.due_ms:
            raise BrokenInvariant(f"{shift.id} is over, and nobody knows when it is judged")
        if shift.handover:
            _is(state.handovers[shift.handover].shift, shift.id, f"what {shift.handover} hands on")
        for name in (shift.breach, shift.took_breach):
            if name:
                _is(state.breaches[name].rule, "handover", f"the rule of {name}")


def _handovers(state: State) -> None:
    fresh = Rota(state.shifts, state.handovers)
    _is(sorted(state.rota.open), sorted(fresh.open), "the handovers that are open")
    for handover in state.handovers.values():
        taken = all(line.taken_ms for line in handover.lines)
        if handover.acknowledged_ms and not taken:
            raise BrokenInvariant(f"{handover.id} is acknowledged, and some of it was not taken")
        if handover.next_ms >= 0 and handover.judged:
            raise BrokenInvariant(f"{handover.id} is judged, and the clock is to stop at it")
        if not handover.judged and handover.due_ms and handover.next_ms < 0:
            raise BrokenInvariant(f"{handover.id} is due, and the clock is not to stop at it")
