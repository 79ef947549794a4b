"""Each `*.txt` beside and below this file is a test: what happens in it, and what is expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.running import run, run_in_order, run_shuffled, scenario_of

FILES = sorted(Path(__file__).parent.rglob("*.txt"), key=lambda path: path.stem)
SHUFFLED = [path for path in FILES if "\n打乱: 可以" in path.read_text(encoding="utf-8")]
SEEDS = range(4)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scenario(path: Path) -> None:
    run(scenario_of(path))


@pytest.mark.parametrize("path", SHUFFLED, ids=lambda path: path.stem)
def test_the_order_of_arrival_changes_no_verdict(path: Path) -> None:
    scenario = scenario_of(path)
    wanted = run_in_order(scenario)
    for seed in SEEDS:
        assert run_shuffled(scenario, seed) == wanted, f"{path.name}, seed {seed}"


def test_each_scenario_has_a_name_of_its_own() -> None:
    assert len({path.stem for path in FILES}) == len(FILES)
