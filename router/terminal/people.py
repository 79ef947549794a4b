"""`zhiban user` and `zhiban token`: who may ask, and who may sign in to the console.

Both are kept in people.sqlite of the data directory; the daemon need not run.
"""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from router.http.auth import FILE, ROLES, People
from router.http.logins import Logins
from router.http.oidc_people import Links
from router.terminal import user_passwords as passwords
from router.terminal.columns import printable, table
from router.terminal.frame import Commands, Failed, add_config, load_config


def add(commands: Commands) -> None:
    users = commands.add_parser("user", help="用户 / users").add_subparsers(
        required=True, metavar="COMMAND"
    )
    parser = users.add_parser("add", help="新增或修改用户 / add a user, or change one")
    _add_place(parser)
    parser.add_argument("user", metavar="USER")
    parser.add_argument(
        "--role", choices=ROLES, default="agent", help="默认 agent / by default agent"
    )
    parser.add_argument("--name", default="", help="显示的名字 / as shown")
    parser.add_argument("--agent", metavar="ID", help="对应的客服,默认同 USER / by default USER")
    parser.add_argument(
        "--desk", metavar="ID", help="客服台,只有一个时可省 / may be left out where there is one"
    )
    _add_password(parser)
    parser.set_defaults(run=add_user)
    parser = users.add_parser(
        "password", help="设置密码,结束其所有登录 / set a password; ends the user's logins"
    )
    _add_place(parser)
    parser.add_argument("user", metavar="USER")
    _add_password(parser)
    parser.set_defaults(run=set_password)
    parser = users.add_parser(
        "unlink",
        help="解除与第三方账号的绑定 / let another account of the provider sign in as this user",
    )
    _add_place(parser)
    parser.add_argument("user", metavar="USER")
    parser.set_defaults(run=unlink_user)
    tokens = commands.add_parser("token", help="访问令牌 / bearer tokens").add_subparsers(
        required=True, metavar="COMMAND"
    )
    parser = tokens.add_parser("issue", help="发放,只显示一次 / a new one, shown this once")
    _add_place(parser)
    parser.add_argument("user", metavar="USER")
    parser.add_argument("--label", default="", help="备注 / what it is for")
    parser.set_defaults(run=issue_token)
    parser = tokens.add_parser("revoke", help="作废 / end one")
    _add_place(parser)
    parser.add_argument("token", metavar="ID|TOKEN")
    parser.set_defaults(run=revoke_token)
    parser = tokens.add_parser("list", help="列出 / list them")
    _add_place(parser)
    parser.add_argument("user", metavar="USER", nargs="?", default="")
    parser.set_defaults(run=list_tokens)


def _add_place(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument(
        "--data-dir", metavar="DIR", help="数据目录,不读设置文件 / without reading the settings"
    )


def _add_password(parser: argparse.ArgumentParser) -> None:
    """Where the password comes from; on a terminal, unless it is told, from who sits there."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--password-file",
        metavar="FILE",
        help="取文件的第一行,- 为标准输入 / the first line of a file; - for standard input",
    )
    where.add_argument(
        "--generate", action="store_true", help="随机生成并显示 / make one up and show it"
    )


@contextmanager
def _people(args: argparse.Namespace) -> Iterator[People]:
    directory = args.data_dir
    directory = Path(directory or load_config(args.config).settings.log.data_dir)
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        people = People(directory / FILE)
        try:
            yield people
        finally:
            people.close()
    except ValueError as error:
        raise Failed(str(error)) from None
    except sqlite3.Error as error:
        raise Failed(f"{directory / FILE}: {error}") from None


def add_user(args: argparse.Namespace) -> int:
    desk, agent = args.desk, args.agent
    if args.role == "agent":
        agent = agent or args.user
    if args.role != "admin" and not args.data_dir:
        desk = _desk(args, agent or "")
    with _people(args) as people:
        logins = Logins(people)
        may_ask = not logins.has_password(args.user)
        password = passwords.chosen(args, may_ask=may_ask, may_be_none=True)
        user = people.add_user(
            args.user, name=args.name, role=args.role, agent=agent or "", desk=desk or ""
        )
        if password:
            logins.set_password(user.id, password)
    print(f"{printable(user.id)}: {user.role}")
    if args.generate:
        print(f"密码 password: {password}")
    return 0


def set_password(args: argparse.Namespace) -> int:
    """A password that is made up stands alone on standard output, as a token does."""
    with _people(args) as people:
        if people.user(args.user) is None:
            raise Failed(f"没有用户 {args.user} / no user {args.user!r}")
        password = passwords.chosen(args, may_ask=True, may_be_none=False)
        Logins(people).set_password(args.user, password)
    print(password if args.generate else "密码已设置 set")
    return 0


def unlink_user(args: argparse.Namespace) -> int:
    with _people(args) as people:
        if not Links(people).unlink(args.user):
            raise Failed(
                f"{args.user} 没有绑定第三方账号 / no account of a provider is {args.user!r}"
            )
    print("已解除 unlinked")
    return 0


def _desk(args: argparse.Namespace, agent: str) -> str:
    """The desk asked for, or the only one; with that agent, if any. Raises `Failed`."""
    desks = {desk.id: desk for desk in load_config(args.config).desks}
    if args.desk is None and len(desks) != 1:
        raise Failed(f"用 --desk 指定其一 / name one with --desk: {', '.join(desks)}")
    desk = desks.get(args.desk or next(iter(desks)))
    if desk is None:
        raise Failed(f"没有客服台 {args.desk} / no desk {args.desk}")
    if agent and agent not in [one.id for one in desk.agents]:
        raise Failed(f"客服台 {desk.id} 没有客服 {agent} / desk {desk.id} has no agent {agent}")
    return desk.id


def issue_token(args: argparse.Namespace) -> int:
    """The token alone on standard output, so that it can go straight into a file."""
    with _people(args) as people:
        print(people.issue_token(args.user, label=args.label))
    return 0


def revoke_token(args: argparse.Namespace) -> int:
    named: str = args.token
    by_id = named.isascii() and named.isdigit() and len(named) < 19
    with _people(args) as people:
        if not people.revoke_token(int(named) if by_id else named):
            raise Failed("没有这个有效令牌 / no such token, or it was revoked already")
    print("已作废 revoked")
    return 0


def list_tokens(args: argparse.Namespace) -> int:
    with _people(args) as people:
        tokens = people.tokens(args.user)
    head = ["编号 id", "用户 user", "备注 label", "发放 issued", "作废 revoked"]
    print(
        table(
            head,
            [
                [one.id, one.user, one.label, _day(one.created_ms), _day(one.revoked_ms)]
                for one in tokens
            ],
        )
    )
    return 0


def _day(at_ms: int | None) -> str:
    if at_ms is None:
        return ""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
