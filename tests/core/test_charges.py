"""Who is charged, and what takes a charge back (RULES §1, §2)."""

from __future__ import annotations

import pytest

from router.core import commands as c
from router.core.policy import Agent, Desk, Policy, Shop
from tests.core.scene import Scene, desk_of, ms

ALL = desk_of("amy", "bob", "cat")


def held_by_amy(desk: Desk = ALL) -> Scene:
    """x waits for amy since 9:00, due 9:05; nobody else is there until somebody comes."""
    scene = Scene(desk, online=["amy"])
    scene.asks("9:00", "x")
    return scene


def test_the_holder_at_due_is_charged_once_the_verdict_is_sealed() -> None:
    scene = held_by_amy()
    scene.until("9:06:59.999")
    assert (scene.breaches(), scene.owes("amy")) == ([], 0)
    scene.until("9:07:00.000")
    assert scene.breaches() == [("reply", "amy", "x")]
    assert scene.owes("amy") == 2000
    breach = scene.breach()
    assert (breach.due_ms, breach.sealed_ms) == (ms("9:05"), ms("9:07"))
    assert breach.sub_account == "shop:amy"


# Grace: 2 min before due


@pytest.mark.parametrize(
    ("given", "charged"),
    [("9:03:00.000", "bob"), ("9:03:00.001", "amy"), ("9:05:00.000", "amy")],
)
def test_what_was_given_away_within_grace_is_charged_to_who_gave_it(
    given: str, charged: str
) -> None:
    scene = held_by_amy(desk_of("amy", "bob", policy=Policy(rescue_before_ms=0)))
    scene.online("9:01", "bob")
    scene.transfer(given, "x", "bob")
    scene.until("9:10")
    assert scene.breaches() == [("reply", charged, "x")]
    assert (scene.owes("amy"), scene.owes("bob")) == ((0, 2000) if charged == "bob" else (2000, 0))


def test_what_was_rescued_is_charged_to_whom_it_was_rescued_from() -> None:
    scene = held_by_amy()
    scene.online("9:01", "bob")
    scene.until("9:10")
    assert scene.causes("x")[-1] == ("bob", "rescue")
    assert scene.breaches() == [("reply", "amy", "x")]


@pytest.mark.parametrize(("given", "charged"), [("9:03:00.000", "bob"), ("9:03:00.001", "")])
def test_what_a_supervisor_gave_within_grace_is_charged_to_nobody(given: str, charged: str) -> None:
    scene = held_by_amy(desk_of("amy", "bob", policy=Policy(rescue_before_ms=0)))
    scene.online("9:01", "bob")
    scene.reassign(given, "x", "bob")
    scene.until("9:10")
    assert scene.breaches() == [("reply", charged or "came_too_late_to_the_holder", "x")]
    assert scene.breach().fine_fen == (2000 if charged else 0)


@pytest.mark.parametrize(("came", "charged"), [("9:03:00.000", "amy"), ("9:03:00.001", "")])
def test_what_came_out_of_the_queue_within_grace_is_charged_to_nobody(
    came: str, charged: str
) -> None:
    scene = Scene(ALL, online=[])
    scene.asks("9:00", "x")
    scene.online(came, "amy")
    assert scene.holder("x") == "amy"
    scene.until("9:10")
    assert scene.breaches() == [("reply", charged or "came_too_late_to_the_holder", "x")]


def test_what_nobody_held_is_counted_and_charged_to_nobody() -> None:
    scene = Scene(ALL, online=[])
    scene.asks("9:00", "x")
    scene.until("9:10")
    assert scene.breaches() == [("reply", "nobody_held_it", "x")]
    assert scene.breach().fine_fen == 0
    assert not scene.state.entries


def test_taken_up_after_due_it_stays_the_desks() -> None:
    scene = Scene(ALL, online=[])
    scene.asks("9:00", "x")
    scene.online("9:05:00.001", "amy")
    scene.until("9:10")
    assert scene.breaches() == [("reply", "nobody_held_it", "x")]


