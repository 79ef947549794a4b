"""The lists, compiled: one automaton over all of them, and the exceptions of each line.

Immutable. Made by `compile_lists` from texts; `load` reads those from files.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial, reduce
from hashlib import sha256
from operator import or_
from typing import NamedTuple

import ahocorasick

from router.conduct.grammar import (
    ALLOW,
    HIT,
    SECTIONS,
    WORD_SECTIONS,
    Entry,
    Problem,
    Where,
    parse,
)
from router.conduct.pattern import Pattern, Spelling
from router.conduct.weights import ENDING, Weights, parse_weights

Key = tuple[str, str]
"""A rule and a section of its list."""


class LexiconError(Exception):
    """Lists that cannot be used: all that is wrong with them, by file and line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


class Source(NamedTuple):
    """The text of one file of a set of lists."""

    name: str
    """Which list: `abuse`."""
    shown: str
    """How findings and problems name it: `abuse.txt`, `我的店/abuse.txt`."""
    text: str

    @property
    def weighs(self) -> bool:
        return self.shown.endswith(ENDING)


def is_overlay(source: str) -> bool:
    """Whether a file, or a line of it, is of a shop's own lists: those have their folder's name."""
    return "/" in source


_regex = lru_cache(maxsize=8192)(re.compile)
"""Shops' lists are compiled over the same built-in ones."""


class Expression:
    """A regular expression that is compiled when it is first asked: many never are, and all of
    them together would hold up the start."""

    __slots__ = ("_spelling", "search")

    def __init__(self, spelling: Spelling) -> None:
        self._spelling = spelling
        self.search: Callable[..., re.Match[str] | None] = self._compiled
        """As that of `re`; what can only stand at the beginning is not looked for elsewhere."""

    def _compiled(self, text: str, first: int = 0, stop: int = sys.maxsize) -> re.Match[str] | None:
        spelled = self._spelling()
        compiled = _regex(spelled)
        self.search = compiled.match if spelled.startswith("^") else compiled.search
        return self.search(text, first, stop)


# What is unpacked for every word of a message is a plain tuple: a named one takes twice as long.
Check = tuple[Where, bool, Expression | None]
"""A condition, ready to be asked: where, whether it is wanted, and what for."""


class Term(NamedTuple):
    """A line of a list, ready to be looked for."""

    key: Key
    source: str
    checks: tuple[Check, ...]
    weighed: str
    """Of a built-in line of `hit` its rule, whose scales have the last word; "" of all others."""


class Chars(dict[str, int]):
    """For each character the needs that it meets, as bits; it learns the others as they come."""

    def __missing__(self, char: str) -> int:
        self[char] = 0
        return 0

    def met(self, text: str) -> int:
        """The needs that a text meets."""
        return reduce(or_, map(self.__getitem__, text), 0)


class Anchored(NamedTuple):
    """A term with an expression, which is tried where one of its anchors stands."""

    term: Term
    expression: Expression
    needs: int
    """Bits of `Sieve.chars`: what a text has not all of is no match."""


class Sieve(NamedTuple):
    """The terms with an expression, and what tells that most of them need not be tried."""

    terms: tuple[Anchored, ...]
    """The anchors of the automaton name them by bits."""
    near: int
    """The bits of those that stay within one clause: they are tried clause by clause."""
    chars: Chars
    """The rarest need of a term has the bit of its place."""
    free: int
    """The bits of the terms that need nothing but an anchor."""
    begun: int
    """The bits of those that match at a text's beginning alone."""
    begun_by: Mapping[str, int]
    """The bits of these that may match behind this first character, and under "" of those that
    may behind any."""


Finds = tuple[int, tuple[Term, ...], tuple[Term, ...], int]
"""What a word of the automaton stands for: its width, the terms that it matches as a whole, those
of them that are honorifics (few messages are asked for these), and the places in `Sieve.terms` of
those to be tried, as bits."""


class Lexicons(NamedTuple):
    """Built-in and the shop's own lists together."""

    automaton: ahocorasick.Automaton
    """Of `Finds`."""
    sieve: Sieve
    words: Mapping[Key, frozenset[str]]
    """Sections of plain words."""
    negation: re.Pattern[str]
    refusal: re.Pattern[str]
    neutral: re.Pattern[str]
    """What looks like a negation and is none: 要不要, 不好意思."""
    sections: Mapping[Key, tuple[re.Pattern[str], ...]]
    """Sections that are asked of other texts than the message, line by line."""
    weights: Mapping[str, Weights]
    """By rule."""
    version: str
    """A digest of all that the lists and weights say."""


