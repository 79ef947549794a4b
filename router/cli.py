"""`zhiban`: the command line. Parses, runs one command, and turns how it ended into a status.

0 done; 1 refused or failed, one line on standard error says why; 2 usage; 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from router import __version__
from router.log.embedded import EmbeddedError
from router.log.ports import LogError
from router.settings import ConfigError
from router.terminal import (
    bench,
    check,
    demo,
    explain,
    export,
    handover,
    init,
    people,
    remote,
    replay,
    roster,
    serve,
    simulate,
)
from router.terminal.frame import Failed, Usage

COMMANDS = (
    *(init, check, serve, demo, remote, explain, roster, handover, people),
    *(simulate, export, replay, bench),
)
INTERRUPTED = 130


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    top = argparse.ArgumentParser(
        prog="zhiban",
        description="值班:电商客服的会话分配、时限与账目"
        " / Zhiban: routes a shop's buyers, watches deadlines, keeps the ledger.",
    )
    top.add_argument("--version", action="version", version=f"zhiban {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND", title="命令 commands")
    for command in COMMANDS:
        command.add(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    top = parser()
    args = top.parse_args(argv)
    try:
        status = int(args.run(args))
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Usage as error:
        top.error(str(error))
    except ConfigError as error:
        return _fail(str(error))
    except (Failed, LogError, EmbeddedError) as error:
        return _fail(str(error) or type(error).__name__)
    except UnicodeDecodeError as error:
        return _fail(f"不是 UTF-8 / not UTF-8: {error}")
    except OSError as error:
        why = error.strerror or str(error) or type(error).__name__
        return _fail(f"{error.filename}: {why}" if error.filename else why)
    return status


def _fail(why: str) -> int:
    print("zhiban: " + " ".join(why.split()), file=sys.stderr)
    return 1
