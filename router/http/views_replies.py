"""The JSON shapes of quick replies."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from router.http import views as v

Short = Annotated[str, msgspec.Meta(max_length=200)]


class FindingView(v.View, frozen=True, kw_only=True):
    """What the rules of conduct object to."""

    rule: str
    matched: str
    start: int
    end: int
    detail: str


class ReplyView(v.View, frozen=True, kw_only=True):
    """A quick reply. `filled`: its text with what is known of the session asked about."""

    id: str
    owner: Literal["team", "mine"]
    category: str
    category_name: str
    scenario: str
    title: str
    text: str
    pictures: tuple[str, ...]
    shops: tuple[str, ...]
    shortcut: str
    uses: int
    filled: str
    missing: tuple[str, ...]
    """Placeholders that nothing was known for."""
    updated_at: str | None = None
    findings: tuple[FindingView, ...] = ()


class CategoryCount(v.View, frozen=True, kw_only=True):
    id: str
    name: str
    count: int


class ReplyList(v.Page, frozen=True, kw_only=True):
    """Some of those that were found, of `total`."""

    replies: list[ReplyView]
    total: int
    categories: list[CategoryCount]
    """How many were found of each category, whichever is asked for."""


class CategoryView(v.View, frozen=True, kw_only=True):
    id: str
    name: str


class CategoryList(v.View, frozen=True, kw_only=True):
    categories: list[CategoryView]


class ImportedReplies(v.View, frozen=True, kw_only=True):
    added: int
    changed: int


class UsageView(v.View, frozen=True, kw_only=True):
    agent: str
    uses: int
    last_at: str


class UsageList(v.View, frozen=True, kw_only=True):
    usage: list[UsageView]


class RowProblem(v.View, frozen=True, kw_only=True):
    """What is wrong with a row of a file."""

    place: str
    found: str
    zh: str
    en: str


class ReplyBody(v.Asked, frozen=True, kw_only=True):
    """A reply as it shall be. `owner`: `team` is for supervisors."""

    owner: Literal["team", "mine"] = "mine"
    category: Short
    scenario: Short = ""
    title: Short
    text: v.Text
    pictures: Annotated[tuple[v.Url, ...], msgspec.Meta(max_length=9)] = ()
    shops: Annotated[tuple[v.Name, ...], msgspec.Meta(max_length=100)] = ()
    shortcut: Short = ""
    confirmed: bool = False
    """Save it although the rules of conduct have doubts."""


class RepliesQuery(v.DeskQuery, frozen=True, kw_only=True):
    q: Short = ""
    shop: v.Name = ""
    category: Short = ""
    session: v.Name = ""
    """Fill in the placeholders for this session."""
    owner: Literal["", "team", "mine"] = ""
    sort: Literal["best", "used", "unused", "changed"] = "best"
    """`best`: those that fit what was typed best; of equals the most used."""
    cursor: v.Name = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=5_000)] = 20


class OwnerQuery(v.Asked, frozen=True, kw_only=True):
    owner: Literal["team", "mine"] = "mine"


class ExportQuery(OwnerQuery, frozen=True, kw_only=True):
    format: Literal["csv", "xlsx", "json"] = "xlsx"


class ImportQuery(OwnerQuery, frozen=True, kw_only=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    """The file's name: its ending tells what it is."""
    confirmed: bool = False
    """Import it although the rules of conduct have doubts about some rows."""
