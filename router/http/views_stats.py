"""The JSON shapes of a day's figures. Durations are milliseconds; null: there was none."""

from __future__ import annotations

from typing import Annotated

import msgspec

from router.http import views as v

DayName = Annotated[str, msgspec.Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]


class StatsQuery(v.DeskQuery, frozen=True, kw_only=True):
    day: DayName = ""
    """2026-11-21, a day of Beijing; empty: today."""
    shop: v.Name = ""
    """Of this shop alone."""


class RateView(v.View, frozen=True, kw_only=True):
    """So many of so many."""

    met: int
    of: int


class SpansView(v.View, frozen=True, kw_only=True):
    """How long buyers waited until a person answered them."""

    count: int
    mean_ms: int | None
    median_ms: int | None
    p90_ms: int | None
    max_ms: int | None


class PartView(v.View, frozen=True, kw_only=True):
    """An hour, or the whole day."""

    from_at: str
    messages: int
    """Of buyers, by when they were sent."""
    sessions: int
    """Opened."""
    in_time: RateView
    """Waits whose reply deadline was met, of those that were met or missed; by their beginning."""
    in_3min: RateView
    """Waits that a person answered within 3 minutes, of those of which that is known."""
    in_30s: RateView
    """First waits of sessions that a person answered within 30 s, in the same way."""
    reply: SpansView
    """All waits; `max_ms` has those that are not over, too."""
    first_reply: SpansView
    """The first wait of each session."""
    unanswered: int
    """Waits that ended with their session, without an answer."""
    waiting: int
    """Waits that are not over."""
    queued: int
    """How often a session came into the queue."""
    queue_max_ms: int | None
    """The longest that one waited there, or waits."""
    breaches: dict[str, int]
    """By rule; by their due. Without those that were reversed."""


class ShopStats(v.View, frozen=True, kw_only=True):
    shop: str
    name: str
    messages: int
    sessions: int
    in_time: RateView
    mean_reply_ms: int | None
    breaches: int


class AgentStats(v.View, frozen=True, kw_only=True):
    agent: str
    name: str
    sessions: int
    """In which they have written."""
    messages: int
    """They have written."""
    replies: int
    """Waits that they have answered."""
    in_time: RateView
    """Of those, and of the missed ones that are held against them."""
    mean_first_ms: int | None
    mean_reply_ms: int | None
    breaches: int
    """They are charged with, whatever it cost; waived ones too."""


class StatsView(v.View, frozen=True, kw_only=True):
    """A day of a desk, by hour."""

    desk: str
    day: str
    time_zone: str
    now: str
    since_at: str | None
    """Where the log begins later than the day: from when on anything is known."""
    hours: list[PartView]
    total: PartView
    in_3min: RateView
    """Of the waits begun from 8:00 to 23:00, in which platforms measure it (RULES §7)."""
    in_30s: RateView
    """Of those begun from 9:00 to 23:00."""
    shops: list[ShopStats]
    """All of them, also where one is asked for."""
    agents: list[AgentStats]
    """Those of whom there is anything to say."""
