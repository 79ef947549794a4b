"""What followed from a command or from time passing: past tense, a closed union.

Facts are what the outside hears (`/v1/events`, workers, the archive). Each carries `at_ms`
(the log's clock it belongs to: the command's, or the deadline's own) and the `session` or
agent it is about. They are derived: the state is not made of them.
"""

from __future__ import annotations

from typing import Literal

from router.core.command import By, MessageKind
from router.core.fact import Fact
from router.core.facts_conduct import (
    AppealAnswered,
    ChargeAppealed,
    FlagConfirmed,
    FlagDismissed,
    FlagRaised,
    PhraseListed,
)
from router.core.facts_shift import (
    AttendanceNoted,
    HandoverAcknowledged,
    HandoverAnswered,
    HandoverAsked,
    HandoverFiled,
    HandoverOwed,
    RosterPlanned,
    ShiftBegan,
    ShiftChanged,
    ShiftEnded,
)
from router.core.facts_work import BotAsked, BotHandedOver, ItemNoted, OrderRemarked

Cause = Literal[
    "new",
    "sticky",
    "from_queue",
    "rescue",
    "transfer",
    "reassign",
    "handover",
    "platform",
]


class SessionOpened(Fact, frozen=True, kw_only=True, tag="session_opened"):
    session: str
    shop: str
    buyer: str
    opened_ms: int = 0
    """When, by what had arrived then: what opened it was sent at this moment."""


class SessionAssigned(Fact, frozen=True, kw_only=True, tag="session_assigned"):
    session: str
    shop: str
    buyer: str
    sub_account: str
    agent: str
    cause: Cause
    from_agent: str = ""
    from_sub_account: str = ""


class SessionQueued(Fact, frozen=True, kw_only=True, tag="session_queued"):
    session: str
    shop: str
    buyer: str
    from_agent: str = ""


class SessionClosed(Fact, frozen=True, kw_only=True, tag="session_closed"):
    session: str
    shop: str
    buyer: str
    why: Literal["holder", "supervisor", "platform", "idle"]
    ended_ms: int
    agent: str = ""
    by: str = ""
    reason: str = ""
    opened_ms: int = 0


class MessageNoted(Fact, frozen=True, kw_only=True, tag="message_noted"):
    """A message became part of a session (`offset`: where its words stand in the inbox)."""

    session: str
    shop: str
    buyer: str
    message: str
    offset: int
    sent_ms: int
    side: Literal["buyer", "shop"]
    by: By = "human"
    agent: str = ""
    late: bool = False
    sub_account: str = ""
    """The shop's side: the login that it was written through."""


class MessageRecalledNoted(Fact, frozen=True, kw_only=True, tag="message_recalled"):
    session: str
    shop: str
    buyer: str
    message: str


class DeadlineArmed(Fact, frozen=True, kw_only=True, tag="deadline_armed"):
    session: str
    shop: str
    buyer: str
    rule: str
    due_ms: int
    key: str = ""
    """The order or refund it is about; "" for reply and follow_up."""


class DeadlineSettled(Fact, frozen=True, kw_only=True, tag="deadline_settled"):
    """It is not pending any more, and was not missed: met or cancelled, as far as is known."""

    session: str
    shop: str
    buyer: str
    rule: str
    due_ms: int
    key: str = ""


class DeadlineWarned(Fact, frozen=True, kw_only=True, tag="deadline_warned"):
    session: str
    shop: str
    buyer: str
    rule: str
    due_ms: int
    agent: str = ""
    key: str = ""
    what: Literal["due_soon", "window_open"] = "due_soon"


class DeadlineMissed(Fact, frozen=True, kw_only=True, tag="deadline_missed"):
    """Noticed at `due`; the verdict comes with `breach_sealed`."""

    session: str
    shop: str
    buyer: str
    rule: str
    due_ms: int
    agent: str = ""
    key: str = ""


class DeadlineWithdrawn(Fact, frozen=True, kw_only=True, tag="deadline_withdrawn"):
    """A noticed miss that what arrived since has disproved before it was sealed."""

    session: str
    shop: str
    buyer: str
    rule: str
    due_ms: int
    key: str = ""


class BreachSealed(Fact, frozen=True, kw_only=True, tag="breach_sealed"):
    breach: str
    session: str
    shop: str
    buyer: str
    rule: str
    due_ms: int
    key: str = ""
    agent: str = ""
    sub_account: str = ""
    fine_fen: int = 0


class EntryBooked(Fact, frozen=True, kw_only=True, tag="entry_booked"):
    """A ledger entry: a charge, or what lifts one."""

    entry: str
    kind: Literal["charge", "reversal", "waiver"]
    breach: str
    agent: str
    fine_fen: int
    why: str = ""
    by: str = ""


class BreachReversed(Fact, frozen=True, kw_only=True, tag="breach_reversed"):
    breach: str
    why: str
    offset: int


class BreachWaived(Fact, frozen=True, kw_only=True, tag="breach_waived"):
    breach: str
    by: str
    why: str


