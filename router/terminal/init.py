"""`zhiban init`: a first zhiban.toml and desk.toml, from the example, with fresh secrets."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import config
from router.settings import EXAMPLE_SECRET, fresh_secret
from router.terminal.frame import DEFAULT_CONFIG, Commands, Failed

DESK_FILE = "desk.toml"


def add(commands: Commands) -> None:
    parser = commands.add_parser(
        "init",
        help=f"生成 {DEFAULT_CONFIG} 和 {DESK_FILE} / write first ones, from the example",
    )
    parser.add_argument(
        "directory", metavar="DIR", nargs="?", default=".", help="默认当前目录 / by default here"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    directory = Path(args.directory)
    settings, desk = directory / DEFAULT_CONFIG, directory / DESK_FILE
    for path in (settings, desk):
        if path.exists():
            raise Failed(f"{path} 已存在,不会覆盖 / {path} exists and is not overwritten")
    text = config.path("example.toml").read_text(encoding="utf-8")
    while EXAMPLE_SECRET in text:
        text = text.replace(EXAMPLE_SECRET, fresh_secret(), 1)
    directory.mkdir(parents=True, exist_ok=True)
    _write_new(desk, config.path("desk-example.toml").read_text(encoding="utf-8"))
    _write_new(settings, text.replace('"desk-example.toml"', f'"{DESK_FILE}"'))
    print(f"已写入 written: {settings} {desk}")
    print(
        "接下来:改成自己的店铺和客服,运行 zhiban check,再 zhiban serve\n"
        "Next: put your shops and agents in, then zhiban check, then zhiban serve"
    )
    return 0


def _write_new(path: Path, text: str) -> None:
    """Readable by its owner alone: there are secrets in it."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(file, "w", encoding="utf-8") as opened:
        opened.write(text)
