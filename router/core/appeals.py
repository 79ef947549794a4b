"""Appeals: what an agent says against a charge of theirs, and the answer (RULES §1).

An appeal is about one charge of the ledger, once. It takes nothing back by itself; what a
supervisor accepts is waived, and the ledger says by whom and why.
"""

from __future__ import annotations

from router.core import commands as c
from router.core import ledger
from router.core.facts import AppealAnswered, ChargeAppealed
from router.core.outcome import Rejected
from router.core.records import Appeal
from router.core.state import State


def appeal(state: State, command: c.AppealCharge) -> Rejected | None:
    """Refused: `no_such_entry`, `not_a_charge`, `not_yours`, `reason_needed`,
    `already_appealed`, `already_lifted`."""
    entry = state.entries.get(command.entry)
    if entry is None:
        return Rejected("no_such_entry", command.entry)
    if entry.kind != "charge":
        return Rejected("not_a_charge", entry.id)
    if entry.agent != command.agent:
        return Rejected("not_yours", entry.id)
    if not command.why.strip():
        return Rejected("reason_needed", "an appeal says why the charge is unfair")
    if entry.id in state.appealed:
        return Rejected("already_appealed", entry.id)
    breach = state.breaches[entry.breach]
    if breach.reversed or breach.waived:
        return Rejected("already_lifted", breach.id)
    state.counters.appeal_no += 1
    made = Appeal(
        id=f"{state.desk.id}-a{state.counters.appeal_no}",
        entry=entry.id,
        breach=entry.breach,
        agent=entry.agent,
        why=command.why,
        at_ms=state.at_ms,
        offset=state.offset,
    )
    state.appeals[made.id] = made
    state.appealed[entry.id] = made.id
    state.changed(made)
    state.say(ChargeAppealed(at_ms=state.at_ms, appeal=made.id, entry=made.entry, agent=made.agent))
    return None


def answer(state: State, command: c.AnswerAppeal) -> Rejected | None:
    """Accepted: the charge is waived, unless something else has lifted it since.

    Refused: `no_such_appeal`, `already_answered`, `reason_needed`.
    """
    found = state.appeals.get(command.appeal)
    if found is None:
        return Rejected("no_such_appeal", command.appeal)
    if found.state != "open":
        return Rejected("already_answered", found.id)
    if not command.why.strip():
        return Rejected("reason_needed", "who answers an appeal says why")
    breach = state.breaches[found.breach]
    if command.accepted and not breach.reversed and not breach.waived:
        ledger.waive(state, breach, by=command.supervisor, why=command.why)
    found.state = "accepted" if command.accepted else "refused"
    found.by = command.supervisor
    found.answer = command.why
    found.answered_ms = state.at_ms
    state.changed(found)
    state.say(
        AppealAnswered(
            at_ms=state.at_ms,
            appeal=found.id,
            entry=found.entry,
            agent=found.agent,
            accepted=command.accepted,
            by=command.supervisor,
            why=command.why,
        )
    )
    return None
