"""Handovers: filing, acknowledging, what moves, and who is charged (RULES §1: 10, §5)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from router.core import commands as c
from router.core.commands_shift import HandoverLine, PlannedShift
from router.core.drafting import draft
from router.core.facts import (
    HandoverAcknowledged,
    HandoverAnswered,
    HandoverAsked,
    HandoverFiled,
    HandoverOwed,
)
from router.core.policy import Desk, Policy
from router.core.records import Handover, Shift
from router.core.step import step
from router.simulate import state_hash
from tests.core.scene import Scene, desk_of, ms, sub
from tests.core.test_shifts import planning, shift

SHARED = desk_of(
    "amy", "bob", "cat", subs=[replace(sub("desk"), agent=""), sub("amy"), sub("bob"), sub("cat")]
)
"""amy's shift is 9–18, bob's 18–23, both at `shop:desk`; each has one of their own, too."""

AMY = shift("amy", "9:00", "18:00", "shop:desk")
BOB = shift("bob", "18:00", "23:00", "shop:desk")
NONE: tuple[HandoverLine, ...] = ()


def day(
    *more: PlannedShift,
    desk: Desk = SHARED,
    online: Sequence[str] = ("amy", "bob"),
    roster: Sequence[PlannedShift] = (AMY, BOB),
) -> Scene:
    scene = Scene(desk, online=[])
    scene.do("7:30", planning(*roster, *more, end="48:00"))
    for agent in online:
        scene.online("8:00", agent)
    return scene


def file(
    agent: str = "amy", *lines: HandoverLine, note: str = "一切正常", to: str = "", of: str = ""
) -> c.FileHandover:
    return c.FileHandover(agent=agent, lines=lines, note=note, to=to, shift=of)


def ack(agent: str = "bob", *lines: int, of: str = "") -> c.AcknowledgeHandover:
    return c.AcknowledgeHandover(agent=agent, handover=of, lines=lines)


def about(scene: Scene, buyer: str, text: str = "等补发") -> HandoverLine:
    return HandoverLine(about="session", ref=scene.thread(buyer).session, text=text)


def item(scene: Scene, kind: str, key: str, text: str = "") -> HandoverLine:
    work = scene.state.items["shop", kind, key].work[f"{kind}/{key}"]
    return HandoverLine(about="item", ref=work.id, text=text)


def promise(buyer: str, due: str, text: str = "答应回电") -> HandoverLine:
    return HandoverLine(about="promise", shop="shop", buyer=buyer, due_ms=ms(due), text=text)


def charged(scene: Scene) -> list[tuple[str, str]]:
    """(clause, who is charged, or why nobody is) of the handover's breaches."""
    return [
        (b.key, b.agent or b.uncharged)
        for b in scene.state.breaches.values()
        if b.rule == "handover"
    ]


def the_shift(scene: Scene, agent: str = "amy") -> Shift:
    return scene.state.rota.of(agent)[0]


def filed(scene: Scene, number: int = 1) -> Handover:
    return scene.state.handovers[f"d-h{number}"]


def chatting(scene: Scene, time: str, *buyers: str) -> None:
    """Buyers whose sessions are open and wait for nothing, with whoever gets them."""
    for buyer in buyers:
        scene.asks(time, buyer, farewell=True)
        holder = scene.thread(buyer).sub_account.removeprefix("shop:")
        scene.answers(time, holder, buyer)


# The draft


def test_the_draft_has_what_is_open_and_what_each_waits_for() -> None:
    scene = day(online=("amy",))
    scene.asks("17:00", "x")
    scene.refund("17:01", "y", "R1")
    lines = draft(scene.state, "amy")
    assert [(line.about, line.buyer) for line in lines] == [("session", "x"), ("item", "y")]
    assert [line.due_ms for line in lines] == [ms("17:05"), ms("17:31")]
    assert draft(scene.state, "bob") == []


def test_what_was_theirs_when_they_went_stays_in_their_draft() -> None:
    scene = day()
    scene.asks("17:00", "x")
    holder = scene.holder("x")
    scene.offline("17:01", holder, "transfer")
    scene.until("17:02")
    drafted = [line.buyer for line in draft(scene.state, holder)]
    assert drafted == (["x"] if holder == "amy" else [])


@pytest.mark.parametrize(("back", "drafted"), [("17:30", []), ("17:55", ["x"])])
def test_what_was_passed_on_in_mid_shift_is_others_business_once_they_are_back(
    back: str, drafted: list[str]
) -> None:
    scene = day()
    scene.asks("17:00", "x", sub_account="shop:amy")
    scene.offline("17:01", "amy", "transfer")
    scene.answers("17:02", "bob", "x")
    scene.online(back, "amy")
    assert scene.holder("x") == "bob"
    assert [line.buyer for line in draft(scene.state, "amy")] == drafted


