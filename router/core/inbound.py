"""What platforms tell: each kind of inbound event becomes a moment on the buyer's timeline."""

from __future__ import annotations

from router.core import arrival, assignment, autos, bot_asking, presence
from router.core.commands import (
    MessageRecalled,
    MessageReceived,
    MessageSent,
    OrderChanged,
    PlatformClosed,
    RefundRequested,
    RefundResolved,
    ReviewPosted,
)
from router.core.facts import DeliveryReported, MessageNoted, MessageRecalledNoted
from router.core.outcome import Rejected
from router.core.policy import Opens
from router.core.state import State
from router.core.thread import Thread, add_line
from router.core.view import (
    ANSWERS,
    BUYER,
    CLOSE,
    FAREWELL,
    HUMAN,
    ON_DELIVERY,
    OPEN_ITEM,
    ORDER,
    ORDER_CLOSE,
    RECALL,
    REFUND_ACT,
    REFUND_REQUEST,
    SHOP,
    UNTIMED,
    Moment,
)


def sent_ms(state: State, told_ms: int) -> int:
    """When it was sent: a moment in the future of the log's clock is the log's clock (§2)."""
    return min(told_ms, state.at_ms)


def unknown_shop(state: State, shop: str) -> Rejected | None:
    return None if shop in state.shops else Rejected("unknown_shop", shop)


def message_received(state: State, command: MessageReceived) -> Rejected | None:
    """A buyer wrote (RULES §2, §3)."""
    if refused := unknown_shop(state, command.shop):
        return refused
    thread = state.thread_for(command.shop, command.buyer)
    at_ms = sent_ms(state, command.sent_ms)
    thread.wanted = command.group
    was_open = bool(thread.session)
    flags = FAREWELL if command.farewell else 0
    moment = Moment(at_ms, BUYER, command.message, state.offset, flags, came_ms=state.at_ms)
    judged = arrival.arrive(state, thread, moment)
    thread.wanted = ""
    note_line(state, thread, command.message, at_ms, side="buyer", late=not judged)
    if judged and thread.session:
        _platform_named(state, thread, command.sub_account, at_ms)
    if judged:
        bot_asking.buyer_wrote(state, thread)
    arrival.hand_out(state, thread)
    if judged and was_open and thread.session:
        presence.hand_on_if_absent(state, thread)
    if judged:
        autos.buyer_wrote(state, thread)
    return None


def _platform_named(state: State, thread: Thread, sub_account: str, at_ms: int) -> None:
    """An inbound `sub_account` names the holder: the platform has the last word (§3).

    Not where it is told later than the session changed hands here; not for somebody who has
    gone offline here, who would pay for what they have left; and not for somebody who never
    said to be here, while the session is held or can be.
    """
    seat = state.seats.get(sub_account)
    if seat is None or not seat.agent or seat.shop != thread.shop:
        return
    if seat.id == thread.sub_account or not _is_news(thread, at_ms):
        return
    person = state.persons[seat.agent]
    if person.presence == "offline":
        if person.since_ms or thread.agent or assignment.best(state, thread) is not None:
            return
    assignment.give(state, thread, seat, "platform")


def _is_news(thread: Thread, at_ms: int) -> bool:
    """Whether something sent at `at_ms` comes after the last change of hands."""
    return not thread.holds or at_ms >= thread.holds[-1].at_ms or thread.state == "opened"


def note_line(
    state: State,
    thread: Thread,
    message: str,
    at_ms: int,
    *,
    side: str,
    by: str = "human",
    agent: str = "",
    sub_account: str = "",
    late: bool = False,
) -> None:
    """Remember where the message's words stand, for those who read the session."""
    if thread.session:
        thread.lines = add_line(thread.lines, state.offset)
        session = thread.session
    elif thread.past:
        session = thread.past[-1].id
        last = thread.past[-1].with_line(state.offset)
        thread.past = (*thread.past[:-1], last)
    else:
        thread.lines = add_line(thread.lines, state.offset)  # the next session shows it
        session = ""
    state.say(
        MessageNoted(
            at_ms=state.at_ms,
            session=session,
            shop=thread.shop,
            buyer=thread.buyer,
            message=message,
            offset=state.offset,
            sent_ms=at_ms,
            side="buyer" if side == "buyer" else "shop",
            by="bot" if by == "bot" else "auto" if by == "auto" else "human",
            agent=agent,
            late=late,
            sub_account=sub_account,
        )
    )


