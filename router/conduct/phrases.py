"""Looking up all lists in one text: the automaton, each line's exceptions, what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from router.conduct.fold import BOUNDARY
from router.conduct.grammar import ALLOW, HIT, SIGN
from router.conduct.lexicon import Check, Expression, Key, Lexicons, Term, Weak

NEAR = 8
"""How far `before` and `after` look, in characters of the same clause."""
NEGATION_NEAR = 5
REFUSAL_NEAR = 8
BESIDE = 16
"""How far from the other signs one stands that speaks for them."""
ENOUGH = 3
"""So many points of different signs make a hit."""
PARTICLES = frozenset("没有无的了吗呢哦啊哈呀啦么嘛亲是不还都也这那您你我们们，")
"""They echo nothing."""


class Hit(NamedTuple):
    """A line of a list matches at `[start, end)` of the dense view."""

    start: int
    end: int
    source: str


_Try = tuple[Term, Expression]


class Phrases:
    """Finds what the lists name in dense views."""

    def __init__(self, lexicons: Lexicons) -> None:
        self._iter = lexicons.automaton.iter
        sieve = lexicons.sieve
        self._terms = tuple(
            ((term, expression), needs, 1 << place)
            for place, (term, expression, needs) in enumerate(sieve.terms)
        )
        self._near, self._far = sieve.near, (1 << len(sieve.terms)) - 1 & ~sieve.near
        self._met, self._free = sieve.chars.met, sieve.free
        self._elsewhere = (1 << len(sieve.terms)) - 1 & ~sieve.begun
        self._begun_by = sieve.begun_by
        self._negation = lexicons.negation
        self._refusal = lexicons.refusal
        self._neutral = lexicons.neutral
        self._points = lexicons.points
        self._beside = lexicons.beside

    def find(
        self, dense: str, buyer: Callable[[], str] = str, *, polite: bool = True
    ) -> dict[Key, list[Hit]]:
        """All matches that nothing excepts, by rule and section; those in `allow` are applied.

        `buyer` gives what the buyer last said, as a dense view ("": nothing); seldom needed.
        `polite`: honorifics are asked for, too.
        """
        found: dict[Key, list[Hit]] = {}
        anchors: dict[int, int] = {}  # by the end of their clause
        length, stop = len(dense), -1
        text = dense + BOUNDARY
        for last, (width, words, honorifics, anchored) in self._iter(text):
            if anchored:
                if last > stop:
                    stop = text.find(BOUNDARY, last)
                    anchors[stop] = anchored
                else:
                    anchors[stop] |= anchored
            if words and last < length:
                end = last + 1
                for term in words:
                    if term.checks:
                        self._note(found, term, dense, end - width, end, buyer)
                    else:
                        found.setdefault(term.key, []).append(Hit(end - width, end, term.source))
            if honorifics and polite and last < length:
                for term in honorifics:
                    self._note(found, term, dense, last + 1 - width, last + 1, buyer)
        if anchors:
            self._try(found, anchors, dense, buyer)
        if found:
            found = _allowed(found)
            weighed = {key[0] for key in found if key[1] == SIGN or key[1] == HIT}
            for rule in self._beside:
                if rule in weighed:
                    self._weigh(found, rule, dense, buyer)
        return found

    def _try(
        self,
        found: dict[Key, list[Hit]],
        anchors: Mapping[int, int],
        dense: str,
        buyer: Callable[[], str],
    ) -> None:
        """Adds the matches of the terms with an expression, by the `anchors` of each clause."""
        begun_by, elsewhere = self._begun_by, self._elsewhere
        candidates = elsewhere | begun_by[""] | begun_by.get(dense[:1], 0)
        whole_met = far = first = 0
        for clause in dense.split(BOUNDARY):
            stop = first + len(clause)
            met = self._met(clause)
            whole_met |= met
            ours = anchors.get(stop, 0)
            if ours:
                far |= ours
                near = ours & self._near & (elsewhere if first else candidates)
                for term, expression in self._told(near, met):
                    match = expression.search(dense, first, stop + 1)
                    while match is not None:
                        start, end = match.span()
                        self._note(found, term, dense, start, end, buyer, clause)
                        match = expression.search(dense, max(end, start + 1), stop + 1)
            first = stop + 1
        for term, expression in self._told(far & self._far & candidates, whole_met):
            match = expression.search(dense)
            while match is not None:
                start, end = match.span()
                self._note(found, term, dense, start, end, buyer)
                match = expression.search(dense, max(end, start + 1))

    def _told(self, anchored: int, met: int) -> list[_Try]:
        """Those of the terms whose needs are met."""
        left = anchored & (met | self._free)
        told: list[_Try] = []
        while left:
            own, needs, bit = self._terms[left.bit_length() - 1]
            left ^= bit
            if not needs or met & needs == needs:
                told.append(own)
        return told

    def _weigh(
        self, found: dict[Key, list[Hit]], rule: str, dense: str, buyer: Callable[[], str]
    ) -> None:
        """Leaves a rule's hits, or adds one, where all signs say enough together. Each line counts
        once, one of `hit` as much as is enough."""
        hits = found.pop((rule, HIT), [])
        signs = found.pop((rule, SIGN), [])
        points = ENOUGH * len({hit.source for hit in hits})
        points += sum(self._points[source] for source in {sign.source for sign in signs})
        beside = self._beside[rule]
        if points + beside.most < ENOUGH:
            return
        met = beside.chars.met(dense)
        first = min(sign.start for sign in signs or hits) - BESIDE
        last = max(sign.end for sign in signs or hits) + BESIDE
        support = iter(beside.support)
        left = beside.most
        for line in (None, *beside.against):
            # What speaks against is asked where there is enough, what supports where there is not.
            if line is not None and met & line.needs == line.needs:
                points += self._worth(line, dense, 0, len(dense), buyer)
            while points < ENOUGH <= points + left:
                more = next(support)
                left -= more.points
                if met & more.needs == more.needs:
                    points += self._worth(more, dense, first, last, buyer)
            if points < ENOUGH:
                return
        found[rule, HIT] = hits or [max(signs, key=self._tells)]

    def _worth(
        self, line: Weak, dense: str, first: int, last: int, buyer: Callable[[], str]
    ) -> int:
        """The points of a line if it stands in `[first, last)`."""
        match = line.expression.search(dense, max(first, 0), last)
        while match is not None:
            start, end = match.span()
            if self._meets(line.checks, dense, start, end, buyer):
                return line.points
            match = line.expression.search(dense, max(end, start + 1), last)
        return 0

    def _tells(self, sign: Hit) -> tuple[int, int, int]:
        return self._points[sign.source], -sign.start, sign.end

    def _note(
        self,
        found: dict[Key, list[Hit]],
        term: Term,
        dense: str,
        start: int,
        end: int,
        buyer: Callable[[], str],
        clause: str = "",
    ) -> None:
        """Adds a match that its line's conditions do not except. `clause`: where it lies, if that
        is known."""
        checks = term.checks
        if not checks or self._meets(checks, dense, start, end, buyer, clause):
            found.setdefault(term.key, []).append(Hit(start, end, term.source))

    def _meets(
        self,
        checks: Sequence[Check],
        dense: str,
        start: int,
        end: int,
        buyer: Callable[[], str],
        clause: str = "",
    ) -> bool:
        """Whether a match meets all of its line's conditions."""
        for where, wanted, expression in checks:
            if expression is None:
                if where == "echo":
                    clause = clause or _clause(dense, start, end)
                    holds = _echoes(clause, buyer())
                else:
                    holds = self._negated(dense, start, end)
                if holds is not wanted:
                    return False
                continue
            search = expression.search
            if where == "clause":
                clause = clause or _clause(dense, start, end)
                holds = search(clause) is not None
            elif where == "text":
                holds = search(dense) is not None
            elif where == "before":
                holds = search(_before(dense, start, NEAR)) is not None
            elif where == "after":
                holds = search(_after(dense, end, NEAR)) is not None
            elif where == "talk":
                holds = search(dense) is not None or search(buyer()) is not None
            else:
                asked = buyer()
                holds = search(asked) is not None if asked else wanted
            if holds is not wanted:
                return False
        return True

    def _negated(self, dense: str, start: int, end: int) -> bool:
        """A negation shortly before or within the match, or a refusal shortly behind it."""
        ahead = _before(dense, start, NEGATION_NEAR) + dense[start:end]
        if self._negation.search(ahead) is not None:
            if self._negation.search(self._neutral.sub(_blank, ahead)) is not None:
                return True
        return self._refusal.search(_after(dense, end, REFUSAL_NEAR)) is not None


