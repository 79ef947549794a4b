"""What a shop's bot is sent, and what it may answer: bytes ↔ data, within limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from router.clocktime import format_ms
from router.core.commands import (
    Content,
    MessageKind,
    MessageReceived,
    MessageSent,
    WriteForBot,
    WriteMessage,
)
from router.core.facts import BotAsked
from router.log.archive import Archive, entries_at
from router.log.codec import Undecodable, decode_entry
from router.log.ports import Entry, Log

Json = dict[str, Any]
Text = Annotated[str, msgspec.Meta(max_length=2_000)]
Url = Annotated[str, msgspec.Meta(max_length=4_000)]
Name = Annotated[str, msgspec.Meta(max_length=200)]
Why = Annotated[str, msgspec.Meta(max_length=500)]
Transcript = Annotated[str, msgspec.Meta(max_length=4_000)]


class BadAnswer(Exception):
    """The bot's answer is none; the reason is a short name, for logs and for people."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A message for the buyer."""

    kind: MessageKind = "text"
    text: Text = ""
    url: Url = ""
    order: Name = ""
    product: Name = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a bot answers: a message, or that people shall have the session, or both."""

    reply: Reply | None = None
    hand_over: bool = False
    why: Why = ""
    transcript: Transcript = ""


_decode = msgspec.json.Decoder(Answer).decode

_NEEDED = {"text": "text", "order_card": "order", "product_card": "product"}
"""Which field a message of this kind has to have; of all others `url`."""


def read_answer(body: bytes) -> Answer:
    """Raises `BadAnswer`."""
    try:
        answer = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadAnswer("invalid_answer") from error
    reply = answer.reply
    if reply is not None and not getattr(reply, _NEEDED.get(reply.kind, "url")).strip():
        raise BadAnswer("invalid_answer")
    if reply is None and not answer.hand_over:
        raise BadAnswer("nothing_to_say")
    return answer


def ask_body(fact: BotAsked, lines: Sequence[Json]) -> bytes:
    """The request: `bot.ask` (CONTRACT §4's envelope)."""
    data = {
        "session": fact.session,
        "shop": fact.shop,
        "buyer": fact.buyer,
        "mode": fact.mode,
        "until": format_ms(fact.until_ms),
        "messages": list(lines),
    }
    told = {"type": "bot.ask", "timestamp": format_ms(fact.at_ms), "data": data}
    return msgspec.json.encode(told)


async def lines_of(archive: Archive, log: Log, offsets: Sequence[int]) -> list[Json]:
    """The messages at these places of the inbox; those that cannot be read are left out.

    Raises `LogUnavailable`.
    """
    entries = await entries_at(archive, log, offsets)
    lines = (_line(entry) for entry in entries if entry is not None)
    return [line for line in lines if line is not None]


def _line(entry: Entry) -> Json | None:
    try:
        command = decode_entry(entry.body).command
    except Undecodable:
        return None
    match command:
        case MessageReceived():
            sent_ms = min(command.sent_ms, entry.at_ms)
            return _shown(command.message, "buyer", "human", command.kind, sent_ms, command.content)
        case MessageSent():
            sent_ms = min(command.sent_ms, entry.at_ms)
            by, kind = command.by, command.kind
            return _shown(command.message, "shop", by, kind, sent_ms, command.content)
        case WriteMessage():
            by, kind = command.by, command.kind
            return _shown(command.message, "shop", by, kind, entry.at_ms, command.content)
        case WriteForBot():
            kind = command.kind
            return _shown(command.message, "shop", "bot", kind, entry.at_ms, command.content)
        case _:
            return None


def _shown(message: str, side: str, by: str, kind: str, sent_ms: int, content: Content) -> Json:
    line = {"message": message, "side": side, "by": by, "kind": kind, "sent_at": format_ms(sent_ms)}
    words = {
        "text": content.text,
        "url": content.url,
        "order": content.order,
        "product": content.product,
    }
    return line | {name: word for name, word in words.items() if word}
