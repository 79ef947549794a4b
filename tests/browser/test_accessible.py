"""axe-core finds nothing serious, on any page, light or dark, in either language.

Each state of a page is reached once and then looked at in all its dresses. Pages that come
later (`pages/index.js`) are put into `STATES`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files

import pytest
from playwright.async_api import Page, expect

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


async def _leaving(page: Page) -> None:
    await page.keyboard.press("Escape")
    await page.click(".presence .state.away")
    await expect(page.locator("dialog")).to_be_visible()


async def _looking(page: Page) -> None:
    await page.locator("tbody tr", has_text="买家甲").locator("button").click()
    await expect(page.locator(".message.buyer").first).to_be_visible()


async def _menu(page: Page) -> None:
    await page.locator(".agents .menu summary").first.click()
    await expect(page.locator(".agents .menu[open]")).to_be_visible()


Step = Callable[[Page], Awaitable[None]]
STATES: dict[str, tuple[Step, ...]] = {
    "": (_nothing,),  # signing in
    "xiaomei": (_nothing, _reading, _searching, _transferring, _leaving),
    "boss": (_nothing, _looking, _menu),
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


@pytest.mark.parametrize("user", STATES)
async def test_axe_finds_nothing_serious(windows: Windows, stage: Stage, user: str) -> None:
    page = await windows.open()
    if user:
        await fill(stage)
        await sign_in(page, user)
        await live(page)
    for language in ("中文", "English"):
        if language == "English":
            await page.reload()  # to where it began
            await switch(page, user, language)
        for step in STATES[user]:
            await step(page)
            for scheme in SCHEMES:
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
    await buyers.says("买家乙", "谢谢", "pdd")
    await buyers.is_answered("买家乙", "ajie", "不客气,再见", "pdd")
    await buyers.says("买家丙", "能开发票吗", "pdd")


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
