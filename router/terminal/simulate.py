"""`zhiban simulate`: a trace through the same core, in virtual time."""

from __future__ import annotations

import argparse

from router.settings import load_desk
from router.terminal.frame import Commands, Failed, part


def add(commands: Commands) -> None:
    parser = commands.add_parser(
        "simulate", help="用虚拟时间重放一份轨迹 / run a trace in virtual time, without a server"
    )
    parser.add_argument(
        "--desk",
        metavar="FILE",
        help="客服台文件,默认由轨迹推出 / a desk's file, by default derived from the trace",
    )
    parser.add_argument("--trace", metavar="FILE", required=True, help="JSON Lines")
    parser.add_argument("--out", metavar="REPORT.json", required=True)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from router.trace import BadTrace

    desk = None if args.desk is None else load_desk(args.desk)[0]
    simulate = part("router.simulate")
    try:
        return int(simulate.main(args.trace, desk, args.out))
    except BadTrace as error:
        raise Failed(f"{args.trace}: {error}") from None
