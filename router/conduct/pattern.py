"""The little language in which the lists are written: from a line's pattern to what matches it.

    帮您取消订单          the words, however they are spaced, written full-width or traditional
    (帮|给|替)(您|你)?    one of these; `?`: or nothing. Brackets may stand in brackets
    帮您…取消…8订单       up to 4 characters between (`…8`: up to 8), within one clause
    加v*                  a Latin word that may go on (without `*` it stands alone: `sb`, not `usb`)
    微信<id>              an account name (`NAMED` has the others)
    没有(，|$)            `，` the end of a clause; `^` and `$` the ends of the text

Patterns match the dense view (`fold`). Those without gaps become plain words for the automaton;
the others a regular expression that is tried where one of its *anchors* stands. Anchors are
looked for in the view and a boundary behind it, so that `$` is one of `，`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from itertools import product
from math import inf, prod
from typing import Literal, NamedTuple

from router.conduct.fold import BOUNDARY, dense

GAP = 4
GAP_LIMIT = 20
WORDS_LIMIT = 400
"""A pattern that stands for more plain words is looked up by its anchors."""
LENGTH_LIMIT = 4000

_HAN_DIGITS = "零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
EVERYWHERE = frozenset("的了是不我您你们有这一个在就可以要好给会没下，能行亲单款到")
"""Characters that tell little, since they stand in most texts."""
OFTEN = frozenset(
    "了一以发可在到个台看货付平天开都用票能拍上哦里那点店会小哈关来号价请订家客服转后接收账多退说"
    "等时问加话呢还已自消信方打支再今经码过直出取包么面吗边费现先别心手品快新电定0123456789"
)
"""Those that stand in many."""

NAMED = {
    "id": "(?=[0-9+]{0,19}[a-z])[0-9a-z]{5,20}(?![0-9a-z])",
    "digits": f"(?:[0-9]{{5,12}}(?![0-9])|[0-9{_HAN_DIGITS}]{{6,12}})",
    "card": "(?:62[0-9]{13,17}|[3-69][0-9]{15}(?:[0-9]{2,3})?)(?![0-9])",
    "phone": "[2-8][0-9]{6,7}(?![0-9])",
    "number": "[0-9]+",
}
"""An account name of 5 to 20 letters and digits with a letter among them; 5 to 12 digits, or 6 and
more that are partly Han; the digits of a bank card; a local telephone number; any number."""

NAMED_NEEDS = {
    "id": "abcdefghijklmnopqrstuvwxyz",
    "digits": f"0123456789{_HAN_DIGITS}",
    "card": "0123456789",
    "phone": "2345678",
    "number": "0123456789",
}
"""Characters, one of which stands in each."""

_TOKEN = re.compile(
    r"…(?P<gap>[0-9]{0,2})|(?P<open>\()|(?P<close>\)\??)|(?P<bar>\|)|<(?P<named>[a-z]+)>"
    r"|(?P<star>\*$)|(?P<end>[\^$])|(?P<text>[^…()<>*^$?|\[\]{}\\]+)|(?P<wrong>.)"
)


class BadPattern(Exception):
    """What is wrong with a pattern, in Chinese and English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh = zh
        self.en = en


Spelling = Callable[[], str]
"""A regular expression's text, worked out when it is asked: most lines never match."""


class Pattern(NamedTuple):
    """`words`, which match wherever they stand, and an `expression` for the rest (None: there is
    none), one of whose `anchors` stands in each of its matches, and of each of its `needs` one
    character."""

    words: frozenset[str] = frozenset()
    expression: Spelling | None = None
    anchors: frozenset[str] = frozenset()
    needs: tuple[frozenset[str], ...] = ()
    """The rarest first, without those that stand in all anchors."""
    within: bool = False
    """Each match of the expression lies in one clause; it may end with the boundary behind it."""
    begins: frozenset[str] | None = None
    """The expression matches at the text's beginning alone, where one of these characters stands
    (none: whatever stands there); None: it may match elsewhere."""


class _Item(NamedTuple):
    """A part of a row. `text` of a gap is its width, of an end `^` or `$`."""

    kind: Literal["text", "gap", "named", "end", "group"]
    text: str = ""
    rows: tuple[_Row, ...] = ()
    optional: bool = False


_Row = tuple[_Item, ...]
_Reach = Literal["clause", "end", "beyond"]
"""Whether a match lies in one clause, may have the boundary behind it as its end, or goes beyond
that (or asks what is beyond)."""


