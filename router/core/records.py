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


Record = Desk | PastDesk | Counters | Person | Seat | Thread | Breach | LedgerEntry
