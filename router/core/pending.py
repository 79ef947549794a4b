"""Pending work on a timeline: what opens, meets and cancels it (RULES §2, §9).

Which kinds there are is data (`kinds`). An item is judged by its kind as the policy has it when
something happens to it; a kind that the policy has dropped since, as it had it when the item
opened. One that nobody knows any more (it is older than what is remembered of past policies) is
settled by any note.

Where the rules can be read two ways, the reading here is the one that charges less:

- An order to be paid on delivery is none of which its buyer is to be reminded to pay.
- Each kind opens once for an order: with the first event of its type.
- A cut-off whose reminding time has passed when the order is placed is not meant; the next one is.
- What is cancelled by an event is cancelled by it too where that was sent before the item opened
  and came after: an order closed already opens nothing, one paid already needs no reminder.
"""

from __future__ import annotations

from typing import Final

from router.core.kinds import CALL_BACK, KNOWN_KINDS
from router.core.policy import BEIJING_OFFSET_MS, DAY_MS, MINUTE_MS, ItemKind, Meets, Opens
from router.core.view import (
    AUTO_TEXT,
    HUMAN,
    ITEM_ACT,
    ORDER_ON_DELIVERY,
    ORDER_PAID,
    ORDER_PLACED,
    ORDER_SHIPPED,
    REFUND_ACT,
    SHOP,
    Moment,
    Pending,
    Rules,
    View,
)

NOTE: Final = "note"
WITHDRAWN: Final = "withdrawn"
"""Events of an ITEM_ACT."""

ORDER_BITS = {"placed": ORDER_PLACED, "paid": ORDER_PAID, "shipped": ORDER_SHIPPED}
"""By the event of an ORDER: how it stands in `View.orders`."""

_AFTER_MESSAGES = (Opens.REFUND_REQUESTED, Opens.REVIEW_POSTED, Opens.PROMISED)
"""What opens with these comes after the messages of its millisecond."""


def kind_of(rules: Rules, name: str, armed_ms: int) -> ItemKind | None:
    """The kind of an item that was opened at `armed_ms`; None where nobody knows it any more."""
    return rules.by_name.get(name) or rules.at(armed_ms).by_name.get(name) or KNOWN_KINDS.get(name)


# Opening


def due_ms(kind: ItemKind, sent_ms: int) -> int:
    """Until when an item is to be met that opens at `sent_ms`."""
    latest_ms = sent_ms + kind.due_ms
    if kind.cut_off_minute < 0:
        return latest_ms
    midnight_ms = sent_ms - (sent_ms + BEIJING_OFFSET_MS) % DAY_MS
    remind_ms = midnight_ms + kind.cut_off_minute * MINUTE_MS - kind.cut_off_before_ms
    while remind_ms <= sent_ms:
        remind_ms += DAY_MS
    return min(latest_ms, remind_ms)


def opened_by_order(kind: ItemKind, bits: int) -> bool:
    """Whether the kind opens for an order of which this is known."""
    if kind.unpaid_only and bits & (ORDER_PAID | ORDER_ON_DELIVERY):
        return False
    return not kind.pay_on_delivery_only or bool(bits & ORDER_ON_DELIVERY)


def open_item(view: View, kind: ItemKind, moment: Moment, *, order: str, due_at_ms: int) -> None:
    """One more piece of work; while it is pending, a repetition changes nothing."""
    if any(item.kind == kind.name and item.key == moment.key for item in view.pending):
        return
    item = Pending(kind.name, moment.key, order, moment.sent_ms, due_at_ms, moment.offset)
    view.pending = (*view.pending, item)


def open_told(view: View, rules: Rules, moment: Moment) -> None:
    """A review was posted, or a call-back promised."""
    if moment.event == Opens.PROMISED.value:
        kind = rules.by_name.get(CALL_BACK.name)
        if kind is not None:
            open_item(view, kind, moment, order="", due_at_ms=moment.due_ms)
        return
    for kind in rules.opened_by[moment.event]:
        if not kind.ratings or moment.category in kind.ratings:
            due_at_ms = due_ms(kind, moment.sent_ms)
            open_item(view, kind, moment, order=moment.order, due_at_ms=due_at_ms)


