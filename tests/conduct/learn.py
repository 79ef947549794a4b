"""Learn the weights of the conduct rules (`config/lexicons/*.weights`) from labelled examples.

    python -m tests.conduct.learn [--to FOLDER] [RULE …]

The examples are the conduct sets but for those held out (`sets.py`). For each rule: the fragments
of all messages, each scaled by the root of how unevenly it is spread over guilty and innocent
ones, and a linear support vector machine over them; the fragments that say most are kept, and
learnt again alone. What has to be overcome, and what a hit of the rule's list is worth, is what did
best where the examples of each hand were judged by weights learnt from all the others': of those
hands alone whose examples the lists were not made with.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.svm import LinearSVC

import config
from router.conduct import Engine, Line, Settings, stock
from router.conduct.fold import BOUNDARY, dense
from router.conduct.lexicon import Lexicons
from router.conduct.load import load
from router.conduct.scales import DIGIT, NAME, fragments, pieces_of, worded
from router.conduct.weights import ASKED_WIDEST, ENDING, WEIGHED, WIDEST
from tests.conduct.examples import HITS, LOOKALIKES, ORDINARY, QUESTIONS, asking, lines_in
from tests.conduct.sets import LISTED, lines_of, names, sessions_of
from tests.conduct.talks import GUILTY, INNOCENT, talks

KEPT = {"abuse": 24_000, "prohibited": 24_000}
KEPT_ELSE = 12_000
"""Fragments of a rule that are kept: more where it can be broken in more ways."""
BESIDE = 40
"""Fragments on a line of a file."""
LEAST = 2
"""What stands in fewer messages tells nothing."""
SOFTNESS = 0.06
ASKED = {"alternatives": 1_000, "invoice_refused": 700}
ASKED_ELSE = 400
"""So many points at the most for what the buyer said: more where the answer hangs on it."""
POINTS = 1_000
"""So many for the distance between the border and a support vector."""
SURE = 9.0
"""Points that nothing outweighs."""
HARMLESS = frozenset({"alternatives", "ordinary", "none"})
"""What sessions are about in which buyers only ask for something."""
READ = ("text", "image", "video", "file")
MISSED = 0.85
"""How bad a breach is that is missed, beside an innocent message that is flagged."""
NAMING = frozenset({"abuse", "off_platform", "prohibited"})
"""Rules whose lists name what must not be said: what they hit breaks the rule where the weights
know nothing of it."""
LISTED_POINTS = range(0, 1_600, 100)
BASE_STEP = 25

Vector = np.ndarray[tuple[int], np.dtype[np.float64]]
Truth = np.ndarray[tuple[int], np.dtype[np.bool_]]


class Example(NamedTuple):
    """A message of an agent, or a piece of a long one."""

    hand: str
    session: int
    text: str
    asked: str
    shown: int
    """Products that were recommended before."""
    breaks: frozenset[str]
    """What its session breaks."""
    told: bool
    """Whether it is this message that breaks it."""
    known: frozenset[str] = frozenset(WEIGHED)
    """The rules of which that is said; of others it may break any."""


class Learnt(NamedTuple):
    border: float
    text: dict[str, float]
    asked: dict[str, float]


def examples() -> tuple[list[Example], list[frozenset[str]], list[str]]:
    """All of them; what each session breaks; and by whose hand it is."""
    found: list[Example] = []
    breaks: list[frozenset[str]] = []
    hands: list[str] = []
    for hand in names():
        for session in sessions_of(hand):
            flags = frozenset(session["flags"])
            found += _of_session(lines_of(session), hand, len(breaks), flags)
            if session["about"] in HARMLESS:
                found += _asked_for(lines_of(session), hand)
            breaks.append(flags)
            hands.append(hand)
    return [*found, *_ours()], breaks, hands


def quick_replies() -> list[str]:
    """The texts of the starter set."""
    replies = json.loads(config.path("quick-replies.json").read_text(encoding="utf-8"))
    return [reply["text"] for reply in replies["replies"]]


def _ours() -> Iterator[Example]:
    """The examples that the tests of the lists are made of."""

    def example(answer: str, asked: str, breaks: str = "", known: str = "") -> Example:
        rules = frozenset({known}) if known else frozenset(WEIGHED)
        return Example(
            "ours",
            -1,
            worded(answer, dense(answer)),
            worded("", dense(asked)),
            0,
            frozenset({breaks}),
            True,
            rules,
        )

    for rule in WEIGHED:
        asked = asking(rule)
        yield from (example(line, asked, rule, rule) for line in lines_in(HITS[rule]))
        yield from (example(line, asked, known=rule) for line in lines_in(LOOKALIKES[rule]))
        yield from (example(answer, buyer, rule, rule) for buyer, answer in talks(GUILTY[rule]))
    for question in ("", *QUESTIONS):
        yield from (example(line, question) for line in (*lines_in(ORDINARY), *quick_replies()))
    yield from (example(answer, asked) for asked, answer in talks(INNOCENT))


def _of_session(
    lines: Sequence[Line], hand: str, number: int, flags: frozenset[str]
) -> Iterator[Example]:
    spoken = [at for at, line in enumerate(lines) if line.from_agent and line.text]
    own = Settings().platform_domains
    for at in spoken:
        line = lines[at]
        if line.kind not in READ:
            continue
        shown = stock.recommended(lines[:at], own)
        shown |= stock.linked_ahead(line.text, len(line.text), own)
        pieces = list(pieces_of(worded(line.text, dense(line.text))))
        asked = worded("", dense(stock.asked(lines[:at])))
        for _, piece in pieces:
            told = at == spoken[-1] and len(pieces) == 1
            yield Example(hand, number, piece, asked, len(shown), flags, told)


def _asked_for(lines: Sequence[Line], hand: str) -> Iterator[Example]:
    """What buyers say who only ask for something, as if an agent had: what is sold, and how it is
    talked about, breaks no rule, however often it happens to stand beside a breach."""
    for line in lines:
        if line.side == "buyer" and line.kind == "text" and line.text:
            text = worded(line.text, dense(line.text))
            rules = frozenset(WEIGHED) - {"alternatives"}
            yield Example(hand, -1, text, "", 0, frozenset(), told=True, known=rules)


def words_of(example: Example) -> set[str]:
    """The fragments of a message, and behind a tab those of what the buyer said; but none of a
    name's letters or of digits alone."""
    text = fragments(f"{BOUNDARY}{example.text}{BOUNDARY}", WIDEST)
    asked = fragments(example.asked, ASKED_WIDEST)
    found = text | {f"\t{words}" for words in asked}
    return {words for words in found if NAME not in words and words.strip(BARE)}