# Filing


def test_a_filed_handover_names_the_lines_and_who_follows() -> None:
    scene = day(online=("amy",))
    scene.asks("17:55", "x")
    scene.do("17:56", file("amy", about(scene, "x"), note="x 要补发"))
    told = scene.said(HandoverFiled)[0]
    assert (told.handover, told.shift, told.to, told.lines) == ("d-h1", "d-r1", "bob", 1)
    handover = filed(scene)
    assert (handover.to_shift, handover.due_ms) == ("d-r2", ms("18:10"))
    assert (the_shift(scene).handover, the_shift(scene).judged) == ("d-h1", True)
    owed = [(f.agent, f.what, f.due_ms) for f in scene.said(HandoverOwed)]
    assert owed == [("amy", "file", ms("18:10")), ("bob", "acknowledge", ms("18:10"))]
    assert state_hash(scene.restored()) == state_hash(scene.state)


def test_what_is_open_and_stands_in_no_line_is_added() -> None:
    scene = day(online=("amy",))
    scene.asks("17:00", "x")
    scene.asks("17:00", "y")
    scene.do("17:01", file("amy", about(scene, "y"), note="x 也要看"))
    assert [(line.buyer, line.text) for line in filed(scene).lines] == [("y", "等补发"), ("x", "")]


def test_a_shift_is_handed_over_once() -> None:
    scene = day()
    scene.do("17:56", file())
    assert scene.refused("17:57", file()).reason == "already_filed"
    assert scene.refused("18:05", file(of="d-r1")).reason == "already_filed"


def test_which_shift_it_is_of() -> None:
    scene = day(shift("amy", "20:00", "22:00"))
    for command, reason in (
        (file(of="d-r9"), "no_such_shift"),
        (file(of="d-r2"), "no_such_shift"),
        (file(of="d-r3"), "shift_not_begun"),
        (file("nobody"), "unknown_agent"),
        (file(to="nobody"), "unknown_agent"),
        (file(to="amy"), "own_handover"),
    ):
        assert scene.refused("17:00", command).reason == reason
    scene.do("18:05", file())
    assert filed(scene).shift == "d-r1"
    scene.do("21:00", file())
    assert filed(scene, 2).shift == "d-r3"


@pytest.mark.parametrize(("time", "of"), [("30:00", "d-r1"), ("30:00:00.001", "")])
def test_a_shift_is_what_ended_within_12_hours(time: str, of: str) -> None:
    scene = day()
    scene.do(time, file())
    assert filed(scene).shift == of


def test_without_a_shift_it_is_kept_in_the_book() -> None:
    scene = day(online=("amy", "bob", "cat"))
    scene.do("17:00", file("cat"))
    assert (filed(scene).shift, filed(scene).to, filed(scene).due_ms) == ("", "", 0)
    scene.do("20:00", file("cat"))
    scene.do("20:01", ack("amy", of="d-h1"))
    assert (filed(scene).acknowledged_by, charged(scene)) == ("amy", [("late", "amy")])


def test_a_line_names_what_is_theirs_and_open() -> None:
    scene = day(online=("amy", "bob"))
    scene.asks("17:00", "x", sub_account="shop:bob")
    wrong: tuple[tuple[tuple[HandoverLine, ...], str], ...] = (
        ((about(scene, "x"),), "not_theirs"),
        ((HandoverLine(about="session", ref="d-s99"),), "not_theirs"),
        ((HandoverLine(about="item", ref="d-w99"),), "not_theirs"),
        ((HandoverLine(about="other"),), "nothing_said"),
        ((HandoverLine(about="other", ref="d-f1"),), "not_theirs"),
        ((promise("x", "17:00:30"),), "due_out_of_range"),
        ((promise("nobody", "18:30"),), "unknown_buyer"),
        ((promise("x", "18:30", ""),), "nothing_said"),
    )
    for lines, reason in wrong:
        assert scene.refused("17:01", file("amy", *lines)).reason == reason
    scene.asks("17:02", "y", sub_account="shop:amy")
    twice = file("amy", about(scene, "y"), about(scene, "y"))
    assert scene.refused("17:03", twice).reason == "named_twice"


