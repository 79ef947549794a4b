"""Leaving, being back, falling silent: the fourth reception rule (RULES §1, §4)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from router.core import commands as c
from router.core.commands_shift import PlannedShift
from router.core.facts import (
    AttendanceNoted,
    DeadlineMissed,
    DeadlineWithdrawn,
    DeliveryRequested,
    PresenceChanged,
)
from router.core.policy import AwayMessages, Policy, ServiceHours, Shop
from router.core.records import Breach
from tests.core.scene import Scene, desk_of, ms, sub

KEEP = Policy(away_messages=AwayMessages.KEEP)


def told_at_9(
    *buyers: str,
    policy: Policy = KEEP,
    shops: Sequence[Shop] = (Shop(id="shop"),),
    back: str = "9:10",
) -> Scene:
    """amy tells x (and whom else she has) at 9:02 that she leaves, and is back at 9:10."""
    scene = Scene(desk_of("amy", "bob", policy=policy, shops=shops), online=["amy"])
    for buyer in buyers or ("x",):
        scene.asks("9:01", buyer)
    scene.away("9:02", "amy", "inform")
    if back:
        scene.online(back, "amy")
    return scene


def away_breaches(scene: Scene) -> list[tuple[str, str]]:
    """(who is charged or why nobody is, buyer) of the breaches of this rule that stand."""
    return [(who, buyer) for rule, who, buyer in scene.breaches() if rule == "away"]


def only(scene: Scene) -> Breach:
    (found,) = (b for b in scene.state.breaches.values() if b.rule == "away")
    return found


# Told, and left without an answer


@pytest.mark.parametrize(
    ("answered", "charged"),
    [
        ("9:01:59.999", True),
        ("9:02", False),
        ("9:10", False),
        ("9:15", False),
        ("9:15:00.001", True),
    ],
)
def test_who_was_told_gets_an_answer_until_five_minutes_after_the_return(
    answered: str, charged: bool
) -> None:
    """What was sent decides, from the telling on; both ends included, whenever it arrives."""
    scene = told_at_9()
    scene.until("9:16")
    scene.answers("9:16:30", "amy", "x", sent=answered)
    scene.until("9:40")
    assert away_breaches(scene) == ([("amy", "x")] if charged else [])
    assert scene.owes("amy") == (2000 if charged else 0)


def test_what_is_put_down_of_it() -> None:
    scene = told_at_9()
    scene.until("9:17")
    breach = only(scene)
    assert (breach.armed_ms, breach.due_ms) == (ms("9:10"), ms("9:15"))
    assert (breach.sealed_ms, breach.key, breach.session) == (ms("9:17"), "", "d-s1")
    assert (breach.agent, breach.sub_account, breach.fine_fen) == ("amy", "shop:amy", 2000)
    assert len(breach.proof) == 2  # the telling and the return
    restored = scene.restored()
    assert restored.breaches == scene.state.breaches
    assert restored.persons["amy"].charged == scene.state.persons["amy"].charged != ()


def test_it_is_sealed_when_the_lateness_is_over() -> None:
    scene = told_at_9()
    scene.until("9:16:59.999")
    assert away_breaches(scene) == []
    scene.until("9:17")
    assert away_breaches(scene) == [("amy", "x")]


def test_the_holder_is_warned_and_the_miss_is_seen_at_due() -> None:
    scene = told_at_9()
    scene.until("9:15")
    assert (ms("9:13"), "away", "due_soon", "amy") in scene.warnings("x")
    (missed,) = [f for f in scene.said(DeadlineMissed) if f.rule == "away"]
    assert (missed.at_ms, missed.agent) == (ms("9:15"), "amy")
    scene.answers("9:16", "amy", "x", sent="9:14")
    assert [f.rule for f in scene.said(DeadlineWithdrawn)] == ["away"]
    scene.until("9:40")
    assert away_breaches(scene) == []


def test_any_person_may_have_answered() -> None:
    scene = told_at_9()
    scene.answers("9:12", "", "x")
    scene.until("9:40")
    assert away_breaches(scene) == []


@pytest.mark.parametrize("by", ["bot", "auto"])
def test_a_bot_or_an_automatic_text_is_no_answer(by: c.By) -> None:
    scene = told_at_9()
    scene.answers("9:12", "amy", "x", by=by)
    scene.until("9:40")
    assert away_breaches(scene) == [("amy", "x")]


def test_late_proof_reverses_it() -> None:
    scene = told_at_9()
    scene.until("9:20")
    assert scene.owes("amy") == 2000
    scene.answers("9:30", "amy", "x", sent="9:15:00.001")
    assert scene.owes("amy") == 2000
    scene.answers("9:31", "amy", "x", sent="9:15")
    assert scene.owes("amy") == 0
    assert only(scene).reversed_why.startswith("late_proof:")


def test_late_proof_that_arrives_before_the_verdict_spares_it() -> None:
    """It was sent so long ago that it counts as late, and the deadline is still to come."""
    scene = told_at_9(policy=replace(KEEP, away_return_ms=1_200_000))
    scene.until("9:20")
    scene.answers("9:21", "amy", "x", sent="9:10:30")
    scene.until("9:50")
    assert scene.state.breaches == {}


def test_the_order_of_arrival_decides_nothing() -> None:
    for first, second in (("9:14", "9:16"), ("9:16", "9:14")):
        scene = told_at_9()
        scene.until("9:16")
        scene.answers("9:16:10", "amy", "x", sent=first)
        scene.answers("9:16:20", "amy", "x", sent=second)
        scene.until("9:40")
        assert away_breaches(scene) == []


def test_only_one_for_each_coming_back() -> None:
    scene = told_at_9("x", "y", "z")
    scene.answers("9:12", "amy", "x")
    scene.until("9:40")
    assert away_breaches(scene) == [("amy", "y")]


def test_each_coming_back_is_one() -> None:
    scene = told_at_9()
    scene.until("9:18")
    scene.asks("9:20", "x")
    scene.away("9:21", "amy", "inform")
    scene.online("9:30", "amy")
    scene.until("9:40")
    assert away_breaches(scene) == [("amy", "x"), ("amy", "x")]


def test_who_was_not_told_is_owed_nothing() -> None:
    scene = Scene(desk_of("amy", policy=KEEP))
    scene.asks("9:00", "x", farewell=True)
    scene.answers("9:01", "amy", "x")
    scene.away("9:02", "amy", "inform")
    scene.online("9:10", "amy")
    scene.until("9:40")
    assert scene.breaches() == []


# What ends the debt


@pytest.mark.parametrize(("sent", "owed"), [("9:15", False), ("9:15:00.001", True)])
def test_a_buyer_who_takes_leave_in_time_is_owed_nothing(sent: str, owed: bool) -> None:
    scene = told_at_9()
    scene.until("9:16")
    scene.asks("9:16:30", "x", sent=sent, farewell=True)
    scene.until("9:17")
    assert away_breaches(scene) == ([("amy", "x")] if owed else [])


def test_nor_one_whose_last_word_before_was_a_farewell() -> None:
    scene = Scene(desk_of("amy", policy=KEEP))
    scene.asks("9:00", "x")
    scene.asks("9:01", "x", farewell=True)
    scene.away("9:02", "amy", "inform")
    scene.online("9:10", "amy")
    scene.until("9:40")
    assert scene.breaches() == []


@pytest.mark.parametrize("farewell_first", [True, False])
def test_whichever_of_their_words_arrives_first(farewell_first: bool) -> None:
    """The farewell was sent before the question: the question is the last word."""
    scene = Scene(desk_of("amy", policy=KEEP))
    scene.asks("9:00", "x")
    scene.away("9:02", "amy", "inform")
    words = [("9:01", True), ("9:01:30", False)]
    for sent, farewell in words if farewell_first else reversed(words):
        scene.asks("9:02:30", "x", sent=sent, farewell=farewell)
    scene.online("9:03", "amy")
    scene.until("9:40")
    assert ("amy", "x") in away_breaches(scene)


@pytest.mark.parametrize(("sent", "owed"), [("9:15", False), ("9:15:00.001", True)])
def test_a_buyer_who_recalls_all_they_asked_is_owed_nothing(sent: str, owed: bool) -> None:
    scene = told_at_9()
    scene.until("9:16")
    scene.do(
        "9:16:30", c.MessageRecalled(shop="shop", buyer="x", message="x-9:01", sent_ms=ms(sent))
    )
    scene.until("9:40")
    assert away_breaches(scene) == ([("amy", "x")] if owed else [])


@pytest.mark.parametrize(("time", "owed"), [("9:15", False), ("9:15:00.001", True)])
def test_a_session_that_ends_in_time_is_owed_nothing(time: str, owed: bool) -> None:
    scene = told_at_9()
    scene.close(time, "x")
    scene.until("9:40")
    assert away_breaches(scene) == ([("amy", "x")] if owed else [])


def test_a_close_that_reaches_us_late_counts_when_it_was_sent() -> None:
    scene = told_at_9()
    scene.until("9:15")
    scene.do("9:15:30", c.PlatformClosed(shop="shop", buyer="x", sent_ms=ms("9:14")))
    scene.until("9:40")
    assert away_breaches(scene) == []


@pytest.mark.parametrize(("time", "owed"), [("9:15", False), ("9:15:00.001", True)])
def test_a_session_that_goes_to_somebody_else_in_time_is_theirs(time: str, owed: bool) -> None:
    scene = told_at_9()
    scene.online("9:11", "bob")
    scene.transfer(time, "x", "bob")
    scene.until("9:40")
    assert away_breaches(scene) == ([("amy", "x")] if owed else [])


def test_one_that_came_back_is_owed_nothing_either() -> None:
    scene = told_at_9()
    scene.online("9:11", "bob")
    scene.transfer("9:12", "x", "bob")
    scene.reassign("9:13", "x", "amy")
    scene.until("9:40")
    assert away_breaches(scene) == []


def test_another_of_their_own_sub_accounts_is_still_theirs() -> None:
    subs = [sub("amy"), replace(sub("amy"), id="shop:amy2")]
    scene = Scene(desk_of("amy", subs=subs, policy=KEEP))
    scene.asks("9:01", "x")
    scene.away("9:02", "amy", "inform")
    scene.online("9:10", "amy")
    scene.reassign("9:12", "x", "amy2")
    scene.until("9:40")
    assert away_breaches(scene) == [("amy", "x")]


# Leaving again


def test_telling_them_again_begins_a_new_spell() -> None:
    scene = told_at_9()
    scene.away("9:15", "amy", "inform")
    assert len(scene.texts("x")) == 2
    scene.until("9:40")
    assert away_breaches(scene) == []
    scene.online("9:45", "amy")
    scene.until("9:52")
    assert only(scene).due_ms == ms("9:50")


def test_leaving_again_a_moment_too_late_spares_nobody() -> None:
    scene = told_at_9()
    scene.away("9:15:00.001", "amy", "inform")
    assert len(scene.texts("x")) == 1  # nobody is owed an answer any more
    scene.until("9:40")
    assert away_breaches(scene) == [("amy", "x")]


@pytest.mark.parametrize("to", ["away", "offline"])
def test_transferred_they_are_gone(to: c.PresenceName) -> None:
    scene = told_at_9()
    scene.online("9:11", "bob")
    scene.do("9:15", c.SetPresence(agent="amy", to=to, open_sessions="transfer"))
    assert scene.holder("x") == "bob"
    scene.until("9:40")
    assert away_breaches(scene) == []


def test_leaving_again_without_a_word_keeps_them_told() -> None:
    """Nobody waits in the sense of §2, so no choice is asked for: the next return counts."""
    scene = told_at_9()
    scene.away("9:14", "amy")
    scene.until("9:30")
    assert away_breaches(scene) == []
    scene.online("9:31", "amy")
    scene.until("9:40")
    assert only(scene).due_ms == ms("9:36")


def test_a_second_return_sets_no_new_deadline() -> None:
    scene = told_at_9()
    scene.online("9:14", "amy")
    scene.until("9:40")
    assert only(scene).due_ms == ms("9:15")


def test_a_supervisor_who_sets_them_online_does_not_bring_them_back() -> None:
    scene = told_at_9(back="")
    scene.do("9:10", c.SetPresence(agent="amy", to="online", by="sue", reason="busy"))
    scene.until("9:30")
    assert scene.breaches() == []
    scene.online("9:31", "amy")
    scene.until("9:40")
    assert only(scene).due_ms == ms("9:36")


def test_a_supervisor_who_sends_them_away_transfers_what_they_owe() -> None:
    scene = told_at_9()
    scene.online("9:11", "bob")
    scene.do("9:12", c.SetPresence(agent="amy", to="away", by="sue", reason="meeting"))
    assert scene.holder("x") == "bob"
    scene.until("9:40")
    assert away_breaches(scene) == []


# Together with the reply rule


def test_who_wrote_again_and_is_charged_as_a_reply_is_not_charged_twice() -> None:
    scene = told_at_9()
    scene.asks("9:11", "x")
    scene.until("9:40")
    assert scene.breaches() == [("reply", "amy", "x"), ("away", "charged_as_reply", "x")]
    assert scene.owes("amy") == 2000


def test_the_reply_is_judged_first_also_where_it_is_due_first() -> None:
    scene = told_at_9(back="")
    scene.asks("9:09", "x")  # due 9:14, before the return's 9:15
    scene.online("9:10", "amy")
    scene.until("9:15")
    assert scene.state.breaches == {}
    scene.until("9:40")
    assert scene.breaches() == [("reply", "amy", "x"), ("away", "charged_as_reply", "x")]


def test_a_new_message_answered_in_its_time_leaves_the_debt_missed() -> None:
    scene = told_at_9()
    scene.asks("9:14", "x")
    scene.answers("9:16", "amy", "x")
    scene.until("9:20")
    assert scene.breaches() == [("away", "amy", "x")]


def test_a_wait_that_began_afterwards_is_another_one() -> None:
    scene = told_at_9()
    scene.asks("9:15:00.001", "x")
    scene.until("9:40")
    assert scene.breaches() == [("away", "amy", "x"), ("reply", "amy", "x")]
    assert scene.owes("amy") == 4000


# Hours, outages, numbers


@pytest.mark.parametrize(
    ("to_minute", "who"), [(9 * 60 + 15, "out_of_service_hours"), (9 * 60 + 16, "amy")]
)
def test_out_of_the_service_hours_nobody_is_charged(to_minute: int, who: str) -> None:
    hours = (ServiceHours(from_minute=480, to_minute=to_minute),)
    scene = told_at_9(shops=[Shop(id="shop", service_hours=hours)])
    scene.until("9:40")
    assert away_breaches(scene) == [(who, "x")]


def test_what_falls_due_in_an_outage_is_judged_after_it() -> None:
    scene = told_at_9()
    scene.do("9:30", c.NoteOutage(from_ms=ms("9:14"), to_ms=ms("9:30")))
    scene.answers("9:35", "amy", "x", sent="9:14:30")
    scene.until("10:00")
    assert away_breaches(scene) == []


def test_where_our_console_is_the_only_client_the_deadline_is_extended() -> None:
    shop = Shop(id="shop", console_only=True, lateness_ms=0)
    scene = told_at_9(shops=[shop])
    scene.do("9:30", c.NoteOutage(from_ms=ms("9:14"), to_ms=ms("9:30")))
    scene.until("9:30:59")
    assert away_breaches(scene) == []
    scene.until("10:00")
    assert only(scene).due_ms == ms("9:31")


def test_the_shops_own_numbers() -> None:
    own = replace(KEEP, away_return_ms=60_000, away_fine_fen=500)
    scene = told_at_9(shops=[Shop(id="shop", policy=own)])
    scene.until("9:40")
    assert (only(scene).due_ms, scene.owes("amy")) == (ms("9:11"), 500)


def test_a_debt_outlives_a_restart() -> None:
    scene = told_at_9()
    scene.state = scene.restored()
    scene.until("9:40")
    assert away_breaches(scene) == [("amy", "x")]


# Silence


def silent(*buyers: str, since: str = "9:01", policy: Policy | None = None) -> Scene:
    """amy's console is gone since 9:01; the router takes her for gone at 9:01:45."""
    scene = Scene(desk_of("amy", "bob", policy=policy), online=[])
    scene.online("8:30", "amy", console=True)
    for buyer in buyers or ("x",):
        scene.asks("9:00", buyer)
    scene.do("9:01:45", c.GoSilent(agent="amy", since_ms=ms(since)))
    return scene