def _echoes(part: str, said: str) -> bool:
    """Whether two characters side by side, none of them a mere particle, were said, too."""
    pairs = (part[at : at + 2] for at in range(len(part) - 1))
    return any(pair in said and PARTICLES.isdisjoint(pair) for pair in pairs)


def _blank(match: re.Match[str]) -> str:
    return "x" * len(match.group())


def _before(dense: str, start: int, width: int) -> str:
    part = dense[max(0, start - width) : start]
    return part[part.rfind(BOUNDARY) + 1 :]


def _after(dense: str, end: int, width: int) -> str:
    part = dense[end : end + width]
    stop = part.find(BOUNDARY)
    return part if stop < 0 else part[:stop]


def _clause(dense: str, start: int, end: int) -> str:
    """The clauses that a match lies in, without those that it only borders on."""
    inner = end - 1 if end > start and dense[end - 1] == BOUNDARY else end
    first = dense.rfind(BOUNDARY, 0, start) + 1
    last = dense.find(BOUNDARY, inner)
    return dense[first:] if last < 0 else dense[first:last]


def _allowed(found: dict[Key, list[Hit]]) -> dict[Key, list[Hit]]:
    """Without the hits that lie within a phrase that the same list allows."""
    for rule, section in [key for key in found if key[1] == ALLOW]:
        allowed = found.pop((rule, section))
        for key in [key for key in found if key[0] == rule]:
            left = [hit for hit in found[key] if not _within(hit, allowed)]
            if left:
                found[key] = left
            else:
                del found[key]
    return found


def _within(hit: Hit, allowed: list[Hit]) -> bool:
    return any(phrase.start <= hit.start and hit.end <= phrase.end for phrase in allowed)


def foremost(hits: list[Hit]) -> Hit:
    """The earliest, of these the longest."""
    return min(hits, key=lambda hit: (hit.start, -hit.end, hit.source))
