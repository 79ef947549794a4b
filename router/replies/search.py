"""Finds quick replies while an agent types: by shortcut, title, pinyin, scenario and text.

In memory and deterministic. Of two that fit equally well the one that is used more comes first.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from router.replies.categories import CATEGORIES
from router.replies.pinyin import Unit, letters, matches, units
from router.replies.reply import Reply

TYPED_LIMIT = 60
"""Characters of a query that are looked at."""


class Rank(IntEnum):
    """How well a reply fits; the less the better."""

    SHORTCUT = 0
    TITLE_PREFIX = 1
    TITLE = 2
    SHORTCUT_PREFIX = 3
    PINYIN_PREFIX = 4
    PINYIN = 5
    SCENARIO = 6
    TEXT = 7


class _Entry(NamedTuple):
    reply: Reply
    shortcut: str
    title: str
    about: str
    """Scenario and category."""
    text: str
    title_units: tuple[Unit, ...]
    about_units: tuple[Unit, ...]


class Index:
    """Replies ready to be searched; to be changed and asked by one thread."""

    def __init__(self, replies: Iterable[Reply] = ()) -> None:
        self._entries: dict[str, _Entry] = {}
        for reply in replies:
            self.put(reply)

    def put(self, reply: Reply) -> None:
        """Add a reply, or take its new state."""
        title = _folded(reply.title)
        about = _folded(f"{reply.scenario} {CATEGORIES.get(reply.category, '')}")
        self._entries[reply.id] = _Entry(
            reply,
            _folded(reply.shortcut),
            title,
            about,
            _folded(reply.text),
            units(title),
            units(about),
        )

    def remove(self, reply_id: str) -> None:
        """A reply that is not there is removed already."""
        self._entries.pop(reply_id, None)

    def search(
        self,
        typed: str,
        *,
        agent: str,
        owner: str | None = None,
        shop: str = "",
        category: str = "",
        limit: int | None = 20,
    ) -> list[Reply]:
        """The best first, of the team's and this agent's own.

        Several words must all fit. Nothing typed: the most used. `owner` keeps only those of the
        team ("") or the agent; `shop` leaves out what is for other shops; `category` keeps that
        one alone.
        """
        owners = {"", agent} if owner is None else {"", agent} & {owner}
        words = _folded(typed[:TYPED_LIMIT]).split()
        found: list[tuple[int, int, str, str, Reply]] = []
        for entry in self._entries.values():
            reply = entry.reply
            if reply.owner not in owners:
                continue
            if (shop and reply.shops and shop not in reply.shops) or (
                category and reply.category != category
            ):
                continue
            rank = _rank(entry, words)
            if rank is not None:
                found.append((rank, -reply.uses, reply.title, reply.id, reply))
        found.sort(key=lambda one: one[:4])
        return [one[4] for one in found[:limit]]


def _rank(entry: _Entry, words: list[str]) -> int | None:
    """That of the word that fits worst; None when one does not fit at all."""
    worst = 0
    for word in words:
        rank = _rank_of(entry, word)
        if rank is None:
            return None
        worst = max(worst, rank)
    return worst


def _rank_of(entry: _Entry, word: str) -> Rank | None:
    if entry.shortcut == word:
        return Rank.SHORTCUT
    if entry.title.startswith(word):
        return Rank.TITLE_PREFIX
    if word in entry.title:
        return Rank.TITLE
    if entry.shortcut.startswith(word):
        return Rank.SHORTCUT_PREFIX
    typed = letters(word)
    if entry.title_units and matches(entry.title_units, 0, typed):
        return Rank.PINYIN_PREFIX
    if _anywhere(entry.title_units, typed):
        return Rank.PINYIN
    if word in entry.about or _anywhere(entry.about_units, typed):
        return Rank.SCENARIO
    if word in entry.text:
        return Rank.TEXT
    return None


def _anywhere(text: tuple[Unit, ...], typed: str) -> bool:
    return any(matches(text, start, typed) for start in range(len(text)))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
