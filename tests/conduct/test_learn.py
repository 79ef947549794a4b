"""The weights that ship are those that `learn` makes of the examples."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import config
from router.conduct.weights import Weights, parse_weights
from tests.conduct import learn

RULES = ("close_order", "off_platform")
"""Not all: it takes a while."""


def read(path: Path) -> Weights:
    found = parse_weights(path.name, path.read_text(encoding="utf-8"), [])
    assert found is not None
    return found


@pytest.mark.slow
def test_what_ships_is_what_is_learnt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["learn", "--to", str(tmp_path), *RULES])
    learn.main()
    for rule in RULES:
        made = read(tmp_path / f"{rule}.weights")
        ships = read(Path(str(config.path("lexicons"))) / f"{rule}.weights")
        # Machines round differently in the last place: a fragment more or less, a point.
        assert abs(made.base - ships.base) <= 30
        assert abs(made.listed - ships.listed) <= 100
        assert len(made.text.keys() ^ ships.text.keys()) <= len(ships.text) // 100
        assert all(
            abs(points - ships.text[words]) <= 5
            for words, points in made.text.items()
            if words in ships.text
        )
