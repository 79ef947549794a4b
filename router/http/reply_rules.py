"""What the rules of conduct say of quick replies before they are kept (RULES §1, §6).

Judged as checked before sending, in each shop that a reply is for, by that shop's policy and its
desk's allow-list; by its text alone, for it is no message of a session yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import NamedTuple

from router.conduct.findings import Finding
from router.conduct.inspection import Examiner
from router.conduct.messages import Line
from router.core.state import State
from router.http import views_replies as v
from router.http.checking import BLOCK, WARN, is_excused
from router.http.problems import Problem
from router.http.routes import Call
from router.http.rule_words import words_of
from router.replies import Placed, Reply

BREATH = 20
"""Replies judged in a row before others get their turn."""
SHOWN = 200
"""Rows that are named."""


class Judged(NamedTuple):
    """A finding, and the strictest that a shop does about it."""

    finding: Finding
    sending: str

    @property
    def view(self) -> v.FindingView:
        one = self.finding
        return v.FindingView(
            rule=one.rule, matched=one.matched, start=one.start, end=one.end, detail=one.detail
        )


class Judge:
    """Judges the replies of one caller, who sees certain desks."""

    def __init__(self, call: Call) -> None:
        self._shops: dict[str, tuple[State, Examiner]] = {}
        for desk in call.desks():
            state = call.state(desk)
            for shop in state.desk.shops:
                examiner = call.context.conduct.examiner(shop.id)
                if examiner is not None:
                    self._shops[shop.id] = state, examiner

    def found(self, reply: Reply) -> list[Judged]:
        """What would be flagged in any of the reply's shops; what blocks comes first."""
        line = Line(message="reply", sent_ms=0, side="shop", text=reply.text)
        by_engine: dict[int, list[Finding]] = {}  # most shops share one
        found: dict[tuple[str, int, int], Judged] = {}
        for shop, (state, examiner) in self._shops.items():
            if reply.shops and shop not in reply.shops:
                continue
            engine = examiner.engine
            if id(engine) not in by_engine:
                by_engine[id(engine)] = engine.message(line, (), opens=False)
            for finding in by_engine[id(engine)]:
                if is_excused(state, shop, reply.text, finding):
                    continue
                sending = state.rules(shop).policy.conduct_rule(finding.rule).sending
                key = finding.rule, finding.start, finding.end
                if key not in found or _STRICT[sending] < _STRICT[found[key].sending]:
                    found[key] = Judged(finding, sending)
        return sorted(found.values(), key=lambda one: _STRICT[one.sending])

    def let_pass(self, reply: Reply, *, confirmed: bool) -> list[Judged]:
        """Raises a 422 for what may never be sent, a 409 for what has to be confirmed."""
        found = self.found(reply)
        shown = [one.view for one in found if one.sending in (WARN, BLOCK)]
        if any(one.sending == BLOCK for one in found):
            detail = "the rules of conduct forbid this text"
            raise Problem(422, detail, reason="conduct_blocked", findings=shown)
        if shown and not confirmed:
            detail = "the rules of conduct have doubts about this text: confirm it, or change it"
            raise Problem(409, detail, reason="conduct_warning", findings=shown)
        return found

    async def let_all_pass(self, placed: Iterable[Placed], *, confirmed: bool) -> None:
        """The same for the rows of a file, of which each is named with its place."""
        doubts: list[v.RowProblem] = []
        blocked: list[v.RowProblem] = []
        for number, (reply, place) in enumerate(placed, start=1):
            for one in self.found(reply):
                if one.sending == BLOCK:
                    blocked.append(_row(place, one.finding))
                elif one.sending == WARN:
                    doubts.append(_row(place, one.finding))
            if number % BREATH == 0:
                await asyncio.sleep(0)
        if blocked:
            detail = f"the rules of conduct forbid {len(blocked)} texts; nothing was imported"
            raise Problem(422, detail, reason="conduct_blocked", problems=blocked[:SHOWN])
        if doubts and not confirmed:
            detail = f"the rules of conduct have doubts about {len(doubts)} texts; confirm them"
            raise Problem(409, detail, reason="conduct_warning", problems=doubts[:SHOWN])


_STRICT = {BLOCK: 0, WARN: 1, "record": 2}


def _row(place: str, finding: Finding) -> v.RowProblem:
    words = words_of(finding.rule)
    return v.RowProblem(
        place=place, found=finding.matched, zh=finding.detail or words.zh, en=words.en
    )
