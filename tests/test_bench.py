"""The measurements at small sizes: that they give results, well-formed and sane; no speeds."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import pytest

import router.bench
from router.bench import broker, ingress, recovery, timers
from router.bench.load import signed_requests
from router.bench.measure import Measured, measured, sync_ms, table
from router.bench.world import texts


@pytest.fixture(autouse=True)
def _on_this_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def by_name(results: list[Measured]) -> dict[str, Measured]:
    for result in results:
        assert math.isfinite(result.value)
        assert result.unit
        assert result.title
        assert result.conditions
        assert (result.floor is None) == (result.ratio is None)
    found = {result.name: result for result in results}
    assert len(found) == len(results)
    return found


async def test_broker() -> None:
    found = by_name(await broker.measure(broker.Sizes(20, 400, 4, 40, 2)))
    rate = found["broker.messages_per_s"]
    assert rate.value > 0
    assert rate.floor == broker.PROMISED
    assert "800 messages" in rate.conditions
    assert found["broker.cpu_per_message"].value > 0


@pytest.mark.slow  # four servers, each loaded anew
async def test_ingress() -> None:
    found = by_name(await ingress.measure(ingress.Sizes(8, 1, 5.0, 300)))
    rate = found["ingress.accepted_per_s"]
    assert rate.value > 0
    assert rate.ratio is not None
    assert rate.ratio > 0
    assert 0 < found["ingress.p50"].value <= found["ingress.p99"].value


@pytest.mark.slow
async def test_timers() -> None:
    found = by_name(await timers.measure(timers.Sizes(2_000, 100, 2, 20, 200)))
    assert found["timers.armed"].value == 2_000
    assert found["timers.noticed"].value > 0
    assert found["timers.early"].value == 0
    assert found["timers.lost"].value == 0
    assert found["timers.twice"].value == 0
    assert found["timers.late_max"].value >= found["timers.late_p50"].value > 0
    assert found["timers.traced_bytes_per_session"].value > 0


async def test_recovery() -> None:
    found = by_name(await recovery.measure(recovery.Sizes(10, 200, 1)))
    whole = found["recovery.next_assignment_s"].value
    parts = sum(found[f"recovery.{part}"].value for part in ("lease_s", "load_s", "assign_s"))
    assert whole == pytest.approx(parts, rel=0.02)
    assert whole < 60


def test_main_writes_the_contract_s_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def measure() -> list[Measured]:
        return [measured("a.b", "甲 / a", 3.0, "1/s", floor=4.0, note="here")]

    monkeypatch.setattr(broker, "measure", measure)
    out = tmp_path / "out.json"
    assert router.bench.main("broker", str(out)) == 0
    (row,) = msgspec.json.decode(out.read_bytes())
    assert row == {
        "name": "a.b",
        "value": 3.0,
        "unit": "1/s",
        "floor": 4.0,
        "ratio": 0.75,
        "conditions": "here",
    }
    assert "甲 / a" in capsys.readouterr().out


def test_main_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="no measurement"):
        router.bench.main("speed")


def test_the_table_says_conditions_once() -> None:
    rows = [measured(name, f"项 / {name}", 12_345.6, "1/s", note="same") for name in ("a", "b")]
    shown = table(rows)
    assert shown.count("same") == 1
    assert "12,346" in shown


def test_texts_and_requests_are_as_stated(tmp_path: Path) -> None:
    assert all(300 <= len(text.encode()) <= 500 for text in texts(50))
    requests = signed_requests(20, "run")
    assert len(set(requests)) == 20
    assert sync_ms(tmp_path) > 0
