"""The desks of `test_machine`, the rules they may come to have, and what its acts are about."""

from __future__ import annotations

from hypothesis import strategies as st
from msgspec.structs import replace

from router.core.policy import (
    CONDUCT,
    KNOWN_KINDS,
    MINUTE_MS,
    Agent,
    AwayMessages,
    Desk,
    Policy,
    ServiceHours,
    Shop,
    Strategy,
)
from tests.core.scene import desk_of, sub

SHOPS = ("shop", "tmall", "console")
SEATS = (
    sub("amy", capacity=2),
    sub("bob", weight=2),
    sub("cat", groups=("after_sale",)),
    sub("amy", "tmall"),
    sub("bob", "tmall", groups=("pre_sale",), capacity=1),
    sub("cat", "console"),
    replace(sub("bob", "console"), agent=""),
)
DESK = desk_of(
    Agent(id="amy", capacity=3),
    Agent(id="bob", capacity=2),
    "cat",
    shops=[
        Shop(id="shop"),
        Shop(id="tmall", lateness_ms=600_000),
        Shop(id="console", console_only=True, lateness_ms=0),
    ],
    subs=SEATS,
    policy=Policy(queue_text="请稍等"),
)

HOURS = (ServiceHours(from_minute=30, to_minute=120),)

agents = st.sampled_from(["amy", "amy", "bob", "bob", "cat", "nobody"])
seats = st.sampled_from([*(seat.id for seat in SEATS), "shop:none"])
shops = st.sampled_from(["shop", "shop", "shop", *SHOPS, "elsewhere"])
buyers = st.sampled_from(["x", "y", "z"])
known = st.integers(0, 7)
"""A buyer who has been here, by number; see `Desks.whose`."""
numbers = st.integers(1, 3)
waits = st.sampled_from(
    [
        *(
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            1,
            1,
            1_000,
            1_000,
            10_000,
            10_000,
            29_999,
            60_000,
            60_000,
            60_000,
        ),
        *(90_000, 119_999, 120_000, 120_001, 180_000, 300_000, 480_000, 600_000, 1_200_000),
        *(3_600_000, 7_200_000, 86_400_000),
    ]
)
ages = st.sampled_from(
    [0, 0, 0, 0, 1, 1_000, 60_000, 119_999, 120_000, 300_000, 700_000, 90_000_000]
)
"""How long before the log's clock something was sent."""


ALL_WORK = tuple(KNOWN_KINDS.values())
AT_ONCE = tuple(replace(rule, fine_fen=1000, charge="at_once") for rule in CONDUCT)
CHATTY = Policy(
    queue_text="请稍等",
    waiting_text="马上就来",
    out_of_hours_text="已经下班",
    auto_period_ms=MINUTE_MS,
    items=ALL_WORK,
)
POLICIES = (
    Policy(queue_text="请稍等"),
    Policy(items=ALL_WORK, conduct=AT_ONCE),
    replace(CHATTY, bot_mode="people_first"),
    replace(CHATTY, bot_mode="bot_first", bots_answer=True),
    replace(CHATTY, bot_mode="mixed", away_messages=AwayMessages.KEEP),
    Policy(reply_ms=3 * MINUTE_MS, reply_repeat_ms=5 * MINUTE_MS, rescue_before_ms=0),
    Policy(follow_up_from_ms=MINUTE_MS, follow_up_to_ms=2 * MINUTE_MS, check_all_orders=True),
    Policy(presence_max_ms=30 * MINUTE_MS, presence_ends_with_shift=True, items=ALL_WORK),
    Policy(handover_required=False, session_idle_ms=10 * MINUTE_MS, away_return_ms=MINUTE_MS),
    Policy(bot_mode="bot_first", waiting_text="马上来", auto_period_ms=0, bots_answer=True),
    Policy(handover_grace_ms=MINUTE_MS, late_limit_ms=15 * MINUTE_MS, grace_ms=0),
)
"""Rules that a desk may come to have."""


def desks() -> st.SearchStrategy[Desk]:
    """The desk after a change of its people, its shops or their hours."""
    without = [
        DESK,
        replace(DESK, agents=DESK.agents[1:]),
        replace(DESK, agents=DESK.agents[:2]),
        replace(DESK, sub_accounts=SEATS[1:]),
        replace(DESK, sub_accounts=SEATS[:3]),
        replace(DESK, sub_accounts=tuple(replace(seat, groups=(), capacity=0) for seat in SEATS)),
        replace(DESK, agents=tuple(replace(agent, capacity=1) for agent in DESK.agents)),
        replace(DESK, sub_accounts=(replace(SEATS[0], shop="console"), *SEATS[1:])),
        replace(DESK, shops=(DESK.shops[0], DESK.shops[2]), sub_accounts=SEATS[:2]),
        replace(DESK, shops=(replace(DESK.shops[0], lateness_ms=600_000), *DESK.shops[1:])),
        replace(DESK, shops=(replace(DESK.shops[0], service_hours=HOURS), *DESK.shops[1:])),
        replace(DESK, shops=(replace(DESK.shops[0], policy=POLICIES[3]), *DESK.shops[1:])),
        replace(DESK, id="other"),
    ]
    return st.builds(  # by number: desks are too long to be printed
        lambda number, strategy: replace(without[number], strategy=strategy),
        st.integers(0, len(without) - 1),
        st.sampled_from(list(Strategy)),
    )
