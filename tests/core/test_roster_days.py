"""Days of a rostered desk by chance: what must always hold of shifts and handovers does.

Each day is a seeded mess of people who come late, leave, fall silent, hand over well, badly or
not at all, while buyers write and supervisors change the roster. `Scene` checks the invariants
after every step.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest
from msgspec.structs import replace

from router import trace
from router.core import commands as c
from router.core.commands_shift import HandoverLine, PlannedShift
from router.core.drafting import draft
from router.core.policy import HOUR_MS, MINUTE_MS, Policy
from router.core.records import Shift
from router.core.state import State, holds
from router.core.step import step
from router.simulate import Run, state_hash
from tests.core.scene import Scene, desk_of, ms, sub

AGENTS = ("amy", "bob", "cat", "dan")
DESK = desk_of(
    *AGENTS,
    subs=[*(sub(agent) for agent in AGENTS), replace(sub("day"), agent="")],
    policy=Policy(rescue_before_ms=0),
)


class Day:
    """One day, from 7:00 to midnight."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # a test's own chance
        self.scene = Scene(DESK, online=[])
        self.lines = [trace.write_line(1, ms("7:00"), c.AdoptDesk(desk=DESK))]
        self.at_ms = ms("7:00")
        self.count = 0

    def do(self, command: c.AnyCommand) -> None:
        self.count += 1
        self.scene.step(self.at_ms, command)
        self.lines.append(trace.write_line(self.count + 1, self.at_ms, command))

    def run(self) -> None:
        self.do(self.roster())
        acts = (
            *((self.presence, 5), (self.asks, 6), (self.answers, 6), (self.files, 3)),
            *((self.acknowledges, 3), (self.change, 1), (self.swap, 1), (self.outage, 1)),
        )
        weights = [weight for _, weight in acts]
        while self.at_ms < ms("24:00"):
            self.at_ms += self.chance.choice((0, 1, 20_000, 4 * MINUTE_MS, 15 * MINUTE_MS))
            (act,) = self.chance.choices([act for act, _ in acts], weights)
            act()
        self.do(c.End())

    def roster(self) -> c.PlanShifts:
        shifts = []
        for agent in AGENTS:
            begin_ms = ms("8:00") + self.chance.randrange(0, 8) * HOUR_MS // 2
            for _ in range(self.chance.randrange(1, 3)):
                end_ms = begin_ms + self.chance.randrange(2, 12) * HOUR_MS // 2
                subs = self.chance.choice(((), ("shop:day",), (f"shop:{agent}", "shop:day")))
                shifts.append(
                    PlannedShift(agent=agent, from_ms=begin_ms, to_ms=end_ms, sub_accounts=subs)
                )
                begin_ms = end_ms + self.chance.choice((0, 5 * MINUTE_MS, 2 * HOUR_MS))
        return c.PlanShifts(from_ms=ms("0:00"), to_ms=ms("48:00"), shifts=tuple(shifts), by="sue")

    def presence(self) -> None:
        agent = self.chance.choice(AGENTS)
        person = self.scene.state.persons[agent]
        if person.console and self.chance.random() < 0.3:
            self.do(c.GoSilent(agent=agent, since_ms=self.at_ms))
            return
        by = self.chance.choice(("", "", "", "sue"))
        self.do(
            c.SetPresence(
                agent=agent,
                to=self.chance.choice(("online", "online", "away", "offline")),
                by=by,
                reason="x" if by else "",
                open_sessions="transfer",
                console=not by and self.chance.random() < 0.5,
            )
        )

    def asks(self) -> None:
        buyer = f"b{self.chance.randrange(12)}"
        message = f"m{self.count}"
        self.do(
            c.MessageReceived(
                shop="shop",
                buyer=buyer,
                message=message,
                sent_ms=self.at_ms,
                farewell=self.chance.random() < 0.5,
            )
        )
        if self.chance.random() < 0.2:
            self.do(
                c.RefundRequested(
                    shop="shop",
                    buyer=buyer,
                    order="O",
                    refund=f"R{self.count}",
                    reason="other",
                    sent_ms=self.at_ms,
                )
            )

    def answers(self) -> None:
        held = [t for t in self.scene.state.sessions.values() if t.agent]
        if held:
            thread = self.chance.choice(held)
            self.do(
                c.WriteMessage(
                    shop="shop", buyer=thread.buyer, agent=thread.agent, message=f"a{self.count}"
                )
            )

    def files(self) -> None:
        agent = self.chance.choice(AGENTS)
        drafted = draft(self.scene.state, agent)
        named = [replace(line, text="x") for line in drafted if self.chance.random() < 0.5]
        lines: list[HandoverLine] = list(named)
        if lines and self.chance.random() < 0.5:
            due_ms = self.at_ms + HOUR_MS
            lines.append(
                HandoverLine(
                    about="promise", shop="shop", buyer=lines[0].buyer, due_ms=due_ms, text="回电"
                )
            )
        note = self.chance.choice(("", "看说明"))
        self.do(c.FileHandover(agent=agent, lines=tuple(lines), note=note))

    def acknowledges(self) -> None:
        lines = self.chance.choice(((), (), (0,), (1, 0)))
        self.do(c.AcknowledgeHandover(agent=self.chance.choice(AGENTS), lines=lines))

    def change(self) -> None:
        shift = self.any_shift()
        planned = PlannedShift(
            agent=shift.agent,
            from_ms=shift.from_ms,
            to_ms=shift.to_ms + self.chance.choice((-HOUR_MS, HOUR_MS)),
            sub_accounts=tuple(shift.sub_accounts),
        )
        cancel = self.chance.random() < 0.3
        self.do(
            c.ChangeShift(
                by="sue",
                why="x",
                shift=shift.id,
                cancel=cancel,
                planned=None if cancel else planned,
            )
        )

    def swap(self) -> None:
        one, other = self.any_shift(), self.any_shift()
        self.do(c.SwapShifts(one=one.id, other=other.id, by="sue", why="x"))

    def any_shift(self) -> Shift:
        return self.chance.choice(list(self.scene.state.shifts.values()))

    def outage(self) -> None:
        begin_ms = self.at_ms
        self.at_ms += self.chance.choice((MINUTE_MS, 25 * MINUTE_MS))
        self.do(c.NoteOutage(from_ms=begin_ms + 1, to_ms=self.at_ms))


