"""Agents at work, and a supervisor who moves what they hold: each in a browser of their own."""

from __future__ import annotations

import asyncio

from playwright.async_api import Page, expect

from tests.browser.stage import Stage
from tests.browser.windows import LOOP, Windows, online, read, reply

pytestmark = LOOP


async def at_work(windows: Windows, *users: str) -> list[Page]:
    pages = await asyncio.gather(*(windows.open(user) for user in users))
    for page, user in zip(pages, users, strict=True):
        if user != "boss":
            await online(page)
    return pages


async def test_a_buyer_appears_within_a_second_and_gets_the_reply(
    windows: Windows, stage: Stage
) -> None:
    mei, jie, boss = await at_work(windows, "xiaomei", "ajie", "boss")
    await stage.buyers.says("买家甲", "在吗?这件有货吗")
    hers = mei.locator("button.session", has_text="买家甲")
    his = jie.locator("button.session", has_text="买家甲")
    await asyncio.gather(
        expect(hers).to_be_visible(timeout=1_000),
        expect(boss.locator("tbody tr", has_text="买家甲")).to_be_visible(timeout=1_000),
    )
    await expect(his).to_have_count(0)

    await read(mei, "买家甲")
    await expect(mei.locator(".message.buyer .bubble")).to_have_text("在吗?这件有货吗")
    await reply(mei, "您好,有货的")
    sent = await stage.bridge.message(lambda data: data["buyer"] == "买家甲")
    assert sent["text"] == "您好,有货的"
    assert sent["sub_account"] == "tmall:小美"
    await expect(mei.locator(".message.shop .delivery.delivered")).to_be_visible()
    await expect(hers.locator(".count")).to_have_count(0)

    await stage.buyers.says("买家甲", "什么时候发货")
    await expect(mei.locator(".message.buyer .bubble", has_text="什么时候发货")).to_be_visible(
        timeout=1_000
    )
    # The second goes to who has less to do, and is seen by nobody else.
    await stage.buyers.says("买家乙", "能便宜点吗", "pdd")
    await expect(jie.locator("button.session", has_text="买家乙")).to_be_visible(timeout=1_000)
    await expect(mei.locator("button.session")).to_have_count(1)
    await expect(boss.locator("tbody tr")).to_have_count(2)


async def test_what_the_rules_of_conduct_object_to_is_asked_before_it_is_sent(
    windows: Windows, stage: Stage
) -> None:
    windows.expect_refused(409, "/messages")
    (mei,) = await at_work(windows, "xiaomei")
    await stage.buyers.says("买家甲", "在吗")
    await read(mei, "买家甲")
    await mei.fill("#reply-text", "嗯")
    await mei.press("#reply-text", "Enter")
    await expect(mei.locator(".warnings[role=alert]")).to_contain_text("短语回复")
    await mei.locator("#reply-text").press("End")
    await mei.keyboard.type("嗯,有的")  # to write on is to think again
    await expect(mei.locator(".warnings")).to_have_count(0)
    await mei.fill("#reply-text", "嗯")
    await mei.press("#reply-text", "Enter")
    await mei.click(".warnings button.danger")
    await expect(mei.locator(".message.shop .bubble")).to_have_text("嗯")
    sent = await stage.bridge.message(lambda data: data["buyer"] == "买家甲")
    assert sent["text"] == "嗯"


async def test_what_a_buyer_takes_back_is_struck_out(windows: Windows, stage: Stage) -> None:
    (mei,) = await at_work(windows, "xiaomei")
    await stage.buyers.says("买家甲", "请问有货吗")
    message = await stage.buyers.says("买家甲", "说错了")
    await read(mei, "买家甲")
    await stage.buyers.hook("message.recalled", buyer="买家甲", message=message)
    await expect(mei.locator(".message.recalled .bubble")).to_have_text("说错了")
    await expect(mei.locator(".message.recalled .delivery")).to_have_text("已撤回")
    await expect(mei.locator(".message:not(.recalled)")).to_have_count(1)


