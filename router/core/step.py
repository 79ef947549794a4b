"""The one way in: fire what was due before it, then the command.

All that is due at a millisecond comes after the commands of that millisecond, since
deadlines include their ends; so what fires does not depend on when the owner looked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from router.core import (
    acknowledging,
    acts,
    adoption,
    alarms,
    appeals,
    asking,
    assignment,
    bots,
    deadlines,
    flags,
    handover,
    inbound,
    outage,
    planning,
    presence,
    work_items,
)
from router.core import commands as c
from router.core.facts import CommandRefused, EntryQuarantined
from router.core.outcome import Outcome, Rejected
from router.core.state import State
from router.core.thread import Thread


def step(state: State, stamped: c.Stamped) -> Outcome:
    """Take one entry of the log. A refused command changes nothing but the clock."""
    command = stamped.command
    if isinstance(command, c.NoteOutage):
        outage.note(state, command)  # before anything in it is judged
    _fire(state, stamped.at_ms - 1)
    state.at_ms = max(state.at_ms, stamped.at_ms)
    state.offset = stamped.offset
    rejected = _HANDLERS[type(command)](state, command)
    if rejected is not None:
        _say_refused(state, command, rejected)
    _settle(state)
    if isinstance(command, c.End):
        _fire(state, stamped.at_ms)
    return Outcome(take_facts(state), rejected)


def tick(state: State, clock_ms: int) -> Outcome:
    """Let time pass. `clock_ms`: no command before this moment can still come."""
    _fire(state, clock_ms - 1)
    state.at_ms = max(state.at_ms, clock_ms)
    return Outcome(take_facts(state))


def _fire(state: State, to_ms: int) -> None:
    while (next_ms := state.next_timer_ms()) is not None and next_ms <= to_ms:
        at_ms, thing = state.pop_timer()
        state.at_ms = at_ms
        state.offset = 0
        if isinstance(thing, Thread):
            deadlines.fire(state, thing, at_ms)
        else:
            alarms.fire(state, thing)
        _settle(state)


def _settle(state: State) -> None:
    """Hand out what came free, look at the clocks of all that was touched, note it changed."""
    while state.rostered:
        presence.shifts_changed(state)
    while state.freed:
        assignment.fill(state)
    state.counters.clock_ms = state.at_ms
    touched: dict[str, Thread] = state.touched
    if touched:
        for key, thread in touched.items():
            deadlines.rearm(state, thread)
            state.dirty[f"t:{key}"] = thread
        state.touched = {}


def take_facts(state: State) -> list[Any]:
    facts, state.facts = state.facts, []
    return facts


def _say_refused(state: State, command: c.Command, rejected: Rejected) -> None:
    state.say(
        CommandRefused(
            at_ms=state.at_ms,
            offset=state.offset,
            command=str(command.__struct_config__.tag),
            reason=rejected.reason,
            detail=rejected.detail,
        )
    )


def _quarantine(state: State, command: c.Quarantine) -> Rejected | None:
    state.say(EntryQuarantined(at_ms=state.at_ms, offset=state.offset, why=command.why))
    return None


def _nothing(state: State, command: c.Command) -> Rejected | None:
    del state, command
    return None


_HANDLERS: dict[type[c.Command], Callable[[State, Any], Rejected | None]] = {
    c.MessageReceived: inbound.message_received,
    c.MessageSent: inbound.message_sent,
    c.MessageRecalled: inbound.message_recalled,
    c.OrderChanged: inbound.order_changed,
    c.RefundRequested: inbound.refund_requested,
    c.RefundResolved: inbound.refund_resolved,
    c.ReviewPosted: inbound.review_posted,
    c.PlatformClosed: inbound.platform_closed,
    c.SubAccountPresence: presence.sub_account_presence,
    c.SetPresence: presence.set_presence,
    c.GoSilent: presence.go_silent,
    c.SignOn: presence.sign_on,
    c.PauseSubAccount: presence.pause,
    c.CloseSession: acts.close_session,
    c.TransferSession: acts.transfer_session,
    c.ClaimSession: acts.claim_session,
    c.ReassignAgent: acts.reassign_agent,
    c.WriteMessage: acts.write_message,
    c.EscalateRefund: acts.escalate_refund,
    c.TakeOverRefund: acts.take_over_refund,
    c.WaiveBreach: acts.waive_breach,
    c.ReportDelivery: acts.report_delivery,
    c.AdoptDesk: adoption.adopt_desk,
    c.NoteOutage: outage.told,
    c.PlanShifts: planning.plan,
    c.ChangeShift: planning.change,
    c.SwapShifts: planning.swap,
    c.FileHandover: handover.file,
    c.AcknowledgeHandover: acknowledging.acknowledge,
    c.AskHandover: asking.ask,
    c.AnswerHandover: asking.answer,
    c.RaiseFlag: flags.raise_flag,
    c.ConfirmFlag: flags.confirm,
    c.DismissFlag: flags.dismiss,
    c.AllowPhrase: flags.allow,
    c.ForbidPhrase: flags.disallow,
    c.AppealCharge: appeals.appeal,
    c.AnswerAppeal: appeals.answer,
    c.PromiseCallBack: work_items.promise,
    c.WithdrawCallBack: work_items.withdraw,
    c.NoteItem: work_items.note,
    c.SetRemark: work_items.remark,
    c.WriteForBot: bots.write,
    c.HandOverFromBot: bots.hand_over,
    c.Quarantine: _quarantine,
    c.End: _nothing,
}
