"""The rest of the day's work (RULES §9), and what a bot does (RULES §1, 自动回复)."""

from __future__ import annotations

from typing import Literal

from router.core.command import Command, Content, MessageKind

RemarkFlag = Literal["red", "yellow", "green", "blue", "purple"]


class PromiseCallBack(Command, frozen=True, kw_only=True, tag="call_back.promised"):
    """An agent has promised a buyer to come back to them by `due_ms`."""

    shop: str
    buyer: str
    agent: str
    due_ms: int
    text: str
    call_back: str = ""
    """Its key; "": made from the entry's offset."""
    supervisor: bool = False
    """`agent` is a supervisor, who need not have had the buyer's session."""


class WithdrawCallBack(Command, frozen=True, kw_only=True, tag="call_back.withdrawn"):
    """It is not needed any more; its holder or a supervisor says why."""

    shop: str
    call_back: str
    by: str
    why: str
    supervisor: bool = False


class NoteItem(Command, frozen=True, kw_only=True, tag="item.noted"):
    """An agent's note on a work item: what was done, or what the buyer answered (§9)."""

    shop: str
    kind: str
    key: str
    agent: str
    text: str
    evidence: tuple[str, ...] = ()
    """Addresses of pictures or pages that prove it."""
    supervisor: bool = False
    """`agent` is a supervisor, who need not hold the item."""


class SetRemark(Command, frozen=True, kw_only=True, tag="order.remarked"):
    """改备注: it goes to the bridge, and stands in the session and in handovers."""

    shop: str
    buyer: str
    order: str
    agent: str
    reason: str
    flag: RemarkFlag = "red"
    supervisor: bool = False
    """`agent` is a supervisor, who need not be one of the desk's agents."""


class WriteForBot(Command, frozen=True, kw_only=True, tag="bot.wrote"):
    """A bot answers in a session that it was asked about; sent when this is committed."""

    shop: str
    buyer: str
    session: str
    message: str
    asked: int
    """The offset of the buyer's message that it answers: an answer to an earlier one is late."""
    kind: MessageKind = "text"
    shows: tuple[str, ...] = ()
    content: Content = Content()


class HandOverFromBot(Command, frozen=True, kw_only=True, tag="bot.handed_over"):
    """The bot gives the session to people (or has failed to answer), with its account of it."""

    shop: str
    buyer: str
    session: str
    why: str
    transcript: str = ""
    asked: int = 0
    """Where it has failed to answer a message: its offset; 0: it wants no more of the session."""
