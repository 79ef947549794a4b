"""A whole shift without a mouse."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.browser.stage import Stage
from tests.browser.windows import LOOP, Windows, online

pytestmark = LOOP


async def tab_to(page: Page, selector: str, most: int = 40) -> None:
    for _ in range(most):
        if await page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key does not reach {selector}")


async def test_open_write_send_transfer_and_close_without_a_mouse(
    windows: Windows, stage: Stage
) -> None:
    jie = await windows.open("ajie")
    await tab_to(jie, ".presence .state.online")
    await jie.keyboard.press("Enter")
    await expect(jie.locator(".presence .online[aria-pressed=true]")).to_be_visible()
    mei = await windows.open("xiaomei")
    await online(mei)
    await stage.buyers.says("买家甲", "在吗")
    await expect(jie.locator("button.session")).to_have_count(1)
    await stage.buyers.says("买家乙", "谢谢")
    await expect(mei.locator("button.session")).to_have_count(1)

    # Open, search a quick reply by pinyin, take it, send.
    keys = jie.keyboard
    await keys.press("Alt+Digit1")
    await expect(jie.locator("#reply-text")).to_be_focused()
    await keys.type("/qitian")
    await expect(jie.locator("#found [aria-selected=true]")).to_contain_text("七天无理由")
    await keys.press("Enter")
    await expect(jie.locator("#found")).to_have_count(0)
    written = await jie.input_value("#reply-text")
    assert "七天" in written
    await keys.press("Shift+Enter")
    await keys.type("第二行")
    await keys.press("Enter")
    await expect(jie.locator(".message.shop .bubble")).to_have_text(f"{written}\n第二行")
    await expect(jie.locator("#reply-text")).to_be_focused()

    # Give it away: who is there is chosen already.
    await keys.press("Alt+KeyT")
    await expect(jie.locator("dialog input[type=radio]")).to_be_focused()
    await expect(jie.locator("dialog label.choice")).to_contain_text("小美")
    await keys.press("Escape")
    await expect(jie.locator("dialog")).to_have_count(0)
    await expect(jie.locator("#reply-text")).to_be_focused()
    await keys.press("Alt+KeyT")
    await expect(jie.locator("dialog input[type=radio]")).to_be_focused()
    await keys.press("Enter")
    await expect(jie.locator("button.session")).to_have_count(0)
    await expect(mei.locator("button.session")).to_have_count(2)

    # Go through them, answer who says goodbye, close.
    keys = mei.keyboard
    await keys.press("Alt+ArrowDown")
    await expect(mei.locator("button.session").first).to_have_attribute("aria-pressed", "true")
    await keys.press("Escape")
    await expect(mei.locator("button.session").first).to_be_focused()
    row = mei.locator("button.session", has_text="买家乙")
    await keys.press("Alt+Digit1")
    await expect(row).to_have_attribute("aria-pressed", "true")
    await expect(mei.locator("#reply-text")).to_be_focused()
    await keys.type("不客气,再见")
    await keys.press("Enter")
    await expect(mei.locator(".message.shop .bubble", has_text="不客气")).to_be_visible()
    await expect(row.locator(".count")).to_have_count(0)
    await keys.press("Alt+KeyW")
    await expect(row).to_have_count(0)
    await expect(mei.locator("button.session")).to_have_count(1)


async def test_the_menus_open_and_close_by_keyboard(windows: Windows, stage: Stage) -> None:
    del stage
    boss = await windows.open("boss")
    await boss.keyboard.press("Tab")
    await expect(boss.locator(".skip")).to_be_focused()
    await boss.keyboard.press("Enter")
    await expect(boss.locator("main")).to_be_focused()
    await tab_to(boss, ".agent summary")
    await boss.keyboard.press("Enter")
    await expect(boss.locator(".agents .menu[open]")).to_have_count(1)
    await boss.keyboard.press("Escape")
    await expect(boss.locator(".agents .menu[open]")).to_have_count(0)
    await expect(boss.locator(".agent summary").first).to_be_focused()
    await boss.keyboard.press("Enter")
    await boss.keyboard.press("Tab")
    await boss.keyboard.press("Enter")
    await expect(boss.locator("dialog input[name=reason]")).to_be_focused()
    await boss.keyboard.type("上班了")
    await boss.keyboard.press("Enter")
    await expect(boss.locator("li.agent.online")).to_have_count(1)
