"""The quick replies: who keeps which, judged when they are saved, used, and in and out as files."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Page, Route, expect

from tests.browser.stage import Stage
from tests.browser.windows import LOOP, PHONE, Windows, fits, online, read

pytestmark = LOOP

PICTURE = "https://img.example.com/size.png"
PIXEL = '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40"/>'
TEXT = "亲,{买家}您好,订单 {订单} 建议选 L 码,{客服}为您服务"


async def picture(route: Route) -> None:
    await route.fulfill(body=PIXEL, content_type="image/svg+xml")


async def at_replies(windows: Windows, user: str, size: tuple[int, int] = (1280, 720)) -> Page:
    page = await windows.open(user, size)
    await page.route("https://img.example.com/**", picture)
    await page.click(".top nav a[href='#/replies']")
    await expect(page.locator(".quick-reply").first).to_be_visible()
    return page


async def save(page: Page) -> None:
    await page.locator("dialog .acts .first").click()


@pytest.mark.slow
async def test_a_team_s_reply_from_its_writing_to_a_buyer(windows: Windows, stage: Stage) -> None:
    boss, mei = await asyncio.gather(
        at_replies(windows, "boss"), at_replies(windows, "xiaomei", PHONE)
    )
    await expect(boss.locator(".library .total")).to_have_text("共 81 条")

    # It is written with placeholders, a picture and a preview of all that.
    await boss.keyboard.press("Alt+KeyN")
    await expect(boss.locator("dialog [name=title]")).to_be_focused()
    await boss.fill("[name=title]", "羽绒服尺码")
    await boss.fill("[name=shortcut]", "yrfcm")
    await boss.fill("[name=text]", "亲,")
    await boss.get_by_role("button", name="买家", exact=True).click()
    await expect(boss.locator("[name=text]")).to_have_value("亲,{买家}")
    await boss.keyboard.type("您好,加我微信wx123456,看{图}")
    await boss.fill("[name=pictures]", PICTURE)
    preview = boss.locator("dialog .preview")
    await expect(preview.locator("mark").first).to_have_text("小橘子")
    await expect(preview.locator("mark.bad")).to_have_text("{图}")
    await expect(preview.locator("img")).to_have_attribute("src", PICTURE)

    # What the rules of conduct doubt is shown, and can be changed; so is what is wrong with it.
    windows.expect_refused(409, "/v1/replies")
    windows.expect_refused(400, "/v1/replies")
    await save(boss)
    await expect(boss.locator("dialog .warnings")).to_contain_text("加我微信")
    await boss.fill("[name=text]", "亲,{图}您好,按身高给您推荐哦")
    await save(boss)
    await expect(boss.locator("#fault-text")).to_contain_text("没有 {图} 这个占位符")
    await boss.fill("[name=text]", TEXT)
    await save(boss)
    await expect(boss.locator("dialog")).to_have_count(0)
    await expect(boss.locator(".quick-reply").first).to_contain_text("羽绒服尺码")  # though unused

    # An agent finds it by pinyin, may not change it, and makes it their own.
    await mei.fill("#replies-search", "yurongfcm")
    await expect(mei.locator(".quick-reply")).to_have_count(1)
    await expect(mei.locator(".library > header .first")).to_have_count(0)
    await mei.locator(".quick-reply .menu summary").click()
    await expect(mei.locator(".quick-reply .choices button")).to_have_count(1)
    await mei.locator(".quick-reply .choices button").click()
    await mei.fill("[name=title]", "我的羽绒服尺码")
    await mei.fill("[name=shortcut]", "wdcm")
    assert await fits(mei)
    await save(mei)
    await expect(mei.locator(".quick-reply")).to_have_count(1)
    await expect(mei.locator(".libraries [aria-current]")).to_have_text("我的话术")
    await expect(mei.locator(".quick-reply")).to_contain_text("我的羽绒服尺码")
    assert await fits(mei)

    # It goes to a buyer, called by name, with its picture; and is counted.
    await mei.click(".top nav a[href='#/work']")
    await online(mei)
    await stage.buyers.says("tb0832", "穿多大?", buyer_name="小橘子")
    await expect(mei.locator("button.session")).to_contain_text("小橘子")
    await read(mei, "tb0832")
    await mei.locator("#reply-text").press_sequentially("/yrfcm")
    await expect(mei.locator("#found [aria-selected=true]")).to_contain_text("1 张图片")
    await mei.keyboard.press("Enter")
    await expect(mei.locator(".to-send img")).to_be_visible()
    await expect(mei.locator(".reply .problem")).to_have_text("请先补上:订单")
    await expect(mei.locator("#reply-text")).to_have_value(re.compile(r"\{订单\}"))
    await mei.keyboard.type("2026")  # it is selected
    await mei.keyboard.press("Enter")
    sent = await stage.bridge.message(lambda data: data["kind"] == "text")
    assert sent["text"] == "亲,小橘子您好,订单 2026 建议选 L 码,小美为您服务"
    assert (await stage.bridge.message(lambda data: data["kind"] == "image"))["url"] == PICTURE
    await expect(mei.locator(".to-send")).to_have_count(0)

    await boss.fill("#replies-search", "yrfcm")
    row = boss.locator(".quick-reply")
    await expect(row).to_have_count(1)
    await expect(row.locator(".uses")).to_have_text("用过 1 次")
    await row.locator(".uses").click()
    await expect(boss.locator("dialog tbody tr")).to_contain_text("小美")
    await boss.keyboard.press("Escape")

    # Away with it: nobody finds it any more, and the copy stays.
    await row.locator(".menu summary").click()
    await row.locator(".choices .danger").click()
    await boss.locator("dialog button.danger").click()
    await expect(boss.locator(".library .none")).to_have_text("没有找到")


async def test_files_in_and_out(windows: Windows, tmp_path: Path) -> None:
    mei = await at_replies(windows, "xiaomei")
    await mei.click(".libraries a[href='#/replies/mine']")
    await expect(mei.locator(".library .none")).to_contain_text("还没有自己的话术")
    await mei.get_by_role("button", name="导入").click()
    windows.expect_refused(422, "/v1/replies/import")
    windows.expect_refused(409, "/v1/replies/import")

    async def imports(*rows: str) -> None:
        data = "\n".join(("分类,标题,内容", *rows)).encode()
        file = FilePayload(name="话术.csv", mimeType="text/csv", buffer=data)
        await mei.set_input_files("dialog input[type=file]", files=[file])
        await save(mei)

    problems = mei.locator("dialog tbody tr")
    await imports("问候,你好,亲您好", "没有,,亲您好", "问候,坏,{坏}")
    await expect(problems).to_have_count(3)
    await expect(problems.first.locator("td").first).to_have_text("话术!A3")
    await imports("问候,骂人,你这个傻逼快点付款吧")
    await expect(problems).to_have_count(1)
    await expect(problems.first).to_contain_text("傻逼")
    await imports("问候,你好,亲您好哦", "其他,微信,亲，加我微信wx123456给您优惠哦")
    await expect(mei.locator("dialog .problem")).to_contain_text("可能违反用语规则")
    await mei.locator("dialog .danger").click()
    await expect(mei.locator(".toast.good")).to_contain_text("新增 2 条")
    await expect(mei.locator(".quick-reply")).to_have_count(2)

    await mei.click(".menu.export summary")
    async with mei.expect_download() as download:
        await mei.click(".menu.export a:has-text('JSON')")
    kept = tmp_path / "mine.json"
    await (await download.value).save_as(kept)
    titles = {one["title"] for one in json.loads(kept.read_bytes())["replies"]}
    assert titles == {"你好", "微信"}
