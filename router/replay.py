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
from router.core.recovery import all_records
from router.log.archive import Archive, merged_entries, merged_facts
from router.log.codec import decode_facts, encode_record, record_key
from router.log.ports import Log, Meta
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


async def _stored(log: Log) -> tuple[Meta, dict[str, bytes]]:
    """The live records and the meta they belong to; looks again while the owner commits."""
    for _ in range(50):
        before = await log.meta()
        records = {key: body async for key, body in log.records()}
        if (await log.meta()).seq == before.seq:
            return before, records
    raise RuntimeError("the daemon commits all the time: stop it, or take a copy of its data")


async def replay(archive: Archive, log: Log) -> Verdict:
    """Step the partition's whole inbox and compare."""
    meta, stored = await _stored(log)
    desks = Desks()
    desks.poison = await _quarantined(archive, log)
    count = 0
    async for entry in merged_entries(archive, log):
        if entry.offset > meta.offset:
            break
        desks.take(entry)
        count += 1
        if count % 50_000 == 0:
            print(f"{count} …", file=sys.stderr)  # noqa: T201  progress
            await asyncio.sleep(0)
    desks.tick(meta.clock_ms)
    made = {
        record_key(desk, name): encode_record(record)
        for desk, state in desks.states.items()
        for name, record in all_records(state).items()
    }
    owed = sum(e.fine_fen for state in desks.states.values() for e in state.entries.values())
    return Verdict(count, len(made), _differences(made, stored), owed)


def _differences(made: dict[str, bytes], stored: dict[str, bytes]) -> list[str]:
    found: list[str] = []
    for key in sorted({**made, **stored}):
        if key not in stored:
            found.append(f"{key!r}: only in the replay")
        elif key not in made:
            found.append(f"{key!r}: only in the live records")
        elif made[key] != stored[key]:
            found.append(f"{key!r}: differs")
    return found


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
