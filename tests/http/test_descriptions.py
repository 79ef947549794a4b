"""What machines read: OpenAPI, metrics, health; and the page with its policy."""

from __future__ import annotations

import re
from importlib.resources import files

from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families

from router.http.app import ROUTES, make_app
from router.http.console_files import served as console_served
from router.http.context import CONTEXT
from tests.http.harness import Harness


async def test_openapi(desk: Harness) -> None:
    document = await desk.get("", "/openapi.json")
    validate(document, cls=OpenAPIV31SpecValidator)
    assert document["openapi"] == "3.1.0"
    operations = [o for path in document["paths"].values() for o in path.values()]
    assert len(operations) == len(ROUTES)
    assert len({operation["operationId"] for operation in operations}) == len(ROUTES)
    for operation in operations:
        assert operation["summary"].isascii()
        assert not operation["description"].isascii()
    assert "/hooks/bridge/{shop}" in document["paths"]
    assert "SessionView" in document["components"]["schemas"]
    names = [p["name"] for p in document["paths"]["/v1/ledger"]["get"]["parameters"]]
    assert "from" in names


async def test_all_that_is_served_is_described(desk: Harness) -> None:
    served = {
        (route.method, route.resource.canonical)
        for route in desk.app.router.routes()
        if route.resource is not None and route.method not in ("HEAD", "*")
    }
    pages = {("GET", file.path) for file in console_served()}
    assert served - pages == {(route.method, route.path) for route in ROUTES}


async def test_metrics(desk: Harness) -> None:
    await desk.online("amy")
    await desk.says("buyer")
    await desk.deliver(b"{")
    reply = await desk.call("", "GET", "/metrics")
    assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(reply.json)
        for sample in family.samples
    }
    part = (("partition", "0"),)
    hook = ("route", "POST /hooks/bridge/{shop}")
    assert samples["zhiban_owner_lag", part] == 0
    assert samples["zhiban_ingress_appended_total", part] >= 2
    assert samples["zhiban_sessions_open", (("desk", "d1"),)] == 1
    assert samples["zhiban_agents", (("desk", "d1"), ("presence", "online"))] == 1
    assert samples["zhiban_http_requests_total", (hook, ("status", "200"))] == 1
    assert samples["zhiban_http_requests_total", (hook, ("status", "400"))] == 1
    assert samples["zhiban_http_request_seconds_count", (hook,)] == 2
    assert samples["zhiban_http_request_seconds_bucket", (("le", "+Inf"), hook)] == 2


async def test_metrics_of_other_parts(desk: Harness) -> None:
    gauge = GaugeMetricFamily("zhiban_outbound_waiting", "Waiting.", value=7)
    app = make_app(desk.service, desk.settings, desk.people, metric_sources=[lambda: [gauge]])
    metrics = app[CONTEXT].metrics
    assert b"zhiban_outbound_waiting 7.0" in metrics.text()
    assert isinstance(metrics.registry, CollectorRegistry)


async def test_health(desk: Harness) -> None:
    assert await desk.get("", "/healthz") == {"status": "ok"}
    assert await desk.get("", "/readyz") == {"status": "ready"}


async def test_the_console(desk: Harness) -> None:
    """Its own files alone, and a policy that lets nothing else in."""
    page = await desk.call("", "GET", "/")
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self' 'sha256-")
    assert "unsafe" not in policy
    assert "http:" not in policy
    paths = [file.path for file in console_served()]
    assert "/console/main.js" in paths
    assert "/console/vendor/preact.js" in paths
    assert "/console/vendor/LICENSE-preact.txt" in paths
    for path in paths:
        reply = await desk.call("", "GET", path)
        assert reply.status == 200
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Content-Security-Policy"] == policy
        if "/vendor/" not in path:
            assert "innerHTML" not in str(reply.json)
            assert "dangerously" not in str(reply.json)
            assert "http://" not in str(reply.json).replace("http://www.w3.org", "")


async def test_a_file_of_the_console_is_sent_once(desk: Harness) -> None:
    async with desk.http.get("/console/main.js") as first:
        tag = first.headers["ETag"]
    async with desk.http.get("/console/main.js", headers={"If-None-Match": tag}) as again:
        assert again.status == 304
        assert await again.read() == b""


def test_both_languages_have_the_same_words() -> None:
    names = []
    for language in ("zh", "en"):
        source = files("router.http").joinpath("console", "words", f"{language}.js").read_text()
        names.append(sorted(re.findall(r'"([\w.]+)": "', source)))
    assert names[0] == names[1]
    assert len(names[0]) == len(set(names[0]))
