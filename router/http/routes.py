"""One table row a route: what it does, who may call it, what goes in and comes out.

The table makes the server's routes and `/openapi.json` alike. `Endpoint` is the one place
where a caller is recognised, a body read and an exception made an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from router.channels.bridge import repaired
from router.core import commands as c
from router.core.outcome import Rejected
from router.core.state import State
from router.http.auth import Role, User, bearer
from router.http.context import Context
from router.http.logins import Login
from router.http.names import Named
from router.http.problems import Problem, problem_of
from router.http.signing_in import SAFE
from router.log.ports import Appended, Conflicting, RepeatKey
from router.owner import Answer

T = TypeVar("T")

EVERYBODY: tuple[Role, ...] = ("agent", "supervisor", "admin")
SUPERVISORS: tuple[Role, ...] = ("supervisor", "admin")

STREAM = "text/event-stream"

encode = msgspec.json.Encoder().encode


class Call:
    """One request of somebody who may make it."""

    __slots__ = ("context", "login", "request", "user")

    def __init__(
        self, context: Context, request: web.Request, user: User, login: Login | None = None
    ) -> None:
        """`login`: the cookie login that the request was recognised by; None for a token."""
        self.context = context
        self.request = request
        self.user = user
        self.login = login

    @property
    def address(self) -> str:
        """Where the request comes from, as far as is known."""
        return self.context.settings.address_of(self.request)

    @property
    def browser(self) -> str:
        return self.request.headers.get("User-Agent", "")[:300]

    @property
    def supervises(self) -> bool:
        return self.user.role != "agent"

    @property
    def agent(self) -> str:
        """The agent who asks. Raises a 403 for who is none."""
        if not self.user.agent:
            raise Problem(403, "this is for agents", reason="no_agent")
        return self.user.agent

    async def stands(self) -> bool:
        """Whether who asked may still do so, and in the same role: for what goes on for long."""
        if self.login is not None:
            logins = self.context.doorman.logins
            user = await asyncio.to_thread(logins.holder, self.login.id)
        else:
            user = await self.context.gate.who(bearer(self.request.headers["Authorization"]))
        return user == self.user

    @property
    def id(self) -> str:
        return self.request.match_info["id"]

    def query(self, model: type[T]) -> T:
        """The query parameters. Raises what is answered 400."""
        return msgspec.convert(dict(self.request.query), model, strict=False)

    async def body(self, model: type[T]) -> T:
        """The JSON body; an empty one is `{}`."""
        raw = await self.request.read() or b"{}"
        try:
            return msgspec.json.decode(raw, type=model)
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeDecodeError):
            return msgspec.json.decode(repaired(raw), type=model)

    async def large_body(self, limit: int) -> bytes:
        """A body that may be larger than others: a file. Raises a 413 beyond the limit."""
        length = self.request.content_length
        if length is not None and length > limit:
            raise Problem(413, f"the body has more than {limit} bytes", reason="too_large")
        parts: list[bytes] = []
        size = 0
        async for part in self.request.content.iter_any():
            size += len(part)
            if size > limit:
                raise Problem(413, f"the body has more than {limit} bytes", reason="too_large")
            parts.append(part)
        return b"".join(parts)

    def desks(self, wanted: str = "") -> list[str]:
        """The desks the caller sees. Raises a 404 for another one that is `wanted`."""
        desks = self.context.desks_of(self.user, wanted)
        if wanted and not desks:
            raise Problem(404, f"no desk {wanted!r}", reason="no_such_desk")
        return desks

    def one_desk(self, wanted: str = "") -> str:
        desks = self.desks(wanted)
        if len(desks) != 1:
            raise Problem(400, "which desk? name it: ?desk=", reason="desk_needed")
        return desks[0]

    def state(self, desk: str) -> State:
        return self.context.state(desk)

    async def ask(
        self, desk: str, command: c.AnyCommand, repeats: tuple[RepeatKey, ...] = ()
    ) -> Answer:
        """Raises a `Problem` for what the rules refuse."""
        service = self.context.service
        receipt = await service.submit(desk, command, repeats)
        if isinstance(receipt, Conflicting):
            detail = "this Idempotency-Key was used for another body"
            raise Problem(409, detail, reason="key_reused")
        if not isinstance(receipt, Appended):
            raise Problem(409, "this was asked before", reason="repeated")
        answer = await service.partition(desk).owner.answer(receipt.offset)
        if answer.rejected is not None:
            raise refused(answer.rejected)
        return answer

    async def named(self, views: Sequence[Named]) -> list[Named]:
        """The same with their buyers' names, as far as those are known."""
        names = self.context.names
        for desk in {view.desk for view in views}:
            state = self.state(desk)
            here = (view for view in views if view.desk == desk)
            await names.learn(desk, [state.thread(view.shop, view.buyer) for view in here])
        return [names.on(view) for view in views]

    async def clock_ms(self, desk: str) -> int:
        """Now, by the log's clock: there is no other (DESIGN 4)."""
        return await self.context.service.partition(desk).log.clock()


