"""A desk from its table: shops, agents, sub-accounts, rules; and what must fit together there."""

from __future__ import annotations

from collections.abc import Iterable

from router.core.policy import Agent, Desk, Policy, Shop, Strategy, SubAccount
from router.settings.hours import HOURS
from router.settings.problems import nearest
from router.settings.reading import FLAG, ID, NAME, TEXT, Table, choice, duration, one_of, whole
from router.settings.rules import read_policy

CHANNELS = ("bridge",)
"""Those that can be configured today."""
DESK_KEYS = frozenset({"id", "name", "strategy", "policy", "shops", "agents", "sub_accounts"})

_CAPACITY = whole(0, 100_000)
_WEIGHT = whole(1, 1_000)


def read_desk(table: Table) -> Desk:
    """The desk of this table; whatever is wrong is in the table's notes afterwards."""
    desk_id = table.need("id", ID, "")
    name = table.take("name", TEXT, "")
    strategy = table.take("strategy", choice(Strategy), Strategy.LEAST_LOADED)
    policy = read_policy(table.table("policy"), Policy())
    shop_tables = table.tables("shops")
    agent_tables = table.tables("agents")
    sub_tables = table.tables("sub_accounts")
    table.close()
    desk = Desk(
        id=desk_id,
        name=name,
        strategy=strategy,
        policy=policy,
        shops=tuple(_read_shop(entry, policy) for entry in shop_tables),
        agents=tuple(_read_agent(entry) for entry in agent_tables),
        sub_accounts=tuple(_read_sub_account(entry) for entry in sub_tables),
    )
    if not shop_tables:
        table.error("shops", "至少需要一个店铺 [[shops]]", "needs at least one shop [[shops]]")
    note_repeats(zip(shop_tables, (shop.id for shop in desk.shops), strict=True))
    note_repeats(zip(agent_tables, (agent.id for agent in desk.agents), strict=True))
    note_repeats(zip(sub_tables, (sub.id for sub in desk.sub_accounts), strict=True))
    for entry, sub in zip(sub_tables, desk.sub_accounts, strict=True):
        _check_sub_account(entry, sub, desk)
    _check_served(shop_tables, desk)
    return desk


def note_repeats(entries: Iterable[tuple[Table, str]]) -> None:
    """Note each id that an earlier table has, too; "" is one that was wrong anyway."""
    first: dict[str, Table] = {}
    for entry, name in entries:
        earlier = first.setdefault(name, entry)
        if name and earlier is not entry:
            file = f"{earlier.file}: " if earlier.file != entry.file else ""
            at = f"{file}{earlier.path('id')}"
            entry.error("id", f"重复的编号 {name},已用于 {at}", f"duplicate id {name}, as {at}")


def _read_shop(entry: Table, policy: Policy) -> Shop:
    console_only = entry.take("console_only", FLAG, False)
    lateness_ms = 0 if console_only else Shop(id="").lateness_ms
    if console_only and entry.has("lateness"):
        if entry.take("lateness", duration(), 0):
            entry.error(
                "lateness",
                'console_only 的店铺必须为 "0s":没有消息会迟到',
                'must be "0s" for a console_only shop: nothing can reach us late',
            )
    else:
        lateness_ms = entry.take("lateness", duration(), lateness_ms)
    policy_table = entry.maybe("policy")
    shop = Shop(
        id=entry.need("id", ID, ""),
        name=entry.take("name", TEXT, ""),
        channel=entry.take("channel", one_of(*CHANNELS), CHANNELS[0]),
        lateness_ms=lateness_ms,
        console_only=console_only,
        groups=entry.many("groups", NAME),
        service_hours=entry.many("service_hours", HOURS),
        policy=None if policy_table is None else read_policy(policy_table, policy),
    )
    entry.close()
    return shop


def _read_agent(entry: Table) -> Agent:
    agent = Agent(
        id=entry.need("id", NAME, ""),
        name=entry.take("name", TEXT, ""),
        capacity=entry.take("capacity", _CAPACITY, 0),
    )
    entry.close()
    return agent


def _read_sub_account(entry: Table) -> SubAccount:
    sub = SubAccount(
        id=entry.need("id", NAME, ""),
        shop=entry.need("shop", ID, ""),
        agent=entry.take("agent", TEXT, ""),
        groups=entry.many("groups", NAME),
        capacity=entry.take("capacity", _CAPACITY, 0),
        weight=entry.take("weight", _WEIGHT, 1),
    )
    entry.close()
    return sub


def _check_sub_account(entry: Table, sub: SubAccount, desk: Desk) -> None:
    shops = {shop.id: shop for shop in desk.shops}
    shop = shops.get(sub.shop)
    if sub.shop and shop is None:
        zh, en = nearest(sub.shop, list(shops))
        entry.error("shop", f"没有店铺 {sub.shop}{zh}", f"no shop {sub.shop}{en}")
    agents = [agent.id for agent in desk.agents]
    if sub.agent and sub.agent not in agents:
        zh, en = nearest(sub.agent, agents)
        entry.error("agent", f"没有客服 {sub.agent}{zh}", f"no agent {sub.agent}{en}")
    if shop is not None and shop.groups:
        for index, group in enumerate(sub.groups):
            if group not in shop.groups:
                zh, en = nearest(group, list(shop.groups))
                entry.error(
                    f"groups[{index}]",
                    f"店铺 {shop.id} 没有分组 {group}{zh}",
                    f"shop {shop.id} has no group {group}{en}",
                )


def _check_served(shop_tables: list[Table], desk: Desk) -> None:
    served = {sub.shop for sub in desk.sub_accounts}
    for entry, shop in zip(shop_tables, desk.shops, strict=True):
        if shop.id and shop.id not in served:
            entry.warn(
                "id",
                f"店铺 {shop.id} 没有子账号,买家会一直排队",
                f"shop {shop.id} has no sub-account: its buyers will wait in the queue",
            )
