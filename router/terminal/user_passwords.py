"""Where a password comes from: whoever sits at the terminal, a file, or chance. Never an argument:
these are seen by everybody on the machine, and kept by the shell.
"""

from __future__ import annotations

import argparse
import sys
from getpass import getpass
from secrets import choice

from router.http.logins import PASSWORD_MOST, BadPassword, check_strength
from router.terminal.frame import Failed

TRIES = 3
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without those that look alike."""
GROUPS, GROUP_LETTERS = 4, 5


def chosen(args: argparse.Namespace, *, may_ask: bool, may_be_none: bool) -> str:
    """A password that is strong enough; "" for none, if that may be. Raises `Failed`.

    `may_ask`: whether to ask who sits at the terminal, if nothing else was said.
    """
    if args.generate:
        return generated()
    if args.password_file is not None:
        return _checked(args.user, _first_line(args.password_file))
    if may_ask and sys.stdin.isatty():
        return _asked(args.user, may_be_none=may_be_none)
    if may_be_none:
        return ""
    raise Failed(
        "这里没有终端可以问:用 --password-file 或 --generate"
        " / there is no terminal to ask at: use --password-file or --generate"
    )


def generated() -> str:
    """A hundred bits, fit to be read out."""
    return "-".join("".join(choice(LETTERS) for _ in range(GROUP_LETTERS)) for _ in range(GROUPS))


def _checked(user: str, password: str) -> str:
    try:
        check_strength(user, password)
    except BadPassword as error:
        raise Failed(str(error)) from None
    return password


def _first_line(file: str) -> str:
    limit = PASSWORD_MOST + 2  # and its end
    if file == "-":
        return sys.stdin.readline(limit).rstrip("\r\n")
    with open(file, encoding="utf-8") as opened:
        return opened.readline(limit).rstrip("\r\n")


def _asked(user: str, *, may_be_none: bool) -> str:
    first = "密码 Password"
    if may_be_none:
        first += "(直接回车则不设 Enter for none)"
    for _ in range(TRIES):
        try:
            password = getpass(f"{first}: ")
            if not password and may_be_none:
                return ""
            check_strength(user, password)
            if getpass("再输一次 Again: ") == password:
                return password
            print("两次不一样 the two differ", file=sys.stderr)
        except BadPassword as error:
            print(error, file=sys.stderr)
        except EOFError:
            break
    raise Failed("没有设置密码 / no password was set")
