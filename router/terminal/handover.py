"""`zhiban handover`: draft, file, acknowledge, list and show, against a running daemon."""

from __future__ import annotations

import argparse
from typing import Any

from router.terminal import beijing
from router.terminal.client import Client, Json, add_daemon
from router.terminal.columns import printable, table
from router.terminal.frame import Commands, Failed, Usage

ABOUT = {
    "session": "会话 session",
    "item": "工作 item",
    "promise": "承诺 promise",
    "other": "其他 other",
}


def add(commands: Commands) -> None:
    parser = commands.add_parser("handover", help="交班、接班 / hand over, take over")
    acts = parser.add_subparsers(required=True, metavar="ACT")

    one = acts.add_parser("draft", help="手上未完的 / what is open")
    one.add_argument("--agent", default="", metavar="ID", help="主管看某人的 / of somebody else")
    add_daemon(one)
    one.set_defaults(run=draft)

    one = acts.add_parser("file", help="交班 / file the handover")
    one.add_argument("--note", default="", help="特殊情况 / what is special")
    one.add_argument("--to", default="", metavar="ID", help="交给谁;不写按排班 / to whom")
    one.add_argument("--shift", default="", metavar="ID", help="哪个班次 / of which shift")
    one.add_argument(
        "--line",
        nargs=2,
        action="append",
        default=[],
        metavar=("REF", "TEXT"),
        help="对某个会话或工作的说明 / about a session or a work item",
    )
    one.add_argument(
        "--promise",
        nargs=4,
        action="append",
        default=[],
        metavar=("SHOP", "BUYER", "18:30", "TEXT"),
        help="承诺了买家几点前回复 / a call-back promised, by when",
    )
    one.add_argument(
        "--other", action="append", default=[], metavar="TEXT", help="其他 / anything else"
    )
    add_daemon(one)
    one.set_defaults(run=file)

    one = acts.add_parser("ack", help="接班:全部,或这几行 / take it over: the whole, or lines")
    one.add_argument("handover", metavar="ID")
    one.add_argument("lines", metavar="LINE", type=int, nargs="*")
    add_daemon(one)
    one.set_defaults(run=acknowledge)

    one = acts.add_parser("list", help="交接班记录 / handovers")
    one.add_argument("--search", default="", metavar="WORDS", help="搜索说明 / search the notes")
    one.add_argument("--agent", default="", metavar="ID", help="谁交的 / who filed it")
    one.add_argument("--open", action="store_true", help="只看没接完的 / open ones alone")
    add_daemon(one)
    one.set_defaults(run=list_)

    one = acts.add_parser("show", help="看一份 / show one")
    one.add_argument("handover", metavar="ID")
    add_daemon(one)
    one.set_defaults(run=show)


def draft(args: argparse.Namespace) -> int:
    query = {"agent": args.agent} if args.agent else {}
    found = Client(args).get("handovers", "draft", **query)
    print(
        f"班次 shift {printable(found.get('shift'))}, "
        f"最晚 due {beijing.shown(found.get('due_at')) or '-'}, "
        f"接班 to {printable(found.get('to'))}"
    )
    print(show_lines(found.get("lines", [])))
    return 0


def show_lines(lines: list[Json]) -> str:
    if not lines:
        return "没有未完的 nothing is open"
    head = ["行 line", "内容 about", "编号 ref", "店铺 shop", "买家 buyer", "在等 waits for"]
    head += ["说明 text", "已接 taken"]
    rows = [
        [
            one.get("number"),
            _about(one),
            one.get("ref"),
            one.get("shop"),
            one.get("buyer"),
            _waits(one),
            one.get("text") or _last(one),
            one.get("taken_by"),
        ]
        for one in lines
    ]
    return table(head, rows)


def _about(one: Json) -> str:
    about = str(one.get("about", ""))
    kind = one.get("kind")
    return f"{ABOUT.get(about, about)} {kind}" if kind else ABOUT.get(about, about)


