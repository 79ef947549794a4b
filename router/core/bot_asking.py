"""When the shop's bot is asked, and what it has to do with a session meanwhile (RULES §1, §2).

`bot_first`: a session that a buyer's message opens is with the bot before anybody gets it; the
bot is asked about each message until it hands over. `people_first`: it is asked while the
session waits in the queue, and is out of it when somebody takes it. `mixed`: it is asked about
every message, whoever holds the session. In each mode it is out of the session for good once it
has handed over or has failed to answer in time.

Low: `assignment` and `inbound` tell it what happened. `bots` has the bot's own acts.
"""

from __future__ import annotations

from router.core import session
from router.core.facts import BotAsked
from router.core.memos import Bot
from router.core.state import State, thread_key
from router.core.thread import Hold, Thread, read_lines

LINES_SHOWN = 20
"""How many of the session's last messages the bot is shown."""


def buyer_wrote(state: State, thread: Thread) -> None:
    """The buyer's message at `state.offset` is on the timeline; nobody new has been looked for."""
    mode = state.rules(thread.shop).policy.bot_mode
    if mode == "off" or not thread.session or not waits_for(thread, state.offset):
        return
    bot = thread.bot
    if mode == "bot_first" and thread.state == "opened":
        thread.bot = Bot(mode=mode, holds=True)
        session.change(thread, "bot")
        state.queue.drop(thread_key(thread.shop, thread.buyer))
        thread.holds.append(Hold(state.at_ms, "", "", "bot", False, state.offset))
        _ask(state, thread, state.offset)
    elif mode == "bot_first":
        if thread.with_bot:
            _ask(state, thread, state.offset)
    elif bot is None or not bot.done:
        queues = not thread.agent and thread.state != "opened" and not thread.with_bot
        if mode == "mixed" or queues:
            _ask(state, thread, state.offset)


def queued(state: State, thread: Thread) -> None:
    """Nobody can take the session: it waits."""
    if state.rules(thread.shop).policy.bot_mode != "people_first":
        return
    bot, wait = thread.bot, thread.live.wait
    if (bot is None or not bot.done) and wait is not None and wait.unanswered:
        offset = wait.unanswered[-1].offset
        if bot is None or bot.asked != offset:
            _ask(state, thread, offset)


def taken(thread: Thread) -> None:
    """Somebody holds the session from now on."""
    bot = thread.bot
    if bot is not None and bot.mode != "mixed":
        bot.holds = False
        bot.until_ms = -1


def waits_for(thread: Thread, offset: int) -> bool:
    """Whether the buyer's message at this place of the inbox still waits for an answer."""
    wait = thread.live.wait
    return wait is not None and any(line.offset == offset for line in wait.unanswered)


def _ask(state: State, thread: Thread, offset: int) -> None:
    policy = state.rules(thread.shop).policy
    mode = policy.bot_mode
    if mode == "off":
        return
    bot = thread.bot = thread.bot or Bot(mode=mode)
    bot.mode = mode
    bot.asked = offset
    bot.until_ms = state.at_ms + policy.bot_wait_ms
    state.touch(thread)
    state.say(
        BotAsked(
            at_ms=state.at_ms,
            session=thread.session,
            shop=thread.shop,
            buyer=thread.buyer,
            offset=offset,
            mode=mode,
            until_ms=bot.until_ms,
            lines=tuple(read_lines(thread.lines[-6 * LINES_SHOWN :])),
        )
    )
