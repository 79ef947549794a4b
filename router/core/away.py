"""The fourth reception rule: who leaves tells their buyers, and answers them when back (RULES §1).

Two acts break it. Somebody tells their buyers that they leave, comes back, and leaves one of
them without an answer for `away_return_ms` (both ends included): a *told* buyer. Or their
console falls silent while buyers wait whom they neither told nor transferred, and such a wait
is missed: a *silence*. Readings, each in favour of the agent where the rule can be read two ways:

- A told buyer is answered by any person's message in their thread sent from the telling on, also
  one sent while the agent was still away. Nothing is owed to a buyer whose last message before
  the telling was a farewell, who takes leave, or who recalls what they asked; nor when the
  session ends or goes to somebody else in time. What was sent decides, whenever it arrives.
- Only the agent's own word brings them back: a supervisor who sets them online starts no clock.
  Leaving again in time ends the clock: with `inform` they are told again, with `transfer` they
  are gone, and with neither (nobody waits in the sense of §2) they stay told until the next return.
- One breach at most for each coming back and for each silence: of the first session that is
  judged missed, by verdict, due, then number. Whether it is charged or not, no other follows.
- A told buyer who wrote again waits by the reply rule, too. Where that wait began before this
  deadline was over it is judged first, and if it is charged to the same agent, this one is not
  (`charged_as_reply`). A wait that begins later is another one.
- A silence counts where the wait had begun before the console was gone, and where the agent was
  not back in any presence by the wait's deadline: else the reply rule alone decides. Who pays for
  the reply pays for it alone: the same agent (`charged_as_reply`), or whoever had taken the buyer
  over in time and did not answer (`charged_to_who_took_it`).
- Who had got the session less than `grace` before the deadline, or heard of the message that
  late, is not charged; nor anybody out of the service hours.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from router.core.away_verdicts import RULE, asked_ms_of, is_judged, judge, reply_verdict_ms
from router.core.facts import (
    DeadlineArmed,
    DeadlineMissed,
    DeadlineSettled,
    DeadlineWarned,
    DeadlineWithdrawn,
)
from router.core.memos import Silence, Told
from router.core.state import State
from router.core.thread import Thread
from router.core.view import BUYER, FAREWELL, HUMAN, RECALL, SHOP, Moment

ASKED_KEPT = 50


# Leaving and coming back


def tell(state: State, thread: Thread) -> None:
    """The session's holder tells the buyer that they leave; before the wait is answered by it."""
    before = next((told for told in thread.told if _runs(state, told)), None)
    wait = thread.live.wait
    if wait is not None and wait.unanswered:
        last = wait.unanswered[-1]
        last_ms, message, leaving = last.true_ms, last.message, last.farewell
        asked = tuple(line.message for line in wait.unanswered[-ASKED_KEPT:])
    elif before is not None:
        last_ms, message, leaving = before.last_ms, before.last_message, before.leaving
        asked = before.asked
    else:
        return
    let_go(state, thread)
    told = Told(
        agent=thread.agent,
        sub_account=thread.sub_account,
        session=thread.session,
        told_ms=state.at_ms,
        offset=state.offset,
        last_ms=last_ms,
        last_message=message,
        leaving=leaving,
        asked=asked,
    )
    thread.told = (*thread.told, told)
    state.touch(thread)


def came_back(state: State, agent: str) -> None:
    """They are here again, by their own word: whom they told gets an answer now."""
    for thread in state.held_by(agent):
        if thread.told and thread.agent == agent:
            thread.told = tuple(_armed(state, thread, told) for told in thread.told)
            state.touch(thread)


def _armed(state: State, thread: Thread, told: Told) -> Told:
    policy = state.rules(thread.shop).policy
    if told.back_ms or told.leaving or not policy.away_return_ms:
        return told
    due_ms = state.at_ms + policy.away_return_ms
    told = replace(told, back_ms=state.at_ms, back_offset=state.offset, due_ms=due_ms)
    _say(state, thread, told, DeadlineArmed)
    return told


def owed(state: State, agent: str) -> list[Thread]:
    """The threads whose buyers this agent told, and has to answer now."""
    return [
        thread
        for thread in state.held_by(agent)
        if thread.agent == agent
        and any(told.due_ms and not told.leaving and _runs(state, told) for told in thread.told)
    ]


def suspend(state: State, thread: Thread) -> None:
    """They leave again, and nobody waits in the sense of §2: the buyer stays told."""
    kept: list[Told] = []
    for told in thread.told:
        if told.due_ms and _runs(state, told):
            _say_settled(state, thread, told)
            told = replace(told, back_ms=0, back_offset=0, due_ms=0, warned=False)
        kept.append(told)
    thread.told = tuple(kept)
    state.touch(thread)


def fell_silent(state: State, thread: Thread, since_ms: int, presence_offset: int) -> None:
    """The holder's console is gone while this buyer waits; before anybody else has it."""
    wait = thread.live.wait
    if wait is None or wait.missed or asked_ms_of(wait) > since_ms:
        return
    first, hold = wait.unanswered[0], thread.holds[-1]
    silence = Silence(
        agent=thread.agent,
        sub_account=thread.sub_account,
        session=thread.session,
        since_ms=since_ms,
        gone_ms=state.at_ms,
        held_ms=hold.at_ms,
        came_ms=first.came_ms,
        asked_offset=first.offset,
        presence_offset=presence_offset,
        offset=state.offset,
    )
    thread.silences = (*thread.silences, silence)
    state.touch(thread)


# What ends a debt


def let_go(state: State, thread: Thread) -> None:
    """The session goes to somebody else, or its buyer is told anew."""
    _drop(state, thread, state.at_ms)