def test_a_promise_becomes_a_call_back_that_stays_until_it_is_done() -> None:
    scene = day()
    scene.asks("17:00", "x", sub_account="shop:amy")
    scene.answers("17:01", "amy", "x")
    scene.do("17:55", file("amy", promise("x", "19:00"), note="见承诺"))
    assert scene.item_holder("call_back", "d-h1.0") == "amy"
    assert (
        filed(scene).lines[0].ref
        == scene.state.items["shop", "call_back", "d-h1.0"].work["call_back/d-h1.0"].id
    )
    scene.do("18:01", ack())
    assert scene.item_holder("call_back", "d-h1.0") == "bob"
    scene.answers("18:30", "bob", "x")
    assert ("shop", "call_back", "d-h1.0") not in scene.state.items


# Who follows


def followed(*roster: PlannedShift, to: str = "", time: str = "18:00") -> tuple[str, str]:
    scene = day(roster=(AMY, *roster), online=("amy",))
    scene.do(time, file(to=to))
    return filed(scene).to, filed(scene).to_shift


@pytest.mark.parametrize(
    ("roster", "to"),
    [
        ((BOB,), ("bob", "d-r2")),
        ((), ("", "")),
        ((shift("bob", "18:00", "23:00", "shop:bob"),), ("", "")),
        ((shift("bob", "18:00", "23:00"),), ("", "")),
        ((shift("bob", "16:00", "23:00", "shop:desk"),), ("bob", "d-r2")),
        ((shift("bob", "15:59:59.999", "23:00", "shop:desk"),), ("", "")),
        ((shift("bob", "42:00", "46:00", "shop:desk"),), ("bob", "d-r2")),
        ((shift("bob", "42:00:00.001", "46:00", "shop:desk"),), ("", "")),
        ((shift("amy", "20:00", "23:00", "shop:desk"), BOB), ("bob", "d-r3")),
        (
            (
                shift("cat", "19:00", "23:00", "shop:desk"),
                shift("bob", "17:30", "23:00", "shop:desk"),
            ),
            ("bob", "d-r3"),
        ),
        (
            (
                shift("cat", "18:30", "23:00", "shop:desk"),
                shift("bob", "17:30", "23:00", "shop:desk"),
            ),
            ("bob", "d-r3"),
        ),
        (
            (
                shift("cat", "18:30", "23:00", "shop:desk"),
                shift("bob", "18:30", "23:00", "shop:desk"),
            ),
            ("cat", "d-r2"),
        ),
    ],
)
def test_the_roster_says_who_follows(roster: tuple[PlannedShift, ...], to: tuple[str, str]) -> None:
    assert followed(*roster) == to


def test_the_outgoing_agent_may_say_to_whom() -> None:
    assert followed(BOB, shift("cat", "18:00", "20:00", "shop:cat"), to="cat") == ("cat", "d-r3")
    assert followed(BOB, to="cat") == ("cat", "")


def test_a_cancelled_shift_follows_nobody_and_the_next_is_found() -> None:
    scene = day(shift("cat", "19:00", "23:00", "shop:desk"))
    scene.do("17:50", file())
    assert filed(scene).to == "bob"
    scene.do("17:55", c.ChangeShift(by="sue", why="病假", shift="d-r2", cancel=True))
    assert (filed(scene).to, filed(scene).due_ms) == ("cat", ms("19:10"))
    scene.until("19:30")
    assert charged(scene) == [("not_acknowledged", "cat")]


def test_a_swapped_shift_is_somebody_elses_to_acknowledge() -> None:
    scene = day(shift("cat", "40:00", "44:00", "shop:cat"))
    scene.do("17:50", file())
    scene.do("17:55", c.SwapShifts(one="d-r2", other="d-r3", by="sue", why="换班"))
    assert (filed(scene).to, filed(scene).to_shift) == ("cat", "d-r2")
    scene.until("18:11")
    assert charged(scene) == [("not_acknowledged", "cat")]


def test_where_nobody_is_left_to_follow_nobody_has_to() -> None:
    scene = day()
    scene.do("17:50", file())
    scene.do("17:55", planning(begin="18:00"))
    assert (filed(scene).to, filed(scene).due_ms) == ("", 0)
    scene.until("20:00")
    assert charged(scene) == []
    assert state_hash(scene.restored()) == state_hash(scene.state)


def test_a_later_shift_gives_its_agent_until_then() -> None:
    scene = day()
    scene.do("17:50", file())
    later = shift("bob", "19:00", "23:00", "shop:desk")
    scene.do("17:55", c.ChangeShift(by="sue", why="改", shift="d-r2", planned=later))
    assert (filed(scene).to, filed(scene).due_ms) == ("bob", ms("19:10"))


# Acknowledging


