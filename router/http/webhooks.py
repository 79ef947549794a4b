"""`POST /hooks/bridge/{shop}`: what happens on a platform comes in here (CONTRACT §2).

The hot path: no middleware, secrets decoded once, the usual answers made beforehand. The
signature is checked over the raw bytes before anything is parsed, and 200 is said only
when the entry is durable.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from aiohttp import web

from router.channels import bridge, standard_webhooks
from router.http.context import Context
from router.http.problems import Problem, problem_of
from router.http.ready import Ready, can_take
from router.http.routes import Route
from router.log.ports import Appended, Conflicting, RepeatKey
from router.owner import Unowned
from router.repeats import delivery, of_command
from router.service import Service, UnknownDesk

ACCEPTED = Ready(b'{"accepted": true}')
DUPLICATE = Ready(b'{"accepted": true, "duplicate": true}')
NAME = "POST /hooks/bridge/{shop}"


class Keys(NamedTuple):
    """A shop's secrets, decoded."""

    secrets: Sequence[str]
    keys: tuple[bytes, ...]


class Hook:
    """The bridge's webhook."""

    def __init__(self, context: Context) -> None:
        settings = context.settings
        self._service: Service = context.service
        self._metrics = context.metrics
        self._limit = settings.body_limit
        self._clock_s = settings.clock_s
        self._secrets = settings.secrets
        self._keys: dict[str, Keys] = {}
        self._farewells: dict[str, tuple[Collection[str], frozenset[str]]] = {}
        for shop in settings.secrets:
            self._keys_of(shop)  # a secret that is none shall stop the start

    async def handle(self, request: web.Request) -> web.StreamResponse:
        with self._metrics.timed(NAME) as timing:
            try:
                answer = await self._accept(request)
            except Exception as error:
                problem = problem_of(error)
                timing.status = problem.status
                return problem.response()
        if can_take(request):
            return answer
        return web.Response(body=answer.body, content_type="application/json")

    async def _accept(self, request: web.Request) -> Ready:
        name = request.match_info["shop"]
        try:
            desk = self._service.desk_of_shop(name)
        except UnknownDesk:
            raise Problem(404, f"no shop {name[:200]!r}", reason="unknown_shop") from None
        length = request.content_length
        if length is not None and length > self._limit:
            raise Problem(413, f"the body has more than {self._limit} bytes", reason="too_large")
        body = await request.read()
        headers = request.headers
        delivery_id = headers.get("webhook-id")
        standard_webhooks.verify(
            self._keys_of(name),
            delivery_id,
            headers.get("webhook-timestamp"),
            headers.get("webhook-signature"),
            body,
            now_s=self._clock_s(),
        )
        command = bridge.decode(body, name, self._farewells_of(name, desk))
        repeats: tuple[RepeatKey, ...] = (delivery(f"bridge:{name}", delivery_id or "", body),)
        same = of_command(command)
        if same is not None:
            repeats = (*repeats, same)
        receipt = await self._service.submit(desk, command, repeats)
        if isinstance(receipt, Appended):
            return ACCEPTED
        if isinstance(receipt, Conflicting):
            raise Problem(
                409, "this webhook-id was used for another body", reason="delivery_id_reused"
            )
        return DUPLICATE

    def _keys_of(self, shop: str) -> tuple[bytes, ...]:
        """None for a shop without secrets: it takes nothing, no signature fits."""
        secrets = self._secrets.get(shop, ())
        known = self._keys.get(shop)
        if known is None or known.secrets is not secrets:
            keys = tuple(standard_webhooks.key_of(secret) for secret in secrets)
            known = self._keys[shop] = Keys(secrets, keys)
        return known.keys

    def _farewells_of(self, shop: str, desk: str) -> frozenset[str]:
        """The farewells of the shop's policy; while the desk is loaded or owned by another
        process, the last known ones, or those configured here."""
        known = self._farewells.get(shop)
        try:
            listed = self._service.state(desk).rules(shop).policy.farewells
        except Unowned:
            return frozenset(self._service.farewells(shop)) if known is None else known[1]
        if known is None or known[0] is not listed:
            known = self._farewells[shop] = (listed, frozenset(listed))
        return known[1]


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
