"""The JSON shapes of the API. Times are RFC 3339 in UTC, money is fen, "" and null are "none"."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from router.core.commands import By, Choice, MessageKind, PresenceName

Delivery = Literal["pending", "delivered", "failed", "expired"]
Limit = Annotated[int, msgspec.Meta(ge=1, le=500)]
Name = Annotated[str, msgspec.Meta(max_length=200)]
Reason = Annotated[str, msgspec.Meta(max_length=1_000)]
Text = Annotated[str, msgspec.Meta(max_length=20_000)]
Url = Annotated[str, msgspec.Meta(max_length=4_000)]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what is shown."""


class DeadlineView(View, frozen=True, kw_only=True):
    """A deadline that is pending."""

    rule: str
    due_at: str
    from_at: str | None = None
    """follow_up: when its window opens."""
    key: str = ""
    """The order or refund it is about."""


class WorkView(View, frozen=True, kw_only=True):
    """A work item: a refund, an order check."""

    id: str
    desk: str
    kind: str
    key: str
    shop: str
    buyer: str
    buyer_name: str = ""
    order: str
    state: Literal["held", "queued", "taken_over", "settled"]
    agent: str
    sub_account: str
    opened_at: str
    due_at: str | None
    reason: str
    for_supervisors: bool
    taken_by: str
    """The supervisor who has taken it over."""
    escalated_by: str
    escalation: str
    missed: bool = False
    """Its deadline has passed, and it is still to be settled."""
    done: tuple[str, ...] = ()
    """Of a kind that needs several proofs: those that have been given."""
    notes: int = 0


class RemarkView(View, frozen=True, kw_only=True):
    """An order's remark as it stands."""

    shop: str
    order: str
    buyer: str
    flag: str
    reason: str
    agent: str
    at: str


class SessionView(View, frozen=True, kw_only=True):
    """One buyer's exchange with one shop."""

    id: str
    desk: str
    shop: str
    buyer: str
    buyer_name: str = ""
    """As their messages say it; empty where none does."""
    state: str
    """bot, queued, held, closing or closed."""
    group: str
    agent: str
    sub_account: str
    cause: str
    """How it came to its holder."""
    held_since_at: str | None
    opened_at: str
    ended_at: str | None = None
    ended_why: str = ""
    waiting: bool = False
    waiting_since_at: str | None = None
    unanswered: int = 0
    overdue: bool = False
    """The reply deadline has passed and the buyer still waits."""
    answered: bool = False
    informed: bool = False
    messages: int = 0
    with_bot: bool = False
    """The shop's bot has it: nobody holds it, anybody may claim it."""
    bot_why: str = ""
    """Why the bot has handed it over, once it has."""
    transcript: str = ""
    """The bot's account of it, as long as the session is open."""
    deadlines: list[DeadlineView] = []
    work: list[WorkView] = []
    remarks: list[RemarkView] = []
    """Of the buyer's orders."""


class MessageView(View, frozen=True, kw_only=True):
    """A message of a session, as long as the log has it."""

    id: str
    offset: int
    """Where it stands in the inbox; an automatic text: the message that it came after."""
    side: Literal["buyer", "shop"]
    by: By
    kind: MessageKind
    sent_at: str
    text: str = ""
    url: str = ""
    order: str = ""
    product: str = ""
    buyer_name: str = ""
    agent: str = ""
    sub_account: str = ""
    delivery: Delivery | None = None
    """Of a message that went out from here: what became of it."""
    delivery_detail: str = ""
    """Of one that was not delivered: why, as far as that is known."""
    auto: str = ""
    """Of an automatic text: which one it is (`away`, `queue`, `out_of_hours`, `waiting`, …)."""
    recalled: bool = False
    """Its writer has taken it back."""


class SeatView(View, frozen=True, kw_only=True):
    """A sub-account."""

    id: str
    shop: str
    agent: str
    load: int
    capacity: int
    """0: no limit of its own."""
    paused: bool
    platform: str
    groups: tuple[str, ...]


