"""The rules' page: what a change would do is said before it is adopted, and then it is so."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from router.core.kinds import MINUTE_MS
from tests.browser.stage import Stage
from tests.browser.windows import LOOP, PHONE, Windows, choose_language, fits

pytestmark = [LOOP, pytest.mark.slow]


async def rules(windows: Windows, page: Page) -> Page:
    await page.goto(f"{windows.base}/#/policy")
    await expect(page.locator(".policy-rules section").first).to_be_visible()
    return page


async def test_rules_are_tried_out_and_adopted(
    windows: Windows, stage: Stage, tmp_path: Path
) -> None:
    await stage.online("xiaomei", "ajie")
    await stage.buyers.says("买家甲", "在吗")
    root = await rules(windows, await windows.open("root"))
    boss = await rules(windows, await windows.open("boss", PHONE))
    file = tmp_path / "zhiban.toml"

    # A slip is named where it was made, as `zhiban check` would; nothing can be adopted.
    reply = root.locator(".policy-field[data-key=reply]")
    await expect(reply.locator(".about")).to_have_text("默认 5 分钟")
    await root.fill("#policy--reply", "")
    await expect(reply.locator(".problem")).to_contain_text("应为时长")
    await expect(root.locator(".policy-panel .first")).to_be_disabled()

    # What would change, from when on, and how much is open.
    await root.fill("#policy--reply", "4")
    await root.get_by_role("spinbutton", name="回复超时,每次", exact=True).fill("25.5")
    found = root.locator(".policy-panel .policy-changes > li")
    await expect(found).to_have_count(2)
    await expect(found.first.locator("del")).to_have_text("5 分钟")
    await expect(found.first.locator("ins")).to_have_text("4 分钟")
    await expect(found.first).to_contain_text("正在计时的 1 个仍按原来的;已扣的不变")
    await expect(found.last.locator("ins")).to_have_text("¥25.50")

    # A shop's own: its hours, and a rule that differs.
    await root.get_by_role("button", name="拼多多工厂店", exact=True).click()
    await root.get_by_role("button", name="加一段").click()
    await root.get_by_role("checkbox", name="周六").uncheck()
    await root.fill("[id='policy-pdd-away_text']", "亲,马上回来 <b>")
    await expect(found).to_have_count(4)
    await expect(found.nth(2)).to_contain_text("周一至周五、周日 09:00-23:00")
    assert stage.state.desk.policy.reply_ms == 5 * MINUTE_MS

    await root.click(".policy-panel .first")
    await expect(root.locator("dialog .policy-changes > li")).to_have_count(4)
    await root.click("dialog .first")
    await expect(root.locator(".toast.good")).to_be_visible()
    assert stage.state.desk.policy.reply_ms == 4 * MINUTE_MS
    assert 'reply = "4m"' in file.read_text("utf-8")
    assert len(list(tmp_path.glob("zhiban.toml.*.bak"))) == 1
    await expect(root.locator(".policy-changes > li")).to_have_count(0)

    # Others see it as it happens; a supervisor may try, and not adopt.
    await expect(boss.locator("#policy--reply")).to_have_value("4")
    await expect(boss.locator("[data-key=away_text] .others")).to_contain_text("马上回来 <b>")
    await boss.fill("#policy--sticky", "12")
    await expect(boss.locator(".policy-panel .policy-changes > li")).to_have_count(1)
    await expect(boss.locator(".policy-panel .first")).to_have_count(0)
    await expect(boss.locator(".policy-panel")).to_contain_text("采用由管理员来做")
    assert await fits(boss)

    # The file was changed while a change was being looked at: it is looked at once more.
    await root.click(".policy-head .filters button >> nth=0")
    await root.fill("#policy--stall", "3")
    await expect(found).to_have_count(1)
    await root.click(".policy-panel .first")
    file.write_text(file.read_text("utf-8") + "\n# 另一位编辑\n", "utf-8")
    windows.expect_refused(412, "/v1/policy")
    await root.click("dialog .first")
    await expect(root.locator("dialog .problem")).to_contain_text("刚刚被别人改过")
    await root.click("dialog .first")
    await expect(root.locator("dialog")).to_have_count(0)
    assert "# 另一位编辑" in file.read_text("utf-8")

    await root.click("a[href='#/policy/history']")
    past = root.locator(".policy-past > ol > li")
    await expect(past).to_have_count(2)
    await expect(past.last).to_contain_text("张店长")
    await expect(past.last).to_contain_text("拼多多工厂店")
    await choose_language(root, "English")
    await expect(past.last).to_contain_text("becomes 4 min")
