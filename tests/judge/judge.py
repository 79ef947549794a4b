"""A second, plain implementation of the deadline rules (RULES.md, section 2).

It was written from the rule text alone, shares no code with the product and is meant as the oracle
of property tests, so it prefers clarity to speed. It reads the lines of a trace (CONTRACT.md,
section 3), takes everything to have arrived within the lateness (`received_at` is never looked at)
and judges in order of `sent_at`. What the text leaves open is marked `DECISION` below.

How it works: the lines are sorted once, ties as section 2 says. Replies and follow-ups depend on
the state of one session, so `_Conversation` walks the lines of one (shop, buyer) through it. An
order check or a refund, once armed, depends on nothing but a few later lines: these are looked up.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Line = Mapping[str, Any]

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

FAREWELLS = (
    *("好", "好的", "好吧", "行", "可以", "谢谢", "谢谢你", "谢谢您"),
    *("谢谢亲", "感谢", "多谢", "再见", "拜拜", "不用了", "不买了", "拍了"),
    *("已拍", "拍下了", "知道了", "明白了", "ok", "嗯", "嗯嗯"),
)
FINED_REFUNDS = ("mistaken_order", "reorder", "changed_mind")

# The order of what happens in the same millisecond. "Order" is any order.* line but the close;
# a recall stands right after the buyers' messages.
TIES = {
    "message.received": 0,
    "message.recalled": 1,
    "order.placed": 2,
    "order.paid": 2,
    "order.shipped": 2,
    "message.sent": 3,
    "inform": 3,
    "order.closed": 4,
    "refund.requested": 5,
    "refund.resolved": 6,
    "refund.taken_over": 6,
    "session.closed": 7,
    "session.close": 7,
}


@dataclass(frozen=True)
class JudgePolicy:
    """The numbers of section 2. `channels`: the lateness of shops that are not on the bridge."""

    reply_ms: int = 5 * MINUTE
    follow_up_from_ms: int = 10 * MINUTE
    follow_up_to_ms: int = 20 * MINUTE
    order_check_ms: int = 10 * MINUTE
    refund_ms: int = 30 * MINUTE
    session_idle_ms: int = 2 * HOUR
    order_window_ms: int = 24 * HOUR
    lateness_ms: int = 2 * MINUTE
    farewells: tuple[str, ...] = FAREWELLS
    channels: Mapping[str, int] = field(default_factory=dict)

    def lateness(self, shop: str) -> int:
        return self.channels.get(shop, self.lateness_ms)


@dataclass(frozen=True)
class Breach:
    """A missed deadline. `order` is set for an order check, `refund` for a refund."""

    rule: str
    shop: str
    buyer: str
    due_ms: int
    order: str | None = None
    refund: str | None = None


@dataclass(frozen=True)
class Judgement:
    """`breaches` are those sealed by the end, sorted by due, rule, shop, buyer, order, refund."""

    sessions: int
    breaches: list[Breach]


def judge(
    events: list[dict[str, Any]], policy: JudgePolicy | None = None, end_ms: int | None = None
) -> Judgement:
    """How many sessions were opened, and which breaches were sealed, when the clock stops.

    The clock stops at `end_ms`; without it at the `end` line, without one at the last timestamp.
    """
    policy = policy or JudgePolicy()
    if end_ms is None:
        ends = [parse_ms(line["timestamp"]) for line in events if line["type"] == "end"]
        end_ms = max(ends or [parse_ms(line["timestamp"]) for line in events], default=0)

    lines = [_Event.of(line) for line in events if _counts(line)]
    lines = [line for line in lines if line.ms <= end_ms]
    lines.sort(key=lambda line: line.sort_key)

    sessions = 0
    missed: list[Breach] = []
    for shop, buyer in sorted({(line.shop, line.buyer) for line in lines if line.buyer}):
        own = [line for line in lines if (line.shop, line.buyer) == (shop, buyer)]
        conversation = _Conversation(shop, buyer, policy)
        conversation.run(own)
        sessions += conversation.sessions
        missed += conversation.missed
        for order, placed_ms in conversation.armed_orders.items():
            missed += _missed_order_check(shop, buyer, order, placed_ms, own, policy)
    for shop, refund in sorted({(line.shop, line.refund) for line in lines if line.refund}):
        missed += _missed_refunds(
            [line for line in lines if (line.shop, line.refund) == (shop, refund)], policy
        )

    sealed = [b for b in missed if b.due_ms + policy.lateness(b.shop) <= end_ms]
    sealed.sort(key=lambda b: (b.due_ms, b.rule, b.shop, b.buyer, b.order or "", b.refund or ""))
    return Judgement(sessions, sealed)


# --- lines -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Event:
    """A line of the trace, with what the rules need of it."""

    type: str
    ms: int
    shop: str
    buyer: str
    data: Mapping[str, Any]

    @classmethod
    def of(cls, line: Line) -> "_Event":
        data = line.get("data") or {}
        # The shop of people's acts may stand in their data (CONTRACT section 3).
        shop = line.get("shop") or data.get("shop") or ""
        buyer = data.get("buyer") or ""
        return cls(line["type"], parse_ms(line["timestamp"]), shop, buyer, data)

    @property
    def message(self) -> str:
        return str(self.data.get("message", ""))

    @property
    def order(self) -> str:
        return str(self.data["order"])

    @property
    def refund(self) -> str:
        return str(self.data.get("refund", "")) if self.type.startswith("refund.") else ""

    @property
    def sort_key(self) -> tuple[int, int, str, str]:
        family = self.type.split(".")[0]
        own_id = str(self.data.get("message" if family == "inform" else family, ""))
        return self.ms, TIES[self.type], own_id, self.type


def _counts(line: Line) -> bool:
    """Lines that bear on a verdict. An echo is no second message (CONTRACT section 2)."""
    return line["type"] in TIES and "echo_of" not in (line.get("data") or {})


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))",
    re.ASCII,
)


def parse_ms(text: str) -> int:
    """An RFC 3339 time as integer milliseconds since 1970; finer digits are cut off."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError(f"not an RFC 3339 time: {text!r}")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, sign, offset_hours, offset_minutes = match.groups()[6:]
    days = (datetime(year, month, day, tzinfo=UTC) - _EPOCH).days
    ms = days * 24 * HOUR + hour * HOUR + minute * MINUTE + second * SECOND
    if fraction:
        ms += int(fraction[:3].ljust(3, "0"))
    if sign:
        offset = int(offset_hours) * HOUR + int(offset_minutes) * MINUTE
        ms -= offset if sign == "+" else -offset
    return ms


