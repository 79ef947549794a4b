"""`zhiban check`: is this configuration good, and if not, all that is wrong with it."""

from __future__ import annotations

import argparse

from router.settings import ConfigError, check
from router.terminal.frame import Commands, Failed


def add(commands: Commands) -> None:
    parser = commands.add_parser(
        "check", help="检查设置文件和客服台文件 / validate settings and desk files"
    )
    parser.add_argument("files", metavar="FILE", nargs="+")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Problems go to standard output, a line each; how many, to standard error."""
    wrong = bad_files = 0
    for file in args.files:
        try:
            size, warnings = check(file)
        except ConfigError as error:
            bad_files += 1
            wrong += len(error.problems)
            for problem in error.problems:
                print(f"错误 error: {problem}")
            warnings = error.warnings
        else:
            print(f"{file}: 通过 ok ({size})")
        for warning in warnings:
            print(f"提醒 warning: {warning}")
    if wrong:
        raise Failed(
            f"{bad_files} 个文件有 {wrong} 处错误 / {wrong} errors in {bad_files} of"
            f" {len(args.files)} files"
        )
    return 0
