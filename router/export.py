"""`zhiban export`: the durable inbox, archive and stream as one, as a trace (CONTRACT §3)."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from router import place, trace
from router.clocktime import format_ms
from router.core import commands as c
from router.log.archive import Archive, merged_entries
from router.log.codec import Undecodable, decode_entry
from router.log.ports import Log
from router.settings import Loaded


async def lines(archive: Archive, log: Log, desk: str | None) -> AsyncIterator[trace.Json]:
    """The lines of one partition's inbox; of one desk, where one is named."""
    async for entry in merged_entries(archive, log):
        try:
            body = decode_entry(entry.body)
        except Undecodable as error:
            command: c.AnyCommand = c.Quarantine(why=f"undecodable: {error}")
        else:
            if desk is not None and body.desk != desk:
                continue
            command = body.command
        yield trace.write_line(entry.offset, entry.at_ms, command)


async def export(loaded: Loaded, out: Path, desk: str | None) -> int:
    """Write the trace; the number of its lines."""
    settings = loaded.settings
    count = 0
    async with place.reading_logs(settings) as logs:
        archive = await Archive.open(place.archive_path(settings))
        try:
            with out.open("w", encoding="utf-8") as file:
                for partition in range(settings.log.partitions):
                    log = logs.log(partition)
                    clock_ms = (await log.meta()).clock_ms
                    wrote = count
                    async for line in lines(archive, log, desk):
                        file.write(json.dumps(line, ensure_ascii=False) + "\n")
                        count += 1
                        if count % 50_000 == 0:
                            print(f"{count} …", file=sys.stderr)  # noqa: T201  progress
                    if count > wrote:
                        end = {"type": "end", "timestamp": format_ms(clock_ms - 1), "data": {}}
                        file.write(json.dumps(end) + "\n")
        finally:
            await archive.close()
    return count


def main(loaded: Loaded, out: str, desk: str | None) -> int:
    count = asyncio.run(export(loaded, Path(out), desk))
    print(f"{out}: {count} 条 / entries")  # noqa: T201  the command's answer
    return 0
