"""A buyer's timeline at one shop, and what RULES §2 makes of it: the verdict's own machine.

A `View` is what is known at one point of a timeline: the session, the buyer's wait, the
follow-up that is owed, the orders, the work that is due. `apply` takes the next `Moment`;
`advance` lets time pass and tells what was missed. Both are plain functions of the moments
in order of `sent_ms`: nothing here knows when something arrived, who holds the session, or
what the clock says. `thread` keeps two views of each timeline, one sealed and one live.

Order at the same millisecond is a moment's rank, then its key (RULES §2, "Time"). What is
due at a millisecond comes after all that was sent in it: deadlines include their ends.
"""

from __future__ import annotations

from router.core.pending import (
    ORDER_BITS,
    WITHDRAWN,
    cancel,
    due_ms,
    meet,
    open_item,
    open_told,
    opened_by_order,
    take_over,
    withdraw,
)
from router.core.view import (
    ANSWERED,
    ANSWERS,
    BY_HOLDER,
    BY_SUPERVISOR,
    FAREWELL,
    HUMAN,
    ON_DELIVERY,
    ORDER_CHECKED,
    ORDER_CLOSED,
    ORDER_ON_DELIVERY,
    TAKEN_OVER,
    UNTIMED,
    FollowUp,
    Miss,
    Moment,
    Rules,
    Unanswered,
    View,
    Wait,
    has_open_order,
    idle_end_ms,
)

# Time passes


def advance(view: View, rules: Rules, to_ms: int, missed: list[Miss]) -> None:
    """Let all that is due up to `to_ms` (included) pass, in order; tell what was missed."""
    while True:
        due_ms = _next_due(view, rules)
        if due_ms is None or due_ms > to_ms:
            return
        view.passed_ms = max(view.passed_ms, due_ms)
        _pass(view, rules, due_ms, missed)


def _next_due(view: View, rules: Rules) -> int | None:
    due_ms: int | None = None
    wait = view.wait
    if wait is not None and wait_runs(wait, rules):
        due_ms = wait.due_ms
    if view.follow_up is not None and (due_ms is None or view.follow_up.due_ms < due_ms):
        due_ms = view.follow_up.due_ms
    for item in view.pending:
        if item.running and (due_ms is None or item.due_ms < due_ms):
            due_ms = item.due_ms
    if view.opened_ms >= 0:
        end_ms = idle_end_ms(view, rules)
        if due_ms is None or end_ms < due_ms:
            due_ms = end_ms
    return due_ms


def wait_runs(wait: Wait, rules: Rules) -> bool:
    """Whether its deadline is to come: not missed yet, or counted again and not all recalled."""
    return not wait.missed or bool(
        rules.at(wait.armed_ms).policy.reply_repeat_ms and wait.unanswered
    )


def _pass(view: View, rules: Rules, due_ms: int, missed: list[Miss]) -> None:
    wait = view.wait
    repeat_ms = rules.at(wait.armed_ms).policy.reply_repeat_ms if wait is not None else 0
    if wait is not None and wait.due_ms == due_ms and wait_runs(wait, rules):
        first = wait.unanswered[0]
        missed.append(
            Miss("reply", "", "", first.true_ms, due_ms, 0, 0, first.offset, first.came_ms)
        )
        wait.missed = True
        wait.told = 0
        if repeat_ms:
            wait.due_ms += repeat_ms
        if view.closing:
            end_session(view, due_ms, "platform")
    owed = view.follow_up
    if owed is not None and owed.due_ms == due_ms:
        missed.append(
            Miss(
                "follow_up",
                "",
                "",
                owed.start_ms,
                due_ms,
                owed.asked_ms,
                owed.from_ms,
                owed.offset,
                owed.came_ms,
            )
        )
        view.follow_up = None
    for item in view.pending:
        if item.running and item.due_ms == due_ms:
            missed.append(
                Miss(
                    item.kind,
                    item.key,
                    item.order,
                    item.armed_ms,
                    due_ms,
                    0,
                    0,
                    item.offset,
                    done=item.done,
                )
            )
            item.missed = True
    if view.opened_ms >= 0 and idle_end_ms(view, rules) == due_ms:
        end_session(view, due_ms, "idle")


