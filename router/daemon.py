"""The composition root: the parts of a daemon, started and stopped in a stated order.

Start: the embedded server (unless a URL is given), the logs, the archive, each partition's
owner — which says in the log that we were away before anything new is taken — its ingress,
the workers, and last the door. Stop, the other way round: the door closes and answers what it
has let in; the workers finish what is in their hands; ingress appends what waits; the owner
commits what was read and lets the lease go; the server is shut down in order. Nothing that was
answered is lost on the way, nor if the way is cut short.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from router import place
from router.channels import standard_webhooks
from router.conduct.lexicon import LexiconError
from router.conducting import Conduct, Folders
from router.core import commands as c
from router.core.policy import Desk
from router.http.app import HttpSettings, make_app
from router.http.app import serve as serve_app
from router.http.auth import People
from router.http.metrics import Source
from router.ingress import Ingress, Receipt, Refused
from router.log.archive import Archive
from router.log.embedded import EmbeddedServer
from router.log.ports import Appended, Log
from router.log.redis import RedisLogs
from router.logs import configure_logging
from router.owner import Owner, Unowned
from router.policy_editing import Editor
from router.service import Partition, Service, partition_of
from router.settings import ConfigError, Loaded, Settings, load
from router.settings.problems import Problem
from router.worker_metrics import (
    archiver_metrics,
    bot_metrics,
    inspector_metrics,
    outbound_metrics,
)
from workers.archiver import Archiver
from workers.bot import WORKER as BOT
from workers.bot import Bots, BotTarget
from workers.inspector import WORKER as INSPECTOR
from workers.inspector import Inspector
from workers.outbound import WORKER as OUTBOUND
from workers.outbound import Outbound, Target

try:
    import uvloop
except ImportError:  # not on every platform
    uvloop = None  # type: ignore[assignment]

logger = logging.getLogger("zhiban")

ALL_ROLES = ("http", "broker", "workers")
WATCH_CONFIG_S = 2.0
STOP_S = 20.0


class Daemon:
    """One process. `start`, then `wait`, then `stop`; or `async with`."""

    def __init__(
        self, loaded: Loaded, roles: Sequence[str] = ALL_ROLES, *, config: Path | None = None
    ) -> None:
        self.settings: Settings = loaded.settings
        self._desks: list[Desk] = loaded.desks
        self._roles = tuple(roles)
        self._config = config
        self._files = loaded.files
        self._stack = AsyncExitStack()
        self._tasks: dict[asyncio.Task[Any], str] = {}
        self._failed: asyncio.Future[None] | None = None
        self._secrets: dict[str, Sequence[str]] = {}
        self._targets: dict[str, Target] = {}
        self._bots: dict[str, BotTarget] = {}
        self._reloading = asyncio.Lock()
        self._metrics: list[Source] = []
        self.conduct = Conduct(self._desks, _folders(loaded.settings))
        self.partitions: list[Partition] = []
        self.address = ("", 0)
        self.people: People | None = None
        self.server: EmbeddedServer | None = None

    async def __aenter__(self) -> Daemon:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Until the door is open. Raises what hinders it; what was started is stopped again."""
        self._failed = asyncio.get_running_loop().create_future()
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        place.data_dir(self.settings).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._learn_shops(self.settings)
        logs = await self._open_logs()
        for finding in logs.findings:
            logger.warning("the log's server: %s", finding)
        archive = await Archive.open(place.archive_path(self.settings))
        self._stack.push_async_callback(archive.close)
        adopts = [c.AdoptDesk(desk=desk) for desk in self._desks]
        count = self.settings.log.partitions
        for number in range(count):
            mine = [a for a in adopts if partition_of(a.desk.id, count) == number]
            self.partitions.append(self._partition(logs.log(number), mine))
        self.service = Service(self.partitions, adopts, archive=archive)
        if "broker" in self._roles:
            await self._start_owners()
        for partition in self.partitions:
            self._spawn(partition.ingress.run(), f"ingress {partition.log.partition}")
        self._stack.push_async_callback(self._close_ingress)
        if "workers" in self._roles:
            await self._start_workers(archive)
        if "http" in self._roles:
            await self._start_http()
        if self._config is not None:
            self._spawn(self._watch_config(self._config), "watch configuration")

    async def _open_logs(self) -> RedisLogs:
        url = self.settings.log.url
        if not url:
            server = EmbeddedServer(place.server_dir(self.settings))
            await server.start()
            self.server = server
            self._stack.push_async_callback(server.stop)
            self._spawn(self._keep_server(server), "embedded server")
            self._stack.push_async_callback(self._cancel, "embedded server")
            url = server.url
        logs = await place.connect(self.settings, url)
        self._stack.push_async_callback(logs.close)
        return logs

    async def _keep_server(self, server: EmbeddedServer) -> None:
        """An embedded server that was killed is started again, on the same data."""
        while True:
            await server.watch()
            logger.error("the embedded server is gone; starting it again")
            await server.ensure_running()

    def _partition(self, log: Log, adopts: list[c.AdoptDesk]) -> Partition:
        name = f"{socket.gethostname()}:{os.getpid()}"
        owner = Owner(log, name, desks=adopts)
        ingress = Ingress(log, owner=owner if "broker" in self._roles else None)
        partition = Partition(log, ingress, owner)
        owner.publish_to(partition.publish)
        return partition

    async def _start_owners(self) -> None:
        for partition in self.partitions:
            self._spawn(partition.owner.run(), f"owner {partition.log.partition}")
        self._stack.push_async_callback(self._stop_owners)
        async with asyncio.TaskGroup() as waiting:
            for partition in self.partitions:
                waiting.create_task(self._wait_owner(partition))

    async def _wait_owner(self, partition: Partition) -> None:
        """The owner is first: it notes that we were away. Where another process owns the
        partition, that one did."""
        with suppress(TimeoutError):
            async with asyncio.timeout(15):
                await partition.owner.wait_settled()

    async def _start_workers(self, archive: Archive) -> None:
        wanted = self.settings.workers.run
        outbound = Outbound(archive, self._targets.get, self._submit)
        await outbound.prepare()
        readers = [worker for worker in (OUTBOUND, INSPECTOR) if worker in wanted]
        stops: list[Any] = []
        if INSPECTOR in wanted:
            stops += await self._start_inspector(archive)
        if self._has_bots():
            readers.append(BOT)
            stops += self._start_bots(archive)
        for partition in self.partitions:
            if OUTBOUND in wanted:
                follower = outbound.runner(partition.log)
                self._spawn(follower.run(), f"outbound {partition.log.partition}")
                stops.append(follower)
            if "archiver" in wanted:
                archiver = Archiver(archive, partition.log, readers=readers)
                self._spawn(archiver.run(), f"archiver {partition.log.partition}")
                self._metrics.append(partial(archiver_metrics, archiver, partition.log.partition))
                stops.append(archiver)
        if OUTBOUND in wanted:
            self._spawn(outbound.run(), "outbound")
            self._metrics.append(partial(outbound_metrics, outbound))
            stops.append(outbound)

        async def stop() -> None:
            for worker in stops:
                worker.stop()
            await self._finish("archiver", "outbound", "bot", "inspector")

        self._stack.push_async_callback(stop)

    def _has_bots(self) -> bool:
        """Whether any shop has a bot: without one, nobody reads along for it."""
        return BOT in self.settings.workers.run and (
            bool(self._bots)
            or any(
                (shop.policy or desk.policy).bot_mode != "off"
                for desk in self._desks
                for shop in desk.shops
            )
        )

    def _start_bots(self, archive: Archive) -> list[Any]:
        bots = Bots(archive, self._bots.get, self._submit)
        followers = [bots.runner(partition.log) for partition in self.partitions]
        self._spawn(bots.run(), "bot")
        for partition, follower in zip(self.partitions, followers, strict=True):
            self._spawn(follower.run(), f"bot {partition.log.partition}")
        self._metrics.append(partial(bot_metrics, bots))
        return [*followers, bots]

    async def _start_inspector(self, archive: Archive) -> list[Any]:
        """What is to be stopped of it."""
        inspector = Inspector(archive, self.conduct, self._submit)
        await inspector.prepare(partition.log for partition in self.partitions)
        stops: list[Any] = [inspector]
        for partition in self.partitions:
            follower = inspector.runner(partition.log)
            self._spawn(follower.run(), f"inspector {partition.log.partition}")
            stops.append(follower)
        self._spawn(inspector.run(), "inspector")
        self._metrics.append(partial(inspector_metrics, inspector))
        return stops

    async def _submit(self, desk: str, command: c.AnyCommand) -> object:
        return await self.service.submit(desk, command)

    async def _start_http(self) -> None:
        people = People(place.people_path(self.settings))
        self.people = people
        self._stack.callback(people.close)
        http = self.settings.http
        app = make_app(
            self.service,
            HttpSettings(
                secrets=self._secrets,
                conduct=self.conduct,
                replies_path=place.replies_path(self.settings),
                policy_editor=Editor(self._config, self.change) if self._config else None,
                oidc=self.settings.oidc,
                public_url=http.public_url,
                secure_cookies=http.secure_cookies,
                trusted_proxies=frozenset(http.trusted_proxies),
            ),
            people,
            metric_sources=self._metrics,
        )
        runner, port = await serve_app(app, http.host, http.port)
        self.address = (http.host, port)
        self._stack.push_async_callback(self._close_door, runner)
        logger.info("listening on http://%s:%s/", http.host, port)

    async def _close_door(self, runner: web.AppRunner) -> None:
        await runner.cleanup()

    # Running

    async def wait(self) -> None:
        """Until `stop`; raises when a part has failed for good."""
        assert self._failed is not None
        await asyncio.shield(self._failed)

    def _spawn(self, doing: Coroutine[Any, Any, Any], name: str) -> None:
        task = asyncio.create_task(doing, name=name)
        self._tasks[task] = name
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        name = self._tasks.pop(task)
        if task.cancelled() or task.exception() is None:
            return
        logger.critical("%s has failed", name, exc_info=task.exception())
        if self._failed is not None and not self._failed.done():
            error = task.exception()
            assert error is not None
            self._failed.set_exception(error)
            self._failed.exception()  # `wait` may not be under way

    # Stopping

    async def stop(self) -> None:
        """In order, each part with a bound; what is not finished then is cancelled."""
        await self._stack.aclose()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._failed is not None and not self._failed.done():
            self._failed.set_result(None)

    async def _close_ingress(self) -> None:
        for partition in self.partitions:
            partition.ingress.close()
        await self._finish("ingress")

    async def _stop_owners(self) -> None:
        for partition in self.partitions:
            partition.owner.stop()
        await self._finish("owner")
        for partition in self.partitions:
            for listener in partition.listeners:
                listener.put(None)

    async def _finish(self, *names: str) -> None:
        tasks = [task for task, name in self._tasks.items() if name.startswith(names)]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=STOP_S)
        for task in late:
            logger.error("%s did not end in %s s; cancelled", self._tasks.get(task), STOP_S)
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _cancel(self, name: str) -> None:
        tasks = [task for task, of in self._tasks.items() if of == name]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # Hot reload

    def _learn_shops(self, settings: Settings) -> None:
        """What each shop's hook and deliveries need; of a shop that is gone, nothing is kept."""
        for gone in self._secrets.keys() - settings.shops.keys():
            del self._secrets[gone]
        self._targets.clear()
        self._bots.clear()
        for shop, access in settings.shops.items():
            self._secrets[shop] = access.secrets
            secret = access.outbound_secret or next(iter(access.secrets), "")
            if access.outbound_url and secret:
                key = standard_webhooks.key_of(secret)
                self._targets[shop] = Target(url=access.outbound_url, key=key, events=True)
            if access.bot_url and (access.bot_secret or secret):
                key = standard_webhooks.key_of(access.bot_secret or secret)
                self._bots[shop] = BotTarget(url=access.bot_url, key=key)

    async def _watch_config(self, config: Path) -> None:
        seen = [0]  # the first look compares with what was loaded
        while True:
            await asyncio.sleep(WATCH_CONFIG_S)
            now = await asyncio.to_thread(_changed_ns, (config, *self._files))
            if 0 not in now and now != seen:
                seen = now
                await self.reload(config)

    async def reload(self, config: Path) -> None:
        """Adopt what has changed in the file; a broken one is reported and changes nothing."""
        async with self._reloading:
            try:
                loaded = load(config)
            except ConfigError as error:
                logger.error("%s is not adopted: %s", config, error)
                return
            try:
                await self._adopt(loaded)
            except Refused as error:
                logger.error("%s is not adopted: %s", config, error)

    async def change(self, write: Callable[[], Loaded], by: str) -> None:
        """Adopt what `write` puts into the file, in the name of who changed it; done when the
        desks work by it. Raises what `write` raises, and `Refused`."""
        async with self._reloading:
            for desk, receipt in await self._adopt(await asyncio.to_thread(write), by):
                with suppress(Unowned, TimeoutError):  # another process's, or slow: it will come
                    if isinstance(receipt, Appended):
                        await self.service.partition(desk).owner.answer(receipt.offset)

    async def _adopt(self, loaded: Loaded, by: str = "") -> list[tuple[str, Receipt]]:
        """Use what was loaded; the desks that are another are in the log then. Raises `Refused`."""
        self._files = loaded.files
        self._learn_shops(loaded.settings)
        try:
            await asyncio.to_thread(self.conduct.learn, loaded.desks, _folders(loaded.settings))
        except LexiconError as error:  # changed again since they were checked
            logger.error("the conduct lists are not adopted: %s", error)
        receipts: list[tuple[str, Receipt]] = []
        for desk in loaded.desks:
            if desk in self._desks:
                continue
            adopt = c.AdoptDesk(desk=desk, by=by)
            self.service.know(adopt)
            receipts.append((desk.id, await self.service.submit(desk.id, adopt)))
            logger.info("desk %s: the changed configuration is in the log", desk.id)
        self._desks = loaded.desks
        return receipts


