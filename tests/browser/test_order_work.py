"""Orders' remarks and promised call-backs, from a conversation and mostly without a mouse."""

from __future__ import annotations

import re
from typing import Any

from playwright.async_api import Page, expect

from router.clocktime import parse_ms
from router.core import commands as c
from tests.browser.rosters import day
from tests.browser.stage import Stage
from tests.browser.test_keyboard import tab_to
from tests.browser.windows import (
    DESKTOP,
    LOOP,
    PHONE,
    Windows,
    choose_language,
    fits,
    online,
    read,
    reply,
)

pytestmark = LOOP

ORDER = "2026112100317"
ASKED_OF = "dialog input[name=order]"


async def at_work(windows: Windows, stage: Stage, size: tuple[int, int] = DESKTOP) -> Page:
    """小美 with the session of a buyer who has ordered, which is read."""
    page = await windows.open("xiaomei", size)
    await online(page)
    await stage.buyers.says("买家甲", "在吗")
    await stage.buyers.hook("order.placed", buyer="买家甲", order=ORDER)
    await read(page, "买家甲")
    return page


async def look(boss: Page, buyer: str) -> None:
    """A supervisor opens a conversation on the board."""
    await boss.locator("tbody tr").get_by_title(buyer).click()
    await expect(boss.locator(".message").first).to_be_visible()


async def test_a_remark_reaches_the_platform_and_whoever_looks(
    windows: Windows, stage: Stage
) -> None:
    mei = await at_work(windows, stage)
    boss = await windows.open("boss")
    await look(boss, "买家甲")

    # The order is known, so one only writes.
    await mei.keyboard.press("Alt+KeyR")
    await expect(mei.locator("dialog textarea")).to_be_focused()
    await expect(mei.locator(f"{ASKED_OF}:checked")).to_have_value(ORDER)
    await expect(mei.locator("dialog input[name=flag]:checked")).to_have_value("red")
    await mei.keyboard.type("改地址:发到公司")
    await mei.keyboard.press("Enter")
    await expect(mei.locator("dialog")).to_have_count(0)
    await expect(mei.locator("#reply-text")).to_be_focused()
    sent = await stage.bridge.event("order.remark", lambda data: data["order"] == ORDER)
    assert (sent["flag"], sent["reason"]) == ("red", "改地址:发到公司")
    for page in (mei, boss):
        line = page.locator(f".remarks li[data-order='{ORDER}']")
        await expect(line).to_contain_text("改地址:发到公司")
        await expect(line).to_contain_text("小美")
        await expect(line).to_contain_text("红旗")
        await expect(line.locator(".delivery")).to_have_text("已到平台")

    # The supervisor goes on from what stands there; the agent sees it without asking.
    await boss.locator(".remarks button").click()
    await expect(boss.locator("dialog .present")).to_contain_text("小美")
    await expect(boss.locator("dialog .present .delivery")).to_have_text("已到平台")
    await expect(boss.locator("dialog button.first")).to_be_disabled()  # nothing to save
    await boss.get_by_role("radio", name="绿").click()
    await boss.click("dialog .phrases button:has-text('加急发货')")
    await expect(boss.locator("dialog textarea")).to_have_value("改地址:发到公司 加急发货")
    await expect(boss.locator("dialog .present .words")).to_have_text("改地址:发到公司")
    await boss.click("dialog button.first")
    line = mei.locator(".remarks li")
    await expect(line).to_contain_text("加急发货")
    await expect(line).to_contain_text("绿旗")
    await expect(line.locator(".delivery")).to_have_text("已到平台")

    # A card of that order shows it, too.
    card = {"buyer": "买家甲", "kind": "order_card", "message": "card", "order": ORDER}
    await stage.buyers.hook("message.received", **card)
    await expect(mei.locator(".card .noted")).to_contain_text("加急发货")


