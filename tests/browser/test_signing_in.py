"""Signing in and out, in one tab and beside another; and the language of the page."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.stage import Stage
from tests.browser.windows import LOOP, Windows, choose_language, live, sign_in

pytestmark = LOOP


async def test_a_wrong_password_and_then_the_right_one(windows: Windows) -> None:
    page = await windows.open()
    await expect(page.locator("input[name=user]")).to_be_focused()
    await sign_in(page, "xiaomei", "not the password")
    await expect(page.locator(".login [role=alert]")).to_have_text("用户名或密码不对")
    await expect(page.locator(".login button.first")).to_be_enabled()
    await sign_in(page, "xiaomei")
    await live(page)
    await expect(page).to_have_title("接待 · 值班")
    await expect(page.locator("nav a", has_text="接待")).to_be_visible()
    await expect(page.locator("nav a", has_text="看板")).to_have_count(0)  # not for agents
    await page.goto(f"{windows.base}/#/board")
    await expect(page.locator(".work")).to_be_visible()
    await page.reload()
    await live(page)  # the cookie stands


async def test_what_one_tab_does_to_the_login_the_others_notice(windows: Windows) -> None:
    windows.expect_refused(401, "/v1/")  # what was on its way
    context = await windows.context()
    first = await windows.open("boss", context=context)
    second = await windows.open(context=context)
    await live(second)  # the same cookie
    await first.click(".menu.who summary")
    await first.click("text=退出登录")
    for page in (first, second):
        await expect(page.locator(".login input[name=user]")).to_be_visible()
        await expect(page.locator(".board")).to_have_count(0)
    await sign_in(second, "xiaomei")
    for page in (first, second):
        await live(page)
        await expect(page.locator(".menu.who summary")).to_have_text("小美")


async def test_the_language_is_changed_and_kept(windows: Windows, stage: Stage) -> None:
    await stage.buyers.says("买家甲", "在吗")
    page = await windows.open("boss")
    await expect(page.locator("#queue-title")).to_have_text("排队 1")
    await choose_language(page, "English")
    await expect(page.locator("#queue-title")).to_have_text("Queue 1")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await page.reload()
    await live(page)
    await expect(page.locator("#agents-title")).to_have_text("Agents")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    left = await page.evaluate(
        "(async () => { const [zh, en] = await Promise.all(['zh', 'en'].map("
        "(name) => import(`/console/words/${name}.js`)));"
        " const all = [Object.keys(zh.default), Object.keys(en.default)];"
        " return all[0].filter((name) => !all[1].includes(name))"
        ".concat(all[1].filter((name) => !all[0].includes(name))); })()"
    )
    assert left == []  # every word has its other
    await choose_language(page, "中文")
    await expect(page.locator("#queue-title")).to_have_text("排队 1")
