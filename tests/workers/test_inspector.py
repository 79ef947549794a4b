"""The inspector: flags what agents write, once, when it has settled, and loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from router.conducting import Conduct
from router.core import commands as c
from router.core.policy import Agent, Desk, Policy, Shop, SubAccount
from router.core.state import State
from router.log.archive import Archive
from router.log.codec import encode_command, encode_facts
from router.log.memory import MemoryLog
from router.log.ports import Appended, Commit, Draft, Lease, Log
from router.stepping import Desks
from tests.workers.stage import MINUTE, SECOND, VirtualTime
from workers.inspector import WORKER, Inspector
from workers.stop import Sleep

LATENESS_MS = 2 * MINUTE
INSULT = "您好,你脑残啊"


def desk_with(lateness_ms: int = LATENESS_MS) -> Desk:
    return Desk(
        id="desk",
        policy=Policy(),
        shops=(Shop(id="shop", lateness_ms=lateness_ms),),
        agents=(Agent(id="amy"),),
        sub_accounts=(SubAccount(id="shop:amy", shop="shop", agent="amy"),),
    )


class Owned:
    """A partition's log with its owner, and an inspector on it that can crash."""

    def __init__(
        self, log: Log, archive: Archive, desk: Desk, *, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._sleep = sleep
        self.log = log
        self.archive = archive
        self.desks = Desks()
        self.conduct = Conduct([desk])
        self.submitted: list[c.RaiseFlag] = []
        self.refusing = False
        self.inspector = self._new()
        self._lease: Lease | None = None
        self._offset = 0
        self._seq = 0
        self._running: asyncio.Task[None] | None = None

    def _new(self) -> Inspector:
        return Inspector(self.archive, self.conduct, self.submit, sleep=self._sleep)

    @property
    def state(self) -> State:
        return self.desks.states["desk"]

    async def submit(self, desk: str, command: c.AnyCommand) -> None:
        if self.refusing:
            raise ConnectionError("the log sheds")
        assert isinstance(command, c.RaiseFlag)
        self.submitted.append(command)
        await self.append(command)

    async def append(self, command: c.AnyCommand) -> int:
        (receipt,) = await self.log.append([Draft(encode_command("desk", command))])
        assert isinstance(receipt, Appended)
        return receipt.offset

    async def settle(self) -> None:
        """Consume all that stands in the inbox, and let time pass."""
        if self._lease is None:
            self._lease = await self.log.acquire("owner", ttl_ms=24 * 60 * MINUTE)
        assert self._lease is not None
        reading = await self.log.read(self._offset, limit=1_000)
        facts = []
        for entry in reading.entries:
            stepped = self.desks.take(entry)
            assert stepped is not None
            facts += stepped.facts
            self._offset = entry.offset
        facts += self.desks.tick(reading.clock_ms).get("desk", [])
        self.desks.changes((), moved=True)
        if not facts and not reading.entries:
            return
        self._seq += 1
        body = encode_facts([("desk", facts)]) if facts else b""
        clock_ms = reading.clock_ms
        await self.log.commit(
            Commit(self._lease, f"b{self._seq}", self._seq, self._offset, clock_ms, body, {})
        )

    # Buyers and agents

    async def asks(self, message: str, text: str, sent_ms: int) -> None:
        await self.append(
            c.MessageReceived(
                shop="shop", buyer="x", message=message, sent_ms=sent_ms,
                content=c.Content(text=text),
            )
        )  # fmt: skip

    async def says(self, message: str, text: str, sent_ms: int) -> None:
        await self.append(
            c.MessageSent(
                shop="shop", buyer="x", message=message, sent_ms=sent_ms, sub_account="shop:amy",
                content=c.Content(text=text),
            )
        )  # fmt: skip

    # The inspector

    async def start(self) -> None:
        """A new one, as after a crash: it has nothing but its file and the log."""
        await self.stop()
        self.inspector = self._new()
        await self.inspector.prepare([self.log])
        self.runner = self.inspector.runner(self.log)
        self._running = asyncio.create_task(self.runner.run())

    async def stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def follow(self) -> None:
        """Until all facts that there are have been taken."""
        tail = await self.log.facts(0, limit=10_000)
        last = tail[-1].seq if tail else 0
        async with asyncio.timeout(10):
            while self.runner.seq < last:
                await asyncio.sleep(0)

    async def inspect(self) -> list[str]:
        """Commit, follow, judge, commit what was found; the names of all flags."""
        await self.settle()
        await self.follow()
        await self.inspector.judge(0)
        await self.settle()
        return [flag.name for flag in self.state.flags.values()]


class Clock:
    """The log's clock."""

    def __init__(self) -> None:
        self.now_ms = VirtualTime().now_ms

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def owned(archive: Archive, clock: Clock) -> AsyncIterator[Owned]:
    """A desk whose log has a clock of its own."""
    desk = desk_with()
    found = Owned(MemoryLog(0, clock=clock), archive, desk)
    await found.start()
    await found.append(c.AdoptDesk(desk=desk))
    await found.append(c.SetPresence(agent="amy", to="online"))
    yield found
    await found.stop()


async def test_an_insult_becomes_a_flag(archive: Archive, log: Log) -> None:
    desk = desk_with(lateness_ms=0)
    owned = Owned(log, archive, desk)
    await owned.start()
    await owned.append(c.AdoptDesk(desk=desk))
    await owned.append(c.SetPresence(agent="amy", to="online"))
    await owned.asks("b1", "在吗", await log.clock())
    await owned.append(
        c.WriteMessage(
            shop="shop", buyer="x", agent="amy", message="m1", content=c.Content(text="脑残")
        )
    )
    await owned.settle()
    written_ms = owned.state.at_ms
    while await log.clock() <= written_ms + 1:
        await asyncio.sleep(0)
    assert sorted(await owned.inspect()) == ["abuse:m1:0", "honorific:m1:0", "short_reply:m1:0"]
    flag = next(flag for flag in owned.state.flags.values() if flag.rule == "abuse")
    assert (flag.agent, flag.sub_account, flag.matched) == ("amy", "shop:amy", "脑残")
    assert flag.session == owned.state.threads["shop\x1fx"].session
    assert flag.proof[0] == 4
    assert flag.lexicon
    assert len(await owned.inspect()) == 3
    assert owned.inspector.raised == 3
    await owned.stop()


async def test_nothing_is_judged_before_it_has_settled(owned: Owned, clock: Clock) -> None:
    sent_ms = clock.now_ms
    await owned.asks("b1", "在吗", sent_ms)
    await owned.says("m1", INSULT, sent_ms)
    clock.now_ms = sent_ms + LATENESS_MS
    assert await owned.inspect() == [], "something sent before it may come at this very moment"
    clock.now_ms += 1
    assert await owned.inspect() == ["abuse:m1:3"]


async def test_what_the_owner_has_not_consumed_is_waited_for(owned: Owned, clock: Clock) -> None:
    sent_ms = clock.now_ms - 30 * SECOND
    await owned.says("m2", "这款是纯棉的,很透气", sent_ms + 20 * SECOND)
    await owned.asks("b1", "在吗", sent_ms)
    clock.now_ms = sent_ms + LATENESS_MS
    await owned.settle()
    await owned.says("m1", "您好,我在的呢", sent_ms + 10 * SECOND)
    clock.now_ms += MINUTE
    await owned.follow()
    await owned.inspector.judge(0)
    assert owned.submitted == [], "the owner is behind"
    assert await owned.inspect() == [], "m1 came before m2 and has the honorific"


async def test_a_crash_loses_nothing(owned: Owned, clock: Clock) -> None:
    sent_ms = clock.now_ms
    await owned.asks("b1", "在吗", sent_ms)
    await owned.says("m1", INSULT, sent_ms)
    await owned.settle()
    await owned.follow()
    await owned.start()
    clock.now_ms += LATENESS_MS + 1
    assert await owned.inspect() == ["abuse:m1:3"]


async def test_what_cannot_be_submitted_is_found_again(owned: Owned, clock: Clock) -> None:
    await owned.asks("b1", "在吗", clock.now_ms)
    await owned.says("m1", INSULT, clock.now_ms)
    clock.now_ms += LATENESS_MS + 1
    owned.refusing = True
    with pytest.raises(ConnectionError):
        await owned.inspect()
    owned.refusing = False
    await owned.start()
    assert await owned.inspect() == ["abuse:m1:3"]


async def test_facts_that_come_again_change_nothing(owned: Owned, clock: Clock) -> None:
    await owned.asks("b1", "在吗", clock.now_ms)
    await owned.says("m1", INSULT, clock.now_ms)
    clock.now_ms += LATENESS_MS + 1
    assert await owned.inspect() == ["abuse:m1:3"]
    await owned.stop()
    await owned.archive.database.write(
        lambda connection: connection.execute("UPDATE positions SET seq = 0")
    )
    await owned.start()
    assert await owned.inspect() == ["abuse:m1:3"]
    assert len(owned.submitted) == 1


async def test_a_session_is_judged_over_a_restart(owned: Owned, clock: Clock) -> None:
    await owned.asks("b1", "在吗", clock.now_ms)
    await owned.says("m1", "您好,这款是纯棉的", clock.now_ms)
    clock.now_ms += LATENESS_MS + 1
    assert await owned.inspect() == []
    await owned.start()
    await owned.asks("b2", "会缩水吗", clock.now_ms)
    await owned.says("m2", "正常洗涤是不会缩水的", clock.now_ms)
    clock.now_ms += LATENESS_MS + 1
    assert await owned.inspect() == [], "it is not the session's first message"
    await owned.asks("b3", "谢谢", clock.now_ms)
    await owned.says("m3", "那就拍蓝色那一款", clock.now_ms)
    await owned.start()
    while owned.state.threads["shop\x1fx"].session:
        clock.now_ms += 30 * MINUTE
        await owned.inspect()
    clock.now_ms += LATENESS_MS + 1
    assert await owned.inspect() == ["honorific:m3:0"], "the buyer took leave"


async def test_what_was_written_before_there_was_an_inspector_is_let_be(
    archive: Archive, clock: Clock, tmp_path: Path
) -> None:
    desk = desk_with()
    owned = Owned(MemoryLog(0, clock=clock), archive, desk)
    await owned.append(c.AdoptDesk(desk=desk))
    await owned.asks("b1", "在吗", clock.now_ms)
    await owned.says("m1", INSULT, clock.now_ms)
    await owned.settle()
    await owned.start()
    assert await archive.bookmark(WORKER, 0) == 1
    await owned.says("m2", "哦哦", clock.now_ms)
    await owned.says("m3", INSULT, clock.now_ms)
    clock.now_ms += LATENESS_MS + 1
    assert await owned.inspect() == ["abuse:m3:3"], "m2 belongs to what was not seen"
    await owned.stop()


async def test_after_an_outage_the_retries_are_waited_for(owned: Owned, clock: Clock) -> None:
    sent_ms = clock.now_ms - 30 * SECOND
    await owned.asks("b1", "在吗", sent_ms)
    await owned.says("m2", "这款是纯棉的,很透气", sent_ms + SECOND)
    await owned.inspect()
    clock.now_ms += 30 * MINUTE
    await owned.append(c.NoteOutage(from_ms=sent_ms + SECOND, to_ms=clock.now_ms))
    assert await owned.inspect() == []
    clock.now_ms += 5 * MINUTE
    await owned.says("m1", "您好,我在的呢", sent_ms + 500)
    assert await owned.inspect() == []
    clock.now_ms += 6 * MINUTE
    assert await owned.inspect() == [], "m1 had the honorific, and came with the retries"
    assert owned.inspector.judged > 0


async def test_run_judges_until_it_is_stopped(archive: Archive, clock: Clock) -> None:
    time = VirtualTime()
    owned = Owned(MemoryLog(0, clock=clock), archive, desk_with(), sleep=time.sleep)
    await owned.start()
    await owned.append(c.AdoptDesk(desk=desk_with()))
    await owned.asks("b1", "在吗", clock.now_ms)
    await owned.says("m1", INSULT, clock.now_ms)
    await owned.settle()
    await owned.follow()
    owned.refusing = True
    clock.now_ms += LATENESS_MS + 1
    running = asyncio.create_task(owned.inspector.run())
    assert await time.advance() == 5_000, "it tries again after a pause"
    assert owned.inspector.failures == 1
    owned.refusing = False
    assert await time.advance() == 1_000
    assert [command.flag for command in owned.submitted] == ["abuse:m1:3"]
    owned.inspector.stop()
    async with asyncio.timeout(10):
        await running
    await owned.stop()
