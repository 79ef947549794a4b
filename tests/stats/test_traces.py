"""A real channel's days, from the facts of their simulation: the figures are those of the rules."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from router.core.facts import AnyFact
from router.simulate import Run, simulate
from router.stats import Figures, Hour
from router.trace import read_json

DATA = Path(__file__).parents[1] / "data" / "support-chat"


@pytest.mark.parametrize("name", ["support-0", "support-1"])
def test_the_figures_of_a_trace(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = Figures(lambda shop, at_ms: False, 0)

    def take(run: Run, facts: Sequence[AnyFact]) -> None:
        figures.take(facts)

    monkeypatch.setattr(Run, "_note", take)
    with (DATA / f"{name}.jsonl").open(encoding="utf-8") as file:
        lines = list(read_json(file))
    run = simulate(lines)
    expected = json.loads((DATA / "expected.json").read_text("utf-8"))[name]
    whole = Hour()
    for cells in figures.hours.values():
        for cell in cells.values():
            whole.join(cell)
    types = Counter(line["type"] for line in lines)
    rules = Counter(breach["rule"] for breach in expected["breaches"])
    assert whole.messages == types["message.received"]
    assert whole.sent == types["message.sent"]
    assert whole.sessions == run.state.counters.sessions == expected["sessions"]
    assert {rule: count for rule, count in whole.breaches.items() if count} == rules
    assert whole.late == rules["reply"]
    # All that was answered in time took 5 minutes at most, all that was late took longer.
    quick = sum(times for second, times in whole.replies.seconds.items() if second <= 300)
    assert quick == whole.in_time
    assert whole.waits_over + len(figures.waiting) == whole.in_time + whole.late
    left = whole.unanswered + len(figures.waiting)
    assert left == whole.late - (whole.replies.count - quick)
