"""From facts to rows of the outbox: which facts are to be delivered, in which lane, as what.

Rows of a lane go out strictly one after the other. Messages have the lane of their session, and
without one that of their buyer; events and remarks have lanes of their own, so that a bridge
that refuses those still gets the messages.
"""

from __future__ import annotations

from collections.abc import Mapping

from router.core.commands import Content
from router.core.facts import DeliveryRequested, OrderRemarked, SessionAssigned
from router.core.facts_work import remark_id
from workers import bridge_events
from workers.outbox import Row
from workers.retries import GIVE_UP_MS
from workers.runner import Keyed

KINDS = (DeliveryRequested, SessionAssigned, OrderRemarked)
"""The facts that ask for a delivery."""

NO_URL = "no outbound url"


def row_of(
    keyed: Keyed, words: Mapping[int, Content], *, reachable: bool, events: bool
) -> Row | None:
    """The row that a fact asks for; None when it asks for none.

    `words`: what messages say, by their places in the log. `reachable`: whether the shop has a
    URL; what cannot go out is a row that has failed, to be shown. `events`: whether it wants to
    hear who holds which session.
    """
    match keyed.fact:
        case DeliveryRequested() as fact:
            return _message(keyed, fact, words, reachable=reachable)
        case SessionAssigned() as fact if reachable and events:
            lane = f"{keyed.desk}|{fact.session}|events"
            body = bridge_events.session_event(fact)
            return _row(keyed, fact, lane, "", keyed.key, body, fact.at_ms + GIVE_UP_MS)
        case OrderRemarked() as fact:
            return _remark(keyed, fact, reachable=reachable)
        case _:
            return None


def _message(
    keyed: Keyed, fact: DeliveryRequested, words: Mapping[int, Content], *, reachable: bool
) -> Row:
    content = words.get(fact.offset) if fact.offset else Content(text=fact.text)
    lane = f"{keyed.desk}|{fact.session or f'{fact.shop}|{fact.buyer}'}"
    delivery = bridge_events.header_safe(fact.message)
    row = _row(keyed, fact, lane, fact.message, delivery, b"", fact.expires_ms)
    if not reachable:
        return row._replace(outcome="failed", detail=NO_URL)
    if content is None:
        return row._replace(outcome="failed", detail="its words are not in the log")
    return row._replace(body=bridge_events.message_send(fact, content))


def _remark(keyed: Keyed, fact: OrderRemarked, *, reachable: bool) -> Row:
    """It has a name like a message, by which is told what became of it."""
    lane = f"{keyed.desk}|{fact.shop}|{fact.order}|remark"
    name = remark_id(fact.order, fact.offset)
    row = _row(keyed, fact, lane, name, keyed.key, b"", fact.at_ms + GIVE_UP_MS)
    if not reachable:
        return row._replace(outcome="failed", detail=NO_URL)
    return row._replace(body=bridge_events.order_remark(fact))


def _row(
    keyed: Keyed,
    fact: DeliveryRequested | SessionAssigned | OrderRemarked,
    lane: str,
    message: str,
    delivery: str,
    body: bytes,
    expires_ms: int,
) -> Row:
    return Row(
        keyed.key, keyed.partition, keyed.seq, keyed.place, keyed.desk, lane, fact.session,
        fact.shop, fact.buyer, message, delivery, body, expires_ms,
    )  # fmt: skip