BARE = f"\t{BOUNDARY}{DIGIT}"
"""What numbers and ends alone are made of: those are read elsewhere."""


class Table(NamedTuple):
    """Which fragments stand in which message."""

    words: list[str]
    rows: sparse.csr_matrix


def table_of(found: Iterable[Example]) -> Table:
    sets = [words_of(example) for example in found]
    counted = Counter(words for row in sets for words in row)
    words = sorted(word for word, times in counted.items() if times >= LEAST)
    places = {word: place for place, word in enumerate(words)}
    columns: list[int] = []
    ends = [0]
    for row in sets:
        columns += sorted(places[word] for word in row if word in places)
        ends.append(len(columns))
    rows = sparse.csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(sets), len(words)))
    return Table(words, rows)


def fitted(rows: sparse.csr_matrix, guilty: Truth) -> tuple[Vector, float]:
    """What each fragment weighs, and the border."""
    ours = np.asarray(rows[guilty].sum(0)).ravel() + 1
    others = np.asarray(rows[~guilty].sum(0)).ravel() + 1
    uneven = np.log(ours / ours.sum()) - np.log(others / others.sum())
    scale = 0.5 + 0.5 * np.abs(uneven)
    machine = LinearSVC(C=SOFTNESS, random_state=0).fit(rows @ sparse.diags(scale), guilty)
    return machine.coef_.ravel() * scale, float(machine.intercept_[0])


def learn(rule: str, table: Table, found: Sequence[Example], chosen: Truth) -> Learnt:
    """The weights of a rule, from the chosen examples that show whether it is broken."""
    guilty = np.array([rule in example.breaks for example in found])
    clear = np.array(
        [
            rule in example.known and (example.told or rule not in example.breaks)
            for example in found
        ]
    )
    if rule == "alternatives":
        clear &= np.array([example.shown < Settings().alternatives_min for example in found])
    use = chosen & clear
    weights, border = fitted(table.rows[use], guilty[use])
    use |= _worst(table.rows @ weights + border, found, guilty & chosen & ~clear)
    rows, guilty = table.rows[use], guilty[use]
    weights, _ = fitted(rows, guilty)
    often = np.sqrt(np.asarray(rows.sum(0)).ravel())
    kept = np.sort(np.argsort(-np.abs(weights) * often, kind="stable")[: KEPT.get(rule, KEPT_ELSE)])
    weights, border = fitted(rows[:, kept], guilty)
    own = {table.words[place]: float(weight) for place, weight in zip(kept, weights, strict=True)}
    asked = {words[1:]: weight for words, weight in own.items() if words[0] == "\t"}
    text = {words: weight for words, weight in own.items() if words[0] != "\t"}
    return Learnt(border, text, asked)


def _worst(points: Vector, found: Sequence[Example], unclear: Truth) -> Truth:
    """Of each session that breaks a rule with one of several pieces, the one that looks most so."""
    worst: dict[int, int] = {}
    for place in map(int, np.flatnonzero(unclear)):
        session = found[place].session
        if points[place] > points[worst.setdefault(session, place)]:
            worst[session] = place
    chosen = np.zeros(len(found), dtype=bool)
    chosen[list(worst.values())] = True
    return chosen


