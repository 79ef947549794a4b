"""`zhiban bench timers`: a million armed deadlines while messages arrive; when are they noticed?

A million buyers have each written and wait for an answer: so a million sessions, each with its
reply deadline ahead, at the product's default warnings and rescues. The owner loads them as after
a restart, then works in real time over a real log; what it commits is counted here. A deadline's
lateness is the moment at which its notice was committed, less its due. Nothing is early when no
notice came before its due; nothing is lost when every deadline was noticed once or is still armed.
"""

from __future__ import annotations

import asyncio
import gc
import math
import time
import tracemalloc
from array import array
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from router.bench.measure import Measured, conditions, measured, rss_bytes, say, scratch
from router.bench.world import DESK, buyer_message, draft, end, everybody_online, make_desk, now_ms
from router.core import commands as c
from router.core.facts import DeadlineMissed
from router.core.policy import MINUTE_MS, Desk, Policy
from router.core.recovery import all_records
from router.core.state import State
from router.core.step import step
from router.core.thread import Thread
from router.core.view import RESCUED, WARNED, Unanswered, Wait
from router.log.codec import encode_record, record_key
from router.log.embedded import EmbeddedServer
from router.log.ports import Draft
from router.log.redis import RedisLogs
from router.owner import Committed, Owner

LATE_MS = 50
"""What the p99 has to stay under."""
BYTES = 2_048
"""What an open session may take."""
LEAD_MS = 8_000
"""The first deadline falls due so long after the clock has begun to run."""


class Sizes(NamedTuple):
    """How large the measurement is; the tests take smaller ones."""

    sessions: int = 1_000_000
    per_s: int = 1_000
    """Messages that arrive, and deadlines that fall due, in a second."""
    seconds: int = 60
    agents: int = 1_000
    traced: int = 100_000
    """Sessions of the run in which every allocation is counted."""


class Preset:
    """A log whose records are those of sessions that nobody had to open one by one."""

    def __init__(self, log: Any, desk: Desk, sizes: Sizes) -> None:
        self._log = log
        self._desk = desk
        self._sizes = sizes
        self.first_due_ms = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    async def records(self) -> AsyncIterator[tuple[str, bytes]]:
        """As they would be after so many first messages, due `per_s` a second."""
        state, thread = _template(self._desk)
        state.counters.clock_ms = 0
        # Loading takes a while: the dues begin behind it.
        self.first_due_ms = now_ms() + LEAD_MS + self._sizes.sessions * 30 // 1_000
        state.threads = {}
        state.counters.session_no = state.counters.thread_no = self._sizes.sessions
        for name, record in all_records(state).items():
            yield record_key(DESK, name), encode_record(record)
        seats = list(state.seats.values())
        for number in range(self._sizes.sessions):
            due_ms = self.first_due_ms + number * 1_000 // self._sizes.per_s
            seat = seats[number % len(seats)]
            _become(thread, number, due_ms, seat.id, seat.shop, seat.agent, self._desk.policy)
            name = f"t:{thread.shop}\x1f{thread.buyer}"
            yield record_key(DESK, name), encode_record(thread)


def _template(desk: Desk) -> tuple[State, Thread]:
    """A state with everybody online, and the thread of a buyer who has just written."""
    state = State()
    commands = [c.AdoptDesk(desk=desk), *everybody_online(desk)]
    commands.append(buyer_message(desk.shops[0].id, "buyer-000000000", "m-000000000"))
    at_ms = now_ms()
    for offset, command in enumerate(commands, start=1):
        step(state, c.Stamped(offset, at_ms, command))
    (thread,) = state.threads.values()
    return state, thread