class AgentView(View, frozen=True, kw_only=True):
    """An agent at work."""

    id: str
    desk: str
    name: str
    presence: PresenceName
    reason: str
    since_at: str | None
    back_at: str | None
    overdue_back: bool
    """They are away, and meant to be back by now."""
    set_by: str
    console: bool
    streams: int
    """Event streams open now."""
    load: int
    capacity: int
    """0: without limit."""
    sub_accounts: list[SeatView]


class PersonView(View, frozen=True, kw_only=True):
    id: str
    name: str


class MeView(View, frozen=True, kw_only=True):
    """Who asks."""

    user: str
    name: str
    role: str
    desks: list[str]
    agent: AgentView | None
    supervisors: list[PersonView]
    """Who oversees these desks: what is done by a user of such an id, one of these has done."""


class QueueView(View, frozen=True, kw_only=True):
    """A session or a work item that waits for somebody to take it."""

    what: Literal["session", "work"]
    id: str
    desk: str
    shop: str
    group: str
    buyer: str
    buyer_name: str = ""
    kind: str = ""
    key: str = ""
    waiting_since_at: str
    due_at: str | None


class LedgerView(View, frozen=True, kw_only=True):
    """A line of the ledger. `proof`: the offsets of the log's entries that prove it."""

    id: str
    desk: str
    kind: str
    breach: str
    rule: str
    shop: str
    buyer: str
    """Empty where it is about nobody's session, as a handover."""
    buyer_name: str = ""
    session: str
    agent: str
    sub_account: str
    due_at: str
    fine_fen: int
    at: str
    by: str
    why: str
    proof: list[int]
    lifted: Literal["", "reversal", "waiver"]
    """Of a charge: what has taken it back since."""
    appeal: Literal["", "open", "accepted", "refused"]
    """Of a charge: what became of the appeal against it."""


class BreachView(View, frozen=True, kw_only=True):
    """A deadline that was missed."""

    id: str
    desk: str
    rule: str
    shop: str
    buyer: str
    session: str
    key: str
    order: str
    armed_at: str
    due_at: str
    sealed_at: str
    agent: str
    sub_account: str
    fine_fen: int
    uncharged: str
    """Why nobody is charged."""
    proof: list[int]
    reversed: bool
    reversed_why: str
    waived: bool
    waived_by: str
    waived_why: str


class Due(View, frozen=True, kw_only=True):
    """A pending deadline on the board."""

    desk: str
    session: str
    shop: str
    buyer: str
    buyer_name: str = ""
    rule: str
    key: str
    agent: str
    due_at: str


class Counts(View, frozen=True, kw_only=True):
    """A desk in numbers."""

    sessions: int
    held: int
    queued: int
    waiting: int
    work: int
    online: int
    away: int
    offline: int
    breaches_today: int
    fines_today_fen: int
    flags_open: int
    """Flags that wait for the caller's word, if they may give it: not of what they wrote."""
    appeals_open: int
    """And appeals that wait for their answer."""


class Span(View, frozen=True, kw_only=True):
    from_at: str
    to_at: str


class RosteredView(View, frozen=True, kw_only=True):
    """Who is on shift now (the board)."""

    shift: str
    agent: str
    name: str
    from_at: str
    to_at: str
    presence: str
    here: bool
    came: bool
    late_ms: int
    """How late they came; of who has not come yet, how late they are by now."""
    breaks: list[Span]


class OpenHandoverView(View, frozen=True, kw_only=True):
    """A handover that nobody has acknowledged whole (the board)."""

    id: str
    agent: str
    to: str
    filed_at: str
    due_at: str | None
    lines: int
    left: int
    """Lines that nobody has taken."""
    questions: int
    """Asked back, and not answered yet."""


class BoardShop(View, frozen=True, kw_only=True):
    id: str
    name: str


class BoardView(View, frozen=True, kw_only=True):
    """A desk at a glance. Follow it with `/v1/events?desk=…&last_event_id={cursor}`."""

    desk: str
    name: str
    now: str
    cursor: str
    counts: Counts
    oldest_wait_ms: int
    """How long the longest in the queue has waited."""
    shops: list[BoardShop]
    agents: list[AgentView]
    queue: list[QueueView]
    deadlines: list[Due]
    sessions: list[SessionView]
    promises: list[WorkView] = []
    """Call-backs promised and not done, the earliest first."""
    rostered: list[RosteredView] = []
    """Who is on shift now, those who are not here first."""
    handovers: list[OpenHandoverView] = []
    """Handovers that nobody has acknowledged whole, newest first."""


