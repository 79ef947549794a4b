"""`zhiban bench`: measurements, each beside what it has to be held against in the same run.

Called by `router.terminal.bench`. A measurement works on a server and files of its own, in a
directory on a real disk, and removes them. Speeds depend on the machine and on what else it
does: what counts are the ratios, taken in one run.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path

import msgspec

from router.bench.measure import Measured, run_loop, table

NAMES = ("ingress", "broker", "timers", "recovery")


def main(name: str, json_path: str | None = None) -> int:
    """Measure, print a table, write the JSON; the exit status."""
    if name not in NAMES:
        raise ValueError(f"no measurement {name!r}; there are {', '.join(NAMES)}")
    measure: Callable[[], Awaitable[list[Measured]]]
    measure = import_module(f"router.bench.{name}").measure
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up then, too
    measured = run_loop(measure())
    sys.stdout.write(table(measured) + "\n")
    if json_path is not None:
        shown = msgspec.json.encode([row.as_json() for row in measured])
        Path(json_path).write_bytes(msgspec.json.format(shown) + b"\n")
    return 0