async def leave(page: Page, to: str) -> None:
    await page.click(f".presence .state.{to}")
    await page.locator("dialog button.first").click()
    await expect(page.locator("dialog [role=alert]", has_text="在等回复")).to_be_visible()


async def test_going_away_with_buyers_waiting_asks_what_becomes_of_them(
    windows: Windows, stage: Stage
) -> None:
    windows.expect_refused(409, "/v1/me/presence")
    mei, jie = await at_work(windows, "xiaomei", "ajie")
    await stage.buyers.says("买家甲", "在吗")
    await expect(mei.locator("button.session")).to_have_count(1)

    await leave(mei, "away")
    await expect(mei.locator("dialog .waiting li")).to_have_text("买家甲 天猫旗舰店")
    await mei.locator("dialog button[value=transfer]").click()
    await expect(mei.locator("dialog")).to_have_count(0)
    await expect(mei.locator(".presence .away[aria-pressed=true]")).to_be_visible()
    await expect(jie.locator("button.session", has_text="买家甲")).to_be_visible()
    await expect(mei.locator("button.session")).to_have_count(0)

    await leave(jie, "away")
    await jie.locator("dialog button[value=inform]").click()
    await expect(jie.locator(".presence .away[aria-pressed=true]")).to_be_visible()
    told = await stage.bridge.message(lambda data: data["buyer"] == "买家甲")
    assert "离开一下" in told["text"]
    await expect(jie.locator("button.session", has_text="买家甲")).to_be_visible()


async def test_a_supervisor_drags_a_session_to_somebody_else(
    windows: Windows, stage: Stage
) -> None:
    mei, jie, boss = await at_work(windows, "xiaomei", "ajie", "boss")
    await stage.buyers.says("买家甲", "在吗")
    await read(mei, "买家甲")
    await drag(boss, "tbody tr:has-text('买家甲')", "li.agent[data-agent=ajie]")
    await boss.fill("dialog input[name=reason]", "小美要去开会")
    await boss.press("dialog input[name=reason]", "Enter")
    await expect(boss.locator("dialog")).to_have_count(0)

    await expect(jie.locator("button.session", has_text="买家甲")).to_be_visible()
    await expect(mei.locator("button.session")).to_have_count(0)
    await expect(mei.locator(".conversation.empty")).to_contain_text("已转给别人")
    await expect(boss.locator("tbody tr", has_text="买家甲")).to_contain_text("阿杰")

    # And all that somebody holds at once.
    await stage.buyers.says("买家乙", "有货吗")
    await expect(mei.locator("button.session", has_text="买家乙")).to_be_visible()
    await expect(boss.locator("li.agent[data-agent=ajie] b[draggable=true]")).to_be_visible()
    await drag(boss, "li.agent[data-agent=ajie] b", "li.agent[data-agent=xiaomei]")
    await boss.fill("dialog input[name=reason]", "阿杰下班")
    await boss.press("dialog input[name=reason]", "Enter")
    await expect(mei.locator("button.session")).to_have_count(2)
    await expect(jie.locator("button.session")).to_have_count(0)


async def drag(page: Page, what: str, onto: str) -> None:
    """With the mouse, as a person does."""
    start = await page.locator(what).bounding_box()
    end = await page.locator(onto).bounding_box()
    assert start is not None
    assert end is not None
    await page.mouse.move(start["x"] + 12, start["y"] + start["height"] / 2)
    await page.mouse.down()
    await page.mouse.move(start["x"] + 30, start["y"] + start["height"] / 2, steps=3)
    middle = end["x"] + end["width"] / 2, end["y"] + end["height"] / 2
    await page.mouse.move(*middle, steps=5)
    await page.mouse.move(middle[0] + 3, middle[1])  # what is entered is told of the next move
    await expect(page.locator(f"{onto}.over")).to_be_visible()
    await page.mouse.up()
