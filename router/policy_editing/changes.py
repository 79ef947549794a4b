"""The difference of two desks in words: which rule, where, from what to what, and what it means.

A change is never about the past (RULES: a policy change rewrites nothing): what a deadline was
armed under is what it is judged by, and a charge that stands is not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from router.core.policy import Desk, Shop
from router.core.state import State
from router.core.thread import Thread
from router.policy_editing.keys import Effect, Key, Words, catalogue
from router.policy_editing.values import Value, read, say


class Change(NamedTuple):
    """One value becomes another."""

    key: Key
    shop: str
    """"": the desk's, and so that of its shops without an own one."""
    before: Value
    after: Value
    shops: tuple[str, ...]
    """Where it counts."""
    others: tuple[str, ...]
    """Of a desk's change: shops that have their own."""


class Described(NamedTuple):
    """A change as people read it."""

    before: Words
    after: Words
    means: Words
    concerned: int | None
    """How much is open that it could be thought to touch; None where that is no question."""


def differences(before: Desk, after: Desk) -> list[Change]:
    """What is different in the rules, in the catalogue's order."""
    found: list[Change] = []
    for key in catalogue(before, after):
        found += _of_key(key, before, after)
    return found


def _of_key(key: Key, before: Desk, after: Desk) -> Iterable[Change]:
    was = {shop.id: shop for shop in before.shops}
    pairs = {
        shop.id: (read(key, before, was[shop.id]), read(key, after, shop))
        for shop in after.shops
        if shop.id in was and key.scope != "desk"
    }
    own = (read(key, before), read(key, after))
    if key.scope == "desk":
        if own[0] != own[1]:
            yield Change(key, "", *own, tuple(shop.id for shop in after.shops), ())
        return
    if own[0] != own[1]:
        shops = tuple(shop for shop, pair in pairs.items() if pair == own)
        others = tuple(shop for shop, pair in pairs.items() if pair != own)
        yield Change(key, "", *own, shops, others)
    for shop, pair in pairs.items():
        if pair[0] != pair[1] and pair != own:
            yield Change(key, shop, *pair, (shop,), ())


def other_changes(before: Desk, after: Desk) -> list[Words]:
    """What else is another: people, shops, names."""
    found: list[Words] = []
    names = {shop.id for shop in before.shops}, {shop.id for shop in after.shops}
    for shop in sorted(names[1] - names[0]):
        found.append(Words(f"新增店铺 {shop}", f"shop {shop} added"))
    for shop in sorted(names[0] - names[1]):
        found.append(Words(f"去掉店铺 {shop}", f"shop {shop} removed"))
    if before.agents != after.agents:
        found.append(Words("客服名单有改动", "the agents changed"))
    if before.sub_accounts != after.sub_accounts:
        found.append(Words("子账号有改动", "the sub-accounts changed"))
    if _named(before) != _named(after):
        found.append(Words("名称或分组有改动", "names or groups changed"))
    return found


def _named(desk: Desk) -> object:
    def of(shop: Shop) -> tuple[object, ...]:
        return shop.id, shop.name, shop.groups, shop.channel, shop.console_only

    return desk.name, sorted(of(shop) for shop in desk.shops)


def describe(change: Change, state: State) -> Described:
    """In words, with what is open now."""
    count = _count(change, state)
    return Described(
        before=say(change.key, change.before),
        after=say(change.key, change.after),
        means=_MEANS[change.key.effect](count or 0, bool(change.after)),
        concerned=count,
    )


# What is open


def _count(change: Change, state: State) -> int | None:
    shops = set(change.shops)
    match change.key.effect:
        case "deadline" | "fine" | "opens" | "hours":
            return sum(
                _running(thread, change.key.rule) for thread in _busy(state) if thread.shop in shops
            )
        case "sent_fine":
            rule = change.key.rule
            flags = (flag for flag in state.flags.values() if flag.state == "open")
            return sum(flag.rule == rule and flag.shop in shops for flag in flags)
        case "sessions" | "idle" | "assign":
            return _open(state, shops)
        case _:
            return None


def _busy(state: State) -> Iterable[Thread]:
    """The threads in which anything can be pending."""
    pending = {thread.no: thread for thread in state.items.values()}
    return (pending | {thread.no: thread for thread in state.sessions.values()}).values()


