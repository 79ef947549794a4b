"""What was written between a buyer and a shop, as the inspector remembers it.

A course is made of committed facts alone, taken in their order: which messages there are, where
their words stand in the log, and when sessions opened and ended. It carries no words. Lines stand
in order of when they were sent, whatever the order in which they came, and each has the moment at
which it may be judged: when nothing that was sent before it can still arrive in time (RULES §2,
lateness). So what is found does not depend on the order of arrival.

Facts may come again: what a course has taken changes nothing the second time.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable

import msgspec

from router.core.facts import (
    MessageNoted,
    MessageRecalledNoted,
    OutageNoted,
    SessionClosed,
    SessionOpened,
)

LOOK_BACK = 200
"""So many earlier lines of a session are known when one is judged."""
SPANS_KEPT = 8
RECALLS_KEPT = 16
STILL_MS = 3_600_000
"""Lines of a finished exchange are kept for this long: something may still arrive between them."""
QUIET_MS = 48 * 3_600_000
"""A course of which nothing was heard for this long can be forgotten."""

CourseFact = MessageNoted | MessageRecalledNoted | SessionClosed | SessionOpened
"""What courses are made of."""
FACTS = (MessageNoted, MessageRecalledNoted, SessionClosed, SessionOpened)


class Noted(msgspec.Struct, array_like=True, gc=False):
    """A message, without its words."""

    sent_ms: int
    by_shop: bool
    message: str
    offset: int
    by: str
    agent: str
    sub_account: str
    settles_ms: int
    """Judged when the clock is beyond this."""
    judged: bool = False
    recalled: bool = False
    alone: bool = False
    """Judged by its words alone: what stands around it may not be known."""
    session: str = ""
    """Which it was told to belong to."""

    @property
    def place(self) -> tuple[int, bool, str]:
        """At the same millisecond the buyer's messages come first (RULES §2, Time)."""
        return (self.sent_ms, self.by_shop, self.message)


class Span(msgspec.Struct, array_like=True, gc=False):
    """A session, from `opened_ms` to `ended_ms`, both included."""

    session: str
    opened_ms: int
    ended_ms: int = -1
    """-1: it is open."""
    closed_by: str = ""
    """The agent who closed it by their own act; "" for all other ends."""
    settles_ms: int = -1
    """When its end is judged; -1: not yet, or it was."""


class Course(msgspec.Struct, array_like=True, gc=False):
    """One buyer at one shop."""

    lines: list[Noted] = []
    spans: list[Span] = []
    seen: int = 0
    """The inbox offset of the last message taken."""
    heard_ms: int = 0
    recalled: list[str] = []
    """Messages that were recalled before they came."""

    def span_at(self, sent_ms: int) -> Span | None:
        """The session that was open at this moment."""
        for span in reversed(self.spans):
            if span.opened_ms <= sent_ms and (span.ended_ms < 0 or sent_ms <= span.ended_ms):
                return span
        return None

    def since_ms(self, sent_ms: int) -> int:
        """From when on lines belong to the same exchange as one sent at this moment."""
        span = self.span_at(sent_ms)
        if span is not None:
            return span.opened_ms
        return max((s.ended_ms + 1 for s in self.spans if 0 <= s.ended_ms < sent_ms), default=0)

    def wake_ms(self) -> int:
        """The clock beyond which something can be judged; -1: nothing waits."""
        waiting = [line.settles_ms for line in self.lines if not line.judged]
        waiting += [span.settles_ms for span in self.spans if span.settles_ms >= 0]
        return min(waiting, default=-1)


def held_ms(fact: CourseFact, outages: Iterable[OutageNoted], grace_ms: int) -> int:
    """Before this moment it is not judged: the platforms' retries are still landing after an
    outage (RULES §2)."""
    match fact:
        case MessageNoted():
            happened_ms = fact.sent_ms
        case SessionClosed():
            happened_ms = fact.ended_ms
        case _:
            return 0
    return max((o.to_ms + grace_ms for o in outages if o.from_ms <= happened_ms), default=0)


def hold(course: Course, outage: OutageNoted, grace_ms: int) -> bool:
    """Judge what had not settled when the outage began only after it; False: there is none."""
    until_ms = outage.to_ms + grace_ms
    changed = False
    waiting: list[Noted | Span] = [line for line in course.lines if not line.judged]
    for each in (*waiting, *course.spans):
        if outage.from_ms <= each.settles_ms < until_ms:
            each.settles_ms = until_ms
            changed = True
    return changed


