"""axe-core finds nothing serious, on any page, light or dark, in either language.

Each state of a page is reached once and then looked at in all its dresses. Pages that come
later (`pages/index.js`) are put into `STATES`.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any

import pytest
from playwright.async_api import FilePayload, Page, expect

from router.core import commands as c
from router.core.commands_shift import HandoverLine
from tests.browser.rosters import day, plan, shift, to_shifts
from tests.browser.stage import MINUTE_MS, Stage
from tests.browser.windows import (
    LOOP,
    PHONE,
    Scheme,
    Windows,
    choose_language,
    fits,
    live,
    read,
    reply,
    sign_in,
)

pytestmark = LOOP

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


async def _nothing(page: Page) -> None:
    del page


async def _reading(page: Page) -> None:
    await read(page, "买家甲")


async def _searching(page: Page) -> None:
    await page.keyboard.type("/")
    await expect(page.locator("#found [aria-selected=true]")).to_be_visible()


async def _transferring(page: Page) -> None:
    await page.fill("#reply-text", "")
    await page.keyboard.press("Alt+KeyT")
    await expect(page.locator("dialog")).to_be_visible()


async def _remarking(page: Page) -> None:
    await page.keyboard.press("Escape")
    await page.keyboard.press("Alt+KeyR")
    await page.fill("dialog textarea", "改地址")
    await expect(page.locator("dialog .present .words")).to_be_visible()


async def _promising(page: Page) -> None:
    await page.keyboard.press("Escape")
    await page.keyboard.press("Alt+KeyP")
    await expect(page.locator("dialog input[name=due]")).to_be_visible()


async def _recommending(page: Page) -> None:
    await page.keyboard.press("Escape")
    await page.keyboard.press("Alt+KeyG")
    await page.fill("dialog input[name=product]", "678812345")
    await expect(page.locator("dialog button.first")).to_be_enabled()


async def _sending_a_picture(page: Page) -> None:
    await page.keyboard.press("Escape")
    await page.keyboard.press("Alt+KeyI")
    await page.fill("dialog input[name=url]", "http://shop.example/a.png")
    await expect(page.locator("dialog .none")).to_be_visible()


async def _asking_for_the_keys(page: Page) -> None:
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+Slash")
    await expect(page.locator("dialog .key-groups")).to_be_visible()


async def _ended(page: Page) -> None:
    await page.keyboard.press("Escape")
    await page.click(".past-open")
    await expect(page.locator("dialog .past > .none, dialog .past-list").first).to_be_visible()


async def _leaving(page: Page) -> None:
    await page.keyboard.press("Escape")
    await page.click(".presence .state.away")
    await expect(page.locator("dialog")).to_be_visible()


async def _looking(page: Page) -> None:
    await page.locator("tbody tr").get_by_title("买家甲").click()
    await expect(page.locator(".message.buyer").first).to_be_visible()


async def _menu(page: Page) -> None:
    await page.locator(".agents .menu summary").first.click()
    await expect(page.locator(".agents .menu[open]")).to_be_visible()


async def _own_flags(page: Page) -> None:
    await page.keyboard.press("Escape")
    await page.click(".top nav a[href='#/flags']")
    await page.locator(".pick").first.click()
    await expect(page.locator(".proof mark")).to_be_visible()


async def _judging(page: Page) -> None:
    await page.click(".top nav a[href='#/flags']")
    await expect(page.locator(".judging")).to_be_visible()
    await expect(page.locator(".proof mark")).to_be_visible()


async def _ledger(page: Page) -> None:
    await page.keyboard.press("y")
    await expect(page.locator(".toast.good")).to_be_visible()
    await page.click(".top nav a[href='#/ledger']")
    await page.locator(".entries tbody button").first.click()
    await expect(page.locator(".proof .verdict")).to_be_visible()


async def to_replies(page: Page) -> None:
    """To a few of them: axe takes its time with each."""
    await page.click(".top nav a[href='#/replies']")
    await page.fill("#replies-search", "fapiao")
    await expect(page.locator(".quick-reply")).to_have_count(6)


async def _writing_a_quick_reply(page: Page) -> None:
    await to_replies(page)
    await page.locator(".library > header .first").click()
    await page.fill("dialog [name=text]", "亲,{买家}您好,{坏}")
    await expect(page.locator("dialog .preview mark.bad")).to_be_visible()


async def _quick_replies(page: Page) -> None:
    for _ in range(await page.locator("dialog").count()):
        await page.locator("dialog .acts button").first.click()
    await to_replies(page)
    await page.locator(".quick-reply .menu summary").first.click()
    await expect(page.locator(".quick-reply .menu[open]")).to_be_visible()


async def _handing_over(page: Page) -> None:
    await page.goto(f"{page.url.partition('#')[0]}#/handover/draft")
    await page.click(".draft .adds button >> nth=0")
    await expect(page.locator(".draft .extra .who").last).to_be_focused()


async def _handed_over(page: Page) -> None:
    await page.goto(f"{page.url.partition('#')[0]}#/handover")
    await page.locator(".duties .row").click()
    await expect(page.locator(".questions input")).to_be_visible()


async def _charting(page: Page) -> None:
    """One of them as a table."""
    await page.goto(f"{page.url.partition('#')[0]}#/charts")
    await expect(page.locator(".charts canvas")).to_have_count(4)
    await page.click("[data-chart=waits] header button")
    await expect(page.locator("[data-chart=waits] tbody tr").first).to_be_visible()


async def _own_shifts(page: Page) -> None:
    await to_shifts(page)
    await expect(page.locator(".my-shift")).to_have_count(1)


async def _rostering(page: Page) -> None:
    await to_shifts(page, f"/week/{day(2)}")
    await expect(page.locator(".roster-chip.clash")).to_have_count(2)
    await page.click(".roster-clashes summary")


async def _changing_a_shift(page: Page) -> None:
    await page.locator(".roster-chip").first.click()
    await expect(page.locator("dialog .shift-known dd")).to_have_count(3)
    await page.fill("dialog [name=stop]", "20:00")
    await expect(page.locator("dialog .shift-preview .clash")).to_be_visible()


async def _importing_a_roster(page: Page) -> None:
    await page.keyboard.press("Escape")
    await page.click(".shifts-top .acts .first")
    rows = f"客服,日期,开始,结束\n小美,{day(2)},09:00,18:00\n小美,{day(3)},09:00,18:00\n"
    file = FilePayload(name="排班.csv", mimeType="text/csv", buffer=rows.encode())
    await page.set_input_files(".roster-drop input", file)
    await expect(page.locator(".roster-change")).to_have_count(3)


async def _rules(page: Page) -> None:
    await page.keyboard.press("Escape")
    await page.click(".top nav a[href='#/policy']")
    await page.fill("#policy--reply", "1")  # not longer than the grace, which is said
    await expect(page.locator(".policy-faults.errors")).to_be_visible()


async def _own_rules(page: Page) -> None:
    await page.click(".policy-panel .acts button >> nth=0")
    await page.click(".policy-head .filters button >> nth=1")
    await page.click("#policy-hours .hours > button")
    await expect(page.locator(".policy-panel .policy-changes > li")).to_have_count(1)


async def _rules_before(page: Page) -> None:
    await page.click(".policy-panel .acts button >> nth=0")  # nothing is left to be asked about
    await page.click("a[href='#/policy/history']")
    await expect(page.locator(".policy-past .none")).to_be_visible()


async def _left(page: Page) -> None:
    await page.evaluate(
        "import('/console/state.js').then((state) => { state.left.value = 'ended'; })"
    )
    await expect(page.locator(".login .left")).to_be_visible()


async def _account(page: Page) -> None:
    await page.click(".menu.who summary")
    await page.locator(".menu.who .choices button").first.click()
    await expect(page.locator("dialog .logins li.this")).to_be_visible()
    for name in ("old", "fresh", "again"):
        await page.fill(f"dialog [name={name}]", "short")
    await page.press("dialog [name=again]", "Enter")
    await expect(page.locator("#account-fresh.problem")).to_be_visible()


async def _user(page: Page) -> None:
    await page.keyboard.press("Escape")
    await page.goto(f"{page.url.split('#')[0]}#/people/user/boss")
    await expect(page.locator(".person h2")).to_be_visible()


async def _acts(page: Page) -> None:
    await page.click("a[href='#/people/acts']")
    await expect(page.locator(".acts-book tbody tr").first).to_be_visible()


Step = Callable[[Page], Awaitable[None]]
STATES: dict[str, tuple[Step, ...]] = {
    "": (_nothing, _left),  # signing in
    "xiaomei": (
        _nothing,
        _reading,
        _searching,
        _transferring,
        _remarking,
        _promising,
        _recommending,
        _sending_a_picture,
        _asking_for_the_keys,
        _ended,
        _leaving,
        _own_flags,
        _quick_replies,
        _handing_over,
        _own_shifts,
    ),
    "boss": (
        _nothing,
        _looking,
        _menu,
        _judging,
        _ledger,
        _writing_a_quick_reply,
        _quick_replies,
        _handed_over,
        _charting,
        _rostering,
        _changing_a_shift,
        _importing_a_roster,
        _rules,
        _own_rules,
        _rules_before,
    ),
    "root": (_account, _user, _acts),
}


async def assert_accessible(page: Page, where: str) -> None:
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    violations = await page.evaluate(
        "axe.run({resultTypes: ['violations']}).then((results) => results.violations)"
    )
    worst = [
        f"{where}: {one['impact']} {one['id']}: {one['help']}: {node['html'][:300]}"
        for one in violations
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
    assert worst == []


@pytest.mark.slow
@pytest.mark.parametrize("user", STATES)
async def test_axe_finds_nothing_serious(windows: Windows, stage: Stage, user: str) -> None:
    page = await windows.open()
    if user:
        await fill(stage)
        await sign_in(page, user)
        await live(page)
    for language in ("中文", "English"):
        if language == "English":
            await page.goto(windows.base)  # to where it began
            await switch(page, user, language)
        for step in STATES[user]:
            await step(page)
            # Light and dark differ in colours alone, which have no language.
            for scheme in SCHEMES if language == "中文" else SCHEMES[:1]:
                await page.emulate_media(color_scheme=scheme)
                await assert_accessible(page, f"{user} {step.__name__} {language} {scheme}")


async def switch(page: Page, user: str, language: str) -> None:
    if user:
        await live(page)
        await choose_language(page, language)
    else:
        await page.click(f"button:has-text('{language}')")


async def fill(stage: Stage) -> None:
    """A floor on which there is something of everything."""
    await stage.online("xiaomei", "ajie")
    buyers = stage.buyers
    await buyers.says("买家甲", "在吗?这件有货吗", "tmall", 2 * MINUTE_MS, buyer_name="甲先生")
    await buyers.says("买家甲", "急", "tmall", MINUTE_MS)
    await buyers.hook("order.placed", "tmall", buyer="买家甲", order="20261121001")
    refund = {"buyer": "买家甲", "order": "20261121001", "refund": "r1", "reason": "changed_mind"}
    await buyers.hook("refund.requested", "tmall", **refund)
    about: dict[str, Any] = {"shop": "tmall", "buyer": "买家甲", "agent": "xiaomei"}
    await stage.ask(c.SetRemark(order="20261121001", reason="催单,答应今天发", **about))
    due_ms = time.time_ns() // 1_000_000 + 60 * MINUTE_MS
    await stage.ask(c.PromiseCallBack(text="发货后给单号", due_ms=due_ms, **about))
    await buyers.says("买家乙", "谢谢", "pdd")
    await buyers.is_answered("买家乙", "ajie", "不客气,再见", "pdd")
    await buyers.says("买家丙", "能开发票吗", "pdd")
    for number, text in enumerate(("您好,你有病吧", "您好,你有病吧,看清楚")):  # judged at once
        ago_ms = 4 * MINUTE_MS - number
        await buyers.says(f"买家{number}", "在吗?", "tmall", ago_ms)
        await buyers.is_answered(f"买家{number}", "xiaomei", text, "tmall", ago_ms - 500)
    both = [shift(agent, 2, 9, 8, "早班", "tmall:小美") for agent in ("xiaomei", "ajie")]
    await plan(stage, *both)
    words = HandoverLine(about="other", text="打印机坏了")
    await stage.ask(c.FileHandover(agent="ajie", to="xiaomei", note="黑色缺货", lines=(words,)))
    await stage.ask(c.AskHandover(handover="desk-h1", agent="xiaomei", text="几点到货?"))


@pytest.mark.parametrize("user", ["xiaomei", "boss"])
async def test_a_phone_shows_all_of_it(windows: Windows, stage: Stage, user: str) -> None:
    await fill(stage)
    page = await windows.open(user, PHONE, "dark")
    assert await fits(page)
    if user == "boss":
        await _looking(page)
    else:
        await _reading(page)
        await expect(page.locator(".sessions")).to_be_hidden()
        await reply(page, "您好,有货的")
    assert await fits(page)
    await assert_accessible(page, f"{user} on a phone")
    await page.click(".conversation .back")
    await expect(page.locator(".agents" if user == "boss" else ".sessions")).to_be_visible()
