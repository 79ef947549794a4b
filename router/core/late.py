"""What arrives later than the lateness can only take away (RULES §2).

The horizon has passed the moment: what lies before it is sealed. So the sealed view is not
folded again; what the latecomer shows to be unowed is struck from it. An agent's message or
an act that came late ends waits and settles work that it answered in time, and starts nothing.
A buyer's message or an order is judged as though sent when it was received — unless an
agent's message sent after it is known — but a silence that it broke was none.
"""

from __future__ import annotations

import msgspec

from router.core.pending import cancel, meet
from router.core.state import State
from router.core.thread import Thread, answer_retimed, sealed_view, set_sealed
from router.core.timeline import answer_wait, end_session
from router.core.view import (
    ANSWERS,
    BUYER,
    CLOSE,
    HUMAN,
    ORDER,
    ORDER_CLOSE,
    RECALL,
    REFUND_ACT,
    SHOP,
    TAKEN_OVER,
    Moment,
    Rules,
    View,
)


def take_away(state: State, thread: Thread, moment: Moment) -> Moment | None:
    """Strike what the late moment disproves; the moment to judge instead, if there is one."""
    rules = state.rules(thread.shop)
    view = sealed_view(thread)
    now = msgspec.structs.replace(moment, sent_ms=state.at_ms)
    still: Moment | None = now
    if moment.rank == SHOP:
        _shop(thread, view, rules, moment)
        still = None
    elif moment.rank == BUYER:
        still = _buyer(thread, view, moment, now)
    elif moment.rank == RECALL:
        still = _recall(view, rules, moment, now)
    elif moment.rank == ORDER:
        _break_silence(view, -1, moment.sent_ms)
        cancel(view, rules, f"order.{moment.event}", moment.key, moment.sent_ms)
    elif moment.rank == ORDER_CLOSE:
        cancel(view, rules, "order.closed", moment.key, moment.sent_ms)
    elif moment.rank == REFUND_ACT:
        if not moment.flags & TAKEN_OVER and meet(view, rules, moment):
            still = None
    elif moment.rank == CLOSE and thread.live.active_ms > moment.sent_ms:
        still = None  # somebody has written since: it closed an earlier exchange
    set_sealed(thread, view)
    return still


def _break_silence(view: View, since_ms: int, sent_ms: int) -> None:
    owed = view.follow_up
    if owed is not None and since_ms < sent_ms <= owed.due_ms:
        view.follow_up = None


def _buyer(thread: Thread, view: View, moment: Moment, now: Moment) -> Moment | None:
    if view.follow_up is not None:
        _break_silence(view, view.follow_up.start_ms, moment.sent_ms)
    if thread.live.answered_ms >= moment.sent_ms:
        return None
    return msgspec.structs.replace(now, true_ms=moment.sent_ms)


def _recall(view: View, rules: Rules, moment: Moment, now: Moment) -> Moment | None:
    wait = view.wait
    if wait is None or all(line.message != moment.key for line in wait.unanswered):
        return now
    left = [line for line in wait.unanswered if line.message != moment.key]
    answer_wait(view, left, rules, moment.sent_ms)
    return None


def _shop(thread: Thread, view: View, rules: Rules, moment: Moment) -> None:
    sent_ms = moment.sent_ms
    if view.open:
        view.active_ms = max(view.active_ms, sent_ms)
    meet(view, rules, moment)
    if moment.flags & HUMAN:
        _follow_up(view, sent_ms)
    if moment.flags & ANSWERS:
        view.answered_ms = max(view.answered_ms, sent_ms)
        _end_wait(view, rules, sent_ms)
        answer_retimed(thread, sent_ms)


def _follow_up(view: View, sent_ms: int) -> None:
    """It asked in time; or it was the true answer, and the silence began at another moment."""
    owed = view.follow_up
    if owed is None:
        return
    asked = owed.from_ms <= sent_ms <= owed.due_ms
    if asked or owed.asked_ms <= sent_ms < owed.start_ms:
        view.follow_up = None


def _end_wait(view: View, rules: Rules, sent_ms: int) -> None:
    wait = view.wait
    if wait is None:
        return
    left = [line for line in wait.unanswered if line.true_ms > sent_ms]
    if not left:
        view.wait = None
        if view.closing:
            end_session(view, sent_ms, "platform")
    elif len(left) < len(wait.unanswered):
        answer_wait(view, left, rules, sent_ms)
