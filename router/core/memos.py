"""What a thread remembers beside its timeline: who was told and left, automatic texts, the bot.

Data alone. `away` judges the first two, `autos` sends the texts, `bot_asking` and `bots` speak
with the bot.
"""

from __future__ import annotations

import msgspec


class Told(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """A buyer whom their agent told that they leave for a while (RULES §1: 4)."""

    agent: str
    sub_account: str
    session: str
    told_ms: int
    offset: int
    """The entry by which they left."""
    last_ms: int
    last_message: str
    """The buyer's last message that was sent before they were told."""
    leaving: bool
    """It was a farewell: nothing is owed."""
    asked: tuple[str, ...]
    """What the buyer had asked, and has not recalled."""
    back_ms: int = 0
    """When the agent came back; 0: not yet."""
    back_offset: int = 0
    due_ms: int = 0
    warned: bool = False
    noticed: bool = False


class Silence(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """A buyer who waited when their agent's console fell silent (RULES §1: 4, §4)."""

    agent: str
    sub_account: str
    session: str
    since_ms: int
    """Since when the console was gone."""
    gone_ms: int
    """When the router took them for gone, and passed the session on."""
    held_ms: int
    """Since when they had held it."""
    came_ms: int
    """When the buyer's message reached us."""
    asked_offset: int
    presence_offset: int
    offset: int
    """The entries: the buyer's message, the presence that ended, what ended it."""


class AutoLine(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """An automatic text as it was sent: it stands in no entry of the inbox."""

    at_ms: int
    message: str
    which: str
    """`away`, `queue`, `out_of_hours`, `waiting`; of others the beginning of the message's id."""
    text: str
    sub_account: str
    after: int
    """The inbox offset of the session's message that it came after; 0: before the first."""


class AutoSent(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """When a buyer last got an automatic text of one kind, and in which session."""

    session: str
    at_ms: int


class Autos(msgspec.Struct, array_like=True, gc=False):
    """A buyer's automatic texts."""

    lines: tuple[AutoLine, ...] = ()
    """Of the present session."""
    sent: dict[str, AutoSent] = {}
    """By kind, for those that come once in a while."""


class Bot(msgspec.Struct, array_like=True, gc=False):
    """What the shop's bot has to do with the present session."""

    mode: str
    holds: bool = False
    """The session is with the bot: no person has it, and it does not queue."""
    asked: int = 0
    """The offset of the buyer's message that it was asked about last."""
    until_ms: int = -1
    """Until when it may answer that; -1: nothing is asked of it now."""
    answered: int = 0
    """The message that it answered last."""
    done: bool = False
    """It has handed over: it is asked no more in this session."""
    why: str = ""
    transcript: str = ""
