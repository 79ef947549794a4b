"""Puts the HTTP side together, and serves it.

`make_app` makes an aiohttp application around one `Service` (whose ingress and owners run in
tasks of the caller); `serve` opens the port. Stopping: no new connections, event streams get
a last event and end, requests under way have `finish_s` to finish.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

from aiohttp import web

from router.conducting import Conduct
from router.http import (
    api_accounts,
    api_appeals,
    api_board,
    api_conduct,
    api_handovers,
    api_items,
    api_ledger,
    api_login,
    api_oidc,
    api_people,
    api_policy,
    api_replies,
    api_roster,
    api_sessions,
    api_shift_preview,
    api_shifts,
    api_stats,
    api_work,
    console_files,
    events,
    metrics,
    openapi,
    webhooks,
)
from router.http.announcer import Announcer
from router.http.attendance import Attendance
from router.http.audit import Audit
from router.http.auth import Gate, People
from router.http.checking import Checking
from router.http.context import CONTEXT, Context, HttpSettings
from router.http.follower import Follower
from router.http.logins import Logins
from router.http.metrics import Metrics, Source
from router.http.names import Names
from router.http.oidc import Provider
from router.http.oidc_people import Links
from router.http.policy_history import History
from router.http.problems import Problem
from router.http.protection import protect
from router.http.replying import Replies
from router.http.routes import Call, Endpoint, Route
from router.http.signing_in import Doorman
from router.http.stats_keeping import Stats
from router.http.streams import Streams
from router.http.writing import Writing
from router.service import Service

DESCRIPTION = Route(
    method="GET",
    path="/openapi.json",
    handler=None,
    summary="This description",
    summary_zh="接口说明(OpenAPI 3.1)",
    tag="operations",
    roles=(),
    answer=dict[str, Any],
)

ROUTES: tuple[Route, ...] = (
    *webhooks.ROUTES,
    *api_login.ROUTES,
    *api_oidc.ROUTES,
    *api_accounts.ROUTES,
    *api_people.ROUTES,
    *api_sessions.ROUTES,
    *api_work.ROUTES,
    *api_items.ROUTES,
    *api_replies.ROUTES,
    *api_ledger.ROUTES,
    *api_policy.ROUTES,
    *api_appeals.ROUTES,
    *api_conduct.ROUTES,
    *api_shifts.ROUTES,
    *api_shift_preview.ROUTES,
    *api_roster.ROUTES,
    *api_handovers.ROUTES,
    *api_board.ROUTES,
    *api_stats.ROUTES,
    *events.ROUTES,
    *metrics.ROUTES,
    DESCRIPTION,
)


def make_app(
    service: Service,
    settings: HttpSettings,
    people: People,
    *,
    metric_sources: Iterable[Source] = (),
    routes: Iterable[Route] = (),
) -> web.Application:
    """The whole HTTP side. `routes`: further rows of the table, of parts beside this one."""
    context = _context(service, settings, people)
    for source in metric_sources:
        context.metrics.add(source)
    app = web.Application(client_max_size=settings.body_limit)
    app[CONTEXT] = context
    table = (*ROUTES, *routes)
    hook = webhooks.Hook(context)
    app.router.add_post("/hooks/bridge/{shop}", hook.handle)
    for route in table:
        if route.handler is not None:
            app.router.add_route(route.method, route.path, Endpoint(context, route).handle)
    for file in console_files.served():
        app.router.add_get(file.path, file.handle)
    description = Description(context, table)
    app.router.add_get(DESCRIPTION.path, description.endpoint.handle)
    app.router.add_route("*", "/{tail:.*}", Otherwise(app).handle)
    app.cleanup_ctx.append(_following)
    app.on_response_prepare.append(protect)
    app.on_shutdown.append(_close_streams)
    return app


def _context(service: Service, settings: HttpSettings, people: People) -> Context:
    attendance = Attendance(service, settings.silent_ms, settings.call_later)
    history = History(people)
    follower = Follower(service, attendance, history)
    streams = Streams(settings.streams_limit, settings.streams_per_user)
    conduct = settings.conduct or Conduct()
    checking = Checking(service, conduct)
    return Context(
        service=service,
        settings=settings,
        people=people,
        gate=Gate(people),
        doorman=Doorman(Logins(people, hasher=settings.hasher), secure=settings.secure_cookies),
        elsewhere=_elsewhere(settings, people),
        audit=Audit(people),
        attendance=attendance,
        follower=follower,
        history=history,
        announcer=Announcer(service),
        names=Names(service),
        streams=streams,
        metrics=Metrics(service, streams),
        conduct=conduct,
        checking=checking,
        writing=Writing(service, follower, checking),
        replies=Replies(settings.replies_path),
        stats=Stats(service),
    )


def _elsewhere(settings: HttpSettings, people: People) -> api_oidc.SignInElsewhere | None:
    if settings.oidc is None:
        return None
    provider = Provider(settings.oidc, settings.public_url, settings.clock_s)
    return api_oidc.SignInElsewhere(provider, Links(people))


async def _following(app: web.Application) -> AsyncIterator[None]:
    """Follow every desk's facts as long as the app runs."""
    context = app[CONTEXT]
    for desk in context.service.desks:
        context.follower.follow(desk)
        context.announcer.announce(desk)
        context.stats.follow(desk)
    writing = asyncio.create_task(context.audit.run())
    yield
    context.attendance.close()
    await context.follower.close()
    await context.history.close()
    await context.announcer.close()
    await context.stats.close()
    await context.audit.close()
    await writing
    await context.replies.close()
    if context.elsewhere is not None:
        await context.elsewhere.provider.close()


