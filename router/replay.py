"""`zhiban replay`: the durable inbox through the core again, held against the live records.

Anybody who doubts a fine can have it computed again: from the first entry on, with the same
core, by the log's own clock. `--verify` compares every record and the whole ledger with what
the daemon has stored, byte for byte.
"""

from __future__ import annotations

import asyncio
import sys
from typing import NamedTuple

from router import place
from router.core.facts import EntryQuarantined
from router.core.records import Record
from router.core.recovery import all_records
from router.log.archive import Archive, merged_entries, merged_facts
from router.log.codec import decode_facts, encode_record, record_key
from router.log.ports import Log, Meta, RecordPage
from router.settings import Loaded
from router.stepping import Desks


class Verdict(NamedTuple):
    """What a replay found."""

    entries: int
    records: int
    differences: list[str]
    """Keys of records that differ, with how."""
    ledger_fen: int
    """What all agents owe, by the replay."""


async def _quarantined(archive: Archive, log: Log) -> dict[int, str]:
    """The entries that broke the core when they came: the log says so."""
    found: dict[int, str] = {}
    async for batch in merged_facts(archive, log):
        for _, facts in decode_facts(batch.body):
            for fact in facts:
                if isinstance(fact, EntryQuarantined) and not fact.why.startswith("undecodable"):
                    found[fact.offset] = fact.why
    return found


async def replay(archive: Archive, log: Log) -> Verdict:
    """Step the partition's whole inbox and compare, while its owner goes on committing.

    The records come in pages, each as of a commit of its own: the replay stops at each of
    those commits and compares the page with what it has made by then.
    """
    pages = [page async for page in log.record_pages()]
    desks = Desks()
    desks.poison = await _quarantined(archive, log)
    reckoning = _Reckoning(desks)
    at = iter(pages)
    page: RecordPage | None = next(at, None)
    async for entry in merged_entries(archive, log):
        while page is not None and entry.offset > page.meta.offset:
            reckoning.compare(page)
            page = next(at, None)
        if page is None:
            break
        desks.take(entry)
        reckoning.entries += 1
        if reckoning.entries % 50_000 == 0:
            print(f"{reckoning.entries} …", file=sys.stderr)  # noqa: T201  progress
            await asyncio.sleep(0)
    while page is not None:
        reckoning.compare(page)
        page = next(at, None)
    return reckoning.verdict()


class _Reckoning:
    """The replay's records, as of the last page, and how the live ones differed so far."""

    def __init__(self, desks: Desks) -> None:
        self.entries = 0
        self._desks = desks
        self._made: dict[str, Record] = {}
        self._absent: set[str] = set()
        """Keys that the replay has had from the first page on, and that no page had yet."""
        self._seq = -1
        self._differences: dict[str, str] = {}

    def compare(self, page: RecordPage) -> None:
        """Let time pass up to the page's commit, and hold the page against what was made."""
        if page.meta.seq != self._seq:
            self._catch_up(page.meta)
        self._absent -= page.records.keys()
        for key, body in page.records.items():
            record = self._made.get(key)
            if record is None:
                self._differences[key] = "only in the live records"
            elif encode_record(record) != body:
                self._differences[key] = "differs"

    def verdict(self) -> Verdict:
        for key in self._absent:
            self._differences[key] = "only in the replay"
        owed = sum(
            entry.fine_fen
            for state in self._desks.states.values()
            for entry in state.entries.values()
        )
        lines = [f"{key!r}: {how}" for key, how in sorted(self._differences.items())]
        return Verdict(self.entries, len(self._made), lines, owed)

    def _catch_up(self, meta: Meta) -> None:
        self._desks.tick(meta.committed_ms)
        first = self._seq < 0
        self._seq = meta.seq
        if first:
            self._made = self._all_made()
            self._absent = set(self._made)
        for desk, state in self._desks.states.items():
            for name, record in state.dirty.items():
                key = record_key(desk, name)
                if record is not None:
                    self._made[key] = record
                else:
                    self._made.pop(key, None)
                    self._absent.discard(key)
            self._made[record_key(desk, "c")] = state.counters
            state.dirty.clear()

    def _all_made(self) -> dict[str, Record]:
        return {
            record_key(desk, name): record
            for desk, state in self._desks.states.items()
            for name, record in all_records(state).items()
        }


async def _run(loaded: Loaded, *, verify: bool) -> int:
    settings = loaded.settings
    failed = False
    async with place.reading_logs(settings) as logs:
        archive = await Archive.open(place.archive_path(settings))
        try:
            for partition in range(settings.log.partitions):
                verdict = await replay(archive, logs.log(partition))
                same = not verdict.differences
                failed = failed or (verify and not same)
                word = "一致 / identical" if same else "不一致 / DIFFERENT"
                print(  # noqa: T201  the command's answer
                    f"partition {partition}: {verdict.entries} 条 / entries,"
                    f" {verdict.records} 条记录 / records,"
                    f" ¥{verdict.ledger_fen / 100:.2f}: {word}"
                )
                for line in verdict.differences[:20]:
                    print(f"  {line}", file=sys.stderr)  # noqa: T201
        finally:
            await archive.close()
    return 1 if failed else 0


def main(loaded: Loaded, from_offset: int, verify: bool) -> int:
    if from_offset:
        print(  # noqa: T201
            "只能从头重算:本版本还没有快照 / replay begins at the start: no snapshots yet",
            file=sys.stderr,
        )
        return 1
    return asyncio.run(_run(loaded, verify=verify))
