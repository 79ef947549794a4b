"""The desk that is measured: shops, agents, buyers with open sessions, and what they write."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

from router.core import commands as c
from router.core.policy import Agent, Desk, Policy, Shop, SubAccount
from router.log.codec import encode_command
from router.log.ports import Draft, Log
from router.owner import Owner
from router.repeats import delivery, of_command

DESK = "bench"
AGENTS_PER_SHOP = 50
APPEND_AT_ONCE = 512
_SAID = (
    "您好 请问 这款 连衣裙 还有 现货 吗 我 想要 蓝色 的 什么 时候 能 发货 昨天 下 的 订单 物流 "
    "一直 没有 更新 麻烦 帮忙 看 一下 尺码 偏大 还是 偏小 身高 一米六五 体重 一百一十斤 穿 多大 "
    "合适 收到 后 不满意 可以 退换 吗 运费险 有没有 优惠券 满减 活动 今天 结束 谢谢 亲"
)
_WORDS = _SAID.split()


def make_desk(agents: int, policy: Policy | None = None) -> Desk:
    """Each agent has two sub-accounts, in two shops; some capacity is left."""
    shops = max(2, agents // AGENTS_PER_SHOP)
    return Desk(
        id=DESK,
        policy=policy or Policy(),
        shops=tuple(Shop(id=f"shop{n}") for n in range(shops)),
        agents=tuple(Agent(id=f"agent{n}", capacity=200) for n in range(agents)),
        sub_accounts=tuple(
            SubAccount(id=f"shop{shop}:agent{n}", shop=f"shop{shop}", agent=f"agent{n}")
            for n in range(agents)
            for shop in (n % shops, (n + 1) % shops)
        ),
    )


def texts(count: int = 512, seed: int = 7) -> list[str]:
    """Chinese lines of 300 to 500 bytes."""
    chance = random.Random(seed)  # noqa: S311  # the same in every run
    found = []
    for _ in range(count):
        size, text = chance.randrange(300, 480), ""
        while len(text.encode()) < size:
            text += chance.choice(_WORDS) + chance.choice(("", "", "", ",", "。"))
        found.append(text)
    return found


TEXTS = texts()


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def buyer_message(shop: str, buyer: str, message: str) -> c.MessageReceived:
    return c.MessageReceived(
        shop=shop,
        buyer=buyer,
        message=message,
        sent_ms=now_ms(),
        content=c.Content(text=TEXTS[hash(message) % len(TEXTS)]),
    )


def answer(shop: str, buyer: str, message: str, sub_account: str) -> c.MessageSent:
    return c.MessageSent(
        shop=shop,
        buyer=buyer,
        message=message,
        sent_ms=now_ms(),
        sub_account=sub_account,
        content=c.Content(text=TEXTS[hash(message) % len(TEXTS)]),
    )


def everybody_online(desk: Desk) -> Iterator[c.AnyCommand]:
    for agent in desk.agents:
        yield c.SetPresence(agent=agent.id, to="online")


def first_messages(desk: Desk, sessions: int) -> Iterator[c.AnyCommand]:
    for number in range(sessions):
        shop = desk.shops[number % len(desk.shops)].id
        yield buyer_message(shop, f"buyer{number}", f"m{number}")


def draft(command: c.AnyCommand) -> Draft:
    """As the webhook makes it: with a delivery's id and the message's."""
    body = encode_command(DESK, command)
    message = of_command(command)
    if message is None:
        return Draft(body)
    return Draft(body, (delivery(DESK, message.digest.hex(), body), message))


async def append_all(log: Log, commands: Iterable[c.AnyCommand]) -> int:
    """Append them in large batches; the number appended."""
    batch: list[Draft] = []
    count = 0
    for command in commands:
        batch.append(draft(command))
        if len(batch) == APPEND_AT_ONCE:
            await log.append(batch)
            count += len(batch)
            batch = []
    if batch:
        await log.append(batch)
    return count + len(batch)


async def consumed(owner: Owner, offset: int, *, timeout_s: float = 120) -> None:
    """Wait until the owner has committed up to this offset."""
    async with asyncio.timeout(timeout_s):
        while owner.offset < offset or not owner.is_owner:  # noqa: ASYNC110  # it has no event
            await asyncio.sleep(0.002)


async def end(owner: Owner, running: asyncio.Task[None]) -> None:
    owner.stop()
    with suppress(asyncio.CancelledError):
        await running


async def open_sessions(log: Log, desk: Desk, sessions: int) -> dict[tuple[str, str], str]:
    """Let an owner adopt the desk, everybody come online and the buyers write, all through the
    inbox; by (shop, buyer) the sub-account that holds the session."""
    owner = Owner(log, "preload", desks=[c.AdoptDesk(desk=desk, by="bench")])
    running = asyncio.create_task(owner.run())
    await owner.wait_loaded()
    await append_all(log, everybody_online(desk))
    await append_all(log, first_messages(desk, sessions))
    await consumed(owner, (await log.meta()).tail)
    threads = owner.states[DESK].threads.values()
    holders = {(thread.shop, thread.buyer): thread.sub_account for thread in threads}
    if len(owner.states[DESK].sessions) != sessions or not all(holders.values()):
        raise RuntimeError("the sessions that were to be open are not")
    await end(owner, running)
    return holders
