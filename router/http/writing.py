"""A session's messages: reading their words from the log, and writing new ones once each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

import msgspec

from router.channels.bridge import shows
from router.clocktime import format_ms
from router.core import commands as c
from router.http import views as v
from router.http.checking import Checking
from router.http.follower import Follower
from router.http.problems import Problem
from router.http.showing import Ref
from router.log.codec import Undecodable, decode_entry
from router.log.ports import Entry
from router.repeats import delivery
from router.service import Service

if TYPE_CHECKING:
    from router.http.routes import Call

KEY_LENGTH_LIMIT = 200
LOOK_BACK = 500
"""How many of a session's last messages are searched for one that was written before."""


class Writing:
    """Reads and writes messages; what is being written now is known by its id."""

    def __init__(self, service: Service, follower: Follower, checking: Checking) -> None:
        self._service = service
        self._follower = follower
        self._checking = checking
        self._under_way: dict[str, tuple[c.WriteMessage, asyncio.Task[v.MessageView]]] = {}

    async def read(self, ref: Ref, offsets: Sequence[int]) -> list[v.MessageView]:
        """The messages at these places, from the log or the archive."""
        if not offsets:
            return []
        entries = await self._service.entries(ref.desk, offsets)
        shown = (self._shown(ref, entry) for entry in entries if entry is not None)
        return [message for message in shown if message is not None]

    def automatic(self, ref: Ref, first: int, before: int | None) -> list[v.MessageView]:
        """The automatic texts that came after a message from `first` on and before `before`."""
        return [
            _view(
                c.Content(text=line.text),
                id=line.message,
                offset=line.after,
                side="shop",
                by="auto",
                kind="text",
                sent_ms=line.at_ms,
                sub_account=line.sub_account,
                delivery=self._follower.delivery(ref.thread.shop, line.message),
                trouble=self._follower.trouble(ref.thread.shop, line.message),
                auto=line.which,
            )
            for line in ref.autos
            if first <= line.after and (before is None or line.after < before)
        ]

    def _shown(self, ref: Ref, entry: Entry) -> v.MessageView | None:
        try:
            command = decode_entry(entry.body).command
        except Undecodable:
            return None
        match command:
            case c.MessageReceived() | c.MessageSent():
                received = isinstance(command, c.MessageReceived)
                return _view(
                    command.content,
                    id=command.message,
                    offset=entry.offset,
                    side="buyer" if received else "shop",
                    by="human" if isinstance(command, c.MessageReceived) else command.by,
                    kind=command.kind,
                    sent_ms=min(command.sent_ms, entry.at_ms),
                    sub_account=command.sub_account,
                    recalled=self._follower.recalled(ref.thread.shop, command.message),
                )
            case c.WriteMessage():
                return self._written(ref, entry.offset, entry.at_ms, command)
            case c.WriteForBot():
                return _view(
                    command.content,
                    id=command.message,
                    offset=entry.offset,
                    side="shop",
                    by="bot",
                    kind=command.kind,
                    sent_ms=entry.at_ms,
                    delivery=self._follower.delivery(ref.thread.shop, command.message),
                    trouble=self._follower.trouble(ref.thread.shop, command.message),
                )
            case _:
                return None

    def _written(self, ref: Ref, offset: int, at_ms: int, command: c.WriteMessage) -> v.MessageView:
        return _view(
            command.content,
            id=command.message,
            offset=offset,
            side="shop",
            by=command.by,
            kind=command.kind,
            sent_ms=at_ms,
            agent=command.agent,
            delivery=self._follower.delivery(ref.thread.shop, command.message),
            trouble=self._follower.trouble(ref.thread.shop, command.message),
        )

    # Writing

    async def write(self, call: Call, ref: Ref, body: v.MessageBody) -> v.MessageView:
        """Write it once, and show it. Raises a `Problem` for what cannot be written."""
        if ref.past is not None:
            raise Problem(409, f"session {ref.id} has ended", reason="no_open_session")
        _check(body)
        key = call.request.headers.get("Idempotency-Key", "")
        if len(key) > KEY_LENGTH_LIMIT:
            raise Problem(400, "Idempotency-Key: longer than 200 characters", reason="bad_request")
        scope = f"api:{call.user.id}:{ref.id}"
        command = c.WriteMessage(
            shop=ref.thread.shop,
            buyer=ref.thread.buyer,
            agent=call.agent,
            message=_message_id(scope, key),
            kind=body.kind,
            shows=shows(body.kind, body.text, body.order),
            category=body.category,
            content=c.Content(text=body.text, url=body.url, order=body.order, product=body.product),
        )
        known = self._under_way.get(command.message)
        if known is not None:
            if known[0] != command:
                detail = "this Idempotency-Key is being used for another body"
                raise Problem(409, detail, reason="key_reused")
            return await asyncio.shield(known[1])
        writing = self._write(call, ref, scope, key, command, confirmed=body.confirmed)
        task = asyncio.create_task(writing)
        self._under_way[command.message] = (command, task)
        task.add_done_callback(_retrieve)
        task.add_done_callback(lambda _: self._under_way.pop(command.message, None))
        return await asyncio.shield(task)

    async def _write(
        self,
        call: Call,
        ref: Ref,
        scope: str,
        key: str,
        command: c.WriteMessage,
        *,
        confirmed: bool,
    ) -> v.MessageView:
        state = call.state(ref.desk)
        await self._checking.before_sending(state, ref, command, confirmed=confirmed)
        repeats = (delivery(scope, key, msgspec.msgpack.encode(command)),) if key else ()
        try:
            answer = await call.ask(ref.desk, command, repeats)
        except Problem as problem:
            if problem.reason != "repeated":
                raise
            return await self._written_before(ref, command)
        noted = next(f for f in answer.facts if f.__struct_config__.tag == "message_noted")
        offset = getattr(noted, "offset", 0)
        return self._written(ref, offset, noted.at_ms, command)

    async def _written_before(self, ref: Ref, command: c.WriteMessage) -> v.MessageView:
        for message in reversed(await self.read(ref, ref.offsets[-LOOK_BACK:])):
            if message.id == command.message:
                return message
        detail = "this Idempotency-Key was used before, and that message was not written"
        raise Problem(409, detail, reason="key_reused")


