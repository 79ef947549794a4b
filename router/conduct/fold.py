"""Plain views of a text, in which disguises are gone, and the way back to the original.

Each view maps every character by itself, so a position in a view has one position in the text.
`DENSE` is for phrases: NFKC, lower case, simplified, letters and digits only, clauses divided by
`，`. `WIRE` keeps punctuation and spaces, for links and addresses. `NUMBER` has digits of every
kind as ASCII digits, separators as spaces, clause marks as commas, and `x` for all else. What
has no width is in none of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from itertools import accumulate
from typing import Protocol, cast

import opencc

BOUNDARY = "，"
_CLAUSE = frozenset("，。！？；、,!?;\n\r…~～〜∼—―｡､︐︑︒︓︔︕︖︙")
_KEPT = frozenset("+@%")
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Letters and symbols by category that show nothing."""

_LOOKALIKES = {
    **dict.fromkeys("➕✚✛✜🞤⊕﹢ᐩ", "+"),
    **dict.fromkeys("νѵѴᴠ∨⋁∇√", "v"),
    **dict.fromkeys("хХχΧ×✕✖❌", "x"),
    **dict.fromkeys("оОοΟ", "o"),
    **dict.fromkeys("ωԝΩ", "w"),
    "а": "a",
    "е": "e",
    "і": "i",
    "ѕ": "s",
    "ԛ": "q",
    "с": "c",
    "р": "p",
    "т": "t",
    "ɡ": "g",
    **{chr(0x1F150 + n): chr(97 + n) for n in range(26)},
    **{chr(0x1F170 + n): chr(97 + n) for n in range(26)},
    **{chr(0x1F1E6 + n): chr(97 + n) for n in range(26)},
    **{chr(0x2776 + n): str(n + 1) for n in range(9)},
    **{chr(0x2780 + n): str(n + 1) for n in range(9)},
    **{chr(0x278A + n): str(n + 1) for n in range(9)},
    **{chr(0x24F5 + n): str(n + 1) for n in range(9)},
    "⓿": "0",
    "🄋": "0",
    "🄌": "0",
}
"""What NFKC leaves as it is and a reader takes for a letter, a digit or a plus."""

_PICTURES = {
    "🐶": "狗",
    "🐕": "狗",
    "🐷": "猪",
    "🐖": "猪",
    "🐽": "猪",
    "🐴": "马",
    "🐎": "马",
    "💩": "屎",
    "🐧": "企鹅",
    "🛰": "卫星",
    "🏦": "银行",
    "💳": "银行卡",
    "🧾": "发票",
    "🎫": "票",
    "💚": "绿",
    "🔫": "枪",
    "📱": "手机",
    "📞": "电话",
    "☎": "电话",
}
"""Emoji that stand for a word where it is not to be read. In the dense view only."""

HAN_DIGITS = {
    **{char: str(n) for n, char in enumerate("零一二三四五六七八九")},
    **{char: str(n) for n, char in enumerate("〇壹贰叁肆伍陆柒捌玖")},
    "幺": "1",
    "貳": "2",
    "參": "3",
    "陸": "6",
    "〡": "1",
    "○": "0",
    "◯": "0",
}


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


@cache
def _converter() -> _Converter:
    return cast(_Converter, opencc.OpenCC("t2s"))


def _simplified(char: str) -> str:
    if char < "\u3400":
        return char
    plain = _converter().convert(char)
    return plain if len(plain) == 1 else char


def _shows_nothing(char: str) -> bool:
    return char in _BLANK_LETTERS or unicodedata.category(char) in ("Cf", "Mn", "Me", "Cs", "Co")


def _plain(char: str) -> str:
    """A visible character as plain ones: NFKC, lower case, simplified, no marks upon it."""
    alike = _LOOKALIKES.get(char)
    if alike is not None:
        return alike
    plain = unicodedata.normalize("NFKC", char).lower()
    return "".join(_simplified(part) for part in plain if not _shows_nothing(part))