def test_who_falls_silent_while_a_buyer_waits_and_is_not_answered_has_left() -> None:
    scene = silent("x", "y")
    scene.until("9:06:59.999")
    assert away_breaches(scene) == []
    scene.until("9:30")
    assert away_breaches(scene) == [("amy", "x")]  # one for each silence
    breach = only(scene)
    assert (breach.key, breach.due_ms, breach.fine_fen) == ("silent", ms("9:05"), 2000)
    assert (breach.sub_account, len(breach.proof)) == ("shop:amy", 3)
    assert [who for rule, who, _ in scene.breaches() if rule == "reply"] == ["nobody_held_it"] * 2


@pytest.mark.parametrize(("back", "charged"), [("9:05", False), ("9:05:00.001", True)])
def test_who_is_back_before_the_deadline_has_not_left(back: str, charged: bool) -> None:
    scene = silent()
    scene.online(back, "amy", console=True)
    scene.until("9:30")
    assert (("amy", "x") in away_breaches(scene)) == charged


def test_being_back_in_any_presence_counts() -> None:
    scene = silent()
    scene.away("9:04", "amy")
    scene.offline("9:04:30", "amy")
    scene.online("9:08", "amy")
    scene.until("9:30")
    assert away_breaches(scene) == []


@pytest.mark.parametrize(("answered", "charged"), [("9:05", False), ("9:05:00.001", True)])
def test_a_buyer_answered_in_time_was_answered(answered: str, charged: bool) -> None:
    scene = silent()
    scene.until("9:06")
    scene.answers("9:06:30", "bob", "x", sent=answered)
    scene.until("9:30")
    assert away_breaches(scene) == ([("amy", "x")] if charged else [])


