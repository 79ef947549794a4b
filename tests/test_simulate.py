"""`zhiban simulate` on real timing: the published verdicts, the same every time."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from router.clocktime import format_ms, parse_ms
from router.simulate import simulate

Json = dict[str, Any]
DATA = Path(__file__).parent / "data" / "support-chat"
EXPECTED: Json = json.loads((DATA / "expected.json").read_text())
NAMES = sorted(EXPECTED)


def lines_of(name: str) -> list[Json]:
    with (DATA / f"{name}.jsonl").open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def keys(rows: list[Json]) -> list[tuple[str, str, str, str]]:
    return sorted((row["due"], row["rule"], row["shop"], row["buyer"]) for row in rows)


def zhiban(*words: str, hash_seed: str = "random") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "router", *words],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_published_verdicts(name: str, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    done = zhiban("simulate", "--trace", str(DATA / f"{name}.jsonl"), "--out", str(out))
    assert done.returncode == 0, done.stderr
    report = json.loads(out.read_text())
    assert report["sessions"] == EXPECTED[name]["sessions"]
    assert keys(report["breaches"]) == keys(EXPECTED[name]["breaches"])
    assert report["rejected"] == []
    order = [(row["due"], row["rule"], row["shop"], row["buyer"]) for row in report["breaches"]]
    assert order == sorted(order)


def test_the_same_state_on_every_run_and_under_any_hash_seed(tmp_path: Path) -> None:
    hashes = set()
    for seed in ("0", "1", "4711", "random"):
        out = tmp_path / f"{seed}.json"
        trace = str(DATA / "support-2.jsonl")
        done = zhiban("simulate", "--trace", trace, "--out", str(out), hash_seed=seed)
        assert done.returncode == 0, done.stderr
        hashes.add(json.loads(out.read_text())["state_hash"])
    assert len(hashes) == 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(4))
def test_arriving_up_to_115_s_later_changes_no_breach(name: str, seed: int) -> None:
    chance = random.Random(f"{name} {seed}")
    lines = lines_of(name)
    for line in lines:
        if line["type"] not in ("presence.set", "end"):
            sent_ms = parse_ms(line["timestamp"])
            line["received_at"] = format_ms(sent_ms + chance.randrange(115_001))
    lines.sort(key=lambda line: str(line.get("received_at", line["timestamp"])))
    report = simulate(lines).report()
    assert keys(report["breaches"]) == keys(EXPECTED[name]["breaches"])
    assert not any(row["reversed"] for row in report["breaches"])
    assert report["sessions"] == EXPECTED[name]["sessions"]


def test_a_broken_trace_says_which_line(tmp_path: Path) -> None:
    trace = tmp_path / "broken.jsonl"
    trace.write_text('{"type": "end", "timestamp": "2026-01-01T00:00:00"}\n')
    done = zhiban("simulate", "--trace", str(trace), "--out", str(tmp_path / "out.json"))
    assert done.returncode == 1
    assert "line 1 (end)" in done.stderr
    assert len(done.stderr.splitlines()) == 1