def _running(thread: Thread, rule: str) -> int:
    """How many deadlines of this rule (`*`: of any) are running."""
    live = thread.live
    found = [item.kind for item in live.pending if item.running]
    if live.wait is not None and not live.wait.missed:
        found.append("reply")
    if live.follow_up is not None:
        found.append("follow_up")
    return len(found) if rule == "*" else found.count(rule)


def _open(state: State, shops: Collection[str]) -> int:
    return sum(thread.shop in shops for thread in state.sessions.values())


# What it means

Means = Callable[[int, bool], Words]


def _always(zh: str, en: str) -> Means:
    def means(count: int, on: bool) -> Words:
        del count, on
        return Words(zh, en)

    return means


def _counted(zh: str, en: str, zh_open: str, en_open: str) -> Means:
    """With a second sentence where something is open; `{n}` is how much."""

    def means(count: int, on: bool) -> Words:
        del on
        if not count:
            return Words(zh, en)
        return Words(f"{zh}{zh_open.format(n=count)}", f"{en} {en_open.format(n=count)}")

    return means


def _opens(count: int, on: bool) -> Words:
    if on:
        return Words("采用之后的才会产生这项工作。", "Opened by what happens from now on.")
    left = Words("", "")
    if count:
        left = Words(f"已有的 {count} 项照旧办完。", f" The {count} that are open stay to be done.")
    return Words(f"采用之后不再产生。{left.zh}", f"Nothing opens it any more.{left.en}")


_MEANS: dict[Effect, Means] = {
    "deadline": _counted(
        "采用之后开始计时的按新的。",
        "For deadlines that begin from now on.",
        "正在计时的 {n} 个仍按原来的;已扣的不变。",
        "The {n} that are running keep the old one; past charges stay.",
    ),
    "fine": _counted(
        "采用之后开始计时的按新金额;已扣的不变。",
        "For deadlines that begin from now on; past charges stay.",
        "正在计时的 {n} 个若超时,仍按原金额。",
        "The {n} that are running would cost the old amount.",
    ),
    "away_fine": _always(
        "采用之后的离开按新金额;已扣的不变。", "For leaving from now on; past charges stay."
    ),
    "sent": _always(
        "采用之后发出的消息按新的;以前的标记不变。",
        "For messages sent from now on; earlier flags stay.",
    ),
    "sent_fine": _counted(
        "采用之后发出的消息按新的;已扣的不变。",
        "For messages sent from now on; past charges stay.",
        "待处理的 {n} 条标记仍按原来的。",
        "The {n} open flags keep the old one.",
    ),
    "sending": _always("立即用于发送前的检查。", "At once, for what is about to be sent."),
    "now": _always("立即生效。", "At once."),
    "sessions": _counted(
        "立即生效。", "At once.", "进行中的 {n} 个会话也按新的。", "For the {n} open sessions, too."
    ),
    "idle": _counted(
        "采用之后有消息的会话按新的。",
        "For sessions with a message from now on.",
        "进行中的 {n} 个会话,在下一条消息之前仍按原来的。",
        "The {n} open ones keep the old one until their next message.",
    ),
    "assign": _counted(
        "之后的分配按新的。",
        "For what is assigned from now on.",
        "已在进行的 {n} 个会话不动。",
        "The {n} open sessions stay where they are.",
    ),
    "hours": _counted(
        "立即生效;已扣的不变。",
        "At once; past charges stay.",
        "还没到期的 {n} 个期限,按新的时间决定扣不扣。",
        "Whether the {n} running deadlines are charged goes by the new hours.",
    ),
    "text": _always("之后发送的用新的。", "For what is sent from now on."),
    "opens": _opens,
    "orders": _always(
        "采用之后的订单按新的;以前的不追溯。", "For orders from now on; earlier ones stay."
    ),
    "comes": _always("采用之后收到的消息按新的。", "For messages that come from now on."),
    "duty": _always(
        "之后的交接班按新的;已扣的不变。", "For handovers from now on; past charges stay."
    ),
    "lateness": _always(
        "之后到期的按新的时间定案;已定案的不变。",
        "For what falls due from now on; what is sealed stays.",
    ),
}
