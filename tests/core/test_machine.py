"""All commands in any order, with any clock: what must hold after every step holds.

A desk of three shops (one of them with our console alone), its twin made of the stored records
at some moment, and whatever people, platforms and clocks may do to them.
"""

from __future__ import annotations

from typing import get_args

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from msgspec.structs import replace

from router.core import commands as c
from router.core.facts import AnyFact, SessionAssigned
from router.core.invariants import check
from router.core.outcome import Rejected
from router.core.policy import Agent, AwayMessages, Desk, Policy, Shop, Strategy
from router.core.state import State
from router.core.step import step, tick
from router.simulate import state_hash
from tests.core.scene import DAY_MS, desk_of, hash_without_clock, restored, store, sub

SHOPS = ("shop", "tmall", "console")
SEATS = (
    sub("amy", capacity=2),
    sub("bob", weight=2),
    sub("cat", groups=("after_sale",)),
    sub("amy", "tmall"),
    sub("bob", "tmall", groups=("pre_sale",), capacity=1),
    sub("cat", "console"),
    replace(sub("bob", "console"), agent=""),
)
DESK = desk_of(
    Agent(id="amy", capacity=3),
    Agent(id="bob", capacity=2),
    "cat",
    shops=[
        Shop(id="shop"),
        Shop(id="tmall", lateness_ms=600_000),
        Shop(id="console", console_only=True, lateness_ms=0),
    ],
    subs=SEATS,
    policy=Policy(queue_text="请稍等"),
)

agents = st.sampled_from(["amy", "bob", "cat", "nobody"])
seats = st.sampled_from([*(seat.id for seat in SEATS), "shop:none"])
shops = st.sampled_from([*SHOPS, "shop", "elsewhere"])
buyers = st.sampled_from(["x", "y", "z"])
numbers = st.integers(1, 3)
waits = st.sampled_from(
    [
        *(0, 0, 0, 1, 1_000, 29_999, 60_000, 90_000, 119_999, 120_000, 120_001, 300_000, 480_000),
        *(600_000, 1_200_000, 3_600_000, 7_200_000, 86_400_000),
    ]
)
ages = st.sampled_from(
    [0, 0, 0, 0, 1, 1_000, 60_000, 119_999, 120_000, 300_000, 700_000, 90_000_000]
)
"""How long before the log's clock something was sent."""


def desks() -> st.SearchStrategy[Desk]:
    """The desk after a change that leaves its rules as they are."""
    without = [
        DESK,
        replace(DESK, agents=DESK.agents[1:]),
        replace(DESK, agents=DESK.agents[:2]),
        replace(DESK, sub_accounts=SEATS[1:]),
        replace(DESK, sub_accounts=SEATS[:3]),
        replace(DESK, sub_accounts=tuple(replace(seat, groups=(), capacity=0) for seat in SEATS)),
        replace(DESK, agents=tuple(replace(agent, capacity=1) for agent in DESK.agents)),
        replace(DESK, sub_accounts=(replace(SEATS[0], shop="console"), *SEATS[1:])),
        replace(DESK, shops=(DESK.shops[0], DESK.shops[2]), sub_accounts=SEATS[:2]),
        replace(DESK, id="other"),
    ]
    return st.builds(  # by number: desks are too long to be printed
        lambda number, strategy: replace(without[number], strategy=strategy),
        st.integers(0, len(without) - 1),
        st.sampled_from(list(Strategy)),
    )


