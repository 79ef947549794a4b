"""All commands in any order, with any clock: what must hold after every step holds.

A desk of three shops (one of them with our console alone), its twin made of the stored records
at some moment, and whatever people, platforms and clocks may do to them; its rules change, too.
The book that is kept beside it knows the facts and the log alone: who holds which session is
what the facts say, and whatever is charged is proved by entries of the log about that very buyer,
shift or flag.
"""

from __future__ import annotations

from typing import NamedTuple, get_args

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec.structs import replace

from router.core import commands as c
from router.core.commands_shift import HandoverLine, PlannedShift
from router.core.commands_work import RemarkFlag
from router.core.drafting import draft
from router.core.facts import AnyFact, SessionAssigned
from router.core.invariants import check
from router.core.outcome import Rejected
from router.core.policy import AwayMessages, Desk, Strategy
from router.core.state import State
from router.core.step import step, tick
from router.simulate import state_hash
from tests.core.book import Book
from tests.core.machine_desks import (
    DESK,
    POLICIES,
    SHOPS,
    agents,
    ages,
    buyers,
    desks,
    known,
    numbers,
    seats,
    shops,
    waits,
)
from tests.core.scene import DAY_MS, hash_without_clock, restored, store


class Said(NamedTuple):
    """A message of the shop's side, of which something may be found."""

    command: c.MessageSent
    offset: int
    session: str


