"""A trace's lines and the commands they are (CONTRACT §3).

A line has the bridge's `type`, `timestamp` (when it was sent) and `data`, plus `shop` and
`received_at`. People's acts and the system's own entries stand in it, too. What `export`
writes carries two more: `offset`, the entry's place in the inbox, and `marks`, what was noted
of a text at the door, so that a trace judges the same after its texts are gone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, NamedTuple, cast

import msgspec

from router.channels import bridge
from router.clocktime import format_ms, parse_ms
from router.core import commands as c
from router.core.policy import Desk

Json = dict[str, Any]


class BadTrace(Exception):
    """A line that can not be read; says which, and what was expected."""


class Line(NamedTuple):
    """A line as the core gets it; `command` is None where the type is not known here."""

    offset: int
    at_ms: int
    type: str
    command: c.AnyCommand | None


def read_json(lines: Iterable[str]) -> Iterator[Json]:
    """The lines' objects. Raises `BadTrace` with the line's number."""
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except ValueError as error:
            raise BadTrace(f"line {number}: not JSON: {error}") from error
        if not isinstance(line, dict) or not isinstance(line.get("type"), str):
            raise BadTrace(f"line {number}: expected an object with a `type`")
        yield line


def read_line(line: Json, number: int, farewells: Collection[str]) -> Line:
    """Raises `BadTrace`."""
    kind = line["type"]
    try:
        sent_ms = parse_ms(line["timestamp"])
        at_ms = parse_ms(line["received_at"]) if "received_at" in line else sent_ms
        command = _command(line, kind, sent_ms, farewells)
    except KeyError as error:
        raise BadTrace(f"line {number} ({kind}): {error} is missing") from error
    except (ValueError, TypeError, bridge.BadEvent) as error:
        raise BadTrace(f"line {number} ({kind}): {error}") from error
    return Line(int(line.get("offset", number)), at_ms, kind, command)


def _command(
    line: Json, kind: str, sent_ms: int, farewells: Collection[str]
) -> c.AnyCommand | None:
    data = line.get("data") or {}
    shop = line.get("shop") or data.get("shop") or ""
    act = _ACTS.get(kind)
    if act is not None:
        return act(shop, sent_ms, data)
    command = bridge.command_of(kind, shop, sent_ms, data, farewells)
    if command is not None:
        if not shop:
            raise KeyError("shop")
        return _marked(command, line.get("marks"))
    own = _OWN.get(kind)
    return None if own is None else cast(c.AnyCommand, msgspec.convert(data, own))


def _marked(command: c.AnyCommand, marks: object) -> c.AnyCommand:
    if isinstance(marks, dict):
        changes = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in marks.items()
        }
        return msgspec.structs.replace(command, **changes)
    return command


# People's acts, in the contract's form


def _presence_set(shop: str, sent_ms: int, data: Json) -> c.AnyCommand:
    del shop, sent_ms
    return c.SetPresence(
        agent=data["agent"],
        to=data["to"],
        reason=data.get("reason") or "",
        open_sessions=data.get("open_sessions") or "",
        by=data.get("by") or "",
        back_in_ms=int(data.get("back_in_ms") or 0),
        console=bool(data.get("console")),
    )


def _session_close(shop: str, sent_ms: int, data: Json) -> c.AnyCommand:
    return c.CloseSession(
        shop=shop,
        buyer=data["buyer"],
        agent=data["agent"],
        sent_ms=sent_ms,
        supervisor=bool(data.get("supervisor")),
        reason=data.get("reason") or "",
    )


def _session_transfer(shop: str, sent_ms: int, data: Json) -> c.AnyCommand:
    del sent_ms
    by = data["by"]
    return c.TransferSession(
        shop=shop,
        buyer=data["buyer"],
        to=data["to"],
        by=data.get("user") or ("" if by == "agent" else by),
        supervisor=by == "supervisor",
        reason=data.get("reason") or "",
    )


def _refund_escalated(shop: str, sent_ms: int, data: Json) -> c.AnyCommand:
    del sent_ms
    return c.EscalateRefund(
        shop=shop, refund=data["refund"], agent=data["agent"], reason=data.get("reason") or ""
    )


def _refund_taken_over(shop: str, sent_ms: int, data: Json) -> c.AnyCommand:
    return c.TakeOverRefund(
        shop=shop, refund=data["refund"], supervisor=data["supervisor"], sent_ms=sent_ms
    )


def _breach_waived(shop: str, sent_ms: int, data: Json) -> c.AnyCommand:
    del sent_ms
    return c.WaiveBreach(
        supervisor=data["supervisor"],
        why=data["why"],
        breach=data.get("breach") or "",
        shop=shop,
        rule=data.get("rule") or "",
        buyer=data.get("buyer") or "",
        due_ms=parse_ms(data["due"]) if "due" in data else 0,
    )


def _handover_filed(shop: str, sent_ms: int, data: Json) -> c.AnyCommand:
    """A promise's time is an RFC 3339 time, `due_at`, as in the API."""
    del shop, sent_ms
    lines = []
    for line in data.get("lines") or ():
        line = dict(line)
        if "due_at" in line:
            line["due_ms"] = parse_ms(line.pop("due_at"))
        lines.append(line)
    return msgspec.convert({**data, "lines": lines}, c.FileHandover)