def refused(rejected: Rejected, **more: Any) -> Problem:
    """A command that the rules refuse."""
    return Problem(409, rejected.detail or rejected.reason, reason=rejected.reason, **more)


Handler = Callable[[Call], Awaitable[object]]


@dataclass(frozen=True, kw_only=True)
class Route:
    """One row of the table."""

    method: str
    path: str
    handler: Handler | None
    """None: served elsewhere, stands here to be documented."""
    summary: str
    summary_zh: str
    tag: str
    roles: tuple[Role, ...] = EVERYBODY
    """Empty: anybody, without a token."""
    query: type | None = None
    body: type | None = None
    answer: Any = None
    answer_type: str = "application/json"
    status: int = 200
    refuses: bool = False
    """Whether the rules may refuse it (409)."""
    acts: bool = True
    """Whether it does anything that the book of acts is to have, unless it is a GET."""


class Endpoint:
    """A route at work."""

    def __init__(self, context: Context, route: Route) -> None:
        assert route.handler is not None
        self._context = context
        self._route = route
        self._handler = route.handler
        self._name = f"{route.method} {route.path}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self._route.answer_type == STREAM:
            return await self._answer(request)  # how long it stays open is no latency
        with self._context.metrics.timed(self._name) as timing:
            response = await self._answer(request)
            timing.status = response.status
        return response

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        call: Call | None = None
        try:
            call = await self._call(request)
            response = self._shown(await self._handler(call))
        except Exception as error:
            problem = problem_of(error)
            response = problem.response()
            self._note(call, request, problem.status, problem.reason or problem.detail)
        else:
            self._note(call, request, response.status, "")
        if call is not None and call.login is not None and call.login.old:
            if not response.prepared:
                await self._context.doorman.renew(request, response)
        return response

    def _note(self, call: Call | None, request: web.Request, status: int, detail: str) -> None:
        """Put an act of a person in the book: what changes anything, or was to."""
        if request.method in SAFE or not self._route.roles or call is None:
            return
        if not self._route.acts:
            return
        self._context.audit.note(
            call.user.id, call.address, self._name, request.path, status, detail
        )

    async def _call(self, request: web.Request) -> Call:
        """Who asks: by a bearer token, or else by a login cookie. Raises 401 and 403."""
        roles = self._route.roles
        if not roles:
            return Call(self._context, request, _NOBODY)
        header = request.headers.get("Authorization", "")
        login = None
        if header:
            user = await self._context.gate.who(bearer(header))
        else:
            login = await self._context.doorman.who(request)
            user = login.user if login else None
        if user is None:
            raise Problem(
                401,
                "a valid bearer token or a login is needed",
                reason="not_signed_in",
                headers={"WWW-Authenticate": 'Bearer realm="zhiban"'},
            )
        if user.role not in roles:
            detail = f"this is for {' and '.join(roles)}, not for {user.role}"
            raise Problem(403, detail, reason="wrong_role")
        return Call(self._context, request, user, login)

    def _shown(self, answer: object) -> web.StreamResponse:
        if isinstance(answer, web.StreamResponse):
            return answer
        return web.Response(
            status=self._route.status,
            body=encode(answer),
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )


_NOBODY = User(id="", name="", role="agent")
