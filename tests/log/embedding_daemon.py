"""A daemon in a process of its own, for tests to kill: holds the data directory it is given.

Prints `<server's pid> <url>` when it runs, then `interrupted` for each SIGINT, until it is
killed or its standard input ends; then it stops in order.
"""

from __future__ import annotations

import asyncio
import signal
import sys

from router.log.embedded import EmbeddedError, EmbeddedServer


async def main(directory: str) -> None:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, lambda: print("interrupted", flush=True))
    async with EmbeddedServer(directory) as server:
        print(server.pid, server.url, flush=True)
        await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1]))
    except EmbeddedError as error:
        sys.exit(str(error))
