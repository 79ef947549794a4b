"""How long a large roster takes to import: 200 agents × 31 days, as an Excel workbook.

    python -m tests.bench.bench_roster [--rounds N]

Makes the workbook in memory (one agent a row, one day a column, shifts defined on a sheet of
their own) and prints the best and the middle of the rounds, in milliseconds: reading the file,
making shifts of it, and both. The same for one shift a row, as the export writes it.
"""

from __future__ import annotations

import argparse
import time
from datetime import date, timedelta
from statistics import median

from router.roster import export_roster, import_roster
from router.tables import Sheet, Value, read, write_xlsx

AGENTS = {f"agent-{n:03}": f"客服{n:03}" for n in range(200)}
SUB_ACCOUNTS = [f"shop:{n:03}" for n in range(200)]
FIRST = date(2026, 12, 1)
DAYS = 31
CELLS = ("早", "早", "晚", "夜", "休", "10:00-19:00", "早+晚")


def matrix() -> bytes:
    """The workbook with one agent a row."""
    head: list[Value] = ["客服", *(FIRST + timedelta(days=day) for day in range(DAYS))]
    rows: list[list[Value]] = [head]
    for number, name in enumerate(AGENTS.values()):
        # No night before a morning: a shift of the evening is followed by a day off.
        cells = [CELLS[(number + day) % len(CELLS)] for day in range(DAYS)]
        for day, cell in enumerate(cells[1:], 1):
            if "夜" in cells[day - 1]:
                cells[day] = "休" if cell != "休" else cell
        rows.append([name, *cells])
    definitions = Sheet.of(
        "班次",
        [
            ["班次", "开始", "结束", "休息", "子账号"],
            ["早", "08:00", "16:00", "12:00-12:30", ""],
            ["晚", "16:00", "24:00", "19:00-19:30", ""],
            ["夜", "22:00", "06:00", "02:00-02:30", ""],
        ],
    )
    return write_xlsx([Sheet.of("排班", rows), definitions])


def measure(name: str, data: bytes, rounds: int) -> None:
    """One line: what was made, how long reading and importing took."""
    reads, imports = [], []
    shifts = 0
    for _ in range(rounds):
        start = time.perf_counter()
        sheets = read(data, "roster.xlsx")
        read_s = time.perf_counter() - start
        shifts = len(
            import_roster(sheets, agents=AGENTS, sub_accounts=SUB_ACCOUNTS, today=FIRST).shifts
        )
        reads.append(read_s)
        imports.append(time.perf_counter() - start - read_s)
    both = [a + b for a, b in zip(reads, imports, strict=True)]
    print(
        f"{name:<14}{shifts:>8}{len(data) // 1024:>8}{median(reads) * 1e3:>10.1f}"
        f"{median(imports) * 1e3:>10.1f}{min(both) * 1e3:>10.1f}{median(both) * 1e3:>10.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    print(
        f"{'':<14}{'shifts':>8}{'KiB':>8}{'read ms':>10}{'import ms':>10}{'best ms':>10}"
        f"{'both ms':>10}"
    )
    packed = matrix()
    measure("agent a row", packed, rounds)
    roster = import_roster(
        read(packed, "roster.xlsx"), agents=AGENTS, sub_accounts=SUB_ACCOUNTS, today=FIRST
    )
    measure("shift a row", write_xlsx(export_roster(roster.shifts, AGENTS)), rounds)


if __name__ == "__main__":
    main()
