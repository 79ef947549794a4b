"""What all commands share: how they fail, how they find the configuration and other parts."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from router.settings.reading import duration_ms

if TYPE_CHECKING:
    from router.settings import Loaded

DEFAULT_CONFIG = "zhiban.toml"

Commands = Any
"""What `add_subparsers` gives: its class is private to argparse."""


class Failed(Exception):
    """The command is refused or has failed; the text is the one line that says why."""


class Usage(Exception):
    """The options do not fit together."""


def part(name: str) -> Any:
    """A module of the program, imported now. Raises `Failed` when this build lacks it."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise Failed(f"此版本没有 {name} / not in this build: {name}") from None


def add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        metavar="FILE",
        help=f"设置文件,默认 ./{DEFAULT_CONFIG} / settings, by default ./{DEFAULT_CONFIG}",
    )


def load_config(named: str | None) -> Loaded:
    """The configuration named, or ./zhiban.toml. Raises `Failed`, `ConfigError`."""
    from router.settings import load

    if named is None and not Path(DEFAULT_CONFIG).exists():
        raise Failed(
            f"没有 ./{DEFAULT_CONFIG}:先运行 zhiban init,或用 --config 指定,或用 zhiban demo 试用"
            f" / no ./{DEFAULT_CONFIG}: run zhiban init, name one with --config,"
            " or look around with zhiban demo"
        )
    return load(named or DEFAULT_CONFIG)


def seconds(text: str) -> int:
    """An option's duration, "15m" or plain seconds, for argparse."""
    try:
        return int(text) if text.isascii() and text.isdigit() else duration_ms(text) // 1_000
    except ValueError:
        raise argparse.ArgumentTypeError(
            f'{text!r}: 应为时长,如 "15m" / expected a duration such as "15m"'
        ) from None


def port(text: str) -> int:
    """An option's port, for argparse; 0 for any free one."""
    if text.isascii() and text.isdigit() and int(text) <= 65_535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r}: 应为 0–65535 / expected 0 to 65535")
