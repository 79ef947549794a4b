"""A scenario from its first line to its last: each act happens, each expectation is looked at."""

from __future__ import annotations

import random
from pathlib import Path

from router.core.policy import DAY_MS
from tests.scenarios.acts import ACTS, OUTAGE, SHUFFLED
from tests.scenarios.desks import HEADER, desk_of, online_at_eight
from tests.scenarios.expectations import EXPECTATIONS
from tests.scenarios.reading import Place, Scenario, Sentence, Unmet, read, read_text
from tests.scenarios.stage import Stage

TEMPLATES = [template for template, _ in (*ACTS.values(), *EXPECTATIONS.values())]


def scenario_of(path: Path) -> Scenario:
    """Raises `BadScenario`."""
    return checked(read(path, HEADER, TEMPLATES))


def scenario_of_text(text: str, file: str) -> Scenario:
    """Raises `BadScenario`."""
    return checked(read_text(text, file, HEADER, TEMPLATES))


def checked(scenario: Scenario) -> Scenario:
    """What a scenario must have."""
    for key in ("规则", "说明"):
        if not scenario.value(key):
            raise Place(scenario.file, 1).bad(f"表头缺少 {key}")
    if not any(sentence.verb in EXPECTATIONS for sentence in scenario.sentences):
        raise Place(scenario.file, 1).bad("没有任何期待")
    if scenario.value("打乱") == "可以":
        for sentence in scenario.sentences:
            if sentence.verb in ACTS and sentence.verb not in SHUFFLED:
                raise sentence.place.bad("这样的动作不会迟到,有它就不能写 打乱: 可以")
    return scenario


def staged(scenario: Scenario) -> Stage:
    desk = desk_of(scenario)
    online = online_at_eight(scenario, desk)
    return Stage(desk, online, inspected=scenario.value("质检") == "开")


def run(scenario: Scenario) -> Stage:
    """Play it as it is written. Raises `Unmet` where it comes otherwise."""
    stage = staged(scenario)
    for sentence in scenario.sentences:
        if sentence.verb in EXPECTATIONS:
            stage.tick(sentence.at_ms)
            EXPECTATIONS[sentence.verb][1](stage, sentence)
        else:
            act(stage, sentence, sentence.at_ms)
    _nothing_else(stage, scenario)
    stage.recovered_is_the_same()
    return stage


def act(stage: Stage, sentence: Sentence, at_ms: int) -> None:
    """Let the line's command come at this moment; it is accepted, or refused as the line says."""
    if sentence.verb != OUTAGE:
        stage.tick(at_ms)
    command = ACTS[sentence.verb][1](stage, sentence)
    rejected = stage.take(at_ms, command)
    if rejected is None and sentence.refused:
        raise sentence.place.unmet(f"被接受了,应拒绝:{sentence.refused}")
    if rejected is not None and rejected.reason != sentence.refused:
        wanted = f"应为:{sentence.refused}" if sentence.refused else "应被接受"
        raise sentence.place.unmet(f"被拒绝:{rejected.reason}({rejected.detail}),{wanted}")


def _nothing_else(stage: Stage, scenario: Scenario) -> None:
    """Every breach was expected by a line; with inspection, every flag, too."""
    left = [b for b in stage.state.breaches.values() if b.id not in stage.claimed]
    if left:
        told = ";".join(stage.told(breach) for breach in left)
        raise Unmet(f"{scenario.file}: 还有没写明的违规:{told}")
    named = {flag for flag, _ in stage.flags_claimed}
    flags = [flag for flag in stage.state.flags.values() if flag.id not in named]
    if flags and stage.inspection is not None:
        told = ";".join(f"{f.rule} {f.agent} {f.buyer} {f.message} {f.matched}" for f in flags)
        raise Unmet(f"{scenario.file}: 还有没写明的标记:{told}")


def breaches_of(stage: Stage) -> list[tuple[object, ...]]:
    """What is compared between two orders of arrival."""
    return sorted(
        (b.due_ms, b.rule, b.shop, b.buyer, b.key, b.agent, b.fine_fen, b.uncharged)
        for b in stage.state.breaches.values()
        if not b.reversed
    )


def end_ms(scenario: Scenario) -> int:
    """Long after the last line: all verdicts are in."""
    return scenario.sentences[-1].at_ms + DAY_MS


def run_in_order(scenario: Scenario) -> list[tuple[object, ...]]:
    """The breaches where everything arrives as it is written."""
    return _arrivals(scenario, [(s.at_ms, s) for s in scenario.sentences if s.verb in ACTS])


def run_shuffled(scenario: Scenario, seed: int) -> list[tuple[object, ...]]:
    """The breaches where everything arrives later, up to the lateness, in another order."""
    chance = random.Random(seed)
    late_ms = min(shop.lateness_ms for shop in desk_of(scenario).shops)
    arrivals = []
    for sentence in scenario.sentences:
        if sentence.verb in ACTS:
            wait_ms = chance.choice([0, chance.randrange(late_ms + 1), late_ms])
            arrivals.append((max(sentence.sent_ms + wait_ms, sentence.sent_ms), sentence))
    arrivals.sort(key=lambda pair: (pair[0], chance.random()))
    return _arrivals(scenario, arrivals)


def _arrivals(scenario: Scenario, arrivals: list[tuple[int, Sentence]]) -> list[tuple[object, ...]]:
    stage = staged(scenario)
    for at_ms, sentence in arrivals:
        act(stage, sentence, at_ms)
    stage.tick(end_ms(scenario))
    stage.recovered_is_the_same()
    return breaches_of(stage)
