"""Looking up all lists in one text: the automaton, each line's exceptions, what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import NamedTuple

from router.conduct.fold import BOUNDARY
from router.conduct.grammar import ALLOW
from router.conduct.lexicon import Check, Expression, Key, Lexicons, Term

NEAR = 8
"""How far `before` and `after` look, in characters of the same clause."""
NEGATION_NEAR = 5
REFUSAL_NEAR = 8
PARTICLES = frozenset("没有无的了吗呢哦啊哈呀啦么嘛亲是不还都也这那您你我们们，")
"""They echo nothing."""


class Hit(NamedTuple):
    """A line of a list matches at `[start, end)` of the dense view."""

    start: int
    end: int
    source: str
    why: str = ""
    """What told, where it was no line of a list."""

    @property
    def aside(self) -> str:
        """That in brackets, to stand behind what is said of the hit."""
        return f"({self.why})" if self.why else ""


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
        self._tried: dict[frozenset[str], int] = {}
        self._negation = lexicons.negation
        self._refusal = lexicons.refusal
        self._neutral = lexicons.neutral

    def find(
        self,
        dense: str,
        buyer: Callable[[], str] = str,
        *,
        polite: bool = True,
        idle: frozenset[str] = frozenset(),
    ) -> dict[Key, list[Hit]]:
        """All matches that nothing excepts, by rule and section; those in `allow` are applied, and
        stay.

        `buyer` gives what the buyer last said, as a dense view ("": nothing); seldom needed.
        `polite`: honorifics are asked for, too. `idle`: rules whose built-in lists are not asked,
        since what they find would change nothing.
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
                    if term.weighed in idle:
                        continue
                    if term.checks:
                        self._note(found, term, dense, end - width, end, buyer)
                    else:
                        found.setdefault(term.key, []).append(Hit(end - width, end, term.source))
            if honorifics and polite and last < length:
                for term in honorifics:
                    self._note(found, term, dense, last + 1 - width, last + 1, buyer)
        if anchors:
            self._try(found, anchors, dense, buyer, self._but(idle))
        if found:
            _allow(found)
        return found

    def _but(self, idle: frozenset[str]) -> int:
        """The bits of the terms to be tried."""
        terms = self._tried.get(idle)
        if terms is None:
            terms = self._tried[idle] = sum(
                bit for (term, _), _, bit in self._terms if term.weighed not in idle
            )
        return terms

    def _try(
        self,
        found: dict[Key, list[Hit]],
        anchors: Mapping[int, int],
        dense: str,
        buyer: Callable[[], str],
        terms: int,
    ) -> None:
        """Adds the matches of those of the `terms` with an expression, by the `anchors` of each
        clause."""
        far = reduce(or_, anchors.values()) & terms
        if not far:
            return
        begun_by, elsewhere = self._begun_by, self._elsewhere & terms
        candidates = elsewhere | (begun_by[""] | begun_by.get(dense[:1], 0)) & terms
        for stop, ours in anchors.items():
            first = dense.rfind(BOUNDARY, 0, stop) + 1
            near = ours & self._near & (elsewhere if first else candidates)
            if near:
                clause = dense[first:stop]
                for term, expression in self._told(near, self._met(clause)):
                    match = expression.search(dense, first, stop + 1)
                    while match is not None:
                        start, end = match.span()
                        self._note(found, term, dense, start, end, buyer, clause)
                        match = expression.search(dense, max(end, start + 1), stop + 1)
        far &= self._far & candidates
        if far:
            for term, expression in self._told(far, self._met(dense)):
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


def _allow(found: dict[Key, list[Hit]]) -> None:
    """Takes out the hits that lie within a phrase that the same list allows."""
    for rule, section in [key for key in found if key[1] == ALLOW]:
        allowed = found[rule, section]
        for key in [key for key in found if key[0] == rule and key[1] != ALLOW]:
            left = [hit for hit in found[key] if not _within(hit, allowed)]
            if left:
                found[key] = left
            else:
                del found[key]


def _within(hit: Hit, allowed: list[Hit]) -> bool:
    return any(phrase.start <= hit.start and hit.end <= phrase.end for phrase in allowed)


def foremost(hits: list[Hit]) -> Hit:
    """The earliest, of these the longest."""
    return min(hits, key=lambda hit: (hit.start, -hit.end, hit.source))
