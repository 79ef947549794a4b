"""`zhiban replay`: the durable inbox through the core again."""

from __future__ import annotations

import argparse

from router.terminal.frame import Commands, add_config, load_config, part


def add(commands: Commands) -> None:
    parser = commands.add_parser(
        "replay", help="重算收件日志,核对账目 / step the inbox again and compare the ledger"
    )
    add_config(parser)
    parser.add_argument(
        "--from",
        dest="from_offset",
        type=offset,
        default=0,
        metavar="OFFSET",
        help="从哪条之后开始,默认从头 / behind which entry to begin, by default at the start",
    )
    parser.add_argument(
        "--verify",
        action="store_true",
        help="与现有记录逐字节比较 / compare with the live records, byte for byte",
    )
    parser.set_defaults(run=run)


def offset(text: str) -> int:
    """A place in the log, for argparse."""
    if text.isascii() and text.isdigit():
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r}: 应为整数 / expected a whole number")


def run(args: argparse.Namespace) -> int:
    loaded = load_config(args.config)
    return int(part("router.replay").main(loaded, args.from_offset, args.verify))
