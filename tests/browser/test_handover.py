"""One shift hands over to the next: drafted, filed and acknowledged, each in their own browser."""

from __future__ import annotations

import asyncio
import time

from playwright.async_api import Page, expect

from router.core import commands as c
from router.core.commands_shift import PlannedShift
from tests.browser.evening import an_evening
from tests.browser.past import Past
from tests.browser.stage import MINUTE_MS, TMALL, Stage
from tests.browser.windows import LOOP, PHONE, Windows, fits, online, read, reply

pytestmark = LOOP


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def rostered(stage: Stage, ends_in_ms: int = 20 * MINUTE_MS) -> None:
    """小美's shift ends soon; 阿杰, who came early, goes on with her sub-accounts."""
    here_ms = now_ms()
    seats = ("tmall:小美", "pdd:小美")
    end_ms = here_ms + ends_in_ms
    shifts = (
        PlannedShift(
            agent="xiaomei", from_ms=here_ms - 120 * MINUTE_MS, to_ms=end_ms, sub_accounts=seats
        ),
        PlannedShift(
            agent="ajie", from_ms=end_ms, to_ms=end_ms + 300 * MINUTE_MS, sub_accounts=seats
        ),
    )
    plan = c.PlanShifts(
        from_ms=here_ms - 180 * MINUTE_MS,
        to_ms=end_ms + 600 * MINUTE_MS,
        shifts=shifts,
        by="boss",
    )
    await stage.ask(plan)


async def to_page(page: Page, rest: str = "") -> None:
    await page.evaluate("(hash) => { location.hash = hash; }", f"#/handover{rest}")
    await expect(page.locator(".handover")).to_be_visible()


async def test_a_handover_is_drafted_filed_and_acknowledged_by_the_next_shift(
    windows: Windows, stage: Stage
) -> None:
    mei, jie, boss = await asyncio.gather(
        windows.open("xiaomei"), windows.open("ajie"), windows.open("boss")
    )
    await online(mei)
    await rostered(stage)
    await stage.buyers.says("买家甲", "什么时候发货?")
    await stage.buyers.says("买家乙", "颜色发错了", "pdd")
    await read(mei, "买家乙")
    await reply(mei, "亲,给您补发一件")
    await online(jie)  # both sessions are with 小美

    # She is told that her shift ends; the draft has what is open, with the last words of each.
    notice = mei.locator(".notices li")
    await expect(notice).to_contain_text("还没交班")
    await notice.locator("a").click()
    draft = mei.locator("form.draft")
    first = draft.locator(".lines > li", has_text="买家甲")
    second = draft.locator(".lines > li", has_text="买家乙")
    await expect(first.locator(".last")).to_contain_text("什么时候发货?")
    await expect(first.locator(".due")).to_contain_text("回复")
    await expect(second.locator(".last")).to_contain_text("给您补发一件")
    await expect(draft.locator("header select")).to_contain_text("阿杰(按排班)")

    # The draft goes with what happens, and what is written in it stays, also over a reload.
    await first.locator("input").fill("等仓库回复发货时间")
    await first.locator("input").press("Enter")
    await expect(second.locator("input")).to_be_focused()
    await stage.buyers.says("买家甲", "在吗")
    await expect(first.locator(".last")).to_contain_text("在吗")
    await mei.reload()
    await expect(first.locator("input")).to_have_value("等仓库回复发货时间")
    await second.locator("input").fill("补发单号 <b>等仓库</b>")
    await draft.locator(".adds button", has_text="承诺回复").click()
    promise = draft.locator(".extra")
    await promise.locator(".who").fill("买家乙")
    await expect(promise.locator("select")).to_have_value("pdd")
    await promise.locator(".say input").fill("晚上给补发单号")
    await draft.locator("textarea").fill("打印机坏了,发货单在前台打")
    await boss.click("nav a[href='#/handover']")
    shift = boss.locator(".duties li", has_text="小美 → 阿杰")
    await expect(shift).to_contain_text("下班还有")
    await draft.locator("button.first").click()
    await expect(mei.locator(".handed .special")).to_contain_text("打印机坏了")

    # The next shift hears of it on whatever page it is, and asks back.
    came = jie.locator(".notices li")
    await expect(came).to_contain_text("小美交班给你,3 项待接")
    await came.locator("a").click()
    handed = jie.locator(".handed")
    await expect(handed.locator(".special")).to_contain_text("打印机坏了,发货单在前台打")
    lines = handed.locator(".lines > li")
    await expect(lines).to_have_count(3)
    one = handed.locator(".lines > li", has_text="等仓库回复发货时间")
    two = handed.locator(".lines > li", has_text="补发单号 <b>等仓库</b>")
    await expect(shift).to_contain_text("待接 3 项")
    await two.locator("button", has_text="提问").click()
    await two.locator("form input").fill("哪个仓库?")
    await two.locator("form input").press("Enter")
    hers = mei.locator(".questions li", has_text="哪个仓库?")
    await hers.locator("input").fill("二号仓")
    await hers.locator("input").press("Enter")
    await expect(two.locator(".answer")).to_contain_text("小美 二号仓")

    # A line moves what it names, under the eyes of both; then the whole.
    await mei.click("nav a[href='#/work']")
    await expect(mei.locator("button.session")).to_have_count(2)
    await one.locator("button", has_text="接下").click()
    await expect(one).to_contain_text("阿杰")
    await expect(mei.locator("button.session", has_text="买家甲")).to_have_count(0)
    await expect(shift).to_contain_text("待接 2 项")
    await handed.locator("footer button").click()
    await expect(handed.locator("header .good")).to_contain_text("接班")
    await expect(mei.locator("button.session")).to_have_count(0)
    await jie.click("nav a[href='#/work']")
    await expect(jie.locator("button.session")).to_have_count(2)
    await expect(jie.locator(".notices li")).to_have_count(0)
    await expect(shift).to_contain_text("接班")

    # What was promised stays until it is done; and the book knows what was said.
    await expect(boss.locator(".promises li")).to_contain_text("晚上给补发单号")
    await boss.fill(".book input[type=search]", "没有的词")
    await expect(boss.locator(".book")).to_contain_text("没有找到交接记录")
    await boss.fill(".book input[type=search]", "二号仓")
    await expect(boss.locator(".book mark")).to_have_text("二号仓")
    await boss.locator(".book .row").click()
    await expect(boss.locator(".handed .answer")).to_contain_text("二号仓")
    await boss.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await expect(boss.locator(".lists")).to_be_hidden()
    assert await fits(boss)
    await boss.click(".handed .back")
    await expect(boss.locator(".lists")).to_be_visible()
    assert await fits(boss)
    await read(jie, "买家乙")
    await reply(jie, "亲,补发单号是 SF123")
    await expect(boss.locator(".promises")).to_have_count(0)