# Chains within grace


def test_a_chain_of_transfers_within_grace_leads_back_to_the_first() -> None:
    scene = held_by_amy()
    scene.online("9:03:40", "bob")  # nobody was there to rescue it
    scene.online("9:03:40", "cat")
    scene.transfer("9:03:50", "x", "bob")
    scene.transfer("9:04:30", "x", "cat")
    scene.until("9:10")
    assert scene.breaches() == [("reply", "amy", "x")]


def test_given_back_and_forth_within_grace_it_is_the_first_ones() -> None:
    scene = held_by_amy()
    scene.online("9:03:40", "bob")
    scene.transfer("9:03:50", "x", "bob")
    scene.transfer("9:04:40", "x", "amy")
    scene.until("9:10")
    assert scene.breaches() == [("reply", "amy", "x")]


def test_a_chain_ends_at_who_had_it_for_longer_than_grace() -> None:
    scene = held_by_amy(desk_of("amy", "bob", "cat", policy=Policy(rescue_before_ms=0)))
    scene.online("9:01", "bob")
    scene.transfer("9:02", "x", "bob")
    scene.online("9:03", "cat")
    scene.transfer("9:04", "x", "cat")
    scene.until("9:10")
    assert scene.breaches() == [("reply", "bob", "x")]


def test_a_chain_that_a_supervisor_began_within_grace_is_nobodys() -> None:
    scene = held_by_amy(desk_of("amy", "bob", "cat", policy=Policy(rescue_before_ms=0)))
    scene.online("9:03", "bob")
    scene.online("9:03", "cat")
    scene.reassign("9:03:30", "x", "bob")
    scene.transfer("9:04", "x", "cat")
    scene.until("9:10")
    assert scene.breaches() == [("reply", "came_too_late_to_the_holder", "x")]


def test_the_same_person_through_another_sub_account_has_had_it_all_along() -> None:
    from msgspec.structs import replace

    from tests.core.scene import sub

    desk = desk_of("amy", subs=[sub("amy"), replace(sub("amy"), id="shop:amy-2")])
    scene = held_by_amy(desk)
    scene.do("9:04", c.TransferSession(shop="shop", buyer="x", to="shop:amy-2", by=""))
    scene.until("9:10")
    assert scene.breaches() == [("reply", "amy", "x")]
    assert scene.breach().sub_account == "shop:amy-2"


# Late arrivals


def test_what_reaches_us_after_its_own_deadline_is_charged_to_nobody() -> None:
    """Here the session opens with it."""
    scene = Scene(desk_of("amy", shops=[Shop(id="shop", lateness_ms=600_000)]))
    scene.asks("9:06", "x", sent="9:00")
    scene.until("9:20")
    assert [rule for rule, _, _ in scene.breaches()] == ["reply"]
    assert scene.breach().agent == ""


@pytest.mark.parametrize(
    ("came", "charged"),
    [("9:03:00.000", True), ("9:03:00.001", False), ("9:06:00", False)],
)
def test_also_in_a_session_that_the_agent_has_held_all_along(came: str, charged: bool) -> None:
    """A late arrival brought it less than grace before due: nobody knew."""
    scene = Scene(desk_of("amy", shops=[Shop(id="shop", lateness_ms=600_000)]))
    scene.asks("8:30", "x", farewell=True)
    scene.answers("8:31", "amy", "x")
    scene.asks(came, "x", sent="9:00")
    scene.until("9:20")
    assert scene.breaches() == [("reply", "amy" if charged else "came_too_late_to_the_holder", "x")]


