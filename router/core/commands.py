"""What may be asked of a desk: a closed union, as it stands in the inbox.

Inbound events tell what happened on a platform (`sent_ms`: when, there); people's acts
and the system's own follow. The core may refuse any of them; a refused one changes nothing.
`content` is what a message says: the core carries no text and never reads one — what rules
need to know of it is marked beside it (`farewell`, `shows`).
"""

from __future__ import annotations

from typing import Literal

import msgspec

from router.core.command import By, Choice, Command, Content, MessageKind, PresenceName
from router.core.commands_conduct import (
    AllowPhrase,
    AnswerAppeal,
    AppealCharge,
    ConfirmFlag,
    DismissFlag,
    ForbidPhrase,
    RaiseFlag,
)
from router.core.commands_shift import (
    AcknowledgeHandover,
    AnswerHandover,
    AskHandover,
    ChangeShift,
    FileHandover,
    PlanShifts,
    SwapShifts,
)
from router.core.commands_work import (
    HandOverFromBot,
    NoteItem,
    PromiseCallBack,
    SetRemark,
    WithdrawCallBack,
    WriteForBot,
)
from router.core.policy import Desk

SCHEMA = 1
"""Version of commands, facts and records; a decoder knows all earlier ones."""


class MessageReceived(Command, frozen=True, kw_only=True, tag="message.received"):
    """A buyer wrote."""

    shop: str
    buyer: str
    message: str
    sent_ms: int
    kind: MessageKind = "text"
    group: str = ""
    sub_account: str = ""
    farewell: bool = False
    content: Content = Content()


class MessageSent(Command, frozen=True, kw_only=True, tag="message.sent"):
    """The shop's side wrote, in the platform's own client (or it echoes what we sent)."""

    shop: str
    buyer: str
    message: str
    sent_ms: int
    sub_account: str = ""
    kind: MessageKind = "text"
    by: By = "human"
    echo_of: str = ""
    shows: tuple[str, ...] = ()
    """Order numbers (or what may be ones) that the message shows."""
    content: Content = Content()


class MessageRecalled(Command, frozen=True, kw_only=True, tag="message.recalled"):
    shop: str
    buyer: str
    message: str
    sent_ms: int


class OrderChanged(Command, frozen=True, kw_only=True, tag="order"):
    """`order.placed`, `order.paid`, `order.shipped` or `order.closed`."""

    event: Literal["placed", "paid", "shipped", "closed"]
    shop: str
    buyer: str
    order: str
    sent_ms: int
    total_fen: int = 0
    pay_on_delivery: bool = False


class RefundRequested(Command, frozen=True, kw_only=True, tag="refund.requested"):
    shop: str
    buyer: str
    order: str
    refund: str
    reason: Literal["mistaken_order", "reorder", "changed_mind", "other"]
    sent_ms: int
    reason_text: str = ""


class RefundResolved(Command, frozen=True, kw_only=True, tag="refund.resolved"):
    shop: str
    buyer: str
    refund: str
    outcome: Literal["agreed", "refused", "withdrawn"]
    sent_ms: int
    sub_account: str = ""
    by_agent: str = ""
    """Set when it was settled through our API."""


class ReviewPosted(Command, frozen=True, kw_only=True, tag="review.posted"):
    shop: str
    buyer: str
    order: str
    review: str
    rating: Literal["good", "neutral", "bad"]
    sent_ms: int
    content: Content = Content()


class PlatformClosed(Command, frozen=True, kw_only=True, tag="session.closed"):
    """The platform ended the buyer's session."""

    shop: str
    buyer: str
    sent_ms: int


class SubAccountPresence(Command, frozen=True, kw_only=True, tag="presence.changed"):
    """The platform's word on one sub-account."""

    shop: str
    sub_account: str
    presence: Literal["online", "paused", "offline"]
    sent_ms: int


# People's acts. `by` is the user who asks.


class SetPresence(Command, frozen=True, kw_only=True, tag="presence.set"):
    """`by` empty or the agent: the agent's own act; else a supervisor's, which needs no choice."""

    agent: str
    to: PresenceName
    reason: str = ""
    open_sessions: Choice = ""
    back_in_ms: int = 0
    by: str = ""
    console: bool = False
    """Set in the console: its event stream is the heartbeat (RULES §4)."""


class GoSilent(Command, frozen=True, kw_only=True, tag="presence.silent"):
    """The console's event stream of this agent has been gone for too long (RULES §4)."""

    agent: str
    since_ms: int
    """The presence this is about began at or before this moment; a later one is not ended."""


class CloseSession(Command, frozen=True, kw_only=True, tag="session.close"):
    """By its holder, or by a supervisor with a reason (RULES §2)."""

    shop: str
    buyer: str
    agent: str
    sent_ms: int
    supervisor: bool = False
    reason: str = ""


class TransferSession(Command, frozen=True, kw_only=True, tag="session.transfer"):
    """To a sub-account; `supervisor` for a reassignment."""

    shop: str
    buyer: str
    to: str
    by: str
    supervisor: bool = False
    reason: str = ""


class ClaimSession(Command, frozen=True, kw_only=True, tag="session.claim"):
    """An agent takes a session that waits in the queue."""

    shop: str
    buyer: str
    agent: str


class ReassignAgent(Command, frozen=True, kw_only=True, tag="agent.reassign"):
    """A supervisor moves all that an agent holds: to one agent, or ("" ) to whoever can."""

    agent: str
    supervisor: str
    to: str = ""
    reason: str = ""