# Meeting


def proofs(moment: Moment, name: str, key: str, order: str) -> tuple[Meets, ...]:
    """What the moment shows to have been done of this item."""
    if moment.rank == SHOP:
        return _told_buyer(moment, name, order)
    if moment.rank == REFUND_ACT:
        return (Meets.RESOLVED,) if moment.key == key else ()
    if moment.rank == ITEM_ACT and moment.event == NOTE:
        return (Meets.NOTE,) if (moment.category, moment.key) == (name, key) else ()
    return ()


def _told_buyer(moment: Moment, name: str, order: str) -> tuple[Meets, ...]:
    found: list[Meets] = []
    if order and order in moment.shows:
        found.append(Meets.SHOWS_ORDER)
    if moment.flags & HUMAN:
        found.append(Meets.AGENT_MESSAGE)
    if moment.category == name:
        if not moment.flags & AUTO_TEXT:
            found.append(Meets.QUICK_REPLY)
        elif moment.order == order:
            found.append(Meets.AUTO_MESSAGE)
    return tuple(found)


def counts(kind: ItemKind, armed_ms: int, moment: Moment) -> bool:
    """Whether the moment comes after the item's opening, in the timeline's order."""
    if moment.rank == SHOP and kind.opens in _AFTER_MESSAGES:
        return moment.sent_ms > armed_ms
    return moment.sent_ms >= armed_ms


def progress(
    kind: ItemKind, done: tuple[str, ...], found: tuple[Meets, ...]
) -> tuple[tuple[str, ...], bool]:
    """What has been proved with these too, and whether that is enough."""
    fresh = [proof.value for proof in found if proof in kind.met_by and proof.value not in done]
    if not kind.met_by_all:
        return done, bool(fresh)
    done = (*done, *fresh)
    return done, bool(fresh) and all(needed.value in done for needed in kind.met_by)


def meet(view: View, rules: Rules, moment: Moment) -> bool:
    """Settle what the moment meets, and keep what it proves in part; whether any was settled."""
    if not view.pending:
        return False
    left = tuple(item for item in view.pending if not _is_met(item, rules, moment))
    found = len(left) < len(view.pending)
    view.pending = left
    return found


def _is_met(item: Pending, rules: Rules, moment: Moment) -> bool:
    found = proofs(moment, item.kind, item.key, item.order)
    if not found:
        return False
    kind = kind_of(rules, item.kind, item.armed_ms)
    if kind is None:
        return Meets.NOTE in found
    if not counts(kind, item.armed_ms, moment):
        return False
    item.done, enough = progress(kind, item.done, found)
    return enough


def take_over(view: View, rules: Rules, key: str) -> None:
    """A supervisor has it now: its deadline is met, it is still to be settled (RULES §2)."""
    for item in view.pending:
        kind = kind_of(rules, item.kind, item.armed_ms)
        if item.key == key and kind is not None and Meets.RESOLVED in kind.met_by:
            item.met = True


# Cancelling


def cancels(kind: ItemKind, event: str, armed_ms: int, sent_ms: int) -> bool:
    """Whether an `order.*` event of its order cancels an item that opened at `armed_ms`."""
    if sent_ms >= armed_ms:
        return event in kind.cancelled_by
    if event == "order.closed":
        return kind.opens.value.startswith("order.")
    return event == "order.paid" and kind.unpaid_only


def cancel(view: View, rules: Rules, event: str, order: str, sent_ms: int) -> None:
    """Drop what this event of an order cancels."""
    if view.pending:
        view.pending = tuple(
            item
            for item in view.pending
            if item.order != order
            or (kind := kind_of(rules, item.kind, item.armed_ms)) is None
            or not cancels(kind, event, item.armed_ms, sent_ms)
        )


def withdraw(view: View, moment: Moment) -> None:
    """Drop what is not needed any more."""
    name = (moment.category, moment.key)
    view.pending = tuple(item for item in view.pending if (item.kind, item.key) != name)
