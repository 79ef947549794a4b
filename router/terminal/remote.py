"""`zhiban status`, `away`, `back`, `reassign`: people's acts, against a running daemon."""

from __future__ import annotations

import argparse
import re
from datetime import datetime
from typing import Any

from router.terminal.client import Client, Json, add_daemon
from router.terminal.columns import printable, table
from router.terminal.frame import Commands, Usage, seconds

PRESENCE = {"online": "在线 online", "away": "离开 away", "offline": "离线 offline"}
MOST_DEADLINES = 20

_SESSION = re.compile(r".+-s[0-9]+", re.DOTALL)
"""How the daemon names sessions: `{desk}-s12`."""


def add(commands: Commands) -> None:
    parser = commands.add_parser(
        "status", help="谁在线、谁在等、什么快到期 / who is there, who waits, what is due"
    )
    parser.add_argument("--desk", metavar="ID", help="只看这个客服台 / this desk alone")
    add_daemon(parser)
    parser.set_defaults(run=status)

    parser = commands.add_parser("away", help="我离开一下 / I am away for a while")
    parser.add_argument("--reason", default="", help="原因,如 用餐 / why")
    parser.add_argument(
        "--back-in",
        type=seconds,
        default=0,
        metavar="15m",
        help="多久回来 / when to be back: 15m, 1h or seconds",
    )
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--inform",
        dest="choice",
        action="store_const",
        const="inform",
        help="告知正在等的买家 / tell the buyers who wait",
    )
    choice.add_argument(
        "--transfer",
        dest="choice",
        action="store_const",
        const="transfer",
        help="转给其他当班客服 / move them to others",
    )
    add_daemon(parser)
    parser.set_defaults(run=away)

    parser = commands.add_parser("back", help="我回来了 / I am back")
    add_daemon(parser)
    parser.set_defaults(run=back)

    parser = commands.add_parser(
        "reassign", help="主管改派 / a supervisor moves a session, or all that an agent holds"
    )
    parser.add_argument("what", metavar="AGENT|SESSION", help="客服或会话编号 / an id of either")
    parser.add_argument(
        "--to",
        default="",
        metavar="ID",
        help="给谁:客服或子账号;整个客服改派时可省 / to an agent or a sub-account; may be left"
        " out where an agent's work is moved: to whoever can take it",
    )
    parser.add_argument("--reason", default="", help="原因 / why")
    add_daemon(parser)
    parser.set_defaults(run=reassign)


def status(args: argparse.Namespace) -> int:
    client = Client(args)
    desks = [args.desk] if args.desk else client.get("me").get("desks", [])
    boards = [client.get("board", desk=desk) for desk in desks]
    print("\n\n".join(show_board(board) for board in boards) or "没有客服台 no desks")
    return 0


def show_board(board: Json) -> str:
    """A desk at a glance: numbers, agents, queue, what is due next."""
    counts = board.get("counts", {})
    name = f" {board['name']}" if board.get("name") else ""
    parts = [
        f"{printable(board.get('desk'))}{printable(name) if name else ''}: "
        f"会话 sessions {counts.get('sessions', 0)}, "
        f"等待回复 waiting {counts.get('waiting', 0)}, "
        f"排队 queued {counts.get('queued', 0)}, "
        f"今日超时 breaches today {counts.get('breaches_today', 0)}, "
        f"罚款 fines ¥{counts.get('fines_today_fen', 0) / 100:.2f}"
    ]
    now = _moment(board.get("now"))
    agents = board.get("agents", [])
    if agents:
        head = ["客服 agent", "姓名 name", "状态 presence", "接待 load", "原因 reason", "回来 back"]
        parts.append(table(head, [_agent_row(agent) for agent in agents]))
    queue = board.get("queue", [])
    if queue:
        head = ["排队 queue", "店铺 shop", "买家 buyer", "已等 waited", "还剩 left"]
        rows = [
            [
                one.get("id"),
                one.get("shop"),
                one.get("buyer"),
                _between(_moment(one.get("waiting_since_at")), now),
                _between(now, _moment(one.get("due_at"))),
            ]
            for one in queue
        ]
        parts.append(table(head, rows))
    due = board.get("deadlines", [])[:MOST_DEADLINES]
    if due:
        head = ["到期 due", "会话 session", "店铺 shop", "买家 buyer", "客服 agent", "还剩 left"]
        rows = [
            [
                *(one.get(key) for key in ("rule", "session", "shop", "buyer", "agent")),
                _between(now, _moment(one.get("due_at"))),
            ]
            for one in due
        ]
        parts.append(table(head, rows))
    return "\n\n".join(parts)


def _agent_row(agent: Json) -> list[object]:
    presence = str(agent.get("presence", ""))
    capacity = agent.get("capacity") or "∞"
    back = _moment(agent.get("back_at"))
    return [
        agent.get("id"),
        agent.get("name"),
        PRESENCE.get(presence, presence),
        f"{agent.get('load', 0)}/{capacity}",
        agent.get("reason"),
        back.astimezone().strftime("%H:%M") if back else "",
    ]


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except (TypeError, ValueError):
        return None


def _between(start: datetime | None, end: datetime | None) -> str:
    """`4:05` minutes and seconds, `-0:30` when it is over; "" when it is not known."""
    if start is None or end is None:
        return ""
    span_s = int((end - start).total_seconds())
    minutes, rest = divmod(abs(span_s), 60)
    return f"{'-' if span_s < 0 else ''}{minutes}:{rest:02}"


def away(args: argparse.Namespace) -> int:
    body: Json = {"to": "away", "reason": args.reason, "back_in_s": args.back_in}
    if args.choice:
        body["open_sessions"] = args.choice
    return _set_presence(args, body)


def back(args: argparse.Namespace) -> int:
    return _set_presence(args, {"to": "online"})


def _set_presence(args: argparse.Namespace, body: Json) -> int:
    answer = Client(args).put("me", "presence", body=body)
    agent = answer.get("agent") if isinstance(answer.get("agent"), dict) else answer
    presence = str((agent or {}).get("presence") or body["to"])
    print(PRESENCE.get(presence, printable(presence)))
    return 0


def reassign(args: argparse.Namespace) -> int:
    body = {key: value for key in ("to", "reason") if (value := getattr(args, key))}
    if _SESSION.fullmatch(args.what):
        if not args.to:
            raise Usage("改派会话要用 --to 指明给谁 / reassign a session: --to whom?")
        answer = Client(args).post("sessions", args.what, "reassign", body=body)
        holder = printable(answer.get("sub_account") or answer.get("agent"))
        print(f"{printable(args.what)} -> {holder}")
        return 0
    moved = Client(args).post("agents", args.what, "reassign", body=body).get("sessions", [])
    print(f"已改派 {len(moved)} 个会话 / {len(moved)} sessions moved")
    if moved:
        head = ["会话 session", "买家 buyer", "子账号 sub-account", "客服 agent"]
        keys = ("id", "buyer", "sub_account", "agent")
        print(table(head, [[one.get(key) for key in keys] for one in moved]))
    return 0
