"""What a desk's state is made of, beside the threads: the records that are stored.

Each is a plain struct under a key of its own; `State.changed` notes which a step touched.
"""

from __future__ import annotations

import msgspec

from router.core.policy import Desk
from router.core.thread import Thread


class Person(msgspec.Struct, array_like=True, gc=False):
    """An agent at work (RULES §4). Load is over all sub-accounts."""

    id: str
    presence: str = "offline"
    reason: str = ""
    since_ms: int = 0
    back_ms: int = 0
    """When they mean to be back; 0: not said."""
    set_by: str = ""
    console: bool = False
    load: int = 0
    idle_since_ms: int = 0
    """Since when they got and finished nothing."""
    share: int = 0
    """online_time: received less fair share; see `pools`."""
    next_ms: int = -1
    """When the clock ends their presence (RULES §4); -1: never."""
    set_ms: int = 0
    """When their presence was set last, be it to the same again."""
    offset: int = 0
    """The entry that set it."""
    came: tuple[int, ...] = ()
    """When they came back from being offline, the last few times."""
    charged: tuple[int, ...] = ()
    """The entries (their coming back, their silence) of which `away` was judged missed, the last
    few: each is charged once."""


class Seat(msgspec.Struct, array_like=True, gc=False):
    """A sub-account at work: who operates it, whether it is paused, what it holds."""

    id: str
    shop: str
    agent: str = ""
    paused: bool = False
    """Here."""
    platform: str = "online"
    """The platform's word on it."""
    load: int = 0
    idle_since_ms: int = 0
    assigned_no: int = 0
    """Which of the desk's assignments it got last."""
    pace: int = 0
    """weighted: what it has received, divided by its weight."""