def test_the_whole_moves_everything_with_the_cause_handover() -> None:
    scene = day()
    scene.asks("17:54", "x", sub_account="shop:amy")
    scene.refund("17:54", "x", "R1")
    scene.do("17:55", file("amy", about(scene, "x")))
    scene.do("17:56", ack())
    assert (scene.holder("x"), scene.causes("x")[-1]) == ("bob", ("bob", "handover"))
    assert scene.item_holder("refund", "R1") == "bob"
    (told,) = scene.said(HandoverAcknowledged)
    assert (told.agent, told.lines, told.whole) == ("bob", (0, 1), True)
    assert scene.state.seats["shop:desk"].agent == "bob", "the sub-account they share"
    assert filed(scene).acknowledged_by == "bob"
    assert state_hash(scene.restored()) == state_hash(scene.state)


def test_line_by_line() -> None:
    scene = day()
    for buyer in ("x", "y"):
        scene.asks("17:54", buyer, sub_account="shop:amy", farewell=True)
        scene.answers("17:54", "amy", buyer)
    scene.do("17:55", file("amy", about(scene, "x"), about(scene, "y")))
    scene.do("17:58", ack("bob", 1))
    assert (scene.holder("x"), scene.holder("y")) == ("amy", "bob")
    assert (filed(scene).acknowledged_ms, filed(scene).lines[1].taken_by) == (0, "bob")
    assert scene.state.seats["shop:desk"].agent == "amy"
    assert scene.refused("17:59", ack("bob", 1)).reason == "already_acknowledged"
    assert scene.refused("17:59", ack("bob", 2)).reason == "no_such_line"
    scene.do("18:00", ack("bob", 0))
    assert (filed(scene).acknowledged_ms, scene.holder("x")) == (ms("18:00"), "bob")
    assert scene.state.seats["shop:desk"].agent == "bob"
    assert scene.refused("18:01", ack("bob", of="d-h1")).reason == "already_acknowledged"


def test_a_capacity_may_be_exceeded() -> None:
    desk = replace(
        SHARED,
        sub_accounts=tuple(replace(each, capacity=1) for each in SHARED.sub_accounts),
    )
    scene = day(desk=desk)
    scene.asks("17:00", "x", sub_account="shop:amy")
    scene.asks("17:00", "y", sub_account="shop:bob")
    scene.asks("17:00", "z", sub_account="shop:desk")
    scene.do("17:55", file())
    scene.do("17:58", ack())
    assert [scene.holder(buyer) for buyer in "xyz"] == ["bob", "bob", "bob"]


def test_who_acknowledges() -> None:
    scene = day(online=("amy", "bob", "cat"))
    scene.do("17:50", file())
    for command, reason in (
        (ack("nobody"), "unknown_agent"),
        (ack("amy", of="d-h1"), "own_handover"),
        (ack("cat", of="d-h1"), "not_yours"),
        (ack("cat"), "no_such_handover"),
        (ack("bob", of="d-h9"), "no_such_handover"),
    ):
        assert scene.refused("17:55", command).reason == reason
    scene.offline("17:56", "bob")
    assert scene.refused("17:57", ack("bob")).reason == "agent_offline"
    scene.away("17:57", "cat")
    assert scene.refused("17:58", ack("cat", of="d-h1")).reason == "agent_offline"
    scene.online("17:58", "cat")
    scene.do("17:59", ack("cat", of="d-h1"))
    assert filed(scene).acknowledged_by == "cat"
    scene.until("18:30")
    assert charged(scene) == [], "nothing was left for bob to acknowledge"


def test_who_is_away_may_acknowledge_what_is_theirs() -> None:
    scene = day()
    scene.do("17:50", file())
    scene.away("17:55", "bob")
    scene.do("17:56", ack())
    assert filed(scene).acknowledged_by == "bob"


def test_what_has_ended_or_moved_on_is_only_marked() -> None:
    scene = day(online=("amy", "bob", "cat"))
    for buyer in ("x", "y", "z"):
        scene.asks("17:00", buyer, sub_account="shop:amy", farewell=True)
        scene.answers("17:00", "amy", buyer)
    scene.do("17:55", file())
    scene.close("17:56", "x")
    scene.transfer("17:56", "y", "cat")
    scene.do("17:58", ack())
    assert [line.taken_by for line in filed(scene).lines] == ["bob"] * 3
    assert (scene.is_open("x"), scene.holder("y"), scene.holder("z")) == (False, "cat", "bob")


def elsewhere() -> Desk:
    """bob has a sub-account at `shop` alone, amy at `tmall`, too."""
    shops = [replace(SHARED.shops[0]), replace(SHARED.shops[0], id="tmall")]
    return replace(
        SHARED, shops=tuple(shops), sub_accounts=(*SHARED.sub_accounts, sub("amy", "tmall"))
    )


