"""`zhiban bench`: measurements, each with its floor in the same run."""

from __future__ import annotations

import argparse

from router.terminal.frame import Commands, part

NAMES = ("ingress", "broker", "timers", "recovery")


def add(commands: Commands) -> None:
    parser = commands.add_parser("bench", help="测量性能 / measure")
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--json", metavar="FILE", help="结果写入 / where to write the results")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    return int(part("router.bench").main(args.name, args.json))
