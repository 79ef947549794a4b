"""People's acts on work items and orders: call-backs, notes, remarks (RULES §9).

Readings of what the rules leave open:

- A promised call-back is met by any message of an agent's to that buyer that is sent after the
  promise was committed; what was sent before or at that moment, also where it comes later, is the
  message in which it was promised.
- It is held by whoever holds the buyer's session, if on duty; else by who has promised it, if on
  duty; else it goes to others as any work item.
- A note may be written by whoever holds the item or the buyer's session; by anybody of the desk
  while nobody holds the item.
"""

from __future__ import annotations

from router.core import arrival, assignment, inbound
from router.core import commands as c
from router.core.facts import ItemNoted, OrderRemarked
from router.core.kinds import CALL_BACK, DAY_MS, MINUTE_MS, Opens
from router.core.outcome import Rejected
from router.core.pending import NOTE, WITHDRAWN
from router.core.records import Remark, Seat
from router.core.state import State, pair_key
from router.core.thread import Thread, Work
from router.core.view import ITEM_ACT, OPEN_ITEM, Moment

PROMISE_LEAST_MS = MINUTE_MS
PROMISE_MOST_MS = 30 * DAY_MS


# Call-backs


def promise(state: State, command: c.PromiseCallBack) -> Rejected | None:
    """An agent has promised a buyer to come back to them.

    Refused: `unknown_shop`, `unknown_buyer`, `unknown_agent`, `not_holder` (they never had that
    buyer's session), and as `may_open_call_back`.
    """
    if refused := inbound.unknown_shop(state, command.shop):
        return refused
    if not command.supervisor:
        if command.agent not in state.persons:
            return Rejected("unknown_agent", command.agent)
        thread = state.thread(command.shop, command.buyer)
        if thread is not None and not _has_held(thread, command.agent):
            return Rejected("not_holder", thread.agent)
    return open_call_back(
        state,
        shop=command.shop,
        buyer=command.buyer,
        agent=command.agent,
        due_ms=command.due_ms,
        key=command.call_back or f"c{state.offset}",
        text=command.text,
    )


def _has_held(thread: Thread, agent: str) -> bool:
    return agent in (
        thread.agent,
        thread.last_agent,
        *(hold.agent for hold in thread.holds),
        *(past.agent for past in thread.past),
    )


def may_open_call_back(
    state: State, *, shop: str, buyer: str, due_ms: int, key: str
) -> Rejected | None:
    """Why it cannot be promised; None when it can. Changes nothing.

    Refused: `unknown_buyer`; `due_out_of_range`: less than a minute or more than 30 days ahead;
    `already_promised`: one with this key is pending; `no_such_kind`: the shop's policy has no
    `call_back`.
    """
    if state.thread(shop, buyer) is None:
        return Rejected("unknown_buyer", f"{shop} {buyer}")
    if not PROMISE_LEAST_MS <= due_ms - state.at_ms <= PROMISE_MOST_MS:
        return Rejected("due_out_of_range", "a call-back is promised for 1 minute to 30 days ahead")
    if (shop, CALL_BACK.name, key) in state.items:
        return Rejected("already_promised", key)
    if CALL_BACK.name not in state.rules(shop).at(state.at_ms).by_name:
        return Rejected("no_such_kind", f"the policy of {shop} has no {CALL_BACK.name}")
    return None


def open_call_back(
    state: State, *, shop: str, buyer: str, agent: str, due_ms: int, key: str, text: str = ""
) -> Rejected | None:
    """Open a `call_back` of this key, due at `due_ms`; `agent` has promised it.

    Refused as `may_open_call_back`, and then nothing is changed.
    """
    if refused := may_open_call_back(state, shop=shop, buyer=buyer, due_ms=due_ms, key=key):
        return refused
    thread = state.thread_for(shop, buyer)
    moment = Moment(
        state.at_ms, OPEN_ITEM, key, state.offset, event=Opens.PROMISED.value, due_ms=due_ms
    )
    arrival.arrive(state, thread, moment)
    work = thread.work[f"{CALL_BACK.name}/{key}"]
    work.reason = text
    _give_promise(state, thread, work, agent)
    arrival.hand_out(state, thread)
    return None


def _give_promise(state: State, thread: Thread, work: Work, agent: str) -> None:
    """To who has promised it, where the session's holder is not here to take it."""
    holder = state.seats.get(thread.sub_account)
    if holder is not None and state.pools.on_duty(holder):
        return
    seat = _seat_of(state, agent, thread.shop)
    if seat is not None and state.pools.on_duty(seat):
        assignment.give_work(state, thread, work, seat, "new")