def format_ms(ms: int) -> str:
    """The time of reports: RFC 3339, UTC, with milliseconds."""
    moment = _EPOCH + timedelta(milliseconds=ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- texts -----------------------------------------------------------------------------------


def normalised(text: str) -> str:
    """NFKC, in lower case, letters and digits (Unicode categories L and N) only."""
    lowered = unicodedata.normalize("NFKC", text).lower()
    return "".join(char for char in lowered if unicodedata.category(char)[0] in "LN")


def is_farewell(message: Mapping[str, Any], farewells: Iterable[str]) -> bool:
    """DECISION: only a message of kind text is one, a caption under a picture is not."""
    if message.get("kind", "text") != "text":
        return False
    return normalised(message.get("text") or "") in farewells


def shows_order(message: Mapping[str, Any], order: str) -> bool:
    """An order card for it, or its number standing alone in the text of any kind of message."""
    if message.get("kind") == "order_card" and message.get("order") == order:
        return True
    alone = rf"(?<![A-Za-z0-9]){re.escape(order)}(?![A-Za-z0-9])"
    return re.search(alone, message.get("text") or "") is not None


# --- reply and follow_up: the sessions of one buyer ------------------------------------------


@dataclass
class _Session:
    # Its opening, or the last message of either side if that is later.
    active_ms: int
    # The buyer's messages that no agent answered and nobody recalled, in order.
    unanswered: list[_Event] = field(default_factory=list)
    # A reply was missed and no agent has written since: nothing more is charged.
    reply_missed: bool = False
    # When the follow-up's clock started, while one is owed.
    silent_since: int | None = None
    # The platform has closed it, but a reply deadline was pending.
    closing: bool = False


class _Conversation:
    """Walks one buyer's lines at one shop; finds their sessions, missed replies and follow-ups."""

    def __init__(self, shop: str, buyer: str, policy: JudgePolicy) -> None:
        self.shop = shop
        self.buyer = buyer
        self.policy = policy
        self.session: _Session | None = None
        self.last_end_ms: int | None = None
        self.open_orders: set[str] = set()
        self.closed_orders: set[str] = set()
        self.sessions = 0
        self.missed: list[Breach] = []
        self.armed_orders: dict[str, int] = {}

    def run(self, lines: list[_Event]) -> None:
        for line in lines:
            self.pass_time(before=line.ms)
            self.take(line)
        self.pass_time(before=None)

    # What happens by itself. Everything takes place after the lines of its millisecond, so that
    # an act at exactly `due`, or a message at exactly 2 h, is still in time.

    def pass_time(self, before: int | None) -> None:
        while self.session is not None:
            idle_end = self.session.active_ms + self.policy.session_idle_ms
            reply_due = self.reply_due()
            follow_up_due = self.follow_up_due()
            at = min(ms for ms in (idle_end, reply_due, follow_up_due) if ms is not None)
            if before is not None and at >= before:
                return
            # A session's end cancels at or before due, so in the same millisecond it comes first.
            if at == idle_end:
                self.end_session(at)
            elif at == reply_due:
                self.missed.append(Breach("reply", self.shop, self.buyer, at))
                self.session.reply_missed = True
                if self.session.closing:
                    self.end_session(at)
            else:
                self.missed.append(Breach("follow_up", self.shop, self.buyer, at))
                self.session.silent_since = None

    def reply_due(self) -> int | None:
        """The pending reply deadline: that of the earliest message left, once per wait."""
        if self.session is None or self.session.reply_missed or not self.session.unanswered:
            return None
        return self.session.unanswered[0].ms + self.policy.reply_ms

    def follow_up_due(self) -> int | None:
        if self.session is None or self.session.silent_since is None:
            return None
        return self.session.silent_since + self.policy.follow_up_to_ms

    def open_session(self, ms: int) -> _Session:
        self.sessions += 1
        self.session = _Session(active_ms=ms)
        return self.session

    def end_session(self, ms: int) -> None:
        """Its wait and its follow-up end with it; order checks and refunds run on."""
        self.session = None
        self.last_end_ms = ms

    # What the lines do.

    def take(self, line: _Event) -> None:
        if line.type == "message.received":
            self.buyer_writes(line)
        elif line.type == "message.recalled":
            self.message_recalled(line)
        elif line.type == "order.closed":
            self.open_orders.discard(line.order)
            self.closed_orders.add(line.order)
        elif line.type.startswith("order."):
            self.order_seen(line)
        elif line.type in ("message.sent", "inform"):
            self.shop_writes(line)
        elif line.type == "session.closed":
            self.platform_closes(line)
        elif line.type == "session.close":
            self.agent_closes(line)

    def buyer_writes(self, line: _Event) -> None:
        session = self.session or self.open_session(line.ms)
        session.active_ms = line.ms
        session.unanswered.append(line)
        session.silent_since = None
        session.closing = False

    def message_recalled(self, line: _Event) -> None:
        """DECISION: only a message still unanswered is affected, and only from now on.

        If all are recalled the buyer waits no longer; but after a miss it still takes an agent's
        message (or the session's end) before anything more is charged, as the text says.
        """
        session = self.session
        if session is None:
            return
        session.unanswered = [m for m in session.unanswered if m.message != line.message]
        if session.closing and not session.unanswered:
            self.end_session(line.ms)

    def shop_writes(self, line: _Event) -> None:
        session = self.session
        if session is None:
            return
        session.active_ms = line.ms
        if line.type == "message.sent" and line.data.get("by") != "human":
            return
        answered = session.unanswered
        session.unanswered = []
        session.reply_missed = False
        if not answered:
            owed_since = session.silent_since
            if owed_since is not None and line.ms >= owed_since + self.policy.follow_up_from_ms:
                session.silent_since = None
        elif session.closing:
            self.end_session(line.ms)
        elif line.type != "inform" and self.is_inquiry(answered[-1]):
            session.silent_since = line.ms

    def is_inquiry(self, last_message: _Event) -> bool:
        """Whether an answer now starts the follow-up's clock."""
        return not self.open_orders and not is_farewell(last_message.data, self.policy.farewells)

    def order_seen(self, line: _Event) -> None:
        """Placed, paid or shipped.

        DECISION: closing is final, so what is said of a closed order later changes nothing; any of
        the three, of an order not closed, is "an order" that cancels a follow-up.
        """
        if line.order in self.closed_orders:
            return
        self.open_orders.add(line.order)
        if self.session is not None:
            self.session.silent_since = None
        if line.type != "order.placed" or line.order in self.armed_orders:
            return
        if self.session is None:
            ended = self.last_end_ms
            if ended is None or line.ms > ended + self.policy.order_window_ms:
                return
            self.open_session(line.ms)
        self.armed_orders[line.order] = line.ms

    def platform_closes(self, line: _Event) -> None:
        if self.session is None:
            return
        if self.reply_due() is not None:
            self.session.closing = True
        else:
            self.end_session(line.ms)

    def agent_closes(self, line: _Event) -> None:
        """Refused while the buyer waits (also after a breach) or a follow-up is owed."""
        session = self.session
        if session is None or session.unanswered or session.silent_since is not None:
            return
        self.end_session(line.ms)


# --- order_check and refund ------------------------------------------------------------------


def _missed_order_check(
    shop: str, buyer: str, order: str, placed_ms: int, lines: list[_Event], policy: JudgePolicy
) -> list[Breach]:
    """The breach of one armed order, if there is one. `lines` are its buyer's."""
    due = placed_ms + policy.order_check_ms
    for line in lines:
        if not placed_ms <= line.ms <= due:
            continue
        if line.type == "order.closed" and line.order == order:
            return []
        if line.type in ("message.sent", "inform") and shows_order(line.data, order):
            return []
    return [Breach("order_check", shop, buyer, due, order=order)]


def _missed_refunds(lines: list[_Event], policy: JudgePolicy) -> list[Breach]:
    """The breaches of one refund. `lines` are those that name it, in order.

    It is pending from a request until it is resolved. DECISION: a refund that was taken over, or
    missed, is still pending: asking for it again changes nothing before it is resolved.
    """
    requests: list[int] = []
    pending = False
    for position, line in enumerate(lines):
        if line.type == "refund.requested" and not pending:
            requests.append(position)
            pending = True
        elif line.type == "refund.resolved":
            pending = False

    missed = []
    for position in requests:
        request = lines[position]
        due = request.ms + policy.refund_ms
        met = any(
            act.type in ("refund.resolved", "refund.taken_over") and act.ms <= due
            for act in lines[position + 1 :]
        )
        if request.data.get("reason") in FINED_REFUNDS and not met:
            missed.append(Breach("refund", request.shop, request.buyer, due, refund=request.refund))
    return missed
