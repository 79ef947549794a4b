"""`zhiban export`: the durable inbox as a trace."""

from __future__ import annotations

import argparse

from router.terminal.frame import Commands, Failed, add_config, load_config, part


def add(commands: Commands) -> None:
    parser = commands.add_parser(
        "export", help="把收件日志导出为轨迹 / write the durable inbox as a trace"
    )
    add_config(parser)
    parser.add_argument("--out", metavar="TRACE.jsonl", required=True)
    parser.add_argument("--desk", metavar="ID", help="只导出这个客服台 / this desk alone")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    loaded = load_config(args.config)
    if args.desk is not None and args.desk not in [desk.id for desk in loaded.desks]:
        raise Failed(f"没有客服台 {args.desk} / no desk {args.desk}")
    return int(part("router.export").main(loaded, args.out, args.desk))
