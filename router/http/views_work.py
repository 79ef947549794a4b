"""The shapes of work items, call-backs and remarks (RULES §9)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from router.core.commands_work import RemarkFlag
from router.http.views import (
    Asked,
    Delivery,
    Name,
    Page,
    PageQuery,
    RemarkView,
    Url,
    View,
    WorkView,
)

Words = Annotated[str, msgspec.Meta(min_length=1, max_length=2_000)]
Why = Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]


class NoteView(View, frozen=True, kw_only=True):
    """What somebody has noted on a work item."""

    offset: int
    at: str
    by: str
    text: str
    evidence: tuple[str, ...] = ()
    what: Literal["note", "withdrawn"] = "note"
    """`withdrawn`: why a call-back is not needed any more."""


class ItemView(View, frozen=True, kw_only=True):
    """A work item with its notes."""

    item: WorkView
    notes: list[NoteView]


class Items(Page, frozen=True, kw_only=True):
    items: list[WorkView]


class OrderRemark(View, frozen=True, kw_only=True):
    """An order's remark, and whether it has reached the platform."""

    remark: RemarkView
    delivery: Delivery | None = None
    """None: not known any more."""


# What comes in.


class ItemsQuery(PageQuery, frozen=True, kw_only=True):
    kind: Name = ""
    shop: Name = ""
    agent: Name = ""
    state: Literal["", "held", "queued", "taken_over", "missed", "settled"] = ""
    """Pending ones, unless `settled`: those that have notes, as long as they are remembered.
    `missed`: pending ones whose deadline has passed."""


class NoteBody(Asked, frozen=True, kw_only=True):
    text: Words
    evidence: Annotated[tuple[Url, ...], msgspec.Meta(max_length=20)] = ()
    """Addresses of pictures or pages that prove it."""


class CallBackBody(Asked, frozen=True, kw_only=True):
    """Either `due_in_s` or `due_at`; from 1 minute to 30 days ahead."""

    text: Why
    """What was promised."""
    due_in_s: Annotated[int, msgspec.Meta(ge=60, le=2_592_000)] | None = None
    due_at: Annotated[str, msgspec.Meta(max_length=40)] = ""


class WithdrawBody(Asked, frozen=True, kw_only=True):
    why: Why


class RemarkBody(Asked, frozen=True, kw_only=True):
    buyer: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    reason: Why
    flag: RemarkFlag = "red"