class Desks(RuleBasedStateMachine):
    """The desk, what its owner has stored of it, and its twin."""

    def __init__(self) -> None:
        super().__init__()
        self.state = State()
        self.records: dict[str, bytes] = {}
        self.twin: State | None = None
        self.offset = 0
        self.clock_ms = DAY_MS

    @initialize(
        strategy=st.sampled_from(list(Strategy)),
        away=st.sampled_from(list(AwayMessages)),
        here=st.lists(st.sampled_from(["amy", "bob", "cat"]), unique=True),
    )
    def begin(self, strategy: Strategy, away: AwayMessages, here: list[str]) -> None:
        policy = replace(DESK.policy, away_messages=away)
        self.policy = policy
        self.do(0, c.AdoptDesk(desk=replace(DESK, strategy=strategy, policy=policy)))
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
        self._nobody_was_overloaded(facts)
        store(self.state, self.records)

    def _nobody_was_overloaded(self, facts: list[AnyFact]) -> None:
        """The router's own choices never exceed a capacity."""
        subs = {seat.id: seat.capacity for seat in self.state.desk.sub_accounts}
        limits = {agent.id: agent.capacity for agent in self.state.desk.agents}
        given = [fact for fact in facts if isinstance(fact, SessionAssigned)]
        if any(fact.cause in ("platform", "reassign", "transfer") for fact in given):
            return  # somebody else's doing, after which the same step may have moved more
        for fact in given:
            for load, limit in (
                (self.state.persons[fact.agent].load, limits[fact.agent]),
                (self.state.seats[fact.sub_account].load, subs[fact.sub_account]),
            ):
                assert not limit or load <= limit, fact

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
        self.do(
            wait,
            c.MessageSent(
                shop=shop,
                buyer=buyer,
                message=f"m{self.offset}",
                sent_ms=self.clock_ms + wait - age,
                sub_account=seat,
                by=by,
                shows=(f"O{order}",),
            ),
        )

    @rule(wait=waits, age=ages, shop=shops, buyer=buyers, back=st.integers(0, 4))
    def message_is_recalled(self, wait: int, age: int, shop: str, buyer: str, back: int) -> None:
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
        event=st.sampled_from(["placed", "placed", "paid", "closed"]),
    )
    def order_changes(
        self, wait: int, age: int, shop: str, buyer: str, order: int, event: str
    ) -> None:
        self.do(
            wait,
            c.OrderChanged(
                event=event,  # type: ignore[arg-type]
                shop=shop,
                buyer=buyer,
                order=f"O{order}",
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
                order="O1",
                refund=f"{buyer}-R{refund}",
                reason=reason,  # type: ignore[arg-type]
                sent_ms=self.clock_ms + wait - age,
            ),
        )

    @rule(
        wait=waits,
        age=ages,
        shop=shops,
        buyer=buyers,
        refund=numbers,
        by_agent=st.sampled_from(["", "amy"]),
    )
    def refund_is_resolved(
        self, wait: int, age: int, shop: str, buyer: str, refund: int, by_agent: str
    ) -> None:
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

    @rule(wait=waits, age=ages, shop=shops, buyer=buyers)
    def platform_closes(self, wait: int, age: int, shop: str, buyer: str) -> None:
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

    @rule(wait=waits, agent=agents)
    def console_falls_silent(self, wait: int, agent: str) -> None:
        self.do(wait, c.GoSilent(agent=agent, since_ms=self.clock_ms))

    @rule(wait=waits, seat=seats, agent=st.one_of(st.just(""), agents))
    def agent_signs_on(self, wait: int, seat: str, agent: str) -> None:
        self.do(wait, c.SignOn(sub_account=seat, agent=agent))

    @rule(wait=waits, seat=seats, paused=st.booleans())
    def sub_account_is_paused(self, wait: int, seat: str, paused: bool) -> None:
        self.do(wait, c.PauseSubAccount(sub_account=seat, paused=paused))

    @rule(
        wait=waits,
        age=ages,
        shop=shops,
        buyer=buyers,
        agent=st.one_of(st.none(), agents),
        supervisor=st.booleans(),
    )
    def session_is_closed(
        self, wait: int, age: int, shop: str, buyer: str, agent: str | None, supervisor: bool
    ) -> None:
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

    @rule(wait=waits, shop=shops, buyer=buyers, to=seats, supervisor=st.booleans())
    def session_is_transferred(
        self, wait: int, shop: str, buyer: str, to: str, supervisor: bool
    ) -> None:
        self.do(
            wait, c.TransferSession(shop=shop, buyer=buyer, to=to, by="", supervisor=supervisor)
        )

    @rule(wait=waits, shop=shops, buyer=buyers, agent=agents)
    def session_is_claimed(self, wait: int, shop: str, buyer: str, agent: str) -> None:
        self.do(wait, c.ClaimSession(shop=shop, buyer=buyer, agent=agent))

    @rule(wait=waits, agent=agents, to=st.one_of(st.just(""), agents))
    def agent_is_reassigned(self, wait: int, agent: str, to: str) -> None:
        self.do(wait, c.ReassignAgent(agent=agent, supervisor="sue", to=to))

    @rule(
        wait=waits,
        shop=shops,
        buyer=buyers,
        agent=st.one_of(st.none(), agents),
        order=numbers,
    )
    def agent_writes(self, wait: int, shop: str, buyer: str, agent: str | None, order: int) -> None:
        thread = self.state.thread(shop, buyer)
        holder = thread.agent if thread is not None else ""
        self.do(
            wait,
            c.WriteMessage(
                shop=shop,
                buyer=buyer,
                agent=holder if agent is None else agent,
                message=f"m{self.offset}",
                shows=(f"O{order}",),
            ),
        )

    @rule(
        wait=waits, shop=shops, buyer=buyers, refund=numbers, agent=st.one_of(st.just(""), agents)
    )
    def refund_is_escalated(
        self, wait: int, shop: str, buyer: str, refund: int, agent: str
    ) -> None:
        self.do(wait, c.EscalateRefund(shop=shop, refund=f"{buyer}-R{refund}", agent=agent))

    @rule(wait=waits, age=ages, shop=shops, buyer=buyers, refund=numbers)
    def refund_is_taken_over(self, wait: int, age: int, shop: str, buyer: str, refund: int) -> None:
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

    # The system's own

    @rule(wait=waits, desk=desks())
    def desk_changes(self, wait: int, desk: Desk) -> None:
        self.do(wait, c.AdoptDesk(desk=replace(desk, policy=self.policy)))

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
    max_examples=120,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