class WriteMessage(Command, frozen=True, kw_only=True, tag="message.write"):
    """An agent answers through our API: sent when this is committed, then delivered."""

    shop: str
    buyer: str
    agent: str
    message: str
    """Our message id, unique."""
    kind: MessageKind = "text"
    by: By = "human"
    shows: tuple[str, ...] = ()
    category: str = ""
    """Of the quick reply that it is, if it is one: a `payment_reminder` meets that item (§9)."""
    content: Content = Content()


class EscalateRefund(Command, frozen=True, kw_only=True, tag="refund.escalated"):
    shop: str
    refund: str
    agent: str
    reason: str = ""


class TakeOverRefund(Command, frozen=True, kw_only=True, tag="refund.taken_over"):
    """A supervisor accepts the escalation, or takes the refund over without being asked."""

    shop: str
    refund: str
    supervisor: str
    sent_ms: int


class WaiveBreach(Command, frozen=True, kw_only=True, tag="breach.waived"):
    """Lifts a charge; named by id, or by what it is about (traces)."""

    supervisor: str
    why: str
    breach: str = ""
    shop: str = ""
    rule: str = ""
    buyer: str = ""
    due_ms: int = 0


class SignOn(Command, frozen=True, kw_only=True, tag="sub_account.sign_on"):
    """Who operates a sub-account from now on; "" for nobody."""

    sub_account: str
    agent: str
    by: str = ""


class PauseSubAccount(Command, frozen=True, kw_only=True, tag="sub_account.pause"):
    """挂起: paused or resumed here."""

    sub_account: str
    paused: bool
    by: str = ""


# The system's own.


class AdoptDesk(Command, frozen=True, kw_only=True, tag="desk.adopted"):
    """From here on the desk is this; the first command of any desk."""

    desk: Desk
    by: str = ""


class NoteOutage(Command, frozen=True, kw_only=True, tag="outage"):
    """The router was not there from `from_ms` to `to_ms` (RULES §2)."""

    from_ms: int
    to_ms: int


class ReportDelivery(Command, frozen=True, kw_only=True, tag="delivery.reported"):
    """What became of something sent out: `delivered`, `failed` or `expired`."""

    effect: str
    """`shop/message` of a message; else the effect's id."""
    shop: str
    buyer: str
    message: str
    outcome: Literal["delivered", "failed", "expired"]
    detail: str = ""


class Quarantine(Command, frozen=True, kw_only=True, tag="quarantined"):
    """Stands for an inbox entry that could not be decoded; made by the owner, never appended."""

    why: str


class End(Command, frozen=True, kw_only=True, tag="end"):
    """A trace's end: the clock runs on to it, then stops."""


AnyCommand = (
    MessageReceived
    | MessageSent
    | MessageRecalled
    | OrderChanged
    | RefundRequested
    | RefundResolved
    | ReviewPosted
    | PlatformClosed
    | SubAccountPresence
    | SetPresence
    | GoSilent
    | CloseSession
    | TransferSession
    | ClaimSession
    | ReassignAgent
    | WriteMessage
    | EscalateRefund
    | TakeOverRefund
    | WaiveBreach
    | SignOn
    | PauseSubAccount
    | AdoptDesk
    | NoteOutage
    | ReportDelivery
    | Quarantine
    | End
    | PlanShifts
    | ChangeShift
    | SwapShifts
    | FileHandover
    | AcknowledgeHandover
    | AskHandover
    | AnswerHandover
    | RaiseFlag
    | ConfirmFlag
    | DismissFlag
    | AllowPhrase
    | ForbidPhrase
    | AppealCharge
    | AnswerAppeal
    | PromiseCallBack
    | WithdrawCallBack
    | NoteItem
    | SetRemark
    | WriteForBot
    | HandOverFromBot
)


class Stamped(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A command as the core gets it: with its place in the log."""

    offset: int
    at_ms: int
    """The log's clock when it was appended."""
    command: AnyCommand


__all__ = [
    "SCHEMA",
    "AcknowledgeHandover",
    "AdoptDesk",
    "AllowPhrase",
    "AnswerAppeal",
    "AnswerHandover",
    "AnyCommand",
    "AppealCharge",
    "AskHandover",
    "By",
    "ChangeShift",
    "Choice",
    "ClaimSession",
    "CloseSession",
    "Command",
    "ConfirmFlag",
    "Content",
    "DismissFlag",
    "End",
    "EscalateRefund",
    "FileHandover",
    "ForbidPhrase",
    "GoSilent",
    "HandOverFromBot",
    "MessageKind",
    "MessageRecalled",
    "MessageReceived",
    "MessageSent",
    "NoteItem",
    "NoteOutage",
    "OrderChanged",
    "PauseSubAccount",
    "PlanShifts",
    "PlatformClosed",
    "PresenceName",
    "PromiseCallBack",
    "Quarantine",
    "RaiseFlag",
    "ReassignAgent",
    "RefundRequested",
    "RefundResolved",
    "ReportDelivery",
    "ReviewPosted",
    "SetPresence",
    "SetRemark",
    "SignOn",
    "Stamped",
    "SubAccountPresence",
    "SwapShifts",
    "TakeOverRefund",
    "TransferSession",
    "WaiveBreach",
    "WithdrawCallBack",
    "WriteForBot",
    "WriteMessage",
]