ASKED: tuple[Key, ...] = (
    ("off_platform", "number"),
    ("off_platform", "harmless_number"),
    ("off_platform", "harmless_message"),
)
NOTHING = re.compile(r"(?!)")


def compile_lists(layers: Sequence[Sequence[Source]]) -> Lexicons:
    """The first layer is the built-in set, each further one a shop's own over it.

    Raises `LexiconError`.
    """
    problems: list[Problem] = []
    entries: list[Entry] = []
    weights: dict[str, Weights | None] = {}
    digest = sha256()
    for layer in layers:
        for source in sorted(layer):
            digest.update(f"{source.name}\0{source.shown}\0{source.text}\0".encode())
            if source.weighs:
                weights[source.name], wrong = _weights(source)
                problems += wrong
                continue
            found, wrong = _parsed(source)
            problems += wrong
            for entry in found:
                if entry.removes:
                    _remove(entries, entry, problems)
                    if entry.section == HIT:  # the scales shall not take it amiss, either
                        entries.append(entry._replace(section=ALLOW, removes=False))
                else:
                    entries.append(entry)
    if problems:
        raise LexiconError(problems)
    kept = {rule: own for rule, own in weights.items() if own is not None}
    return _compiled(entries, kept, digest.hexdigest()[:16])


@lru_cache(maxsize=64)
def _parsed(source: Source) -> tuple[tuple[Entry, ...], tuple[Problem, ...]]:
    """The entries of a list, and what is wrong with it. The built-in ones are read once for all
    shops."""
    problems: list[Problem] = []
    return tuple(parse(source.name, source.shown, source.text, problems)), tuple(problems)


@lru_cache(maxsize=64)
def _weights(source: Source) -> tuple[Weights | None, tuple[Problem, ...]]:
    problems: list[Problem] = []
    return parse_weights(source.shown, source.text, problems), tuple(problems)


def _remove(entries: list[Entry], wanted: Entry, problems: list[Problem]) -> None:
    """Takes out the lines of that pattern, or that word out of the lines that stand for it."""
    key = (wanted.rule, wanted.section)
    found = False
    word = next(iter(wanted.pattern.words)) if len(wanted.pattern.words) == 1 else None
    for index in reversed(range(len(entries))):
        entry = entries[index]
        if (entry.rule, entry.section) != key:
            continue
        if entry.text == wanted.text:
            del entries[index]
            found = True
        elif word is not None and word in entry.pattern.words:
            left = entry.pattern.words - {word}
            entries[index] = entry._replace(pattern=entry.pattern._replace(words=left))
            found = True
    if not found:
        file, _, line = wanted.source.rpartition(":")
        problems.append(
            Problem(
                file,
                int(line),
                f"内置词表里没有「{wanted.text}」,不用去掉",
                f"{wanted.text!r} is not in the list, so it cannot be taken out",
            )
        )


def _compiled(entries: Iterable[Entry], weights: Mapping[str, Weights], version: str) -> Lexicons:
    found: dict[str, _Found] = {}
    sieve = _Sieve()
    words: dict[Key, set[str]] = {
        (rule, section): set()
        for rule, sections in SECTIONS.items()
        for section in sections
        if section in WORD_SECTIONS
    }
    parts: dict[Key, list[str]] = {}
    for entry in entries:
        key = (entry.rule, entry.section)
        if key in words:
            words[key].add(entry.text)
        elif entry.rule == "common" or key in ASKED:
            parts.setdefault(key, []).append(_alternative(entry))
        else:
            _add(found, sieve, entry, key)
    section = partial(_section, parts)
    return Lexicons(
        automaton=_automaton(found),
        sieve=sieve.made(),
        words={key: frozenset(own) for key, own in words.items()},
        negation=section(("common", "negation")),
        refusal=section(("common", "refusal")),
        neutral=section(("common", "neutral")),
        sections={key: tuple(map(re.compile, parts.get(key, ()))) for key in ASKED},
        weights=weights,
        version=version,
    )


