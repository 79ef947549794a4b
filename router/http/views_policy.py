"""The JSON shapes of a desk's rules and of their changes."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from router.http.views import Asked, DeskQuery, Limit, Name, View
from router.policy_editing import Value

Source = Literal["default", "desk", "shop"]
Entry = Annotated[str, msgspec.Meta(max_length=200)]
Line = Annotated[str, msgspec.Meta(max_length=2_000)]
Given = bool | int | Line | Annotated[list[Entry], msgspec.Meta(max_length=300)]


class Said(View, frozen=True, kw_only=True):
    """In both languages."""

    zh: str
    en: str


class ChoiceView(Said, frozen=True, kw_only=True):
    value: str


class FieldView(Said, frozen=True, kw_only=True):
    """One value that can be set."""

    key: str
    kind: str
    """`duration` (`"5m"`), `fen`, `flag`, `switch`, `text`, `number`, `choice`, `words` (a list),
    `hours` (a list of spans, Beijing time) or `time` (`"18:00"`, "" for none)."""
    scope: str
    """Whose it can be: `desk`, `shop` or `both`."""
    default: Value
    choices: list[ChoiceView]
    hint: Said


class GroupView(Said, frozen=True, kw_only=True):
    id: str
    fields: list[FieldView]


class ValueView(View, frozen=True, kw_only=True):
    value: Value
    source: Source
    """Where it comes from."""


class ScopeView(View, frozen=True, kw_only=True):
    """The rules of a shop, or (with no id) of the desk's shops that say nothing of their own."""

    shop: str
    name: str
    values: dict[str, ValueView]


class PolicyView(View, frozen=True, kw_only=True):
    """A desk's rules."""

    desk: str
    name: str
    version: str
    """Of the file: for `If-Match`; empty where nothing can be changed here."""
    in_force: bool
    """Whether these rules are those by which the desk works; False for a moment after a change."""
    file: str
    locked: Said | None
    """Why nothing can be changed here; None: it can be."""
    may_change: bool
    """Whether the caller may."""
    groups: list[GroupView]
    scopes: list[ScopeView]


class EditBody(Asked, frozen=True, kw_only=True):
    """One value to be set; null takes it away, so that the desk's, or the default, counts."""

    key: Name
    shop: Name = ""
    """Empty for the desk's own."""
    value: Given | None = None


class PolicyBody(Asked, frozen=True, kw_only=True):
    changes: Annotated[list[EditBody], msgspec.Meta(max_length=500)]


class FaultView(Said, frozen=True, kw_only=True):
    """What is wrong with a change, as `zhiban check` says it."""

    shop: str
    key: str
    """Of the field; empty where it is about something else."""
    place: str
    """In the file."""


class ChangeView(View, frozen=True, kw_only=True):
    """One difference."""

    key: str
    shop: str
    """Empty for the desk's."""
    group: Said
    rule: Said
    before: Said
    after: Said
    means: Said
    shops: list[str]
    """Where it counts."""
    others: list[str]
    """Of a desk's change: shops that have their own."""
    concerned: int | None
    """How many open deadlines, sessions or flags it could be thought to touch."""


class PreviewView(View, frozen=True, kw_only=True):
    """What a change would do."""

    version: str
    valid: bool
    changes: list[ChangeView]
    errors: list[FaultView]
    warnings: list[FaultView]


class HistoryQuery(DeskQuery, frozen=True, kw_only=True):
    before: int = 0
    """The id behind which to go on."""
    limit: Limit = 50


class PastChangeView(View, frozen=True, kw_only=True):
    key: str
    shop: str
    rule: Said
    before: Said
    after: Said


class AdoptionView(View, frozen=True, kw_only=True):
    """Rules that came into force."""

    id: int
    at: str
    by: str
    """The user; empty where the file was changed by hand."""
    by_name: str
    changes: list[PastChangeView]
    further: list[Said]
    """What else was changed: people, shops."""


class HistoryView(View, frozen=True, kw_only=True):
    adoptions: list[AdoptionView]
    next_before: int | None
