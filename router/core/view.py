"""What is known at one point of a buyer's timeline, and what it is made of: data.

`Moment` is something on a timeline, `View` what the moments up to some point amount to, `Rules`
a policy ready for use. `timeline` says how a view changes.
"""

from __future__ import annotations

from typing import Final

import msgspec

from router.core.policy import ItemKind, Opens, Policy

# Ranks: the order of moments at one millisecond.
BUYER: Final = 0
RECALL: Final = 1
ORDER: Final = 2
SHOP: Final = 3
ORDER_CLOSE: Final = 4
REFUND_REQUEST: Final = 5
REFUND_ACT: Final = 6
CLOSE: Final = 7
OPEN_ITEM: Final = 8
"""A review, or a call-back promised."""
ITEM_ACT: Final = 9
"""A note on a work item, or its withdrawal."""

# Flags of a moment.
FAREWELL: Final = 1
"""BUYER: the text is a farewell."""
HUMAN: Final = 2
"""SHOP: a person wrote it."""
ANSWERS: Final = 4
"""SHOP: ends a wait."""
BY_HOLDER: Final = 8
"""CLOSE: by the session's holder."""
BY_SUPERVISOR: Final = 16
"""CLOSE: by a supervisor."""
UNTIMED: Final = 32
"""REFUND_REQUEST: carries no deadline."""
ANSWERED: Final = 64
"""BUYER: came late, and an agent's message sent after it is known."""
TAKEN_OVER: Final = 128
"""REFUND_ACT: a supervisor has it now; it is not settled."""
ON_DELIVERY: Final = 256
"""ORDER: it is to be paid on delivery."""
AUTO_TEXT: Final = 512
"""SHOP: the automatic text of the work item `category`, of `order`."""

# What has been told of a pending deadline (live view only).
WARNED: Final = 1
RESCUED: Final = 2
WINDOW_OPEN: Final = 4

ORDER_CLOSED: Final = 1
ORDER_CHECKED: Final = 2
ORDER_PLACED: Final = 4
ORDER_PAID: Final = 8
ORDER_SHIPPED: Final = 16
ORDER_ON_DELIVERY: Final = 32
"""To be paid on delivery."""