class _Found:
    """What a word of the automaton stands for, as it is gathered."""

    __slots__ = ("anchored", "words")

    def __init__(self) -> None:
        self.words: list[Term] = []
        self.anchored = 0


class _Sieve:
    """A sieve as it is gathered."""

    def __init__(self) -> None:
        self._terms: list[tuple[Term, Pattern, Expression]] = []

    def add(self, term: Term, pattern: Pattern, spelling: Spelling) -> int:
        """The bit of its place."""
        self._terms.append((term, pattern, Expression(spelling)))
        return 1 << len(self._terms) - 1

    def made(self) -> Sieve:
        needs = _Needs(len(self._terms))
        terms: list[Anchored] = []
        near = free = begun = 0
        begun_by: dict[str, int] = {"": 0}
        for place, (term, pattern, expression) in enumerate(self._terms):
            near |= pattern.within << place
            if pattern.needs:
                needs.mark(pattern.needs[0], place)
            else:
                free |= 1 << place
            if pattern.begins is not None:
                begun |= 1 << place
                for char in pattern.begins or ("",):
                    begun_by[char] = begun_by.get(char, 0) | 1 << place
            others = needs.bits(pattern.needs[1:])
            terms.append(Anchored(term, expression, others))
        return Sieve(tuple(terms), near, needs.chars, free, begun, begun_by)


class _Needs:
    """Which characters meet which needs, as it is gathered."""

    def __init__(self, first: int = 0) -> None:
        self.chars = Chars()
        self._places: dict[frozenset[str], int] = {}
        self._first = first

    def mark(self, need: frozenset[str], place: int) -> None:
        for char in need:
            self.chars[char] = self.chars[char] | 1 << place

    def bits(self, needs: Iterable[frozenset[str]]) -> int:
        """The bits of these needs, from the first free one on."""
        bits = 0
        for need in needs:
            place = self._places.get(need)
            if place is None:
                place = self._places[need] = self._first + len(self._places)
                self.mark(need, place)
            bits |= 1 << place
        return bits


def _section(parts: Mapping[Key, Sequence[str]], key: Key) -> re.Pattern[str]:
    return re.compile("|".join(parts[key])) if key in parts else NOTHING


def _alternative(entry: Entry) -> str:
    words = map(re.escape, sorted(entry.pattern.words, key=len, reverse=True))
    expression = entry.pattern.expression
    return "|".join((*words, expression()) if expression is not None else words)


def _add(found: dict[str, _Found], sieve: _Sieve, entry: Entry, key: Key) -> None:
    pattern = entry.pattern
    weighed = entry.rule if entry.section == HIT and not is_overlay(entry.source) else ""
    term = Term(key, entry.source, _checks(entry), weighed)
    for word in pattern.words:
        found.setdefault(word, _Found()).words.append(term)
    if pattern.expression is None:
        return
    bit = sieve.add(term, pattern, pattern.expression)
    for word in pattern.anchors:
        found.setdefault(word, _Found()).anchored |= bit


_ORDER: tuple[Where, ...] = (
    *("clause", "text", "talk", "after", "before", "neg"),
    *("buyer", "echo"),
)
"""Conditions by how much they cost and how often they fail."""


def _checks(entry: Entry) -> tuple[Check, ...]:
    """The conditions, in the order in which they are soonest done with."""
    checks = (
        (where, wanted, Expression(expression) if expression else None)
        for where, wanted, expression in entry.conditions
    )
    return tuple(sorted(checks, key=_soonest))


def _soonest(check: Check) -> tuple[bool, int]:
    """What must stand is seldom there."""
    where, wanted, _ = check
    return not wanted, _ORDER.index(where)


def _automaton(found: Mapping[str, _Found]) -> ahocorasick.Automaton:
    automaton = ahocorasick.Automaton()
    masks: dict[int, int] = {}  # one object for equal ones: thousands of words have the same
    for word, own in found.items():
        polite = tuple(term for term in own.words if term.key[0] == "honorific")
        others = tuple(term for term in own.words if term.key[0] != "honorific")
        anchored = masks.setdefault(own.anchored, own.anchored)
        finds: Finds = (len(word), others, polite, anchored)
        automaton.add_word(word, finds)
    automaton.make_automaton()
    return automaton
