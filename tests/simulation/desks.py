"""A desk by chance: small, with short deadlines, so that minutes show what days would."""

from __future__ import annotations

from random import Random

import msgspec

from router.core.policy import (
    ORDER_CHECK,
    REFUND,
    Agent,
    AwayMessages,
    Desk,
    Policy,
    Shop,
    Strategy,
    SubAccount,
)

SECOND_MS = 1_000


def make_policy(random: Random) -> Policy:
    """Everything some tens of seconds."""
    reply_ms = random.choice((15, 30, 45)) * SECOND_MS
    return Policy(
        reply_ms=reply_ms,
        reply_repeat_ms=random.choice((0, 0, 0, 20)) * SECOND_MS,
        bots_answer=random.random() < 0.2,
        follow_up_from_ms=15 * SECOND_MS,
        follow_up_to_ms=35 * SECOND_MS,
        items=(
            msgspec.structs.replace(ORDER_CHECK, due_ms=40 * SECOND_MS),
            msgspec.structs.replace(REFUND, due_ms=60 * SECOND_MS),
        ),
        session_idle_ms=random.choice((60, 120)) * SECOND_MS,
        order_window_ms=150 * SECOND_MS,
        check_all_orders=random.random() < 0.3,
        sticky_ms=random.choice((0, 150)) * SECOND_MS,
        late_limit_ms=random.choice((120, 240)) * SECOND_MS,
        warn_before_ms=8 * SECOND_MS,
        rescue_before_ms=random.choice((0, 6, 6)) * SECOND_MS,
        grace_ms=5 * SECOND_MS,
        outage_grace_ms=30 * SECOND_MS,
        away_messages=random.choice((AwayMessages.MOVE, AwayMessages.KEEP)),
        queue_text=random.choice(("", "请稍等")),
        message_expiry_ms=20 * SECOND_MS,
        away_return_ms=12 * SECOND_MS,
        waiting_text=random.choice(("", "马上来")),
        waiting_after_ms=10 * SECOND_MS,
        auto_period_ms=random.choice((0, 90)) * SECOND_MS,
        presence_max_ms=random.choice((0, 0, 120)) * SECOND_MS,
    )


def make_desk(random: Random) -> Desk:
    """2 or 3 shops, 3 to 8 agents, one to three sub-accounts each."""
    shops = tuple(
        Shop(
            id=f"shop{n}",
            # At times later than a reply's deadline; 0: our console is the only client.
            lateness_ms=random.choice((0, 4, 8, 8, 20, 60)) * SECOND_MS,
        )
        for n in range(random.randint(2, 3))
    )
    agents = tuple(
        Agent(id=f"agent{n}", capacity=random.choice((1, 2, 2, 3)))
        for n in range(random.randint(3, 8))
    )
    grouped = random.random() < 0.5
    subs: list[SubAccount] = []
    for agent in agents:
        for n in range(random.randint(1, 3)):
            groups: tuple[str, ...] = ()
            if grouped:
                groups = random.choice(((), ("pre_sale",), ("after_sale",)))
            subs.append(
                SubAccount(
                    id=f"{agent.id}:{n}",
                    shop=random.choice(shops).id,
                    agent=agent.id,
                    groups=groups,
                    capacity=random.choice((0, 1, 2)),
                    weight=random.randint(1, 3),
                )
            )
    strategy = random.choice(list(Strategy))
    return Desk(
        id="desk",
        strategy=strategy,
        policy=make_policy(random),
        shops=shops,
        agents=agents,
        sub_accounts=tuple(subs),
    )


def changed_desk(random: Random, desk: Desk) -> Desk:
    """The same desk after somebody has edited its capacities and strategy."""
    agents = tuple(
        msgspec.structs.replace(agent, capacity=random.choice((1, 2, 3))) for agent in desk.agents
    )
    return msgspec.structs.replace(desk, agents=agents, strategy=random.choice(list(Strategy)))
