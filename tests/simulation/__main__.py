"""`python -m tests.simulation SEED [COUNT]`: one seed step by step, or many in short."""

from __future__ import annotations

import sys
import time

from tests.simulation.world import Result, simulate


def show(result: Result) -> None:
    for finding in result.findings:
        print(f"seed {result.seed}: {finding[:1500]}")

    if result.outage_findings:
        print(f"seed {result.seed} (outage): {result.outage_findings[0]}")


def main(arguments: list[str]) -> int:
    seed = int(arguments[0])
    if len(arguments) == 1:
        result = simulate(seed, verbose=True)
        print(result.counts, result.digest)
        show(result)
        return 1 if result.findings else 0
    failed = early = 0
    started = time.monotonic()
    totals: dict[str, int] = {}
    count = int(arguments[1])
    for number in range(seed, seed + count):
        result = simulate(number)
        show(result)
        failed += bool(result.findings)
        early += bool(result.outage_findings)
        for name, value in result.counts.items():
            totals[name] = totals.get(name, 0) + value
    each_s = (time.monotonic() - started) / count
    print(f"{failed} of {count} seeds failed, {each_s:.3f} s each; {totals}")
    print(f"in {early} something that fell due in an outage was sealed too early")
    return 1 if failed else 0


sys.exit(main(sys.argv[1:]))
