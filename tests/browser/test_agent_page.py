"""An agent's page beside answering: what was lost, cards, bots, alerts, keys, what has ended."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace
from playwright.async_api import expect

from router.core import commands as c
from tests.browser.past import Past
from tests.browser.stage import Stage
from tests.browser.windows import LOOP, Windows, fits, read, reply

pytestmark = LOOP

LINK = "https://detail.tmall.com/item.htm?spm=a1&id=678899001"


async def test_what_was_lost_is_sent_again_and_products_are_sent(
    windows: Windows, stage: Stage
) -> None:
    windows.expect_refused(409, "/messages")
    await stage.online("xiaomei")
    await stage.buyers.says("买家甲", "在吗")
    card = {"buyer": "买家甲", "kind": "product_card", "message": "c1", "product": "678812345"}
    await stage.buyers.hook("message.received", "tmall", **card, text="长款羽绒服")
    mei = await windows.open("xiaomei")
    await read(mei, "买家甲")
    stage.bridge.wants_no.add("message.send")
    await reply(mei, "您好,有货的")
    lost = mei.locator(".not-delivered")
    await expect(lost).to_contain_text("原因:平台不再接收")
    await expect(mei.locator(".toast.bad")).to_contain_text("平台不再接收")
    stage.bridge.wants_no.clear()
    await lost.get_by_role("button", name="再发一次").click()
    sent = await stage.bridge.message(lambda data: data["buyer"] == "买家甲")
    assert sent["text"] == "您好,有货的"
    await expect(lost).to_have_text("原因:平台不再接收 已再发")

    # One that the shop has spoken of, and one by its link: both at once.
    await mei.keyboard.press("Alt+KeyG")
    await mei.get_by_label("商品编号或链接").fill("https://detail.tmall.com/")
    await expect(mei.locator("dialog [role=alert]")).to_be_visible()
    await mei.get_by_label("商品编号或链接").fill(LINK)
    await mei.get_by_label("长款羽绒服").check()
    await mei.get_by_role("button", name="发送 2 件").click()
    known = await stage.bridge.message(lambda data: data.get("product") == "678812345")
    other = await stage.bridge.message(lambda data: data.get("product") == "678899001")
    assert (known["kind"], known["text"], other["url"]) == ("product_card", "长款羽绒服", LINK)
    await expect(mei.locator(".message.shop .card")).to_have_count(2)

    await mei.keyboard.press("Alt+KeyI")
    await mei.get_by_label("图片网址").fill("http://shop.example/size.png")
    await mei.keyboard.press("Enter")
    picture = await stage.bridge.message(lambda data: data["kind"] == "image")
    assert picture["url"] == "http://shop.example/size.png"

    # What the rules object to is asked about here too, and leaves what is being written alone.
    stage.bridge.wants_no.add("message.send")
    await stage.buyers.says("买家甲", "黑色有吗")
    await expect(mei.locator(".message.buyer", has_text="黑色有吗")).to_be_visible()
    await mei.fill("#reply-text", "嗯")
    await mei.locator(".reply .first").click()  # as soon as the picture is away
    await mei.click(".warnings button.danger")
    await expect(lost).to_have_count(2)
    stage.bridge.wants_no.clear()
    await stage.buyers.says("买家甲", "到底有吗")
    await expect(mei.locator(".message.buyer", has_text="到底有吗")).to_be_visible()
    await mei.fill("#reply-text", "写到一半")
    await lost.get_by_role("button", name="再发一次").click()
    await mei.click(".warnings button.danger")
    await stage.bridge.message(lambda data: data.get("text") == "嗯")
    await expect(mei.locator("#reply-text")).to_have_value("写到一半")


async def test_what_is_with_the_bot_can_be_claimed(windows: Windows, stage: Stage) -> None:
    policy = replace(stage.state.desk.policy, bot_mode="bot_first")
    await stage.ask(c.AdoptDesk(desk=replace(stage.state.desk, policy=policy)))
    await stage.online("ajie")
    jie = await windows.open("ajie")
    await stage.buyers.says("买家甲", "运费多少")
    with_bot = jie.locator("h2:has-text('机器人接待 1') + ul button.session")
    await with_bot.click()
    await expect(jie.locator("#reply-text")).to_have_count(0)
    await jie.get_by_role("button", name="领取").click()
    await expect(jie.locator("#reply-text")).to_be_visible()
    await expect(with_bot).to_have_count(0)

    await stage.buyers.says("买家乙", "我要投诉", "pdd")
    await expect(with_bot).to_be_visible()
    (session,) = (one.session for one in stage.state.sessions.values() if one.buyer == "买家乙")
    over = c.HandOverFromBot(
        shop="pdd", buyer="买家乙", session=session, why="要人工", transcript="买家问运费,已答 8 元"
    )
    await stage.ask(over)
    await expect(jie.locator("h2", has_text="我的会话 2")).to_be_visible()
    await read(jie, "买家乙")
    account = jie.locator("details.bot-account")
    await expect(account.locator(".words")).to_be_hidden()
    await account.get_by_text("机器人已转人工").click()
    await expect(account.locator(".words")).to_have_text("买家问运费,已答 8 元")


NOTIFIED = """
window.Notification = class extends EventTarget {
  static permission = "default";
  static async requestPermission() { return (this.permission = "granted"); }
  constructor(title, { body }) {
    super();
    window.notified = this;
    document.documentElement.dataset.notified = `${title} ${body}`;
  }
  close() {}
};
Object.defineProperty(document, "hidden", { get: () => Boolean(window.away) });
"""


async def test_alerts_and_the_keys(windows: Windows, stage: Stage) -> None:
    policy = replace(stage.state.desk.policy, reply_ms=50_000)  # within the last minute at once
    await stage.ask(c.AdoptDesk(desk=replace(stage.state.desk, policy=policy)))
    await stage.online("xiaomei")
    await stage.buyers.says("买家甲", "在吗")
    context = await windows.context()
    await context.add_init_script(NOTIFIED)
    mei = await windows.open("xiaomei", context=context)
    await mei.keyboard.press("Shift+Slash")
    await expect(mei.locator(".key-groups dl")).to_have_count(6)
    await expect(mei.locator("dialog .close")).to_be_focused()
    await mei.keyboard.press("Escape")
    await mei.click(".menu.who summary")
    await mei.click(".menu.who .alarm-switch")
    await expect(mei.locator(".sessions .alarm-switch")).to_have_text("提醒:开")

    # Another session is open; then nobody looks at the page.
    await read(mei, "买家甲")
    await stage.buyers.says("买家丙", "急")
    await expect(mei.locator(".toast.bad").first).to_have_text("回复快到期 · 买家丙")
    await mei.evaluate("window.away = true")
    await stage.buyers.says("买家丁", "急", "pdd")
    await expect(mei.locator("html")).to_have_attribute("data-notified", "回复快到期 买家丁")
    await mei.goto(f"{windows.base}/#/ledger")
    await mei.evaluate("window.notified.dispatchEvent(new Event('click'))")
    await expect(mei.locator(".conversation #buyer")).to_have_text("买家丁")
    await expect(mei.locator("#reply-text")).to_be_focused()
    await mei.keyboard.press("Control+Slash")
    await expect(mei.locator(".key-groups")).to_be_visible()


async def test_what_presses_is_said_in_the_conversation(later_windows: Windows, past: Past) -> None:
    await past.harness.online("amy")
    await past.says("买家甲", "在吗")
    await past.passes(5)
    await past.says("买家乙", "有货吗")
    await past.answers("amy", "买家乙", "您好,有的")
    await past.passes(1)
    amy = await later_windows.open("amy")
    await read(amy, "买家甲")
    await expect(amy.locator(".conversation .deadlines .late")).to_contain_text("已等 6:")
    await read(amy, "买家乙")
    await expect(amy.locator(".deadlines .due.from")).to_have_text("可再次询问 16:15 起")
    await past.passes(10)
    await amy.reload()
    await read(amy, "买家乙")
    await expect(amy.locator(".conversation .deadlines .due")).to_contain_text("再次询问")
    await expect(amy.locator(".deadlines .due.from")).to_have_count(0)


async def test_what_has_ended_can_be_read(windows: Windows, stage: Stage) -> None:
    await stage.online("xiaomei", "ajie")
    for buyer, agent in (("买家甲", "xiaomei"), ("买家乙", "ajie")):
        await stage.buyers.says(
            buyer, "谢谢", sub_account=f"tmall:{'小美' if agent == 'xiaomei' else '阿杰'}"
        )
        await stage.buyers.is_answered(buyer, agent, f"不客气{buyer},再见")
        await stage.buyers.hook("session.closed", buyer=buyer)
    mei, boss = await asyncio.gather(windows.open("xiaomei"), windows.open("boss"))
    await mei.click(".past-open")
    await expect(mei.locator("dialog h3")).to_have_text("今天")
    await expect(mei.locator(".past-list b")).to_have_text(["买家甲"])
    await mei.locator(".past-list button").click()
    await expect(mei.locator(".past-session .message.shop")).to_contain_text("不客气买家甲")
    await expect(mei.locator(".past-head")).to_contain_text("平台结束")
    assert await fits(mei)
    await mei.keyboard.press("Enter")  # back is where the focus is
    await expect(mei.locator(".past-list b")).to_be_visible()

    await boss.click(".past-open")
    await expect(boss.locator(".past-list li")).to_have_count(2)
    await boss.fill("dialog [type=search]", "家乙")
    await expect(boss.locator(".past-list b")).to_have_text(["买家乙"])
    await boss.select_option("dialog select", "xiaomei")
    await expect(boss.locator("dialog .none")).to_have_text("没有找到这位买家")
