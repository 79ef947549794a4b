"""Weights: what each fragment of a message says for or against a breach. Syntax only, no files.

A rule's weights (`config/lexicons/abuse.weights`) say of thousands of fragments, of one to three
characters of the dense view, how much each speaks for a breach, or against it. They are learnt
from labelled examples (`python -m tests.conduct.learn`) and are data as the lists are: anybody can
add a message's points up.

    base -812        what has to be overcome; a message with 0 points or more breaks the rule
    listed 640       what a hit of the rule's built-in list is worth
    asked 400        what the buyer's words may count at most; for a breach no more than the
                     message's own
    [text]           points, and the fragments of the message that have so many; each counts once.
    412<TAB>滚 傻    `，` is a clause's end, or the text's
    [asked]          likewise of what the buyer last said
    35<TAB>发票

A shop that has a file of that name in its folder of lists puts it in the built-in one's place; a
file without `base` turns weighing off, and then the lists alone judge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from router.conduct.grammar import Problem

ENDING = ".weights"
WEIGHED = (
    *("abuse", "alternatives", "bank_transfer", "close_order"),
    *("impersonation", "invoice_refused", "off_platform", "prohibited"),
)
"""The rules that may have weights."""
WIDEST = 3
"""Characters of a fragment."""
ASKED_WIDEST = 2
WRONG_MOST = 10
"""A file with so many wrong lines is none of weights; the others are not told."""

_HEAD = re.compile(
    r"(?P<name>base)\s+(?P<points>[+-]?[0-9]{1,5})|(?P<more>listed|asked)\s+(?P<most>[0-9]{1,5})"
)
_FRAGMENTS = re.compile(r"(?P<points>[+-]?[0-9]{1,4})\t(?P<words>\S{1,3}(?: \S{1,3})*)")
"""So few digits that the points of a piece never run over into another rule's (`scales`)."""


class Weights(NamedTuple):
    """Those of one rule, in points."""

    source: str
    """The file, as findings name it."""
    base: int
    listed: int
    most: int
    text: Mapping[str, int]
    asked: Mapping[str, int]


def parse_weights(shown: str, text: str, problems: list[Problem]) -> Weights | None:
    """What a file says; None: it turns weighing off. What is wrong is added to `problems`."""
    heads: dict[str, int] = {}
    parts: dict[str, dict[str, int]] = {"": {}, "text": {}, "asked": {}}
    section, wrong = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.rstrip()
        if not line or line.startswith("#"):
            continue
        if line in ("[text]", "[asked]"):
            section = line[1:-1]
            continue
        found = (_FRAGMENTS if section else _HEAD).fullmatch(line)
        if found is None:
            zh = "分数、制表符、片段(最多 3 个字)" if section else "base、listed 或 asked,和分数"
            en = (
                "points, a tab and fragments of up to 3 characters"
                if section
                else "base, listed or asked, and points"
            )
            problems.append(Problem(shown, number, f"这里应是{zh}", f"{en} are meant"))
            wrong += 1
            if wrong == WRONG_MOST:
                break
        elif section:
            parts[section].update(dict.fromkeys(found["words"].split(), int(found["points"])))
        else:
            heads[found["name"] or found["more"]] = int(found["points"] or found["most"])
    if "base" not in heads:
        return None
    return Weights(
        source=shown,
        base=heads["base"],
        listed=heads.get("listed", 0),
        most=heads.get("asked", 0),
        text=parts["text"],
        asked=parts["asked"],
    )