def ended(state: State, thread: Thread, ended_ms: int) -> None:
    """The session has ended at this moment of its timeline."""
    _drop(state, thread, min(ended_ms, state.at_ms))


def _drop(state: State, thread: Thread, at_ms: int) -> None:
    if not thread.told:
        return
    for told in thread.told:
        if _open_at(told, at_ms):
            _say_settled(state, thread, told)
    thread.told = tuple(told for told in thread.told if not _open_at(told, at_ms))
    state.touch(thread)


def heard(state: State, thread: Thread, moment: Moment) -> None:
    """Something of this buyer's timeline arrives, at whatever time it was sent."""
    kept: list[Told] = []
    for told in thread.told:
        left = _after(told, moment)
        if left is None:
            _say_settled(state, thread, told)
        else:
            kept.append(left)
    thread.told = tuple(kept)


def _after(told: Told, moment: Moment) -> Told | None:
    """The debt with this moment known; None when there is none any more."""
    sent_ms = moment.sent_ms
    in_time = not told.due_ms or sent_ms <= told.due_ms
    if moment.rank == SHOP and moment.flags & HUMAN:
        return None if in_time and told.told_ms <= sent_ms else told
    if moment.rank == RECALL and in_time and moment.key in told.asked:
        asked = tuple(message for message in told.asked if message != moment.key)
        return replace(told, asked=asked) if asked else None
    if moment.rank != BUYER:
        return told
    farewell = bool(moment.flags & FAREWELL)
    if sent_ms > told.told_ms:
        return None if farewell and in_time else told
    if (sent_ms, moment.key) > (told.last_ms, told.last_message):
        asked = (*told.asked, moment.key)[-ASKED_KEPT:]
        return replace(
            told, last_ms=sent_ms, last_message=moment.key, leaving=farewell, asked=asked
        )
    return told


def extend(thread: Thread, from_ms: int, by_ms: int) -> None:
    """An outage at a shop whose agents have our console alone: more time (RULES §2)."""
    thread.told = tuple(
        replace(told, due_ms=told.due_ms + by_ms) if told.due_ms >= from_ms else told
        for told in thread.told
    )


# The clock


def moments(state: State, thread: Thread) -> Iterator[int]:
    """When the clock is to stop at this thread for this rule."""
    policy = state.rules(thread.shop).policy
    for told in thread.told:
        if told.due_ms:
            if _wants_warning(told, policy.warn_before_ms):
                yield told.due_ms - policy.warn_before_ms
            yield _verdict_ms(state, thread, told) if told.noticed else told.due_ms
    for silence in thread.silences:
        yield reply_verdict_ms(state, thread, 0, silence.since_ms)


def fire(state: State, thread: Thread) -> None:
    """Warn, notice, judge: what is due at `state.at_ms`, after the replies were judged."""
    thread.told = tuple(
        told for each in thread.told if (told := _fire_told(state, thread, each)) is not None
    )
    thread.silences = tuple(each for each in thread.silences if not is_judged(state, thread, each))


def _fire_told(state: State, thread: Thread, told: Told) -> Told | None:
    if not told.due_ms:
        return told
    warn_ms = state.rules(thread.shop).policy.warn_before_ms
    if _wants_warning(told, warn_ms) and told.due_ms - warn_ms <= state.at_ms:
        told = replace(told, warned=True)
        if not told.leaving and state.at_ms <= told.due_ms:
            _say_to_agent(state, thread, told, DeadlineWarned)
    if not told.noticed and told.due_ms <= state.at_ms:
        told = replace(told, noticed=True)
        if not told.leaving:
            _say_to_agent(state, thread, told, DeadlineMissed)
    if not told.noticed or _verdict_ms(state, thread, told) > state.at_ms:
        return told
    if not told.leaving:
        judge(state, thread, told)
    return None


def _wants_warning(told: Told, warn_before_ms: int) -> bool:
    return not told.warned and told.due_ms - warn_before_ms > told.back_ms


def _verdict_ms(state: State, thread: Thread, told: Told) -> int:
    """When it is sealed; not before a wait of the same silence is."""
    seal_ms = state.seal_at_ms(thread.shop, told.due_ms)
    return max(seal_ms, reply_verdict_ms(state, thread, told.told_ms + 1, told.due_ms))


def _runs(state: State, told: Told) -> bool:
    """Whether the debt is still to be met: its deadline includes its end."""
    return _open_at(told, state.at_ms)


def _open_at(told: Told, at_ms: int) -> bool:
    return not told.due_ms or told.due_ms >= at_ms


# Facts


def _say(
    state: State,
    thread: Thread,
    told: Told,
    fact: type[DeadlineArmed | DeadlineSettled | DeadlineWithdrawn],
) -> None:
    state.say(
        fact(
            at_ms=state.at_ms,
            session=told.session,
            shop=thread.shop,
            buyer=thread.buyer,
            rule=RULE,
            due_ms=told.due_ms,
        )
    )


def _say_settled(state: State, thread: Thread, told: Told) -> None:
    if told.due_ms and not told.leaving:
        _say(state, thread, told, DeadlineWithdrawn if told.noticed else DeadlineSettled)


def _say_to_agent(
    state: State, thread: Thread, told: Told, fact: type[DeadlineWarned | DeadlineMissed]
) -> None:
    state.say(
        fact(
            at_ms=state.at_ms,
            session=told.session,
            shop=thread.shop,
            buyer=thread.buyer,
            rule=RULE,
            due_ms=told.due_ms,
            agent=told.agent,
        )
    )