# Lists: a page, and where the next one begins.


class Page(View, frozen=True, kw_only=True):
    next_cursor: str | None = None


class Sessions(Page, frozen=True, kw_only=True):
    sessions: list[SessionView]


class Messages(Page, frozen=True, kw_only=True):
    """Oldest first; `next_cursor` leads to those before."""

    messages: list[MessageView]


class Refunds(Page, frozen=True, kw_only=True):
    refunds: list[WorkView]


class Agents(View, frozen=True, kw_only=True):
    agents: list[AgentView]


class QueueList(Page, frozen=True, kw_only=True):
    queue: list[QueueView]


class Ledger(Page, frozen=True, kw_only=True):
    """Newest first. `total_fen` is the sum over all that the filters let through."""

    entries: list[LedgerView]
    total_fen: int


class Breaches(Page, frozen=True, kw_only=True):
    """Newest first."""

    breaches: list[BreachView]


class Reassigned(View, frozen=True, kw_only=True):
    """What a supervisor moved away from an agent."""

    agent: AgentView
    sessions: list[SessionView]


# What comes in.


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Base of bodies and queries."""


class PresenceBody(Asked, frozen=True, kw_only=True):
    to: PresenceName
    reason: Reason = ""
    back_in_s: Annotated[int, msgspec.Meta(ge=0, le=604_800)] = 0
    open_sessions: Choice = ""
    console: bool = False
    """The event stream is the heartbeat of this presence (RULES §4)."""


class MessageBody(Asked, frozen=True, kw_only=True):
    kind: MessageKind = "text"
    text: Text = ""
    url: Url = ""
    order: Name = ""
    product: Name = ""
    category: Name = ""
    """Of the quick reply that it is: one of `payment_reminder` meets that work item (RULES §9)."""
    confirmed: bool = False
    """Send it although it may break a rule of conduct (`conduct_warning`)."""


class ReasonBody(Asked, frozen=True, kw_only=True):
    reason: Reason = ""


class TransferBody(Asked, frozen=True, kw_only=True):
    to: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    """A sub-account of the shop, or an agent who has one."""
    reason: Reason = ""


class ReassignAgentBody(Asked, frozen=True, kw_only=True):
    to: Name = ""
    """An agent; empty: whoever can."""
    reason: Reason = ""


class ResolveBody(Asked, frozen=True, kw_only=True):
    outcome: Literal["agreed", "refused", "withdrawn"]


class WaiveBody(Asked, frozen=True, kw_only=True):
    why: Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]


class DeskQuery(Asked, frozen=True, kw_only=True):
    desk: Name = ""


class BoardQuery(DeskQuery, frozen=True, kw_only=True):
    sessions: bool = True
    """Without them the board is half as large, for who reads them elsewhere."""


class PageQuery(DeskQuery, frozen=True, kw_only=True):
    limit: Limit = 100
    cursor: Name = ""


class SessionsQuery(PageQuery, frozen=True, kw_only=True):
    ids: Annotated[str, msgspec.Meta(max_length=12_000)] = ""
    """Only these, with commas between; what is not there, or not to be seen, is left out."""
    shop: Name = ""
    agent: Name = ""
    sub_account: Name = ""
    buyer: Name = ""
    """A part of the buyer's id or name. The latest 1,000 sessions are searched."""
    state: Literal["", "open", "bot", "queued", "held", "closing", "closed"] = ""
    rule: Name = ""


class RefundsQuery(PageQuery, frozen=True, kw_only=True):
    shop: Name = ""
    agent: Name = ""
    for_supervisors: bool | None = None


class QueueQuery(PageQuery, frozen=True, kw_only=True):
    shop: Name = ""


class LedgerQuery(PageQuery, frozen=True, kw_only=True):
    shop: Name = ""
    agent: Name = ""
    rule: Name = ""
    from_: str = msgspec.field(name="from", default="")
    to: str = ""


class EventsQuery(DeskQuery, frozen=True, kw_only=True):
    last_event_id: Name = ""
