"""Who sees what: agents their own, supervisors their desk (`Context.desks_of`), admins all."""

from __future__ import annotations

from router.core import facts as f
from router.core.state import State
from router.core.thread import Hold, Thread
from router.http import showing_shifts
from router.http.showing import Ref

FOR_ALL = (f.DeskAdopted, f.OutageNoted, f.RosterPlanned)
OF_A_HANDOVER = (f.HandoverFiled, f.HandoverAcknowledged, f.HandoverAsked, f.HandoverAnswered)
OF_A_BREACH = (f.BreachReversed, f.BreachWaived)
OTHERS_CONDUCT = (
    *(f.FlagRaised, f.FlagConfirmed, f.FlagDismissed, f.PhraseListed),
    *(f.ChargeAppealed, f.AppealAnswered),
)
"""Of somebody else it is none of an agent's business, whoever holds the session."""


def sees_session(state: State, agent: str, ref: Ref) -> bool:
    """An agent sees what they hold or held at the end, and what they could claim."""
    if ref.agent:
        return ref.agent == agent
    return ref.past is None and ref.thread.shop in shops_of(state, agent)


def shops_of(state: State, agent: str) -> set[str]:
    """The shops at which an agent has a sub-account."""
    return {state.seats[seat].shop for seat in state.pools.seats_of.get(agent, ())}


def sees_fact(state: State, agent: str, fact: f.AnyFact) -> bool:
    """Whether a fact is about this agent, or what they held when it happened."""
    if isinstance(fact, FOR_ALL):
        return True
    if agent in (getattr(fact, "agent", ""), getattr(fact, "from_agent", "")):
        return True
    if isinstance(fact, OF_A_BREACH):
        breach = state.breaches.get(fact.breach)
        return breach is not None and breach.agent == agent
    if isinstance(fact, OF_A_HANDOVER):
        handover = state.handovers.get(fact.handover)
        return handover is not None and showing_shifts.sees_handover(state, agent, handover)
    if isinstance(fact, OTHERS_CONDUCT):
        return False
    if isinstance(fact, f.ItemAssigned | f.ItemEscalated):
        return False  # somebody else's: `agent` says whose
    if isinstance(fact, f.ItemOpened | f.ItemSettled | f.ItemNoted):
        return _held_work(state, agent, fact)
    shop, buyer = getattr(fact, "shop", ""), getattr(fact, "buyer", "")
    thread = state.thread(shop, buyer) if shop else None
    if thread is None:
        return False
    if _held(thread.holds, agent, fact.at_ms):
        return True
    return _was_free(thread.holds, fact.at_ms) and shop in shops_of(state, agent)


def concerned(state: State, fact: f.AnyFact) -> set[str] | None:
    """Among whom are all agents who may see the fact, told without asking for each; None: it
    may be anybody."""
    if isinstance(fact, (*FOR_ALL, *OF_A_HANDOVER, *OF_A_BREACH)):
        return None
    found = {getattr(fact, "agent", ""), getattr(fact, "from_agent", "")}
    shop, buyer = getattr(fact, "shop", ""), getattr(fact, "buyer", "")
    thread = state.thread(shop, buyer) if shop else None
    if thread is not None:
        found.update(hold.agent for hold in thread.holds)
        for work in thread.work.values():
            found.update(hold.agent for hold in work.holds)
        for holds in (thread.kept or {}).values():
            found.update(hold.agent for hold in holds)
        if _was_free(thread.holds, fact.at_ms):
            found.update(seat.agent for seat in state.seats.values() if seat.shop == shop)
    return found


def _held_work(state: State, agent: str, fact: f.ItemOpened | f.ItemSettled | f.ItemNoted) -> bool:
    thread: Thread | None = state.thread(fact.shop, fact.buyer)
    if thread is None:
        return False
    name = f"{fact.kind}/{fact.key}"
    work = thread.work.get(name)
    kept = (thread.kept or {}).get(name, thread.holds)
    holds = work.holds if work is not None else kept
    return _held(holds, agent, fact.at_ms)


def _was_free(holds: list[Hold], at_ms: int) -> bool:
    """Whether it waited for somebody to claim it at `at_ms`, just before, or from then on."""
    for hold in reversed(holds):
        if hold.at_ms <= at_ms and hold.cause in ("queue", "bot"):
            return True
        if hold.at_ms < at_ms:
            return False
    return False


def _held(holds: list[Hold], agent: str, at_ms: int) -> bool:
    """Whether the agent held it at `at_ms`, just before, or from then on."""
    for hold in reversed(holds):
        if hold.at_ms <= at_ms and hold.agent == agent:
            return True
        if hold.at_ms < at_ms:
            return False
    return False
