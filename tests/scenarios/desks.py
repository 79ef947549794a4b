"""The desk of a scenario, from its header; fields are named as in `router.core.policy`."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from router.core.policy import (
    KNOWN_KINDS,
    Agent,
    Desk,
    Policy,
    Shop,
    Strategy,
    SubAccount,
)
from router.settings.hours import parse_hours
from tests.scenarios.reading import BadScenario, Place, Scenario, duration_ms, fen, split

HEADER = {
    "规则": "rule: which section and rule of RULES this is about",
    "说明": "note: what happens, in a sentence",
    "打乱": "shuffle: 可以 — arrivals may be shuffled within the lateness, the breaches stay",
    "质检": "inspection: 开 — texts are inspected as they come (RULES §1, §6)",
    "策略": "strategy of the desk",
    "店铺": "shop: id, then key=value of policy.Shop",
    "客服": "agents: ids, then key=value of policy.Agent for each of them",
    "子账号": "sub-account: id, then key=value of policy.SubAccount; without any all have one",
    "政策": "policy: key=value of policy.Policy",
    "店铺政策": "a shop's own policy: shop, then key=value of policy.Policy",
    "项目": "kind of work: name, then key=value of kinds.ItemKind",
    "行为": "conduct rule: name, then key=value of policy.ConductRule",
    "在线": "who is online at 08:00; without it all are; 无: nobody",
}

DEFAULT_SHOP = "店"

T = TypeVar("T", bound=msgspec.Struct)


def desk_of(scenario: Scenario) -> Desk:
    """Raises `BadScenario`."""
    policy = _policy(scenario, Policy())
    shops = _shops(scenario, policy)
    agents: list[Agent] = []
    for place, value in scenario.values("客服"):
        names, options = split(place, value)
        agents += [changed(Agent(id=name), options, place) for name in names]
    return Desk(
        id="d",
        strategy=_strategy(scenario),
        policy=policy,
        shops=shops,
        agents=tuple(agents),
        sub_accounts=_sub_accounts(scenario, shops, agents),
    )


def online_at_eight(scenario: Scenario, desk: Desk) -> list[str]:
    """Who comes online before anything happens."""
    told = scenario.values("在线")
    if not told:
        return [agent.id for agent in desk.agents]
    place, value = told[0]
    names = [] if value == "无" else value.split()
    for name in names:
        if name not in [agent.id for agent in desk.agents]:
            raise place.bad(f"没有客服 {name}")
    return names


def _strategy(scenario: Scenario) -> Strategy:
    for place, value in scenario.values("策略"):
        try:
            return Strategy(value)
        except ValueError as error:
            raise place.bad(f"没有策略 {value}") from error
    return Strategy.LEAST_LOADED


def _policy(scenario: Scenario, policy: Policy) -> Policy:
    for place, value in scenario.values("项目"):
        (name,), options = split(place, value)
        kind = next((k for k in policy.items if k.name == name), KNOWN_KINDS.get(name))
        if kind is None:
            raise place.bad(f"没有项目 {name};可用:{'、'.join(KNOWN_KINDS)}")
        others = tuple(k for k in policy.items if k.name != name)
        policy = msgspec.structs.replace(policy, items=(*others, changed(kind, options, place)))
    for place, value in scenario.values("行为"):
        (name,), options = split(place, value)
        rules = tuple(
            changed(rule, options, place) if rule.rule == name else rule for rule in policy.conduct
        )
        if rules == policy.conduct and policy.conduct_rule(name) not in policy.conduct:
            raise place.bad(f"没有行为规则 {name}")
        policy = msgspec.structs.replace(policy, conduct=rules)
    for place, value in scenario.values("政策"):
        _, options = split(place, value)
        policy = changed(policy, options, place)
    return policy


def _shops(scenario: Scenario, policy: Policy) -> tuple[Shop, ...]:
    shops: list[Shop] = []
    for place, value in scenario.values("店铺"):
        (name,), options = split(place, value)
        if "console_only" in options and "lateness_ms" not in options:
            options["lateness_ms"] = ("0s",)
        shops.append(changed(Shop(id=name), options, place))
    shops = shops or [Shop(id=DEFAULT_SHOP)]
    for place, value in scenario.values("店铺政策"):
        (name,), options = split(place, value)
        if name not in [shop.id for shop in shops]:
            raise place.bad(f"没有店铺 {name}")
        shops = [
            msgspec.structs.replace(shop, policy=changed(shop.policy or policy, options, place))
            if shop.id == name
            else shop
            for shop in shops
        ]
    return tuple(shops)


def _sub_accounts(
    scenario: Scenario, shops: tuple[Shop, ...], agents: list[Agent]
) -> tuple[SubAccount, ...]:
    told = scenario.values("子账号")
    if not told:
        return tuple(
            SubAccount(id=f"{shop.id}:{agent.id}", shop=shop.id, agent=agent.id)
            for shop in shops
            for agent in agents
        )
    found: list[SubAccount] = []
    for place, value in told:
        (name,), options = split(place, value)
        shop, _, agent = name.partition(":")
        found.append(changed(SubAccount(id=name, shop=shop, agent=agent), options, place))
    return tuple(found)


# key=value


def changed(struct: T, options: dict[str, tuple[str, ...]], place: Place) -> T:
    """The struct with these fields changed, each value in the form that its field's name tells.

    Raises `BadScenario`.
    """
    fields = {field.name: field for field in msgspec.structs.fields(struct)}
    changes: dict[str, Any] = {}
    for key, values in options.items():
        if key not in fields:
            raise place.bad(f"没有 {key};可用:{'、'.join(fields)}")
        made = _made(key, values, getattr(struct, key), place)
        try:
            changes[key] = msgspec.convert(made, fields[key].type)
        except msgspec.ValidationError as error:
            raise place.bad(f"{key}={values[-1]}:{error}") from error
    return msgspec.structs.replace(struct, **changes)


def _made(key: str, values: tuple[str, ...], old: object, place: Place) -> object:
    value = values[-1]
    if key.endswith("_ms"):
        return duration_ms(value, place)
    if key.endswith("_fen"):
        return fen(value, place)
    if key == "service_hours":
        return [_hours(each, place) for each in values]
    if isinstance(old, bool):
        if value not in ("是", "否", "true", "false"):
            raise place.bad(f"{key} 应为 是 或 否")
        return value in ("是", "true")
    if isinstance(old, int):
        return _whole(key, value, place)
    if isinstance(old, tuple):
        return [each for each in value.split(",") if each]
    return value


def _hours(value: str, place: Place) -> object:
    try:
        return parse_hours(value)
    except ValueError as error:
        raise place.bad(f"{value!r} 不是服务时间(例:Mon-Fri 09:00-23:00)") from error


def _whole(key: str, value: str, place: Place) -> int:
    """A whole number; of `…_minute` also a time of day."""
    if key.endswith("_minute") and ":" in value:
        hours, _, minutes = value.partition(":")
        if hours.isdecimal() and minutes.isdecimal():
            return int(hours) * 60 + int(minutes)
    try:
        return int(value)
    except ValueError as error:
        raise place.bad(f"{key} 应为整数") from error


__all__ = ["DEFAULT_SHOP", "HEADER", "BadScenario", "changed", "desk_of", "online_at_eight"]