async def test_a_remark_that_the_platform_refuses_is_told(windows: Windows, stage: Stage) -> None:
    windows.expect_refused(404, "/remark")  # of a number that was typed: none is there yet
    stage.bridge.wants_no.add("order.remark")
    mei = await windows.open("xiaomei")
    await online(mei)
    await choose_language(mei, "English")
    await stage.buyers.says("买家甲", "在吗")
    await read(mei, "买家甲")
    # No order is known here: its number is written, which is where one begins.
    await tab_to(mei, ".conversation [aria-keyshortcuts='Alt+R']")
    await mei.keyboard.press("Enter")
    await expect(mei.locator("dialog input[name=number]")).to_be_focused()
    await expect(mei.locator("dialog button.first")).to_be_disabled()
    await mei.keyboard.type("A-1")
    await tab_to(mei, "dialog input[name=flag]")
    await mei.keyboard.press("ArrowRight")
    await tab_to(mei, "dialog textarea")
    await mei.keyboard.type("two parcels")
    await mei.keyboard.press("Enter")
    await expect(mei.locator(".toast.bad")).to_have_text(
        "The remark of order A-1 did not reach the platform"
    )
    await expect(mei.locator(".remarks .delivery.failed")).to_be_visible()
    # It stands, and goes again when it is sent again.
    stage.bridge.wants_no.clear()
    await mei.locator(".remarks button").click()
    await expect(mei.locator("dialog button.first")).to_have_text("Send again")
    await mei.locator("dialog textarea").press("Enter")
    sent = await stage.bridge.event("order.remark", lambda data: data["order"] == "A-1")
    assert (sent["flag"], sent["reason"]) == ("yellow", "two parcels")
    await expect(mei.locator(".remarks .delivery.delivered")).to_be_visible()


async def test_a_promise_counts_down_until_it_is_kept(windows: Windows, stage: Stage) -> None:
    mei = await at_work(windows, stage)
    boss = await windows.open("boss")
    await look(boss, "买家甲")
    await reply(mei, "您好,问到发货时间告诉您")

    await mei.keyboard.press("Alt+KeyP")
    await expect(mei.locator("dialog textarea")).to_be_focused()
    await expect(mei.locator("dialog button.first")).to_be_disabled()
    await mei.keyboard.type("告诉买家发货时间")
    await tab_to(mei, "dialog input[name=when]")
    await mei.keyboard.press("ArrowRight")  # two hours
    await tab_to(mei, "dialog button.first")
    await mei.keyboard.press("Enter")
    await expect(mei.locator("dialog")).to_have_count(0)
    promised = mei.locator(".work-item", has_text="告诉买家发货时间")
    await expect(promised.locator("time.due")).to_have_text(re.compile("^1:59:"))
    await expect(mei.locator(".deadlines", has_text="承诺回复")).to_be_visible()
    for place in (".conversation", ".promised-here"):
        kept = boss.locator(f"{place} .work-item", has_text="告诉买家发货时间")
        await expect(kept).to_contain_text("小美")

    # The next message keeps it, and that is said.
    await reply(mei, "您好,仓库说明天上午发货")
    await expect(mei.locator(".toast", has_text="承诺已做到")).to_contain_text("告诉买家发货时间")
    for page in (mei, boss):
        await expect(page.locator(".work-item")).to_have_count(0)

    # By a time of one's own; not needed after all.
    await mei.keyboard.press("Alt+KeyP")
    await mei.fill("dialog textarea", "补发单号")
    await mei.fill("dialog input[name=due]", f"{day(2)}T09:30")
    await expect(mei.locator("dialog input[name=when]:checked")).to_have_count(0)
    await mei.press("dialog input[name=due]", "Enter")
    await expect(mei.locator(".work-item", has_text="补发单号")).to_be_visible()
    (item,) = (work for thread in stage.state.threads.values() for work in thread.work.values()
               if work.kind == "call_back")  # fmt: skip
    assert item.due_ms == parse_ms(f"{day(2)}T09:30:00+08:00")
    await boss.locator(".conversation .work-item button", has_text="不再需要").click()
    await boss.fill("dialog input[name=reason]", "买家自己查到了")
    await boss.press("dialog input[name=reason]", "Enter")
    for page in (mei, boss):
        await expect(page.locator(".work-item")).to_have_count(0)


async def test_the_dialogs_fit_a_phone(windows: Windows, stage: Stage) -> None:
    mei = await at_work(windows, stage, PHONE)
    for number in range(4):
        hostile: dict[str, Any] = {
            "order": f"{number}<b>{'9' * 190}",
            "reason": "<img src=x>" + "x" * 900,
        }
        await stage.ask(c.SetRemark(shop="tmall", buyer="买家甲", agent="xiaomei", **hostile))
    await expect(mei.locator(".remarks li")).to_have_count(4)
    await mei.locator(".remarks li button").last.click()
    await expect(mei.locator(".remarks li")).to_have_count(5)
    assert await fits(mei)
    for key in ("Alt+KeyR", "Alt+KeyP"):
        await mei.keyboard.press(key)
        await expect(mei.locator("dialog textarea")).to_be_focused()
        assert await mei.evaluate(
            "(d => d.scrollWidth <= d.clientWidth)(document.querySelector('dialog form'))"
        )
        await mei.keyboard.press("Escape")
        await expect(mei.locator("dialog")).to_have_count(0)