def _outage(shop: str, sent_ms: int, data: Json) -> c.AnyCommand:
    del shop, sent_ms
    return c.NoteOutage(from_ms=parse_ms(data["from"]), to_ms=parse_ms(data["to"]))


def _end(shop: str, sent_ms: int, data: Json) -> c.AnyCommand:
    del shop, sent_ms, data
    return c.End()


_ACTS: dict[str, Callable[[str, int, Json], c.AnyCommand]] = {
    "presence.set": _presence_set,
    "session.close": _session_close,
    "session.transfer": _session_transfer,
    "refund.escalated": _refund_escalated,
    "refund.taken_over": _refund_taken_over,
    "breach.waived": _breach_waived,
    "handover.filed": _handover_filed,
    "outage": _outage,
    "end": _end,
}

_OWN: dict[str, type[c.Command]] = {
    "presence.silent": c.GoSilent,
    "session.claim": c.ClaimSession,
    "agent.reassign": c.ReassignAgent,
    "message.write": c.WriteMessage,
    "refund.settled": c.RefundResolved,
    "sub_account.sign_on": c.SignOn,
    "sub_account.pause": c.PauseSubAccount,
    "delivery.reported": c.ReportDelivery,
    "flag.raised": c.RaiseFlag,
    "flag.confirmed": c.ConfirmFlag,
    "flag.dismissed": c.DismissFlag,
    "phrase.allowed": c.AllowPhrase,
    "phrase.disallowed": c.ForbidPhrase,
    "charge.appealed": c.AppealCharge,
    "appeal.answered": c.AnswerAppeal,
    "call_back.promised": c.PromiseCallBack,
    "call_back.withdrawn": c.WithdrawCallBack,
    "item.noted": c.NoteItem,
    "order.remarked": c.SetRemark,
    "bot.wrote": c.WriteForBot,
    "bot.handed_over": c.HandOverFromBot,
    "roster.planned": c.PlanShifts,
    "shift.changed": c.ChangeShift,
    "shift.swapped": c.SwapShifts,
    "handover.acknowledged": c.AcknowledgeHandover,
    "handover.asked": c.AskHandover,
    "handover.answered": c.AnswerHandover,
    "desk.adopted": c.AdoptDesk,
    "quarantined": c.Quarantine,
}


# Writing


def write_line(offset: int, at_ms: int, command: c.AnyCommand) -> Json:
    """The line of an inbox entry: reading it gives the same command at the same place."""
    kind, sent_ms, shop, data, marks = _parts(command, at_ms)
    line: Json = {"type": kind, "timestamp": format_ms(sent_ms)}
    if shop:
        line["shop"] = shop
    line["data"] = data
    line["received_at"] = format_ms(at_ms)
    line["offset"] = offset
    if marks is not None:
        line["marks"] = marks
    return line


def _parts(command: c.AnyCommand, at_ms: int) -> tuple[str, int, str, Json, Json | None]:
    data = cast(Json, msgspec.to_builtins(command))
    kind = data.pop("type")
    sent_ms = data.pop("sent_ms", at_ms)
    content = data.pop("content", None) or {}
    match command:
        case c.MessageReceived():
            data.pop("shop")
            data.setdefault("kind", "text")
            marks = {"farewell": data.pop("farewell", False)}
            return kind, sent_ms, command.shop, {**data, **content}, marks
        case c.MessageSent():
            data.pop("shop")
            marks = {"shows": list(data.pop("shows", ()))}
            data = {"kind": "text", "by": "human", "sub_account": "", **data, **content}
            return kind, sent_ms, command.shop, data, marks
        case c.OrderChanged():
            data.pop("shop")
            return f"order.{data.pop('event')}", sent_ms, command.shop, data, None
        case c.RefundResolved() if command.by_agent:
            return "refund.settled", at_ms, "", {**data, "sent_ms": sent_ms}, None
        case c.RaiseFlag():
            return kind, at_ms, "", {**data, "sent_ms": sent_ms}, None
        case c.ReviewPosted():
            data.pop("shop")
            return kind, sent_ms, command.shop, {**data, **content}, None
        case c.TransferSession():
            data["user"] = data.pop("by")
            data["by"] = "supervisor" if data.pop("supervisor", False) else "agent"
            return kind, at_ms, "", data, None
        case c.WaiveBreach():
            if command.due_ms:
                data["due"] = format_ms(data.pop("due_ms"))
            return kind, at_ms, "", data, None
        case c.FileHandover():
            for line in data.get("lines", ()):
                if "due_ms" in line:
                    line["due_at"] = format_ms(line.pop("due_ms"))
            return kind, at_ms, "", data, None
        case c.NoteOutage():
            told = {"from": format_ms(command.from_ms), "to": format_ms(command.to_ms)}
            return kind, at_ms, "", told, None
        case c.WriteMessage() | c.WriteForBot():
            return kind, at_ms, "", {**data, "content": content}, None
        case (
            c.MessageRecalled() | c.RefundRequested() | c.RefundResolved() | c.PlatformClosed()
        ) | c.SubAccountPresence():
            data.pop("shop")
            return kind, sent_ms, command.shop, data, None
        case _:
            return kind, sent_ms, "", data, None


def desk_of(lines: Iterable[Json]) -> Desk | None:
    """The desk that a trace begins with, if it carries one."""
    for line in lines:
        if line["type"] == "desk.adopted":
            return msgspec.convert(line["data"]["desk"], Desk)
    return None