class PresenceChanged(Fact, frozen=True, kw_only=True, tag="presence_changed"):
    agent: str
    to: str
    reason: str = ""
    by: str = ""
    back_ms: int = 0


class SubAccountChanged(Fact, frozen=True, kw_only=True, tag="sub_account_changed"):
    sub_account: str
    agent: str
    paused: bool
    platform: str


class ItemOpened(Fact, frozen=True, kw_only=True, tag="item_opened"):
    item: str
    kind: str
    key: str
    shop: str
    buyer: str
    due_ms: int
    """0: no deadline; for the supervisors."""
    reason: str = ""


class ItemAssigned(Fact, frozen=True, kw_only=True, tag="item_assigned"):
    item: str
    kind: str
    key: str
    shop: str
    buyer: str
    agent: str
    """"" : it waits in the queue."""
    sub_account: str = ""


class ItemSettled(Fact, frozen=True, kw_only=True, tag="item_settled"):
    item: str
    kind: str
    key: str
    shop: str
    buyer: str
    how: str
    by: str = ""


class ItemEscalated(Fact, frozen=True, kw_only=True, tag="item_escalated"):
    item: str
    key: str
    shop: str
    agent: str
    reason: str = ""


class DeliveryRequested(Fact, frozen=True, kw_only=True, tag="delivery_requested"):
    """An effect: a message to send to the buyer through the shop's channel."""

    session: str
    shop: str
    buyer: str
    message: str
    """The id that makes it idempotent."""
    sub_account: str
    kind: MessageKind
    by: By
    expires_ms: int
    offset: int
    """Where its words stand in the inbox; 0: `text` has them."""
    text: str = ""


class DeliveryReported(Fact, frozen=True, kw_only=True, tag="delivery_reported"):
    session: str
    shop: str
    buyer: str
    message: str
    outcome: str
    detail: str = ""


class CommandRefused(Fact, frozen=True, kw_only=True, tag="command_refused"):
    offset: int
    command: str
    reason: str
    detail: str = ""


class DeskAdopted(Fact, frozen=True, kw_only=True, tag="desk_adopted"):
    desk: str
    by: str = ""


class OutageNoted(Fact, frozen=True, kw_only=True, tag="outage_noted"):
    from_ms: int
    to_ms: int


class EntryQuarantined(Fact, frozen=True, kw_only=True, tag="entry_quarantined"):
    offset: int
    why: str


AnyFact = (
    SessionOpened
    | SessionAssigned
    | SessionQueued
    | SessionClosed
    | MessageNoted
    | MessageRecalledNoted
    | DeadlineArmed
    | DeadlineSettled
    | DeadlineWarned
    | DeadlineMissed
    | DeadlineWithdrawn
    | BreachSealed
    | EntryBooked
    | BreachReversed
    | BreachWaived
    | PresenceChanged
    | SubAccountChanged
    | ItemOpened
    | ItemAssigned
    | ItemSettled
    | ItemEscalated
    | DeliveryRequested
    | DeliveryReported
    | CommandRefused
    | DeskAdopted
    | OutageNoted
    | EntryQuarantined
    | RosterPlanned
    | ShiftChanged
    | ShiftBegan
    | ShiftEnded
    | AttendanceNoted
    | HandoverOwed
    | HandoverFiled
    | HandoverAcknowledged
    | HandoverAsked
    | HandoverAnswered
    | FlagRaised
    | FlagConfirmed
    | FlagDismissed
    | PhraseListed
    | ChargeAppealed
    | AppealAnswered
    | ItemNoted
    | OrderRemarked
    | BotAsked
    | BotHandedOver
)


__all__ = [
    "AnyFact",
    "AppealAnswered",
    "AttendanceNoted",
    "BotAsked",
    "BotHandedOver",
    "BreachReversed",
    "BreachSealed",
    "BreachWaived",
    "Cause",
    "ChargeAppealed",
    "CommandRefused",
    "DeadlineArmed",
    "DeadlineMissed",
    "DeadlineSettled",
    "DeadlineWarned",
    "DeadlineWithdrawn",
    "DeliveryReported",
    "DeliveryRequested",
    "DeskAdopted",
    "EntryBooked",
    "EntryQuarantined",
    "Fact",
    "FlagConfirmed",
    "FlagDismissed",
    "FlagRaised",
    "HandoverAcknowledged",
    "HandoverAnswered",
    "HandoverAsked",
    "HandoverFiled",
    "HandoverOwed",
    "ItemAssigned",
    "ItemEscalated",
    "ItemNoted",
    "ItemOpened",
    "ItemSettled",
    "MessageNoted",
    "MessageRecalledNoted",
    "OrderRemarked",
    "OutageNoted",
    "PhraseListed",
    "PresenceChanged",
    "RosterPlanned",
    "SessionAssigned",
    "SessionClosed",
    "SessionOpened",
    "SessionQueued",
    "ShiftBegan",
    "ShiftChanged",
    "ShiftEnded",
    "SubAccountChanged",
]
