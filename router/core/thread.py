"""One buyer at one shop: the timeline, and who holds what of it.

A thread keeps its timeline twice. `sealed` is the view of all that lies before the
**horizon**, the moment behind which nothing that counts can still arrive (RULES §2,
lateness); `buffer` has the moments behind it, in order; `live` is `sealed` with the buffer
applied and time passed up to the log's clock. What arrives in order is applied to `live`
alone. What arrives out of order is put in its place and `live` is folded again, so the order
of arrival decides nothing. When the horizon passes a deadline, `seal` folds up to it: what
that finds missed is the verdict.
"""

from __future__ import annotations

from bisect import bisect_right

import msgspec

from router.core.memos import AutoLine, Autos, Bot, Silence, Told
from router.core.timeline import advance, apply
from router.core.view import (
    ANSWERED,
    ANSWERS,
    BUYER,
    BY_HOLDER,
    BY_SUPERVISOR,
    CLOSE,
    SHOP,
    Miss,
    Moment,
    Rules,
    View,
    place,
)

BUFFER_LIMIT = 512
"""More moments of one buyer within the lateness than this are sealed early: a flood may not
make every arrival fold thousands of moments again."""

COMPACT_AT = 16

_encode_view = msgspec.msgpack.Encoder().encode
_decode_view = msgspec.msgpack.Decoder(View).decode


