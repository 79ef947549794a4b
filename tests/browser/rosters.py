"""A roster as the tests of the console have it: people, who of them is here now, and two weeks."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace
from playwright.async_api import Page, expect

from router.clocktime import parse_ms
from router.core import commands as c
from router.core.commands import PresenceName
from router.core.commands_shift import PlannedShift
from router.core.policy import BEIJING_OFFSET_MS, DAY_MS, HOUR_MS, Agent, Desk, SubAccount
from tests.browser.past import Past
from tests.browser.stage import AGENTS, MINUTE_MS, TMALL, Stage

TEAM = {"lili": "李丽", "dawei": "大伟", "xiaozhao": "小赵", "sunny": "孙妮", "qiang": "志强"}
"""Beside 小美 and 阿杰."""
NIGHTS = "tmall:夜班"
"""A sub-account that is nobody's own: whose shift it is."""


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def today_ms() -> int:
    """The midnight before."""
    return now_ms() - (now_ms() + BEIJING_OFFSET_MS) % DAY_MS


def day(number: int) -> str:
    """So many days from today, as a date."""
    today = datetime.fromtimestamp((today_ms() + BEIJING_OFFSET_MS) / 1000, UTC)
    return f"{today + timedelta(days=number):%Y-%m-%d}"


def shift(
    agent: str, number: int, start_h: float, hours: float, name: str, *subs: str
) -> PlannedShift:
    """On the day so many days from today, with a break in the middle."""
    from_ms = today_ms() + number * DAY_MS + int(start_h * HOUR_MS)
    pause_ms = from_ms + int(hours // 2 * HOUR_MS)
    return PlannedShift(
        agent=agent,
        from_ms=from_ms,
        to_ms=from_ms + int(hours * HOUR_MS),
        sub_accounts=subs,
        breaks=((pause_ms, pause_ms + 30 * MINUTE_MS),),
        name=name,
    )


async def plan(stage: Stage, *shifts: PlannedShift) -> None:
    from_ms, to_ms = today_ms() - DAY_MS, today_ms() + 16 * DAY_MS
    await stage.ask(c.PlanShifts(from_ms=from_ms, to_ms=to_ms, shifts=shifts, by="boss"))


def with_a_team(desk: Desk, shop: str = TMALL) -> Desk:
    """More people than other tests need."""
    agents = tuple(Agent(id=agent, name=name, capacity=8) for agent, name in TEAM.items())
    own = [SubAccount(id=f"{shop}:{name}", shop=shop, agent=agent) for agent, name in TEAM.items()]
    subs = (*desk.sub_accounts, *own, SubAccount(id=NIGHTS, shop=shop))
    return replace(desk, agents=desk.agents + agents, sub_accounts=subs)


def two_weeks() -> list[PlannedShift]:
    """Of a team, from the day after tomorrow: a shift of today may end tomorrow at noon."""
    found: list[PlannedShift] = []
    for number in range(2, 15):
        for place, agent in enumerate((*AGENTS, *TEAM)):
            turn = (number + place * 2) % 7
            if turn < 2:
                found.append(shift(agent, number, 9, 9, "早班"))
            elif turn < 4:
                found.append(shift(agent, number, 16, 8, "晚班"))
            elif turn == 4 and place % 2:
                found.append(shift(agent, number, 22, 8, "夜班", NIGHTS))
    return found


async def a_rostered_day(stage: Stage) -> None:
    """小美 is here, 李丽 on her break, 阿杰 is late, 大伟 comes later; two weeks lie ahead. At any
    hour of the day."""
    await stage.ask(c.AdoptDesk(desk=with_a_team(stage.state.desk)))
    start_h = (now_ms() - today_ms()) // (HOUR_MS // 2) / 2
    pause = ((now_ms() - 10 * MINUTE_MS, now_ms() + 20 * MINUTE_MS),)
    await stage.online("xiaomei", "lili")
    await plan(
        stage,
        shift("xiaomei", 0, start_h - 2, 8, "早班"),
        replace(shift("lili", 0, start_h - 2, 8, "早班"), breaks=pause),
        shift("ajie", 0, start_h - 1, 8, "中班"),
        shift("dawei", 0, start_h + 5, 8, "晚班", NIGHTS),
        *two_weeks(),
    )
    await stage.ask(c.SetPresence(agent="lili", to="away", reason="用餐"))


async def to_shifts(page: Page, where: str = "") -> None:
    await page.evaluate("where => { location.hash = `#/shifts${where}`; }", where)
    await expect(page.locator(".shifts section, .my-shifts").first).to_be_visible()


# A week in which time has passed

MONDAY_MS = parse_ms("2026-11-23T00:00:00+08:00")
ROWS = {
    "amy": "早 早 早 晚 晚 · ·",
    "bob": "早 早 · · 早 早 晚",
    "cat": "· 晚 早 早 · 晚 早",
    "lili": "早 · 早 早 早 · 早",
    "dawei": "夜 · · 夜 夜 · ·",
    "xiaozhao": "晚 晚 晚 · 晚 晚 夜",
    "sunny": "晚 夜 夜 · · 夜 ·",
}
HOURS = {"早": (9, 9), "晚": (14, 9), "夜": (22, 8)}


def _of_the_week() -> list[PlannedShift]:
    found: list[PlannedShift] = []
    for agent, row in ROWS.items():
        for number, kind in enumerate(row.split()):
            if kind in HOURS:
                start_h, hours = HOURS[kind]
                from_ms = MONDAY_MS + number * DAY_MS + start_h * HOUR_MS
                pause_ms = from_ms + (5 if kind == "早" else 3) * HOUR_MS
                subs = (NIGHTS,) if kind == "夜" else ()
                found.append(
                    PlannedShift(
                        agent=agent,
                        from_ms=from_ms,
                        to_ms=from_ms + hours * HOUR_MS,
                        sub_accounts=subs,
                        breaks=((pause_ms, pause_ms + 30 * MINUTE_MS),),
                        name=f"{kind}班",
                    )
                )
    return found


async def a_worked_week(past: Past) -> None:
    """It is Monday, 14:18. 阿杰 was late, 小赵 is, 李丽 has her break; on Wednesday one sub-account
    is rostered for two."""
    harness = past.harness

    async def ask(command: c.AnyCommand) -> None:
        answer = await harness.service.ask("d1", command)
        assert answer is not None
        assert answer.rejected is None, answer.rejected

    async def until(hour: int, minute: int) -> None:
        then_ms = MONDAY_MS + hour * HOUR_MS + minute * MINUTE_MS
        await harness.advance(then_ms - harness.now_ms)

    async def come(*agents: str, to: PresenceName = "online", reason: str = "") -> None:
        for agent in agents:
            await ask(c.SetPresence(agent=agent, to=to, reason=reason))

    await ask(c.AdoptDesk(desk=with_a_team(harness.state.desk, "shop-a")))
    twice = replace(_of_the_week()[2], agent="qiang", sub_accounts=("shop-a:amy",), name="顶班")
    shifts = (*_of_the_week(), twice)
    week_ms = MONDAY_MS + 7 * DAY_MS
    await ask(c.PlanShifts(from_ms=MONDAY_MS, to_ms=week_ms, shifts=shifts, by="boss"))
    await come("amy", "lili", "sunny")
    await until(9, 12)
    await come("bob")
    await until(14, 18)
    await come("lili", to="away", reason="用餐")
    await come("cat")
