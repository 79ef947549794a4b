"""A desk's hours, from the facts of a desk at work."""

from __future__ import annotations

import random
from typing import Any

import pytest

from router.core import commands as c
from router.core import facts as f
from router.core.facts import AnyFact
from router.core.policy import ConductRule, Policy, Shop
from router.stats import Day, Figures, Summary, day_of, summary
from router.stats.waits import LINES_LIMIT
from tests.core.scene import DAY_MS, Scene, desk_of, ms

DAY = day_of(DAY_MS)


def folded(facts: list[AnyFact], *, bots: bool = False, days: int = 0) -> Figures:
    """Commit by commit, as an owner would have told them."""
    figures = Figures(lambda shop, at_ms: bots, DAY, DAY + days)
    start = 0
    for end in range(1, len(facts) + 1):
        if end == len(facts) or facts[end].at_ms != facts[start].at_ms:
            figures.take(facts[start:end])
            start = end
    return figures


def shown(scene: Scene, *, shop: str = "", bots: bool = False) -> Summary:
    return summary(Day.of(folded(scene.facts, bots=bots), DAY), scene.state.at_ms, shop)


def hour(found: Summary, number: int) -> dict[str, Any]:
    """What is not nothing in an hour."""
    part = found.hours[number]
    sums = part.sums
    values = {
        "messages": sums.messages,
        "sessions": sums.sessions,
        "in_time": sums.in_time,
        "late": sums.late,
        "unanswered": sums.unanswered,
        "waiting": part.waiting,
        "replies": [s for s, times in sorted(sums.replies.seconds.items()) for _ in range(times)],
        "breaches": {rule: count for rule, count in sums.breaches.items() if count},
    }
    return {name: value for name, value in values.items() if value}


def test_a_wait_belongs_to_the_hour_in_which_it_began() -> None:
    scene = Scene(desk_of("amy"))
    scene.asks("9:59", "b")
    scene.asks("10:00", "b")
    scene.answers("10:01", "amy", "b")
    found = shown(scene)
    assert hour(found, 9) == {"messages": 1, "sessions": 1, "in_time": 1, "replies": [120]}
    assert hour(found, 10) == {"messages": 1}
    assert found.hours[9].longest_ms == 120_000
    assert found.agents["amy"].sums.sent == 1
    assert found.agents["amy"].sums.received == 1
    assert found.total.in_time == (1, 1)


def test_who_still_waits_is_seen_and_not_judged() -> None:
    scene = Scene(desk_of("amy"))
    scene.asks("9:00", "b")
    scene.until("9:02")
    found = shown(scene)
    assert hour(found, 9) == {"messages": 1, "sessions": 1, "waiting": 1}
    assert found.total.in_time == (0, 0)
    assert found.in_3min == (0, 0)
    assert found.total.longest_ms == 120_001
    scene.until("9:03")
    assert shown(scene).in_3min == (0, 1)


def test_a_missed_wait_is_late_at_once_and_a_breach_when_it_is_sealed() -> None:
    scene = Scene(desk_of("amy"))
    scene.asks("9:58", "b")
    scene.until("10:03")
    assert hour(shown(scene), 9) == {"messages": 1, "sessions": 1, "late": 1, "waiting": 1}
    assert shown(scene).agents["amy"].in_time == (0, 1)
    scene.until("10:05")
    found = shown(scene)
    assert hour(found, 10) == {"breaches": {"reply": 1}}
    scene.answers("10:06", "amy", "b")
    found = shown(scene)
    late = {"messages": 1, "sessions": 1, "late": 1, "replies": [480]}
    assert hour(found, 9) == late
    assert found.total.in_time == (0, 1)