def test_without_a_sub_account_there_it_stays_while_they_are_here() -> None:
    scene = day(desk=elsewhere())
    scene.asks("17:00", "x", shop="tmall")
    line = HandoverLine(about="session", ref=scene.thread("x", shop="tmall").session)
    scene.do("17:55", file("amy", line))
    refused = scene.refused("17:58", ack("bob", 0))
    assert (refused.reason, "tmall" in refused.detail) == ("no_sub_account", True)
    scene.do("17:59", ack("bob"))
    assert scene.holder("x", shop="tmall") == "amy"
    scene.offline("18:01", "amy", "transfer")
    assert scene.waiting() == ["x"]


def test_without_a_sub_account_there_whoever_can_takes_it() -> None:
    desk = elsewhere()
    desk = replace(desk, sub_accounts=(*desk.sub_accounts, sub("cat", "tmall")))
    scene = day(desk=desk)
    scene.asks("17:00", "x", shop="tmall", farewell=True)
    scene.answers("17:00", "amy", "x", shop="tmall")
    scene.online("17:30", "cat")
    scene.do("17:55", file())
    scene.do("17:59", ack("bob"))
    assert scene.causes("x")[-1] == ("cat", "handover")


def test_a_line_moves_out_of_the_queue_later() -> None:
    scene = day(online=("amy",))
    scene.asks("17:00", "x")
    scene.do("17:55", file("amy", about(scene, "x")))
    scene.offline("18:00", "amy", "transfer")
    assert scene.waiting() == ["x"]
    scene.do("18:01", c.PauseSubAccount(sub_account="shop:bob", paused=True))
    scene.do("18:01", c.PauseSubAccount(sub_account="shop:desk", paused=True))
    scene.online("18:02", "bob")
    assert scene.waiting() == ["x"], "what bob operates is paused"
    scene.do("18:03", ack("bob", 0))
    assert (scene.holder("x"), filed(scene).acknowledged_by) == ("bob", "bob")


# Never with somebody who has left


@pytest.mark.parametrize(
    ("time", "stays"), [("17:49:59.999", True), ("17:50", False), ("18:30", False)]
)
def test_who_leaves_at_the_end_of_their_shift_keeps_nothing(time: str, *, stays: bool) -> None:
    scene = day(online=("amy",))
    chatting(scene, "17:00", "x")
    scene.offline(time, "amy")
    assert scene.holder("x") == ("amy" if stays else "")
    scene.until("18:00")
    assert scene.holder("x") == ""


def test_who_has_handed_over_keeps_nothing_when_they_go() -> None:
    scene = day(online=("amy",))
    chatting(scene, "16:00", "x")
    scene.refund("16:01", "x", "R1", "other")
    scene.do("16:30", file())
    assert scene.holder("x") == "amy", "while they are online"
    scene.offline("16:31", "amy")
    assert sorted(scene.waiting()) == ["refund/R1", "x"]


def test_others_take_it_where_they_can() -> None:
    scene = day(roster=(AMY,), online=("amy", "cat"))
    scene.asks("17:00", "x", sub_account="shop:amy", farewell=True)
    scene.answers("17:01", "amy", "x")
    scene.do("17:50", file())
    scene.offline("18:00", "amy")
    assert scene.holder("x") == "cat"


def test_nobody_is_told_that_they_queue_who_waits_for_nothing() -> None:
    desk = replace(SHARED, policy=Policy(queue_text="请稍等"))
    scene = day(desk=desk, online=("amy",))
    chatting(scene, "17:00", "x")
    scene.do("17:50", file())
    scene.offline("18:00", "amy")
    assert (scene.holder("x"), scene.texts("x")) == ("", [])


# Fines: going offline


@pytest.mark.parametrize(
    ("time", "clause"),
    [
        ("17:49:59.999", "late"),
        ("17:50", "left_without"),
        ("18:00", "left_without"),
        ("18:10", "left_without"),
        ("18:10:00.001", "late"),
    ],
)
def test_going_offline_at_the_end_without_a_handover(time: str, clause: str) -> None:
    scene = day(online=("amy",))
    scene.offline(time, "amy")
    scene.until("22:00")
    assert charged(scene) == [(clause, "amy")]
    breach = scene.breach()
    assert (breach.shop, breach.sub_account, breach.fine_fen) == ("shop", "shop:desk", 3000)
    assert breach.due_ms == (ms("18:10") if clause == "late" else ms(time))
    assert 2 in breach.proof, "the roster"
    assert state_hash(scene.restored()) == state_hash(scene.state)