@pytest.mark.parametrize("seed", range(12))
def test_a_day_by_chance(seed: int) -> None:
    day = Day(seed)
    day.run()
    state = day.scene.state
    assert len(state.handovers) > 2, "something happened"

    # One charge for each person and shift that was handed over or taken over.
    charged = Counter(shift.breach for shift in state.shifts.values() if shift.breach)
    charged += Counter(shift.took_breach for shift in state.shifts.values() if shift.took_breach)
    breaches = {b.id: b for b in state.breaches.values() if b.rule == "handover"}
    fined = [b for b in breaches.values() if b.fine_fen]
    assert sorted(charged) == sorted(b.id for b in fined)
    assert set(charged.values()) <= {1}

    # Nobody is charged for what they could not help.
    for shift in state.shifts.values():
        assert not (shift.absent and shift.breach), shift
        if shift.breach:
            key = breaches[shift.breach].key
            assert not (key == "late" and shift.handover and not _filed_late(state, shift.handover))

    # What is over is judged, and what was filed or left is in the book.
    for shift in state.shifts.values():
        if shift.state == "over" and shift.due_ms < state.at_ms:
            assert shift.judged, shift

    # It is all told by the records, and by the trace.
    restored = day.scene.restored()
    assert state_hash(restored) == state_hash(state)
    run = Run()
    for number, line in enumerate(day.lines, start=1):
        run.feed(trace.read_line(line, number, ()))
    for other in (state, restored, run.state):
        step(other, c.Stamped(10_000, ms("47:00"), c.End()))
    assert state_hash(restored) == state_hash(state)
    assert state_hash(run.state) == state_hash(state)


def _filed_late(state: State, name: str) -> bool:
    handover = state.handovers[name]
    return handover.by_router or handover.filed_ms > state.shifts[handover.shift].due_ms


@pytest.mark.parametrize("seed", range(12, 18))
def test_who_has_handed_over_and_gone_holds_nothing(seed: int) -> None:
    """Judged as they go: what comes to them later by the platform's own doing is the platform's."""
    day = Day(seed)
    gone: list[str] = []
    plain = day.do

    def do(command: c.AnyCommand) -> None:
        plain(command)
        if isinstance(command, c.SetPresence | c.GoSilent):
            state = day.scene.state
            person = state.persons[command.agent]
            filed = any(s.handover for s in state.rota.on_of(person.id))
            if person.presence == "offline" and filed and len(state.rota.on_of(person.id)) == 1:
                gone.append(person.id)
                assert not any(holds(t, person.id) for t in state.threads.values())

    day.do = do  # type: ignore[method-assign]
    day.run()