def test_late_proof_changes_the_hour_that_it_is_about() -> None:
    scene = Scene(desk_of("amy"))
    scene.asks("9:58", "b")
    scene.until("11:00")
    assert hour(shown(scene), 10) == {"breaches": {"reply": 1}}
    scene.answers("11:05", "amy", "b", sent="10:02")
    found = shown(scene)
    assert hour(found, 9) == {"messages": 1, "sessions": 1, "in_time": 1, "replies": [240]}
    assert hour(found, 10) == {}
    assert found.agents["amy"].in_time == (1, 1)


def test_a_miss_that_is_disproved_before_it_is_sealed_was_none() -> None:
    scene = Scene(desk_of("amy"))
    scene.asks("9:00", "b")
    scene.until("9:05:30")
    assert hour(shown(scene), 9)["late"] == 1
    scene.answers("9:06", "amy", "b", sent="9:04")
    assert hour(shown(scene), 9) == {
        "messages": 1,
        "sessions": 1,
        "in_time": 1,
        "replies": [240],
    }


def test_what_is_waived_stands() -> None:
    scene = Scene(desk_of("amy"))
    scene.asks("9:00", "b")
    scene.until("9:10")
    scene.waive("9:11", scene.breach().id)
    assert hour(shown(scene), 9)["breaches"] == {"reply": 1}


def test_nobody_pays_for_what_nobody_held() -> None:
    scene = Scene(desk_of("amy"), online=())
    scene.asks("9:00", "b")
    scene.until("9:10")
    found = shown(scene)
    assert found.total.in_time == (0, 1)
    assert found.agents == {}
    assert found.total.sums.queued == 1
    assert found.hours[9].sums.queue_ms == 600_001  # and goes on
    scene.online("9:20", "amy")
    scene.until("9:30")
    assert shown(scene).hours[9].sums.queue_ms == 1_200_000


def test_recalled_messages_wait_for_nothing() -> None:
    scene = Scene(desk_of("amy"))
    scene.asks("9:00", "b", message="one")
    scene.asks("9:01", "b", message="two")
    recall = c.MessageRecalled(shop="shop", buyer="b", message="one", sent_ms=ms("9:02"))
    scene.do("9:02", recall)
    scene.answers("9:03", "amy", "b")
    assert hour(shown(scene), 9)["replies"] == [120]
    scene.asks("9:10", "b", message="three")
    recall = c.MessageRecalled(shop="shop", buyer="b", message="three", sent_ms=ms("9:11"))
    scene.do("9:11", recall)
    found = shown(scene)
    assert found.total.in_time == (1, 1)
    assert found.total.waiting == 0


def test_a_session_that_ends_ends_the_wait_in_it() -> None:
    scene = Scene(desk_of("amy"))
    scene.asks("9:00", "b")
    close = c.CloseSession(
        shop="shop",
        buyer="b",
        agent="sue",
        supervisor=True,
        reason="黑名单",
        sent_ms=ms("9:01"),
    )
    scene.do("9:01", close)
    found = shown(scene)
    assert hour(found, 9) == {"messages": 1, "sessions": 1, "unanswered": 1}
    assert found.total.in_time == (0, 0)  # it was cancelled
    assert found.in_3min == (0, 1)


def test_who_leaves_answers_by_telling_and_no_person_has() -> None:
    scene = Scene(desk_of("amy"))
    scene.asks("9:00", "b")
    scene.away("9:01", "amy", "inform")
    found = shown(scene)
    assert found.total.in_time == (1, 1)
    assert found.total.sums.replies.count == 0
    assert found.in_3min == (0, 1)


@pytest.mark.parametrize("answers", [True, False])
def test_a_bot_answers_where_the_policy_says_so(answers: bool) -> None:
    scene = Scene(desk_of("amy", policy=Policy(bots_answer=answers)))
    scene.asks("9:00", "b")
    scene.answers("9:01", "amy", "b", by="bot")
    scene.answers("9:02", "amy", "b")
    found = shown(scene, bots=answers)
    assert found.total.in_time == (1, 1)
    assert found.total.sums.replies.count == (not answers)
    assert found.in_3min == (0 if answers else 1, 1)