class Outage(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """The router was not there (RULES §2)."""

    from_ms: int
    to_ms: int


class Counters(msgspec.Struct, array_like=True, gc=False):
    """The desk's numbers: each name is given out once."""

    thread_no: int = 0
    session_no: int = 0
    breach_no: int = 0
    entry_no: int = 0
    work_no: int = 0
    assigned_no: int = 0
    sessions: int = 0
    """How many sessions were opened, by the timelines."""
    growth: int = 0
    """online_time: what each online agent's fair share has grown to."""
    pace: int = 0
    """weighted: the pace of the last that was chosen."""
    clock_ms: int = 0
    outages: list[Outage] = []
    desk_no: int = 0
    """How often the desk's rules were changed."""
    shift_no: int = 0
    handover_no: int = 0
    flag_no: int = 0
    appeal_no: int = 0


class PastDesk(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """The desk as it was until it was changed: what was sent before is judged by its rules."""

    no: int
    until_ms: int
    desk: Desk
    horizons: dict[str, int]
    """By shop, where the lateness became longer: what was sealed already at the change."""


class Breach(msgspec.Struct, array_like=True, gc=False):
    """A deadline missed, sealed: a fact, whatever becomes of the charge."""

    id: str
    rule: str
    shop: str
    buyer: str
    session: str
    key: str
    """The order or refund; "" for reply and follow_up."""
    order: str
    armed_ms: int
    asked_ms: int
    from_ms: int
    due_ms: int
    sealed_ms: int
    agent: str
    sub_account: str
    fine_fen: int
    uncharged: str
    """Why nobody is charged; "" when somebody is."""
    proof: list[int]
    """Inbox offsets: what armed it, what made its holder the holder."""
    reversed: bool = False
    reversed_why: str = ""
    waived: bool = False
    waived_by: str = ""
    waived_why: str = ""
    done: list[str] = []
    """Of a work item that needs several proofs: which are known to have come in time."""


class LedgerEntry(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """One line of the ledger. A charge is positive; a reversal or waiver takes it back."""

    id: str
    kind: str
    """`charge`, `reversal` or `waiver`."""
    breach: str
    rule: str
    shop: str
    session: str
    agent: str
    sub_account: str
    due_ms: int
    fine_fen: int
    at_ms: int
    by: str
    why: str
    proof: list[int]


class Shift(msgspec.Struct, array_like=True, gc=False):
    """A planned shift, and what became of it (RULES §5)."""

    id: str
    no: int
    agent: str
    from_ms: int
    to_ms: int
    sub_accounts: list[str]
    breaks: list[tuple[int, int]]
    name: str
    offset: int
    """The entry that planned it last."""
    state: str = "planned"
    """`planned`, `on`, `over`, `cancelled`."""
    came_ms: int = 0
    """When they first were online in it (or before its start); 0: not yet."""
    left_ms: int = 0
    """When they last went offline in it; 0: they are here, or never came."""
    away_ms: int = 0
    """How long they were away in it, without the stretch that is under way."""
    late_ms: int = 0
    early_ms: int = 0
    absent: bool = False
    handover: str = ""
    """The one filed for it."""
    judged: bool = False
    """Whether the duty to file was judged (met, missed, or never owed)."""
    next_ms: int = -1
    """When the clock is to stop at it next; -1: never."""
    planned_ms: int = 0
    """When it was planned last: nobody is late for what was planned after it had begun."""
    due_ms: int = 0
    """Until when its handover has to be filed; 0: it has not ended, or nothing is owed."""
    told: bool = False
    """Whether its agent was told that a handover is due soon."""
    excused: bool = False
    """A supervisor sent them offline, and they did not come back."""
    away_in_breaks_ms: int = 0
    """How much of `away_ms` lies in planned breaks."""
    came_offset: int = 0
    left_offset: int = 0
    """The entries with which they first came, and last went."""
    left_open: list[HandedLine] = []
    """What was theirs when they went, for the handover that is still owed."""
    breach: str = ""
    """What was charged for handing it over badly."""
    took_breach: str = ""
    """What its agent was charged for, as the one who did not acknowledge another's."""
    end_set_ms: int = 0
    """When its end was set last: who hears of it at the last minute owes no handover."""


class HandedLine(msgspec.Struct, array_like=True, gc=False):
    """A line of a handover, and who took it."""

    about: str
    ref: str
    text: str
    shop: str
    buyer: str
    due_ms: int
    taken_by: str = ""
    taken_ms: int = 0


class Question(msgspec.Struct, array_like=True, gc=False):
    """A question back about a handover."""

    line: int
    agent: str
    text: str
    asked_ms: int
    answered_by: str = ""
    answer: str = ""
    answered_ms: int = 0


class Handover(msgspec.Struct, array_like=True, gc=False):
    """What one shift tells the next (RULES §5)."""

    id: str
    no: int
    agent: str
    shift: str
    filed_ms: int
    note: str
    lines: list[HandedLine]
    offset: int
    to: str = ""
    """Who has to acknowledge it; "" while nobody follows."""
    to_shift: str = ""
    due_ms: int = 0
    """Until when; 0: nobody has to."""
    by_router: bool = False
    """Drafted and filed by the router for somebody who could not."""
    questions: list[Question] = []
    acknowledged_by: str = ""
    acknowledged_ms: int = 0
    judged: bool = False
    """Whether the duty to acknowledge was judged (met, missed, or not owed any more)."""
    next_ms: int = -1
    named: bool = False
    """Whether the outgoing agent said to whom; else the roster did."""
    breach: str = ""
    """What was charged for not acknowledging it."""


class Flag(msgspec.Struct, array_like=True, gc=False):
    """A conduct finding with its evidence (RULES §1, §6)."""

    id: str
    name: str
    """The finding's own: see `RaiseFlag.flag`."""
    rule: str
    shop: str
    buyer: str
    session: str
    message: str
    agent: str
    sub_account: str
    sent_ms: int
    start: int
    end: int
    matched: str
    source: str
    detail: str
    lexicon: str
    raised_ms: int
    proof: list[int]
    """Inbox offsets: the message, the other messages, the finding itself."""
    state: str = "open"
    """`open`, `confirmed`, `dismissed`."""
    by: str = ""
    why: str = ""
    at_ms: int = 0
    """When it was confirmed or dismissed."""
    breach: str = ""
    """What was charged for it."""
    automatic: bool = False
    """A bot, or an automatic reply, wrote the message."""


class Appeal(msgspec.Struct, array_like=True, gc=False):
    """What an agent says against a charge, and the answer."""

    id: str
    entry: str
    breach: str
    agent: str
    why: str
    at_ms: int
    offset: int
    state: str = "open"
    """`open`, `accepted`, `refused`."""
    by: str = ""
    answer: str = ""
    answered_ms: int = 0


class Allowed(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """A phrase on the allow-list: innocent under `rule` ("" all) at `shop` ("" all)."""

    phrase: str
    rule: str
    shop: str
    by: str
    why: str
    at_ms: int
    flag: str


class Remark(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """An order's remark as it stands (RULES §9)."""

    shop: str
    buyer: str
    order: str
    flag: str
    reason: str
    agent: str
    at_ms: int
    offset: int


Record = (
    Desk
    | PastDesk
    | Counters
    | Person
    | Seat
    | Thread
    | Breach
    | LedgerEntry
    | Shift
    | Handover
    | Flag
    | Appeal
    | Allowed
    | Remark
)
