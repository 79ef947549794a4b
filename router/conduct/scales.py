"""Weighing a message by its fragments: what no single phrase of a list tells.

All rules are weighed in one pass; the few that a message may break are then weighed one by one,
with what the buyer said and what the lists have found.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate
from typing import NamedTuple

import ahocorasick

from router.conduct.fold import BOUNDARY, places
from router.conduct.grammar import ALLOW, HIT
from router.conduct.lexicon import Key, is_overlay
from router.conduct.phrases import Hit, foremost
from router.conduct.weights import ASKED_WIDEST, WIDEST, Weights

WHOLE, PIECE = 60, 30
"""Messages of more characters are weighed piece by piece, each of so many: much that is said beside
it excuses nothing, and adds up to nothing."""
DIGIT, NAME = "0", "·"
"""What stands for any digit; and for any letter of a link or a longer Latin word, which say nothing
here. Behind `vx` and the like a name begins: these are kept."""
SHOWN = 3
"""So many fragments are named to people."""

_LINK = re.compile(
    r"(?:https?://|www\.)[!-~]+"
    r"|(?<![a-z0-9@.-])(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}(?![a-z0-9])(?:[/?][!-~]*)?",
    re.IGNORECASE,
)
_LATIN = re.compile("[a-z0-9]")
_NAMES = re.compile(
    "(?P<digits>[0-9]+)|(?:(?<=vx)|(?<=wx)|(?<=qq))[a-z]{2,}|(?<![a-z])(?!vx|wx|qq)[a-z]{4,}"
)
_FIELD = 24
"""Bits of a rule's points where those of all rules are added up at once."""
_HALF = 1 << _FIELD - 1
_MOST = (1 << _FIELD) - 1


class Weighed(NamedTuple):
    """A dense view on the scales, before the lists and the buyer are heard."""

    pieces: tuple[tuple[int, str], ...]
    sums: tuple[int, ...]
    """Of each piece, the points of all rules: those of each as if the buyer's words spoke for it
    as much as they may."""
    reached: int
    """The bits of the rules that are broken if they do."""
    idle: frozenset[str]
    """The rules that are not broken even then and with a hit of their list."""


class Scales:
    """Weighs for all rules that have weights. Holds no state between calls."""

    def __init__(self, weights: Mapping[str, Weights]) -> None:
        self._weights = tuple(sorted(weights.items()))
        values: dict[str, int] = {}
        start = listed = 0
        for place, (_, own) in enumerate(self._weights):
            start += _HALF + own.base + _tip(own) << place * _FIELD
            listed += own.listed << place * _FIELD
            for words, points in own.text.items():
                values[words] = values.get(words, 0) + (points << place * _FIELD)
        self._start, self._listed = start, listed
        self._any = sum(_HALF << place * _FIELD for place in range(len(self._weights)))
        self._idle: dict[int, frozenset[str]] = {}
        self._worth = tuple(values.values()).__getitem__
        automaton = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        for place, words in enumerate(values):
            automaton.add_word(words, place)
        automaton.make_automaton()
        self._iter = automaton.iter if values else _nothing

    def weigh(self, text: str, dense: str) -> Weighed:
        """All rules at once: their points lie side by side in one number. `dense`: the view of
        the text."""
        dense = worded(text, dense)
        if len(dense) <= WHOLE:
            total = self._sum(dense)
            possible = (total + self._listed) & self._any
            idle = self._idle.get(possible) or self._never(possible)
            return Weighed(((0, dense),), (total,), total & self._any, idle)
        pieces = tuple(pieces_of(dense))
        sums = tuple(self._sum(piece) for _, piece in pieces)
        reached = possible = 0
        for total in sums:
            reached |= total & self._any
            possible |= (total + self._listed) & self._any
        return Weighed(pieces, sums, reached, self._never(possible))

    def _sum(self, piece: str) -> int:
        there = {place for _, place in self._iter(f"{BOUNDARY}{piece}{BOUNDARY}")}
        return sum(map(self._worth, there), self._start)

    def _never(self, possible: int) -> frozenset[str]:
        never = self._idle[possible] = frozenset(
            rule
            for place, (rule, _) in enumerate(self._weights)
            if not possible >> place * _FIELD & _HALF
        )
        return never

    def settle(
        self, weighed: Weighed, found: dict[Key, list[Hit]], buyer: Callable[[], str]
    ) -> None:
        """Leaves a rule's hits in the view, takes them out, or adds one. What a shop's own lists
        hit stands as it is; what any list allows counts nothing."""
        for place, (rule, own) in enumerate(self._weights):
            hits = found.get((rule, HIT), [])
            suspect = weighed.reached >> place * _FIELD & _HALF
            if not (hits or suspect) or any(map(_by_shop, hits)):
                continue
            pieces = weighed.pieces
            points = [
                (total >> place * _FIELD & _MOST) - _HALF - _tip(own) for total in weighed.sums
            ]
            allowed = found.get((rule, ALLOW))
            if allowed:
                pieces = tuple((start, _without(allowed, start, piece)) for start, piece in pieces)
                points = [own.base + _points(own, piece) for _, piece in pieces]
            best = max(points)
            hit = _judged(own, best, pieces[points.index(best)], hits, buyer)
            if hit is None:
                found.pop((rule, HIT), None)
            elif not hits:
                found[rule, HIT] = [hit]


