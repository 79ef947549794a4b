"""What the shop's bot does: it answers, or it gives the session to people (RULES §1, §2).

Its messages go out as any, `by="bot"`; they end the buyer's wait only where the policy says so
(`bots_answer`). The reply deadline runs from the buyer's message all the same; whoever gets the
session late from the bot is spared by the grace (RULES §2, "Who is charged"). An answer counts
once, and only to the buyer's latest message, while nobody has answered that.
"""

from __future__ import annotations

from router.core import arrival, assignment, inbound
from router.core import commands as c
from router.core.bot_asking import waits_for
from router.core.facts import BotHandedOver, DeliveryRequested
from router.core.outcome import Rejected
from router.core.state import State
from router.core.thread import Thread
from router.core.view import ANSWERS, SHOP, Moment

TRANSCRIPT_KEPT = 4_000
WHY_KEPT = 500


def _asked(state: State, shop: str, buyer: str, session: str, asked: int) -> Thread | Rejected:
    """The thread in whose open session the bot may still act on this message (0: on any)."""
    thread = state.thread(shop, buyer)
    if thread is None or not thread.session or thread.session != session:
        return Rejected("no_open_session", session)
    bot = thread.bot
    if bot is None or asked > bot.asked:
        return Rejected("not_asked", session)
    if bot.done:
        return Rejected("already_handed_over", bot.why)
    if asked and asked < bot.asked:
        return Rejected("too_late", "the buyer has written since")
    if thread.agent and bot.mode != "mixed":
        return Rejected("too_late", f"{thread.agent} has it")
    return thread


def write(state: State, command: c.WriteForBot) -> Rejected | None:
    """The bot answers the buyer's latest message.

    Refused: `no_open_session`, `not_asked`, `already_handed_over`, `already_answered`, and
    `too_late` where the buyer has written since, or a person has answered or taken it.
    """
    thread = _asked(state, command.shop, command.buyer, command.session, command.asked)
    if isinstance(thread, Rejected):
        return thread
    bot = thread.bot
    assert bot is not None
    if not command.asked:
        return Rejected("not_asked", "an answer names the message that it answers")
    if bot.answered == command.asked:
        return Rejected("already_answered", command.message)
    if not waits_for(thread, command.asked):
        return Rejected("too_late", "it has been answered, or recalled")
    state.touch(thread)
    bot.answered = command.asked
    bot.until_ms = -1
    policy = state.rules(thread.shop).policy
    session, sub_account = thread.session, thread.sub_account
    inbound.note_line(
        state,
        thread,
        command.message,
        state.at_ms,
        side="shop",
        by="bot",
        sub_account=sub_account,
    )
    state.say(
        DeliveryRequested(
            at_ms=state.at_ms,
            session=session,
            shop=thread.shop,
            buyer=thread.buyer,
            message=command.message,
            sub_account=sub_account,
            kind=command.kind,
            by="bot",
            expires_ms=state.at_ms + policy.message_expiry_ms,
            offset=state.offset,
        )
    )
    moment = Moment(
        state.at_ms,
        SHOP,
        command.message,
        state.offset,
        ANSWERS if policy.bots_answer else 0,
        shows=command.shows,
        came_ms=state.at_ms,
    )
    arrival.arrive(state, thread, moment)
    arrival.hand_out(state, thread)
    return None


def hand_over(state: State, command: c.HandOverFromBot) -> Rejected | None:
    """The bot gives the session to people, with its account of it; or it has failed.

    Refused: as `write`. A failure (`asked`) to answer a message that is not the latest any more
    counts for nothing, nor does one to answer what has been answered.
    """
    thread = _asked(state, command.shop, command.buyer, command.session, command.asked)
    if isinstance(thread, Rejected):
        return thread
    bot = thread.bot
    assert bot is not None
    if command.asked and bot.answered == command.asked:
        return Rejected("already_answered", command.session)
    _to_people(state, thread, command.why, command.transcript)
    return None


def _to_people(state: State, thread: Thread, why: str, transcript: str = "") -> None:
    bot = thread.bot
    assert bot is not None
    state.touch(thread)
    was_with_bot = bot.holds
    bot.holds, bot.done, bot.until_ms = False, True, -1
    bot.why, bot.transcript = why[:WHY_KEPT], transcript[:TRANSCRIPT_KEPT]
    state.say(
        BotHandedOver(
            at_ms=state.at_ms,
            session=thread.session,
            shop=thread.shop,
            buyer=thread.buyer,
            why=bot.why,
            transcript=bot.transcript,
        )
    )
    if was_with_bot:
        assignment.assign_new(state, thread)


# The clock


def next_ms(state: State, thread: Thread) -> int:
    """When the clock is to look at the bot; -1: not at all."""
    bot = thread.bot
    if bot is None:
        return -1
    if bot.holds and state.rules(thread.shop).policy.bot_mode != "bot_first":
        return state.at_ms
    return bot.until_ms


def fire(state: State, thread: Thread) -> None:
    """It has not answered in time, or it is not to have sessions any more."""
    bot = thread.bot
    if bot is None or not thread.session:
        return
    if bot.holds and state.rules(thread.shop).policy.bot_mode != "bot_first":
        _to_people(state, thread, "switched_off")
    elif 0 <= bot.until_ms <= state.at_ms:
        if waits_for(thread, bot.asked):
            _to_people(state, thread, "no_answer_in_time")
        else:
            bot.until_ms = -1
            state.touch(thread)
