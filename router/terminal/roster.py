"""`zhiban roster import` and `show`: the roster, against a running daemon."""

from __future__ import annotations

import argparse
from datetime import timedelta
from pathlib import Path
from typing import Any

from router.terminal import beijing
from router.terminal.client import Client, Json, Refusal, add_daemon
from router.terminal.columns import printable, table
from router.terminal.frame import Commands, Failed, Usage

FILE_LIMIT = 5 * 1024 * 1024
STATES = {
    "planned": "未开始 planned",
    "on": "上班中 on",
    "over": "已结束 over",
    "cancelled": "已取消 cancelled",
}
MOST_SHOWN = 40
"""Rows of a list of changes."""


def add(commands: Commands) -> None:
    parser = commands.add_parser("roster", help="排班表:导入、查看 / the roster: import, show")
    acts = parser.add_subparsers(required=True, metavar="ACT")

    one = acts.add_parser("import", help="导入 CSV 或 XLSX / import a CSV or XLSX file")
    one.add_argument("file", metavar="FILE", type=Path)
    one.add_argument(
        "--dry-run", action="store_true", help="只看会改什么 / only show what would change"
    )
    one.add_argument("--desk", default="", metavar="ID", help="客服台 / the desk")
    add_daemon(one)
    one.set_defaults(run=import_)

    one = acts.add_parser("show", help="看班次 / show the shifts")
    one.add_argument(
        "--from", dest="begin", default="", metavar="2026-11-21", help="从哪天 / since"
    )
    one.add_argument("--days", type=int, default=7, help="几天,默认 7 / days, by default 7")
    one.add_argument("--agent", default="", metavar="ID", help="某位客服 / of this agent")
    one.add_argument("--desk", default="", metavar="ID", help="客服台 / the desk")
    add_daemon(one)
    one.set_defaults(run=show)


def import_(args: argparse.Namespace) -> int:
    with args.file.open("rb") as file:
        data = file.read(FILE_LIMIT + 1)
    if len(data) > FILE_LIMIT:
        raise Failed(f"{args.file}: 超过 5 MB,请拆开 / more than 5 MB, split it")
    query = {"name": args.file.name, "dry_run": "true" if args.dry_run else "false"}
    if args.desk:
        query["desk"] = args.desk
    try:
        answer = Client(args).upload("roster", "import", data=data, **query)
    except Refusal as refusal:
        problems = refusal.problem.get("problems")
        if isinstance(problems, list) and problems:
            print(show_problems(problems))
        raise
    print(show_changes(answer))
    return 0


def show_problems(problems: list[Any]) -> str:
    """All that is wrong with a file, by its places."""
    head = ["位置 place", "内容 found", "问题", "problem"]
    rows = [
        [one.get(key) for key in ("place", "found", "zh", "en")]
        for one in problems
        if isinstance(one, dict)
    ]
    return table(head, rows)


def show_changes(answer: Json) -> str:
    added, changed, removed = (answer.get(key, []) for key in ("added", "changed", "removed"))
    done = "会改 would change" if answer.get("dry_run") else "已导入 imported"
    parts = [
        f"{done}: 新增 added {len(added)}, 改动 changed {len(changed)}, "
        f"去掉 removed {len(removed)}, 不变 unchanged {answer.get('unchanged', 0)}, "
        f"已开始或过去 begun or past {answer.get('passed', 0)}"
    ]
    rows = [["+", *_planned(one)] for one in added]
    rows += [["~", *_planned(one.get("after", {}))] for one in changed]
    rows += [["-", *_planned(one)] for one in removed]
    if rows:
        head = ["", "客服 agent", "从 from", "到 to", "班次 shift", "子账号 sub-accounts"]
        parts.append(table(head, rows[:MOST_SHOWN]))
    if len(rows) > MOST_SHOWN:
        parts.append(f"… 另有 {len(rows) - MOST_SHOWN} 项 / and {len(rows) - MOST_SHOWN} more")
    clashes = answer.get("clashes", [])
    if clashes:
        head = ["从 from", "到 to", "子账号 sub-accounts", "客服 agents"]
        parts.append(
            f"注意 warning: {len(clashes)} 处一个子账号同时排给两个人 / "
            f"{len(clashes)} times two people have one sub-account at the same time\n"
            + table(head, [_clash(one) for one in clashes[:MOST_SHOWN]])
        )
    return "\n\n".join(parts)


def _clash(one: Json) -> list[object]:
    return [
        beijing.shown(one.get("from_at")),
        beijing.shown(one.get("to_at")),
        " ".join(one.get("sub_accounts", [])),
        " / ".join(str(one.get(key, {}).get("agent")) for key in ("one", "other")),
    ]


def _planned(one: Json) -> list[object]:
    return [
        one.get("agent"),
        beijing.shown(one.get("from_at")),
        beijing.shown(one.get("to_at")),
        one.get("name"),
        " ".join(one.get("sub_accounts", [])),
    ]


def show(args: argparse.Namespace) -> int:
    try:
        begin = beijing.midnight(args.begin, beijing.now())
    except ValueError:
        raise Usage(f"--from {args.begin}: 应为日期,如 2026-11-21 / expected a date") from None
    query = {
        "from": begin.isoformat(),
        "to": (begin + timedelta(days=max(1, args.days))).isoformat(),
        "limit": "500",
    }
    query |= {key: value for key in ("agent", "desk") if (value := getattr(args, key))}
    client = Client(args)
    shifts: list[Json] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get("shifts", **query, **({"cursor": cursor} if cursor else {}))
        shifts += page.get("shifts", [])
        cursor = page.get("next_cursor")
    print(show_shifts(shifts))
    return 0


def show_shifts(shifts: list[Json]) -> str:
    if not shifts:
        return "没有班次 no shifts"
    head = [
        "班次 shift",
        "客服 agent",
        "从 from",
        "到 to",
        "名称 name",
        "状态 state",
        "考勤 attendance",
    ]
    rows = [
        [
            one.get("id"),
            one.get("agent"),
            beijing.shown(one.get("from_at")),
            beijing.shown(one.get("to_at")),
            one.get("name"),
            STATES.get(str(one.get("state")), printable(one.get("state"))),
            _attendance(one),
        ]
        for one in shifts
    ]
    return table(head, rows)


def _attendance(one: Json) -> str:
    if one.get("absent"):
        return "缺勤 absent"
    parts = []
    for key, words in (("late_ms", "迟到 late"), ("early_ms", "早退 left early")):
        minutes = -(-int(one.get(key) or 0) // 60_000)
        if minutes:
            parts.append(f"{words} {minutes} min")
    return ", ".join(parts)