class Desks(RuleBasedStateMachine):
    """The desk, what its owner has stored of it, and its twin."""

    def __init__(self) -> None:
        super().__init__()
        self.state = State()
        self.records: dict[str, bytes] = {}
        self.twin: State | None = None
        self.offset = 0
        self.clock_ms = DAY_MS
        self.book = Book()
        self.policy = POLICIES[0]
        self.said: list[Said] = []

    @initialize(
        strategy=st.sampled_from(list(Strategy)),
        away=st.sampled_from(list(AwayMessages)),
        here=st.lists(st.sampled_from(["amy", "bob", "cat"]), unique=True),
        policy=st.integers(0, len(POLICIES) - 1),
    )
    def begin(self, strategy: Strategy, away: AwayMessages, here: list[str], policy: int) -> None:
        self.policy = replace(POLICIES[policy], away_messages=away)
        self.do(0, c.AdoptDesk(desk=replace(DESK, strategy=strategy, policy=self.policy)))
        for agent in here:
            self.do(0, c.SetPresence(agent=agent, to="online", console=agent == "amy"))

    def do(self, wait_ms: int, command: c.AnyCommand) -> None:
        """Let time pass, then the command come."""
        self.pass_time(wait_ms)
        before = hash_without_clock(self.state)
        if self.take(command) is not None:
            assert hash_without_clock(self.state) == before, command

    def take(self, command: c.AnyCommand) -> Rejected | None:
        """One step of the desk and of its twin, and what must hold after it."""
        self.offset += 1
        stamped = c.Stamped(self.offset, self.clock_ms, command)
        self.book.enter(self.offset, command)
        outcome = step(self.state, stamped)
        self.look(outcome.facts)
        if self.twin is not None:
            again = step(self.twin, stamped)
            assert again == outcome
            self.twin.dirty.clear()
            assert state_hash(self.twin) == state_hash(self.state)
        return outcome.rejected

    def pass_time(self, wait_ms: int) -> None:
        self.clock_ms += wait_ms
        followed = tick(self.state, self.clock_ms).facts
        self.look(followed)
        if self.twin is not None:
            assert tick(self.twin, self.clock_ms).facts == followed
            self.twin.dirty.clear()

    def look(self, facts: list[AnyFact]) -> None:
        check(self.state)
        self.book.read(self.state, facts)
        self._nobody_was_overloaded(facts)
        store(self.state, self.records)

    def _nobody_was_overloaded(self, facts: list[AnyFact]) -> None:
        """The router's own choices never exceed a capacity."""
        subs = {seat.id: seat.capacity for seat in self.state.desk.sub_accounts}
        limits = {agent.id: agent.capacity for agent in self.state.desk.agents}
        given = [fact for fact in facts if isinstance(fact, SessionAssigned)]
        if any(fact.cause in ("platform", "reassign", "transfer", "handover") for fact in given):
            return  # somebody else's doing, after which the same step may have moved more
        for fact in given:
            for load, limit in (
                (self.state.persons[fact.agent].load, limits[fact.agent]),
                (self.state.seats[fact.sub_account].load, subs[fact.sub_account]),
            ):
                assert not limit or load <= limit, fact

    def whose(self, number: int) -> tuple[str, str]:
        """Shop and buyer: of those whose session is open, else of anybody who has been here."""
        threads = sorted(self.state.threads.values(), key=lambda t: (not t.session, -t.no))
        if not threads or number == 7:
            return "elsewhere", "z"
        thread = threads[number % len(threads)]
        return thread.shop, thread.buyer

    # Buyers and platforms

    @rule(
        wait=waits,
        age=ages,
        shop=shops,
        buyer=buyers,
        named=st.one_of(st.just(""), seats),
        group=st.sampled_from(["", "", "after_sale", "vip"]),
        farewell=st.booleans(),
    )
    def buyer_writes(
        self, wait: int, age: int, shop: str, buyer: str, named: str, group: str, farewell: bool
    ) -> None:
        self.do(
            wait,
            c.MessageReceived(
                shop=shop,
                buyer=buyer,
                message=f"m{self.offset}",
                sent_ms=self.clock_ms + wait - age,
                sub_account=named,
                group=group,
                farewell=farewell,
            ),
        )

    @rule(wait=waits, shop=st.sampled_from(SHOPS[:2]))
    def buyers_come_in_numbers(self, wait: int, shop: str) -> None:
        self.pass_time(wait)
        for number in range(4):
            buyer, message = f"b{number}", f"m{self.offset}"
            self.do(
                0,
                c.MessageReceived(shop=shop, buyer=buyer, message=message, sent_ms=self.clock_ms),
            )

    @rule(
        wait=waits,
        age=ages,
        shop=shops,
        buyer=buyers,
        seat=seats,
        by=st.sampled_from(get_args(c.By)),
        order=numbers,
    )
    def shop_writes(
        self, wait: int, age: int, shop: str, buyer: str, seat: str, by: c.By, order: int
    ) -> None:
        command = c.MessageSent(
            shop=shop,
            buyer=buyer,
            message=f"m{self.offset}",
            sent_ms=self.clock_ms + wait - age,
            sub_account=seat,
            by=by,
            shows=(f"{buyer}-O{order}",),
        )
        self.do(wait, command)
        thread = self.state.thread(shop, buyer)
        session = thread.session if thread is not None else ""
        self.said.append(Said(command, self.offset, session))

    @rule(wait=waits, age=ages, known=known, back=st.integers(0, 4))
    def message_is_recalled(self, wait: int, age: int, known: int, back: int) -> None:
        shop, buyer = self.whose(known)
        self.do(
            wait,
            c.MessageRecalled(
                shop=shop,
                buyer=buyer,
                message=f"m{self.offset - back}",
                sent_ms=self.clock_ms + wait - age,
            ),
        )

    @rule(
        wait=waits,
        age=ages,
        shop=shops,
        buyer=buyers,
        order=numbers,
        event=st.sampled_from(["placed", "placed", "paid", "shipped", "closed"]),
        on_delivery=st.booleans(),
    )
    def order_changes(
        self,
        wait: int,
        age: int,
        shop: str,
        buyer: str,
        order: int,
        event: str,
        on_delivery: bool,
    ) -> None:
        self.do(
            wait,
            c.OrderChanged(
                event=event,  # type: ignore[arg-type]
                shop=shop,
                buyer=buyer,
                order=f"{buyer}-O{order}",
                sent_ms=self.clock_ms + wait - age,
                pay_on_delivery=on_delivery,
            ),
        )

    @rule(
        wait=waits,
        age=ages,
        shop=shops,
        buyer=buyers,
        order=numbers,
        rating=st.sampled_from(["good", "neutral", "bad"]),
    )
    def review_is_posted(
        self, wait: int, age: int, shop: str, buyer: str, order: int, rating: str
    ) -> None:
        self.do(
            wait,
            c.ReviewPosted(
                shop=shop,
                buyer=buyer,
                order=f"{buyer}-O{order}",
                review=f"{buyer}-V{order}",
                rating=rating,  # type: ignore[arg-type]
                sent_ms=self.clock_ms + wait - age,
            ),
        )

    @rule(
        wait=waits,
        age=ages,
        shop=shops,
        buyer=buyers,
        refund=numbers,
        reason=st.sampled_from(["changed_mind", "other"]),
    )
    def refund_is_requested(
        self, wait: int, age: int, shop: str, buyer: str, refund: int, reason: str
    ) -> None:
        self.do(
            wait,
            c.RefundRequested(
                shop=shop,
                buyer=buyer,
                order=f"{buyer}-O1",
                refund=f"{buyer}-R{refund}",
                reason=reason,  # type: ignore[arg-type]
                sent_ms=self.clock_ms + wait - age,
            ),
        )

    @rule(
        wait=waits,
        age=ages,
        known=known,
        refund=numbers,
        by_agent=st.sampled_from(["", "amy"]),
    )
    def refund_is_resolved(
        self, wait: int, age: int, known: int, refund: int, by_agent: str
    ) -> None:
        shop, buyer = self.whose(known)
        self.do(
            wait,
            c.RefundResolved(
                shop=shop,
                buyer=buyer,
                refund=f"{buyer}-R{refund}",
                outcome="agreed",
                sent_ms=self.clock_ms + wait - age,
                by_agent=by_agent,
            ),
        )

    @rule(wait=waits, age=ages, known=known)
    def platform_closes(self, wait: int, age: int, known: int) -> None:
        shop, buyer = self.whose(known)
        sent_ms = self.clock_ms + wait - age
        self.do(wait, c.PlatformClosed(shop=shop, buyer=buyer, sent_ms=sent_ms))

    @rule(wait=waits, seat=seats, word=st.sampled_from(["online", "paused", "offline"]))
    def platform_says(self, wait: int, seat: str, word: str) -> None:
        self.do(
            wait,
            c.SubAccountPresence(
                shop=seat.partition(":")[0],
                sub_account=seat,
                presence=word,  # type: ignore[arg-type]
                sent_ms=self.clock_ms + wait,
            ),
        )

    # People

    @rule(
        wait=waits,
        agent=agents,
        to=st.sampled_from(["online", "online", "away", "offline"]),
        choice=st.sampled_from(get_args(c.Choice)),
        by=st.sampled_from(["", "", "sue"]),
        reason=st.sampled_from(["", "用餐"]),
        console=st.booleans(),
    )
    def presence_is_set(
        self,
        wait: int,
        agent: str,
        to: c.PresenceName,
        choice: c.Choice,
        by: str,
        reason: str,
        console: bool,
    ) -> None:
        self.do(
            wait,
            c.SetPresence(
                agent=agent, to=to, open_sessions=choice, by=by, reason=reason, console=console
            ),
        )

    @rule(wait=waits, agent=agents, since=st.sampled_from([0, 45_000, 600_000]))
    def console_falls_silent(self, wait: int, agent: str, since: int) -> None:
        self.do(wait, c.GoSilent(agent=agent, since_ms=self.clock_ms + wait - since))

    @rule(wait=waits, seat=seats, agent=st.one_of(st.just(""), agents))
    def agent_signs_on(self, wait: int, seat: str, agent: str) -> None:
        self.do(wait, c.SignOn(sub_account=seat, agent=agent))

    @rule(wait=waits, seat=seats, paused=st.booleans())
    def sub_account_is_paused(self, wait: int, seat: str, paused: bool) -> None:
        self.do(wait, c.PauseSubAccount(sub_account=seat, paused=paused))

    @rule(
        wait=waits,
        age=ages,
        known=known,
        agent=st.one_of(st.none(), agents),
        supervisor=st.booleans(),
    )
    def session_is_closed(
        self, wait: int, age: int, known: int, agent: str | None, supervisor: bool
    ) -> None:
        shop, buyer = self.whose(known)
        thread = self.state.thread(shop, buyer)
        holder = thread.agent if thread is not None else ""
        self.do(
            wait,
            c.CloseSession(
                shop=shop,
                buyer=buyer,
                agent=holder if agent is None else agent,
                sent_ms=self.clock_ms + wait - age,
                supervisor=supervisor,
                reason="done" if supervisor else "",
            ),
        )

    @rule(wait=waits, known=known, to=seats, supervisor=st.booleans())
    def session_is_transferred(self, wait: int, known: int, to: str, supervisor: bool) -> None:
        shop, buyer = self.whose(known)
        self.do(
            wait, c.TransferSession(shop=shop, buyer=buyer, to=to, by="", supervisor=supervisor)
        )

    @rule(wait=waits, known=known, agent=agents)
    def session_is_claimed(self, wait: int, known: int, agent: str) -> None:
        shop, buyer = self.whose(known)
        self.do(wait, c.ClaimSession(shop=shop, buyer=buyer, agent=agent))

    @rule(wait=waits, agent=agents, to=st.one_of(st.just(""), agents))
    def agent_is_reassigned(self, wait: int, agent: str, to: str) -> None:
        self.do(wait, c.ReassignAgent(agent=agent, supervisor="sue", to=to))

    @rule(
        wait=waits,
        known=known,
        agent=st.one_of(st.none(), agents),
        order=numbers,
    )
    def agent_writes(self, wait: int, known: int, agent: str | None, order: int) -> None:
        shop, buyer = self.whose(known)
        thread = self.state.thread(shop, buyer)
        holder = thread.agent if thread is not None else ""
        self.do(
            wait,
            c.WriteMessage(
                shop=shop,
                buyer=buyer,
                agent=holder if agent is None else agent,
                message=f"m{self.offset}",
                shows=(f"{buyer}-O{order}",),
                category="payment_reminder" if order == 1 else "",
            ),
        )

    @rule(wait=waits, known=known, refund=numbers, agent=st.one_of(st.just(""), agents))
    def refund_is_escalated(self, wait: int, known: int, refund: int, agent: str) -> None:
        shop, buyer = self.whose(known)
        self.do(wait, c.EscalateRefund(shop=shop, refund=f"{buyer}-R{refund}", agent=agent))

    @rule(wait=waits, age=ages, known=known, refund=numbers)
    def refund_is_taken_over(self, wait: int, age: int, known: int, refund: int) -> None:
        shop, buyer = self.whose(known)
        self.do(
            wait,
            c.TakeOverRefund(
                shop=shop,
                refund=f"{buyer}-R{refund}",
                supervisor="sue",
                sent_ms=self.clock_ms + wait - age,
            ),
        )

    @rule(wait=waits, number=st.integers(1, 4), why=st.sampled_from(["", "goodwill"]))
    def breach_is_waived(self, wait: int, number: int, why: str) -> None:
        self.do(wait, c.WaiveBreach(supervisor="sue", why=why, breach=f"d-b{number}"))

    # Shifts and handovers

    @rule(
        wait=waits,
        begins=st.sampled_from([-3_600_000, 0, 1, 60_000, 600_000, 3_600_000]),
        lasts=st.sampled_from([0, 60_000, 600_000, 3_600_000, 28_800_000]),
        people=st.lists(agents, min_size=1, max_size=3),
        own=st.booleans(),
        broken=st.booleans(),
    )
    def roster_is_planned(
        self, wait: int, begins: int, lasts: int, people: list[str], own: bool, broken: bool
    ) -> None:
        """One after the other; where they share a sub-account, each takes it from the last."""
        from_ms = at_ms = self.clock_ms + wait + begins
        shifts: list[PlannedShift] = []
        for agent in people:
            shifts.append(
                PlannedShift(
                    agent=agent,
                    from_ms=at_ms,
                    to_ms=at_ms + lasts,
                    sub_accounts=() if own else ("shop:bob",),
                    breaks=((at_ms + 1, at_ms + lasts // 2),) if broken else (),
                )
            )
            at_ms += lasts
        self.do(
            wait,
            c.PlanShifts(from_ms=from_ms, to_ms=at_ms + 1, shifts=tuple(shifts), by="sue"),
        )

    def _shift(self, number: int) -> str:
        shifts = list(self.state.shifts)
        return shifts[-1 - number % len(shifts)] if shifts else "none"

    @rule(
        wait=waits,
        number=numbers,
        agent=agents,
        begins=st.sampled_from([0, 60_000, 3_600_000]),
        lasts=st.sampled_from([60_000, 1_200_000, 14_400_000]),
        what=st.sampled_from(["add", "change", "cancel"]),
    )
    def shift_is_changed(
        self, wait: int, number: int, agent: str, begins: int, lasts: int, what: str
    ) -> None:
        begun = self.state.shifts.get(self._shift(number))
        from_ms = self.clock_ms + wait + begins
        if begun is not None and begun.state == "on":
            from_ms, agent = begun.from_ms, begun.agent
        self.do(
            wait,
            c.ChangeShift(
                by="sue",
                why="ill",
                shift="" if what == "add" else self._shift(number),
                cancel=what == "cancel",
                planned=None
                if what == "cancel"
                else PlannedShift(agent=agent, from_ms=from_ms, to_ms=from_ms + lasts),
            ),
        )

    @rule(wait=waits, one=numbers, other=numbers)
    def shifts_are_swapped(self, wait: int, one: int, other: int) -> None:
        self.do(
            wait,
            c.SwapShifts(one=self._shift(one), other=self._shift(other), by="sue", why="asked"),
        )

    @rule(
        wait=waits,
        agent=agents,
        named=st.sampled_from(["all", "some", "none"]),
        note=st.sampled_from(["", "快递停收"]),
        to=st.one_of(st.just(""), agents),
        promise=st.one_of(st.none(), buyers),
    )
    def handover_is_filed(
        self, wait: int, agent: str, named: str, note: str, to: str, promise: str | None
    ) -> None:
        self.pass_time(wait)
        lines = draft(self.state, agent) if agent in self.state.persons else []
        lines = {"all": lines, "some": lines[::2], "none": []}[named]
        if promise is not None:
            due_ms = self.clock_ms + 600_000
            lines.append(
                HandoverLine(
                    about="promise", text="call", shop="shop", buyer=promise, due_ms=due_ms
                )
            )
        self.do(0, c.FileHandover(agent=agent, lines=tuple(lines), note=note, to=to))

    def _handover(self, number: int) -> str:
        handovers = list(self.state.handovers)
        return handovers[-1 - number % len(handovers)] if handovers else "none"

    @rule(
        wait=waits,
        agent=agents,
        number=st.one_of(st.none(), numbers),
        lines=st.sampled_from([(), (), (0,), (0, 1), (9,)]),
    )
    def handover_is_acknowledged(
        self, wait: int, agent: str, number: int | None, lines: tuple[int, ...]
    ) -> None:
        handover = "" if number is None else self._handover(number)
        self.do(wait, c.AcknowledgeHandover(agent=agent, handover=handover, lines=lines))

    @rule(wait=waits, agent=agents, number=numbers, answers=st.booleans())
    def handover_is_asked_about(self, wait: int, agent: str, number: int, answers: bool) -> None:
        handover = self._handover(number)
        command: c.AnyCommand = c.AskHandover(handover=handover, agent=agent, text="why?")
        if answers:
            command = c.AnswerHandover(handover=handover, question=0, agent=agent, text="so")
        self.do(wait, command)

    # Conduct

    @precondition(lambda self: self.said)
    @rule(
        wait=waits,
        back=st.integers(0, 3),
        of=st.sampled_from(["honorific", "short_reply", "abuse", "off_platform"]),
        agent=st.one_of(st.none(), st.just("")),
    )
    def flag_is_raised(self, wait: int, back: int, of: str, agent: str | None) -> None:
        said = self.said[-1 - back % len(self.said)]
        sent, seat = said.command, self.state.seats.get(said.command.sub_account)
        self.do(
            wait,
            c.RaiseFlag(
                flag=f"{of}:{sent.message}:0",
                rule=of,
                shop=sent.shop,
                buyer=sent.buyer,
                session=said.session,
                message=sent.message,
                agent=seat.agent if seat is not None and agent is None else "",
                sub_account=sent.sub_account,
                sent_ms=sent.sent_ms,
                offset=said.offset,
                matched="哦",
                by=sent.by,
            ),
        )

    @rule(wait=waits, number=numbers, confirmed=st.booleans(), why=st.sampled_from(["", "so"]))
    def flag_is_answered(self, wait: int, number: int, confirmed: bool, why: str) -> None:
        flags = list(self.state.flags)
        flag = flags[-1 - number % len(flags)] if flags else "none"
        command: c.AnyCommand = c.ConfirmFlag(flag=flag, supervisor="sue", why=why)
        if not confirmed:
            allow = "哦" if number == 1 else ""
            command = c.DismissFlag(flag=flag, supervisor="sue", why=why, allow=allow)
        self.do(wait, command)

    @rule(
        wait=waits,
        allowed=st.booleans(),
        of=st.sampled_from(["", "abuse"]),
        shop=st.sampled_from(["", "shop", "elsewhere"]),
    )
    def phrase_is_listed(self, wait: int, allowed: bool, of: str, shop: str) -> None:
        command: c.AnyCommand = c.AllowPhrase(phrase="哦", by="sue", rule=of, shop=shop)
        if not allowed:
            command = c.ForbidPhrase(phrase="哦", by="sue", rule=of, shop=shop)
        self.do(wait, command)

    @rule(wait=waits, number=st.integers(1, 4), agent=agents)
    def charge_is_appealed(self, wait: int, number: int, agent: str) -> None:
        entry = self.state.entries.get(f"d-e{number}")
        agent = entry.agent if entry is not None and number > 1 else agent
        self.do(wait, c.AppealCharge(entry=f"d-e{number}", agent=agent, why="not me"))

    @rule(wait=waits, number=st.integers(1, 2), accepted=st.booleans())
    def appeal_is_answered(self, wait: int, number: int, accepted: bool) -> None:
        self.do(
            wait,
            c.AnswerAppeal(appeal=f"d-a{number}", supervisor="sue", accepted=accepted, why="so"),
        )

    # Further work, and the bot

    @rule(
        wait=waits,
        known=known,
        agent=agents,
        due=st.sampled_from([0, 60_000, 600_000, 3_600_000]),
        number=numbers,
    )
    def call_back_is_promised(
        self, wait: int, known: int, agent: str, due: int, number: int
    ) -> None:
        shop, buyer = self.whose(known)
        self.do(
            wait,
            c.PromiseCallBack(
                shop=shop,
                buyer=buyer,
                agent=agent,
                due_ms=self.clock_ms + wait + due,
                text="size",
                call_back=f"{buyer}-P{number}",
            ),
        )

    @rule(wait=waits, known=known, number=numbers, supervisor=st.booleans())
    def call_back_is_withdrawn(self, wait: int, known: int, number: int, supervisor: bool) -> None:
        shop, buyer = self.whose(known)
        key = f"{buyer}-P{number}"
        self.do(
            wait,
            c.WithdrawCallBack(
                shop=shop, call_back=key, by="amy", why="found", supervisor=supervisor
            ),
        )

    @rule(wait=waits, number=numbers, agent=st.one_of(st.none(), agents))
    def item_is_noted(self, wait: int, number: int, agent: str | None) -> None:
        items = list(self.state.items)
        shop, kind, key = items[-1 - number % len(items)] if items else ("shop", "refund", "R")
        thread = self.state.items.get((shop, kind, key))
        holder = thread.work[f"{kind}/{key}"].agent if thread is not None else "amy"
        self.do(
            wait,
            c.NoteItem(
                shop=shop, kind=kind, key=key, agent=holder if agent is None else agent, text="done"
            ),
        )

    @rule(
        wait=waits,
        known=known,
        order=numbers,
        agent=agents,
        flag=st.sampled_from(get_args(RemarkFlag)),
    )
    def order_is_remarked(
        self, wait: int, known: int, order: int, agent: str, flag: RemarkFlag
    ) -> None:
        shop, buyer = self.whose(known)
        self.do(
            wait,
            c.SetRemark(
                shop=shop,
                buyer=buyer,
                order=f"{buyer}-O{order}",
                agent=agent,
                reason="size",
                flag=flag,
            ),
        )

    @rule(
        wait=st.sampled_from([0, 0, 1_000, 14_999, 15_000, 15_001]),
        known=known,
        back=st.integers(0, 1),
        writes=st.booleans(),
    )
    def bot_acts(self, wait: int, known: int, back: int, writes: bool) -> None:
        shop, buyer = self.whose(known)
        thread = self.state.thread(shop, buyer)
        session = thread.session if thread is not None else "none"
        asked = thread.bot.asked if thread is not None and thread.bot is not None else 1
        asked = max(1, asked - back)
        command: c.AnyCommand = c.HandOverFromBot(
            shop=shop, buyer=buyer, session=session, why="asked for people"
        )
        if writes:
            command = c.WriteForBot(
                shop=shop,
                buyer=buyer,
                session=session,
                message=f"m{self.offset}",
                asked=asked,
                shows=(f"{buyer}-O1",),
            )
        self.do(wait, command)

    # The system's own

    @rule(wait=waits, desk=desks())
    def desk_changes(self, wait: int, desk: Desk) -> None:
        self.do(wait, c.AdoptDesk(desk=replace(desk, policy=self.policy)))

    @rule(wait=waits, number=st.integers(0, len(POLICIES) - 1))
    def rules_change(self, wait: int, number: int) -> None:
        """What was sent before is judged by the rules of then, however late it comes."""
        self.policy = POLICIES[number]
        self.do(wait, c.AdoptDesk(desk=replace(self.state.desk, policy=self.policy)))

    @rule(wait=waits)
    def router_was_out(self, wait: int) -> None:
        """Since the log's last entry: the clock is not let pass before the outage is noted."""
        from_ms, self.clock_ms = self.clock_ms, self.clock_ms + wait
        self.take(c.NoteOutage(from_ms=from_ms, to_ms=self.clock_ms))

    @rule(wait=waits)
    def time_passes(self, wait: int) -> None:
        self.pass_time(wait)

    @precondition(lambda self: self.offset > 5)
    @rule()
    def owner_starts_anew(self) -> None:
        """What was stored is all there is to know; it goes on as though nothing had happened."""
        twin = restored(self.records)
        assert state_hash(twin) == state_hash(self.state)
        check(twin)
        if self.twin is None:
            self.twin = twin
        else:  # the one that never stopped is the twin from now on
            self.state, self.twin = twin, self.state


TestDesks = Desks.TestCase
TestDesks.settings = settings(
    max_examples=150,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.mark.slow
def test_desks_at_length() -> None:
    """The same, further into the day."""
    longer = settings(TestDesks.settings, max_examples=500, stateful_step_count=120)
    run_state_machine_as_test(Desks, settings=longer)
