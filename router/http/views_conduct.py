"""The JSON shapes of conduct flags and of the allow-list."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from router.core.command import MessageKind
from router.http import views as v

Why = Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]
Phrase = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class ConductFinding(v.View, frozen=True, kw_only=True):
    """What would be flagged about a text."""

    rule: str
    matched: str
    start: int
    """The span in the text, in code points; 0, 0: the whole of it, or what is missing."""
    end: int
    source: str
    detail: str
    sending: str
    """What the shop's policy does about it: record, warn or block."""


class CheckBody(v.Asked, frozen=True, kw_only=True):
    text: v.Text
    session: v.Name = ""
    """With its last lines as context; without one the text is judged alone."""
    shop: v.Name = ""
    """Whose rules, where no session says so; empty: those of the desk's first shop."""
    kind: MessageKind = "text"


class CheckView(v.View, frozen=True, kw_only=True):
    findings: list[ConductFinding]
    sending: Literal["record", "warn", "block"]
    """The sternest of the findings; `record`: it can be sent."""


class FlagView(v.View, frozen=True, kw_only=True):
    """Something was found in an agent's message."""

    id: str
    desk: str
    rule: str
    shop: str
    buyer: str
    buyer_name: str = ""
    session: str
    message: str
    agent: str
    sub_account: str
    sent_at: str
    raised_at: str
    start: int
    end: int
    matched: str
    source: str
    detail: str
    state: str
    """open, confirmed or dismissed."""
    by: str
    """Who confirmed or dismissed it; empty and confirmed: charged at once, by the policy."""
    why: str
    answered_at: str | None
    breach: str
    proof: list[int]


class Flags(v.View, frozen=True, kw_only=True):
    flags: list[FlagView]
    next_cursor: str | None


class FlagsQuery(v.LedgerQuery, frozen=True, kw_only=True):
    state: Literal["", "open", "confirmed", "dismissed"] = ""


class ConfirmBody(v.Asked, frozen=True, kw_only=True):
    why: v.Reason = ""


class DismissBody(v.Asked, frozen=True, kw_only=True):
    why: Why
    allow: v.Name = ""
    """A phrase that is innocent from now on, for this rule at this shop."""


class AllowedView(v.View, frozen=True, kw_only=True):
    """A phrase that is not flagged: under `rule` ("" all), at `shop` ("" all)."""

    desk: str
    phrase: str
    rule: str
    shop: str
    by: str
    why: str
    at: str
    flag: str
    """The flag it was dismissed with, if any."""


class AllowList(v.View, frozen=True, kw_only=True):
    allowed: list[AllowedView]


class AllowBody(v.Asked, frozen=True, kw_only=True):
    phrase: Phrase
    rule: v.Name = ""
    shop: v.Name = ""
    why: v.Reason = ""
    desk: v.Name = ""


class ForbidQuery(v.DeskQuery, frozen=True, kw_only=True):
    phrase: Phrase
    rule: v.Name = ""
    shop: v.Name = ""
