"""The log on a server when things go wrong: cancelled, killed, frozen, full, refused."""

from __future__ import annotations

import asyncio

import pytest

from router.log.ports import (
    Appended,
    Draft,
    LogCorrupt,
    LogError,
    LogFull,
    LogUnavailable,
    Repeated,
    RepeatKind,
)
from router.log.redis import RedisLogs
from tests.log.fake_server import fake_server, opened
from tests.log.steps import TTL_MS, a_commit, draft, leased
from tests.servers import Server, client, free_port

# --- cancelled


async def test_cancelled_calls_leave_every_answer_with_its_question(logs: RedisLogs) -> None:
    log = logs.log(1)
    await log.append([Draft(b"%d" % n) for n in range(1, 101)])
    for steps in range(40):
        calls: list[asyncio.Task[object]] = [
            asyncio.create_task(log.entries([steps + 1, 100])),
            asyncio.create_task(log.append([Draft(b"more")])),
            asyncio.create_task(log.meta()),
            asyncio.create_task(log.read(5, limit=3)),
            asyncio.create_task(log.read(10**6, limit=3, wait_ms=30_000)),
        ]
        for _ in range(steps):
            await asyncio.sleep(0)
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)
        entries = await log.entries([steps + 1, 99])
        assert [entry and entry.body for entry in entries] == [b"%d" % (steps + 1), b"99"]
        assert [entry.offset for entry in (await log.read(20, limit=2)).entries] == [21, 22]


async def test_a_cancelled_wait_gives_its_connection_back(logs: RedisLogs) -> None:
    log = logs.log(1)
    async with asyncio.timeout(20):
        for _ in range(20):
            waiting = [asyncio.create_task(log.read(0, limit=1, wait_ms=30_000)) for _ in range(5)]
            await asyncio.sleep(0.002)
            for each in waiting:
                each.cancel()
            await asyncio.wait(waiting)
        assert (await log.read(0, limit=1, wait_ms=1)).entries == []


async def test_reads_that_wait_do_not_hold_up_writes(logs: RedisLogs) -> None:
    """More of them than there are connections for."""
    log = logs.log(1)
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        reads = [tasks.create_task(log.read(0, limit=9, wait_ms=30_000)) for _ in range(2)]
        facts = [tasks.create_task(log.facts(0, limit=9, wait_ms=30_000)) for _ in range(8)]
        lease = await leased(log)
        for n in range(20):
            await log.append([Draft(b"%d" % n)])
        await log.commit(a_commit(lease, 1))
    assert all(read.result().entries for read in reads)
    assert all(fact.result() for fact in facts)


# --- killed, frozen


async def test_a_server_killed_in_the_middle_of_calls(own_server: Server) -> None:
    async with await RedisLogs.connect(own_server.url) as logs:
        log = logs.log(1)
        lease = await leased(log)
        await log.append([Draft(b"kept")])
        own_server.freeze()
        calls: list[asyncio.Task[object]] = [
            asyncio.create_task(log.append([Draft(b"lost")])),
            asyncio.create_task(log.commit(a_commit(lease, 1))),
            asyncio.create_task(log.read(0, limit=5, wait_ms=30_000)),
            asyncio.create_task(log.renew(lease, ttl_ms=TTL_MS)),
        ]
        await asyncio.sleep(0.01)
        own_server.kill()
        async with asyncio.timeout(5):
            for outcome in await asyncio.gather(*calls, return_exceptions=True):
                assert isinstance(outcome, LogUnavailable)
            with pytest.raises(LogUnavailable):
                await log.meta()
        own_server.start()
        assert [entry.body for entry in (await log.read(0, limit=5)).entries] == [b"kept"]
        assert await log.commit(a_commit(lease, 1))


async def test_a_frozen_server_is_given_up_and_its_late_answers_are_not_taken(
    own_server: Server,
) -> None:
    async with (
        await RedisLogs.connect(own_server.url) as patient,
        await RedisLogs.connect(own_server.url) as logs,
    ):
        log = logs.log(1)
        lease = await leased(log)
        own_server.freeze()
        logs._link._timeout_s = 0.05
        for call in (log.append([draft(b"a")]), log.commit(a_commit(lease, 1)), log.clock()):
            with pytest.raises(LogUnavailable):
                await call
        own_server.thaw()
        # What was sent took effect: a resent delivery and batch are known.
        while not (await patient.log(1).meta()).seq:
            await asyncio.sleep(0.001)
        logs._link._timeout_s = 5.0
        assert await log.append([draft(b"a")]) == [Repeated(RepeatKind.DELIVERY)]
        assert await log.commit(a_commit(lease, 1)) is False


async def test_nothing_is_sent_twice() -> None:
    received: list[bytes] = []

    def answer(command: list[bytes]) -> bytes | None:
        received.append(command[0])
        return opened(command)

    async with fake_server(answer) as url, await RedisLogs.connect(url) as logs:
        with pytest.raises(LogUnavailable):
            await logs.log(1).append([Draft(b"")])
    assert received.count(b"FCALL") == 1


async def test_nobody_there() -> None:
    with pytest.raises(LogUnavailable):
        await RedisLogs.connect("unix:///nonexistent/socket")
    with pytest.raises(LogUnavailable):
        await RedisLogs.connect(f"redis://127.0.0.1:{free_port()}")


