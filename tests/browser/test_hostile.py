"""What strangers write is shown as text, whatever it is, and moves nothing out of its place."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.stage import Stage
from tests.browser.windows import DESKTOP, LOOP, PHONE, Windows, fits, online

pytestmark = LOOP

SCRIPT = "<script>document.title='taken'</script>"
IMAGE = '<img src=x onerror="document.title=`taken`">'
RTL = "买家\u202egnp.exe\u202c \u2066abc\u200f"
EMOJI = "👨‍👩‍👧‍👦🇨🇳👍🏽" * 20
LONG = "长" * 10_000
UNBROKEN = "x" * 10_000
TEMPLATE = "${alert(1)} {{7*7}} &lt;b&gt; \\u003cb\\u003e"
TEXTS = (SCRIPT, IMAGE, RTL, EMOJI, LONG, UNBROKEN, TEMPLATE, "\n" * 200 + "末行", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚" * 40)
BUYERS = (SCRIPT, RTL, "👨‍👩‍👧‍👦" * 15, "w" * 200, "名" * 200)


async def assert_text(page: Page, sizes: bool = True) -> None:
    assert not await page.evaluate("document.title === 'taken'")
    assert await page.locator("main :is(script, img, b b, iframe)").count() == 0
    if sizes:
        assert await fits(page)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_hostile_text_is_shown_as_text(
    windows: Windows, stage: Stage, size: tuple[int, int]
) -> None:
    mei = await windows.open("xiaomei", size)
    await online(mei)
    buyers = stage.buyers
    for text in TEXTS:
        await buyers.says("甲", text, buyer_name=IMAGE)
    for buyer in BUYERS:
        await buyers.says(buyer, "在吗", buyer_name=buyer)
    link = "javascript:document.title='taken'"
    for kind in ("image", "video", "product_card", "order_card"):
        await buyers.hook(
            "message.received",
            buyer="甲",
            message=f"k-{kind}",
            kind=kind,
            url=link,
            text=SCRIPT,
            order="o" * 200,
            product=IMAGE,
        )
    await buyers.hook("order.placed", buyer="甲", order="<b>" + "9" * 190)

    await expect(mei.locator("button.session")).to_have_count(1 + len(BUYERS))
    for buyer in BUYERS:
        await expect(mei.locator("button.session b", has_text=buyer.strip())).to_have_count(1)
    await assert_text(mei)
    await mei.locator("button.session b[title='甲']").click()
    await expect(mei.locator(".message.buyer")).to_have_count(len(TEXTS) + 4)
    for text in (SCRIPT, IMAGE, RTL, LONG, UNBROKEN, TEMPLATE):
        shown = await mei.locator(".message .bubble p").all_text_contents()
        assert text in shown
    await expect(mei.locator("#buyer")).to_have_text(IMAGE)
    assert await mei.locator(".message a").count() == 0
    await assert_text(mei)
    await mei.fill("#reply-text", UNBROKEN)
    await mei.press("#reply-text", "Enter")
    await expect(mei.locator(".message.shop .bubble")).to_have_text(UNBROKEN)
    await assert_text(mei)

    boss = await windows.open("boss", size)
    await expect(boss.locator("tbody tr")).to_have_count(1 + len(BUYERS))
    await assert_text(boss)
    await boss.locator("tbody tr", has_text="w" * 200).locator("button").click()
    await expect(boss.locator(".message.buyer")).to_have_count(1)
    await boss.locator(".conversation .acts button").first.click()
    await expect(boss.locator("dialog")).to_be_visible()
    await assert_text(boss)
    await boss.keyboard.press("Escape")
    await expect(boss.locator("dialog")).to_have_count(0)