class Moment(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """Something on a timeline."""

    sent_ms: int
    rank: int
    key: str
    """The message, order, refund or work item."""
    offset: int
    """Where it stands in the inbox."""
    flags: int = 0
    event: str = ""
    """ORDER: `placed`, `paid` or `shipped`; OPEN_ITEM: what opens it, see `Opens`; ITEM_ACT: `note`
    or `withdrawn`."""
    order: str = ""
    """REFUND_REQUEST, OPEN_ITEM: of which order."""
    shows: tuple[str, ...] = ()
    """SHOP: the order numbers that it shows."""
    true_ms: int = 0
    """BUYER: when it was sent, where it is judged as sent when it came (RULES §2)."""
    came_ms: int = 0
    """BUYER, SHOP: when it reached us."""
    category: str = ""
    """SHOP: of the quick reply that it is; OPEN_ITEM: a review's rating; ITEM_ACT: the item's
    kind."""
    due_ms: int = 0
    """OPEN_ITEM: until when it was promised."""


def place(moment: Moment) -> tuple[int, int, str]:
    """The place of a moment in the order of its timeline."""
    return (moment.sent_ms, moment.rank, moment.key)


class Unanswered(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """A buyer's message that waits for an answer."""

    sent_ms: int
    message: str
    farewell: bool
    offset: int
    true_ms: int
    came_ms: int = 0


class Wait(msgspec.Struct, array_like=True, gc=False):
    """A buyer waits for an answer (RULES §2, reply)."""

    armed_ms: int
    due_ms: int
    unanswered: list[Unanswered]
    missed: bool = False
    told: int = 0


class FollowUp(msgspec.Struct, array_like=True, gc=False):
    """A silent buyer is owed a question (RULES §2, follow_up)."""

    start_ms: int
    from_ms: int
    due_ms: int
    asked_ms: int
    """When the buyer's last message before the silence was sent."""
    offset: int
    """The agent's message that started the clock."""
    told: int = 0
    came_ms: int = 0
    """When that message reached us."""


class Pending(msgspec.Struct, array_like=True, gc=False):
    """A work item that is not settled (RULES §9)."""

    kind: str
    key: str
    """The refund, order, review or promise."""
    order: str
    armed_ms: int
    due_ms: int
    """0: no deadline."""
    offset: int
    missed: bool = False
    met: bool = False
    """Its deadline was met, but it is not settled yet: a supervisor has taken it over."""
    told: int = 0
    done: tuple[str, ...] = ()
    """What of several proofs, each of which is needed, has been given (`ItemKind.met_by_all`)."""

    @property
    def running(self) -> bool:
        """Whether its deadline is still to come."""
        return bool(self.due_ms) and not self.missed and not self.met


class Miss(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """A deadline that passed unmet."""

    rule: str
    key: str
    order: str
    armed_ms: int
    """From when on it could be met: when the message, order or request was sent; follow_up: when
    the clock started."""
    due_ms: int
    asked_ms: int
    """follow_up: see `FollowUp.asked_ms`; else 0."""
    from_ms: int
    """follow_up: when its window opened; else 0."""
    offset: int
    came_ms: int = 0
    """reply, follow_up: when the message that armed it reached us; else 0."""
    done: tuple[str, ...] = ()
    """See `Pending.done`."""


class View(msgspec.Struct, array_like=True, gc=False):
    """What is known at one point of a timeline."""

    sessions: int = 0
    """How many were opened."""
    opened_ms: int = -1
    """-1: no session is open."""
    active_ms: int = 0
    """The session's opening or its last message, whichever is later."""
    ended_ms: int = -1
    """When the last session ended; -1: never."""
    ended_why: str = ""
    closing: bool = False
    """The platform has closed it while a reply was pending (RULES §2, "A session")."""
    passed_ms: int = -1
    """The last deadline passed: a moment at or before it can not simply be applied any more."""
    answered_ms: int = -1
    """When the latest message that answers was sent."""
    wait: Wait | None = None
    follow_up: FollowUp | None = None
    pending: tuple[Pending, ...] = ()
    orders: dict[str, int] = {}
    """Known orders: ORDER_CLOSED, ORDER_CHECKED, and what else is known of each."""
    recalled: tuple[str, ...] = ()
    """Messages that were recalled before they came."""

    @property
    def open(self) -> bool:
        return self.opened_ms >= 0


class Rules:
    """A policy with its kinds of work looked up by their names and by what opens them.

    Each moment is judged by the rules that were in force when it was sent, however late it
    comes: `before` are the ones that these replaced, `since_ms` is from when on they count.
    """

    __slots__ = ("before", "by_name", "opened_by", "policy", "since_ms")

    def __init__(self, policy: Policy, *, before: Rules | None = None, since_ms: int = 0) -> None:
        self.policy = policy
        self.before = before
        self.since_ms = since_ms
        self.by_name: dict[str, ItemKind] = {kind.name: kind for kind in policy.items}
        self.opened_by: dict[str, tuple[ItemKind, ...]] = {
            opens.value: tuple(k for k in policy.items if k.opens is opens) for opens in Opens
        }

    def at(self, sent_ms: int) -> Rules:
        """The rules in force at this moment."""
        rules = self
        while rules.before is not None and sent_ms < rules.since_ms:
            rules = rules.before
        return rules

    def fine_fen(self, rule: str) -> int:
        """What a miss of this rule costs."""
        if rule == "reply":
            return self.policy.reply_fine_fen
        if rule == "follow_up":
            return self.policy.follow_up_fine_fen
        kind = self.by_name.get(rule)
        return kind.fine_fen if kind else 0


def idle_end_ms(view: View, rules: Rules) -> int:
    """When an open session ends by itself; messages at that very moment still belong to it."""
    return view.active_ms + rules.at(view.active_ms).policy.session_idle_ms


def is_waiting(view: View) -> bool:
    """Whether the buyer waits for an answer, also after a breach."""
    return view.wait is not None and bool(view.wait.unanswered)


def has_open_order(view: View) -> bool:
    """Whether the buyer has an order known and not closed."""
    return any(not bits & ORDER_CLOSED for bits in view.orders.values())