def test_the_same_for_a_refund_and_an_order_that_came_late() -> None:
    scene = Scene(desk_of("amy", shops=[Shop(id="shop", lateness_ms=600_000)]))
    scene.asks("8:50", "x", farewell=True)
    scene.answers("8:51", "amy", "x")
    scene.order("9:08:30", "x", "O1", sent="9:00")  # due 9:10
    scene.refund("9:08:30", "y", "R1", sent="8:59")  # due 9:29: in good time
    scene.until("9:50")
    assert scene.breaches() == [
        ("order_check", "came_too_late_to_the_holder", "x"),
        ("refund", "amy", "y"),
    ]


# Properly left


@pytest.mark.parametrize("to", ["away", "offline"])
def test_nobody_pays_for_what_falls_due_after_they_have_properly_left(to: c.PresenceName) -> None:
    scene = held_by_amy()
    scene.online("9:03:40", "bob")
    scene.do("9:04", c.SetPresence(agent="amy", to=to, open_sessions="transfer"))
    assert scene.holder("x") == "bob"
    scene.until("9:10")
    assert scene.breaches() == [("reply", "came_too_late_to_the_holder", "x")]


@pytest.mark.parametrize("how", ["transfer", "rescue"])
def test_leaving_after_it_was_given_away_changes_nothing(how: str) -> None:
    """Read so where the text could mean either: the giving is what counts, not the leaving."""
    scene = held_by_amy()
    scene.online("9:03:40" if how == "transfer" else "9:01", "bob")
    if how == "transfer":
        scene.transfer("9:03:50", "x", "bob")
    scene.until("9:03:59")
    assert scene.holder("x") == "bob"
    scene.offline("9:04", "amy")
    scene.until("9:10")
    assert scene.breaches() == [("reply", "amy", "x")]


def test_what_an_away_agent_keeps_is_still_theirs() -> None:
    """Away is not gone: sessions nobody waits in, refunds and order checks stay (§4)."""
    scene = held_by_amy()
    scene.refund("9:00", "x", "R1")
    scene.away("9:04", "amy", "inform")
    scene.until("9:40")
    assert scene.breaches() == [("refund", "amy", "x")]


def test_left_to_the_queue_it_is_the_desks() -> None:
    scene = held_by_amy()
    scene.offline("9:04", "amy", "transfer")
    scene.until("9:10")
    assert scene.breaches() == [("reply", "nobody_held_it", "x")]


def test_what_was_promised_a_follow_up_goes_with_who_leaves() -> None:
    scene = held_by_amy()
    scene.answers("9:01", "amy", "x")  # follow-up due 9:21
    scene.online("9:02", "bob")
    scene.offline("9:10", "amy")
    scene.until("9:30")
    assert scene.breaches() == [("follow_up", "bob", "x")]


# Each rule's fine


def test_what_each_miss_costs() -> None:
    scene = Scene(desk_of("amy"))
    scene.asks("9:00", "x")
    scene.answers("9:07:30", "amy", "x")  # follow-up due 9:27:30
    scene.asks("9:08", "y", farewell=True)
    scene.answers("9:08", "amy", "y")
    scene.order("9:09", "y", "O1")
    scene.refund("9:10", "z", "R1")
    scene.until("10:00")
    fines = {b.rule: b.fine_fen for b in scene.state.breaches.values()}
    assert fines == {"reply": 2000, "follow_up": 2000, "order_check": 1000, "refund": 3000}
    assert scene.owes("amy") == 8000


# The ledger


def test_a_waiver_lifts_the_charge_and_the_breach_stands() -> None:
    scene = held_by_amy()
    scene.until("9:10")
    breach = scene.breach()
    scene.waive("9:11", breach.id)
    assert scene.owes("amy") == 0
    assert (breach.fine_fen, breach.waived, breach.reversed) == (2000, True, False)
    assert [(e.kind, e.fine_fen, e.by) for e in scene.state.entries.values()] == [
        ("charge", 2000, ""),
        ("waiver", -2000, "sue"),
    ]
    assert [e.proof != [] for e in scene.state.entries.values()] == [True, True]