def points_of(rule: str, learnt: Learnt, example: Example) -> float:
    """As the scales weigh it, without its list and with the border for a base."""
    if rule == "alternatives" and example.shown >= Settings().alternatives_min:
        return -SURE
    most = ASKED.get(rule, ASKED_ELSE) / POINTS
    words = fragments(f"{BOUNDARY}{example.text}{BOUNDARY}", WIDEST)
    said = sum(learnt.text.get(word, 0.0) for word in words)
    asked = sum(learnt.asked.get(word, 0.0) for word in fragments(example.asked, ASKED_WIDEST))
    return learnt.border + said + max(-most, min(asked, most, max(said, 0.0)))


def listed_in(lists: Lexicons, wanted: frozenset[str]) -> dict[tuple[str, int], dict[str, bool]]:
    """What lists alone find in the sessions of some hands; True: by a pattern, which no scales
    gainsay (a telephone number, a link)."""
    engine = Engine(lists)
    found: dict[tuple[str, int], dict[str, bool]] = {}
    number = 0
    for hand in names():
        for session in sessions_of(hand):
            if hand in wanted:
                findings = engine.session(
                    lines_of(session),
                    closed_by_agent=session["closed"],
                    opened_here=session["opens"],
                )
                found[hand, number] = {
                    finding.rule: finding.source.startswith("pattern:") for finding in findings
                }
            number += 1
    return found


class Setting(NamedTuple):
    """What did best: how well (a harmonic mean of precision and recall), and with what."""

    merit: float
    precision: float
    recall: float
    base: float
    listed: int


def best(rule: str, points: Vector, hits: Truth, guilty: Truth, border: float) -> Setting:
    """The middle of all that do as well as the best."""
    found: list[Setting] = []
    for listed in LISTED_POINTS:
        total = points + hits * (listed / POINTS)
        for base in range(-800, 801, BASE_STEP):
            if rule in NAMING and listed + (border * POINTS) + base < 0:
                continue
            flagged = total + base / POINTS >= 0
            right = int((flagged & guilty).sum())
            precision = right / max(int(flagged.sum()), 1)
            recall = right / int(guilty.sum())
            merit = (1 + MISSED) * right / (int(flagged.sum()) + MISSED * int(guilty.sum()))
            found.append(Setting(merit, precision, recall, base / POINTS, listed))
    most = max(setting.merit for setting in found)
    good = [setting for setting in found if setting.merit >= most - 0.001]
    listed = sorted(setting.listed for setting in good)[len(good) // 2]
    same = sorted((s for s in good if s.listed == listed), key=lambda s: s.base)
    return same[len(same) // 2]


def written(rule: str, learnt: Learnt, setting: Setting) -> str:
    """A file of weights."""
    lines = [
        "# Learnt by `python -m tests.conduct.learn`; see docs/conduct.md.",
        f"base {round((learnt.border + setting.base) * POINTS)}",
        f"listed {setting.listed}",
        f"asked {ASKED.get(rule, ASKED_ELSE)}",
    ]
    for section, own in (("text", learnt.text), ("asked", learnt.asked)):
        lines.append(f"[{section}]")
        worth: dict[int, list[str]] = {}
        for words, weight in sorted(own.items()):
            worth.setdefault(round(weight * POINTS), []).append(words)
        for points, alike in sorted(worth.items(), reverse=True):
            for first in range(0, len(alike) if points else 0, BESIDE):
                lines.append(f"{points}\t{' '.join(alike[first : first + BESIDE])}")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=Path(str(config.path("lexicons"))))
    parser.add_argument("rules", nargs="*", default=WEIGHED, metavar="RULE")
    options = parser.parse_args()
    found, breaks, hands = examples()
    table = table_of(found)
    whose = np.array([example.hand for example in found])
    fresh = frozenset(hands) - LISTED
    lists = listed_in(load()._replace(weights={}), fresh)
    judged = np.array([hand in fresh for hand in hands])
    print(f"{len(found)} messages of {len(hands)} sessions, {len(table.words)} fragments")
    for rule in options.rules:
        points = np.full(len(hands), -SURE)
        for hand in sorted(fresh):
            others = learn(rule, table, found, whose != hand)
            for example in found:
                if example.hand == hand and example.session >= 0:
                    told = points_of(rule, others, example)
                    points[example.session] = max(points[example.session], told)
        listed = [lists.get((hand, at), {}) for at, hand in enumerate(hands)]
        hits = np.array([rule in own for own in listed])
        points[np.array([own.get(rule, False) for own in listed])] = SURE
        guilty = np.array([rule in flags for flags in breaks])
        learnt = learn(rule, table, found, np.ones(len(found), dtype=bool))
        setting = best(rule, points[judged], hits[judged], guilty[judged], learnt.border)
        (options.to / f"{rule}{ENDING}").write_text(
            written(rule, learnt, setting), encoding="utf-8"
        )
        print(
            f"{rule:16} others' hands: precision {setting.precision:.3f}, "
            f"recall {setting.recall:.3f}; base {setting.base:+}, listed {setting.listed}",
            flush=True,
        )


if __name__ == "__main__":
    main()
