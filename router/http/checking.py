"""Reading a message before it is sent: what would be flagged about it (RULES §1, §6).

The same engine and the same allow-list as the inspector's, with the session's last lines as they
are known now. A rule's policy says what a finding does to the sending: `record` nothing, `warn`
asks the writer to confirm, `block` refuses. A shop that has no lists here is not checked.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from router.conduct.course import LOOK_BACK
from router.conduct.findings import Finding
from router.conduct.inspection import Examiner, around, speaks, words_of
from router.conduct.messages import Line
from router.conducting import Conduct
from router.core import commands as c
from router.core.flags import is_allowed
from router.core.state import State
from router.http import views_conduct as v
from router.http.problems import Problem
from router.http.showing import Ref
from router.log.codec import Undecodable, decode_entry
from router.log.ports import Entry
from router.service import Service

WARN, BLOCK = "warn", "block"
CARDS = frozenset({"product_card", "order_card"})
KEPT = 10_000
"""Lines remembered, for those that are written after them."""


class Found(NamedTuple):
    """A finding, and what it does to the sending."""

    finding: Finding
    sending: str

    @property
    def view(self) -> v.ConductFinding:
        finding = self.finding
        return v.ConductFinding(
            rule=finding.rule,
            matched=finding.matched,
            start=finding.start,
            end=finding.end,
            source=finding.source,
            detail=finding.detail,
            sending=self.sending,
        )


class Checking:
    """Checks what is about to be sent."""

    def __init__(self, service: Service, conduct: Conduct) -> None:
        self._service = service
        self._conduct = conduct
        self._lines: OrderedDict[tuple[str, int], Line] = OrderedDict()

    async def found(
        self, state: State, shop: str, content: c.Content, kind: c.MessageKind, ref: Ref | None
    ) -> list[Found]:
        """What would be flagged, were it written now by the holder; `ref`: in which session."""
        examiner = self._conduct.examiner(shop)
        if examiner is None:
            return []
        before = await self._before(ref) if ref is not None else []
        line = _draft(content, kind, await self._now_ms(state.desk.id, before))
        return self._judged(state, shop, examiner, line, before, opens=ref is not None)

    async def before_sending(
        self, state: State, ref: Ref, command: c.WriteMessage, *, confirmed: bool
    ) -> None:
        """Raises a 422 for what is blocked, and a 409 for what has to be confirmed first."""
        shop = ref.thread.shop
        examiner = self._conduct.examiner(shop)
        if examiner is None:
            return
        before = await self._before(ref)
        if any(line.message == command.message for line in before):
            return  # it was written before, under the same Idempotency-Key
        line = _draft(command.content, command.kind, await self._now_ms(ref.desk, before))
        found = self._judged(state, shop, examiner, line, before, opens=True)
        views = [each.view for each in found if each.sending != "record"]
        if any(view.sending == BLOCK for view in views):
            detail = "the rules of conduct do not let this be sent"
            raise Problem(422, detail, reason="conduct_blocked", findings=views)
        if views and not confirmed:
            detail = 'this may break the rules of conduct; send it with "confirmed": true'
            raise Problem(409, detail, reason="conduct_warning", findings=views)

    def _judged(
        self,
        state: State,
        shop: str,
        examiner: Examiner,
        line: Line,
        before: Sequence[Line],
        *,
        opens: bool,
    ) -> list[Found]:
        opens = opens and len(before) < LOOK_BACK and not any(map(speaks, before))
        policy = state.rules(shop).policy
        return [
            Found(finding, policy.conduct_rule(finding.rule).sending)
            for finding in examiner.engine.message(line, before, opens=opens)
            if not is_excused(state, shop, line.text, finding)
        ]

    async def _now_ms(self, desk: str, before: Sequence[Line]) -> int:
        """When it would be sent, by the log's clock."""
        clock_ms = await self._service.partition(desk).log.clock()
        return max([clock_ms, *(line.sent_ms for line in before[-1:])])

    async def _before(self, ref: Ref) -> list[Line]:
        """The session's last lines, from memory where they are known."""
        desk = ref.desk
        offsets = ref.offsets[-LOOK_BACK:]
        missing = [offset for offset in offsets if (desk, offset) not in self._lines]
        for entry in await self._service.entries(desk, missing) if missing else ():
            if entry is not None and (line := _line(entry)) is not None:
                self._lines[desk, entry.offset] = line
        found = [known for at in offsets if (known := self._lines.get((desk, at))) is not None]
        while len(self._lines) > KEPT:
            self._lines.popitem(last=False)
        return sorted(found, key=lambda line: (line.sent_ms, line.side, line.message))


def _draft(content: c.Content, kind: c.MessageKind, sent_ms: int) -> Line:
    """A message that is not in the log yet. The words beside a card are the agent's here, though
    no answer; on a card of the platform's they are the platform's, and not read."""
    return Line(
        message="",
        sent_ms=sent_ms,
        side="shop",
        kind="image" if kind in CARDS else kind,
        text=content.text,
        url=content.url,
        product=content.product,
        order=content.order,
    )


def is_excused(state: State, shop: str, text: str, finding: Finding) -> bool:
    """Whether the allow-list knows what was found as harmless."""
    ahead, behind = around(text, finding)
    return is_allowed(state, finding.rule, shop, finding.matched, ahead=ahead, behind=behind)


def _line(entry: Entry) -> Line | None:
    try:
        command = decode_entry(entry.body).command
    except Undecodable:
        return None
    words = words_of(command)
    if words is None:
        return None
    match command:
        case c.MessageReceived():
            sent_ms, from_shop, by = min(command.sent_ms, entry.at_ms), False, "human"
        case c.MessageSent():
            sent_ms, from_shop, by = min(command.sent_ms, entry.at_ms), True, command.by
        case c.WriteMessage():
            sent_ms, from_shop, by = entry.at_ms, True, command.by
        case _:
            sent_ms, from_shop, by = entry.at_ms, True, "bot"
    return Line(
        message=getattr(command, "message", ""),
        sent_ms=sent_ms,
        side="shop" if from_shop else "buyer",
        by=by,  # type: ignore[arg-type]
        kind=words.kind,
        text=words.content.text,
        url=words.content.url,
        product=words.content.product,
        order=words.content.order,
        offset=entry.offset,
    )