def _dense(char: str) -> str:
    if char in _CLAUSE:
        return BOUNDARY
    if char.isspace() or _shows_nothing(char):
        return ""
    if char in _PICTURES:
        return _PICTURES[char]
    return "".join(
        part for part in _plain(char) if part in _KEPT or unicodedata.category(part)[0] in "LN"
    )


def _wire(char: str) -> str:
    if _shows_nothing(char):
        return ""
    if char.isspace():
        return " "
    return "." if char in "。｡" else _plain(char)


def _number(char: str) -> str:
    if _shows_nothing(char):
        return ""
    digit = HAN_DIGITS.get(char)
    if digit is not None:
        return digit
    plain = _plain(char)
    kept = "".join(part for part in plain if "0" <= part <= "9")
    if kept:
        return kept
    if char in "—―~～…":
        return " "
    if char in _CLAUSE:
        return ","
    return "x" if any(unicodedata.category(part)[0] in "LN" for part in plain) else " "


class View(dict[int, str]):
    """A table for `str.translate` that works out each character when it first comes."""

    def __init__(self, fold: Callable[[str], str]) -> None:
        super().__init__()
        self._fold = fold

    def __missing__(self, code: int) -> str:
        plain = self[code] = self._fold(chr(code))
        return plain


DENSE = View(_dense)
WIRE = View(_wire)
NUMBER = View(_number)

_DOTS = re.compile(r"\.[.\s]*\.")
_HAN = "\u4e00-\u9fff"
_DIGITS = "".join(HAN_DIGITS)
_ALL_SHOW = re.compile("[ -~\u3000-\u3029\u4e00-\u9fff\uff01-\uff5e]*")
"""Texts of which it is soon seen that every character has a width; they are most."""
_PAUSE = re.compile(
    rf"(?!(?<=[{_DIGITS}])[ \u3000]+[{_DIGITS}])"
    rf"(?:(?<=[{_HAN}]{{3}})|(?<=[的了呢哦哈啊吧吗呀嘛啦咯亲]))[ \u3000]+(?=[{_HAN}]{{3}})"
)
"""Spaces for want of a comma: between words of some length, not between those of a disguise, nor
between the groups of a number."""


def dense(text: str) -> str:
    """Letters and digits only, clauses divided by `，`."""
    return _divided(text).translate(DENSE)


def places(text: str) -> list[int]:
    """Where each character of a text stands in its dense view, and where the view ends."""
    widths = (len(DENSE[ord(char)]) for char in _divided(text))
    return [*accumulate(widths, initial=0)]


def _divided(text: str) -> str:
    """Rows of dots divide clauses; a single dot does not. So do spaces. As long as the text."""
    if " " in text or "\u3000" in text:
        text = _paused(text)
    if ".." not in text:
        return text
    return _DOTS.sub(_pause, text)


def _paused(text: str) -> str:
    """Spaces that stand for a comma as dots, whatever without width stands beside them."""
    if _ALL_SHOW.fullmatch(text) is not None:
        return _PAUSE.sub(_pause, text)
    places = [at for at, char in enumerate(text) if WIRE[ord(char)]]
    shown = "".join(map(text.__getitem__, places))
    divided = _PAUSE.sub(_pause, shown)
    if divided == shown:
        return text
    chars = list(text)
    for place, char in zip(places, divided, strict=True):
        chars[place] = char
    return "".join(chars)


def _pause(row: re.Match[str]) -> str:
    return "…" * len(row.group())


def span_of(text: str, table: View, start: int, end: int) -> tuple[int, int]:
    """Where the view's `[start, end)` stands in the text; `end` > `start`."""
    if table is DENSE:
        text = _divided(text)
    at = 0
    first = -1
    for index, char in enumerate(text):
        width = len(table[ord(char)])
        if first < 0 and at + width > start:
            first = index
        at += width
        if at >= end:
            return first, index + 1
    return max(first, 0), len(text)
