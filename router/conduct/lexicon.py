"""The lists, compiled: one automaton over all of them, and the exceptions of each line.

Immutable. Made by `compile_lists` from texts; `load` reads those from files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, partial
from hashlib import sha256
from typing import NamedTuple

import ahocorasick  # type: ignore[import-not-found] # it ships no types

from router.conduct.grammar import (
    SECTIONS,
    WORD_SECTIONS,
    Condition,
    Entry,
    Problem,
    Where,
    parse,
)

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


class Check(NamedTuple):
    """A condition, ready to be asked."""

    where: Where
    wanted: bool
    expression: re.Pattern[str] | None


class Term(NamedTuple):
    """A line of a list, ready to be looked for."""

    key: Key
    source: str
    checks: tuple[Check, ...]


class Anchored(NamedTuple):
    """A term with an expression, and what characters its matches have."""

    term: Term
    expression: re.Pattern[str]
    needs: int
    """Bits of `Lexicons.chars`: a text without one of them is no match."""


class Finds(NamedTuple):
    """What a word of the automaton stands for: whole matches, and terms to try."""

    width: int
    words: tuple[Term, ...]
    polite: tuple[Term, ...]
    """Those of them that are honorifics, which few messages are asked for."""
    anchored: frozenset[int]
    """Places in `Lexicons.anchored`."""


class Lexicons(NamedTuple):
    """Built-in and the shop's own lists together."""

    automaton: ahocorasick.Automaton
    """Of `Finds`."""
    anchored: tuple[Anchored, ...]
    """The terms with an expression, which is tried where one of their anchors stands."""
    chars: Mapping[str, int]
    """For each character the needs that it meets, as bits."""
    words: Mapping[Key, frozenset[str]]
    """Sections of plain words."""
    negation: re.Pattern[str]
    refusal: re.Pattern[str]
    neutral: re.Pattern[str]
    """What looks like a negation and is none: 要不要, 不好意思."""
    sections: Mapping[Key, tuple[re.Pattern[str], ...]]
    """Sections that are asked of other texts than the message, line by line."""
    version: str
    """A digest of all that the lists say."""


_regex = lru_cache(maxsize=8192)(re.compile)
"""Shops' lists are compiled over the same built-in ones."""
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
    digest = sha256()
    for layer in layers:
        for source in sorted(layer):
            digest.update(f"{source.name}\0{source.shown}\0{source.text}\0".encode())
            for entry in parse(source.name, source.shown, source.text, problems):
                if entry.removes:
                    _remove(entries, entry, problems)
                else:
                    entries.append(entry)
    if problems:
        raise LexiconError(problems)
    return _compiled(entries, digest.hexdigest()[:16])


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


def _compiled(entries: Iterable[Entry], version: str) -> Lexicons:
    found: dict[str, tuple[list[Term], list[int]]] = {}
    anchored: list[Anchored] = []
    needs: dict[frozenset[str], int] = {}
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
            _add(found, anchored, needs, entry, key)
    section = partial(_section, parts)
    return Lexicons(
        automaton=_automaton(found),
        anchored=tuple(anchored),
        chars=_meets(needs),
        words={key: frozenset(own) for key, own in words.items()},
        negation=section(("common", "negation")),
        refusal=section(("common", "refusal")),
        neutral=section(("common", "neutral")),
        sections={key: tuple(map(re.compile, parts.get(key, ()))) for key in ASKED},
        version=version,
    )


def _section(parts: Mapping[Key, Sequence[str]], key: Key) -> re.Pattern[str]:
    return re.compile("|".join(parts[key])) if key in parts else NOTHING


def _alternative(entry: Entry) -> str:
    words = map(re.escape, sorted(entry.pattern.words, key=len, reverse=True))
    return "|".join((*words, *filter(None, (entry.pattern.expression,))))


def _add(
    found: dict[str, tuple[list[Term], list[int]]],
    anchored: list[Anchored],
    needs: dict[frozenset[str], int],
    entry: Entry,
    key: Key,
) -> None:
    pattern = entry.pattern
    term = Term(key, entry.source, tuple(map(_check, entry.conditions)))
    for word in pattern.words:
        found.setdefault(word, ([], []))[0].append(term)
    if pattern.expression:
        for word in pattern.anchors:
            found.setdefault(word, ([], []))[1].append(len(anchored))
        bits = 0
        for need in sorted(pattern.needs, key=sorted):
            bits |= 1 << needs.setdefault(need, len(needs))
        anchored.append(Anchored(term, _regex(pattern.expression), bits))


def _meets(needs: Mapping[frozenset[str], int]) -> dict[str, int]:
    chars: dict[str, int] = {}
    for need, place in needs.items():
        for char in need:
            chars[char] = chars.get(char, 0) | 1 << place
    return chars


def _check(condition: Condition) -> Check:
    expression = _regex(condition.expression) if condition.expression else None
    return Check(condition.where, condition.wanted, expression)


def _automaton(found: Mapping[str, tuple[list[Term], list[int]]]) -> ahocorasick.Automaton:
    automaton = ahocorasick.Automaton()
    for word, (terms, places) in found.items():
        polite = tuple(term for term in terms if term.key[0] == "honorific")
        others = tuple(term for term in terms if term.key[0] != "honorific")
        automaton.add_word(word, Finds(len(word), others, polite, frozenset(places)))
    automaton.make_automaton()
    return automaton
