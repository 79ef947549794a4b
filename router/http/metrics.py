"""`/metrics`, `/healthz`, `/readyz`: how the process is, for machines that watch it.

What happens often is counted in plain integers here; the Prometheus families are made when
somebody asks. One registry an app, so several can live in a process. Other parts add theirs
with `add`.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from router.core.state import State
from router.http.problems import Problem
from router.http.routes import Call, Route
from router.log.ports import LogError
from router.owner import Unowned
from router.service import Partition, Service

if TYPE_CHECKING:
    from router.http.streams import Streams

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
READY_TIMEOUT_S = 2.0
GONE = 499
"""The status noted when the client went away before it was answered."""
PRESENCES = ("online", "away", "offline")

Source = Callable[[], Iterable[Metric]]


class Latency:
    """How long one route took, by bucket."""

    __slots__ = ("counts", "statuses", "sum_s")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS_S) + 1)
        self.statuses: dict[int, int] = {}
        self.sum_s = 0.0

    def note(self, took_s: float, status: int) -> None:
        """One request more."""
        self.counts[bisect_left(BUCKETS_S, took_s)] += 1
        self.sum_s += took_s
        self.statuses[status] = self.statuses.get(status, 0) + 1


class Timing:
    """Times one request, in a `with`."""

    __slots__ = ("_latency", "_started_s", "status")

    def __init__(self, latency: Latency) -> None:
        self._latency = latency
        self._started_s = 0.0
        self.status = 200

    def __enter__(self) -> Timing:
        self._started_s = perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        status = self.status if kind is None else GONE
        self._latency.note(perf_counter() - self._started_s, status)


class Metrics(Collector):
    """All numbers of one app."""

    def __init__(self, service: Service, streams: Streams) -> None:
        self._service = service
        self._streams = streams
        self._latencies: dict[str, Latency] = {}
        self._sources: list[Source] = []
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(self)

    def add(self, source: Source) -> None:
        """Another part's metric families (a worker's counters), asked for at each scrape."""
        self._sources.append(source)

    def latency(self, route: str) -> Latency:
        latency = self._latencies.get(route)
        if latency is None:
            latency = self._latencies[route] = Latency()
        return latency

    def timed(self, route: str) -> Timing:
        return Timing(self.latency(route))

    def text(self) -> bytes:
        return generate_latest(self.registry)

    def collect(self) -> Iterator[Metric]:
        yield from self._requests()
        yield from self._partitions()
        yield from self._desks()
        yield _gauge("zhiban_event_streams", "Open event streams.", len(self._streams))
        yield _counter(
            "zhiban_event_stream_resets", "Streams told to begin anew.", self._streams.resets
        )
        for source in self._sources:
            yield from source()

    def _requests(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "zhiban_http_requests", "Requests by route and status.", labels=("route", "status")
        )
        took = HistogramMetricFamily(
            "zhiban_http_request_seconds", "How long requests took.", labels=("route",)
        )
        for route, latency in self._latencies.items():
            for status, count in latency.statuses.items():
                requests.add_metric((route, str(status)), count)
            total = 0
            buckets: list[tuple[str, float]] = []
            for bound, count in zip((*BUCKETS_S, "+Inf"), latency.counts, strict=True):
                total += count
                buckets.append((str(bound), total))
            took.add_metric((route,), buckets, latency.sum_s)
        yield requests
        yield took

    def _partitions(self) -> Iterator[Metric]:
        def number(partition: Partition) -> str:
            return str(partition.log.partition)

        parts = self._service.partitions
        for name, about, value in _COUNTERS:
            family = CounterMetricFamily(name, about, labels=("partition",))
            for part in parts:
                family.add_metric((number(part),), value(part))
            yield family
        for name, about, value in _GAUGES:
            gauge = GaugeMetricFamily(name, about, labels=("partition",))
            for part in parts:
                gauge.add_metric((number(part),), value(part))
            yield gauge

    def _desks(self) -> Iterator[Metric]:
        states: list[tuple[str, State]] = []
        for desk in self._service.desks:
            try:
                states.append((desk, self._service.state(desk)))
            except Unowned:
                continue
        for name, about, value_of in _DESK_GAUGES:
            family = GaugeMetricFamily(name, about, labels=("desk",))
            for desk, state in states:
                family.add_metric((desk,), value_of(state))
            yield family
        agents = GaugeMetricFamily(
            "zhiban_agents", "Agents by presence.", labels=("desk", "presence")
        )
        for desk, state in states:
            presences = [person.presence for person in state.persons.values()]
            for presence in PRESENCES:
                agents.add_metric((desk, presence), presences.count(presence))
        yield agents


_COUNTERS: tuple[tuple[str, str, Callable[[Partition], float]], ...] = (
    ("zhiban_ingress_appended", "Entries appended.", lambda p: p.ingress.appended),
    ("zhiban_ingress_repeated", "Repeats dropped.", lambda p: p.ingress.repeated),
    ("zhiban_ingress_shed", "Requests refused for now.", lambda p: p.ingress.shed),
    ("zhiban_ingress_batches", "Appends, of many entries each.", lambda p: p.ingress.batches),
    ("zhiban_owner_stepped", "Entries stepped.", lambda p: p.owner.stepped),
    ("zhiban_owner_commits", "Commits.", lambda p: p.owner.commits),
    ("zhiban_owner_reloads", "Times the records were loaded.", lambda p: p.owner.reloads),
)
_GAUGES: tuple[tuple[str, str, Callable[[Partition], float]], ...] = (
    ("zhiban_ingress_waiting", "Requests waiting to be appended.", lambda p: p.ingress.waiting),
    ("zhiban_owner_owned", "Whether this process owns the partition.", lambda p: p.owner.is_owner),
    ("zhiban_owner_offset", "The last entry committed.", lambda p: p.owner.offset),
    ("zhiban_owner_seq", "The last commit.", lambda p: p.owner.seq),
    ("zhiban_owner_clock_ms", "The log's clock as of the last look.", lambda p: p.owner.clock_ms),
)
_DESK_GAUGES: tuple[tuple[str, str, Callable[[State], float]], ...] = (
    ("zhiban_sessions_open", "Open sessions.", lambda s: len(s.sessions)),
    ("zhiban_queue", "Pieces of work that wait for somebody.", lambda s: len(s.queue)),
    ("zhiban_work_pending", "Pending work items.", lambda s: len(s.items)),
    ("zhiban_timers", "Threads with a deadline ahead (an upper bound).", lambda s: len(s.timers)),
    ("zhiban_threads", "Buyers remembered.", lambda s: len(s.threads)),
    ("zhiban_breaches", "Breaches sealed, of all time.", lambda s: len(s.breaches)),
)


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)


def _counter(name: str, about: str, value: float) -> Metric:
    return CounterMetricFamily(name, about, value=value)


async def _lags(service: Service) -> Metric:
    """How far each owner is behind its inbox; asks the logs."""
    family = GaugeMetricFamily(
        "zhiban_owner_lag", "Entries appended and not committed.", labels=("partition",)
    )
    for partition in service.partitions:
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                meta = await partition.log.meta()
        except (LogError, TimeoutError):
            continue
        family.add_metric((str(partition.log.partition),), meta.tail - meta.offset)
    return family


class _Once(Collector):
    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> Iterator[Metric]:
        yield self._metric


async def get_metrics(call: Call) -> web.StreamResponse:
    lag = CollectorRegistry(auto_describe=False)
    lag.register(_Once(await _lags(call.context.service)))
    text = call.context.metrics.text() + generate_latest(lag)
    return web.Response(
        body=text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
    )


async def get_health(call: Call) -> dict[str, str]:
    del call
    return {"status": "ok"}


async def get_ready(call: Call) -> dict[str, str]:
    why: list[str] = []
    for partition in call.context.service.partitions:
        name = partition.log.partition
        if not partition.owner.is_owner:
            why.append(f"partition {name} is being loaded")
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                await partition.log.clock()
        except (LogError, TimeoutError):
            why.append(f"the log of partition {name} does not answer")
    if why:
        raise Problem(503, "; ".join(why), reason="not_ready", retry_after_s=1)
    return {"status": "ready"}


def _open_route(path: str, handler: Callable[[Call], object], summary: str, zh: str) -> Route:
    plain = path == "/metrics"
    return Route(
        method="GET",
        path=path,
        handler=handler,  # type: ignore[arg-type]
        summary=summary,
        summary_zh=zh,
        tag="operations",
        roles=(),
        answer=str if plain else dict[str, str],
        answer_type="text/plain" if plain else "application/json",
    )


ROUTES: tuple[Route, ...] = (
    _open_route("/metrics", get_metrics, "Prometheus metrics", "Prometheus 指标"),
    _open_route("/healthz", get_health, "The process is alive", "进程存活"),
    _open_route(
        "/readyz", get_ready, "Partitions loaded, log answering", "已就绪:分区已加载,日志可用"
    ),
)