def _view(
    content: c.Content,
    *,
    id: str,
    offset: int,
    side: Literal["buyer", "shop"],
    by: c.By,
    kind: c.MessageKind,
    sent_ms: int,
    agent: str = "",
    sub_account: str = "",
    delivery: v.Delivery | None = None,
    trouble: str = "",
    auto: str = "",
    recalled: bool = False,
) -> v.MessageView:
    return v.MessageView(
        id=id,
        offset=offset,
        side=side,
        by=by,
        kind=kind,
        sent_at=format_ms(sent_ms),
        text=content.text,
        url=content.url,
        order=content.order,
        product=content.product,
        buyer_name=content.buyer_name,
        agent=agent,
        sub_account=sub_account,
        delivery=delivery,
        delivery_detail=trouble if delivery in ("failed", "expired") else "",
        auto=auto,
        recalled=recalled,
    )


def _retrieve(task: asyncio.Task[v.MessageView]) -> None:
    """Whoever waited may be gone: what was raised is no error of the loop's then."""
    if not task.cancelled():
        task.exception()


def _message_id(scope: str, key: str) -> str:
    """A new id; with a key always the same, so that what was written can be found again."""
    if not key:
        return f"m-{uuid4().hex}"
    return (
        "m-" + blake2b(f"{scope}\x1f{key}".encode("utf-8", "replace"), digest_size=16).hexdigest()
    )


def _check(body: v.MessageBody) -> None:
    needed = {"text": "text", "order_card": "order", "product_card": "product"}.get(
        body.kind, "url"
    )
    if not getattr(body, needed).strip():
        raise Problem(
            400, f"$.{needed}: a message of kind {body.kind} needs it", reason="bad_request"
        )
