"""What the log needs of its server: functions, buckets, settings, version, replicas."""

from __future__ import annotations

import asyncio

import pytest

from router.log import library
from router.log.ports import (
    Appended,
    Draft,
    Lease,
    LogUnavailable,
    Repeated,
    RepeatKey,
    RepeatKind,
)
from router.log.redis import RedisLogs
from router.log.server_check import ServerUnsuitable
from tests.log.fake_server import Answer, bulk, fake_server, opened
from tests.log.steps import TTL_MS, a_commit, draft, leased
from tests.servers import Kind, Server, client, free_port, running

# --- the library


async def test_flushed_functions_are_loaded_again(logs: RedisLogs, url: str) -> None:
    log = logs.log(1)
    async with client(url) as admin:
        await admin("FUNCTION", "FLUSH")
        appended = await asyncio.gather(*(log.append([Draft(b"")]) for _ in range(10)))
        assert len(appended) == 10
        await admin("FUNCTION", "FLUSH")
        lease = await leased(log)
        await admin("FUNCTION", "FLUSH")
        assert await log.commit(a_commit(lease, 1))
        assert (await log.meta()).tail == 10


async def test_two_releases_side_by_side(valkey_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with await RedisLogs.connect(valkey_url) as old_logs:
        old = old_logs.log(1)
        await old.append([draft(b"a")])
        monkeypatch.setattr(library, "SOURCE", library.SOURCE.replace(library.VERSION, "other"))
        monkeypatch.setattr(library, "VERSION", "other")
        async with await RedisLogs.connect(valkey_url) as new_logs:
            assert await new_logs.log(1).append([draft(b"a"), draft(b"b")]) == [
                Repeated(RepeatKind.DELIVERY),
                Appended(2, (await old.entries([2]))[0].at_ms),  # type: ignore[union-attr]
            ]
        monkeypatch.undo()
        assert await old.append([draft(b"b")]) == [Repeated(RepeatKind.DELIVERY)]


async def test_buckets_of_another_day_are_corrected(logs: RedisLogs) -> None:
    log = logs.log(1)
    await log.append([draft(b"a")])
    for wrong_ms in (0, 10**13):
        log._bucket_time_ms = wrong_ms
        assert await log.append([draft(b"a")]) == [Repeated(RepeatKind.DELIVERY)]


async def test_buckets_expire_as_a_whole(valkey_url: str) -> None:
    async with await RedisLogs.connect(valkey_url) as logs, client(valkey_url) as admin:
        log = logs.log(1)
        message = RepeatKey(RepeatKind.MESSAGE, b"m" * 16)
        fact = RepeatKey(RepeatKind.FACT, b"f" * 16, month=600)
        for n in range(2):
            await log.append([draft(b"%d" % n)])
        await log.append([Draft(b"", (message, fact))])
        now_s = await log.clock() // 1000
        days, four_days = now_s // 86_400, now_s // (4 * 86_400)
        expires = [
            await admin("EXPIRETIME", f"{{p01}}:seen:{bucket}")
            for bucket in (f"d:{days}", f"m:{four_days}", "f:600")
        ]
        assert expires == [(days + 3) * 86_400, (four_days + 3) * 4 * 86_400, -1]


# --- the server itself


async def test_unsafe_settings_are_found(own_server: Server) -> None:
    async with client(own_server.url) as admin:
        async with await RedisLogs.connect(own_server.url) as logs:
            assert logs.findings == ()
        await admin("CONFIG", "SET", "appendfsync", "everysec")
        await admin("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        async with await RedisLogs.connect(own_server.url) as logs:
            assert [finding.split()[0] for finding in logs.findings] == [
                "appendfsync",
                "maxmemory-policy",
            ]


@pytest.mark.parametrize(
    ("info", "suits"),
    [
        (b"redis_version:6.2.14\r\n", False),
        (b"redis_version:7.0.0\r\n", True),
        (b"redis_version:10.2.0\r\n", True),
        (b"redis_version:7.2.4\r\nvalkey_version:7.2.5\r\n", True),
        (b"redis_version:7.2.4\r\nvalkey_version:7.1.0\r\n", False),
        (b"keydb\r\n", False),
    ],
)
async def test_an_old_server_is_refused(info: bytes, suits: bool) -> None:
    answer: Answer = lambda words: bulk(info) if words[0] == b"INFO" else opened(words)  # noqa: E731
    async with fake_server(answer) as url:
        if suits:
            await (await RedisLogs.connect(url)).close()
            return
        with pytest.raises(ServerUnsuitable):
            await RedisLogs.connect(url)


async def test_a_server_that_hides_its_settings_is_used() -> None:
    def answer(command: list[bytes]) -> bytes | None:
        return b"-ERR unknown command 'CONFIG'\r\n" if command[0] == b"CONFIG" else opened(command)

    async with fake_server(answer) as url, await RedisLogs.connect(url) as logs:
        assert len(logs.findings) == 1


@pytest.mark.parametrize("kind", ["valkey", "redis"])
async def test_waits_for_replicas(kind: Kind) -> None:
    port = free_port()
    with (
        running(kind, port=str(port), repl_diskless_sync_delay="0") as primary,
        running(kind, replicaof=f"127.0.0.1 {port}") as replica,
    ):
        async with client(replica.url) as admin:
            while (await admin.info("replication"))["master_link_status"] != "up":
                await asyncio.sleep(0.005)
        async with await RedisLogs.connect(primary.url, wait_replicas=1) as logs:
            log = logs.log(1)
            assert isinstance((await log.append([draft(b"a")]))[0], Appended)
            lease = await leased(log)
            replica.freeze()
            await _too_few_replicas(primary.url, lease)
            replica.thaw()
            assert await log.append([draft(b"b")]) == [Repeated(RepeatKind.DELIVERY)]
        with pytest.raises(LogUnavailable):  # READONLY, as it takes no library
            await RedisLogs.connect(replica.url)


async def _too_few_replicas(url: str, lease: Lease) -> None:
    async with await RedisLogs.connect(url, wait_replicas=1, wait_timeout_ms=20) as logs:
        for _ in range(2):  # also what is a repeat by now: the replica does not have it
            with pytest.raises(LogUnavailable):
                await logs.log(1).append([draft(b"b")])
        with pytest.raises(LogUnavailable):
            await logs.log(1).renew(lease, ttl_ms=TTL_MS)