def _seat_of(state: State, agent: str, shop: str) -> Seat | None:
    """The agent's sub-account at this shop, one on duty first."""
    found: Seat | None = None
    for seat_id in state.pools.seats_of.get(agent, ()):
        seat = state.seats[seat_id]
        if seat.shop == shop:
            if state.pools.on_duty(seat):
                return seat
            found = found or seat
    return found


def withdraw(state: State, command: c.WithdrawCallBack) -> Rejected | None:
    """Not needed any more, with a reason; a breach that it has become stands.

    Refused: `reason_needed`, `no_pending_item`, `not_holder`.
    """
    if not command.why.strip():
        return Rejected("reason_needed", "who withdraws a call-back says why")
    thread = state.items.get((command.shop, CALL_BACK.name, command.call_back))
    if thread is None:
        return Rejected("no_pending_item", f"{CALL_BACK.name} {command.call_back}")
    work = thread.work[f"{CALL_BACK.name}/{command.call_back}"]
    if not command.supervisor and work.agent != command.by:
        return Rejected("not_holder", work.agent)
    work.withdrawn_by = command.by
    work.notes = (*work.notes, state.offset)
    _act(state, thread, work, WITHDRAWN)
    return None


def _act(state: State, thread: Thread, work: Work, event: str) -> None:
    moment = Moment(state.at_ms, ITEM_ACT, work.key, state.offset, event=event, category=work.kind)
    arrival.arrive(state, thread, moment)
    arrival.hand_out(state, thread)


# Notes


def note(state: State, command: c.NoteItem) -> Rejected | None:
    """What was done, or what the buyer answered. Meets the kinds that want a note.

    Refused: `text_needed`, `no_pending_item`, `unknown_agent`, `not_holder`.
    """
    if not command.text.strip():
        return Rejected("text_needed", "a note says what was done")
    thread = state.items.get((command.shop, command.kind, command.key))
    if thread is None:
        return Rejected("no_pending_item", f"{command.kind} {command.key}")
    work = thread.work[f"{command.kind}/{command.key}"]
    if not command.supervisor:
        if command.agent not in state.persons:
            return Rejected("unknown_agent", command.agent)
        if work.agent and command.agent not in (work.agent, thread.agent):
            return Rejected("not_holder", work.agent)
    state.touch(thread)
    work.notes = (*work.notes, state.offset)
    state.say(
        ItemNoted(
            at_ms=state.at_ms,
            item=work.id,
            kind=work.kind,
            key=work.key,
            shop=thread.shop,
            buyer=thread.buyer,
            agent=command.agent,
            offset=state.offset,
        )
    )
    _act(state, thread, work, NOTE)
    return None


# Remarks


def remark(state: State, command: c.SetRemark) -> Rejected | None:
    """改备注: the latest stands. The order need not be known here; its buyer must be.

    Refused: `unknown_shop`, `unknown_buyer`, `unknown_agent`, `reason_needed`.
    """
    if refused := inbound.unknown_shop(state, command.shop):
        return refused
    thread = state.thread(command.shop, command.buyer)
    if thread is None:
        return Rejected("unknown_buyer", f"{command.shop} {command.buyer}")
    if not command.supervisor and command.agent not in state.persons:
        return Rejected("unknown_agent", command.agent)
    if not command.reason.strip():
        return Rejected("reason_needed", "a remark says why")
    found = Remark(
        shop=command.shop,
        buyer=command.buyer,
        order=command.order,
        flag=command.flag,
        reason=command.reason,
        agent=command.agent,
        at_ms=state.at_ms,
        offset=state.offset,
    )
    _keep_remark(state, thread, found)
    seat = state.seats.get(thread.sub_account) if thread.agent == command.agent else None
    seat = seat or _seat_of(state, command.agent, command.shop)
    state.say(
        OrderRemarked(
            at_ms=state.at_ms,
            shop=found.shop,
            buyer=found.buyer,
            order=found.order,
            session=thread.session,
            flag=found.flag,
            reason=found.reason,
            agent=found.agent,
            sub_account=seat.id if seat is not None else "",
            offset=found.offset,
        )
    )
    return None


def _keep_remark(state: State, thread: Thread, found: Remark) -> None:
    """It stands with its buyer, and is forgotten with them; an order has one."""
    name = pair_key(found.shop, found.order)
    before = state.remarks.get(name)
    other = state.thread(before.shop, before.buyer) if before is not None else None
    if other is not None and other is not thread:
        state.touch(other)
        other.remarked = tuple(order for order in other.remarked if order != found.order)
    state.touch(thread)
    thread.seen_ms = state.at_ms
    if found.order not in thread.remarked:
        thread.remarked = (*thread.remarked, found.order)
    state.remarks[name] = found
    state.changed(found)
