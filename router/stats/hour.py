"""What is counted of an hour, or of anything else: a shop's, an agent's, many put together."""

from __future__ import annotations


class Spans:
    """How long something took, many times over: exact to the second, and small."""

    __slots__ = ("count", "seconds", "total_ms")

    def __init__(self) -> None:
        self.seconds: dict[int, int] = {}
        """How often, by whole seconds (rounded)."""
        self.count = 0
        self.total_ms = 0

    def add(self, span_ms: int, times: int = 1) -> None:
        """`times`: -1 takes one back that was added."""
        second = (span_ms + 500) // 1000
        left = self.seconds.get(second, 0) + times
        if left:
            self.seconds[second] = left
        else:
            del self.seconds[second]
        self.count += times
        self.total_ms += span_ms * times

    def join(self, other: Spans) -> None:
        for second, times in other.seconds.items():
            self.seconds[second] = self.seconds.get(second, 0) + times
        self.count += other.count
        self.total_ms += other.total_ms

    @property
    def mean_ms(self) -> int | None:
        return self.total_ms // self.count if self.count else None

    @property
    def longest_ms(self) -> int | None:
        return max(self.seconds) * 1000 if self.seconds else None

    def quantile_ms(self, hundredth: int) -> int | None:
        """By nearest rank: 50 the median, 90 what nine of ten did not exceed."""
        if not self.count:
            return None
        left = -(-self.count * hundredth // 100)
        for second in sorted(self.seconds):
            left -= self.seconds[second]
            if left <= 0:
                return second * 1000
        raise AssertionError("the counts do not add up")


class Hour:
    """The counters."""

    __slots__ = (
        "breaches",
        "first_replies",
        "firsts_in_30s",
        "firsts_over",
        "in_3min",
        "in_time",
        "late",
        "messages",
        "queue_ms",
        "queued",
        "received",
        "replies",
        "sent",
        "sessions",
        "unanswered",
        "waits_over",
    )

    def __init__(self) -> None:
        self.messages = 0
        """Of buyers."""
        self.sessions = 0
        """Opened."""
        self.sent = 0
        """Messages of people on the shop's side."""
        self.received = 0
        """Sessions in which the agent has written for the first time."""
        self.in_time = 0
        """Waits that were answered before their deadline."""
        self.late = 0
        """Waits whose deadline was missed."""
        self.unanswered = 0
        """Waits that ended without an answer."""
        self.waits_over = 0
        self.in_3min = 0
        """Waits that a person has answered within 3 minutes (both ends included)."""
        self.firsts_over = 0
        """Of waits, those that were the first of their session."""
        self.firsts_in_30s = 0
        """Those that a person has answered within 30 s."""
        self.replies = Spans()
        """From the beginning of a wait to a person's answer."""
        self.first_replies = Spans()
        """The same, for the first wait of a session."""
        self.queued = 0
        """How often a session has come into the queue."""
        self.queue_ms = 0
        """The longest that one of these waited there."""
        self.breaches: dict[str, int] = {}
        """By rule."""

    def join(self, other: Hour) -> None:
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.replies.join(other.replies)
        self.first_replies.join(other.first_replies)
        self.queue_ms = max(self.queue_ms, other.queue_ms)
        for rule, count in other.breaches.items():
            self.breaches[rule] = self.breaches.get(rule, 0) + count


_SUMS = (
    *("messages", "sessions", "sent", "received", "in_time", "late", "unanswered", "waits_over"),
    *("in_3min", "firsts_over", "firsts_in_30s", "queued"),
)
