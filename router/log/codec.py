"""How commands, facts and records are written down: MessagePack, with a schema version.

An entry's body is `[version, desk, command]`, a fact batch `[version, desk, facts]` and a
record `[version, record]`. A decoder reads every earlier version; what it cannot read raises
`Undecodable`, and the owner puts it in quarantine rather than stop.
"""

from __future__ import annotations

from collections.abc import Sequence
from sys import intern

import msgspec
from msgspec.structs import force_setattr

from router.core.commands import SCHEMA, AnyCommand
from router.core.facts import AnyFact
from router.core.policy import Desk
from router.core.records import (
    Allowed,
    Appeal,
    Breach,
    Counters,
    Flag,
    Handover,
    LedgerEntry,
    PastDesk,
    Person,
    Record,
    Remark,
    Seat,
    Shift,
)
from router.core.thread import Thread


class Undecodable(Exception):
    """These bytes are not what they should be; says why."""


class EntryBody(msgspec.Struct, array_like=True, frozen=True):
    """What stands in an inbox entry."""

    version: int
    desk: str
    command: AnyCommand


class FactsBody(msgspec.Struct, array_like=True, frozen=True):
    """What stands in an entry of the facts stream: what one commit said of one desk each."""

    version: int
    desks: list[tuple[str, list[AnyFact]]]


_encoder = msgspec.msgpack.Encoder()
_encode = _encoder.encode
_entry_decoder = msgspec.msgpack.Decoder(EntryBody)
_facts_decoder = msgspec.msgpack.Decoder(FactsBody)


def encode_command(desk: str, command: AnyCommand) -> bytes:
    return _encode((SCHEMA, desk, command))


def decode_entry(body: bytes) -> EntryBody:
    """Raises `Undecodable`."""
    try:
        entry = _entry_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Undecodable(str(error)) from error
    if entry.version > SCHEMA:
        raise Undecodable(f"schema {entry.version} is newer than this release's {SCHEMA}")
    return entry


def encode_facts(desks: Sequence[tuple[str, Sequence[AnyFact]]]) -> bytes:
    return _encoder.encode((SCHEMA, desks))


def decode_facts(body: bytes) -> list[tuple[str, list[AnyFact]]]:
    """Raises `Undecodable`."""
    try:
        return _facts_decoder.decode(body).desks
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Undecodable(str(error)) from error


# Records: stored under `desk|letter:name`; the letter tells the type.

_RECORD_TYPES: dict[str, type[Record]] = {
    "t": Thread,
    "p": Person,
    "s": Seat,
    "b": Breach,
    "e": LedgerEntry,
    "c": Counters,
    "d": PastDesk,
    "w": Shift,
    "h": Handover,
    "f": Flag,
    "a": Appeal,
    "l": Allowed,
    "r": Remark,
    "desk": Desk,
}
_record_decoders = {letter: msgspec.msgpack.Decoder(kind) for letter, kind in _RECORD_TYPES.items()}


def encode_record(record: Record) -> bytes:
    return _encoder.encode(record)


def record_key(desk: str, name: str) -> str:
    """Where a desk's record is stored; `name` is as in `State.dirty`."""
    return f"{desk}|{name}"


def decode_record(key: str, body: bytes) -> tuple[str, str, Record]:
    """The desk, the name within the desk, and the record. Raises `Undecodable`."""
    desk, _, name = key.partition("|")
    letter, _, _ = name.partition(":")
    decoder = _record_decoders.get(letter)
    if decoder is None:
        raise Undecodable(f"record {key!r} is of no known kind")
    try:
        record = decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Undecodable(f"record {key!r}: {error}") from error
    if type(record) is Thread:
        _share(record)
    return desk, name, record


def _share(thread: Thread) -> None:
    """Let equal things be one thing in memory, as before they were written down: the names of
    shops, agents and sub-accounts, and moments. It saves half a kilobyte a thread."""
    live = thread.live
    opened_ms = live.opened_ms
    if live.active_ms == opened_ms:
        live.active_ms = opened_ms
    if thread.opened_ms == opened_ms:
        thread.opened_ms = opened_ms
    if thread.seen_ms == opened_ms:
        thread.seen_ms = opened_ms
    if live.wait is not None and live.wait.unanswered and thread.buffer:
        first, moment = live.wait.unanswered[0], thread.buffer[-1]
        if first.message == moment.key and first.sent_ms == first.true_ms == moment.sent_ms:
            force_setattr(first, "message", moment.key)
            force_setattr(first, "sent_ms", moment.sent_ms)
            force_setattr(first, "true_ms", moment.sent_ms)
    thread.shop = intern(thread.shop)
    thread.state = intern(thread.state)
    thread.group = intern(thread.group)
    thread.last_agent = intern(thread.last_agent)
    thread.last_sub_account = intern(thread.last_sub_account)
    for hold in thread.holds:  # frozen, but nobody else has seen them yet
        force_setattr(hold, "agent", intern(hold.agent))
        force_setattr(hold, "sub_account", intern(hold.sub_account))
        force_setattr(hold, "cause", intern(hold.cause))
