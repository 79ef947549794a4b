"""A stage for each test, and a browser for all; what the pages complained of fails the test.

Starting a browser takes longer than most tests, so it lives as long as the session, and with it
the event loop: each module says so (`LOOP`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.past import Past, passed
from tests.browser.stage import Stage, staged
from tests.browser.windows import Windows

CHROMIUM = "/usr/bin/chromium"
"""Debian's; tests/install-servers installs it."""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio"]
"""Tests may run as root, and in a container with little shared memory."""

expect.set_options(timeout=15_000)  # for a busy machine; what must be quick says so itself


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is missing; tests/install-servers installs it")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def stage(tmp_path: Path, valkey_url: str) -> AsyncIterator[Stage]:
    async with staged(tmp_path, valkey_url) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def windows(stage: Stage, chromium: Browser) -> AsyncIterator[Windows]:
    found = Windows(chromium, stage.base)
    yield found
    await found.close()
    assert found.troubles == []


@pytest_asyncio.fixture(loop_scope="session")
async def past(tmp_path: Path) -> AsyncIterator[Past]:
    async with passed(tmp_path) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def later_windows(past: Past, chromium: Browser) -> AsyncIterator[Windows]:
    """On a floor on which time has passed."""
    found = Windows(chromium, past.base)
    yield found
    await found.close()
    assert found.troubles == []