@lru_cache(maxsize=4096)
def compile_pattern(source: str) -> Pattern:
    """Raises `BadPattern`."""
    rows, star = _parse(source)
    words = _words_of_rows(rows)
    anchors = _anchors_of_rows(rows) if words is None else words
    if anchors is None or not all(word.strip(BOUNDARY) for word in anchors):
        raise BadPattern(
            "至少要有一处必须出现的字", "some word with a letter must stand in a pattern"
        )
    if words is None:
        return Pattern(
            expression=partial(_searched, rows, star),
            anchors=frozenset(anchors),
            needs=_needs(rows[0], anchors) if len(rows) == 1 else _common_needs(rows),
            within=_reach(rows) != "beyond",
            begins=_firsts([row[1:] for row in rows]) if all(map(_at_beginning, rows)) else None,
        )
    free = frozenset(word for word in words if _stands_anywhere(word, star))
    bounded = frozenset(words) - free
    expression = partial(_bounded, bounded, star) if bounded else None
    within = _reach(rows) != "beyond"
    return Pattern(words=free, expression=expression, anchors=bounded, within=within)


def _bounded(words: Iterable[str], star: bool) -> str:
    """One of the words, which do not stand within a longer Latin one."""
    ordered = sorted(sorted(words), key=len, reverse=True)
    return "|".join(_text(word, True, not star) for word in ordered)


def alternation(source: str) -> Spelling:
    """`不|别…能|没`, as conditions have it. Raises `BadPattern`."""
    return partial(_searched, *_parse(source))


def _parse(source: str) -> tuple[tuple[_Row, ...], bool]:
    if len(source) > LENGTH_LIMIT:
        raise BadPattern("太长,请分成几行", "too long: use several lines")
    levels: list[list[list[_Item]]] = [[[]]]
    star = False
    for token in _TOKEN.finditer("".join(source.split())):
        kind, text = token.lastgroup, token.group(token.lastgroup or 0)
        if kind == "open":
            levels.append([[]])
        elif kind == "bar":
            levels[-1].append([])
        elif kind == "close" and len(levels) > 1:
            rows = _rows(levels.pop())
            levels[-1][-1].append(_Item("group", "", rows, text.endswith("?")))
        elif kind == "star":
            star = True
        elif kind in ("wrong", "close"):
            raise BadPattern(
                f"看不懂「{text}」,括号要成对", f"unexpected {text!r}; brackets come in pairs"
            )
        else:
            levels[-1][-1].append(_item(kind or "", text))
    if len(levels) > 1:
        raise BadPattern("少了右括号", "a closing bracket is missing")
    return _rows(levels[0]), star


def _rows(rows: list[list[_Item]]) -> tuple[_Row, ...]:
    if not all(rows):
        raise BadPattern("有一项是空的", "one of the alternatives is empty")
    return tuple(map(tuple, rows))


def _item(kind: str, text: str) -> _Item:
    if kind == "gap":
        width = int(text or GAP)
        if not 1 <= width <= GAP_LIMIT:
            raise BadPattern(f"间隔是 1 到 {GAP_LIMIT} 个字", f"a gap is 1 to {GAP_LIMIT} wide")
        return _Item("gap", str(width))
    if kind == "named":
        if text not in NAMED:
            known = "、".join(f"<{name}>" for name in NAMED)
            raise BadPattern(f"不认识 <{text}>,可用 {known}", f"<{text}> is unknown; use {known}")
        return _Item("named", text)
    if kind == "end":
        return _Item("end", text)
    word = dense(text)
    if not word:
        raise BadPattern(f"「{text}」里没有字", f"there is no letter in {text!r}")
    return _Item("text", word)


def _words_of_rows(rows: tuple[_Row, ...], closed: bool = False) -> list[str] | None:
    """All texts that rows stand for; None: too many, or they hold more than words.

    `closed`: the text ends with a boundary, so that `$` stands for one.
    """
    words: list[str] = []
    for row in rows:
        plain = len(row) == 1 and row[0].kind == "text" and not row[0].optional
        own = [row[0].text] if plain else _words(row, closed)
        if own is None or len(words) + len(own) > WORDS_LIMIT:
            return None
        words += own
    return words


