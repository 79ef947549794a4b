"""The pictures of the console in the docs, taken of a floor on which there is something to see.

    ZHIBAN_PICTURES=1 python -m pytest tests/browser/test_pictures.py

takes them anew. Otherwise they are taken for nothing, and those in the docs are only looked for.
"""

from __future__ import annotations

import os
from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.stage import MINUTE_MS, PDD, TMALL, Stage
from tests.browser.windows import (
    DESKTOP,
    LOOP,
    PHONE,
    Scheme,
    Windows,
    online,
    read,
    reply,
)

pytestmark = LOOP

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
