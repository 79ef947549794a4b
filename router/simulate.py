"""A trace through the core in virtual time: no server, no clock, no chance (CONTRACT §3)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from router import trace
from router.clocktime import format_ms
from router.conducting import Conduct
from router.core import commands as c
from router.core.facts import AnyFact, SessionAssigned
from router.core.outcome import Rejected
from router.core.policy import Agent, Desk, Shop, SubAccount
from router.core.records import Breach, Flag
from router.core.recovery import all_records
from router.core.state import State
from router.core.step import step
from router.inspecting import FOREVER_MS, VirtualInspector
from router.log.codec import encode_record

Json = dict[str, Any]


class Run:
    """One desk being fed a trace."""

    def __init__(self, inspector: VirtualInspector | None = None) -> None:
        self.state = State()
        self.assignments: list[Json] = []
        self.rejected: list[Json] = []
        self._inspector = inspector

    def feed(self, line: trace.Line) -> None:
        """Take one line. An act that is not known here is refused, not lost silently."""
        command: c.AnyCommand | None = line.command
        if command is None:
            self._refuse(line, "unknown_type")
            return
        if self._inspector is not None:
            if isinstance(command, c.NoteOutage):
                self._inspector.hold(command)
            self._inspector.read(line.offset, command)
        self.inspect(line.at_ms)
        rejected = self._step(line.offset, line.at_ms, command)
        if rejected is not None:
            self._refuse(line, rejected.reason)

    def inspect(self, clock_ms: int) -> None:
        """Put down what the inspector finds in all that has settled before this moment."""
        if self._inspector is not None:
            for at_ms, command in self._inspector.due(clock_ms):
                self._step(0, at_ms, command)

    def _step(self, offset: int, at_ms: int, command: c.AnyCommand) -> Rejected | None:
        stamped = c.Stamped(offset, max(at_ms, self.state.at_ms), command)
        outcome = step(self.state, stamped)
        self.state.dirty.clear()
        self._note(outcome.facts)
        return outcome.rejected

    def _refuse(self, line: trace.Line, reason: str) -> None:
        self.rejected.append({"at": format_ms(line.at_ms), "type": line.type, "reason": reason})

    def _note(self, facts: Sequence[AnyFact]) -> None:
        if self._inspector is not None:
            self._inspector.take(facts)
        for fact in facts:
            if isinstance(fact, SessionAssigned):
                self.assignments.append(
                    {
                        "at": format_ms(fact.at_ms),
                        "shop": fact.shop,
                        "buyer": fact.buyer,
                        "sub_account": fact.sub_account,
                        "agent": fact.agent,
                        "cause": fact.cause,
                    }
                )

    def report(self) -> Json:
        return {
            "sessions": self.state.counters.sessions,
            "assignments": self.assignments,
            "breaches": breach_rows(self.state),
            "flags": flag_rows(self.state),
            "rejected": self.rejected,
            "ledger": ledger_rows(self.state),
            "state_hash": state_hash(self.state),
        }


def breach_rows(state: State) -> list[Json]:
    """The sealed breaches, as REPORT.json has them."""
    rows = [_breach_row(breach) for breach in state.breaches.values()]
    return sorted(rows, key=lambda r: (r["due"], r["rule"], r["shop"], r["buyer"]))


def _breach_row(breach: Breach) -> Json:
    row: Json = {
        "rule": breach.rule,
        "shop": breach.shop,
        "buyer": breach.buyer,
        "due": format_ms(breach.due_ms),
        "sub_account": breach.sub_account or None,
        "agent": breach.agent or None,
        "fine_fen": breach.fine_fen,
        "reversed": breach.reversed,
        "waived": breach.waived,
        "id": breach.id,
        "session": breach.session,
        "uncharged": breach.uncharged,
    }
    if breach.rule == "refund":
        row["refund"] = breach.key
    elif breach.order:
        row["order"] = breach.order
    return row


def flag_rows(state: State) -> list[Json]:
    """The conduct flags, as REPORT.json has them, in order of when the messages were sent."""
    flags = sorted(
        state.flags.values(),
        key=lambda f: (f.sent_ms, f.rule, f.shop, f.buyer, f.message, f.start),
    )
    return [_flag_row(flag) for flag in flags]


def _flag_row(flag: Flag) -> Json:
    return {
        "rule": flag.rule,
        "shop": flag.shop,
        "buyer": flag.buyer,
        "message": flag.message,
        "sub_account": flag.sub_account or None,
        "span": [flag.start, flag.end],
        "agent": flag.agent or None,
        "sent": format_ms(flag.sent_ms),
        "session": flag.session,
        "matched": flag.matched,
        "source": flag.source,
        "detail": flag.detail,
        "state": flag.state,
    }


def ledger_rows(state: State) -> list[Json]:
    """The ledger, entry by entry, with the places in the log that prove each."""
    return [
        {
            "id": entry.id,
            "kind": entry.kind,
            "breach": entry.breach,
            "rule": entry.rule,
            "shop": entry.shop,
            "session": entry.session,
            "agent": entry.agent,
            "sub_account": entry.sub_account,
            "due": format_ms(entry.due_ms),
            "fine_fen": entry.fine_fen,
            "at": format_ms(entry.at_ms),
            "by": entry.by,
            "why": entry.why,
            "proof": entry.proof,
        }
        for entry in state.entries.values()
    ]


def state_hash(state: State) -> str:
    """A digest of everything the desk remembers."""
    digest = blake2b(digest_size=32)
    for name, record in all_records(state).items():
        digest.update(name.encode("utf-8", "surrogatepass"))
        digest.update(b"\x00")
        digest.update(encode_record(record))
    return digest.hexdigest()


def derive_desk(lines: Iterable[Json]) -> Desk:
    """The desk that a trace without one is of (CONTRACT §1, simulate)."""
    shops: dict[str, None] = {}
    agents: dict[str, None] = {}
    subs: dict[str, tuple[str, str]] = {}
    for line in lines:
        data = line.get("data") or {}
        shop = line.get("shop") or data.get("shop") or ""
        if shop:
            shops[shop] = None
        if line["type"] == "presence.set":
            agents[data["agent"]] = None
        names = [data.get("sub_account")]
        if line["type"] == "session.transfer":
            names.append(data.get("to"))
        for name in names:
            if name and shop:
                subs.setdefault(name, (shop, name.rpartition(":")[2]))
    for _, agent in subs.values():
        agents[agent] = None
    for shop in shops:
        for agent in agents:
            subs.setdefault(f"{shop}:{agent}", (shop, agent))
    return Desk(
        id="trace",
        shops=tuple(Shop(id=shop) for shop in sorted(shops)),
        agents=tuple(Agent(id=agent) for agent in sorted(agents)),
        sub_accounts=tuple(
            SubAccount(id=name, shop=shop, agent=agent)
            for name, (shop, agent) in sorted(subs.items())
        ),
    )


def simulate(lines: Sequence[Json], desk: Desk | None = None, *, inspected: bool = False) -> Run:
    """Run the trace. Without a desk it is the trace's own, or derived from it.

    `inspected`: judge what the agents say, too, by the built-in lists. A trace that carries its
    desk or flags comes from a log on which the inspector has worked: its findings stand in it, and
    nothing is added, so that it gives that log's ledger. Raises `trace.BadTrace`.
    """
    carried = trace.desk_of(lines)
    desk = desk or carried or derive_desk(lines)
    if carried is not None or any(line["type"] == "flag.raised" for line in lines):
        inspected = False
    run = Run(VirtualInspector(Conduct([desk])) if inspected else None)
    farewells = {shop.id: frozenset((shop.policy or desk.policy).farewells) for shop in desk.shops}
    default = frozenset(desk.policy.farewells)
    begun = carried is not None and lines[0]["type"] == "desk.adopted"
    for number, raw in enumerate(lines, start=1):
        shop = raw.get("shop") or ""
        line = trace.read_line(raw, number, farewells.get(shop, default))
        if not begun:
            begun = True
            adopt = trace.Line(0, line.at_ms, "desk.adopted", c.AdoptDesk(desk=desk))
            run.feed(adopt)
        run.feed(line)
    run.inspect(FOREVER_MS)
    return run


def main(trace_path: str, desk: Desk | None, out: str) -> int:
    """`zhiban simulate`: the report of a trace file, written to `out`."""
    with Path(trace_path).open(encoding="utf-8") as file:
        run = simulate(list(trace.read_json(file)), desk, inspected=True)
    text = json.dumps(run.report(), ensure_ascii=False, indent=1)
    Path(out).write_text(text + "\n", encoding="utf-8")
    return 0