def _words(row: _Row, closed: bool) -> list[str] | None:
    choices: list[list[str]] = []
    count = 1
    for item in row:
        if item.kind == "text":
            own: list[str] | None = [item.text]
        elif item.kind == "group":
            own = _words_of_rows(item.rows, closed)
        elif closed and item.text == "$":
            own = [BOUNDARY]
        else:
            own = None
        if own is None:
            return None
        choices.append([*own, ""] if item.optional else own)
        count *= len(choices[-1])
        if count > WORDS_LIMIT:
            return None
    return ["".join(parts) for parts in product(*choices)]


def _anchors_of_rows(rows: tuple[_Row, ...]) -> list[str] | None:
    found: list[str] = []
    for row in rows:
        own = _anchors(row)
        if own is None:
            return None
        found += own
    return found


def _anchors(row: _Row) -> list[str] | None:
    """Words one of which stands in every match: the rarest there are."""
    if len(row) == 1 and row[0].kind == "text":  # as nearly all alternatives in brackets are
        return [row[0].text] if row[0].text.strip(BOUNDARY) else None
    parts = [_words((item,), True) for item in row]
    often = [_frequency(own or ()) for own in parts]
    solid = [own is not None and all(word.strip(BOUNDARY) for word in own) for own in parts]
    least, chosen = inf, None
    for first in range(len(row)):
        frequency, count = 1.0, 1
        for last in range(first, len(row)):
            own = parts[last]
            count *= len(own or ())
            if own is None or count > WORDS_LIMIT:
                break
            frequency *= often[last]
            if frequency < least and any(solid[first : last + 1]):
                least, chosen = frequency, (first, last + 1)
    inner = [
        words
        for item in row
        if item.kind == "group" and not item.optional
        if (words := _anchors_of_rows(item.rows)) is not None
    ]
    rarest = min(inner, key=_frequency, default=None)
    if chosen is None or (rarest is not None and _frequency(rarest) < least):
        return rarest
    return _words(row[slice(*chosen)], True)


def _needs(row: _Row, anchors: Sequence[str]) -> tuple[frozenset[str], ...]:
    """Sets of characters, of each of which one stands in every match of the row, but not anyway
    in each of its anchors."""
    found: set[frozenset[str]] = set()
    for item in row:
        if item.kind == "named":
            found.add(frozenset(NAMED_NEEDS[item.text]))
        if item.optional or item.kind not in ("text", "group"):
            continue
        words = [item.text] if item.kind == "text" else _anchors_of_rows(item.rows)
        letters = [word.replace(BOUNDARY, "") for word in words or ()]
        if letters and all(letters):
            found.add(_telling(letters))
    untold = (need for need in found if any(need.isdisjoint(word) for word in anchors))
    return tuple(sorted(untold, key=lambda need: (_frequency(need), sorted(need))))


def _common_needs(rows: Iterable[_Row]) -> tuple[frozenset[str], ...]:
    """The rarest need of each row together: one of them stands in a match of any row."""
    rarest: set[str] = set()
    for row in rows:
        own = _needs(row, _anchors(row) or ())
        if not own:
            return ()
        rarest |= own[0]
    return (frozenset(rarest),)


def _at_beginning(row: _Row) -> bool:
    return row[0].text == "^" and len(row) > 1


def _reach(rows: tuple[_Row, ...]) -> _Reach:
    found = set(map(_reach_of_row, rows))
    return "beyond" if "beyond" in found else "end" if "end" in found else "clause"


def _reach_of_row(row: _Row) -> _Reach:
    reach: _Reach = "clause"
    for item in row:
        if item.text == "^":
            continue
        if reach != "clause":
            return "beyond"
        if item.kind == "group":
            reach = _reach(item.rows)
        elif BOUNDARY in item.text:
            reach = "end" if item.text.index(BOUNDARY) == len(item.text) - 1 else "beyond"
    return reach


def _telling(words: Sequence[str]) -> frozenset[str]:
    """Few characters, one of which stands in each of these words."""
    chosen = {word for word in words if len(word) == 1}
    left = {word for word in words if chosen.isdisjoint(word)}
    while left:
        counts = Counter(char for word in left for char in set(word))
        best = min(counts, key=lambda char: (char in EVERYWHERE, -counts[char], char))
        chosen.add(best)
        left = {word for word in left if best not in word}
    return frozenset(chosen)


def _frequency(words: Iterable[str]) -> float:
    """Roughly how often one of these words stands in a text."""
    return sum(prod(map(_OFTENNESS.__getitem__, word)) for word in words)