class Hold(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """Who held a session or an item from `at_ms` on; nobody where `agent` is empty."""

    at_ms: int
    agent: str
    sub_account: str
    cause: str
    """A cause of `session_assigned`, or `queue`, `closed`."""
    given: bool
    """The previous holder gave it away by their own act, or it was rescued from them."""
    offset: int


class Work(msgspec.Struct, array_like=True, gc=False):
    """A work item as people see it: what is pending in the view, and who has it."""

    id: str
    kind: str
    key: str
    order: str
    opened_ms: int
    due_ms: int
    reason: str
    offset: int
    for_supervisors: bool = False
    taken_by: str = ""
    """The supervisor who has taken it over."""
    escalated_by: str = ""
    escalation: str = ""
    told: int = 0
    queued: bool = False
    holds: list[Hold] = []
    notes: tuple[int, ...] = ()
    """Where the words of its notes stand in the inbox."""
    withdrawn_by: str = ""
    """Who has said that it is not needed any more."""
    ended_ms: int = 0
    """When it was settled; 0: it is pending."""

    @property
    def agent(self) -> str:
        return self.holds[-1].agent if self.holds else ""

    @property
    def sub_account(self) -> str:
        return self.holds[-1].sub_account if self.holds else ""


class PastSession(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """A closed session, as long as the thread is remembered."""

    id: str
    opened_ms: int
    ended_ms: int
    why: str
    agent: str
    sub_account: str
    lines: bytes
    autos: tuple[AutoLine, ...] = ()

    def with_line(self, offset: int) -> PastSession:
        """The same with a message that came after its end."""
        return msgspec.structs.replace(self, lines=add_line(self.lines, offset))


class Thread(msgspec.Struct, array_like=True, gc=False):
    """One buyer at one shop."""

    no: int
    """The desk's number for it: breaks ties between threads."""
    shop: str
    buyer: str
    sealed: bytes = b""
    """The encoded view at the horizon; b"" for the empty view."""
    buffer: list[Moment] = []
    live: View = msgspec.field(default_factory=View)
    misses: tuple[Miss, ...] = ()
    """Noticed and not sealed, in order."""
    # The open session, if any
    session: str = ""
    opened_ms: int = 0
    state: str = ""
    """See `session`: "", "bot", "queued", "held", "closing"."""
    serial: int = 0
    """Which of the timeline's sessions this is."""
    group: str = ""
    wanted: str = ""
    """The group that the platform asks for with the message that is just coming."""
    answered: bool = False
    """Whether the present holder has answered in this session."""
    informed: bool = False
    greeted: bool = False
    """Whether the queue text was sent for this session."""
    lines: bytes = b""
    """Inbox offsets of the session's messages, 6 bytes each, big-endian."""
    holds: list[Hold] = []
    """Who held the session, as far back as a verdict can need."""
    work: dict[str, Work] = {}
    """Pending work by `kind/key`."""
    last_agent: str = ""
    last_sub_account: str = ""
    last_ms: int = 0
    """When that agent last held a session of this buyer."""
    past: tuple[PastSession, ...] = ()
    kept: dict[str, list[Hold]] | None = None
    """Who held settled work whose missed deadline is not sealed yet, by `kind/key`."""
    seen_ms: int = 0
    """When something last happened here."""
    breaches: tuple[str, ...] = ()
    """Sealed ones that late proof may still reverse."""
    next_ms: int = -1
    """When something of this thread falls due next; -1: never."""
    told: tuple[Told, ...] = ()
    """Buyers' debts of agents who told them that they leave: running, or not judged yet."""
    silences: tuple[Silence, ...] = ()
    autos: Autos | None = None
    bot: Bot | None = None
    noted: tuple[Work, ...] = ()
    """Settled work of which somebody has noted something, the latest of it."""
    remarked: tuple[str, ...] = ()
    """Orders that have a remark."""

    @property
    def agent(self) -> str:
        return self.holds[-1].agent if self.session and self.holds else ""

    @property
    def sub_account(self) -> str:
        return self.holds[-1].sub_account if self.session and self.holds else ""

    @property
    def with_bot(self) -> bool:
        """Whether the session is with the bot: nobody holds it, and it does not queue."""
        return self.bot is not None and self.bot.holds


def add_line(lines: bytes, offset: int, limit: int = 3000) -> bytes:
    """Note a message's place; the earliest go first beyond `limit`."""
    return lines[-6 * (limit - 1) :] + offset.to_bytes(6, "big")


def read_lines(lines: bytes) -> list[int]:
    return [int.from_bytes(lines[i : i + 6], "big") for i in range(0, len(lines), 6)]


def take(thread: Thread, rules: Rules, moment: Moment, clock_ms: int, horizon_ms: int) -> bool:
    """Put a moment in its place; True if that was the end of the timeline as known.

    `horizon_ms`: moments before it can not come any more (this one lies at or after it).
    New misses are added to `thread.misses`; folding again finds all of them anew.
    """
    _compact(thread, rules, horizon_ms)
    buffer = thread.buffer
    in_order = not buffer or place(buffer[-1]) < place(moment)
    if in_order and moment.sent_ms > thread.live.passed_ms:
        buffer.append(moment)
        missed: list[Miss] = []
        apply(thread.live, rules, moment, missed)
        advance(thread.live, rules, clock_ms - 1, missed)
        thread.misses += tuple(missed)
        return True
    buffer.insert(bisect_right(buffer, place(moment), key=place), moment)
    refold(thread, rules, clock_ms)
    return False


def _compact(thread: Thread, rules: Rules, horizon_ms: int) -> None:
    """Move moments before the horizon into the sealed view, where that is cheap or overdue."""
    buffer = thread.buffer
    if not buffer:
        return
    if not thread.misses and buffer[-1].sent_ms < horizon_ms > thread.live.passed_ms:
        settle(thread)
    elif len(buffer) >= BUFFER_LIMIT:
        early_ms = max(horizon_ms - 1, buffer[len(buffer) // 2].sent_ms - 1)
        if not thread.misses or early_ms < thread.misses[0].due_ms:
            seal(thread, rules, early_ms)
    elif len(buffer) >= COMPACT_AT and not thread.misses:
        if buffer[COMPACT_AT // 2].sent_ms < horizon_ms:
            seal(thread, rules, horizon_ms - 1)


def settle_past(thread: Thread, horizon_ms: int) -> None:
    """Let what lies before the horizon be judged for good, by the rules that are still known."""
    if thread.misses or thread.live.passed_ms >= horizon_ms:
        return
    if not thread.buffer or thread.buffer[-1].sent_ms < horizon_ms:
        settle(thread)


def settle(thread: Thread) -> None:
    """Let what is live be what is sealed: nothing can arrive any more that comes before it."""
    thread.sealed = _encode_view(thread.live)
    thread.buffer = []


def sealed_view(thread: Thread) -> View:
    return _decode_view(thread.sealed) if thread.sealed else View()


def set_sealed(thread: Thread, view: View) -> None:
    thread.sealed = _encode_view(view)


def refold(thread: Thread, rules: Rules, clock_ms: int) -> None:
    """Make `live` and `misses` anew from the sealed view and the buffer."""
    told = _told(thread.live)
    view = sealed_view(thread)
    missed: list[Miss] = []
    for moment in thread.buffer:
        apply(view, rules, moment, missed)
    advance(view, rules, clock_ms - 1, missed)
    thread.live = view
    thread.misses = tuple(missed)
    if view.wait is not None:
        view.wait.told = told.get(("reply", "", view.wait.due_ms), 0)
    if view.follow_up is not None:
        view.follow_up.told = told.get(("follow_up", "", view.follow_up.due_ms), 0)
    for item in view.pending:
        item.told = told.get((item.kind, item.key, item.due_ms), 0)


def _told(view: View) -> dict[tuple[str, str, int], int]:
    told = {(item.kind, item.key, item.due_ms): item.told for item in view.pending if item.told}
    if view.wait is not None:
        told["reply", "", view.wait.due_ms] = view.wait.told
    if view.follow_up is not None:
        told["follow_up", "", view.follow_up.due_ms] = view.follow_up.told
    return told


def seal(thread: Thread, rules: Rules, to_ms: int) -> list[Miss]:
    """Fold all up to `to_ms` (included) into the sealed view; what was missed is the verdict."""
    view = sealed_view(thread)
    missed: list[Miss] = []
    count = 0
    for moment in thread.buffer:
        if moment.sent_ms > to_ms:
            break
        apply(view, rules, moment, missed)
        count += 1
    advance(view, rules, to_ms, missed)
    del thread.buffer[:count]
    set_sealed(thread, view)
    thread.misses = tuple(miss for miss in thread.misses if miss.due_ms > to_ms)
    return missed


def view_at(thread: Thread, rules: Rules, at_ms: int) -> View:
    """What is known of the moment `at_ms`, before a session's close at it."""
    last = thread.buffer[-1] if thread.buffer else None
    if (last is None or last.sent_ms <= at_ms) and thread.live.passed_ms < at_ms:
        return thread.live
    view = sealed_view(thread)
    ignored: list[Miss] = []
    for moment in thread.buffer:
        if moment.sent_ms > at_ms:
            break
        apply(view, rules, moment, ignored)
    advance(view, rules, at_ms - 1, ignored)
    return view


def closed_before_it_came(thread: Thread, moment: Moment) -> bool:
    """Whether a person's close, which was accepted without knowing of this buyer's message,
    would end its wait: then it is judged as sent when it came, so that somebody answers it."""
    position = bisect_right(thread.buffer, place(moment), key=place)
    for later in thread.buffer[position:]:
        if later.rank == SHOP and later.flags & ANSWERS:
            return False
        if later.rank == CLOSE and later.flags & (BY_HOLDER | BY_SUPERVISOR):
            return True
    return False


def answer_retimed(thread: Thread, sent_ms: int) -> bool:
    """An answer sent at `sent_ms` answers messages judged as sent later than they were."""
    found = False
    for index, moment in enumerate(thread.buffer):
        if (
            moment.rank == BUYER
            and moment.true_ms
            and moment.true_ms <= sent_ms < moment.sent_ms
            and not moment.flags & ANSWERED
        ):
            thread.buffer[index] = msgspec.structs.replace(moment, flags=moment.flags | ANSWERED)
            found = True
    return found