def _tip(own: Weights) -> int:
    """The most that the buyer's words can do for a breach. They count no more than the message's
    own: if these are less than half of what is to be overcome, no question helps."""
    return min(own.most, max(1 - own.base, 0) // 2)


def _judged(
    own: Weights, points: int, part: tuple[int, str], hits: list[Hit], buyer: Callable[[], str]
) -> Hit | None:
    """What breaks the rule, if all together is enough."""
    said = points - own.base
    if hits:
        points += own.listed
    if points < own.most:  # otherwise nothing that was asked could help
        asked = sum(
            own.asked.get(words, 0) for words in fragments(worded("", buyer()), ASKED_WIDEST)
        )
        # What the buyer said convicts nobody: it counts no more than the message's own words.
        points += max(-own.most, min(asked, own.most, max(said, 0)))
    if points < 0:
        return None
    if hits:
        return foremost(hits)
    start, piece = part
    first, last = _telling(own, piece)
    return Hit(start + first, start + last, own.source, _why(own, piece, points))


def _without(allowed: Iterable[Hit], start: int, piece: str) -> str:
    """A piece that begins at `start`, with nothing where a phrase is allowed."""
    for phrase in allowed:
        first, last = max(phrase.start - start, 0), max(phrase.end - start, 0)
        piece = piece[:first] + NAME * len(piece[first:last]) + piece[last:]
    return piece


def _nothing(_text: str) -> Iterator[tuple[int, int]]:
    return iter(())


def _by_shop(hit: Hit) -> bool:
    return is_overlay(hit.source)


def worded(text: str, dense: str) -> str:
    """A text's dense view as it is weighed; as long as it was."""
    links = list(_LINK.finditer(text)) if "." in text else ()
    if links:
        at = places(text)
        for link in links:
            start, stop = at[link.start()], at[link.end()]
            dense = f"{dense[:start]}{NAME * (stop - start)}{dense[stop:]}"
    return _NAMES.sub(_plain, dense) if _LATIN.search(dense) is not None else dense


def _plain(found: re.Match[str]) -> str:
    return (DIGIT if found["digits"] else NAME) * len(found.group())


def pieces_of(dense: str) -> Iterator[tuple[int, str]]:
    """A text, or overlapping parts of a long one, by their beginnings; whole clauses as far as
    these are no longer than a part may be."""
    if len(dense) <= WHOLE:
        yield 0, dense
        return
    ends = [at for at, char in enumerate(dense) if char == BOUNDARY]
    ends.append(len(dense))
    start = 0
    while True:
        fitting = ends[bisect_right(ends, start) : bisect_right(ends, start + PIECE)]
        stop = fitting[-1] if fitting else start + PIECE
        yield start, dense[start:stop]
        if stop >= len(dense):
            return
        half = [end for end in fitting[:-1] if end >= start + PIECE // 2]
        start = half[0] + 1 if half else stop if fitting else start + PIECE // 2


def fragments(text: str, widest: int) -> set[str]:
    return {
        text[at : at + width]
        for width in range(1, widest + 1)
        for at in range(len(text) - width + 1)
    }


def _points(own: Weights, piece: str) -> int:
    text = own.text
    return sum(text.get(words, 0) for words in fragments(BOUNDARY + piece + BOUNDARY, WIDEST))


def _telling(own: Weights, piece: str) -> tuple[int, int]:
    """The part of a piece whose fragments say most; all of it where none says anything."""
    text = BOUNDARY + piece + BOUNDARY
    worth = [0.0] * len(text)
    for width in range(1, WIDEST + 1):
        for at in range(len(text) - width + 1):
            points = own.text.get(text[at : at + width], 0)
            for place in range(at, at + width):
                worth[place] += points / width
    sums = [0.0, *accumulate(worth[1:-1])]
    best, first, last, low = 0.0, 0, len(piece), 0
    for end in range(1, len(sums)):
        if sums[end] - sums[low] > best:
            best, first, last = sums[end] - sums[low], low, end
        if sums[end] <= sums[low]:
            low = end
    while first < last - 1 and piece[first] == BOUNDARY:
        first += 1
    while last - 1 > first and piece[last - 1] == BOUNDARY:
        last -= 1
    return first, last


def _why(own: Weights, piece: str, points: int) -> str:
    """What tells most, for people: its points, and those of all together."""
    told = {
        words: own.text.get(words, 0)
        for words in fragments(BOUNDARY + piece + BOUNDARY, WIDEST)
        if BOUNDARY not in words
    }
    first = sorted(told, key=lambda words: (-told[words], words))[:SHOWN]
    shown = "、".join(f"{words} {told[words]:+}" for words in first if told[words] > 0)
    return f"按用词:{shown};合计 {points:+}" if shown else f"按用词合计 {points:+}"