def _waits(one: Json) -> str:
    waits = [f"{w.get('rule')} {beijing.shown(w.get('due_at'))}" for w in one.get("waits", [])]
    return ", ".join(waits) or beijing.shown(one.get("due_at"))


def _last(one: Json) -> str:
    """The last words of a session."""
    last = one.get("last", [])
    return f"「{last[-1].get('text')}」" if last and last[-1].get("text") else ""


def file(args: argparse.Namespace) -> int:
    client = Client(args)
    found = client.get("handovers", "draft")
    about = {str(one.get("ref")): str(one.get("about")) for one in found.get("lines", [])}
    lines: list[Json] = []
    for ref, text in args.line:
        if ref not in about:
            raise Failed(f"{printable(ref)}: 不在草稿里 / not in your draft: zhiban handover draft")
        lines.append({"about": about[ref], "ref": ref, "text": text})
    lines += [_promise(*one) for one in args.promise]
    lines += [{"about": "other", "text": text} for text in args.other]
    named = {ref for ref, _ in args.line}
    left = [ref for ref, kind in about.items() if kind != "other" and ref not in named]
    if left and not args.note.strip():
        said = printable(", ".join(left))
        raise Failed(
            f"这些还没交代,请用 --note 或 --line 说明:{said}"
            f" / say of these with --note or --line: {said}"
        )
    body: Json = {"lines": lines, "note": args.note, "to": args.to, "shift": args.shift}
    print(show_handover(client.post("handovers", body=body)))
    return 0


def _promise(shop: str, buyer: str, due: str, text: str) -> Json:
    try:
        due_at = beijing.moment(due, beijing.now()).isoformat()
    except ValueError:
        raise Usage(
            f"--promise … {due}: 应为时间,如 18:30 / expected a time such as 18:30"
        ) from None
    return {"about": "promise", "shop": shop, "buyer": buyer, "due_at": due_at, "text": text}


def acknowledge(args: argparse.Namespace) -> int:
    body = {"lines": args.lines}
    print(show_handover(Client(args).post("handovers", args.handover, "acknowledge", body=body)))
    return 0


def list_(args: argparse.Namespace) -> int:
    query = {"q": args.search, "agent": args.agent, "state": "open" if args.open else "all"}
    page = Client(args).get("handovers", **{key: value for key, value in query.items() if value})
    found: list[Any] = page.get("handovers", [])
    if not found:
        print("没有交接班记录 no handovers")
        return 0
    head = ["编号 id", "时间 filed", "交班 from", "接班 to", "行 lines", "已接 by", "说明 note"]
    rows = [
        [
            one.get("id"),
            beijing.shown(one.get("filed_at")),
            one.get("agent"),
            one.get("to"),
            len(one.get("lines", [])),
            one.get("acknowledged_by"),
            one.get("note"),
        ]
        for one in found
    ]
    print(table(head, rows))
    return 0


def show(args: argparse.Namespace) -> int:
    print(show_handover(Client(args).get("handovers", args.handover)))
    return 0


def show_handover(found: Json) -> str:
    """One handover, with its lines and questions."""
    acknowledged = found.get("acknowledged_by")
    parts = [
        f"{printable(found.get('id'))}: {printable(found.get('agent'))} -> "
        f"{printable(found.get('to'))}, {beijing.shown(found.get('filed_at'))}, "
        + (
            f"已接班 acknowledged by {printable(acknowledged)}"
            if acknowledged
            else f"待接班 open, 最晚 due {beijing.shown(found.get('due_at')) or '-'}"
        )
    ]
    if found.get("note"):
        parts.append("\n".join(printable(line) for line in str(found["note"]).splitlines()))
    if found.get("lines"):
        parts.append(show_lines(found["lines"]))
    for one in found.get("questions", []):
        answer = f" -> {printable(one.get('answer'))}" if one.get("answered_by") else ""
        parts.append(f"问 {printable(one.get('agent'))}: {printable(one.get('text'))}{answer}")
    return "\n\n".join(parts)
