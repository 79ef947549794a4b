"""From the core's records to the shapes of the API. Reads a desk's state, never changes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from heapq import nlargest, nsmallest
from typing import Literal, NamedTuple, TypeVar, cast

from router.clocktime import format_ms
from router.core import commands as c
from router.core.arrival import deadlines_of
from router.core.memos import AutoLine
from router.core.policy import Agent, SubAccount
from router.core.queue import Piece
from router.core.records import Breach, LedgerEntry, Person, Remark, Seat
from router.core.state import NO_DEADLINE_MS, State, pair_key
from router.core.thread import PastSession, Thread, Work, read_lines
from router.core.view import is_waiting
from router.http import views as v

T = TypeVar("T")


def at(at_ms: int) -> str | None:
    """A time, or None for 0 ("never", "not said")."""
    return format_ms(at_ms) if at_ms > 0 else None


class Ref(NamedTuple):
    """A session, open (`past` is None) or closed."""

    desk: str
    thread: Thread
    past: PastSession | None
    remarks: tuple[Remark, ...] = ()
    """Of its buyer's orders."""

    @property
    def id(self) -> str:
        return self.past.id if self.past else self.thread.session

    @property
    def agent(self) -> str:
        return self.past.agent if self.past else self.thread.agent

    @property
    def sub_account(self) -> str:
        return self.past.sub_account if self.past else self.thread.sub_account

    @property
    def state(self) -> str:
        return "closed" if self.past else self.thread.state

    @property
    def offsets(self) -> list[int]:
        return read_lines(self.past.lines if self.past else self.thread.lines)

    @property
    def autos(self) -> Sequence[AutoLine]:
        """The automatic texts that its buyer was sent."""
        if self.past:
            return self.past.autos
        return self.thread.autos.lines if self.thread.autos else ()


def ref(desk: str, state: State, thread: Thread, past: PastSession | None = None) -> Ref:
    """A session with all that is shown of it."""
    names = (pair_key(thread.shop, order) for order in thread.remarked)
    return Ref(desk, thread, past, tuple(state.remarks[name] for name in names))


def desk_of(name: str, letter: str) -> str:
    """The desk in an id like `{desk}-s12`; "" when it is no such id."""
    desk, mark, number = name.rpartition(f"-{letter}")
    return desk if mark and number.isdecimal() else ""


def place_of(name: str) -> tuple[str, int]:
    """The place of an id among its like: ids of one desk are numbered."""
    desk, _, numbered = name.rpartition("-")
    number = numbered[1:]
    return (desk, int(number) if number.isdecimal() and number.isascii() else 0)


def page(
    items: Iterable[T],
    name_of: Callable[[T], str],
    query: v.PageQuery,
    *,
    newest_first: bool = False,
) -> tuple[list[T], str | None]:
    """A page of what has ids, and the cursor that leads to the next."""
    limit = query.limit

    def key(item: T) -> tuple[str, int]:
        return place_of(name_of(item))

    if query.cursor:
        behind = place_of(query.cursor)
        items = (i for i in items if (key(i) < behind if newest_first else key(i) > behind))
    found = (nlargest if newest_first else nsmallest)(limit + 1, items, key=key)
    more = len(found) > limit
    return found[:limit], name_of(found[limit - 1]) if more else None


def session(ref: Ref) -> v.SessionView:
    return _closed(ref, ref.past) if ref.past else _open(ref)


def _closed(ref: Ref, past: PastSession) -> v.SessionView:
    return v.SessionView(
        id=past.id,
        desk=ref.desk,
        shop=ref.thread.shop,
        buyer=ref.thread.buyer,
        state="closed",
        group="",
        agent=past.agent,
        sub_account=past.sub_account,
        cause="",
        held_since_at=None,
        opened_at=format_ms(past.opened_ms),
        ended_at=format_ms(past.ended_ms),
        ended_why=past.why,
        messages=len(past.lines) // 6,
        remarks=[remark(each) for each in ref.remarks],
    )


