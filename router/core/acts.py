"""What people do with sessions, refunds and breaches: checked whole, then done."""

from __future__ import annotations

from router.core import arrival, assignment, inbound, ledger
from router.core.commands import (
    ClaimSession,
    CloseSession,
    EscalateRefund,
    ReassignAgent,
    ReportDelivery,
    TakeOverRefund,
    TransferSession,
    WaiveBreach,
    WriteMessage,
)
from router.core.facts import DeliveryReported, DeliveryRequested, ItemEscalated
from router.core.outcome import Rejected
from router.core.records import Breach, Seat
from router.core.state import State, thread_key
from router.core.thread import Hold, Thread, view_at
from router.core.view import (
    ANSWERS,
    BY_HOLDER,
    BY_SUPERVISOR,
    CLOSE,
    HUMAN,
    REFUND_ACT,
    SHOP,
    TAKEN_OVER,
    Moment,
    is_waiting,
)


def _open_thread(state: State, shop: str, buyer: str) -> Thread | Rejected:
    thread = state.thread(shop, buyer)
    if thread is None or not thread.session:
        return Rejected("no_open_session", f"{shop} {buyer}")
    return thread


def close_session(state: State, command: CloseSession) -> Rejected | None:
    """Refused while the buyer waits or a follow-up is owed; a supervisor may, with a reason (§2).

    Judged by what is known of the moment of the act.
    """
    thread = _open_thread(state, command.shop, command.buyer)
    if isinstance(thread, Rejected):
        return thread
    if command.supervisor and not command.reason:
        return Rejected("reason_needed", "a supervisor who closes a session says why")
    if not command.supervisor and thread.agent != command.agent:
        return Rejected("not_holder", thread.agent)
    at_ms = inbound.sent_ms(state, command.sent_ms)
    if at_ms < state.horizon_ms(thread.shop, state.at_ms):
        at_ms = state.at_ms
    view = view_at(thread, state.rules(thread.shop), at_ms)
    if not view.open:
        return Rejected("no_open_session", f"{command.shop} {command.buyer}")
    if not command.supervisor:
        if is_waiting(view):
            return Rejected("buyer_waiting")
        if view.follow_up is not None:
            return Rejected("follow_up_owed")
    flag = BY_SUPERVISOR if command.supervisor else BY_HOLDER
    arrival.arrive(state, thread, Moment(at_ms, CLOSE, "", state.offset, flag))
    arrival.hand_out(state, thread)
    return None


def _target(state: State, thread: Thread, sub_account: str) -> Seat | Rejected:
    """A sub-account of this shop whose operator is here."""
    seat = state.seats.get(sub_account)
    if seat is None:
        return Rejected("unknown_sub_account", sub_account)
    if seat.shop != thread.shop:
        return Rejected("other_shop", f"{sub_account} belongs to {seat.shop}")
    if not seat.agent:
        return Rejected("nobody_signed_on", sub_account)
    if seat.id == thread.sub_account:
        return Rejected("already_holds", sub_account)
    if state.persons[seat.agent].presence == "offline":
        return Rejected("agent_offline", seat.agent)
    return seat


def transfer_session(state: State, command: TransferSession) -> Rejected | None:
    """An agent gives their own away, to somebody who can take it; a supervisor to anybody here."""
    thread = _open_thread(state, command.shop, command.buyer)
    if isinstance(thread, Rejected):
        return thread
    if not command.supervisor and (not thread.agent or command.by not in ("", thread.agent)):
        return Rejected("not_holder", thread.agent)
    seat = _target(state, thread, command.to)
    if isinstance(seat, Rejected):
        return seat
    if command.supervisor:
        assignment.give(state, thread, seat, "reassign")
        return None
    same_person = seat.agent == thread.agent
    if not same_person and not state.pools.available(seat):
        return Rejected("cannot_take", seat.id)
    assignment.give(state, thread, seat, "transfer", given=True)
    return None


def claim_session(state: State, command: ClaimSession) -> Rejected | None:
    """An agent takes a session that nobody holds."""
    thread = _open_thread(state, command.shop, command.buyer)
    if isinstance(thread, Rejected):
        return thread
    if thread.agent:
        return Rejected("held_by_somebody", thread.agent)
    seat = state.pools.seat_of(command.agent, thread.shop)
    if seat is None:
        return Rejected("cannot_take", command.agent)
    assignment.give(state, thread, seat, "from_queue")
    return None


def reassign_agent(state: State, command: ReassignAgent) -> Rejected | None:
    """A supervisor moves all that an agent holds."""
    if command.agent not in state.persons:
        return Rejected("unknown_agent", command.agent)
    if command.to:
        if command.to not in state.persons or command.to == command.agent:
            return Rejected("unknown_agent", command.to)
        if state.persons[command.to].presence == "offline":
            return Rejected("agent_offline", command.to)
    for thread in state.held_by(command.agent):
        _reassign(state, thread, command)
    return None


