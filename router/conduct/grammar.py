"""The lines of a list: sections, patterns, what a pattern excepts. Syntax only, no files.

    # a comment
    [allow]                                   a section; a list begins in `hit`
    @all !neg                                 conditions of all lines that follow, until the next
    @let 我: 我|我们|这边                      a name for these: `{我}帮您取消`
    帮您…取消订单  !after: 不了|失败  =text: 订单
    -帮您取消订单                             (in a shop's own list) takes away a built-in one

Conditions stand behind the pattern, each after a space. `!` must not be so, `=` must be so:
`before`, `after` (8 characters in the same clause), `clause`, `text`, `buyer` (what the buyer last
said; `=buyer` holds when they said nothing), `talk` (that and the message). `=echo`: two characters
of the clause stand in what the buyer last said. `!neg` is short for the negations in `common.txt`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import partial
from typing import Literal, NamedTuple, get_args

from router.conduct.fold import dense
from router.conduct.pattern import BadPattern, Pattern, Spelling, alternation, compile_pattern

Where = Literal["before", "after", "clause", "text", "buyer", "talk", "echo", "neg"]

WORDLESS = frozenset({"neg", "echo"})
"""Conditions that have no words of their own."""
HIT, ALLOW = "hit", "allow"
WORD_SECTIONS = frozenset({"interjection", "brush_off", "filler", "emoji", "domain"})
"""Sections of plain words, which are no patterns."""
SECTIONS: dict[str, tuple[str, ...]] = {
    "honorific": ("opening", "closing", ALLOW),
    "short_reply": ("interjection", "brush_off", "filler", "emoji"),
    "alternatives": (HIT, ALLOW),
    "abuse": (HIT, ALLOW),
    "off_platform": (HIT, ALLOW, "number", "harmless_number", "harmless_message", "domain"),
    "close_order": (HIT, ALLOW),
    "bank_transfer": (HIT, ALLOW),
    "invoice_refused": (HIT, ALLOW),
    "impersonation": (HIT, ALLOW),
    "prohibited": (HIT, ALLOW),
    "slow_stall": (HIT, ALLOW),
    "common": ("negation", "refusal", "neutral"),
}
"""The lists there are, by file name, and their sections; the first one is where a file begins."""

_PLACES: dict[str, Where] = {place: place for place in get_args(Where)}
_MARK = re.compile(r"\s+(?=[!=][a-z]+\b)")
_CONDITION = re.compile(r"(?P<mark>[!=])(?P<where>[a-z]+)(?:\s*[::]\s*(?P<words>.*))?$")

_LET = re.compile(r"@let\s+(?P<name>\w+)\s*[::]\s*(?P<words>.+)")
_NAME = re.compile(r"\{(?P<name>[^{}]*)\}")


class Problem(NamedTuple):
    """One thing that is wrong with a list."""

    file: str
    line: int
    """From 1; 0: the file as a whole."""
    zh: str
    en: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.zh} / {self.en}"


class Condition(NamedTuple):
    where: Where
    wanted: bool
    expression: Spelling | None
    """None: of a condition without words."""


class Entry(NamedTuple):
    """A line of a list."""

    rule: str
    section: str
    source: str
    """File and line, as findings name it."""
    text: str
    pattern: Pattern
    conditions: tuple[Condition, ...]
    removes: bool = False


def parse(rule: str, shown: str, text: str, problems: list[Problem]) -> list[Entry]:
    """The entries of one list; what is wrong is added to `problems`, and that line left out.

    `rule` says which list (`abuse`), `shown` is how findings and problems name the file.
    """
    sections = SECTIONS[rule]
    section = sections[0]
    everywhere: tuple[Condition, ...] = ()
    names: dict[str, str] = {}
    entries: list[Entry] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.partition("#")[0].strip()
        if not line:
            continue
        try:
            line = _NAME.sub(partial(_named, names), line)
            if line.startswith("["):
                section = _section(line, rule)
                everywhere = ()
            elif line.startswith("@let"):
                name, words = _let(line)
                names[name] = f"({words})"
            elif line.startswith("@"):
                everywhere = _everywhere(line)
            else:
                source = f"{shown}:{number}"
                entries.append(_entry(rule, section, source, line, everywhere))
        except BadPattern as wrong:
            problems.append(Problem(shown, number, wrong.zh, wrong.en))
    return entries


def words_of(entries: Iterable[Entry], rule: str, section: str) -> frozenset[str]:
    return frozenset(
        entry.text for entry in entries if entry.rule == rule and entry.section == section
    )


def _named(names: dict[str, str], found: re.Match[str]) -> str:
    words = names.get(found["name"])
    if words is None:
        raise BadPattern(
            f"{found.group()} 还没有用 @let 定义", f"{found.group()} was not defined by @let"
        )
    return words


def _let(line: str) -> tuple[str, str]:
    found = _LET.fullmatch(line)
    if found is None:
        raise BadPattern("应写成 @let 名字: 词|词", "@let NAME: WORD|WORD is meant")
    alternation(found["words"])  # raises when the words cannot be read
    return found["name"], "".join(found["words"].split())


def _section(line: str, name: str) -> str:
    section = line.removeprefix("[").removesuffix("]").strip()
    if not line.endswith("]") or section not in SECTIONS[name]:
        known = "、".join(f"[{known}]" for known in SECTIONS[name])
        close = get_close_matches(section, SECTIONS[name], n=1)
        zh, en = (
            (f",是否想写 [{close[0]}]?", f"; did you mean [{close[0]}]?") if close else ("", "")
        )
        raise BadPattern(
            f"没有「{line}」这一节,可用 {known}{zh}", f"no such section; there are {known}{en}"
        )
    return section


def _everywhere(line: str) -> tuple[Condition, ...]:
    head, conditions = _conditions(line)
    if head != "@all":
        raise BadPattern(f"「{head}」应为 @all", f"{head!r}: @all is meant")
    return conditions


def _entry(
    name: str, section: str, source: str, line: str, everywhere: tuple[Condition, ...]
) -> Entry:
    removes = line.startswith("-")
    head, conditions = _conditions(line.removeprefix("-").strip())
    if section in WORD_SECTIONS:
        if conditions:
            raise BadPattern("这一节只写词,不带条件", "words of this section have no conditions")
        word = head.lower() if section in ("domain", "emoji") else dense(head)
        if not word:
            raise BadPattern(f"「{head}」里没有字", f"no letter in {head!r}")
        return Entry(name, section, source, word, Pattern(), (), removes)
    text = "".join(head.split())
    pattern = compile_pattern(text)
    if section == HIT and any(len(word) < 2 for word in pattern.words):
        raise BadPattern(
            "只有一个字会误伤很多话,请写长一些", "one character alone would hit far too much"
        )
    every = (*everywhere, *conditions)
    return Entry(name, section, source, text, pattern, every, removes)


def _conditions(line: str) -> tuple[str, tuple[Condition, ...]]:
    head, *conditions = _MARK.split(line)
    return head.strip(), tuple(map(_condition, conditions))


def _condition(text: str) -> Condition:
    found = _CONDITION.match(text)
    if found is None:
        raise BadPattern(f"看不懂条件「{text}」", f"cannot read the condition {text!r}")
    where, words = found["where"], (found["words"] or "").strip()
    if where not in _PLACES:
        known = "、".join(_PLACES)
        raise BadPattern(f"没有条件「{where}」,可用 {known}", f"no condition {where!r}: {known}")
    alone = where in WORDLESS
    if alone == bool(words):
        raise BadPattern(
            f"条件 {where} 后面{'不' if alone else '要'}写词",
            f"condition {where} takes {'no' if alone else 'some'} words",
        )
    expression = None if alone else alternation(words)
    return Condition(_PLACES[where], found["mark"] == "=", expression)
