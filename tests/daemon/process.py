"""The real daemon as a process: its files, its life and its clients.

`stage` gives a place below the test's directory and ends everything in it, also after a
failure: daemons, embedded servers, connections. Ports are chosen by the system at each start,
so tests run side by side; clients ask for the address at each attempt.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from router.channels import standard_webhooks
from router.clocktime import format_ms
from router.http.auth import FILE, People
from router.log.server_files import last_state
from router.settings import fresh_secret
from tests.servers import _tied_to_us, is_running

Json = dict[str, Any]
SHOP = "shop"
DESK = "desk"
SECRET = fresh_secret()
KEY = standard_webhooks.key_of(SECRET)
AGENTS = ("a0", "a1", "a2")
START_S = 30.0
_LISTENING = re.compile(r"listening on http://([\d.]+):(\d+)/")

POLICY = {
    "reply": "2s",
    "follow_up_from": "1s",
    "follow_up_to": "3s",
    "grace": "0s",
    "warn_before": "1s",
    "rescue_before": "0s",
    "outage_grace": "3s",
}


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Answer(NamedTuple):
    """What a request gave; status 0: no answer at all."""

    status: int
    headers: dict[str, str]
    body: Json


def write_config(directory: Path, *, url: str = "", outbound: str = "", **changes: str) -> Path:
    """A zhiban.toml for one desk, its deadlines in seconds. `changes`: of the policy, and
    `lateness` and `due` (of order checks and refunds)."""
    lateness, due = changes.pop("lateness", "1s"), changes.pop("due", "2s")
    policy = "\n".join(f'{key} = "{value}"' for key, value in (POLICY | changes).items())
    items = "".join(
        f'[[desk.policy.items]]\nname = "{name}"\ndue = "{due}"\n'
        for name in ("order_check", "refund")
    )
    people = "".join(
        f'[[desk.agents]]\nid = "{agent}"\n'
        f'[[desk.sub_accounts]]\nid = "{SHOP}:{agent}"\nshop = "{SHOP}"\nagent = "{agent}"\n'
        for agent in AGENTS
    )
    config = directory / "zhiban.toml"
    config.write_text(
        f'[http]\nhost = "127.0.0.1"\nport = 0\n'
        f'[log]\nurl = "{url}"\ndata_dir = "{directory / "data"}"\n'
        f'[shops."{SHOP}"]\nsecrets = ["{SECRET}"]\n'
        + (f'outbound_url = "{outbound}"\n' if outbound else "")
        + f'[[desk]]\nid = "{DESK}"\n[desk.policy]\n{policy}\n{items}'
        f'[[desk.shops]]\nid = "{SHOP}"\nlateness = "{lateness}"\n{people}'
    )
    return config


@dataclass
class Zhiban:
    """A `zhiban serve` of one configuration: started, killed, started again."""

    config: Path
    http: aiohttp.ClientSession
    process: subprocess.Popen[bytes] | None = None
    base: str = ""
    starts: int = 0
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.config.parent / "data"

    @property
    def log(self) -> str:
        """What the last process has said."""
        return self._log_file.read_text(errors="replace")

    @property
    def _log_file(self) -> Path:
        return self.config.parent / f"daemon-{self.starts}.log"

    async def start(self, *, ready: bool = True) -> None:
        """Returns when it listens; with `ready`, when /readyz says 200."""
        self.starts += 1
        self.base = ""
        words = [sys.executable, "-m", "router", "serve", "--config", str(self.config)]
        with self._log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [*_tied_to_us(), *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        await until(self._listens, START_S, lambda: self.log[-3_000:])
        if ready:
            await self.ready()

    async def _listens(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log[-3_000:]
        found = _LISTENING.search(self.log)
        self.base = f"http://{found[1]}:{found[2]}" if found else ""
        return bool(found)

    async def ready(self, timeout_s: float = START_S) -> None:
        async def is_ready() -> bool:
            return (await self.get("/readyz")).status == 200

        await until(is_ready, timeout_s, lambda: self.log[-3_000:])

    async def kill(self) -> None:
        """As kill -9 does; returns when it is gone."""
        await self._end(signal.SIGKILL)

    async def terminate(self) -> int:
        """SIGTERM; its exit code. Fails when it takes longer than 25 s."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        process = self.process
        assert process is not None
        process.send_signal(number)
        code = await asyncio.to_thread(process.wait, 25)
        self.process, self.base = None, ""
        return code

    def server_pid(self) -> int:
        """Of the embedded server."""
        return last_state(self.data / "valkey").pid

    def clean_up(self) -> None:
        """Nothing that was started runs on."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        pid = self.server_pid()
        if pid and is_running(pid) and b"valkey" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)

    # Asking it

    async def get(self, path: str, who: str = "") -> Answer:
        return await self.ask("GET", path, who)

    async def ask(self, method: str, path: str, who: str = "boss", **body: Any) -> Answer:
        """An API call of a user: agents by their id, else a supervisor; "" for nobody."""
        headers = {"Authorization": f"Bearer {self._token(who)}"} if who else {}
        return await self._request(
            method, path, json=body if method != "GET" else None, headers=headers
        )

    async def does(self, method: str, path: str, who: str = "boss", **body: Any) -> Json:
        """As `ask`; fails unless it is done."""
        answer = await self.ask(method, path, who, **body)
        assert answer.status in (200, 201), (method, path, answer)
        return answer.body

    def _token(self, who: str) -> str:
        if who not in self.tokens:
            people = People(self.data / FILE)
            if who in AGENTS:
                people.add_user(who, role="agent", agent=who, desk=DESK)
            else:
                people.add_user(who, role="supervisor", desk=DESK)
            self.tokens[who] = people.issue_token(who)
            people.close()
        return self.tokens[who]

    async def deliver(self, name: str, body: bytes) -> Answer:
        """One attempt of a signed webhook."""
        headers = standard_webhooks.headers(KEY, name, now_ms() // 1_000, body)
        return await self._request("POST", f"/hooks/bridge/{SHOP}", data=body, headers=headers)

    async def _request(self, method: str, path: str, **more: Any) -> Answer:
        if not self.base:
            return Answer(0, {}, {})
        try:
            async with self.http.request(method, self.base + path, **more) as answer:
                body = await answer.json(content_type=None)
                return Answer(answer.status, dict(answer.headers), body or {})
        except (aiohttp.ClientError, TimeoutError, ConnectionError):
            return Answer(0, {}, {})

    async def hook(self, kind: str, sent_ms: int | None = None, /, **data: Any) -> Json:
        """An event of the platform, delivered until it is taken: with the same id and body."""
        name, body = event(kind, sent_ms, **data)
        return (await self.insist(name, body)).body

    async def insist(self, name: str, body: bytes, timeout_s: float = 60.0) -> Answer:
        answer = Answer(0, {}, {})

        async def taken() -> bool:
            nonlocal answer
            answer = await self.deliver(name, body)
            assert answer.status in (0, 200, 429, 503), answer
            return answer.status == 200

        await until(taken, timeout_s, lambda: f"{answer}\n{self.log[-3_000:]}", pause_s=0.1)
        return answer


def event(kind: str, sent_ms: int | None = None, /, **data: Any) -> tuple[str, bytes]:
    """A delivery's id and body."""
    keys = ("message", "refund", "order", "buyer", "sub_account")
    name = next(str(data[key]) for key in keys if key in data)
    told = {"type": kind, "timestamp": format_ms(sent_ms or now_ms()), "data": data}
    return f"{kind}-{name}", json.dumps(told).encode()


