"""Conduct flags: raised once, charged by the policy of their day, confirmed or dismissed."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from msgspec.structs import replace

from router.core import commands as c
from router.core.facts import FlagConfirmed, FlagDismissed, FlagRaised, PhraseListed
from router.core.policy import ConductRule, Desk, Policy, ServiceHours, Shop
from router.core.records import Flag
from router.simulate import state_hash
from tests.core.scene import Scene, desk_of, ms

RUDE = "你烦不烦"


def found(sent: str = "9:01", **more: object) -> c.RaiseFlag:
    """The inspector's finding in amy's message to x."""
    finding = c.RaiseFlag(
        flag="abuse:amy-x:4",
        rule="abuse",
        shop="shop",
        buyer="x",
        session="d-s1",
        message="amy-x",
        agent="amy",
        sub_account="shop:amy",
        sent_ms=ms(sent),
        offset=4,
        start=4,
        end=8,
        matched=RUDE,
        source="abuse.txt:12",
    )
    return replace(finding, **more)


def charging(
    charge: Literal["confirmed", "at_once", "never"], fine_fen: int = 10_000, **more: object
) -> Desk:
    rule = ConductRule(rule="abuse", fine_fen=fine_fen, charge=charge)
    return desk_of("amy", "bob", policy=Policy(conduct=(rule,)), **more)  # type: ignore[arg-type]


def scene_with(desk: Desk) -> Scene:
    """x has written, and amy has answered."""
    scene = Scene(desk, online=["amy"])
    scene.asks("9:00", "x")
    scene.answers("9:01", "amy", "x")
    return scene


def the_flag(scene: Scene) -> Flag:
    (flag,) = scene.state.flags.values()
    return flag


# Raising


def test_a_flag_waits_for_a_supervisor_with_its_evidence() -> None:
    scene = scene_with(charging("confirmed"))
    scene.do("9:05", found(evidence=(3,)))
    flag = the_flag(scene)
    assert (flag.id, flag.state, flag.breach) == ("d-f1", "open", "")
    assert (flag.agent, flag.matched, flag.start, flag.end) == ("amy", RUDE, 4, 8)
    assert flag.proof == [3, 4, 5], "the other message, the message, the finding"
    assert [(fact.flag, fact.agent) for fact in scene.said(FlagRaised)] == [("d-f1", "amy")]
    assert scene.owes("amy") == 0


def test_the_same_finding_again_changes_nothing() -> None:
    scene = scene_with(charging("at_once"))
    scene.do("9:05", found())
    before = scene.state.flags, scene.owes("amy")
    scene.do("9:06", found(detail="said otherwise"))
    assert (scene.state.flags, scene.owes("amy")) == before
    assert len(scene.said(FlagRaised)) == 1
    scene.do("9:07", found(buyer="y"))
    assert len(scene.state.flags) == 2, "a name counts within its shop and buyer"


def test_a_shop_that_is_not_there_is_refused() -> None:
    scene = scene_with(charging("confirmed"))
    assert scene.refused("9:05", found(shop="elsewhere")).reason == "unknown_shop"


def test_a_recalled_message_keeps_its_flag() -> None:
    scene = scene_with(charging("confirmed"))
    scene.do("9:05", found())
    recall = c.MessageRecalled(shop="shop", buyer="x", message="amy-x", sent_ms=ms("9:06"))
    scene.do("9:06", recall)
    assert the_flag(scene).state == "open"


# Charging


def test_at_once_is_charged_when_it_is_raised_to_who_wrote_it() -> None:
    scene = scene_with(charging("at_once"))
    scene.online("9:02", "bob")
    scene.transfer("9:02", "x", "bob")
    scene.do("9:05", found())
    breach = scene.breach()
    assert (breach.rule, breach.agent, breach.fine_fen) == ("abuse", "amy", 10_000)
    assert (breach.key, breach.armed_ms, breach.due_ms) == ("d-f1", ms("9:01"), ms("9:01"))
    assert breach.proof == [4, 7]
    assert scene.owes("amy") == 10_000
    assert (the_flag(scene).state, the_flag(scene).by) == ("confirmed", "")
    assert [(fact.by, fact.breach) for fact in scene.said(FlagConfirmed)] == [("", breach.id)]


def test_confirming_charges() -> None:
    scene = scene_with(charging("confirmed"))
    scene.do("9:05", found())
    scene.do("9:10", c.ConfirmFlag(flag="d-f1", supervisor="sue", why="clear"))
    assert scene.owes("amy") == 10_000
    flag = the_flag(scene)
    assert (flag.state, flag.by, flag.why, flag.at_ms) == ("confirmed", "sue", "clear", ms("9:10"))
    assert flag.breach == scene.breach().id
    again = c.ConfirmFlag(flag="d-f1", supervisor="sue")
    assert scene.refused("9:11", again).reason == "already_confirmed"
    assert scene.refused("9:11", replace(again, flag="d-f9")).reason == "no_such_flag"


@pytest.mark.parametrize("desk", [charging("never"), charging("confirmed", fine_fen=0)])
def test_what_costs_nothing_is_confirmed_and_is_no_breach(desk: Desk) -> None:
    scene = scene_with(desk)
    scene.do("9:05", found())
    scene.do("9:10", c.ConfirmFlag(flag="d-f1", supervisor="sue"))
    assert (the_flag(scene).state, scene.breaches()) == ("confirmed", [])


def test_the_policy_of_the_day_it_was_sent_counts() -> None:
    scene = scene_with(charging("at_once", fine_fen=500))
    scene.adopt("9:03", charging("confirmed", fine_fen=10_000))
    scene.do("9:05", found())
    scene.do("9:05", found(flag="abuse:later:0", sent_ms=ms("9:04")))
    assert scene.owes("amy") == 500
    assert [flag.state for flag in scene.state.flags.values()] == ["confirmed", "open"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"by": "bot"}, "not_written_by_a_person"),
        ({"by": "auto"}, "not_written_by_a_person"),
        ({"agent": "", "sub_account": ""}, "nobody_is_known_to_have_written_it"),
    ],
)
def test_who_could_not_help_it_is_not_charged(more: dict[str, Any], why: str) -> None:
    scene = scene_with(charging("at_once"))
    scene.do("9:05", found(**more))
    assert (scene.breach().uncharged, scene.breach().fine_fen) == (why, 0)
    assert not scene.state.entries


def test_outside_the_service_hours_it_is_flagged_and_not_charged() -> None:
    hours = (ServiceHours(from_minute=10 * 60, to_minute=20 * 60),)
    scene = scene_with(charging("at_once", shops=(Shop(id="shop", service_hours=hours),)))
    scene.do("9:05", found())
    assert scene.breach().uncharged == "out_of_service_hours"
    assert scene.owes("amy") == 0


# Dismissing


def test_dismissing_needs_a_reason_and_takes_the_charge_back() -> None:
    scene = scene_with(charging("at_once"))
    scene.do("9:05", found())
    dismissal = c.DismissFlag(flag="d-f1", supervisor="sue", why=" ")
    assert scene.refused("9:10", dismissal).reason == "reason_needed"
    scene.do("9:11", replace(dismissal, why="she quoted the buyer"))
    assert scene.owes("amy") == 0
    lifted = list(scene.state.entries.values())[-1]
    assert (lifted.kind, lifted.by, lifted.fine_fen) == ("reversal", "sue", -10_000)
    assert (scene.breach().reversed, scene.breach().waived) == (True, False)
    assert [(fact.by, fact.why) for fact in scene.said(FlagDismissed)] == [
        ("sue", "she quoted the buyer")
    ]
    confirmation = c.ConfirmFlag(flag="d-f1", supervisor="sue")
    assert scene.refused("9:12", confirmation).reason == "already_dismissed"
    assert scene.refused("9:12", replace(dismissal, why="again")).reason == "already_dismissed"
    assert scene.refused("9:12", replace(dismissal, flag="d-f7")).reason == "no_such_flag"


def test_an_open_flag_is_dismissed_without_an_entry() -> None:
    scene = scene_with(charging("confirmed"))
    scene.do("9:05", found())
    scene.do("9:11", c.DismissFlag(flag="d-f1", supervisor="sue", why="harmless"))
    assert (the_flag(scene).state, scene.state.entries) == ("dismissed", {})


def test_a_charge_that_was_waived_is_not_taken_back_twice() -> None:
    scene = scene_with(charging("at_once"))
    scene.do("9:05", found())
    scene.waive("9:06", scene.breach().id)
    scene.do("9:11", c.DismissFlag(flag="d-f1", supervisor="sue", why="harmless"))
    assert (scene.owes("amy"), len(scene.state.entries)) == (0, 2)


# The allow-list


def test_dismissing_can_allow_the_phrase_for_that_rule_and_shop() -> None:
    scene = scene_with(charging("confirmed"))
    scene.do("9:05", found())
    scene.do("9:06", c.DismissFlag(flag="d-f1", supervisor="sue", why="a name", allow=RUDE))
    (entry,) = scene.state.allowed.values()
    assert (entry.phrase, entry.rule, entry.shop, entry.flag) == (RUDE, "abuse", "shop", "d-f1")
    assert scene.refused("9:07", found(flag="abuse:later:0")).reason == "allowed"
    scene.do("9:07", found(flag="prohibited:later:0", rule="prohibited"))


@pytest.mark.parametrize(
    ("phrase", "ahead", "matched", "behind", "allowed"),
    [
        ("微信", "可以用", "微信", "支付", True),
        ("微信支付", "可以用", "微信", "支付的", True),
        ("微信支付", "加我", "微信", ",也能微信支付", False),
        ("微信支付", "微信支付可以,加", "微信", "", False),
        ("微", "", "微信", "", False),
        ("vx", "", "VX", "", True),
        ("公众号微信", "公众号", "微信", "", True),
    ],
)
def test_a_phrase_excuses_what_it_covers(
    phrase: str, ahead: str, matched: str, behind: str, allowed: bool
) -> None:
    scene = scene_with(charging("confirmed"))
    scene.do("9:02", c.AllowPhrase(phrase=phrase, by="sue"))
    command = found(matched=matched, ahead=ahead, behind=behind)
    if allowed:
        assert scene.refused("9:05", command).reason == "allowed"
    else:
        scene.do("9:05", command)


def test_what_is_missing_is_excused_by_no_phrase() -> None:
    scene = scene_with(charging("confirmed"))
    scene.do("9:02", c.AllowPhrase(phrase="您好", by="sue"))
    scene.do("9:05", found(rule="honorific", matched="", start=0, end=0))


def test_the_allow_list_has_scopes_and_can_be_taken_back() -> None:
    scene = scene_with(charging("confirmed"))
    for more in ({"rule": "prohibited"}, {"shop": "shop", "rule": "abuse"}):
        scene.do("9:02", c.AllowPhrase(phrase=RUDE, by="sue", **more))
    again = c.AllowPhrase(phrase=f" {RUDE} ", by="sue", rule="prohibited")
    assert scene.refused("9:02", again).reason == "already_allowed"
    assert scene.refused("9:02", replace(again, phrase=" ")).reason == "phrase_needed"
    assert scene.refused("9:02", replace(again, shop="else")).reason == "unknown_shop"
    assert scene.refused("9:03", found()).reason == "allowed"
    taken = c.ForbidPhrase(phrase=RUDE, by="sue", rule="abuse", shop="shop")
    scene.do("9:04", taken)
    assert scene.refused("9:04", taken).reason == "no_such_phrase"
    scene.do("9:05", found())
    assert [fact.allowed for fact in scene.said(PhraseListed)] == [True, True, False]


# Records


def test_all_of_it_is_the_same_after_a_restart() -> None:
    scene = scene_with(charging("confirmed"))
    scene.do("9:02", c.AllowPhrase(phrase="甲", by="sue"))
    scene.do("9:02", c.AllowPhrase(phrase="乙", by="sue"))
    scene.do("9:03", c.ForbidPhrase(phrase="甲", by="sue"))
    scene.do("9:05", found())
    scene.do("9:05", found(flag="abuse:other:0"))
    scene.do("9:06", c.ConfirmFlag(flag="d-f1", supervisor="sue"))
    scene.do("9:07", c.DismissFlag(flag="d-f2", supervisor="sue", why="no", allow=RUDE))
    restored = scene.restored()
    assert state_hash(restored) == state_hash(scene.state)
    assert restored.flag_ids == scene.state.flag_ids