def take(course: Course, fact: CourseFact, lateness_ms: int, until_ms: int = 0) -> bool:
    """Take the next fact of this buyer and shop; False when it changes nothing.

    `until_ms`: it is not judged before, see `held_ms`.
    """
    match fact:
        case SessionOpened():
            changed = _opened(course, fact)
        case SessionClosed():
            changed = _closed(course, fact, max(fact.ended_ms + lateness_ms, until_ms))
        case MessageNoted():
            changed = _noted(course, fact, max(fact.sent_ms + lateness_ms, until_ms))
        case MessageRecalledNoted():
            changed = _recalled(course, fact)
    if changed:
        course.heard_ms = max(course.heard_ms, fact.at_ms)
    return changed


def _opened(course: Course, fact: SessionOpened) -> bool:
    if any(span.session == fact.session for span in course.spans):
        return False
    last = course.spans[-1] if course.spans else None
    if last is not None and last.ended_ms >= 0 and fact.opened_ms < last.ended_ms:
        # It had not ended: a message that was sent before its end has shown so. It goes on.
        last.session = fact.session
        last.ended_ms = last.settles_ms = -1
        last.closed_by = ""
        return True
    course.spans = [*course.spans[1 - SPANS_KEPT :], Span(fact.session, fact.opened_ms)]
    return True


def _closed(course: Course, fact: SessionClosed, settles_ms: int) -> bool:
    for span in course.spans:
        if span.session == fact.session and span.ended_ms < 0:
            span.opened_ms = fact.opened_ms
            span.ended_ms = fact.ended_ms
            span.closed_by = fact.agent if fact.why == "holder" else ""
            span.settles_ms = settles_ms
            return True
    return False


def _noted(course: Course, fact: MessageNoted, settles_ms: int) -> bool:
    if fact.offset <= course.seen:
        return False
    course.seen = fact.offset
    if fact.late:
        return True  # it is shown, and judges nothing
    known = not fact.session or any(span.session == fact.session for span in course.spans)
    late = settles_ms < fact.at_ms
    line = Noted(
        sent_ms=fact.sent_ms,
        by_shop=fact.side == "shop",
        message=fact.message,
        offset=fact.offset,
        by=fact.by,
        agent=fact.agent,
        sub_account=fact.sub_account,
        settles_ms=settles_ms,
        judged=fact.side == "buyer" or fact.by != "human",
        recalled=fact.message in course.recalled,
        alone=late or not known,
        session=fact.session,
    )
    if late and not line.by_shop and not _answered(course, fact.sent_ms):
        line.sent_ms = fact.at_ms  # as the deadlines have it: as though sent when it was received
    insort(course.lines, line, key=lambda known: known.place)
    if not line.by_shop and not line.alone:
        _opened_earlier(course, fact)
    return True


def _answered(course: Course, sent_ms: int) -> bool:
    """Whether an agent's message that was sent after this moment is known."""
    return any(
        line.by_shop and line.by == "human" and line.sent_ms >= sent_ms for line in course.lines
    )


def _opened_earlier(course: Course, fact: MessageNoted) -> None:
    """A buyer's message may turn out to be what opened the session."""
    *past, span = course.spans or [Span("", 0)]
    if span.session == fact.session and all(s.ended_ms < fact.sent_ms for s in past):
        span.opened_ms = min(span.opened_ms, fact.sent_ms)


def _recalled(course: Course, fact: MessageRecalledNoted) -> bool:
    for line in course.lines:
        if line.message == fact.message:
            changed = not line.recalled
            line.recalled = True
            return changed
    if fact.message in course.recalled:
        return False
    course.recalled = [*course.recalled[1 - RECALLS_KEPT :], fact.message]
    return True


def prune(course: Course) -> None:
    """Forget the lines that nothing will be judged by any more: those of exchanges that are over,
    and all but the last `LOOK_BACK` of the present one."""
    lines = course.lines
    first = next((n for n, line in enumerate(lines) if not line.judged), len(lines))
    if lines:
        at_ms = lines[first].sent_ms if first < len(lines) else lines[-1].sent_ms
        waiting = [span.opened_ms for span in course.spans if span.settles_ms >= 0]
        since_ms = min([course.since_ms(at_ms), course.heard_ms - STILL_MS, *waiting])
        course.lines = [
            line
            for n, line in enumerate(lines)
            if n >= first or (n >= first - LOOK_BACK and line.sent_ms >= since_ms)
        ]
