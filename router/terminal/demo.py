"""`zhiban demo`: a desk with simulated buyers, to look around."""

from __future__ import annotations

import argparse

from router.terminal.frame import Commands, part, port, seconds


def add(commands: Commands) -> None:
    parser = commands.add_parser(
        "demo", help="演示:模拟买家来访 / a demonstration with simulated buyers"
    )
    parser.add_argument(
        "--port",
        type=port,
        help="端口,默认 8080 或其后的空闲端口 / by default 8080 or the next free one; 0 for any",
    )
    parser.add_argument(
        "--for",
        dest="seconds",
        type=seconds,
        metavar="SECONDS",
        help="运行多久,默认直到 Ctrl-C / how long, by default until Ctrl-C",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    return int(part("router.demo").main(args.port, args.seconds))