def test_first_replies_are_of_the_session_s_first_wait() -> None:
    scene = Scene(desk_of("amy"))
    for number, seconds in enumerate((20, 40, 50)):
        scene.asks(f"9:{number * 10:02}", "b")
        scene.answers(f"9:{number * 10:02}:{seconds}", "amy", "b")
    scene.until("12:00")  # it has ended by itself
    scene.asks("12:30", "b")
    scene.answers("12:30:31", "amy", "b")
    found = shown(scene)
    assert found.total.sums.sessions == 2
    assert found.total.sums.first_replies.seconds == {20: 1, 31: 1}
    assert found.in_30s == (1, 2)
    assert found.total.sums.replies.mean_ms == 35_250
    assert found.total.sums.replies.quantile_ms(50) == 31_000
    assert found.total.sums.replies.quantile_ms(90) == 50_000


def test_the_three_minutes_are_measured_by_day() -> None:
    scene = Scene(desk_of("amy"))
    for time, answered in (("8:00", "8:03"), ("9:00", "9:03:00.001"), ("23:00", "23:01")):
        scene.asks(time, f"b{time}")
        scene.answers(answered, "amy", f"b{time}")
    found = shown(scene)
    assert found.in_3min == (1, 2)
    assert found.total.in_time == (3, 3)


def test_a_session_counts_for_who_has_written_in_it() -> None:
    scene = Scene(desk_of("amy", "bob"))
    scene.asks("9:00", "b")
    first = scene.holder("b")
    other = "bob" if first == "amy" else "amy"
    scene.transfer("9:01", "b", other)
    scene.answers("9:02", other, "b")
    scene.answers("9:03", other, "b")
    found = shown(scene)
    assert list(found.agents) == [other]
    assert (found.agents[other].sums.received, found.agents[other].sums.sent) == (1, 2)


def test_one_shop_alone() -> None:
    scene = Scene(desk_of("amy", shops=(Shop(id="shop"), Shop(id="other"))))
    scene.asks("9:00", "b")
    scene.asks("9:00", "b", shop="other", message="m")
    scene.answers("9:01", "amy", "b", shop="other")
    assert shown(scene).total.sums.messages == 2
    found = shown(scene, shop="other")
    assert (found.total.sums.messages, found.total.in_time) == (1, (1, 1))
    assert set(found.shops) == {"shop", "other"}  # to choose from
    assert shown(scene, shop="shop").agents == {}


def test_a_dismissed_flag_takes_its_breach_away() -> None:
    rule = ConductRule(rule="abuse", fine_fen=10_000, charge="at_once")
    scene = Scene(desk_of("amy", policy=Policy(conduct=(rule,))))
    scene.asks("9:00", "b")
    scene.answers("9:01", "amy", "b")
    flag = c.RaiseFlag(
        flag="1", rule="abuse", shop="shop", buyer="b", session=scene.thread("b").session,
        message="amy-b-9:01", agent="amy", sub_account="shop:amy", sent_ms=ms("9:01"), offset=1,
    )  # fmt: skip
    scene.do("9:05", flag)
    assert hour(shown(scene), 9)["breaches"] == {"abuse": 1}
    name = next(iter(scene.state.flags))
    scene.do("15:00", c.DismissFlag(flag=name, supervisor="sue", why="误判"))
    assert hour(shown(scene), 9)["breaches"] == {"follow_up": 1}