def test_late_proof_reverses_a_silence_with_its_reply() -> None:
    scene = silent()
    scene.until("9:20")
    scene.answers("9:21", "bob", "x", sent="9:04")
    assert scene.breaches() == []
    assert scene.owes("amy") == 0


def test_who_took_the_buyer_over_in_time_pays_alone() -> None:
    scene = Scene(desk_of("amy", "bob"), online=[])
    scene.online("8:30", "amy", console=True)
    scene.asks("9:00", "x")
    scene.online("9:00", "bob")
    scene.do("9:01:45", c.GoSilent(agent="amy", since_ms=ms("9:01")))
    scene.until("9:30")
    assert scene.breaches() == [("reply", "bob", "x"), ("away", "charged_to_who_took_it", "x")]


@pytest.mark.parametrize(("since", "left"), [("9:00", True), ("8:59:59.999", False)])
def test_a_buyer_who_wrote_after_the_console_was_gone_was_not_left(since: str, left: bool) -> None:
    scene = silent(since=since)
    scene.until("9:30")
    assert (away_breaches(scene) != []) == left


def test_a_wait_that_was_missed_before_is_the_reply_rules() -> None:
    scene = Scene(desk_of("amy"), online=[])
    scene.online("8:30", "amy", console=True)
    scene.asks("9:00", "x")
    scene.do("9:06", c.GoSilent(agent="amy", since_ms=ms("9:05:15")))
    scene.until("9:30")
    assert scene.breaches() == [("reply", "amy", "x")]