async def _close_streams(app: web.Application) -> None:
    app[CONTEXT].streams.close()


class Description:
    """`/openapi.json`, made once."""

    def __init__(self, context: Context, routes: Iterable[Route]) -> None:
        self._document = openapi.document(tuple(routes))
        row = {**DESCRIPTION.__dict__, "handler": self._get}
        self.endpoint = Endpoint(context, Route(**row))

    async def _get(self, call: Call) -> object:
        del call
        return self._document


class Otherwise:
    """What no route takes: 405 where the path is known, else 404."""

    def __init__(self, app: web.Application) -> None:
        self._app = app

    async def handle(self, request: web.Request) -> web.StreamResponse:
        allowed: set[str] = set()
        for resource in self._app.router.resources():
            if resource.canonical != "/{tail}":
                _, methods = await resource.resolve(request)
                allowed |= methods
        if allowed:
            names = ", ".join(sorted(allowed))
            problem = Problem(405, f"allowed here: {names}", headers={"Allow": names})
        else:
            problem = Problem(404, "no such path")
        return problem.response()


def _let_go_of(runner: web.AppRunner) -> Callable[[web.Application], Awaitable[None]]:
    """What closes the connections that were accepted the moment before the end.

    aiohttp tells all connections to close; one whose task has not begun by then goes on to wait
    for a request, and the shutdown waits for it, all of `finish_s`.
    """

    async def let_go(app: web.Application) -> None:
        del app
        await asyncio.sleep(0)  # now they have begun
        if runner.server is not None:
            runner.server.pre_shutdown()

    return let_go


async def serve(app: web.Application, host: str, port: int) -> tuple[web.AppRunner, int]:
    """Listen (port 0: on any free one); the port that it became. Stop with `runner.cleanup()`.

    Raises OSError when the port is taken.
    """
    runner = web.AppRunner(
        app,
        access_log=None,
        handler_cancellation=True,
        shutdown_timeout=app[CONTEXT].settings.finish_s,
    )
    app.on_shutdown.append(_let_go_of(runner))
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except BaseException:
        await runner.cleanup()
        raise
    return runner, int(runner.addresses[0][1])


__all__ = ["ROUTES", "HttpSettings", "People", "make_app", "serve"]
