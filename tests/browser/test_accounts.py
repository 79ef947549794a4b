"""One's own account; what admins see and end of others'; a login that ends says so."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.browser.stage import PASSWORD, Stage
from tests.browser.windows import DESKTOP, LOOP, PHONE, Windows, fits, live, online, read, sign_in

pytestmark = LOOP

FRESH = "值班 another horse"


async def to_account(page: Page) -> None:
    await page.click(".menu.who summary")
    await page.get_by_role("button", name="我的账号").click()
    await expect(page.locator("dialog .logins li.this")).to_be_visible()


async def test_one_s_own_account(windows: Windows) -> None:
    windows.expect_refused(401, "/v1/")
    windows.expect_refused(409, "/v1/me/password")
    away, page = await windows.open("xiaomei"), await windows.open("xiaomei", PHONE)
    await to_account(page)
    await expect(page.locator("dialog .logins li")).to_have_count(2)
    await expect(page.locator("dialog .logins li.this")).to_contain_text("Chrome")
    assert await fits(page)
    await page.get_by_role("button", name="退出其他 1 个").click()
    await expect(page.locator("dialog .logins li")).to_have_count(1)
    await expect(away.locator(".login .left")).to_have_text("登录已失效,可能已在别处退出")

    async def change(old: str, fresh: str, again: str) -> None:
        for name, value in (("old", old), ("fresh", fresh), ("again", again)):
            await page.fill(f"dialog [name={name}]", value)
        await page.press("dialog [name=again]", "Enter")

    for old, fresh, again, field, said in (
        (PASSWORD, "short", "short", "fresh", "至少 10 个字符"),
        (PASSWORD, FRESH, FRESH + "!", "again", "两次输入的不一样"),
        ("not the password", FRESH, FRESH, "old", "现在的密码不对"),
        (PASSWORD, "xiaomei-xiaomei", "xiaomei-xiaomei", "fresh", "太容易猜"),
    ):
        await change(old, fresh, again)
        await expect(page.locator(f"#account-{field}.problem")).to_contain_text(said)
        await expect(page.locator(f"dialog [name={field}]")).to_be_focused()
    await change(PASSWORD, FRESH, FRESH)
    await expect(page.locator(".login .left")).to_have_text("密码已修改,请用新密码登录")


async def test_accounts_and_audit(windows: Windows, stage: Stage) -> None:
    windows.expect_refused(401, "/v1/")
    await stage.buyers.says("买家甲", "在吗?")
    mei = await windows.open("xiaomei")
    await online(mei)
    await read(mei, "买家甲")
    await mei.fill("#reply-text", "写到一半")
    page = await windows.open("root")
    await page.click(".top nav a[href='#/people']")
    await expect(page.locator(".users tbody tr")).to_have_count(4)
    await page.fill(".users input", "mei")
    await page.locator(".users tbody button").click()
    await expect(page.locator(".person .logins li")).to_have_count(1)
    await page.get_by_role("button", name="全部退出").click()
    await page.locator("dialog .first").click()
    await expect(page.locator(".person .logins li")).to_have_count(0)
    await expect(mei.locator(".login .left")).to_be_visible()  # at once, in the middle of it
    await sign_in(mei, "xiaomei")
    await live(mei)
    await read(mei, "买家甲")
    await expect(mei.locator("#reply-text")).to_have_value("")  # it may be somebody else by now

    await page.get_by_role("button", name="看操作记录").click()
    rows = page.locator(".acts-book tbody tr")
    await expect(rows).to_have_count(3)
    await expect(rows.locator(".what")).to_have_text(["登录", "改自己的状态", "登录"])
    await page.get_by_label("谁", exact=True).select_option("")
    await page.get_by_label("操作", exact=True).select_option("DELETE /v1/users/{id}/logins")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("张店长")
    await expect(rows.locator(".target")).to_have_text("小美")
    await page.get_by_role("button", name="往前").click()
    await expect(page.locator(".acts-book .none")).to_have_text("没有操作记录")
    for size in (DESKTOP, PHONE):
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        for path in ("", "/acts", "/user/xiaomei"):
            await page.goto(f"{windows.base}/#/people{path}")
            await expect(page.locator(".people .loading")).to_have_count(0)
            assert await fits(page), (size, path)