def test_the_charge_comes_as_they_go() -> None:
    scene = day(online=("amy",))
    scene.offline("17:55", "amy")
    assert charged(scene) == [("left_without", "amy")]
    assert scene.owes("amy") == 3000


def test_who_has_filed_may_go() -> None:
    scene = day(online=("amy",))
    scene.do("17:50", file())
    scene.offline("17:50", "amy")
    scene.until("22:00")
    assert charged(scene) == [("not_acknowledged", "bob")]


def test_coming_back_does_not_undo_it_and_costs_nothing_more() -> None:
    scene = day(roster=(AMY,), online=("amy",))
    scene.offline("17:55", "amy")
    scene.online("17:56", "amy")
    scene.offline("18:05", "amy")
    scene.until("22:00")
    assert charged(scene) == [("left_without", "amy")]


def test_a_charge_can_be_waived() -> None:
    scene = day(roster=(AMY,), online=("amy",))
    scene.offline("17:55", "amy")
    waiver = c.WaiveBreach(
        supervisor="sue", why="停电", shop="shop", rule="handover", buyer="", due_ms=ms("17:55")
    )
    scene.do("19:00", waiver)
    assert (scene.owes("amy"), scene.breach().waived) == (0, True)


def test_a_supervisor_who_sends_somebody_off_excuses_them() -> None:
    scene = day(roster=(AMY,), online=("amy",))
    sent = c.SetPresence(agent="amy", to="offline", by="sue", reason="生病")
    scene.do("17:55", sent)
    scene.until("22:00")
    assert charged(scene) == []


def test_who_comes_back_after_that_owes_it_again() -> None:
    scene = day(roster=(AMY,), online=("amy",))
    scene.do("16:00", c.SetPresence(agent="amy", to="offline", by="sue", reason="生病"))
    scene.online("17:00", "amy")
    scene.until("18:10")
    assert charged(scene) == [("late", "amy")]


def test_silence_is_no_act_of_theirs_but_the_handover_is_owed() -> None:
    scene = day(roster=(AMY,), online=())
    scene.online("8:00", "amy", console=True)
    scene.do("17:55", c.GoSilent(agent="amy", since_ms=ms("17:54")))
    assert charged(scene) == []
    scene.do("18:09", file())
    scene.until("22:00")
    assert charged(scene) == []


# Fines: no account


def test_what_is_open_needs_a_line_or_a_note() -> None:
    for lines, note, clauses in (
        (False, "", [("no_account", "amy")]),
        (False, "  ", [("no_account", "amy")]),
        (False, "x 等补发", []),
        (True, "", []),
    ):
        scene = day(roster=(AMY,), online=("amy",))
        chatting(scene, "17:00", "x")
        named = (about(scene, "x", ""),) if lines else NONE
        scene.do("17:55", file("amy", *named, note=note))
        assert charged(scene) == clauses
        scene.offline("18:00", "amy")
        scene.until("22:00")
        assert charged(scene) == clauses, "once"


def test_with_nothing_open_nothing_needs_to_be_said() -> None:
    scene = day(roster=(AMY,), online=("amy",))
    scene.do("17:55", file(note=""))
    assert charged(scene) == []


def test_a_line_about_a_session_speaks_for_what_hangs_on_it() -> None:
    scene = day(roster=(AMY,), online=("amy",))
    scene.asks("17:40", "x")
    scene.order("17:41", "x", "O1")
    scene.do("17:50", file("amy", about(scene, "x"), note=""))
    assert charged(scene) == []
    assert [line.about for line in filed(scene).lines] == ["session", "item"]


@pytest.mark.parametrize(("asked", "fined"), [("17:53", True), ("17:53:00.001", False)])
def test_what_came_just_before_needs_no_line(asked: str, *, fined: bool) -> None:
    scene = day(roster=(AMY,), online=("amy",))
    scene.asks(asked, "x")
    scene.do("17:55", file(note=""))
    assert bool(charged(scene)) is fined


# Fines: late


@pytest.mark.parametrize(("time", "fined"), [("18:10", False), ("18:10:00.001", True)])
def test_a_handover_is_filed_up_to_ten_minutes_after_the_end(time: str, *, fined: bool) -> None:
    scene = day(roster=(AMY,), online=("amy",))
    scene.do(time, file())
    scene.until("22:00")
    assert charged(scene) == ([("late", "amy")] if fined else [])
    if fined:
        breach = scene.breach()
        assert (breach.armed_ms, breach.due_ms) == (ms("18:00"), ms("18:10"))
        assert breach.sealed_ms == ms("18:10")


