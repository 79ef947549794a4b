"""`zhiban serve`: the daemon."""

from __future__ import annotations

import argparse

import msgspec

from router.settings import EXAMPLE_SECRET, Loaded
from router.terminal.frame import (
    DEFAULT_CONFIG,
    Commands,
    Failed,
    add_config,
    load_config,
    part,
    port,
)

ROLES = ("http", "broker", "workers")


def add(commands: Commands) -> None:
    parser = commands.add_parser("serve", help="启动服务 / run the daemon")
    add_config(parser)
    parser.add_argument(
        "--roles",
        type=roles,
        default=ROLES,
        metavar="ROLE,…",
        help=f"本进程承担的角色,默认全部 / what this process does, by default {','.join(ROLES)}",
    )
    parser.add_argument("--host", help="监听地址 / where to listen, instead of [http] host")
    parser.add_argument(
        "--port", type=port, help="监听端口 / where to listen, instead of [http] port"
    )
    parser.set_defaults(run=run)


def roles(text: str) -> tuple[str, ...]:
    """A comma list of roles, for argparse; in their own order, each once."""
    named = [word.strip() for word in text.split(",")]
    for word in named:
        if word not in ROLES:
            raise argparse.ArgumentTypeError(
                f"{word!r}: 应为 {'、'.join(ROLES)} / expected {', '.join(ROLES)}"
            )
    return tuple(role for role in ROLES if role in named)


def run(args: argparse.Namespace) -> int:
    loaded = with_address(load_config(args.config), args.host, args.port)
    for name, shop in loaded.settings.shops.items():
        if EXAMPLE_SECRET in (*shop.secrets, shop.outbound_secret):
            raise Failed(
                f"店铺 {name} 还在用示例密钥,任何人都能伪造消息"
                f" / shop {name} still has the example's secret: anybody could forge its messages"
            )
    return int(part("router.daemon").serve(loaded, args.roles, args.config or DEFAULT_CONFIG))


def with_address(loaded: Loaded, host: str | None, port: int | None) -> Loaded:
    """The configuration with the address from the command line, where one is given."""
    http = loaded.settings.http
    http = msgspec.structs.replace(
        http,
        host=http.host if host is None else host,
        port=http.port if port is None else port,
    )
    return loaded._replace(settings=msgspec.structs.replace(loaded.settings, http=http))