def _reassign(state: State, thread: Thread, command: ReassignAgent) -> None:
    seat = _seat_at(state, command.to, thread.shop) if command.to else None
    if thread.agent == command.agent:
        if seat is not None:
            assignment.give(state, thread, seat, "reassign")
        elif not assignment.move(state, thread, "reassign", but_not=command.agent):
            assignment.enqueue(state, thread)
    for work in list(thread.work.values()):
        if work.agent == command.agent:
            if seat is not None:
                assignment.give_work(state, thread, work, seat, "reassign")
            else:
                assignment.assign_work(state, thread, work, but_not=command.agent)
                state.freed[command.agent] = None  # where nobody else is here, it comes back


def _seat_at(state: State, agent: str, shop: str) -> Seat | None:
    """The agent's sub-account at this shop, full or not; one with room first."""
    seat = state.pools.seat_of(agent, shop)
    if seat is not None:
        return seat
    for seat_id in state.pools.seats_of.get(agent, ()):
        if state.seats[seat_id].shop == shop:
            return state.seats[seat_id]
    return None


def write_message(state: State, command: WriteMessage) -> Rejected | None:
    """An agent answers here: sent now, then delivered to the platform (§2)."""
    thread = _open_thread(state, command.shop, command.buyer)
    if isinstance(thread, Rejected):
        return thread
    if thread.agent != command.agent:
        return Rejected("not_holder", thread.agent)
    sub_account, session = thread.sub_account, thread.session
    moment = Moment(
        state.at_ms,
        SHOP,
        command.message,
        state.offset,
        HUMAN | ANSWERS if command.by == "human" else 0,
        shows=command.shows,
        category=command.category,
    )
    inbound.note_line(
        state,
        thread,
        command.message,
        state.at_ms,
        side="shop",
        by=command.by,
        agent=command.agent,
        sub_account=sub_account,
    )
    thread.answered = True
    state.say(
        DeliveryRequested(
            at_ms=state.at_ms,
            session=session,
            shop=thread.shop,
            buyer=thread.buyer,
            message=command.message,
            sub_account=sub_account,
            kind=command.kind,
            by=command.by,
            expires_ms=state.at_ms + state.rules(thread.shop).policy.message_expiry_ms,
            offset=state.offset,
        )
    )
    arrival.arrive(state, thread, moment)
    arrival.hand_out(state, thread)
    return None


def escalate_refund(state: State, command: EscalateRefund) -> Rejected | None:
    """Asks a supervisor; asking alone does not stop the clock (§2)."""
    thread = state.items.get((command.shop, "refund", command.refund))
    if thread is None:
        return Rejected("no_pending_refund", command.refund)
    work = thread.work[f"refund/{command.refund}"]
    if work.agent and command.agent and work.agent != command.agent:
        return Rejected("not_holder", work.agent)
    state.touch(thread)
    work.escalated_by = command.agent
    work.escalation = command.reason
    work.for_supervisors = True
    state.say(
        ItemEscalated(
            at_ms=state.at_ms,
            item=work.id,
            key=work.key,
            shop=thread.shop,
            agent=command.agent,
            reason=command.reason,
        )
    )
    return None


def take_over_refund(state: State, command: TakeOverRefund) -> Rejected | None:
    """A supervisor has it now: the deadline is met, the refund still to be settled (§2)."""
    thread = state.items.get((command.shop, "refund", command.refund))
    if thread is None:
        return Rejected("no_pending_refund", command.refund)
    at_ms = inbound.sent_ms(state, command.sent_ms)
    work = thread.work[f"refund/{command.refund}"]
    work.for_supervisors = True
    state.touch(thread)
    work.taken_by = command.supervisor
    work.queued = False
    work.holds.append(Hold(state.at_ms, "", "", "taken_over", False, state.offset))
    state.queue.drop(thread_key(thread.shop, thread.buyer), f"{work.kind}/{work.key}")
    moment = Moment(at_ms, REFUND_ACT, command.refund, state.offset, TAKEN_OVER)
    arrival.arrive(state, thread, moment)
    arrival.hand_out(state, thread)
    return None


def waive_breach(state: State, command: WaiveBreach) -> Rejected | None:
    """Lifts the charge, with a reason; the breach stands (§1)."""
    if not command.why:
        return Rejected("reason_needed", "a waiver says why")
    breach = _find_breach(state, command)
    if breach is None:
        return Rejected("no_such_breach", command.breach or f"{command.rule} {command.buyer}")
    if breach.waived:
        return Rejected("already_waived", breach.id)
    ledger.waive(state, breach, by=command.supervisor, why=command.why)
    return None


def _find_breach(state: State, command: WaiveBreach) -> Breach | None:
    if command.breach:
        return state.breaches.get(command.breach)
    wanted = (command.shop, command.rule, command.buyer, command.due_ms)
    for breach in state.breaches.values():
        if (breach.shop, breach.rule, breach.buyer, breach.due_ms) == wanted:
            if not breach.waived:
                return breach
    return None


def report_delivery(state: State, command: ReportDelivery) -> Rejected | None:
    """What became of a message that was sent out: shown to the agent."""
    thread = state.thread(command.shop, command.buyer)
    state.say(
        DeliveryReported(
            at_ms=state.at_ms,
            session=thread.session if thread else "",
            shop=command.shop,
            buyer=command.buyer,
            message=command.message,
            outcome=command.outcome,
            detail=command.detail,
        )
    )
    return None
