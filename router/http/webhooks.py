"""`POST /hooks/bridge/{shop}`: what happens on a platform comes in here (CONTRACT §2).

The hot path: no middleware, secrets decoded once, the usual answers made beforehand. The
signature is checked over the raw bytes before anything is parsed, and 200 is said only
when the entry is durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from time import perf_counter

from aiohttp import web

from router.channels import bridge, standard_webhooks
from router.http.context import Context
from router.http.metrics import GONE
from router.http.problems import Problem, problem_of
from router.http.ready import Ready, can_take
from router.http.routes import Route
from router.ingress import Receipt
from router.log.ports import Appended, Conflicting
from router.marks import Farewells
from router.owner import Owner
from router.repeats import delivery, of_command
from router.service import Partition, Service

ACCEPTED = Ready(b'{"accepted": true}')
DUPLICATE = Ready(b'{"accepted": true, "duplicate": true}')
NAME = "POST /hooks/bridge/{shop}"


class Door:
    """What the hook keeps of one shop, made ready."""

    __slots__ = ("adopted", "farewells", "keys", "listed", "scope", "secrets")

    def __init__(self, shop: str) -> None:
        self.scope = f"bridge:{shop}"
        self.secrets: Sequence[str] = ()
        self.keys: tuple[bytes, ...] = ()
        """None for a shop without secrets: it takes nothing, no signature fits."""
        self.adopted = False
        """Whether the farewells are those of an adopted policy."""
        self.listed: Collection[str] = ()
        self.farewells = Farewells(())

    def unlock(self, secrets: Sequence[str]) -> None:
        """Take these secrets from now on. Raises ValueError for one that is none."""
        self.keys = tuple(standard_webhooks.key_of(secret) for secret in secrets)
        self.secrets = secrets

    def tell(self, listed: Collection[str]) -> None:
        """Know these farewells from now on."""
        self.farewells = Farewells(listed)
        self.listed = listed


class Hook:
    """The bridge's webhook."""

    def __init__(self, context: Context) -> None:
        settings = context.settings
        self._service: Service = context.service
        self._metrics = context.metrics
        self._limit = settings.body_limit
        self._clock_s = settings.clock_s
        self._secrets = settings.secrets
        self._latency = self._metrics.latency(NAME)
        self._doors: dict[str, Door] = {}
        for secrets in settings.secrets.values():
            for secret in secrets:
                standard_webhooks.key_of(secret)  # one that is none shall stop the start

    async def handle(self, request: web.Request) -> web.StreamResponse:
        began_s = perf_counter()
        status = GONE
        try:
            shop = request.match_info["shop"]
            desk, partition = self._service.home_of_shop(shop)
            content = request.content
            # As nearly always it has come whole, and need not be waited for.
            body = content.read_nowait() if content.is_eof() else await self._rest_of(request)
            if len(body) > self._limit:
                raise self._too_large()
            receipt = await self._taken(shop, desk, partition, request.headers, body)
            answer = ACCEPTED if type(receipt) is Appended else _repeated(receipt)
            status = 200
        except Exception as error:
            problem = problem_of(error)
            status = problem.status
            return problem.response()
        finally:
            self._latency.note(perf_counter() - began_s, status)
        if can_take(request):
            return answer
        return web.Response(body=answer.body, content_type="application/json")

    async def _rest_of(self, request: web.Request) -> bytes:
        """The body of a request that is still coming in."""
        length = request.content_length
        if length is not None and length > self._limit:
            raise self._too_large()
        return await request.read()

    def _too_large(self) -> Problem:
        return Problem(413, f"the body has more than {self._limit} bytes", reason="too_large")

    def _taken(
        self, shop: str, desk: str, partition: Partition, headers: Mapping[str, str], body: bytes
    ) -> asyncio.Future[Receipt]:
        """What becomes of a delivery. Raises what `problem_of` knows, at once or later."""
        door = self._doors.get(shop)
        if door is None:
            door = self._doors[shop] = Door(shop)
        secrets = self._secrets.get(shop, ())
        if secrets is not door.secrets:
            door.unlock(secrets)
        delivery_id = headers.get("webhook-id")
        standard_webhooks.verify(
            door.keys,
            delivery_id,
            headers.get("webhook-timestamp"),
            headers.get("webhook-signature"),
            body,
            now_s=self._clock_s(),
        )
        self._look_up(shop, desk, partition.owner, door)
        command = bridge.decode(body, shop, door.farewells)
        own = delivery(door.scope, delivery_id or "", body)
        same = of_command(command)
        return partition.submit(desk, command, (own,) if same is None else (own, same))

    def _look_up(self, shop: str, desk: str, owner: Owner, door: Door) -> None:
        """Let the door know the farewells of the shop's policy; while the desk is loaded or
        owned by another process, the last known ones, or those configured here."""
        if owner.is_owner and (state := owner.states.get(desk)) is not None:
            listed = state.rules(shop).policy.farewells
            door.adopted = True
        elif door.adopted:
            return
        else:
            listed = self._service.farewells(shop)
        if listed is not door.listed:
            door.tell(listed)


def _repeated(receipt: Receipt) -> Ready:
    if isinstance(receipt, Conflicting):
        raise Problem(409, "this webhook-id was used for another body", reason="delivery_id_reused")
    return DUPLICATE


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/hooks/bridge/{shop}",
        handler=None,
        summary="An event of a platform, signed by Standard Webhooks; 200 once it is durable",
        summary_zh="平台事件入口,按 Standard Webhooks 签名;落盘后才回 200",
        tag="hooks",
        roles=(),
    ),
)