def _folders(settings: Settings) -> Folders:
    """Where the shops' own conduct lists stand."""
    shops = {shop: folder for shop, folder in settings.lexicons.items() if shop}
    return Folders(settings.lexicons.get(""), shops)


def _changed_ns(files: Sequence[Path]) -> list[int]:
    """When each was last written; 0 for one that is not there (an editor is replacing it)."""
    return [file.stat().st_mtime_ns if file.exists() else 0 for file in files]


async def run(loaded: Loaded, roles: Sequence[str], config: Path | None) -> int:
    """Run until a signal asks to stop, or a part fails for good."""
    daemon = Daemon(loaded, roles, config=config)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with daemon:
        if config is not None:
            loop.add_signal_handler(
                signal.SIGHUP, lambda: daemon._spawn(daemon.reload(config), "reload")
            )
        stop = asyncio.create_task(stopping.wait())
        failed = asyncio.create_task(daemon.wait())
        await asyncio.wait((stop, failed), return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if failed.done() and failed.exception() is not None:
            return 1
        failed.cancel()
    return 0


def serve(loaded: Loaded, roles: Sequence[str], config: str | None = None) -> int:
    """`zhiban serve`."""
    configure_logging()
    if not loaded.settings.log.url and set(roles) != set(ALL_ROLES):
        raise ConfigError(
            [Problem("--roles", "", "拆分角色需要 [log] url", "splitting roles needs [log] url")]
        )
    return run_loop(run(loaded, roles, Path(config) if config else None))


def run_loop(doing: Coroutine[Any, Any, int]) -> int:
    """`asyncio.run`, on uvloop where it is installed."""
    return asyncio.run(doing) if uvloop is None else uvloop.run(doing)
