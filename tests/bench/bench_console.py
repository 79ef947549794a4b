"""How long a buyer's message takes to an agent's screen, with many pages open.

    python -m tests.bench.bench_console [--pages 200] [--real 10] [--rate 100] [--seconds 30]

A desk of its own runs as a process, with its embedded server. Every page has a user and a login
of its own, one in twenty is a supervisor's. `--real` of them are real pages in Chromium, each in
a context of its own, with a conversation open; the others are followed by a process that does
what a page does: an event stream, what it names read again, supervisors' boards once a second.
Buyers write through the signed webhook, evenly to all agents. Measured is, for the real pages,
from when the webhook's 200 was read to when the message stands in the page's DOM, both by this
machine's clock. All of it shares the machine: daemon, server, browser, the others, the buyers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

import aiohttp
from playwright.async_api import Browser, Page, async_playwright

from router.channels import standard_webhooks
from router.clocktime import format_ms
from router.http.auth import FILE, People
from router.http.logins import Logins
from router.http.signing_in import COOKIE, CSRF_HEADER
from router.settings import fresh_secret
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.daemon.process import Zhiban
from tests.http.harness import CHEAP

SECRET = fresh_secret()
KEY = standard_webhooks.key_of(SECRET)
SUPERVISOR_IN = 20
WARM_S = 5.0
WAIT_S = 60.0

WATCH = """() => {
  window.seen = [];
  const note = (node) => {
    if (node.nodeType !== 1) return;
    const all = node.matches("[data-message]") ? [node] : node.querySelectorAll("[data-message]");
    for (const one of all) {
      window.seen.push([one.dataset.message, performance.timeOrigin + performance.now()]);
    }
  };
  new MutationObserver((changes) => {
    for (const change of changes) change.addedNodes.forEach(note);
  }).observe(document.body, { childList: true, subtree: true });
}"""


class Who(NamedTuple):
    """A user with a login; `agent`: whose buyer they look at."""

    user: str
    agent: str
    cookie: str
    csrf: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": f"{COOKIE}={self.cookie}", CSRF_HEADER: self.csrf}


@dataclass
class Sent:
    """When the webhooks were answered, by message, in ms."""

    at: dict[str, float] = field(default_factory=dict)
    agent: dict[str, str] = field(default_factory=dict)
    took_ms: list[float] = field(default_factory=list)


def configured(directory: Path, agents: list[str]) -> Path:
    people = "".join(
        f'[[desk.agents]]\nid = "{agent}"\n'
        f'[[desk.sub_accounts]]\nid = "shop:{agent}"\nshop = "shop"\nagent = "{agent}"\n'
        for agent in agents
    )
    config = directory / "zhiban.toml"
    config.write_text(
        f'[http]\nport = 0\n[log]\ndata_dir = "{directory / "data"}"\n'
        f'[shops.shop]\nsecrets = ["{SECRET}"]\n[[desk]]\nid = "desk"\n'
        f'[desk.policy]\nrescue_before = "0s"\n[[desk.shops]]\nid = "shop"\n{people}'
    )
    return config


def signed_in(data: Path, pages: int) -> list[Who]:
    """The people, supervisors last, their logins begun without a password."""
    data.mkdir()
    store = People(data / FILE)
    logins = Logins(store, hasher=CHEAP)
    found = []
    supervisors = pages // SUPERVISOR_IN
    for number in range(pages):
        is_agent = number < pages - supervisors
        agent = f"a{number}" if is_agent else f"a{number % (pages - supervisors)}"
        user = agent if is_agent else f"boss{number}"
        role = "agent" if is_agent else "supervisor"
        store.add_user(user, role=role, agent=user if is_agent else "", desk="desk")  # type: ignore[arg-type]
        begun = logins.begin(user, address="127.0.0.1", browser="bench")
        found.append(Who(user, agent, begun.cookie, begun.csrf))
    store.close()
    return found


# Those who are no real pages


async def follow(http: aiohttp.ClientSession, base: str, who: Who) -> None:
    """What `state.js` does, without a screen."""
    boss = who.user != who.agent
    dirty: set[str] = set()
    woken = asyncio.Event()

    async def read(path: str) -> None:
        async with http.get(base + path, headers=who.headers) as answer:
            await answer.read()

    async def rounds() -> None:
        while True:
            await woken.wait()
            woken.clear()
            ids = ",".join(dirty)
            dirty.clear()
            if ids:
                await read(f"/v1/sessions?desk=desk&limit=500&ids={ids}")
            if boss:
                await asyncio.sleep(0.06)

    async def boards() -> None:
        while True:
            await read("/v1/board?desk=desk&sessions=false")
            await asyncio.sleep(1 if boss else 20)

    async def events() -> None:
        url = f"{base}/v1/events?desk=desk"
        async with http.get(url, headers=who.headers) as stream:
            assert stream.status == 200, await stream.text()
            async for line in stream.content:
                if line.startswith(b"data: "):
                    session = json.loads(line[6:]).get("session")
                    if session:
                        dirty.add(session)
                        woken.set()

    async with asyncio.TaskGroup() as tasks:
        for doing in (events(), rounds(), boards()):
            tasks.create_task(doing)


async def follow_all(base: str, people: list[Who]) -> None:
    """Until this process is ended."""
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None)
    async with (
        aiohttp.ClientSession(connector=connector, timeout=timeout) as http,
        asyncio.TaskGroup() as tasks,
    ):
        for who in people:
            tasks.create_task(follow(http, base, who))


@asynccontextmanager
async def others(base: str, people: list[Who]) -> AsyncIterator[None]:
    """A process in which they follow."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __spec__.name, "--follow", base, stdin=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(people).encode())
    process.stdin.close()
    try:
        yield
        assert process.returncode is None, "those who are no real pages have given up"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


