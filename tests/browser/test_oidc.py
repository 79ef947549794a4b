"""Signing in through a provider, at another site than the console's: away to its page and back."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from router.daemon import Daemon
from router.settings import load
from tests.browser.stage import add_users, bridging, configured
from tests.browser.test_accessible import SCHEMES, assert_accessible
from tests.browser.test_pictures import take
from tests.browser.windows import DESKTOP, LOOP, PHONE, Windows, fits, live, sign_in
from tests.http.provider import CLIENT, SECRET, Provider, providing

pytestmark = [LOOP, pytest.mark.slow]

_OIDC = """
[oidc]
issuer = "{issuer}"
client_id = "{client}"
client_secret = "{secret}"
claim = "name"
label = "企业微信"
"""


@pytest_asyncio.fixture(loop_scope="session")
async def provider() -> AsyncIterator[Provider]:
    """By another name than the console's: to a browser that is another site."""
    async with providing(time.time, "localhost") as found:
        found.accounts = {"王主管": {"name": "boss"}, "小美": {"name": "xiaomei"}, "路人": {}}
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def windows(
    tmp_path: Path, valkey_url: str, provider: Provider, chromium: Browser
) -> AsyncIterator[Windows]:
    """Of a console that is told of the provider."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with bridging() as (bridge, _):
        config = configured(tmp_path, url=valkey_url, outbound=bridge.url, port=port)
        base = f"http://127.0.0.1:{port}"
        more = _OIDC.format(issuer=provider.issuer, client=CLIENT, secret=SECRET)
        text = config.read_text("utf-8").replace("[http]", f'[http]\npublic_url = "{base}"')
        config.write_text(text + more, "utf-8")
        (tmp_path / "data").mkdir()
        add_users(tmp_path / "data")
        async with Daemon(load(config)):
            found = Windows(chromium, base)
            yield found
            await found.close()
            assert found.troubles == []


async def test_signing_in_through_a_provider(windows: Windows, provider: Provider) -> None:
    windows.expect_refused(503, "/v1/login/oidc")
    context = await windows.context(PHONE)
    other = await windows.open(context=context)  # a tab that waits beside
    page = await windows.open(context=context)
    await page.goto(f"{windows.base}/#/board")
    button = page.locator(".login button.sso")
    await expect(button).to_have_text("用企业微信登录")
    assert await fits(page)
    # Somebody whom nobody here knows, and then somebody who may.
    await button.click()
    await page.click("button:has-text('路人')")
    await expect(page.locator(".login [role=alert]")).to_contain_text("找管理员开通")
    assert page.url == f"{windows.base}/#/board"
    await button.click()
    await expect(page).to_have_title("SSO")
    await page.go_back()  # which is no way to get stuck
    await expect(button).to_be_enabled()
    await button.click()
    await page.click("button:has-text('王主管')")
    await live(page)
    await expect(page.locator(".board")).to_be_visible()
    assert page.url == f"{windows.base}/#/board"
    await live(other)  # it has noticed
    # What went wrong is told once; passwords are as good as before.
    await page.click(".menu.who summary")
    await page.click("text=退出登录")
    await expect(page.locator(".login [role=alert]")).to_have_text("")
    await provider.server.close()
    await sign_in(page, "xiaomei")
    await live(page)
    assert [cookie["name"] for cookie in await context.cookies()] == ["zhiban_login"]


async def test_how_it_ended_is_told(windows: Windows, tmp_path: Path) -> None:
    page = await windows.open(size=DESKTOP)
    await expect(page.locator(".login button.sso")).to_be_visible()
    await take(page, "console-login-sso", tmp_path)
    ends = {"refused": "登录没有成功", "unavailable": "登录服务暂时没有应答", "nonsense": ""}
    for ended, words in ends.items():
        await page.goto("about:blank")
        await page.goto(f"{windows.base}/#login={ended}")
        await expect(page.locator(".login button.sso")).to_be_visible()
        await expect(page.locator(".login [role=alert]")).to_have_text(re.compile(f"^{words}"))
        assert page.url == f"{windows.base}/"
    for language in ("中文", "English"):
        if language == "English":
            await page.click("button:has-text('English')")
            await expect(page.locator(".login button.sso")).to_contain_text("Sign in with")
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            await assert_accessible(page, f"provider {language} {scheme}")