def asks(buyer: str, message: str, **more: Any) -> Json:
    return {"buyer": buyer, "message": message, "kind": "text", "text": "在吗", **more}


def answers(buyer: str, message: str, agent: str = "a0", **more: Any) -> Json:
    words = {"kind": "text", "text": "您好", "by": "human", "sub_account": f"{SHOP}:{agent}"}
    return {"buyer": buyer, "message": message, **words, **more}


async def until(
    holds: Callable[[], Awaitable[bool]],
    timeout_s: float,
    why: Callable[[], str] = lambda: "",
    pause_s: float = 0.05,
) -> None:
    """Look until it holds; fails after `timeout_s`."""
    until_s = time.monotonic() + timeout_s
    while not await holds():
        assert time.monotonic() < until_s, f"not within {timeout_s} s: {why()}"
        await asyncio.sleep(pause_s)


async def command(*words: str | Path) -> tuple[int, str]:
    """A `zhiban` command's exit code and all it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "router", *map(str, words),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            said, _ = await process.communicate()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    assert process.returncode is not None
    return process.returncode, said.decode()


Starter = Callable[..., Zhiban]


@asynccontextmanager
async def stage(directory: Path) -> AsyncIterator[Starter]:
    """Makes daemons: `zhiban("name", url=…, lateness="1s", …)`, not started yet."""
    async with AsyncExitStack() as stack:
        limits = aiohttp.ClientTimeout(total=30, sock_connect=5)
        connector = aiohttp.TCPConnector(limit=200, force_close=True)
        http = await stack.enter_async_context(
            aiohttp.ClientSession(connector=connector, timeout=limits)
        )

        def make(name: str = "one", **settings: str) -> Zhiban:
            place = directory / name
            place.mkdir()
            daemon = Zhiban(write_config(place, **settings), http)
            stack.callback(daemon.clean_up)
            return daemon

        yield make
