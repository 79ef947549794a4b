"""Buyers, agents and supervisors: what they do next, by chance and by what they can see.

What they see is the auditor's picture of the committed facts; so most of what they ask makes
sense, and some of it comes too late and is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

from router.core import commands as c
from router.core.policy import Desk
from router.ingress import Refused
from router.log.ports import RepeatKey
from router.owner import Unowned
from router.repeats import delivery
from tests.simulation.auditor import Auditor
from tests.simulation.floor import Session
from tests.simulation.platform import Platform
from tests.simulation.process import Gone, Process, Tasks, pick

REASONS = ("mistaken_order", "reorder", "changed_mind", "other")


class People:
    """All of them."""

    def __init__(
        self,
        random: Random,
        desk: Desk,
        auditor: Auditor,
        platform: Platform,
        tasks: Tasks,
        processes: list[Process],
        clock: Callable[[], int],
    ) -> None:
        self._random = random
        self._desk = desk
        self._auditor = auditor
        self._platform = platform
        self._tasks = tasks
        self._processes = processes
        self._clock = clock
        self._floor = auditor.floor
        self._buyers = [f"buyer{n}" for n in range(random.randint(4, 14))]
        self._sent: list[tuple[str, str, str]] = []
        self._orders: list[tuple[str, str, str]] = []
        self._refunds: list[tuple[str, str, str]] = []
        self._number = 0
        self.rejected = 0
        self.accepted = 0
        self._acts: list[tuple[int, Callable[[], None]]] = [
            (30, self._buyer_writes),
            (22, self._agent_answers),
            (8, self._agent_writes),
            (4, self._recall),
            (6, self._order),
            (3, self._refund),
            (3, self._settle_refund),
            (2, self._platform_closes),
            (3, self._platform_presence),
            (8, self._presence),
            (6, self._close),
            (5, self._transfer),
            (3, self._claim),
            (3, self._supervise),
            (2, self._seat),
            (2, self._waive),
        ]

    async def live(self, until_s: float) -> None:
        """First everybody comes to work, then this and that."""
        loop = asyncio.get_running_loop()
        for agent in self._desk.agents:
            if self._random.random() < 0.8:
                self._ask(c.SetPresence(agent=agent.id, to="online"))
        weights = [weight for weight, _ in self._acts]
        pause_s = self._random.choice((0.6, 1.2, 2.5))
        while loop.time() < until_s:
            await asyncio.sleep(self._random.expovariate(1 / pause_s))
            act = self._random.choices(self._acts, weights)[0][1]
            act()

    # Asking the router

    def _ask(self, command: c.AnyCommand) -> None:
        _ = self._tasks.spawn(self._until_answered(command), told=False)

    async def _until_answered(self, command: c.AnyCommand) -> None:
        """A client that tries again under the same key; in the end it may never know."""
        self._number += 1
        repeats: tuple[RepeatKey, ...] = (delivery("api", f"k{self._number}", b""),)
        for _ in range(3):
            process = pick(self._random, self._processes)
            try:
                known = await process.ask(command, repeats, patience_s=8)
            except (Refused, Gone, Unowned, TimeoutError):
                await asyncio.sleep(self._random.random() * 2)
                continue
            if known is not None:
                offset, answer = known
                self._auditor.told(offset, answer)
                self.rejected += answer.rejected is not None
                self.accepted += answer.rejected is None
            return

    # Buyers

    def _shop(self) -> str:
        return self._random.choice(self._desk.shops).id

    def _buyer_writes(self) -> None:
        random = self._random
        shop, buyer, message = (
            self._shop(),
            random.choice(self._buyers),
            self._platform.message_id(),
        )
        subs = [sub.id for sub in self._desk.sub_accounts if sub.shop == shop] or [""]
        command = c.MessageReceived(
            shop=shop,
            buyer=buyer,
            message=message,
            sent_ms=self._platform.now_ms(),
            group=random.choice(("after_sale", "pre_sale")) if random.random() < 0.1 else "",
            sub_account=random.choice(subs) if random.random() < 0.05 else "",
            farewell=random.random() < 0.2,
        )
        self._sent.append((shop, buyer, message))
        self._platform.tell(shop, command)

    def _recall(self) -> None:
        if self._sent:
            shop, buyer, message = self._random.choice(self._sent[-6:])
            command = c.MessageRecalled(
                shop=shop, buyer=buyer, message=message, sent_ms=self._platform.now_ms()
            )
            self._platform.tell(shop, command)
            self._sent.remove((shop, buyer, message))

    def _order(self) -> None:
        random = self._random
        if self._orders and random.random() < 0.6:
            shop, buyer, order = random.choice(self._orders)
            event = random.choice(("paid", "shipped", "closed", "closed"))
        else:
            shop, buyer = self._shop(), random.choice(self._buyers)
            order, event = f"o{len(self._orders)}", "placed"
            self._orders.append((shop, buyer, order))
        command = c.OrderChanged(
            event=event,  # type: ignore[arg-type]
            shop=shop,
            buyer=buyer,
            order=f"{order}",
            sent_ms=self._platform.now_ms(),
        )
        self._platform.tell(shop, command)

    def _refund(self) -> None:
        random = self._random
        shop, buyer, order = (
            random.choice(self._orders)
            if self._orders
            else (self._shop(), random.choice(self._buyers), "o")
        )
        refund = f"r{len(self._refunds)}"
        if self._refunds and random.random() < 0.2:
            shop, buyer, refund = random.choice(self._refunds)
        else:
            self._refunds.append((shop, buyer, refund))
        command = c.RefundRequested(
            shop=shop,
            buyer=buyer,
            order=order,
            refund=refund,
            reason=random.choice(REASONS),  # type: ignore[arg-type]
            sent_ms=self._platform.now_ms(),
        )
        self._platform.tell(shop, command)

    def _settle_refund(self) -> None:
        random = self._random
        if not self._refunds:
            return
        shop, buyer, refund = random.choice(self._refunds)
        chance = random.random()
        if chance < 0.5:
            command: c.AnyCommand = c.RefundResolved(
                shop=shop,
                buyer=buyer,
                refund=refund,
                outcome="agreed",
                sent_ms=self._platform.now_ms(),
            )
            self._platform.tell(shop, command)
        elif chance < 0.75:
            self._ask(c.EscalateRefund(shop=shop, refund=refund, agent=""))
        else:
            self._ask(
                c.TakeOverRefund(shop=shop, refund=refund, supervisor="su", sent_ms=self._clock())
            )

    # The platform itself

    def _platform_closes(self) -> None:
        session = self._session()
        if session is not None:
            command = c.PlatformClosed(
                shop=session.shop, buyer=session.buyer, sent_ms=self._platform.now_ms()
            )
            self._platform.tell(session.shop, command)

    def _platform_presence(self) -> None:
        sub = self._random.choice(self._desk.sub_accounts)
        command = c.SubAccountPresence(
            shop=sub.shop,
            sub_account=sub.id,
            presence=self._random.choice(("online", "online", "paused", "offline")),
            sent_ms=self._platform.now_ms(),
        )
        self._platform.tell(sub.shop, command)

    # Agents

    def _session(self, *, held: bool = False) -> Session | None:
        found = [s for s in self._floor.sessions.values() if s.agent or not held]
        return self._random.choice(found) if found else None

    def _agent(self) -> str:
        return self._random.choice(self._desk.agents).id

    def _agent_answers(self) -> None:
        """On the platform; at times through somebody else's sub-account, or an automatic one."""
        random = self._random
        session = self._session()
        if session is None:
            return
        seat = session.seat
        if not seat or random.random() < 0.1:
            subs = [s.id for s in self._desk.sub_accounts if s.shop == session.shop]
            seat = random.choice(subs) if subs else ""
        shown = [o for shop, b, o in self._orders if (shop, b) == (session.shop, session.buyer)]
        command = c.MessageSent(
            shop=session.shop,
            buyer=session.buyer,
            message=self._platform.message_id(),
            sent_ms=self._platform.now_ms(),
            sub_account=seat,
            by=random.choice(("human", "human", "human", "bot", "auto")),
            shows=tuple(shown[-1:]) if random.random() < 0.5 else (),
        )
        self._platform.tell(session.shop, command)

    def _agent_writes(self) -> None:
        session = self._session(held=True)
        if session is not None:
            command = c.WriteMessage(
                shop=session.shop,
                buyer=session.buyer,
                agent=session.agent if self._random.random() < 0.9 else self._agent(),
                message=f"w{self._platform.message_id()}",
            )
            self._ask(command)

    def _presence(self) -> None:
        random = self._random
        agent = self._agent()
        if random.random() < 0.15:
            self._ask(c.GoSilent(agent=agent, since_ms=self._clock()))
            return
        by = "su" if random.random() < 0.15 else ""
        gone = [one.id for one in self._desk.agents if self._floor.presence_of(one.id) == "away"]
        if gone and random.random() < 0.5:
            agent, by = random.choice(gone), ""
        command = c.SetPresence(
            agent=agent,
            to="online" if agent in gone else random.choice(("online", "away", "offline")),
            open_sessions=random.choice(("", "inform", "transfer")),
            reason="会议" if by else "",
            by=by,
            console=random.random() < 0.5,
        )
        self._ask(command)

    def _close(self) -> None:
        session = self._session()
        if session is not None:
            supervisor = self._random.random() < 0.2
            command = c.CloseSession(
                shop=session.shop,
                buyer=session.buyer,
                agent="su" if supervisor else session.agent,
                sent_ms=self._clock(),
                supervisor=supervisor,
                reason="够了" if supervisor else "",
            )
            self._ask(command)

    def _transfer(self) -> None:
        session = self._session()
        subs = [s.id for s in self._desk.sub_accounts if session and s.shop == session.shop]
        if session is not None and subs:
            supervisor = self._random.random() < 0.4
            command = c.TransferSession(
                shop=session.shop,
                buyer=session.buyer,
                to=self._random.choice(subs),
                by="su" if supervisor else session.agent,
                supervisor=supervisor,
            )
            self._ask(command)

    def _claim(self) -> None:
        waiting = [s for s in self._floor.sessions.values() if s.queued]
        if waiting:
            session = self._random.choice(waiting)
            self._ask(c.ClaimSession(shop=session.shop, buyer=session.buyer, agent=self._agent()))

    # Supervisors

    def _supervise(self) -> None:
        to = self._agent() if self._random.random() < 0.5 else ""
        self._ask(c.ReassignAgent(agent=self._agent(), supervisor="su", to=to))

    def _seat(self) -> None:
        sub = self._random.choice(self._desk.sub_accounts).id
        if self._random.random() < 0.6:
            self._ask(c.PauseSubAccount(sub_account=sub, paused=self._random.random() < 0.4))
        else:
            agent = self._agent() if self._random.random() < 0.8 else ""
            self._ask(c.SignOn(sub_account=sub, agent=agent))

    def _waive(self) -> None:
        breaches = list(self._auditor.books.breaches)
        if breaches:
            breach = self._random.choice(breaches)
            self._ask(c.WaiveBreach(supervisor="su", why="初犯", breach=breach))
