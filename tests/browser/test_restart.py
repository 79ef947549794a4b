"""The daemon dies under everybody's eyes and comes back, on the same data and the same port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.stage import Buyers, add_users, bridging, configured
from tests.browser.windows import LOOP, Windows, live, online, read, reply
from tests.daemon.process import Zhiban
from tests.servers import free_port

pytestmark = LOOP

RECOVERED_MS = 30_000


@asynccontextmanager
async def process(directory: Path) -> AsyncIterator[tuple[Zhiban, Buyers]]:
    """A daemon of its own, with its embedded server."""
    async with bridging() as (bridge, http):
        config = configured(directory, url="", outbound=bridge.url, port=free_port())
        (directory / "data").mkdir()
        add_users(directory / "data")
        daemon = Zhiban(config, http)
        try:
            await daemon.start()
            yield daemon, Buyers(http, daemon.base)
        finally:
            daemon.clean_up()


async def rows(page: Page) -> list[str]:
    """The sessions and messages that are shown, in their order."""
    found: list[str] = await page.eval_on_selector_all(
        "[data-session], [data-message]",
        "all => all.map((one) => one.dataset.session || one.dataset.message)",
    )
    return found


@pytest.mark.slow
async def test_every_page_recovers_from_a_restart(tmp_path: Path, chromium: Browser) -> None:
    async with process(tmp_path) as (daemon, buyers):
        windows = Windows(chromium, daemon.base)
        windows.expect_unreachable()
        pages = await asyncio.gather(*(windows.open(user) for user in ("xiaomei", "ajie", "boss")))
        mei, jie, boss = pages
        await online(mei)
        await online(jie)
        for number in range(6):
            await buyers.says(f"买家{number}", f"第{number}问", ("tmall", "pdd")[number % 2])
        await expect(mei.locator("button.session")).to_have_count(3)
        await expect(jie.locator("button.session")).to_have_count(3)
        await expect(boss.locator("tbody tr")).to_have_count(6)
        await read(mei, "买家0")
        await reply(mei, "您好,这件有货的")
        await expect(mei.locator(".message .delivered")).to_be_visible()
        await mei.fill("#reply-text", "写到一半的一句话")
        before = [sorted(await rows(page)) for page in pages]

        await daemon.kill()
        for page in pages:
            await expect(page.locator(".lost[role=alert]")).to_be_visible()
        await daemon.start()
        for page in pages:
            await expect(page.locator(".link.live")).to_be_visible(timeout=RECOVERED_MS)
            await expect(page.locator(".lost[role=alert]")).to_have_count(0)

        # What was there is there, once; what is said now comes, once; what was written stands.
        await buyers.says("买家0", "还在吗")
        await expect(mei.locator(".message.buyer", has_text="还在吗")).to_be_visible()
        after = [sorted(await rows(page)) for page in pages]
        fresh = sorted(set(after[0]) - set(before[0]))
        assert len(fresh) == 1
        assert after == [sorted(before[0] + fresh), before[1], before[2]]
        await expect(mei.locator("#reply-text")).to_have_value("写到一半的一句话")
        await mei.press("#reply-text", "Enter")
        await expect(mei.locator(".message.shop", has_text="写到一半的一句话")).to_have_count(1)
        await mei.reload()
        await live(mei)
        await expect(mei.locator("button.session")).to_have_count(3)
        await windows.close()
        assert windows.troubles == []
