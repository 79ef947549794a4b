"""The browser side: pages as people open them, and an ear for what goes wrong in them.

Whatever a page writes to its console as an error — a violated policy and an uncaught exception
among it — fails the test, but for what the test says it expects: the browser also notes there
each answer that is not a success, and each request that finds nobody.
"""

from __future__ import annotations

import re
from typing import Literal

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, WebError, expect

from tests.browser.stage import PASSWORD

LOOP = pytest.mark.asyncio(loop_scope="session")
"""For `pytestmark`: the browser lives in the session's loop."""

Scheme = Literal["light", "dark"]
DESKTOP = (1280, 720)
PHONE = (390, 844)


class Windows:
    """All that is open in a test."""

    def __init__(self, browser: Browser, base: str) -> None:
        self._browser = browser
        self.base = base
        self.troubles: list[str] = []
        # Who is not signed in is told so; the browser writes that down.
        self._expected = [re.compile(r"401 .*/v1/login$")]

    def expect_refused(self, status: int, path: str) -> None:
        """An answer with this status, at a path that matches, is no trouble in this test."""
        self._expected.append(re.compile(rf"{status} .*{path}"))

    def expect_unreachable(self) -> None:
        """The daemon goes away in this test."""
        self._expected.append(re.compile(r"net::ERR_|status of 503"))

    async def context(
        self, size: tuple[int, int] = DESKTOP, scheme: Scheme = "light"
    ) -> BrowserContext:
        """A browser of somebody's own: nothing is shared with another context."""
        context = await self._browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
        )
        context.set_default_timeout(20_000)
        context.on("console", self._heard)
        context.on("weberror", self._thrown)
        return context

    async def open(
        self,
        user: str = "",
        size: tuple[int, int] = DESKTOP,
        scheme: Scheme = "light",
        context: BrowserContext | None = None,
    ) -> Page:
        """A page of the console; signed in where a user is named."""
        page = await (context or await self.context(size, scheme)).new_page()
        await page.goto(self.base)
        if user:
            await sign_in(page, user)
            await live(page)
        return page

    async def close(self) -> None:
        """Everything; the browser itself stays."""
        for context in self._browser.contexts:
            await context.close()

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        where = message.location.get("url", "")
        said = f"{message.text} {where}"
        if not any(pattern.search(said) for pattern in self._expected):
            self.troubles.append(f"{message.type}: {said}")

    def _thrown(self, error: WebError) -> None:
        self.troubles.append(f"uncaught: {error.error}")


async def sign_in(page: Page, user: str, password: str = PASSWORD) -> None:
    await page.fill("input[name=user]", user)
    await page.fill("input[name=password]", password)
    await page.press("input[name=password]", "Enter")


async def live(page: Page) -> None:
    """Until the page follows what happens, and shows all."""
    await expect(page.locator(".link.live")).to_be_visible()
    await expect(page.locator(".work, .board .counts").first).to_be_visible()


async def online(page: Page) -> None:
    """An agent comes to work."""
    await page.click(".presence .state.online")
    await expect(page.locator(".presence .state.online[aria-pressed=true]")).to_be_visible()


async def read(page: Page, buyer: str) -> None:
    """Open the session of this buyer, on an agent's page."""
    await page.locator("button.session", has=page.get_by_title(buyer, exact=True)).click()
    await expect(page.locator(".conversation #buyer")).to_have_attribute("title", buyer)
    await expect(page.locator(".message").first).to_be_visible()


async def reply(page: Page, text: str) -> None:
    await page.fill("#reply-text", text)
    await page.press("#reply-text", "Enter")
    await expect(page.locator(".message.shop .bubble", has_text=text)).to_be_visible()


async def choose_language(page: Page, name: str) -> None:
    """From the menu: what stands there is the other language's own name."""
    await page.click(".menu.who summary")
    await page.click(f".menu.who button:has-text('{name}')")


async def fits(page: Page) -> bool:
    """Whether nothing sticks out to the side: the page does not scroll sideways."""
    found: bool = await page.evaluate(
        "document.documentElement.scrollWidth <= innerWidth"
        " && [...document.querySelectorAll('main')].every((e) => e.scrollWidth <= e.clientWidth)"
    )
    return found
