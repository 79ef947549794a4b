"""The charts as a supervisor uses them: today beside yesterday, a shop, another day, a table."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.busy_days import pass_over
from tests.browser.past import Past
from tests.browser.test_ledger import go_to
from tests.browser.windows import LOOP, PHONE, Windows, fits

pytestmark = [LOOP, pytest.mark.slow]


def card(page: Page, name: str) -> Locator:
    return page.locator(f".cards [data-card={name}]")


async def drawn(page: Page, chart: str) -> bool:
    """Whether there is ink on the canvas."""
    ink: bool = await page.locator(f"[data-chart={chart}] canvas").evaluate(
        "(c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0)"
    )
    return ink


async def test_a_supervisor_looks_at_the_day(later_windows: Windows, past: Past) -> None:
    await pass_over(past, 24)
    found = await past.harness.get("sue", "/v1/stats")
    boss = await later_windows.open("boss")
    met, of = found["total"]["in_time"]["met"], found["total"]["in_time"]["of"]
    share = f"{round(met / of * 1000) / 10:g}%"
    await expect(boss.locator(".counts .today-rate b")).to_have_text(share)
    await boss.locator(".counts .today-rate a").click()

    await expect(boss.locator(".charts h2").first).to_have_text("11月22日 周日")
    messages = found["total"]["messages"]
    await expect(card(boss, "messages").locator("b")).to_have_text(str(messages))
    await expect(card(boss, "in_time").locator("b")).to_have_text(share)
    await expect(card(boss, "in_time").locator(".of")).to_have_text(f"{met}/{of}")
    for chart in ("arrivals", "waits", "rates", "breaches"):
        assert await drawn(boss, chart), chart

    # It goes on while they look.
    await past.says("新来的", "在吗", "shop-b")
    await expect(card(boss, "messages").locator("b")).to_have_text(str(messages + 1))

    # What the hour under the pointer was; and all of them, to be read.
    hour = found["hours"][10]
    picture = boss.locator("[data-chart=arrivals] .chart-box")
    most = max(each["messages"] for each in found["hours"])
    at = [each["messages"] for each in found["hours"]].index(most)
    await expect(picture).to_have_attribute("aria-label", f"进线最多的是 {at} 点,{most} 条消息")
    over = picture.locator(".u-over")
    box = await over.bounding_box()
    assert box is not None
    await over.hover(position={"x": box["width"] * (10 + 0.6) / 24.2, "y": 40})
    await expect(boss.locator("[data-chart=arrivals] .hour")).to_have_text("10:00–11:00")
    legend = boss.locator("[data-chart=arrivals] .legend")
    await expect(legend).to_contain_text(f"买家消息 {hour['messages']}")
    await boss.locator("[data-chart=arrivals] header button").click()
    row = boss.locator("[data-chart=arrivals] tbody tr").nth(10)
    await expect(row.locator("th")).to_have_text("10:00–11:00")
    await expect(row.locator("td").first).to_have_text(str(hour["messages"]))
    await expect(boss.locator("[data-chart=arrivals] canvas")).to_have_count(0)

    # One shop alone, and the day before.
    one = await past.harness.get("sue", "/v1/stats?shop=shop-b")
    await boss.select_option(".charts-tools select", "shop-b")
    await expect(card(boss, "messages").locator("b")).to_have_text(str(one["total"]["messages"]))
    await expect(boss.locator(".by-agent tbody tr")).to_have_count(1)
    await boss.select_option(".charts-tools select", "")
    await boss.get_by_role("button", name="前一天").click()
    await expect(boss.locator(".charts h2").first).to_have_text("11月21日 周六")
    await expect(boss.locator(".since")).to_have_text("数据从 16:00 开始")
    yesterday = await past.harness.get("sue", "/v1/stats?day=2026-11-21")
    await expect(card(boss, "messages").locator("b")).to_have_text(
        str(yesterday["total"]["messages"])
    )
    assert boss.url.endswith("#/charts/2026-11-21")

    # Who answered most, and slowest.
    heads = boss.locator(".by-agent thead button")
    await expect(boss.locator(".by-agent [aria-sort=descending]")).to_have_text("会话")
    await heads.filter(has_text="平均首次回复").click()
    slowest = max(yesterday["agents"], key=lambda each: each["mean_first_ms"])
    await expect(boss.locator(".by-agent tbody th").first).to_have_text(slowest["name"])

    phone = await later_windows.open("boss", PHONE)
    await phone.goto(f"{past.base}#/charts")
    await expect(phone.locator(".charts canvas")).to_have_count(4)
    assert await fits(phone)
    agent = await later_windows.open("amy")
    await expect(agent.locator(".top nav a", has_text="今日数据")).to_have_count(0)


async def test_a_day_that_has_not_begun_to_be_counted(later_windows: Windows, past: Past) -> None:
    boss = await later_windows.open("boss")
    await expect(boss.locator(".counts .today-rate b")).to_have_text("—")
    await go_to(boss, "今日数据")
    await expect(boss.locator("[data-chart=arrivals] .none")).to_have_text("还没有买家来")
    await expect(boss.locator("[data-chart=breaches] .none")).to_have_text("没有违规")
    await expect(boss.locator(".by-agent .none")).to_have_text("还没有客服接待")
    await expect(card(boss, "in_time").locator("b")).to_have_text("—")
    await expect(boss.locator(".beside")).to_have_count(0)