def message_sent(state: State, command: MessageSent) -> Rejected | None:
    """The shop's side wrote on the platform; or the platform shows back what we sent."""
    if refused := unknown_shop(state, command.shop):
        return refused
    thread = state.thread_for(command.shop, command.buyer)
    if command.echo_of:
        state.say(
            DeliveryReported(
                at_ms=state.at_ms,
                session=thread.session,
                shop=command.shop,
                buyer=command.buyer,
                message=command.echo_of,
                outcome="delivered",
            )
        )
        return None
    at_ms = sent_ms(state, command.sent_ms)
    policy = state.rules(command.shop).policy
    flags = 0
    if command.by == "human":
        flags = HUMAN | ANSWERS
    elif command.by == "bot" and policy.bots_answer:
        flags = ANSWERS
    moment = Moment(
        at_ms,
        SHOP,
        command.message,
        state.offset,
        flags,
        shows=command.shows,
        came_ms=state.at_ms,
    )
    seat = state.seats.get(command.sub_account)
    agent = seat.agent if seat is not None else ""
    judged = arrival.arrive(state, thread, moment)
    if judged and flags & HUMAN and thread.session:
        if seat is not None and agent and seat.id != thread.sub_account:
            if seat.shop == thread.shop and _is_news(thread, at_ms):
                assignment.give(state, thread, seat, "platform")
        if thread.agent == agent:
            thread.answered = True
    arrival.hand_out(state, thread)
    presence.hand_on_if_left(state, thread, at_ms)
    note_line(
        state,
        thread,
        command.message,
        at_ms,
        side="shop",
        by=command.by,
        agent=agent,
        sub_account=command.sub_account,
        late=not judged,
    )
    return None


def message_recalled(state: State, command: MessageRecalled) -> Rejected | None:
    if refused := unknown_shop(state, command.shop):
        return refused
    thread = state.thread_for(command.shop, command.buyer)
    at_ms = sent_ms(state, command.sent_ms)
    arrival.arrive(state, thread, Moment(at_ms, RECALL, command.message, state.offset))
    arrival.hand_out(state, thread)
    state.say(
        MessageRecalledNoted(
            at_ms=state.at_ms,
            session=thread.session,
            shop=command.shop,
            buyer=command.buyer,
            message=command.message,
        )
    )
    return None


def order_changed(state: State, command: OrderChanged) -> Rejected | None:
    """`order.*`: makes an order known, may open work and a session, may cancel (§2, §9)."""
    if refused := unknown_shop(state, command.shop):
        return refused
    thread = state.thread_for(command.shop, command.buyer)
    rank = ORDER_CLOSE if command.event == "closed" else ORDER
    moment = Moment(
        sent_ms(state, command.sent_ms),
        rank,
        command.order,
        state.offset,
        ON_DELIVERY if command.pay_on_delivery else 0,
        event=command.event,
    )
    arrival.arrive(state, thread, moment)
    arrival.hand_out(state, thread)
    return None


def refund_requested(state: State, command: RefundRequested) -> Rejected | None:
    """A piece of work with a holder of its own; other reasons go to the supervisors (§2)."""
    if refused := unknown_shop(state, command.shop):
        return refused
    thread = state.thread_for(command.shop, command.buyer)
    kind = state.kind(command.shop, "refund")
    timed = kind is not None and (not kind.reasons or command.reason in kind.reasons)
    moment = Moment(
        sent_ms(state, command.sent_ms),
        REFUND_REQUEST,
        command.refund,
        state.offset,
        0 if timed else UNTIMED,
        order=command.order,
    )
    arrival.arrive(state, thread, moment)
    work = thread.work.get(f"refund/{command.refund}")
    if work is not None and work.offset == state.offset:
        work.reason = command.reason
    arrival.hand_out(state, thread)
    return None


def refund_resolved(state: State, command: RefundResolved) -> Rejected | None:
    """Settled on the platform, or here by a person: then only what is pending can be."""
    if refused := unknown_shop(state, command.shop):
        return refused
    if command.by_agent and (command.shop, "refund", command.refund) not in state.items:
        return Rejected("no_pending_refund", command.refund)
    thread = state.thread_for(command.shop, command.buyer)
    at_ms = sent_ms(state, command.sent_ms)
    arrival.arrive(state, thread, Moment(at_ms, REFUND_ACT, command.refund, state.offset))
    arrival.hand_out(state, thread)
    return None


def review_posted(state: State, command: ReviewPosted) -> Rejected | None:
    """Kept in the log; some open a piece of work (§9, review_case)."""
    if refused := unknown_shop(state, command.shop):
        return refused
    at_ms = sent_ms(state, command.sent_ms)
    if not state.rules(command.shop).at(at_ms).opened_by[Opens.REVIEW_POSTED.value]:
        return None
    thread = state.thread_for(command.shop, command.buyer)
    moment = Moment(
        at_ms,
        OPEN_ITEM,
        command.review,
        state.offset,
        event=Opens.REVIEW_POSTED.value,
        order=command.order,
        category=command.rating,
    )
    arrival.arrive(state, thread, moment)
    for work in thread.work.values():
        if work.key == command.review and work.offset == state.offset:
            work.reason = command.rating
    arrival.hand_out(state, thread)
    return None


def platform_closed(state: State, command: PlatformClosed) -> Rejected | None:
    if refused := unknown_shop(state, command.shop):
        return refused
    thread = state.thread_for(command.shop, command.buyer)
    at_ms = sent_ms(state, command.sent_ms)
    arrival.arrive(state, thread, Moment(at_ms, CLOSE, "", state.offset))
    arrival.hand_out(state, thread)
    return None
