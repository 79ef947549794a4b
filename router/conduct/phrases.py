"""Looking up all lists in one text: the automaton, each line's exceptions, what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from router.conduct.fold import BOUNDARY
from router.conduct.grammar import ALLOW
from router.conduct.lexicon import Check, Key, Lexicons, Term

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


class Phrases:
    """Finds what the lists name in dense views."""

    def __init__(self, lexicons: Lexicons) -> None:
        self._iter = lexicons.automaton.iter
        self._anchored = tuple(
            (term, expression.search, needs) for term, expression, needs in lexicons.anchored
        )
        self._chars = lexicons.chars
        self._negation = lexicons.negation
        self._refusal = lexicons.refusal
        self._neutral = lexicons.neutral

    def find(
        self, dense: str, buyer: Callable[[], str] = str, *, polite: bool = True
    ) -> dict[Key, list[Hit]]:
        """All matches that nothing excepts, by rule and section; those in `allow` are applied.

        `buyer` gives what the buyer last said, as a dense view ("": nothing); seldom needed.
        `polite`: honorifics are asked for, too.
        """
        found: dict[Key, list[Hit]] = {}
        to_try: set[int] = set()
        length = len(dense)
        for last, (width, words, honorifics, anchored) in self._iter(dense + BOUNDARY):
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
            if anchored:
                to_try |= anchored
        met, meets = 0, self._chars.get
        for char in set(dense):
            met |= meets(char, 0)
        for term, search, needs in map(self._anchored.__getitem__, to_try):
            if met & needs != needs:
                continue
            match = search(dense)
            while match is not None:
                self._note(found, term, dense, match.start(), match.end(), buyer)
                match = search(dense, max(match.end(), match.start() + 1))
        return _allowed(found) if found else found

    def _note(
        self,
        found: dict[Key, list[Hit]],
        term: Term,
        dense: str,
        start: int,
        end: int,
        buyer: Callable[[], str],
    ) -> None:
        for check in term.checks:
            if self._holds(check, dense, start, end, buyer) is not check.wanted:
                return
        found.setdefault(term.key, []).append(Hit(start, end, term.source))

    def _holds(
        self, check: Check, dense: str, start: int, end: int, buyer: Callable[[], str]
    ) -> bool:
        where, expression = check.where, check.expression
        if expression is None:
            if where == "echo":
                return _echoes(_clause(dense, start, end), buyer())
            return self._negated(dense, start, end)
        if where == "text":
            return expression.search(dense) is not None
        if where == "buyer":
            said = buyer()
            return expression.search(said) is not None if said else check.wanted
        if where == "talk":
            return expression.search(dense) is not None or expression.search(buyer()) is not None
        if where == "before":
            return expression.search(_before(dense, start, NEAR)) is not None
        if where == "after":
            return expression.search(_after(dense, end, NEAR)) is not None
        return expression.search(_clause(dense, start, end)) is not None

    def _negated(self, dense: str, start: int, end: int) -> bool:
        """A negation shortly before or within the match, or a refusal shortly behind it."""
        ahead = _before(dense, start, NEGATION_NEAR) + dense[start:end]
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