def _become(
    thread: Thread, number: int, due_ms: int, seat: str, shop: str, agent: str, policy: Policy
) -> None:
    """Make the template this session's thread: written `reply_ms` before its due."""
    sent_ms = due_ms - policy.reply_ms
    thread.no = number + 1
    thread.shop, thread.buyer = shop, f"buyer-{number:09d}"
    thread.session = f"{DESK}-s{number + 1}"
    message = f"m-{number:09d}"
    live = thread.live
    live.opened_ms = live.active_ms = sent_ms
    # What was told before the clock begins to run again.
    told, next_ms = 0, due_ms - policy.warn_before_ms
    clock_ms = now_ms()
    if next_ms <= clock_ms:
        told, next_ms = WARNED, due_ms - policy.rescue_before_ms
    if next_ms <= clock_ms:
        told, next_ms = WARNED | RESCUED, due_ms
    line = Unanswered(sent_ms, message, False, number + 1, sent_ms)
    live.wait = Wait(sent_ms, due_ms, [line], told=told)
    moment = type(thread.buffer[0])(sent_ms, thread.buffer[0].rank, message, number + 1)
    thread.buffer = [moment]
    hold = thread.holds[0]
    thread.holds = [type(hold)(sent_ms, agent, seat, hold.cause, hold.given, number + 1)]
    thread.last_agent, thread.last_sub_account = agent, seat
    thread.opened_ms = thread.seen_ms = sent_ms
    thread.next_ms = next_ms


class Notices:
    """What became of each deadline."""

    def __init__(self, sessions: int) -> None:
        self.seen = bytearray(sessions)
        self.late_ms = array("d")
        self.early = 0
        self.twice = 0

    def take(self, committed: Committed) -> None:
        clock_ms = time.time() * 1000
        for _, facts in committed.desks:
            for fact in facts:
                if isinstance(fact, DeadlineMissed) and fact.buyer.startswith("buyer-"):
                    self._take(fact, clock_ms)

    def _take(self, fact: DeadlineMissed, clock_ms: float) -> None:
        number = int(fact.buyer[6:])
        self.twice += self.seen[number]
        self.seen[number] = 1
        self.early += clock_ms < fact.due_ms or fact.at_ms < fact.due_ms
        self.late_ms.append(clock_ms - fact.due_ms)


def lost(state: State, notices: Notices, first_due_ms: int, per_s: int) -> int:
    """How many deadlines were neither noticed nor are armed, with a timer at or before them."""
    timers = {(next_ms, no) for next_ms, no, _ in state.timers}
    missing = len(notices.seen) - sum(notices.seen)
    for thread in state.threads.values():
        if not thread.buyer.startswith("buyer-") or notices.seen[number := int(thread.buyer[6:])]:
            continue
        wait, due_ms = thread.live.wait, first_due_ms + number * 1_000 // per_s
        armed = wait is not None and not wait.missed and wait.due_ms == due_ms
        missing -= armed and thread.next_ms <= due_ms and (thread.next_ms, thread.no) in timers
    return missing


async def measure(sizes: Sizes = Sizes()) -> list[Measured]:  # noqa: B008  # immutable
    traced = _traced_bytes(sizes)
    with scratch() as directory:
        async with (
            EmbeddedServer(directory / "data") as server,
            await RedisLogs.connect(server.url) as logs,
        ):
            return await _run(logs, sizes, conditions(directory), traced)


def _policy(sizes: Sizes) -> Policy:
    """The default one, but for a reply deadline so long that all are sent before they begin."""
    spread_ms = sizes.sessions * 1_000 // sizes.per_s
    return Policy(reply_ms=spread_ms + 10 * MINUTE_MS, session_idle_ms=48 * 60 * MINUTE_MS)


async def _run(logs: RedisLogs, sizes: Sizes, note: str, traced: float) -> list[Measured]:
    desk = make_desk(sizes.agents, _policy(sizes))
    log = logs.log(0)
    preset, notices = Preset(log, desk, sizes), Notices(sizes.sessions)
    owner = Owner(preset, "bench", lease_ms=600_000)  # loading a million holds up renewals
    owner.publish_to(notices.take)
    say(f"… loading {sizes.sessions:,} sessions")
    gc.collect()
    before, began_s = rss_bytes(), time.perf_counter()
    running = asyncio.create_task(owner.run())
    await owner.wait_loaded()
    memory, load_s = rss_bytes() - before, time.perf_counter() - began_s
    wait_s = preset.first_due_ms / 1000 - time.time()
    if wait_s < 0:
        say(f"… loading took {load_s:.0f} s, {-wait_s:.0f} s more than foreseen")
    say(f"… {sizes.seconds} s of {sizes.per_s:,} messages and deadlines a second")
    own_s = time.process_time()
    sent = await _arrivals(log, desk, sizes, max(0.0, wait_s))
    own_s = time.process_time() - own_s
    state = owner.states[DESK]
    await end(owner, running)  # what it has stepped is committed by then
    missing = lost(state, notices, preset.first_due_ms, sizes.per_s)
    return _results(
        sizes, notices, note, memory, traced, load_s, own_s, sent, missing, owner.commits
    )


