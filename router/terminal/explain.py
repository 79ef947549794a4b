"""`zhiban explain ENTRY`: the proof of a ledger entry, a breach or a flag, as plain text."""

from __future__ import annotations

import argparse
from datetime import datetime, timedelta, timezone
from typing import Any

from router.terminal.client import Client, Json, add_daemon
from router.terminal.columns import printable, table, width
from router.terminal.frame import Commands

BEIJING = timezone(timedelta(hours=8))
KINDS = {"charge": "罚款 charge", "reversal": "冲回 reversal", "waiver": "免除 waiver"}
APPEALS = {"open": "待答复 open", "accepted": "已接受 accepted", "refused": "未接受 refused"}


def add(commands: Commands) -> None:
    parser = commands.add_parser(
        "explain", help="一笔罚款的完整证据 / why something was charged, entry by entry of the log"
    )
    parser.add_argument(
        "entry", metavar="ENTRY", help="账目、违规或标记的编号 / of the ledger, a breach or a flag"
    )
    add_daemon(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    print(shown(Client(args).get("ledger", args.entry, "explain")))
    return 0


def shown(proof: Json) -> str:
    """The whole proof, in parts with a blank line between."""
    parts = [_head(proof), _reckoning(proof), _holders(proof), _lines(proof), _entries(proof)]
    return "\n\n".join(part for part in parts if part)


def _head(proof: Json) -> str:
    rule, charged = _dict(proof, "rule"), _dict(proof, "charged")
    breach, flag = _dict(proof, "breach"), _dict(proof, "flag")
    about = breach or flag
    policy = ", ".join(
        f"{printable(one.get('name'))} {printable(one.get('value'))}"
        for one in _list(proof, "policy")
    )
    since = proof.get("policy_since_at")
    since_text = f"{_moment(since)} 起 / from then on" if since else "一直如此 / from the start"
    rows = [
        ("编号 id", proof.get("id")),
        ("规则 rule", rule.get("id")),
        ("", rule.get("zh")),
        ("", rule.get("en")),
        ("店铺 shop", about.get("shop")),
        ("买家 buyer", about.get("buyer")),
        ("会话 session", about.get("session")),
        ("归属 charged", charged.get("id")),
        ("", f"{charged.get('zh', '')} / {charged.get('en', '')}"),
        ("罚款 fine", _yuan(breach.get("fine_fen", 0))),
        ("标准 policy", policy),
        ("", since_text),
    ]
    if flag:
        matched = flag.get("matched") or flag.get("detail")
        rows.append(("标记 flag", f"{matched} ({flag.get('source', '')})"))
    return "\n".join(_row(name, value) for name, value in rows)


def _row(name: str, value: object) -> str:
    return f"{name}{' ' * max(1, 14 - width(name))}{printable(value)}"


def _reckoning(proof: Json) -> str:
    rows = [
        [one.get("clock"), _moment(one.get("at")), f"{one.get('zh', '')} / {one.get('en', '')}"]
        for one in _list(proof, "reckoning")
    ]
    return table(["时钟 clock", "时间 time", "什么 what"], rows) if rows else ""


def _holders(proof: Json) -> str:
    rows = [
        [_moment(one.get("at")), one.get("agent"), one.get("sub_account"), one.get("cause")]
        for one in _list(proof, "holders")
    ]
    head = ["从 from", "客服 agent", "子账号 sub-account", "原因 cause"]
    return table(head, rows) if rows else ""


def _lines(proof: Json) -> str:
    """`*`: it proves something; the others stand around it."""
    rows = [
        [
            "*" if one.get("proves") else " ",
            one.get("clock"),
            one.get("offset"),
            _moment(one.get("sent_at")),
            _moment(one.get("received_at")),
            one.get("who"),
            one.get("text") or one.get("type"),
        ]
        for one in _list(proof, "lines")
    ]
    head = ["*", "时钟 clock", "位置 offset", "发出 sent", "收到 received", "谁 who", "内容 text"]
    return table(head, rows) if rows else ""


def _entries(proof: Json) -> str:
    rows = [
        [
            one.get("id"),
            KINDS.get(str(one.get("kind")), one.get("kind")),
            _yuan(one.get("fine_fen", 0)),
            _moment(one.get("at")),
            one.get("by"),
            one.get("why"),
        ]
        for one in _list(proof, "entries")
    ]
    if appeal := _dict(proof, "appeal"):
        state = APPEALS.get(str(appeal.get("state")), appeal.get("state"))
        by = appeal.get("by") or appeal.get("agent")
        why = appeal.get("answer") or appeal.get("why")
        rows.append(
            [appeal.get("id"), f"申诉 appeal: {state}", "", _moment(appeal.get("at")), by, why]
        )
    head = ["编号 id", "种类 kind", "金额 amount", "时间 time", "谁 by", "原因 why"]
    return table(head, rows) if rows else ""


def _moment(text: Any) -> str:
    """Beijing time, to the millisecond."""
    try:
        moment = datetime.fromisoformat(text).astimezone(BEIJING)
    except (TypeError, ValueError):
        return ""
    return moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{moment.microsecond // 1000:03}"


def _yuan(fen: Any) -> str:
    return f"¥{fen / 100:.2f}" if isinstance(fen, int) else ""


def _dict(value: Json, key: str) -> Json:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _list(value: Json, key: str) -> list[Json]:
    found = value.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
