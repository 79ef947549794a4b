"""How an agent words an answer: honorifics and brush-offs (RULES §1 rows 1 and 2)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from itertools import islice

from router.conduct.fold import BOUNDARY
from router.conduct.lexicon import Key, Lexicons
from router.conduct.messages import Line
from router.conduct.phrases import Hit

OPENING: Key = ("honorific", "opening")
CLOSING: Key = ("honorific", "closing")
AHEAD = 6
"""An opening honorific begins within so many characters."""
BRUSH_OFF_LIMIT = 24
"""Longer texts say something."""

_STICKER = re.compile(
    r"\[(?P<name>[\u4e00-\u9fffA-Za-z]{1,8})\]|【(?P<other>表情)】"
    r"|/:[-^$@&!0-9A-Za-z_~*><('\"]{1,6}|#[Ee]-[a-z][0-9]{2,3}"
)


class Wording:
    """What counts in a text, and whether it brushes the buyer off."""

    def __init__(self, lexicons: Lexicons) -> None:
        words = lexicons.words
        self._stickers = words["short_reply", "emoji"]
        self._interjections = words["short_reply", "interjection"]
        self._brush_offs = words["short_reply", "brush_off"]
        self._fillers = words["short_reply", "filler"]
        self._all = self._interjections | self._brush_offs | self._fillers
        self._chars = frozenset(char for word in self._all for char in word)
        self._last = frozenset(word[-1] for word in self._all)
        self._longest = max(map(len, self._all), default=0)

    def count(self, text: str, limit: int) -> int:
        """How many Han characters, letters and digits a text has without emoji and stickers; at
        `limit` the counting stops."""
        if "[" in text or "/:" in text or "#" in text or "【" in text:
            text = _STICKER.sub(self._sticker, text)
        if len(text) >= limit and text[:limit].isalnum():
            return limit
        return sum(1 for _ in islice(filter(str.isalnum, text), limit))

    def _sticker(self, found: re.Match[str]) -> str:
        name = found["name"]
        return found.group() if name and name.lower() not in self._stickers else " "

    def brushes_off(self, dense: str) -> bool:
        """Whether a text is made of interjections and listed brush-offs only (and fillers)."""
        text = dense.replace(BOUNDARY, "") if len(dense) <= BRUSH_OFF_LIMIT * 8 else ""
        if not text or text[-1] not in self._last or not self._chars.issuperset(text):
            return False
        if len(text) > BRUSH_OFF_LIMIT * 4:
            return False
        text = re.sub(r"(.)\1{2,}", r"\1\1", text)
        if len(text) > BRUSH_OFF_LIMIT:
            return False
        # told[i]: the first i characters are such words; True: not fillers alone.
        told: list[bool | None] = [False] + [None] * len(text)
        for end in range(1, len(text) + 1):
            for start in range(max(0, end - self._longest), end):
                word = text[start:end]
                if told[start] is None or word not in self._all:
                    continue
                told[end] = told[end] or told[start] or word not in self._fillers
        return told[-1] is True


def opens_with_honorific(dense: str, found: Mapping[Key, Sequence[Hit]]) -> bool:
    lead = len(dense) - len(dense.lstrip(BOUNDARY))
    return any(hit.start < lead + AHEAD for hit in found.get(OPENING, ()))


def has_honorific(found: Mapping[Key, Sequence[Hit]]) -> bool:
    return OPENING in found or CLOSING in found


def answers(before: Sequence[Line]) -> bool:
    """Whether the buyer waits for an answer after these lines; bots and automatic ones are none."""
    for line in reversed(before):
        if line.side == "buyer":
            if not line.recalled:
                return True
        elif line.by == "human":
            return False
    return False


def took_leave(lines: Sequence[Line], farewells: Collection[str]) -> Line | None:
    """The buyer's last message, if it took leave and an agent wrote after it (RULES §2)."""
    agent_wrote = False
    for line in reversed(lines):
        if line.from_agent:
            agent_wrote = True
        elif line.side == "buyer" and not line.recalled:
            return line if agent_wrote and is_farewell(line.text, farewells) else None
    return None


def is_farewell(text: str, farewells: Collection[str]) -> bool:
    if len(text) > 200:
        return False
    folded = unicodedata.normalize("NFKC", text).lower()
    return "".join(c for c in folded if unicodedata.category(c)[0] in "LN") in farewells