async def _arrivals(log: Any, desk: Desk, sizes: Sizes, lead_s: float) -> int:
    """New lines of known buyers in real time, over the lead and the measured seconds."""
    loop, sent = asyncio.get_running_loop(), 0
    begin_s = loop.time()
    while (now_s := loop.time() - begin_s) < lead_s + sizes.seconds:
        batch: list[Draft] = []
        while sent + len(batch) < now_s * sizes.per_s:
            number = sent + len(batch)
            shop = desk.shops[number % len(desk.shops)].id
            batch.append(draft(buyer_message(shop, f"other{number % 20_000}", f"n{number}")))
        if batch:
            await log.append(batch)
            sent += len(batch)
        await asyncio.sleep(0.01)
    return sent


def _traced_bytes(sizes: Sizes) -> float:
    """What the allocator was asked for, an open session, by a count of every allocation."""
    desk = make_desk(sizes.agents)
    state = State()
    for offset, command in enumerate((c.AdoptDesk(desk=desk), *everybody_online(desk)), start=1):
        step(state, c.Stamped(offset, now_ms(), command))
    state.dirty.clear()
    gc.collect()
    tracemalloc.start()
    try:
        base, _ = tracemalloc.get_traced_memory()
        for number in range(sizes.traced):
            shop = desk.shops[number % len(desk.shops)].id
            message = buyer_message(shop, f"buyer-{number:09d}", f"m-{number:09d}")
            step(state, c.Stamped(10_000 + number, now_ms(), message))
            state.dirty.clear()
        del message
        gc.collect()
        now, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (now - base) / sizes.traced


def _results(
    sizes: Sizes,
    notices: Notices,
    note: str,
    memory: int,
    traced: float,
    load_s: float,
    own_s: float,
    sent: int,
    missing: int,
    commits: int,
) -> list[Measured]:
    late = sorted(notices.late_ms)
    note = (
        f"{sizes.sessions:,} sessions with a reply deadline each, default warnings and rescues;"
        f" {len(late):,} fell due in {sizes.seconds} s while {sent:,} messages arrived in"
        f" {commits:,} commits; the owner used {own_s:.0f} s of processor time (the arrivals made"
        f" in the same process included); {note}"
    )
    return [
        measured("timers.armed", "设定的时限 / armed deadlines", sizes.sessions, "1", note=note),
        measured("timers.noticed", "到期并通知 / fell due, noticed", len(late), "1", note=note),
        measured("timers.early", "提前 / early", notices.early, "1", note=note),
        measured("timers.lost", "丢失 / lost", missing, "1", note=note),
        measured("timers.twice", "重复 / told twice", notices.twice, "1", note=note),
        measured("timers.late_p50", "迟到中位数 / lateness, median", _p(late, 50), "ms", note=note),
        measured(
            "timers.late_p99",
            f"迟到 p99(<{LATE_MS} ms) / lateness, p99 (< {LATE_MS} ms)",
            _p(late, 99),
            "ms",
            floor=LATE_MS,
            note=note,
        ),
        measured("timers.late_max", "最迟 / the latest", late[-1] if late else 0, "ms", note=note),
        measured(
            "timers.bytes_per_session",
            "每个会话内存,按常驻内存(≤2 KB) / memory a session, resident (<= 2 KB)",
            memory / sizes.sessions,
            "B",
            floor=BYTES,
            note=note,
        ),
        measured(
            "timers.traced_bytes_per_session",
            "同上,按分配计 / the same, by allocations",
            traced,
            "B",
            floor=BYTES,
            note=f"{sizes.traced:,} sessions opened by a message each, tracemalloc",
        ),
        measured("timers.load_s", "载入用时 / time to load", load_s, "s", note=note),
    ]


def _p(ordered: list[float], percent: int) -> float:
    return ordered[len(ordered) * percent // 100] if ordered else math.nan
