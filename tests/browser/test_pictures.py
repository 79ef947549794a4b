"""The pictures of the console in the docs, taken of a floor on which there is something to see.

    ZHIBAN_PICTURES=1 python -m pytest tests/browser/test_pictures.py

takes them anew. Otherwise they are taken for nothing, and those in the docs are only looked for.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from router.core import commands as c
from tests.browser.busy_days import pass_over
from tests.browser.evening import an_evening, handed_over
from tests.browser.past import Past
from tests.browser.rosters import a_worked_week, to_shifts
from tests.browser.stage import MINUTE_MS, PDD, TMALL, Stage
from tests.browser.windows import (
    DESKTOP,
    LOOP,
    PHONE,
    Scheme,
    Windows,
    live,
    online,
    read,
    reply,
    sign_in,
)

pytestmark = [LOOP, pytest.mark.slow]

DOCS = Path(__file__).parents[2] / "docs" / "img"
TAKEN = "ZHIBAN_PICTURES" in os.environ
SIZE_LIMIT = 200_000
"""Bytes of a picture."""

BUYERS = ("一叶知秋", "tb0832**75", "山里的风", "小橘子不吃橘子", "lily_2019", "爱笑的眼睛")


async def a_busy_afternoon(stage: Stage) -> None:
    """What the pictures show."""
    buyers = stage.buyers
    await stage.online("xiaomei", "ajie")
    for number, buyer in enumerate(BUYERS):
        shop = (TMALL, PDD)[number % 2]
        agent = ("xiaomei", "ajie")[number // 2 % 2]
        ago_ms = 2 * MINUTE_MS - number * 15_000
        seat = f"{shop}:{'小美' if agent == 'xiaomei' else '阿杰'}"
        await buyers.says(buyer, "在吗?想问一下这件羽绒服", shop, ago_ms, sub_account=seat)
        if number % 3 != 1:
            text = "亲,在的呢,很高兴为您服务,请问您想了解哪一款?"
            await buyers.is_answered(buyer, agent, text, shop, ago_ms - 10_000)
    first = BUYERS[0]
    await buyers.says(first, "黑色 175 还有货吗?", TMALL, 80_000)
    answer = "亲,有货的,今天 17:00 前下单当天就能发出哦~"
    await buyers.is_answered(first, "xiaomei", answer, TMALL, 70_000)
    card = {"buyer": first, "kind": "product_card", "message": "card1", "product": "678812345"}
    await buyers.hook("message.received", TMALL, 60_000, **card, text="2026 冬季长款羽绒服 男")
    order = {"buyer": first, "order": "2026112100317"}
    await buyers.hook("order.placed", TMALL, 45_000, **order)
    await buyers.says(first, "已经拍下了,麻烦今天发,地址是公司的", TMALL, 30_000)
    await stage.ask(
        c.SetRemark(
            shop=TMALL,
            buyer=first,
            order=order["order"],
            agent="xiaomei",
            reason="公司地址,答应今天发",
            flag="yellow",
        )
    )
    refund = {"order": "2026112000098", "refund": "r-5521", "reason": "changed_mind"}
    await buyers.hook("refund.requested", PDD, 60_000, **{"buyer": BUYERS[3], **refund})
    other = {"order": "2026111900412", "refund": "r-5498", "reason": "other"}
    await buyers.hook("refund.requested", TMALL, 30_000, **{"buyer": BUYERS[4], **other})


async def take(page: Page, name: str, directory: Path) -> None:
    path = (DOCS if TAKEN else directory) / f"{name}.png"
    await page.evaluate("document.activeElement?.blur()")
    await page.screenshot(path=path, animations="disabled", caret="hide")
    kept = DOCS / f"{name}.png"
    assert kept.exists(), f"{kept} is missing; take it: see the head of {Path(__file__).name}"
    assert kept.stat().st_size < SIZE_LIMIT


async def test_signing_in(windows: Windows, tmp_path: Path) -> None:
    page = await windows.open()
    await expect(page.locator("input[name=user]")).to_be_focused()
    await take(page, "console-login", tmp_path)


SIZES: tuple[tuple[str, tuple[int, int], Scheme], ...] = (
    ("", DESKTOP, "light"),
    ("-dark", DESKTOP, "dark"),
    ("-phone", PHONE, "light"),
)


async def test_the_board(windows: Windows, stage: Stage, tmp_path: Path) -> None:
    await a_busy_afternoon(stage)
    for name, size, scheme in SIZES:
        page = await windows.open("boss", size, scheme)
        await expect(page.locator("tbody tr")).to_have_count(len(BUYERS))
        if scheme == "dark":
            await page.locator("tbody tr", has_text=BUYERS[0]).locator("button").click()
            await expect(page.locator(".message")).to_have_count(6)
        await take(page, f"console-board{name}", tmp_path)


async def test_an_agent_s_page(windows: Windows, stage: Stage, tmp_path: Path) -> None:
    await a_busy_afternoon(stage)
    for name, size, scheme in SIZES:
        page = await windows.open("xiaomei", size, scheme)
        await online(page)
        await read(page, BUYERS[0])
        if not name:
            await reply(page, "好的亲,收货地址核对无误的话,今天就为您安排发出~")
        await expect(page.locator(".message .delivered")).to_be_visible()
        await expect(page.locator(".message")).to_have_count(7)
        await take(page, f"console-work{name}", tmp_path)


async def test_the_ledger(later_windows: Windows, past: Past, tmp_path: Path) -> None:
    await past.harness.online("bob")
    for buyer in BUYERS[:2]:
        await past.is_late(buyer, "bob", "shop-b")
    await past.passes(40)
    gone = {"to": "offline", "open_sessions": "transfer"}
    await past.harness.call("bob", "PUT", "/v1/me/presence", gone)
    await past.harness.online("amy")
    for buyer in BUYERS[2:5]:
        await past.is_late(buyer, "amy")
    ledger = (await past.harness.get("amy", "/v1/ledger"))["entries"]
    why = {"why": "店铺断网,客户端发不出去,截图已发群里"}
    await past.harness.call("amy", "POST", f"/v1/ledger/{ledger[0]['id']}/appeal", why)
    waived = f"/v1/breaches/{ledger[1]['breach']}/waive"
    await past.harness.call("sue", "POST", waived, {"why": "店铺断网"})
    page = await later_windows.open("boss")
    await page.click(".top nav a[href='#/ledger']")
    await page.locator("tr.is-open button").click()
    await expect(page.locator(".proof .due-step")).to_be_visible()
    await take(page, "console-ledger", tmp_path)


async def test_conduct(windows: Windows, stage: Stage, tmp_path: Path) -> None:
    await stage.online("xiaomei", "ajie")
    said = (
        ("ajie", PDD, "能再便宜点吗?", "您好,您加微信 abc20261 聊,给您最低价"),
        ("xiaomei", TMALL, "不想要了,怎么办", "亲,您别急,我这边帮您取消订单"),
        ("ajie", PDD, "质量怎么样,会不会起球", "您好,爱买不买,你有病吧"),
    )
    for number, (agent, shop, question, answer) in enumerate(said):
        ago_ms = 4 * MINUTE_MS - number * 10_000
        await stage.buyers.says(BUYERS[number], question, shop, ago_ms)
        await stage.buyers.is_answered(BUYERS[number], agent, answer, shop, ago_ms - 5_000)
    page = await windows.open("boss")
    await page.click(".top nav a[href='#/flags']")
    await expect(page.locator(".pick")).to_have_count(len(said))
    await page.locator(".pick", has_text="微信").click()
    await expect(page.locator(".flagged mark")).to_be_visible()
    await take(page, "console-flags", tmp_path)


async def test_a_handover(later_windows: Windows, past: Past, tmp_path: Path) -> None:
    await an_evening(past)
    await handed_over(past)
    page = await later_windows.open("boss")
    await page.click(".top nav a[href='#/handover']")
    await page.locator(".duties a", has_text="待接 3 项").click()
    await expect(page.locator(".handed .answer")).to_be_visible()
    await take(page, "console-handover", tmp_path)


async def test_the_roster(later_windows: Windows, past: Past, tmp_path: Path) -> None:
    await a_worked_week(past)
    page = await later_windows.open("boss")
    await to_shifts(page, "/week")
    await expect(page.locator(".roster-chip.clash")).to_have_count(2)
    await take(page, "console-shifts", tmp_path)
    await to_shifts(page, "/day")
    await expect(page.locator("[data-shift-row]").first).to_contain_text("还没来")
    await take(page, "console-shifts-day", tmp_path)


USED = """async (category) => {
  const { get, post } = await import("/console/api.js");
  const { replies } = await get("/v1/replies", { category });
  await Promise.all(replies.flatMap((one, index) => Array.from(
    { length: 2 * (replies.length - index) }, () => post(`/v1/replies/${one.id}/used`))));
}"""


async def test_quick_replies(windows: Windows, stage: Stage, tmp_path: Path) -> None:
    del stage
    page = await windows.open("boss")
    await page.evaluate(USED, "order_check")
    await page.click(".top nav a[href='#/replies']")
    await page.locator(".categories button", has_text="核对订单").click()
    await expect(page.locator(".quick-reply .uses").first).to_have_text("用过 12 次")
    await take(page, "console-replies", tmp_path)


async def test_the_charts(later_windows: Windows, past: Past, tmp_path: Path) -> None:
    await pass_over(past, 46)
    page = await later_windows.open("boss")
    await page.click(".top nav a[href='#/charts']")
    await expect(page.locator(".charts canvas")).to_have_count(4)
    await expect(page.locator(".charts .beside")).to_be_visible()
    await take(page, "console-charts", tmp_path)


async def test_the_rules(windows: Windows, stage: Stage, tmp_path: Path) -> None:
    await a_busy_afternoon(stage)
    page = await windows.open("root")
    await page.goto(f"{windows.base}/#/policy")
    await page.fill("#policy--reply", "4")
    await page.get_by_label("回复超时,每次", exact=True).fill("25")
    await page.get_by_role("button", name="拼多多工厂店", exact=True).click()
    await page.fill("#policy-pdd-reply", "3")
    await page.locator(".policy-head .filters button").first.click()
    await expect(page.locator(".policy-panel .policy-changes > li")).to_have_count(3)
    await page.locator("main").evaluate("(main) => main.scrollTo(0, 0)")
    await take(page, "console-policy", tmp_path)


async def test_accounts_and_audit(windows: Windows, stage: Stage, tmp_path: Path) -> None:
    windows.expect_refused(401, "/v1/login")
    windows.expect_refused(409, "/v1/")
    await stage.online("xiaomei")
    await stage.buyers.says(BUYERS[0], "在吗?想问一下这件羽绒服")
    mei = await windows.open("xiaomei")
    await online(mei)
    await read(mei, BUYERS[0])
    await reply(mei, "亲,在的呢,请问您想了解哪一款?")
    page = await windows.open()
    await sign_in(page, "root", "not the password")
    await expect(page.locator(".login [role=alert]")).not_to_be_empty()
    await sign_in(page, "root")
    await live(page)
    await page.evaluate(ACTS)
    await page.goto(f"{windows.base}/#/people/acts")
    await expect(page.locator(".acts-book tbody tr").nth(8)).to_be_visible()
    await take(page, "console-people", tmp_path)


ACTS = """async () => {
  const { post, put } = await import("/console/api.js");
  const refused = () => {};
  await put("/v1/agents/ajie/presence", { to: "online", reason: "忘了上线" });
  await post("/v1/sessions/desk-s1/close").catch(refused);
  await post("/v1/sessions/desk-s1/reassign", { to: "ajie", reason: "小美去吃饭" });
  await post("/v1/allow-list", { desk: "desk", phrase: "微信支付", why: "平台自己的说法" });
}"""
