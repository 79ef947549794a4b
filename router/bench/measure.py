"""What all measurements share: results and their table, a scratch directory on a real disk,
processor time and memory of processes."""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import sys
import tempfile
import time
import unicodedata
from collections.abc import Awaitable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

Result = TypeVar("Result")


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One result, as `--json` writes it (CONTRACT §1)."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    """What it is held against: measured in the same run, or the number that was promised."""
    ratio: float | None = None
    """`value` ÷ `floor`."""
    conditions: str = ""
    title: str = ""
    """For people, Chinese and English; not in the JSON."""

    def as_json(self) -> dict[str, Any]:
        shown = msgspec.to_builtins(self)
        del shown["title"]
        return cast(dict[str, Any], shown)


def measured(
    name: str, title: str, value: float, unit: str, *, floor: float | None = None, note: str = ""
) -> Measured:
    ratio = round(value / floor, 3) if floor else None
    return Measured(
        name=name,
        value=_short(value),
        unit=unit,
        floor=None if floor is None else _short(floor),
        ratio=ratio,
        conditions=note,
        title=title,
    )


def _short(value: float) -> float:
    """Four digits; more would be a pretence."""
    return float(f"{value:.4g}") if abs(value) < 10_000 else float(round(value))


def run_loop(work: Awaitable[Result]) -> Result:
    """Run it on uvloop, as the daemon does, where there is one."""
    awaited = cast(Coroutine[Any, Any, Result], work)
    try:
        import uvloop  # noqa: PLC0415  # not on every platform
    except ImportError:
        return asyncio.run(awaited)
    return uvloop.run(awaited)


# The table


def table(rows: Sequence[Measured]) -> str:
    """Aligned, with each row's conditions below it where they differ from the row's before."""
    head = ("项目 / what", "数值 / value", "单位 / unit", "对照 / floor", "比值 / ratio")
    cells = [
        (
            row.title or row.name,
            _number(row.value),
            row.unit,
            _number(row.floor),
            _number(row.ratio),
        )
        for row in rows
    ]
    widths = [max(_width(line[i]) for line in (head, *cells)) for i in range(len(head))]
    lines = [_line(head, widths)]
    said = ""
    for row, line in zip(rows, cells, strict=True):
        lines.append(_line(line, widths))
        if row.conditions and row.conditions != said:
            lines.append(f"    {row.conditions}")
            said = row.conditions
    return "\n".join(lines)


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def _width(text: str) -> int:
    """Columns on a terminal: a Han character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    parts = []
    for index, (text, wide) in enumerate(zip(texts, widths, strict=True)):
        gap = " " * (wide - _width(text))
        parts.append(gap + text if index in (1, 3, 4) else text + gap)
    return "  ".join(parts).rstrip()


def say(text: str) -> None:
    """A line about what is going on, for whoever waits."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


# Where


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory beside the working directory (or in TMPDIR) on a real disk, removed later."""
    wanted = [Path(found)] if (found := os.environ.get("TMPDIR")) else []
    places = [*wanted, Path.cwd(), Path(tempfile.gettempdir())]
    home = next((p for p in places if p.is_dir() and os.access(p, os.W_OK) and _is_disk(p)), None)
    directory = Path(tempfile.mkdtemp(prefix=".zhiban-bench-", dir=home))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _is_disk(path: Path) -> bool:
    return _file_system(path) not in ("tmpfs", "ramfs")


def _file_system(path: Path) -> str:
    """The type of the file system, "?" where that cannot be seen."""
    try:
        mounts = Path("/proc/mounts").read_text().splitlines()
    except OSError:
        return "?"
    best, kind = "", "?"
    resolved = str(path.resolve())
    for mount in mounts:
        _, where, of, *_ = mount.split(" ")
        if (resolved + "/").startswith(where.rstrip("/") + "/") and len(where) >= len(best):
            best, kind = where, of
    return kind


def sync_ms(directory: Path) -> float:
    """The median time of writing 4 KiB and having it on the disk."""
    times = []
    file = os.open(directory / "sync-probe", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for _ in range(60):
            begin = time.perf_counter()
            os.write(file, b"x" * 4096)
            os.fsync(file)
            times.append(time.perf_counter() - begin)
    finally:
        os.close(file)
    return statistics.median(times) * 1000


def conditions(directory: Path) -> str:
    """What the numbers depend on."""
    version = ".".join(map(str, sys.version_info[:3]))
    loop = "uvloop" if "uvloop" in sys.modules else "asyncio"
    return (
        f"{os.cpu_count()} CPUs, Python {version}, {loop}, embedded Valkey, appendfsync always,"
        f" {_file_system(directory)}, fsync of 4 KiB {sync_ms(directory):.2f} ms"
    )


# Processes


def rss_bytes(pid: int | str = "self") -> int:
    """Resident memory of a process (Linux; 0 elsewhere)."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def cpu_s(pid: int) -> float:
    """Processor time of another process so far (Linux; 0 elsewhere)."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / float(os.sysconf("SC_CLK_TCK"))
