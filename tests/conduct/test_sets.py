"""How well the engine finds what it should: precision and recall of each rule.

Each set was written from RULES.md by another hand (`sets.py`). The lists were made with some, the
weights are learnt from all but those held out: what those show is what counts. A line of a set is
a piece of a session and counts once for each rule. Run with `-s` to see the figures.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import NamedTuple

import pytest

from router.conduct import RULES
from router.conduct.weights import WEIGHED
from tests.conduct.sessions import engine
from tests.conduct.sets import HELD_OUT, lines_of, names, sessions_of

LEAST = 0.95


class Figure(NamedTuple):
    """How often a rule was found rightly, found wrongly, and missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0


def measure(*names: str) -> dict[str, Figure]:
    """The figures of all rules over sets, taken as one."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for session in chain.from_iterable(map(sessions_of, names)):
        findings = engine().session(
            lines_of(session), closed_by_agent=session["closed"], opened_here=session["opens"]
        )
        found = {finding.rule for finding in findings}
        wanted = set(session["flags"])
        right.update(found & wanted)
        wrong.update(found - wanted)
        missed.update(wanted - found)
    return {rule: Figure(right[rule], wrong[rule], missed[rule]) for rule in RULES}


def shown(name: str, figures: dict[str, Figure]) -> dict[str, tuple[float, float]]:
    """Print the figures; those below what is asked."""
    print(f"\n{name}: rule, precision, recall, right, wrong, missed")
    for rule, figure in figures.items():
        print(f"{rule:16} {figure.precision:.3f} {figure.recall:.3f} {figure}")
    return {
        rule: (round(figure.precision, 3), round(figure.recall, 3))
        for rule, figure in figures.items()
        if figure.precision < LEAST or figure.recall < LEAST
    }


WHOLE = "abcdhijk"
"""The sets that are about all rules; the others are about those that weights are learnt for."""
UNWEIGHED = frozenset(RULES) - frozenset(WEIGHED)
ORDINARY = "vST"
"""In these nothing is amiss."""


@pytest.mark.parametrize("name", WHOLE)
def test_what_the_lists_were_made_for_is_found_and_little_else(name: str) -> None:
    below = shown(name, measure(name))
    assert not below.keys() & UNWEIGHED, f"below {LEAST} (precision, recall): {below}"


def test_what_was_learnt_is_known() -> None:
    """It says nothing of how well other messages are judged."""
    below = shown("all that was learnt from", measure(*names()))
    assert not below.keys() & frozenset(WEIGHED), f"below {LEAST} (precision, recall): {below}"


def test_ordinary_talk_is_left_alone() -> None:
    figures = measure(*ORDINARY)
    wrong = {rule: figures[rule].wrong for rule in WEIGHED if figures[rule].wrong}
    assert not wrong


@pytest.fixture(scope="module", params=["Z", "Zop"])
def held_out(request: pytest.FixtureRequest) -> dict[str, tuple[float, float]]:
    """The rules that are below what is asked: on the set that was measured last, and on all of
    those held out as one."""
    names: str = request.param
    assert frozenset(names) <= HELD_OUT
    return shown(f"held out: {names}", measure(*names))


@pytest.mark.parametrize("rule", RULES)
def test_what_nothing_was_learnt_from(held_out: dict[str, tuple[float, float]], rule: str) -> None:
    assert rule not in held_out, f"below {LEAST} (precision, recall): {held_out[rule]}"