def test_a_cancelled_shift_owes_nothing() -> None:
    scene = day(roster=(AMY,), online=("amy",))
    scene.do("17:00", c.ChangeShift(by="sue", why="提前下班", shift="d-r1", cancel=True))
    scene.offline("17:01", "amy")
    scene.until("22:00")
    assert charged(scene) == []


def test_a_policy_may_ask_for_none() -> None:
    scene = day(desk=replace(SHARED, policy=Policy(handover_required=False)), online=("amy",))
    chatting(scene, "17:00", "x")
    scene.do("17:30", file(note=""))
    scene.offline("18:00", "amy")
    scene.until("22:00")
    assert (charged(scene), filed(scene).due_ms) == ([], 0)


@pytest.mark.parametrize(("time", "owed"), [("14:50", True), ("14:50:00.001", False)])
def test_an_end_that_is_set_at_the_last_minute_asks_for_no_handover(
    time: str, *, owed: bool
) -> None:
    scene = day(roster=(AMY,), online=("amy",))
    short = shift("amy", "9:00", "15:00", "shop:desk")
    scene.do(time, c.ChangeShift(by="sue", why="提前下班", shift="d-r1", planned=short))
    scene.until("15:30")
    assert charged(scene) == ([("late", "amy")] if owed else [])


@pytest.mark.parametrize(("begin", "owed"), [("18:00", False), ("18:10", False), ("18:11", True)])
def test_who_works_on_hands_over_then(begin: str, *, owed: bool) -> None:
    scene = day(roster=(AMY, shift("amy", begin, "22:00")), online=("amy",))
    scene.until("20:00")
    assert charged(scene) == ([("late", "amy")] if owed else [])
    scene.do("21:55", file())
    scene.until("23:00")
    assert len(charged(scene)) == int(owed)
    assert filed(scene).shift == "d-r2"


def test_a_policy_sets_the_fine() -> None:
    desk = replace(SHARED, policy=Policy(handover_fine_fen=1234))
    scene = day(desk=desk, roster=(AMY,), online=("amy",))
    scene.until("22:00")
    assert scene.owes("amy") == 1234


def test_the_router_files_what_nobody_handed_over() -> None:
    scene = day(online=("bob",))
    scene.online("8:00", "amy", console=True)
    scene.asks("17:00", "x", sub_account="shop:amy", farewell=True)
    scene.answers("17:01", "amy", "x")
    scene.do("17:55", c.GoSilent(agent="amy", since_ms=ms("17:54")))
    assert scene.holder("x") == "bob", "never with somebody who has left"
    scene.until("18:10")
    handover = filed(scene)
    assert (handover.by_router, handover.to, handover.due_ms) == (True, "bob", ms("18:20"))
    assert [line.buyer for line in handover.lines] == ["x"]
    assert charged(scene) == [("late", "amy")]
    scene.do("18:15", ack())
    scene.until("19:00")
    assert charged(scene) == [("late", "amy")]
    assert scene.refused("19:01", file()).reason == "already_filed"


def test_where_nothing_is_open_the_router_files_nothing() -> None:
    scene = day(online=("amy", "bob"))
    scene.until("18:30")
    assert (scene.state.handovers, charged(scene)) == ({}, [("late", "amy")])
    scene.do("18:31", file(note="晚了"))
    assert filed(scene).shift == "d-r1"


# Fines: not acknowledged


@pytest.mark.parametrize(("time", "fined"), [("18:10", False), ("18:10:00.001", True)])
def test_the_incoming_agent_acknowledges_within_ten_minutes(time: str, *, fined: bool) -> None:
    scene = day()
    scene.do("17:55", file())
    scene.do(time, ack())
    scene.until("18:30")
    assert charged(scene) == ([("not_acknowledged", "bob")] if fined else [])


def test_filed_late_the_time_runs_from_the_filing() -> None:
    scene = day()
    scene.do("18:08", file())
    assert filed(scene).due_ms == ms("18:18")


def test_some_lines_are_not_the_whole() -> None:
    scene = day()
    for buyer in ("x", "y"):
        scene.asks("17:54", buyer, sub_account="shop:amy", farewell=True)
        scene.answers("17:54", "amy", buyer)
    scene.do("17:55", file())
    scene.do("18:00", ack("bob", 0))
    scene.until("18:30")
    assert charged(scene) == [("not_acknowledged", "bob")]
    scene.do("18:31", ack("bob", 1))
    assert filed(scene).acknowledged_by == "bob"


def test_who_comes_late_is_charged_and_whom_a_supervisor_sent_off_is_not() -> None:
    scene = day(online=("amy",))
    scene.do("17:55", file())
    scene.online("18:20", "bob")
    assert charged(scene) == [("not_acknowledged", "bob")]
    scene = day()
    scene.do("17:55", file())
    scene.do("18:01", c.SetPresence(agent="bob", to="offline", by="sue", reason="生病"))
    scene.until("18:30")
    assert charged(scene) == []