def end_session(view: View, at_ms: int, why: str) -> None:
    """With the session its wait and its follow-up end; order checks and refunds run on."""
    view.opened_ms = -1
    view.ended_ms = at_ms
    view.ended_why = why
    view.closing = False
    view.wait = None
    view.follow_up = None


def open_session(view: View, at_ms: int) -> None:
    view.sessions += 1
    view.opened_ms = at_ms
    view.active_ms = at_ms
    view.closing = False


# Moments


def apply(view: View, rules: Rules, moment: Moment, missed: list[Miss]) -> None:
    """Take the next moment: all before it in the timeline's order has been taken."""
    rules = rules.at(moment.sent_ms)
    advance(view, rules, moment.sent_ms - 1, missed)
    _APPLY[moment.rank](view, rules, moment)


def _buyer(view: View, rules: Rules, moment: Moment) -> None:
    at_ms = moment.sent_ms
    if view.opened_ms < 0:
        open_session(view, at_ms)
    view.active_ms = max(view.active_ms, at_ms)
    view.follow_up = None
    if moment.key in view.recalled:
        view.recalled = tuple(m for m in view.recalled if m != moment.key)
        return  # counts as unsent for deadlines, but keeps the session open
    view.closing = False
    if moment.flags & ANSWERED:
        return
    line = Unanswered(
        at_ms,
        moment.key,
        bool(moment.flags & FAREWELL),
        moment.offset,
        moment.true_ms or at_ms,
        moment.came_ms,
    )
    if view.wait is None:
        view.wait = Wait(at_ms, at_ms + rules.policy.reply_ms, [line])
    else:
        repeat_ms = rules.at(view.wait.armed_ms).policy.reply_repeat_ms
        if repeat_ms and view.wait.missed and not view.wait.unanswered:
            view.wait.due_ms = max(view.wait.due_ms, at_ms + repeat_ms)  # all were recalled
        view.wait.unanswered.append(line)


RECALLED_KEPT = 16
"""How many recalls of messages that have not come are remembered for each buyer."""


def _recall(view: View, rules: Rules, moment: Moment) -> None:
    wait = view.wait
    if wait is None or all(line.message != moment.key for line in wait.unanswered):
        view.recalled = (*view.recalled, moment.key)[-RECALLED_KEPT:]
        return
    answer_wait(
        view,
        [line for line in wait.unanswered if line.message != moment.key],
        rules,
        moment.sent_ms,
    )


def answer_wait(view: View, left: list[Unanswered], rules: Rules, at_ms: int) -> None:
    """Only these messages still wait: the deadline is that of the earliest, or none.

    A missed wait stays one until an agent has answered, even when nothing is left of it: it is
    charged once.
    """
    wait = view.wait
    assert wait is not None
    wait.unanswered = left
    if not left:
        if not wait.missed:
            view.wait = None
        if view.closing:
            end_session(view, at_ms, "platform")
    elif left[0].sent_ms != wait.armed_ms and not wait.missed:
        wait.armed_ms = left[0].sent_ms
        wait.due_ms = left[0].sent_ms + rules.at(left[0].sent_ms).policy.reply_ms
        wait.told = 0


