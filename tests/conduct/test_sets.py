"""How well the engine finds what it should: precision and recall of each rule.

Most sets were written from RULES.md by different hands before the lists were widened to them;
nothing was tuned to the one that is held out, and nothing may be. A line of a set is a piece of a
session and counts once for each rule. Run with `-s` to see the figures.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import NamedTuple

import pytest

from router.conduct import RULES
from tests.conduct.sessions import engine
from tests.conduct.sets import DATA, lines_of

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


def measure(name: str) -> dict[str, Figure]:
    """The figures of all rules over a set."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    with (DATA / name).open(encoding="utf-8") as file:
        for session in map(json.loads, file):
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


READ = frozenset(
    {
        *("abuse", "alternatives", "bank_transfer", "close_order"),
        *("impersonation", "invoice_refused", "off_platform", "prohibited"),
    }
)
"""The rules that are found by reading alone. Sets e to g are about these: their authors had not
read which of the buyer's texts take leave (RULES §2)."""


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        *((f"conduct-{letter}.jsonl", frozenset(RULES)) for letter in "abcdhij"),
        *((f"conduct-{letter}.jsonl", READ) for letter in "efg"),
        ("conduct-l.jsonl", frozenset({"abuse"})),
        ("conduct-m.jsonl", frozenset({"prohibited"})),
        (
            "conduct-n.jsonl",
            frozenset({"impersonation", "alternatives", "off_platform", "invoice_refused"}),
        ),
    ],
)
def test_what_should_be_found_is_found_and_little_else(name: str, rules: frozenset[str]) -> None:
    below = shown(name, measure(name))
    assert not below.keys() & rules, f"below {LEAST} (precision, recall): {below}"


HELD_OUT = "conduct-k.jsonl"
NOT_REACHED: dict[str, str] = {
    "abuse": "precision 0.850, recall 0.810: 6 wrong, 8 of 42 missed",
    "alternatives": "recall 0.925: 3 of 40 missed",
    "bank_transfer": "precision 0.884: 5 wrong",
    "invoice_refused": "precision 0.923, recall 0.900: 3 wrong, 4 of 40 missed",
    "off_platform": "precision 0.848, recall 0.929: 7 wrong, 3 of 42 missed",
    "prohibited": "precision 0.872, recall 0.850: 5 wrong, 6 of 40 missed",
}
"""What was measured when the set was first run. Mend it by other lines than this set's."""


@pytest.fixture(scope="module")
def held_out() -> dict[str, tuple[float, float]]:
    return shown(HELD_OUT, measure(HELD_OUT))


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(rule, marks=pytest.mark.xfail(reason=NOT_REACHED[rule]))
        if rule in NOT_REACHED
        else rule
        for rule in RULES
    ],
)
def test_what_was_never_tuned_to(held_out: dict[str, tuple[float, float]], rule: str) -> None:
    assert rule not in held_out, f"below {LEAST} (precision, recall): {held_out[rule]}"
