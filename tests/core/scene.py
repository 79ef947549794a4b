"""A desk on which things happen at times, to be asked who holds what and what followed.

Times are of one Saturday in Beijing, "9:05" or "9:05:00.001"; hours may go beyond 24. After
each step the invariants are checked, and what changed is stored as an owner stores it, so that
`restored` is a desk made of its records alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from router.core import commands as c
from router.core.facts import AnyFact, DeadlineWarned, DeliveryRequested, SessionAssigned
from router.core.invariants import check
from router.core.outcome import Outcome, Rejected
from router.core.policy import Agent, Desk, Policy, Shop, Strategy, SubAccount
from router.core.records import Breach, Record
from router.core.recovery import restore
from router.core.state import State
from router.core.step import step, tick
from router.core.thread import Thread
from router.log.codec import decode_record, encode_record, record_key
from router.simulate import state_hash

DAY_MS = 1_795_190_400_000
"""2026-11-21, a Saturday, 00:00 in Beijing."""

F = TypeVar("F")


def ms(time: str) -> int:
    """The moment of "h:mm", "h:mm:ss" or "h:mm:ss.mmm"."""
    clock, _, millis = time.partition(".")
    hours, minutes, seconds = (int(part) for part in f"{clock}:0".split(":")[:3])
    return DAY_MS + ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((millis + "000")[:3])


def sub(agent: str, shop: str = "shop", **more: object) -> SubAccount:
    """The agent's sub-account at a shop: `shop:agent`."""
    return SubAccount(id=f"{shop}:{agent}", shop=shop, agent=agent, **more)  # type: ignore[arg-type]


def desk_of(
    *agents: str | Agent,
    subs: Sequence[SubAccount] = (),
    shops: Sequence[Shop] = (Shop(id="shop"),),
    strategy: Strategy = Strategy.LEAST_LOADED,
    policy: Policy | None = None,
) -> Desk:
    """A desk; without `subs` each agent has a sub-account at each shop."""
    people = tuple(a if isinstance(a, Agent) else Agent(id=a) for a in agents)
    return Desk(
        id="d",
        strategy=strategy,
        policy=policy or Policy(),
        shops=tuple(shops),
        agents=people,
        sub_accounts=tuple(subs) or tuple(sub(p.id, shop.id) for shop in shops for p in people),
    )