@pytest.mark.parametrize(
    ("got", "who"), [("9:03", "amy"), ("9:03:00.001", "came_too_late_to_the_holder")]
)
def test_who_had_got_the_session_too_late_is_not_charged(got: str, who: str) -> None:
    scene = Scene(desk_of("amy", policy=Policy(rescue_before_ms=0)), online=[])
    scene.asks("9:00", "x")
    scene.online(got, "amy", console=True)
    scene.do("9:04", c.GoSilent(agent="amy", since_ms=ms("9:03:15")))
    scene.until("9:30")
    assert away_breaches(scene) == [(who, "x")]


# Presence without a heartbeat

SHORT = Policy(presence_max_ms=3_600_000)


def test_presence_without_a_heartbeat_ends_after_its_time() -> None:
    scene = Scene(desk_of("amy", "bob", policy=SHORT), online=[])
    scene.online("8:30", "amy")
    scene.online("9:00", "bob", console=True)
    scene.asks("9:29", "x")
    scene.until("9:29:59.999")
    assert scene.state.persons["amy"].presence == "online"
    holder = scene.holder("x")
    scene.until("9:30")
    amy = scene.state.persons["amy"]
    assert (amy.presence, amy.reason, amy.set_by) == ("offline", "expired", "router")
    assert holder == "amy"
    assert scene.causes("x") == [("amy", "new"), ("bob", "transfer")]
    scene.until("20:00")
    assert scene.state.persons["bob"].presence == "online"
    assert away_breaches(scene) == []