def _order(view: View, rules: Rules, moment: Moment) -> None:
    bits = view.orders.get(moment.key, 0)
    if bits & ORDER_CLOSED:
        return  # an order already closed arms and opens nothing
    is_first = not bits & ORDER_BITS[moment.event]
    bits |= ORDER_BITS[moment.event]
    if moment.flags & ON_DELIVERY:
        bits |= ORDER_ON_DELIVERY
    view.orders[moment.key] = bits
    view.follow_up = None
    event = f"order.{moment.event}"
    cancel(view, rules, event, moment.key, moment.sent_ms)
    for kind in rules.opened_by[event]:
        if not opened_by_order(kind, bits):
            continue
        if kind.in_session_only:
            if bits & ORDER_CHECKED or not _covers_order(view, rules, moment.sent_ms):
                continue
            view.orders[moment.key] = bits | ORDER_CHECKED
            if view.opened_ms < 0:
                open_session(view, moment.sent_ms)
        elif not is_first:
            continue
        due_at_ms = due_ms(kind, moment.sent_ms)
        open_item(view, kind, moment, order=moment.key, due_at_ms=due_at_ms)


def _covers_order(view: View, rules: Rules, at_ms: int) -> bool:
    if view.opened_ms >= 0 or rules.policy.check_all_orders:
        return True
    return view.ended_ms >= 0 and at_ms <= view.ended_ms + rules.policy.order_window_ms


def _order_close(view: View, rules: Rules, moment: Moment) -> None:
    view.orders[moment.key] = view.orders.get(moment.key, 0) | ORDER_CLOSED
    cancel(view, rules, "order.closed", moment.key, moment.sent_ms)


def _shop(view: View, rules: Rules, moment: Moment) -> None:
    if view.opened_ms >= 0:
        view.active_ms = max(view.active_ms, moment.sent_ms)
    if view.pending:
        meet(view, rules, moment)
    if moment.flags & ANSWERS:
        _answer(view, rules, moment)


def _answer(view: View, rules: Rules, moment: Moment) -> None:
    at_ms = moment.sent_ms
    view.answered_ms = max(view.answered_ms, at_ms)
    wait = view.wait
    if wait is not None:
        last = wait.unanswered[-1] if wait.unanswered else None
        view.wait = None
        if view.closing:
            end_session(view, at_ms, "platform")
        elif (
            moment.flags & HUMAN
            and last is not None
            and not last.farewell
            and not has_open_order(view)
        ):
            view.follow_up = FollowUp(
                at_ms,
                at_ms + rules.policy.follow_up_from_ms,
                at_ms + rules.policy.follow_up_to_ms,
                last.true_ms,
                moment.offset,
                came_ms=max(moment.came_ms, last.came_ms),
            )
    elif moment.flags & HUMAN and view.follow_up is not None:
        if at_ms >= view.follow_up.from_ms:
            view.follow_up = None


def _refund_request(view: View, rules: Rules, moment: Moment) -> None:
    for kind in rules.opened_by["refund.requested"]:
        due_at_ms = 0 if moment.flags & UNTIMED else due_ms(kind, moment.sent_ms)
        open_item(view, kind, moment, order=moment.order, due_at_ms=due_at_ms)


def _refund_act(view: View, rules: Rules, moment: Moment) -> None:
    if moment.flags & TAKEN_OVER:
        take_over(view, rules, moment.key)
    else:
        meet(view, rules, moment)


def _close(view: View, rules: Rules, moment: Moment) -> None:
    del rules
    if view.opened_ms < 0:
        return
    if moment.flags & (BY_HOLDER | BY_SUPERVISOR):
        why = "holder" if moment.flags & BY_HOLDER else "supervisor"
        end_session(view, moment.sent_ms, why)
    elif view.wait is not None and not view.wait.missed:
        view.closing = True
    else:
        end_session(view, moment.sent_ms, "platform")


def _item_act(view: View, rules: Rules, moment: Moment) -> None:
    if moment.event == WITHDRAWN:
        withdraw(view, moment)
    else:
        meet(view, rules, moment)


_APPLY = (
    _buyer,
    _recall,
    _order,
    _shop,
    _order_close,
    _refund_request,
    _refund_act,
    _close,
    open_told,
    _item_act,
)