def test_of_several_handovers_to_one_shift_one_is_charged() -> None:
    cat = shift("cat", "9:00", "18:00", "shop:desk")
    scene = day(cat, online=("amy", "bob", "cat"))
    scene.do("17:55", file("amy"))
    scene.do("17:55", file("cat"))
    scene.until("18:30")
    assert charged(scene) == [("not_acknowledged", "bob"), ("not_acknowledged", "charged_already")]
    assert scene.owes("bob") == 3000


def test_to_somebody_without_a_shift_there_is_no_time_limit() -> None:
    scene = day(online=("amy", "cat"))
    scene.do("17:55", file(to="cat"))
    scene.until("23:30")
    assert charged(scene) == []


# Outages


def test_an_outage_gives_the_time_back() -> None:
    scene = day(roster=(AMY,), online=("amy",))
    scene.until("18:05")
    scene.do("18:20", c.NoteOutage(from_ms=ms("18:06"), to_ms=ms("18:20")))
    assert the_shift(scene).due_ms == ms("18:24")
    scene.do("18:24", file())
    scene.until("19:00")
    assert charged(scene) == []


def test_an_outage_over_the_end_of_the_shift() -> None:
    scene = day(roster=(AMY,), online=("amy",))
    scene.until("17:50")
    scene.do("18:30", c.NoteOutage(from_ms=ms("17:55"), to_ms=ms("18:30")))
    assert the_shift(scene).due_ms == ms("18:40")
    scene.until("18:40")
    assert charged(scene) == [("late", "amy")]


def test_an_outage_gives_the_incoming_agent_time_too() -> None:
    scene = day()
    scene.do("17:55", file())
    scene.do("18:30", c.NoteOutage(from_ms=ms("18:05"), to_ms=ms("18:30")))
    assert filed(scene).due_ms == ms("18:35")
    scene.do("18:35", ack())
    scene.until("19:00")
    assert charged(scene) == []


def test_an_outage_before_its_time_changes_nothing() -> None:
    scene = day()
    scene.do("17:00", file())
    scene.do("17:30", c.NoteOutage(from_ms=ms("17:05"), to_ms=ms("17:30")))
    assert filed(scene).due_ms == ms("18:10")


# Questions back


def test_questions_and_answers() -> None:
    scene = day(online=("amy", "bob", "cat"))
    scene.do("17:55", file("amy", HandoverLine(about="other", text="打印机坏了")))
    ask = c.AskHandover(handover="d-h1", agent="bob", text="哪一台?", line=0)
    scene.do("17:56", ask)
    (asked,) = scene.said(HandoverAsked)
    assert (asked.question, asked.to, asked.line) == (0, "amy", 0)
    answer = c.AnswerHandover(handover="d-h1", question=0, agent="amy", text="前台那台")
    for command, reason in (
        (replace(ask, agent="cat"), "not_yours"),
        (replace(ask, line=1), "no_such_line"),
        (replace(ask, text=" "), "nothing_said"),
        (replace(ask, handover="d-h9"), "no_such_handover"),
        (replace(answer, agent="cat"), "not_yours"),
        (replace(answer, agent="bob"), "own_question"),
        (replace(answer, question=1), "no_such_question"),
        (replace(answer, text=""), "nothing_said"),
        (replace(answer, handover="d-h9"), "no_such_handover"),
    ):
        assert scene.refused("17:57", command).reason == reason
    scene.do("17:58", answer)
    assert len(scene.said(HandoverAnswered)) == 1
    assert scene.refused("17:59", answer).reason == "answered_already"
    scene.do("18:00", c.AskHandover(handover="d-h1", agent="sue", text="修了吗?", supervisor=True))
    assert [q.answer for q in filed(scene).questions] == ["前台那台", ""]
    assert state_hash(scene.restored()) == state_hash(scene.state)


def test_recovered_in_the_middle_of_it_all_goes_the_same_way() -> None:
    scene = day(online=("amy",))
    chatting(scene, "17:00", "x", "y")
    scene.offline("17:40", "amy")
    scene.until("18:05")
    restored = scene.restored()
    for state in (scene.state, restored):
        step(state, c.Stamped(90, ms("18:15"), c.SetPresence(agent="bob", to="online")))
        step(state, c.Stamped(91, ms("18:16"), c.AcknowledgeHandover(agent="bob")))
        step(state, c.Stamped(92, ms("25:00"), c.End()))
    assert state_hash(restored) == state_hash(scene.state)