def _open(ref: Ref) -> v.SessionView:
    thread = ref.thread
    live = thread.live
    hold = thread.holds[-1] if thread.holds else None
    waiting = is_waiting(live)
    wait = live.wait
    return v.SessionView(
        id=thread.session,
        desk=ref.desk,
        shop=thread.shop,
        buyer=thread.buyer,
        state=thread.state,
        group=thread.group,
        agent=thread.agent,
        sub_account=thread.sub_account,
        cause=hold.cause if hold else "",
        held_since_at=at(hold.at_ms) if hold else None,
        opened_at=format_ms(thread.opened_ms),
        waiting=waiting,
        waiting_since_at=at(wait.unanswered[0].true_ms) if waiting and wait else None,
        unanswered=len(wait.unanswered) if wait else 0,
        overdue=bool(waiting and wait and wait.missed),
        answered=thread.answered,
        informed=thread.informed,
        messages=len(thread.lines) // 6,
        with_bot=thread.with_bot,
        bot_why=thread.bot.why if thread.bot else "",
        transcript=thread.bot.transcript if thread.bot else "",
        deadlines=deadlines(thread),
        work=[work(ref.desk, thread, item) for item in thread.work.values()],
        remarks=[remark(each) for each in ref.remarks],
    )


def remark(found: Remark) -> v.RemarkView:
    return v.RemarkView(
        shop=found.shop,
        order=found.order,
        buyer=found.buyer,
        flag=found.flag,
        reason=found.reason,
        agent=found.agent,
        at=format_ms(found.at_ms),
    )


def pending(thread: Thread) -> dict[tuple[str, str], int]:
    """What is due when, by rule and key: on the timeline, and to whom was told (RULES §1: 4)."""
    found = deadlines_of(thread.live)
    for told in thread.told:
        if told.due_ms and not told.noticed and not told.leaving:
            found["away", ""] = told.due_ms
    return found


def deadlines(thread: Thread) -> list[v.DeadlineView]:
    """Those that are pending, the soonest first."""
    live = thread.live
    found = sorted(pending(thread).items(), key=lambda pair: (pair[1], pair[0]))
    return [
        v.DeadlineView(
            rule=rule,
            key=key,
            due_at=format_ms(due_ms),
            from_at=at(live.follow_up.from_ms) if rule == "follow_up" and live.follow_up else None,
        )
        for (rule, key), due_ms in found
    ]


def work(desk: str, thread: Thread, item: Work, *, settled: bool = False) -> v.WorkView:
    name = (item.kind, item.key)
    pending = () if settled else thread.live.pending
    now = next((each for each in pending if (each.kind, each.key) == name), None)
    return v.WorkView(
        id=item.id,
        desk=desk,
        kind=item.kind,
        key=item.key,
        shop=thread.shop,
        buyer=thread.buyer,
        order=item.order,
        state="settled" if settled else _work_state(item),
        taken_by=item.taken_by,
        agent=item.agent,
        sub_account=item.sub_account,
        opened_at=format_ms(item.opened_ms),
        due_at=at(item.due_ms),
        reason=item.reason,
        for_supervisors=item.for_supervisors,
        escalated_by=item.escalated_by,
        escalation=item.escalation,
        missed=now is not None and now.missed,
        done=now.done if now is not None else (),
        notes=len(item.notes),
    )