class _Oftenness(dict[str, float]):
    def __missing__(self, char: str) -> float:
        return 0.004


_OFTENNESS = _Oftenness(dict.fromkeys(OFTEN, 0.02) | dict.fromkeys(EVERYWHERE, 0.06))


def _latin(char: str) -> bool:
    return "a" <= char <= "z"


def _stands_anywhere(word: str, star: bool) -> bool:
    return not _latin(word[0]) and (star or not _latin(word[-1]))


def _searched(rows: tuple[_Row, ...], star: bool) -> str:
    """The expression, and ahead of it what it begins with, unless `re` sees that by itself: so
    most places are passed over at once."""
    expression = _expression(rows, True, not star)
    firsts = frozenset() if _begins_plainly(rows) else _firsts(rows)
    return f"(?=[{''.join(map(re.escape, sorted(firsts)))}]){expression}" if firsts else expression


def _begins_plainly(rows: tuple[_Row, ...]) -> bool:
    """Whether each alternative begins with a letter, or the only one with such alternatives."""
    flat = _flat(rows)
    first = flat[0][0]
    if len(flat) == 1 and first.kind == "group" and not first.optional:
        return _begins_plainly(first.rows)
    return all(row[0].kind == "text" for row in flat)


def _firsts(rows: Sequence[_Row]) -> frozenset[str]:
    """The characters that a match can begin with; none: any, or there may be no character."""
    firsts = [_firsts_of_row(row) for row in rows]
    return frozenset().union(*firsts) if all(firsts) else frozenset()


def _firsts_of_row(row: _Row) -> frozenset[str]:
    firsts: frozenset[str] = frozenset()
    for item in row:
        if item.kind == "text":
            return firsts | {item.text[0]}
        if item.kind == "named":
            return firsts | {*NAMED_NEEDS[item.text], *"0123456789"}
        own = _firsts(item.rows)
        if not own:
            break
        firsts |= own
        if not item.optional:
            return firsts
    return frozenset()


def _expression(rows: tuple[_Row, ...], first: bool, last: bool) -> str:
    """Longest first, so that the longest matches. Latin words stand alone at a pattern's ends."""
    flat = sorted(_flat(rows), key=_longest, reverse=True)
    texts = [
        _text(row[0].text, first, last)
        if len(row) == 1 and row[0].kind == "text"
        else _row(row, first, last)
        for row in flat
    ]
    return texts[0] if len(texts) == 1 else f"(?:{'|'.join(texts)})"


def _flat(rows: tuple[_Row, ...]) -> list[_Row]:
    """Without brackets that are all of an alternative: `a|(b|c)` is `a|b|c`."""
    found: list[_Row] = []
    for row in rows:
        only = row[0]
        if len(row) == 1 and only.kind == "group" and not only.optional:
            found += _flat(only.rows)
        else:
            found.append(row)
    return found


def _longest(row: _Row) -> int:
    return sum(
        max(map(_longest, item.rows)) if item.kind == "group" else len(item.text) for item in row
    )


def _row(row: _Row, first: bool, last: bool) -> str:
    """`first` and `last`: nothing that must stand comes before, or after."""
    final = max((place for place, item in enumerate(row) if not item.optional), default=0)
    parts = []
    for place, item in enumerate(row):
        at_end = last and place >= final
        if item.kind == "text":
            parts.append(_text(item.text, first, at_end))
        elif item.kind == "group":
            inner = _expression(item.rows, first, at_end)
            parts.append(f"(?:{inner})?" if item.optional else inner)
        elif item.kind == "named":
            parts.append(f"(?:{NAMED[item.text]})")
        elif item.kind == "end":
            parts.append(item.text)
        else:
            lazy = "?" if 0 < place < len(row) - 1 else ""
            parts.append(f"[^{BOUNDARY}]{{0,{item.text}}}{lazy}")
        first = first and (item.optional or item.kind == "end")
    return "".join(parts)


def _text(text: str, first: bool, last: bool) -> str:
    head, rest = re.escape(text[0]), re.escape(text[1:])
    # Behind its letter, so that the expression begins with a letter, which is looked for fast.
    before = f"(?<![a-z]{head})" if first and _latin(text[0]) else ""
    after = "(?![a-z])" if last and _latin(text[-1]) else ""
    return head + before + rest + after
