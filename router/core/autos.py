"""Automatic texts: out of the service hours, while a buyer waits, and those of other rules.

They are sent in nobody's place (`by="auto"`): they answer no wait, start no follow-up, and keep
the session from ending by itself like any other message (RULES §2). Each of the two that are
decided here goes to a buyer at most once in a session, and at most once in `auto_period_ms`.
What was said is remembered with the session, as it was sent: it stands in no entry of the
inbox, and a policy changes. The default policy sends nothing of its own accord.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from router.core.facts import DeliveryRequested
from router.core.memos import AutoLine, Autos, AutoSent
from router.core.policy import in_service
from router.core.state import State
from router.core.thread import Thread, take
from router.core.view import SHOP, Moment, idle_end_ms, is_waiting

LINES_KEPT = 20
"""Automatic texts remembered of a session: the first ones."""
TEXT_KEPT = 500
"""Characters remembered of each."""

OUT_OF_HOURS = "out_of_hours"
WAITING = "waiting"


def send(
    state: State, thread: Thread, message: str, text: str, *, sub_account: str, which: str = ""
) -> None:
    """Ask for an automatic text to be sent to the buyer, and remember it."""
    expiry_ms = state.rules(thread.shop).policy.message_expiry_ms
    state.say(
        DeliveryRequested(
            at_ms=state.at_ms,
            session=thread.session,
            shop=thread.shop,
            buyer=thread.buyer,
            message=message,
            sub_account=sub_account,
            kind="text",
            by="auto",
            expires_ms=state.at_ms + expiry_ms,
            offset=0,
            text=text,
        )
    )
    which = which or message.partition("-")[0]
    _remember(thread, AutoLine(state.at_ms, message, which, text[:TEXT_KEPT], sub_account, 0))
    state.touch(thread)


def _remember(thread: Thread, line: AutoLine) -> None:
    """With the open session; else with the last one, as a message would be."""
    if thread.session:
        autos = thread.autos = thread.autos or Autos()
        if len(autos.lines) < LINES_KEPT:
            autos.lines = (*autos.lines, _behind(line, thread.lines))
    elif thread.past and len(thread.past[-1].autos) < LINES_KEPT:
        last = thread.past[-1]
        last = replace(last, autos=(*last.autos, _behind(line, last.lines)))
        thread.past = (*thread.past[:-1], last)


def _behind(line: AutoLine, lines: bytes) -> AutoLine:
    return replace(line, after=int.from_bytes(lines[-6:], "big"))


def taken_away(thread: Thread) -> tuple[AutoLine, ...]:
    """The session has ended: its texts, to be kept with it."""
    autos = thread.autos
    if autos is None:
        return ()
    lines, autos.lines = autos.lines, ()
    if not autos.sent:
        thread.autos = None
    return lines


def keep_active(state: State, thread: Thread, message: str) -> None:
    """Let an automatic text that is sent now count as the session's latest message.

    Not where something due at this very moment has passed already, or where the session has
    ended by itself as far as is known: the text comes after it.
    """
    rules, live = state.rules(thread.shop), thread.live
    if not live.open or live.passed_ms >= state.at_ms or idle_end_ms(live, rules) < state.at_ms:
        return
    moment = Moment(state.at_ms, SHOP, message, state.offset, came_ms=state.at_ms)
    horizon_ms = state.horizon_ms(thread.shop, state.at_ms)
    take(thread, rules, moment, state.at_ms, horizon_ms)
    state.touch(thread)


def buyer_wrote(state: State, thread: Thread) -> None:
    """Outside the service hours a buyer is told so."""
    text = state.rules(thread.shop).policy.out_of_hours_text
    if text and thread.session and _may(state, thread, OUT_OF_HOURS, state.at_ms):
        if not in_service(state.shop(thread.shop).service_hours, state.at_ms):
            _send_once(state, thread, OUT_OF_HOURS, text)


def moments(state: State, thread: Thread) -> Iterator[int]:
    """When the buyer has waited long enough to be told something."""
    wait_ms = _comfort_ms(state, thread)
    if wait_ms >= 0:
        yield wait_ms


def fire(state: State, thread: Thread) -> None:
    """Tell who has waited; before the deadlines of this moment pass."""
    if 0 <= _comfort_ms(state, thread) <= state.at_ms:
        _send_once(state, thread, WAITING, state.rules(thread.shop).policy.waiting_text)


def _comfort_ms(state: State, thread: Thread) -> int:
    """When the waiting buyer is told that we know; -1: never. Not outside the service hours:
    nobody is there, and the other text says so."""
    policy = state.rules(thread.shop).policy
    wait = thread.live.wait
    if not policy.waiting_text or not thread.session or wait is None or not is_waiting(thread.live):
        return -1
    at_ms = wait.armed_ms + policy.waiting_after_ms
    if not in_service(state.shop(thread.shop).service_hours, at_ms):
        return -1
    return at_ms if _may(state, thread, WAITING, at_ms) else -1


def _may(state: State, thread: Thread, which: str, at_ms: int) -> bool:
    before = thread.autos.sent.get(which) if thread.autos is not None else None
    if before is None:
        return True
    period_ms = state.rules(thread.shop).policy.auto_period_ms
    return before.session != thread.session and at_ms >= before.at_ms + period_ms


def _send_once(state: State, thread: Thread, which: str, text: str) -> None:
    message = f"{which}-{thread.session}"
    send(state, thread, message, text, sub_account=thread.sub_account, which=which)
    keep_active(state, thread, message)
    autos = thread.autos = thread.autos or Autos()
    autos.sent = {**autos.sent, which: AutoSent(thread.session, state.at_ms)}
