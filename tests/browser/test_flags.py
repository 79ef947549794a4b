"""What the inspector found: a supervisor goes through it with one key each."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.browser.stage import MINUTE_MS, Stage
from tests.browser.test_ledger import go_to
from tests.browser.windows import LOOP, PHONE, Windows, fits

pytestmark = LOOP

SAID = {
    "买家甲": "亲,您好😀 您加微信聊吧",
    "买家乙": "您好,你有病吧",
    "买家丙": "您好,你有病吧,看清楚再问",
}


async def talk(stage: Stage) -> None:
    """Long enough ago to be judged at once."""
    await stage.online("ajie")
    for number, (buyer, text) in enumerate(SAID.items()):
        ago_ms = 4 * MINUTE_MS - number * 1_000
        await stage.buyers.says(buyer, "在吗?能便宜点吗", "pdd", ago_ms)
        await stage.buyers.is_answered(buyer, "ajie", text, "pdd", ago_ms - 500)


async def shown(page: Page, buyer: str) -> None:
    """Its proof is there, so that the keys are heard."""
    await expect(page.locator(".proof-panel header")).to_contain_text(buyer)
    await expect(page.locator(".judging")).to_be_visible()


async def test_a_supervisor_confirms_dismisses_and_allows_with_one_key_each(
    windows: Windows, stage: Stage
) -> None:
    await talk(stage)
    boss = await windows.open("boss")
    jie = await windows.open("ajie", PHONE)
    waiting = boss.locator(".top nav a", has_text="质检").locator(".count")
    await expect(waiting).to_have_text("3")
    await go_to(boss, "质检")
    picks = boss.locator(".pick")
    await expect(picks).to_have_count(3)

    # The words stand in their conversation, where they were found.
    await shown(boss, "买家丙")
    await expect(boss.locator(".timeline .flagged mark")).to_have_text("你有病吧")
    await expect(boss.locator(".timeline .buyer .said")).to_have_text("在吗?能便宜点吗")
    await boss.keyboard.press("y")
    await expect(picks).to_have_count(2)
    await shown(boss, "买家乙")
    await boss.keyboard.press("n")
    await shown(boss, "买家甲")
    await expect(boss.locator(".timeline .flagged .said")).to_have_text(SAID["买家甲"])
    await expect(boss.locator(".timeline .flagged mark")).to_contain_text("微信")
    await boss.keyboard.press("w")
    await boss.fill("dialog input:not([name])", "加微信聊")
    await boss.locator("dialog input[name=reason]").press("Enter")
    await expect(boss.locator(".flags .none")).to_have_text("都处理完了")
    await expect(waiting).to_have_count(0)

    # The agent finds what was said to it, and the charge.
    await go_to(jie, "质检")
    await expect(jie.locator(".pick .chip")).to_have_text(["已确认", "已驳回", "已驳回"])
    assert await fits(jie)
    await jie.locator(".pick", has_text="买家丙").click()
    await expect(jie.locator(".pick").first).to_be_hidden()
    await expect(jie.locator(".judging")).to_have_count(0)
    await expect(jie.locator(".proof-panel header")).to_contain_text("¥100")
    assert await fits(jie)
    await jie.get_by_role("link", name="看台账").click()
    await expect(jie.locator(".proof .verdict")).to_contain_text("扣 阿杰 ¥100")

    # Second thoughts: the charge is taken back.
    await boss.locator(".tabs a", has_text="已确认").click()
    await boss.locator(".pick", has_text="买家丙").click()
    await boss.fill(".judging input", "是引用买家的话")
    await boss.locator(".judging button", has_text="驳回").first.click()
    await expect(jie.locator(".proof .lifted")).to_contain_text("是引用买家的话")

    # The list of what is allowed, and off it again.
    await boss.locator(".tabs a", has_text="白名单").click()
    await expect(boss.locator(".allowed td.phrase")).to_have_text("加微信聊")
    await boss.fill(".allowed input[name=phrase]", "微信支付")
    await boss.press(".allowed input[name=phrase]", "Enter")
    await expect(boss.locator(".allowed tbody tr")).to_have_count(2)
    await boss.get_by_role("button", name="移出 加微信聊").click()
    await boss.locator("dialog button.first").click()
    await expect(boss.locator(".allowed td.phrase")).to_have_text(["微信支付"])
