"""The JSON shapes of appeals, of the ledger's sums, and of a proof."""

from __future__ import annotations

from typing import Literal

import msgspec

from router.http import views as v
from router.http.views_conduct import FlagView, Why


class SummaryQuery(v.DeskQuery, frozen=True, kw_only=True):
    by: Literal["day", "month"] = "day"
    shop: v.Name = ""
    agent: v.Name = ""
    rule: v.Name = ""
    from_: str = msgspec.field(name="from", default="")
    to: str = ""


class SummaryRow(v.View, frozen=True, kw_only=True):
    """What one agent was charged in a day or month (Beijing time of the booking)."""

    period: str
    """2026-11-21, or 2026-11."""
    agent: str
    charges: int
    charged_fen: int
    lifted_fen: int
    """What reversals and waivers took back in it; not positive."""
    total_fen: int


class Summary(v.View, frozen=True, kw_only=True):
    rows: list[SummaryRow]
    total_fen: int


class AppealBody(v.Asked, frozen=True, kw_only=True):
    why: Why


class AnswerBody(v.Asked, frozen=True, kw_only=True):
    accepted: bool
    why: Why


class AppealView(v.View, frozen=True, kw_only=True):
    """What an agent says against a charge, and the answer."""

    id: str
    desk: str
    entry: str
    breach: str
    rule: str
    fine_fen: int
    agent: str
    why: str
    at: str
    state: str
    """open, accepted or refused."""
    by: str
    answer: str
    answered_at: str | None


class Appeals(v.View, frozen=True, kw_only=True):
    appeals: list[AppealView]
    next_cursor: str | None


class AppealsQuery(v.PageQuery, frozen=True, kw_only=True):
    agent: v.Name = ""
    state: Literal["", "open", "accepted", "refused"] = ""


class RuleWords(v.View, frozen=True, kw_only=True):
    id: str
    zh: str
    en: str


class PolicyNumber(v.View, frozen=True, kw_only=True):
    """A number of the policy in force, as it stands in the settings: `reply` = 5:00."""

    name: str
    value: str


class Reckoning(v.View, frozen=True, kw_only=True):
    """One step of the arithmetic."""

    at: str
    clock: str
    """Since the clock began: +5:00.000."""
    zh: str
    en: str


class ProofLine(v.View, frozen=True, kw_only=True):
    """An entry of the log, in order of when it was sent."""

    offset: int
    type: str
    sent_at: str
    received_at: str
    """By the log's clock."""
    clock: str
    """When it was sent, since the clock began: +4:59.999."""
    who: str
    """`buyer`, the agent, or what wrote it."""
    sub_account: str
    text: str
    proves: bool
    """Whether the charge rests on this entry; the others stand around it."""


class HeldBy(v.View, frozen=True, kw_only=True):
    """Who held the session or work item from then on, as far as it is remembered."""

    at: str
    agent: str
    """Empty: nobody did."""
    sub_account: str
    cause: str
    given: bool
    """The one before gave it away, or it was rescued from them."""
    offset: int


class ProofView(v.View, frozen=True, kw_only=True):
    """Why something was charged, or was not: all that it rests on."""

    id: str
    desk: str
    buyer_name: str = ""
    rule: RuleWords
    breach: v.BreachView | None
    flag: FlagView | None
    charged: RuleWords
    """Who pays, or why nobody does; `id`: the agent, or the reason."""
    policy: list[PolicyNumber]
    policy_since_at: str | None
    """From when on that policy was in force; null: from the start."""
    reckoning: list[Reckoning]
    holders: list[HeldBy]
    lines: list[ProofLine]
    entries: list[v.LedgerView]
    """The charge, and what lifted it."""
    appeal: AppealView | None