# --- refused


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"LOADING Redis is loading the dataset in memory", LogUnavailable),
        (b"READONLY You can't write against a read only replica.", LogUnavailable),
        (b"MOVED 3999 127.0.0.1:6381", LogUnavailable),
        (b"ASK 3999 127.0.0.1:6381", LogUnavailable),
        (b"TRYAGAIN Multiple keys request during rehashing of slot", LogUnavailable),
        (b"CLUSTERDOWN Hash slot not served", LogUnavailable),
        (b"MASTERDOWN Link with MASTER is down", LogUnavailable),
        (b"MISCONF Errors writing to the AOF file: No space left on device", LogUnavailable),
        (b"NOREPLICAS Not enough good replicas to write.", LogUnavailable),
        (b"BUSY Redis is busy running a script.", LogUnavailable),
        (b"UNBLOCKED force unblock from blocking operation", LogUnavailable),
        (b"ERR max number of clients reached", LogUnavailable),
        (b"OOM command not allowed when used memory > 'maxmemory'.", LogFull),
        (b"WRONGTYPE Operation against a key holding the wrong kind of value", LogCorrupt),
        (b"NOPERM this user has no permissions to run the 'fcall' command", LogError),
        (b"NOAUTH Authentication required.", LogError),
        (b"ERR something else", LogError),
    ],
    ids=lambda value: value.split()[0].decode() if isinstance(value, bytes) else "",
)
async def test_what_the_servers_errors_mean(line: bytes, error: type[LogError]) -> None:
    def answer(command: list[bytes]) -> bytes | None:
        return opened(command) or b"-%s\r\n" % line

    async with fake_server(answer) as url, await RedisLogs.connect(url) as logs:
        log = logs.log(1)
        for call in (log.append([Draft(b"")]), log.read(0, limit=1), log.meta()):
            with pytest.raises(LogError) as caught:
                await call
            assert type(caught.value) is error


async def test_garbage_is_no_answer() -> None:
    def answer(command: list[bytes]) -> bytes | None:
        return opened(command) or b"HTTP/1.1 400 Bad Request\r\n\r\n"

    async with fake_server(answer) as url, await RedisLogs.connect(url) as logs:
        with pytest.raises(LogUnavailable):
            await logs.log(1).meta()


async def test_a_full_server_refuses_appends_and_can_be_drained(own_server: Server) -> None:
    async with await RedisLogs.connect(own_server.url) as logs, client(own_server.url) as admin:
        log = logs.log(1)
        await log.append([Draft(b"x" * 1000) for _ in range(50)])
        lease = await leased(log)
        await admin("CONFIG", "SET", "maxmemory", 1)
        with pytest.raises(LogFull):
            await log.append([Draft(b"no")])
        lease = await log.renew(lease, ttl_ms=TTL_MS)
        assert await log.commit(a_commit(lease, 1, offset=40, key=b"value" * 100))
        await log.trim(inbox_to=40, facts_to=0)
        assert await log.first_offsets() == (41, 1)
        await log.release(lease)
        await leased(log)
        with pytest.raises(LogFull):
            await log.append([Draft(b"no")])
        await admin("CONFIG", "SET", "maxmemory", 0)
        assert isinstance((await log.append([Draft(b"yes")]))[0], Appended)
        assert (await log.meta()).tail == 51


@pytest.mark.parametrize("key", ["inbox", "meta", "facts", "records", "lease"])
async def test_a_key_of_a_wrong_type_is_corrupt_and_nothing_is_written(
    logs: RedisLogs, url: str, key: str
) -> None:
    log = logs.log(1)
    lease = await leased(log)
    async with client(url) as admin:
        await admin("DEL", f"{{p01}}:{key}")
        await admin("SET", f"{{p01}}:{key}", "wrong")
        appends = key in {"inbox", "meta"}
        call = log.append([draft(b"a")]) if appends else log.commit(a_commit(lease, 1, k=b"v"))
        with pytest.raises(LogCorrupt):
            await call
        left = {name.decode() for name in await admin("KEYS", "*")}
        assert left <= {f"{{p01}}:{key}", "{p01}:lease"}


async def test_a_stream_ahead_of_the_counter_is_corrupt(valkey_url: str) -> None:
    async with await RedisLogs.connect(valkey_url) as logs, client(valkey_url) as admin:
        log = logs.log(1)
        lease = await leased(log)
        for stream in ("inbox", "facts"):
            await admin("XADD", f"{{p01}}:{stream}", "9-0", "t", 1, "b", "x")
        with pytest.raises(LogCorrupt):
            await log.append([draft(b"a")])
        with pytest.raises(LogCorrupt):
            await log.commit(a_commit(lease, 1, k=b"v"))
        assert {name async for name, _ in log.records()} == set()
        assert (await log.meta()).seq == 0


async def test_a_hole_in_the_inbox_is_corrupt(valkey_url: str) -> None:
    async with await RedisLogs.connect(valkey_url) as logs, client(valkey_url) as admin:
        log = logs.log(1)
        await log.append([Draft(b"") for _ in range(5)])
        lease = await leased(log)
        await admin("XDEL", "{p01}:inbox", "3-0")
        for after in (0, 2):
            with pytest.raises(LogCorrupt):
                await log.read(after, limit=9)
        with pytest.raises(LogCorrupt):
            await log.commit(a_commit(lease, 1, offset=2))
