"""`/openapi.json`: the API described from the very table that serves it (OpenAPI 3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

import router
from router.channels import bridge
from router.http import views as v
from router.http.problems import CONTENT_TYPE
from router.http.routes import Route

TEMPLATE = "#/components/schemas/{name}"

Json = dict[str, Any]


class Problem(v.View, frozen=True, kw_only=True):
    """RFC 9457, with our reason and a Chinese title."""

    type: str
    title: str
    status: int
    detail: str
    title_zh: str
    reason: str = ""


class Accepted(v.View, frozen=True, kw_only=True):
    accepted: bool
    duplicate: bool = False


_EVENTS: dict[str, type] = {
    "message.received": bridge.MessageReceivedData,
    "message.sent": bridge.MessageSentData,
    "message.recalled": bridge.MessageRecalledData,
    "order.placed": bridge.OrderData,
    "order.paid": bridge.OrderData,
    "order.shipped": bridge.OrderData,
    "order.closed": bridge.OrderData,
    "refund.requested": bridge.RefundRequestedData,
    "refund.resolved": bridge.RefundResolvedData,
    "review.posted": bridge.ReviewData,
    "session.closed": bridge.SessionClosedData,
    "presence.changed": bridge.PresenceData,
}

PROBLEMS: dict[int, str] = {
    400: "Not understood / 请求有误",
    401: "Not signed in, or a signature that does not fit / 未认证或签名不符",
    403: "Not allowed / 没有权限",
    404: "Not found / 不存在",
    409: "The rules refuse it; `reason` says why / 规则不允许,reason 说明原因",
    412: "Changed by somebody meanwhile / 刚刚被别人改过",
    413: "Too large / 内容过大",
    422: "Not good; `findings` or `errors` say why / 不符合规则,findings 或 errors 说明原因",
    428: "Say in If-Match which version was looked at / 须用 If-Match 说明所看的版本",
    429: "Too much at once / 请求过多",
    503: "Not available now; see Retry-After / 暂时不可用",
}


def document(routes: Sequence[Route]) -> Json:
    """The whole description."""
    types = [Problem, Accepted, *_EVENTS.values(), *_types(routes)]
    _, components = msgspec.json.schema_components(types, ref_template=TEMPLATE)
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Zhiban 值班",
            "version": router.__version__,
            "description": "Routes buyers' messages to agents. 客服值班:派单、期限、台账。",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in sorted({route.tag for route in routes})],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _types(routes: Iterable[Route]) -> list[Any]:
    found: list[Any] = []
    for route in routes:
        found += [t for t in (route.body, route.answer) if t is not None]
    return found


def _schema(kind: Any) -> Json:
    schema, _ = msgspec.json.schema_components([kind], ref_template=TEMPLATE)
    return dict(schema[0])


def _operation(route: Route) -> Json:
    hook = route.tag == "hooks"
    answers: Json = {
        str(route.status): {
            "description": f"{route.summary} / {route.summary_zh}",
            "content": {route.answer_type: {"schema": _schema(Accepted if hook else route.answer)}},
        }
    }
    for status in _problems(route, hook=hook):
        answers[str(status)] = {
            "description": PROBLEMS[status],
            "content": {CONTENT_TYPE: {"schema": _schema(Problem)}},
        }
    operation: Json = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "description": route.summary_zh,
        "tags": [route.tag],
        "parameters": _parameters(route),
        "responses": answers,
        "security": [{"token": []}] if route.roles else [],
    }
    if route.roles:
        operation["x-roles"] = list(route.roles)
    if hook:
        operation["requestBody"] = {"required": True, "content": _json(_event_schema())}
    elif route.body is not None:
        operation["requestBody"] = {"required": True, "content": _json(_schema(route.body))}
    return operation


def _json(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _problems(route: Route, *, hook: bool) -> list[int]:
    if hook:
        return [400, 401, 404, 409, 413, 429, 503]
    if not route.roles:
        refused = [404, 409, 429, 503] if route.refuses else []
        return [503] if route.path == "/readyz" else refused
    found = [401, 403, 503]
    if route.query is not None or route.body is not None:
        found.append(400)
    if "{" in route.path:
        found.append(404)
    if route.refuses:
        found += [409, 429]
    if route.body is v.MessageBody:
        found.append(422)
    if (route.method, route.path) == ("PUT", "/v1/policy"):
        found += [412, 422, 428]
    return sorted(found)


def _operation_id(route: Route) -> str:
    name = route.path.removeprefix("/v1").replace("{", "").replace("}", "")
    return route.method.lower() + "".join(
        part.capitalize() for part in name.replace(".", "/").replace("-", "/").split("/") if part
    )


def _parameters(route: Route) -> list[Json]:
    found: list[Json] = [
        {"name": part[1:-1], "in": "path", "required": True, "schema": {"type": "string"}}
        for part in route.path.split("/")
        if part.startswith("{")
    ]
    if route.query is not None:
        (_, components) = msgspec.json.schema_components([route.query], ref_template=TEMPLATE)
        for name, schema in components[route.query.__name__]["properties"].items():
            found.append({"name": name, "in": "query", "required": False, "schema": schema})
    if route.path == "/v1/events":
        found.append(_header("Last-Event-ID", "{seq}:{index}"))
    if route.path == "/v1/sessions/{id}/messages" and route.method == "POST":
        found.append(_header("Idempotency-Key", "written once / 只发一次"))
    if (route.method, route.path) == ("PUT", "/v1/policy"):
        found.append(_header("If-Match", "the version that was looked at", required=True))
    if route.tag == "hooks":
        found += [
            _header(name, "Standard Webhooks", required=True)
            for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
        ]
    return found


def _header(name: str, about: str, *, required: bool = False) -> Json:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": about,
        "schema": {"type": "string"},
    }


def _event_schema() -> Json:
    """The envelope, one alternative a type."""
    return {
        "oneOf": [
            {
                "type": "object",
                "required": ["type", "timestamp", "data"],
                "properties": {
                    "type": {"const": name},
                    "timestamp": {"type": "string", "format": "date-time"},
                    "data": _schema(data),
                },
            }
            for name, data in _EVENTS.items()
        ]
    }