def test_the_order_of_arrival_decides_nothing() -> None:
    """The same messages, each at most so late as is allowed: the same figures."""
    chance = random.Random(7)
    lines: list[tuple[int, str, str]] = []
    for buyer in ("b1", "b2", "b3"):
        at_ms = ms("9:00")
        for _ in range(12):
            at_ms += chance.randrange(1_000, 200_000)
            lines.append((at_ms, chance.choice(("buyer", "agent")), buyer))
    found = set()
    for _ in range(10):
        arrivals = sorted((at + chance.randrange(0, 119_000), at, w, b) for at, w, b in lines)
        scene = Scene(desk_of("amy"))
        for at_ms, sent_ms, who, buyer in arrivals:
            if who == "buyer":
                command: c.AnyCommand = c.MessageReceived(
                    shop="shop", buyer=buyer, message=f"{buyer}{sent_ms}", sent_ms=sent_ms
                )
            else:
                command = c.MessageSent(
                    shop="shop", buyer=buyer, message=f"a{buyer}{sent_ms}", sent_ms=sent_ms,
                    sub_account="shop:amy", by="human",
                )  # fmt: skip
            scene.step(at_ms, command)
        scene.until("14:00")
        day = shown(scene)
        found.add(str([(hour(day, number), day.total.in_time) for number in range(24)]))
        sealed = [b for b in scene.state.breaches.values() if b.rule == "reply"]
        assert day.total.sums.late == sum(not breach.reversed for breach in sealed)
    assert len(found) == 1, found


def test_one_commit_or_many_is_the_same() -> None:
    scene = Scene(desk_of("amy", "bob"))
    for number in range(30):
        scene.asks(f"9:{number:02}", f"b{number % 7}")
        if number % 3:
            scene.answers(f"9:{number:02}:30", "amy", f"b{number % 7}")
    scene.until("13:00")
    whole = Figures(lambda shop, at_ms: False, DAY, DAY)
    whole.take(scene.facts)
    one, other = (summary(Day.of(each, DAY), 0) for each in (whole, folded(scene.facts)))
    assert [hour(one, n) for n in range(24)] == [hour(other, n) for n in range(24)]
    assert one.total.sums.messages == 30


def test_a_long_exchange_is_counted_and_forgotten_bit_by_bit() -> None:
    scene = Scene(desk_of("amy"))
    for number in range(3 * LINES_LIMIT):
        time = f"{9 + number // 50}:{number % 50:02}"
        scene.asks(time, "b")
        scene.answers(f"{time}:20", "amy", "b")
    for number in range(3 * LINES_LIMIT):
        scene.asks(f"18:{number // 60:02}:{number % 60:02}", "b", message=f"again{number}")
    scene.answers("18:04:00", "amy", "b")
    figures = folded(scene.facts)
    (thread,) = figures._threads.values()
    assert len(thread.lines) <= LINES_LIMIT
    found = summary(Day.of(figures, DAY), 0)
    assert found.total.sums.messages == 6 * LINES_LIMIT
    assert found.total.sums.replies.seconds == {20: 3 * LINES_LIMIT, 240: 1}
    assert found.total.sums.first_replies.seconds == {20: 1, 240: 1}  # of two sessions


def test_days_move_on_and_old_ones_are_forgotten() -> None:
    scene = Scene(desk_of("amy"))
    scene.asks("23:59", "b")
    scene.answers("24:01", "amy", "b")
    scene.asks("24:02", "b")
    scene.until("24:10")
    figures = folded(scene.facts, days=1)
    assert hour(summary(Day.of(figures, DAY), 0), 23)["replies"] == [120]
    assert summary(Day.of(figures, DAY + 1), 0).total.sums.messages == 1
    figures.forget_before(DAY + 1)
    assert summary(Day.of(figures, DAY), 0).total.sums.messages == 0
    reversal = f.BreachReversed(at_ms=ms("24:20"), breach=scene.breach().id, why="", offset=1)
    figures.take([reversal])
    assert summary(Day.of(figures, DAY + 1), 0).total.sums.breaches == {"reply": 0}
    scene.until("60:00")
    later = folded(scene.facts, days=2)
    gone = f.MessageNoted(
        at_ms=ms("100:00"), session="s", shop="shop", buyer="c", message="m", offset=1,
        sent_ms=ms("100:00"), side="buyer",
    )  # fmt: skip
    later.take([gone])
    assert list(later._threads) == [("shop", "c")]