class Scene:
    """One desk; all its agents come online at 8:00 unless `online` names them."""

    def __init__(self, desk: Desk, *, online: Sequence[str] | None = None) -> None:
        self.state = State()
        self.records: dict[str, bytes] = {}
        self.facts: list[AnyFact] = []
        self._offset = 0
        self.adopt("7:00", desk)
        for agent in online if online is not None else [a.id for a in desk.agents]:
            self.online("8:00", agent)

    # Letting things happen

    def step(self, at_ms: int, command: c.AnyCommand) -> Outcome:
        assert at_ms >= self.state.at_ms, "the log's clock never goes back"
        self._offset += 1
        outcome = step(self.state, c.Stamped(self._offset, at_ms, command))
        self._keep(outcome)
        return outcome

    def do(self, time: str, command: c.AnyCommand) -> Outcome:
        """Let a command come at this time; it must not be refused."""
        outcome = self.step(ms(time), command)
        assert outcome.rejected is None, outcome.rejected
        return outcome

    def refused(self, time: str, command: c.AnyCommand) -> Rejected:
        """Let a command come that the rules refuse: nothing but the clock may change."""
        at_ms = ms(time)
        self._keep(tick(self.state, at_ms))
        before = hash_without_clock(self.state)
        outcome = self.step(at_ms, command)
        assert outcome.rejected is not None, f"accepted: {command}"
        assert hash_without_clock(self.state) == before
        return outcome.rejected

    def until(self, time: str) -> None:
        """Let the clock run to this time, and all that is due at it happen."""
        self._keep(tick(self.state, ms(time) + 1))

    def _keep(self, outcome: Outcome) -> None:
        check(self.state)
        self.facts += outcome.facts
        store(self.state, self.records)

    def restored(self) -> State:
        return restored(self.records)

    # Buyers and platforms

    def asks(
        self,
        time: str,
        buyer: str,
        *,
        sent: str = "",
        shop: str = "shop",
        message: str = "",
        group: str = "",
        sub_account: str = "",
        farewell: bool = False,
    ) -> Outcome:
        return self.do(
            time,
            c.MessageReceived(
                shop=shop,
                buyer=buyer,
                message=message or f"{buyer}-{sent or time}",
                sent_ms=ms(sent or time),
                group=group,
                sub_account=sub_account,
                farewell=farewell,
            ),
        )

    def answers(
        self,
        time: str,
        agent: str,
        buyer: str,
        *,
        sent: str = "",
        shop: str = "shop",
        by: c.By = "human",
        shows: tuple[str, ...] = (),
    ) -> Outcome:
        """An agent writes in the platform's own client, through their sub-account there."""
        return self.do(
            time,
            c.MessageSent(
                shop=shop,
                buyer=buyer,
                message=f"{agent}-{buyer}-{sent or time}",
                sent_ms=ms(sent or time),
                sub_account=f"{shop}:{agent}" if agent else "",
                by=by,
                shows=shows,
            ),
        )

    def order(
        self,
        time: str,
        buyer: str,
        order: str,
        event: str = "placed",
        *,
        sent: str = "",
        shop: str = "shop",
    ) -> Outcome:
        return self.do(
            time,
            c.OrderChanged(
                event=event,  # type: ignore[arg-type]
                shop=shop,
                buyer=buyer,
                order=order,
                sent_ms=ms(sent or time),
            ),
        )

    def refund(
        self, time: str, buyer: str, refund: str, reason: str = "changed_mind", *, sent: str = ""
    ) -> Outcome:
        return self.do(
            time,
            c.RefundRequested(
                shop="shop",
                buyer=buyer,
                order=f"of-{refund}",
                refund=refund,
                reason=reason,  # type: ignore[arg-type]
                sent_ms=ms(sent or time),
            ),
        )

    def resolve(self, time: str, buyer: str, refund: str, *, sent: str = "") -> Outcome:
        return self.do(
            time,
            c.RefundResolved(
                shop="shop", buyer=buyer, refund=refund, outcome="agreed", sent_ms=ms(sent or time)
            ),
        )

    def platform_says(self, time: str, agent: str, presence: str, *, shop: str = "shop") -> Outcome:
        """The platform's word on the agent's sub-account there."""
        return self.do(
            time,
            c.SubAccountPresence(
                shop=shop,
                sub_account=f"{shop}:{agent}",
                presence=presence,  # type: ignore[arg-type]
                sent_ms=ms(time),
            ),
        )

    # People

    def online(self, time: str, agent: str, *, console: bool = False) -> Outcome:
        return self.do(time, c.SetPresence(agent=agent, to="online", console=console))

    def away(self, time: str, agent: str, choice: c.Choice = "") -> Outcome:
        return self.do(time, c.SetPresence(agent=agent, to="away", open_sessions=choice))

    def offline(self, time: str, agent: str, choice: c.Choice = "") -> Outcome:
        return self.do(time, c.SetPresence(agent=agent, to="offline", open_sessions=choice))

    def transfer(self, time: str, buyer: str, to: str, *, shop: str = "shop") -> Outcome:
        """The holder gives the session to a colleague."""
        return self.do(time, c.TransferSession(shop=shop, buyer=buyer, to=f"{shop}:{to}", by=""))

    def reassign(self, time: str, buyer: str, to: str, *, shop: str = "shop") -> Outcome:
        """A supervisor gives the session to somebody."""
        return self.do(
            time,
            c.TransferSession(shop=shop, buyer=buyer, to=f"{shop}:{to}", by="sue", supervisor=True),
        )

    def close(self, time: str, buyer: str, *, shop: str = "shop") -> Outcome:
        """The holder closes the session."""
        agent = self.holder(buyer, shop=shop)
        return self.do(time, c.CloseSession(shop=shop, buyer=buyer, agent=agent, sent_ms=ms(time)))

    def waive(self, time: str, breach: str) -> Outcome:
        return self.do(time, c.WaiveBreach(supervisor="sue", why="goodwill", breach=breach))

    def adopt(self, time: str, desk: Desk) -> Outcome:
        return self.do(time, c.AdoptDesk(desk=desk))

    # Asking

    def thread(self, buyer: str, *, shop: str = "shop") -> Thread:
        thread = self.state.thread(shop, buyer)
        assert thread is not None, f"nothing is known of {buyer}"
        return thread

    def holder(self, buyer: str, *, shop: str = "shop") -> str:
        """The agent who holds the buyer's open session; "" where it waits in the queue."""
        thread = self.thread(buyer, shop=shop)
        assert thread.session, f"no session of {buyer} is open"
        return thread.agent

    def is_open(self, buyer: str, *, shop: str = "shop") -> bool:
        return bool(self.thread(buyer, shop=shop).session)

    def item_holder(self, kind: str, key: str) -> str:
        """The agent who holds a pending work item; "" where it waits in the queue."""
        thread = self.state.items["shop", kind, key]
        return thread.work[f"{kind}/{key}"].agent

    def waiting(self) -> list[str]:
        """The buyers (or `kind/key` of work) in the queue, in the order in which they are taken."""
        return [
            piece.work or self.state.threads[piece.thread].buyer
            for piece, _, _ in self.state.queue.pieces()
        ]

    def load(self, agent: str) -> int:
        return self.state.persons[agent].load

    def breaches(self, *, standing: bool = True) -> list[tuple[str, str, str]]:
        """(rule, who is charged or why nobody is, buyer) of what is sealed (and not reversed)."""
        return [
            (b.rule, b.agent or b.uncharged, b.buyer)
            for b in self.state.breaches.values()
            if not (standing and b.reversed)
        ]

    def breach(self) -> Breach:
        """The only one."""
        (found,) = self.state.breaches.values()
        return found

    def owes(self, agent: str) -> int:
        return sum(e.fine_fen for e in self.state.entries.values() if e.agent == agent)

    def said(self, kind: type[F]) -> list[F]:
        """The facts of this type so far."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def causes(self, buyer: str) -> list[tuple[str, str]]:
        """(agent, cause) of each time the buyer's session got a holder."""
        return [(f.agent, f.cause) for f in self.said(SessionAssigned) if f.buyer == buyer]

    def warnings(self, buyer: str) -> list[tuple[int, str, str, str]]:
        """(when, rule, what, agent) of the warnings about a buyer."""
        return [
            (f.at_ms, f.rule, f.what, f.agent)
            for f in self.said(DeadlineWarned)
            if f.buyer == buyer
        ]

    def texts(self, buyer: str) -> list[str]:
        """The automatic texts that were to be sent to a buyer."""
        return [f.text for f in self.said(DeliveryRequested) if f.buyer == buyer]


def hash_without_clock(state: State) -> str:
    clock_ms, state.counters.clock_ms = state.counters.clock_ms, 0
    found = state_hash(state)
    state.counters.clock_ms = clock_ms
    return found


def store(state: State, records: dict[str, bytes]) -> None:
    """Write down what changed, as an owner does at each commit."""
    for name, record in {**state.dirty, "c": state.counters}.items():
        if record is None:
            records.pop(name, None)
        else:
            records[name] = encode_record(record)
    state.dirty.clear()


def restored(records: dict[str, bytes]) -> State:
    """A desk's state made of its records alone."""
    found: list[tuple[str, Record]] = []
    for name, body in records.items():
        _, name, record = decode_record(record_key("d", name), body)
        found.append((name, record))
    return restore(found)