async def test_what_ends_before_it_is_filed_is_no_obstacle(windows: Windows, stage: Stage) -> None:
    """Words about it are kept; and who files long before the end is asked whether they mean it."""
    mei = await windows.open("xiaomei", PHONE)
    await online(mei)
    await rostered(stage, 90 * MINUTE_MS)
    await stage.buyers.says("买家甲", "在吗")
    await stage.buyers.is_answered("买家甲", "xiaomei", "在的,已经为您解释清楚")
    await to_page(mei, "/draft")
    line = mei.locator(".draft .lines > li", has_text="买家甲")
    await expect(line).to_contain_text("解释清楚")
    await line.locator("input").fill("已经解释清楚")
    assert await fits(mei)
    close = c.CloseSession(
        shop=TMALL, buyer="买家甲", agent="boss", sent_ms=now_ms(), supervisor=True, reason="已结"
    )
    await stage.ask(close)
    await expect(mei.locator(".draft .extra input")).to_have_value("已经解释清楚")
    await mei.click(".draft footer button")
    await expect(mei.locator("dialog")).to_contain_text("每个班只能交一次")
    await mei.click("dialog button.first")
    await expect(mei.locator(".handed .said")).to_have_text("已经解释清楚")
    assert await fits(mei)


async def test_what_is_not_handed_over_in_time_is_filed_by_the_router_and_fined(
    later_windows: Windows, past: Past
) -> None:
    await an_evening(past)
    await past.passes(1)
    mei, boss = await asyncio.gather(later_windows.open("amy"), later_windows.open("boss"))
    await boss.click("nav a[href='#/handover']")
    await expect(mei.locator(".notices li.calm")).to_contain_text("16:30 下班,还没交班")
    await past.says("买家甲", "什么时候发货?")
    await past.passes(31)
    await mei.reload()  # her clock has not gone as fast
    await expect(mei.locator(".notices li.late")).to_contain_text("16:30 已下班,还没交班")
    first = boss.locator(".duties li", has_text="小美 → 阿杰")
    await expect(first.locator(".row.late")).to_contain_text("没交班,还剩")
    await first.locator("a").click()
    await expect(boss.locator(".handed .last")).to_contain_text("什么时候发货?")
    await past.passes(10)
    await expect(mei.locator(".notices")).to_have_count(0)
    await expect(first).to_contain_text("系统代交")
    await past.passes(10)
    await boss.click("nav a[href='#/handover']")
    fines = boss.locator(".fines")
    await expect(fines.locator("h2")).to_contain_text("¥90")
    await expect(fines.locator("li", has_text="小美")).to_contain_text("到时间没交班")
    await expect(fines.locator("li", has_text="阿杰")).to_contain_text("到时间没接班")
    await expect(boss.locator("nav .count").first).to_have_text("1")
    await first.locator("a").click()
    await expect(boss.locator(".handed .router")).to_be_visible()