def test_a_waiver_says_why_and_is_given_once() -> None:
    scene = held_by_amy()
    scene.until("9:10")
    breach = scene.breach().id
    silent = c.WaiveBreach(supervisor="sue", why="", breach=breach)
    assert scene.refused("9:11", silent).reason == "reason_needed"
    unknown = c.WaiveBreach(supervisor="sue", why="x", breach="d-b99")
    assert scene.refused("9:11", unknown).reason == "no_such_breach"
    scene.waive("9:12", breach)
    again = c.WaiveBreach(supervisor="sue", why="x", breach=breach)
    assert scene.refused("9:13", again).reason == "already_waived"


def test_waived_then_disproved_it_is_lifted_once_only() -> None:
    scene = held_by_amy()
    scene.until("9:10")
    scene.waive("9:11", scene.breach().id)
    scene.answers("9:12", "amy", "x", sent="9:04")
    breach = scene.breach()
    assert (breach.waived, breach.reversed) == (True, True)
    assert [e.kind for e in scene.state.entries.values()] == ["charge", "waiver"]
    assert scene.owes("amy") == 0


def test_disproved_then_waived_it_is_lifted_once_only() -> None:
    scene = held_by_amy()
    scene.until("9:10")
    scene.answers("9:12", "amy", "x", sent="9:05:00.000")
    scene.waive("9:13", scene.breach().id)
    assert [e.kind for e in scene.state.entries.values()] == ["charge", "reversal"]
    assert scene.owes("amy") == 0


@pytest.mark.parametrize(("sent", "stands"), [("9:05:00.000", False), ("9:05:00.001", True)])
def test_late_proof_counts_if_it_was_sent_in_time(sent: str, stands: bool) -> None:
    scene = held_by_amy()
    scene.until("9:10")
    scene.answers("9:12", "amy", "x", sent=sent)
    assert bool(scene.breaches()) is stands
    assert scene.owes("amy") == (2000 if stands else 0)


@pytest.mark.parametrize(("came", "stands"), [("33:04:00.000", False), ("33:04:00.001", True)])
def test_what_is_more_than_24_hours_late_judges_nothing(came: str, stands: bool) -> None:
    scene = held_by_amy()
    scene.until("9:10")
    scene.answers(came, "amy", "x", sent="9:04")
    assert bool(scene.breaches()) is stands


def test_a_change_of_policy_does_not_touch_what_was_charged() -> None:
    scene = held_by_amy(desk_of(Agent(id="amy")))
    scene.until("9:10")
    scene.adopt("9:11", desk_of("amy", policy=Policy(reply_fine_fen=5000, grace_ms=0)))
    assert (scene.breach().fine_fen, scene.owes("amy")) == (2000, 2000)
    scene.answers("9:12", "amy", "x", sent="9:04")  # what was charged is what is taken back
    assert scene.owes("amy") == 0
    scene.asks("9:20", "x")
    scene.until("9:30")
    assert scene.owes("amy") == 5000


@pytest.mark.parametrize("reply_ms", [120_000, 900_000])
def test_a_deadline_that_runs_is_judged_by_the_policy_it_was_armed_under(reply_ms: int) -> None:
    """Read so where the text is silent: from the change on, new deadlines are the new policy's."""
    scene = held_by_amy(desk_of("amy"))
    scene.adopt("9:04", desk_of("amy", policy=Policy(reply_ms=reply_ms)))
    scene.until("9:30")
    assert [(b.rule, b.due_ms) for b in scene.state.breaches.values()] == [("reply", ms("9:05"))]


def test_a_miss_not_yet_sealed_is_sealed_by_the_policy_it_was_missed_under() -> None:
    scene = held_by_amy(desk_of("amy"))
    scene.until("9:05:59")
    scene.adopt("9:06", desk_of("amy", policy=Policy(reply_ms=900_000, reply_fine_fen=9)))
    scene.until("9:30")
    assert [(b.rule, b.due_ms) for b in scene.state.breaches.values()] == [("reply", ms("9:05"))]
