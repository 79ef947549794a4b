"""The commands of conduct and appeals as lines of a trace, and a live log told again from one."""

from __future__ import annotations

import json

import pytest

from router.core import commands as c
from router.core.policy import ConductRule, Policy
from router.core.state import State
from router.core.step import step
from router.simulate import ledger_rows, simulate, state_hash
from router.trace import read_line, write_line
from tests.core.scene import desk_of, ms

FINDING = c.RaiseFlag(
    flag="abuse:amy-1:4",
    rule="abuse",
    shop="shop",
    buyer="x",
    session="d-s1",
    message="amy-1",
    agent="amy",
    sub_account="shop:amy",
    sent_ms=ms("9:01"),
    offset=4,
    start=4,
    end=6,
    matched="脑残",
    source="abuse.txt:3",
    detail="对买家出言不逊",
    evidence=(3,),
    lexicon="f00d",
    ahead="您好,你",
    behind="啊",
)
ASKED = c.MessageReceived(shop="shop", buyer="x", message="x-1", sent_ms=ms("9:00"), farewell=True)
COMMANDS: list[c.AnyCommand] = [
    FINDING,
    c.ConfirmFlag(flag="d-f1", supervisor="sue", why="clear"),
    c.DismissFlag(flag="d-f1", supervisor="sue", why="a name", allow="脑残"),
    c.AllowPhrase(phrase="微信支付", by="sue", rule="off_platform", shop="shop", why="ours"),
    c.ForbidPhrase(phrase="微信支付", by="sue", rule="off_platform", shop="shop"),
    c.AppealCharge(entry="d-e1", agent="amy", why="unfair"),
    c.AnswerAppeal(appeal="d-a1", supervisor="sue", accepted=False, why="no"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_each_command_is_the_same_when_it_is_read_again(command: c.AnyCommand) -> None:
    written = json.loads(json.dumps(write_line(7, ms("9:05"), command)))
    line = read_line(written, 1, ())
    assert (line.offset, line.at_ms, line.command) == (7, ms("9:05"), command)


def test_a_live_log_told_again_gives_the_same_ledger_byte_for_byte() -> None:
    rule = ConductRule(rule="abuse", fine_fen=10_000, charge="at_once")
    desk = desk_of("amy", policy=Policy(conduct=(rule,)))
    said = c.Content(text="您好,你脑残啊")
    entries: list[tuple[str, c.AnyCommand]] = [
        ("7:00", c.AdoptDesk(desk=desk)),
        ("8:00", c.SetPresence(agent="amy", to="online")),
        ("9:00", ASKED),
        (
            "9:01",
            c.MessageSent(
                shop="shop",
                buyer="x",
                message="amy-1",
                sent_ms=ms("9:01"),
                sub_account="shop:amy",
                content=said,
            ),
        ),
        ("9:04", FINDING),
        ("9:30", c.AppealCharge(entry="d-e1", agent="amy", why="unfair")),
        ("9:40", c.AnswerAppeal(appeal="d-a1", supervisor="sue", accepted=True, why="indeed")),
        ("9:50", c.DismissFlag(flag="d-f1", supervisor="sue", why="a name", allow="脑残")),
        ("9:55", c.End()),
    ]
    live = State()
    lines = []
    for offset, (time, command) in enumerate(entries, start=1):
        outcome = step(live, c.Stamped(offset, ms(time), command))
        assert outcome.rejected is None, outcome.rejected
        lines.append(json.loads(json.dumps(write_line(offset, ms(time), command))))
    again = simulate(lines, inspected=True)
    assert again.rejected == []
    assert ledger_rows(again.state) == ledger_rows(live)
    assert state_hash(again.state) == state_hash(live)
    assert [row["kind"] for row in ledger_rows(live)] == ["charge", "waiver"]