def test_setting_it_again_renews_it() -> None:
    scene = Scene(desk_of("amy", policy=SHORT))
    scene.online("8:45", "amy")
    scene.until("9:44:59.999")
    assert scene.state.persons["amy"].presence == "online"
    scene.until("9:45")
    assert scene.state.persons["amy"].presence == "offline"


def test_the_limit_holds_at_once_when_the_policy_gets_one() -> None:
    scene = Scene(desk_of("amy"))
    scene.adopt("12:00", desk_of("amy", policy=SHORT))
    scene.until("12:00")
    assert scene.state.persons["amy"].reason == "expired"
    assert [f.to for f in scene.said(PresenceChanged)] == ["online", "offline"]


def test_the_limit_outlives_a_restart() -> None:
    scene = Scene(desk_of("amy", policy=SHORT))
    scene.state = scene.restored()
    scene.until("9:00")
    assert scene.state.persons["amy"].presence == "offline"


def shift(time: str, agent: str, start: str, end: str) -> c.PlanShifts:
    planned = PlannedShift(agent=agent, from_ms=ms(start), to_ms=ms(end))
    return c.PlanShifts(
        from_ms=ms(start), to_ms=ms(end), shifts=(planned,), agents=(agent,), by="sue"
    )


ENDS = Policy(presence_ends_with_shift=True, handover_required=False)
HANDED = replace(ENDS, handover_required=True)