class Roster:
    """A desk's agents and sub-accounts, looked up by their ids."""

    def __init__(
        self, desk: str, state: State, streams: Callable[[str, str], int], clock_ms: int
    ) -> None:
        self._desk = desk
        self._clock_ms = clock_ms
        self._state = state
        self._streams = streams
        self._agents: dict[str, Agent] = {agent.id: agent for agent in state.desk.agents}
        self._subs: dict[str, SubAccount] = {sub.id: sub for sub in state.desk.sub_accounts}

    def all(self) -> list[v.AgentView]:
        return [self.agent(person) for person in self._state.persons.values()]

    def agent(self, person: Person) -> v.AgentView:
        configured = self._agents.get(person.id)
        seats = self._state.pools.seats_of.get(person.id, ())
        return v.AgentView(
            id=person.id,
            desk=self._desk,
            name=configured.name if configured else "",
            presence=cast("c.PresenceName", person.presence),
            reason=person.reason,
            since_at=at(person.since_ms),
            back_at=at(person.back_ms),
            overdue_back=person.presence == "away" and 0 < person.back_ms < self._clock_ms,
            set_by=person.set_by,
            console=person.console,
            streams=self._streams(self._desk, person.id),
            load=person.load,
            capacity=configured.capacity if configured else 0,
            sub_accounts=[self._seat(self._state.seats[seat]) for seat in seats],
        )

    def _seat(self, seat: Seat) -> v.SeatView:
        configured = self._subs.get(seat.id)
        return v.SeatView(
            id=seat.id,
            shop=seat.shop,
            agent=seat.agent,
            load=seat.load,
            capacity=configured.capacity if configured else 0,
            paused=seat.paused,
            platform=seat.platform,
            groups=configured.groups if configured else (),
        )


def queued(desk: str, thread: Thread, piece: Piece, group: str) -> v.QueueView:
    item = thread.work.get(piece.work) if piece.work else None
    return v.QueueView(
        what="work" if item else "session",
        id=item.id if item else thread.session,
        desk=desk,
        shop=thread.shop,
        group=group,
        buyer=thread.buyer,
        kind=item.kind if item else "",
        key=item.key if item else "",
        waiting_since_at=format_ms(waiting_since_ms(thread, item)),
        due_at=format_ms(piece.due_ms) if piece.due_ms < NO_DEADLINE_MS else None,
    )


def waiting_since_ms(thread: Thread, item: Work | None) -> int:
    """Since when it has been in the queue."""
    holds = item.holds if item else thread.holds
    if holds and not holds[-1].agent:
        return holds[-1].at_ms
    return item.opened_ms if item else thread.opened_ms


def entry(desk: str, state: State, line: LedgerEntry) -> v.LedgerView:
    breach = state.breaches[line.breach]
    charge = line.kind == "charge"
    appeal = state.appeals[state.appealed[line.id]].state if line.id in state.appealed else ""
    return v.LedgerView(
        id=line.id,
        desk=desk,
        kind=line.kind,
        breach=line.breach,
        rule=line.rule,
        shop=line.shop,
        buyer=breach.buyer,
        session=line.session,
        agent=line.agent,
        sub_account=line.sub_account,
        due_at=format_ms(line.due_ms),
        fine_fen=line.fine_fen,
        at=format_ms(line.at_ms),
        by=line.by,
        why=line.why,
        proof=list(line.proof),
        lifted=_lifted(breach) if charge else "",
        appeal=cast('Literal["", "open", "accepted", "refused"]', appeal),
    )


def _lifted(found: Breach) -> Literal["", "reversal", "waiver"]:
    if found.reversed:
        return "reversal"
    return "waiver" if found.waived else ""


def breach(desk: str, found: Breach) -> v.BreachView:
    return v.BreachView(
        id=found.id,
        desk=desk,
        rule=found.rule,
        shop=found.shop,
        buyer=found.buyer,
        session=found.session,
        key=found.key,
        order=found.order,
        armed_at=format_ms(found.armed_ms),
        due_at=format_ms(found.due_ms),
        sealed_at=format_ms(found.sealed_ms),
        agent=found.agent,
        sub_account=found.sub_account,
        fine_fen=found.fine_fen,
        uncharged=found.uncharged,
        proof=list(found.proof),
        reversed=found.reversed,
        reversed_why=found.reversed_why,
        waived=found.waived,
        waived_by=found.waived_by,
        waived_why=found.waived_why,
    )


def _work_state(item: Work) -> Literal["held", "queued", "taken_over"]:
    if item.taken_by:
        return "taken_over"
    return "held" if item.agent else "queued"