# Real pages


async def opened(browser: Browser, base: str, who: Who) -> Page:
    context = await browser.new_context(viewport={"width": 1280, "height": 720})
    await context.add_cookies([{"name": COOKIE, "value": who.cookie, "url": base}])
    page = await context.new_page()
    page.set_default_timeout(WAIT_S * 1_000)
    await page.goto(base)
    row = f"[data-session]:has-text('buyer-{who.agent}-')"
    await page.wait_for_selector(row)
    boss = who.user != who.agent
    await page.locator(row).locator("td button" if boss else "b").first.click()
    await page.wait_for_selector("[data-message]")
    await page.evaluate(WATCH)
    return page


# Buyers


async def write(http: aiohttp.ClientSession, base: str, agent: str, name: str, sent: Sent) -> None:
    buyer = f"buyer-{agent}-"
    began_ms = time.time() * 1_000
    data = {"buyer": buyer, "message": name, "kind": "text", "text": f"在吗 {name}"}
    data["sub_account"] = f"shop:{agent}"
    told = {"type": "message.received", "timestamp": format_ms(int(began_ms)), "data": data}
    body = json.dumps(told).encode()
    headers = standard_webhooks.headers(KEY, name, int(began_ms / 1_000), body)
    async with http.post(f"{base}/hooks/bridge/shop", data=body, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
    sent.at[name] = time.time() * 1_000
    sent.agent[name] = agent
    sent.took_ms.append(sent.at[name] - began_ms)


async def all_write(
    http: aiohttp.ClientSession,
    base: str,
    agents: list[str],
    rate: int,
    seconds: float,
    prefix: str,
) -> Sent:
    """At an even rate, whatever the answers take."""
    sent = Sent()
    began = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            agent = agents[number * 7 % len(agents)]
            tasks.create_task(write(http, base, agent, f"{prefix}{number}", sent))
    return sent


@asynccontextmanager
async def serving(directory: Path, agents: list[str]) -> AsyncIterator[Zhiban]:
    async with aiohttp.ClientSession() as http:
        daemon = Zhiban(configured(directory, agents), http)
        try:
            await daemon.start()
            yield daemon
        finally:
            daemon.clean_up()


async def measure(pages: int, real: int, rate: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory(prefix="zb-bench-") as name:
        directory = Path(name)
        people = signed_in(directory / "data", pages)
        agents = [who.user for who in people if who.user == who.agent]
        # One in ten real pages is a supervisor's, at least one.
        bosses = max(1, real // 10)
        shown = people[: real - bosses] + people[pages - bosses :]
        rest = people[real - bosses : pages - bosses]
        async with (
            serving(directory, agents) as daemon,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
            async_playwright() as playwright,
        ):
            await come_to_work(http, daemon.base, people[: len(agents)])
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            screens = [await opened(browser, daemon.base, who) for who in shown]
            async with others(daemon.base, rest):
                await all_follow(http, daemon.base, pages)
                await all_write(http, daemon.base, agents, rate, WARM_S, "w")
                sent = await all_write(http, daemon.base, agents, rate, seconds, "n")
                times = [await seen(s, w, sent) for s, w in zip(screens, shown, strict=True)]
            await browser.close()
    boss_times = [ms for found in times[real - bosses :] for ms in found]
    agent_times = [ms for found in times[: real - bosses] for ms in found]
    print(
        f"{pages} pages: {real} real ones in one Chromium ({bosses} of a supervisor), the rest"
        f" ({pages // SUPERVISOR_IN - bosses} of supervisors) event streams that read as a page"
        f" does;\n{rate} messages a second for {seconds:g} s; {os.cpu_count()} cores for all of it"
    )
    line("webhook answered", sent.took_ms)
    line("200 to agent's page", agent_times)
    line("200 to supervisor's", boss_times)
    line("200 to page, all", agent_times + boss_times)


def line(what: str, times_ms: list[float]) -> None:
    cuts = quantiles(times_ms, n=100, method="inclusive")
    print(
        f"  {what:<22}{len(times_ms):>6} samples  p50 {cuts[49]:7.1f}  p95 {cuts[94]:7.1f}"
        f"  p99 {cuts[98]:7.1f}  max {max(times_ms):7.1f} ms"
    )


async def come_to_work(http: aiohttp.ClientSession, base: str, people: list[Who]) -> None:
    """All agents are online, and each has a buyer."""
    for who in people:
        url = f"{base}/v1/me/presence"
        async with http.put(url, json={"to": "online"}, headers=who.headers) as answer:
            assert answer.status == 200, await answer.text()
        await write(http, base, who.agent, f"first-{who.agent}", Sent())


async def all_follow(http: aiohttp.ClientSession, base: str, pages: int) -> None:
    """Until so many event streams are open."""
    async with asyncio.timeout(WAIT_S):
        while True:
            async with http.get(f"{base}/metrics") as answer:
                found = re.search(r"^zhiban_event_streams (\d+)", await answer.text(), re.MULTILINE)
            assert found is not None
            if int(found[1]) >= pages:
                return
            await asyncio.sleep(0.2)


async def seen(page: Page, who: Who, sent: Sent) -> list[float]:
    """How long each message to this page's buyer took, in ms."""
    mine = [name for name, agent in sent.agent.items() if agent == who.agent]
    await page.wait_for_function(
        "(names) => { const all = new Set(seen.map(([name]) => name));"
        " return names.every((name) => all.has(name)); }",
        arg=mine,
    )
    found: dict[str, float] = {}
    for name, at_ms in await page.evaluate("seen"):
        found.setdefault(name, at_ms)
    return [found[name] - sent.at[name] for name in mine]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--real", type=int, default=10)
    parser.add_argument("--rate", type=int, default=100, help="messages a second")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--follow", metavar="BASE", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.follow:
        people = [Who(*one) for one in json.load(sys.stdin)]
        asyncio.run(follow_all(given.follow, people))
    else:
        asyncio.run(measure(given.pages, given.real, given.rate, given.seconds))


if __name__ == "__main__":
    main()