def on_shift(policy: Policy = ENDS, *, console: bool = False) -> Scene:
    scene = Scene(desk_of("amy", "bob", policy=policy), online=[])
    scene.do("7:30", shift("7:30", "amy", "9:00", "12:00"))
    scene.online("8:55", "amy", console=console)
    return scene


def test_presence_ends_with_the_shift() -> None:
    scene = on_shift()
    scene.until("11:59:59.999")
    assert scene.state.persons["amy"].presence == "online"
    scene.until("12:00")
    assert scene.state.persons["amy"].reason == "shift_over"
    assert scene.said(AttendanceNoted) == []
    assert scene.breaches() == []


def test_who_has_to_hand_over_has_the_grace_to_do_it() -> None:
    scene = on_shift(HANDED)
    scene.until("12:09:59.999")
    assert scene.state.persons["amy"].presence == "online"
    scene.until("12:10")
    assert scene.state.persons["amy"].reason == "shift_over"


@pytest.mark.parametrize(("begins", "policy"), [("12:00", ENDS), ("12:10", HANDED)])
def test_not_where_another_shift_is_on_then(begins: str, policy: Policy) -> None:
    scene = on_shift(policy)
    scene.do("10:00", shift("10:00", "amy", begins, "15:00"))
    scene.until("14:59:59.999")
    assert scene.state.persons["amy"].presence == "online"
    scene.until("15:10")
    assert scene.state.persons["amy"].presence == "offline"


def test_who_comes_after_the_shift_works_on() -> None:
    scene = on_shift()
    scene.online("12:05", "amy")
    scene.until("20:00")
    assert scene.state.persons["amy"].presence == "online"


def test_a_console_has_its_heartbeat() -> None:
    scene = on_shift(console=True)
    scene.until("20:00")
    assert scene.state.persons["amy"].presence == "online"


def test_who_has_no_shift_stays() -> None:
    scene = on_shift()
    scene.online("9:00", "bob")
    scene.until("20:00")
    assert scene.state.persons["bob"].presence == "online"


def test_the_default_ends_nobodys_presence() -> None:
    scene = Scene(desk_of("amy"))
    scene.until("80:00")
    assert scene.state.persons["amy"].presence == "online"


def test_the_away_text_is_remembered_as_it_was_sent() -> None:
    scene = told_at_9()
    (line,) = scene.thread("x").autos.lines  # type: ignore[union-attr]
    (told,) = scene.said(DeliveryRequested)
    assert (line.which, line.text, line.message) == ("away", KEEP.away_text, told.message)
    assert (line.at_ms, line.sub_account, told.by) == (ms("9:02"), "shop:amy", "auto")
