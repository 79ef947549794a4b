"""What an agent says against a charge, and the answer."""

from __future__ import annotations

from msgspec.structs import replace

from router.core import commands as c
from router.core.facts import AppealAnswered, ChargeAppealed
from router.simulate import state_hash
from tests.core.scene import Scene, desk_of

APPEAL = c.AppealCharge(entry="d-e1", agent="amy", why="the buyer had hung up")
ACCEPT = c.AnswerAppeal(appeal="d-a1", supervisor="sue", accepted=True, why="shown")


def charged() -> Scene:
    """amy owes ¥20 for a reply that never came."""
    scene = Scene(desk_of("amy", "bob"), online=["amy"])
    scene.asks("9:00", "x")
    scene.until("9:10")
    assert scene.owes("amy") == 2000
    return scene


def test_what_is_accepted_is_waived_with_who_and_why() -> None:
    scene = charged()
    scene.do("9:20", APPEAL)
    assert scene.owes("amy") == 2000, "asking alone lifts nothing"
    scene.do("9:30", ACCEPT)
    assert scene.owes("amy") == 0
    breach = scene.breach()
    assert (breach.waived, breach.waived_by, breach.waived_why) == (True, "sue", "shown")
    assert scene.state.appeals["d-a1"].state == "accepted"
    assert [(fact.appeal, fact.agent) for fact in scene.said(ChargeAppealed)] == [("d-a1", "amy")]
    assert [(fact.accepted, fact.by) for fact in scene.said(AppealAnswered)] == [(True, "sue")]


def test_what_is_refused_stays() -> None:
    scene = charged()
    scene.do("9:20", APPEAL)
    assert scene.refused("9:29", replace(ACCEPT, why=" ")).reason == "reason_needed"
    scene.do("9:30", replace(ACCEPT, accepted=False))
    assert scene.owes("amy") == 2000
    assert scene.refused("9:31", ACCEPT).reason == "already_answered"
    assert scene.refused("9:31", replace(ACCEPT, appeal="d-a7")).reason == "no_such_appeal"
    assert scene.refused("9:32", APPEAL).reason == "already_appealed"


def test_only_ones_own_charges_are_appealed_with_a_reason() -> None:
    scene = charged()
    assert scene.refused("9:20", replace(APPEAL, agent="bob")).reason == "not_yours"
    assert scene.refused("9:20", replace(APPEAL, entry="d-e7")).reason == "no_such_entry"
    assert scene.refused("9:20", replace(APPEAL, why="")).reason == "reason_needed"
    scene.waive("9:21", scene.breach().id)
    assert scene.refused("9:22", APPEAL).reason == "already_lifted"
    assert scene.refused("9:22", replace(APPEAL, entry="d-e2")).reason == "not_a_charge"


def test_what_was_lifted_meanwhile_is_not_lifted_twice() -> None:
    scene = charged()
    scene.do("9:20", APPEAL)
    scene.waive("9:21", scene.breach().id)
    scene.do("9:30", ACCEPT)
    assert (scene.owes("amy"), len(scene.state.entries)) == (0, 2)
    assert scene.breach().waived_why == "goodwill"


def test_it_is_the_same_after_a_restart() -> None:
    scene = charged()
    scene.do("9:20", APPEAL)
    scene.do("9:30", ACCEPT)
    assert state_hash(scene.restored()) == state_hash(scene.state)
