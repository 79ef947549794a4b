"""The workers' numbers for `/metrics`."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from workers.archiver import Archiver
from workers.bot import Bots
from workers.inspector import Inspector
from workers.outbound import Outbound


def archiver_metrics(archiver: Archiver, partition: int) -> Iterable[Metric]:
    """How far the archive is, and whether somebody has to look."""
    label, value = ["partition"], [str(partition)]
    entries = CounterMetricFamily(
        "zhiban_archived_entries", "Inbox entries copied to the archive.", labels=label
    )
    entries.add_metric(value, archiver.archived_entries)
    broken = GaugeMetricFamily(
        "zhiban_archive_broken",
        "1 while nothing is archived: look at the log.",
        labels=label,
    )
    broken.add_metric(value, bool(archiver.broken))
    return (entries, broken)


def outbound_metrics(outbound: Outbound) -> Iterable[Metric]:
    """Deliveries to bridges, by what became of them."""
    outcomes = CounterMetricFamily(
        "zhiban_outbound_outcomes", "Messages sent out, by outcome.", labels=["outcome"]
    )
    for outcome in ("delivered", "failed", "expired"):
        outcomes.add_metric([outcome], outbound.outcomes[outcome])
    attempts = CounterMetricFamily("zhiban_outbound_attempts", "Requests made to bridges.")
    attempts.add_metric([], outbound.attempts)
    in_flight = GaugeMetricFamily("zhiban_outbound_in_flight", "Lanes being worked on.")
    in_flight.add_metric([], outbound.in_flight)
    return (outcomes, attempts, in_flight)


def bot_metrics(bots: Bots) -> Iterable[Metric]:
    """What the shops' bots were asked, by what came of it."""
    outcomes = CounterMetricFamily(
        "zhiban_bot_outcomes", "Questions to shops' bots, by outcome.", labels=["outcome"]
    )
    for outcome in ("answered", "handed_over", "failed", "expired", "replaced"):
        outcomes.add_metric([outcome], bots.outcomes[outcome])
    in_flight = GaugeMetricFamily("zhiban_bot_in_flight", "Questions to bots under way.")
    in_flight.add_metric([], bots.in_flight)
    return (outcomes, in_flight)


def inspector_metrics(inspector: Inspector) -> Iterable[Metric]:
    """What was looked at, what was found, and whether somebody has to look."""
    judged = CounterMetricFamily("zhiban_inspector_judged", "Exchanges looked into.")
    judged.add_metric([], inspector.judged)
    raised = CounterMetricFamily("zhiban_inspector_flags", "Conduct flags submitted.")
    raised.add_metric([], inspector.raised)
    failures = CounterMetricFamily("zhiban_inspector_failures", "Looks that failed: see the log.")
    failures.add_metric([], inspector.failures)
    return (judged, raised, failures)
