"""Whether a handover was owed, and who is charged for none (RULES §1: 10, §5).

交接班: one charge for each person and shift that is handed over, `breach.key` tells for what:

- `left_without`: they went offline by their own act, at their shift's end or within the grace
  (10 min) before it or after it, and had not filed.
- `no_account`: they filed, and of what was open some was named nowhere, with an empty note.
- `late`: nothing was filed up to the shift's end plus the grace, both included.
- `not_acknowledged`: the incoming agent did not acknowledge the whole of what was filed up to
  the grace after their shift's start, or after the filing where that came later.

How the rule is read where it can be read two ways:

- Nobody owes a handover of a shift in which they never were, which was cancelled, or whose
  next one of theirs begins within the grace after it: they stay, and hand over then.
- Whose shift was given this end later than the grace before it (added, swapped, cut short) had
  no time to prepare one: they owe none.
- Whom a supervisor sent offline (with a reason), and who did not come back, owes nothing.
- Who left earlier than the grace before the end has left early: that is attendance, and costs
  nothing; the handover is still owed, and can be filed from anywhere.
- Silence of a console (its machine died) is no act: it is never `left_without`. Filing is owed
  still; a supervisor can waive it.
- What somebody got less than the policy's `grace_ms` (2 min) before they filed needs no line.
- An incoming agent who came late had to acknowledge all the same (按时接班); if the shift was
  cancelled or given to somebody else before, they had not. Where others have taken all of it,
  nothing was left to acknowledge. Of several handovers that one shift is to take over, one is
  charged; the others are noted without a charge.
- After an outage of ours, duties that were running have its length more.
"""

from __future__ import annotations

from collections.abc import Iterable

from router.core import operators
from router.core.ledger import book_breach
from router.core.records import HandedLine, Handover, Person, Shift
from router.core.state import State

RULE = "handover"


def required(state: State) -> bool:
    return state.desk.policy.handover_required


def grace_ms(state: State) -> int:
    return state.desk.policy.handover_grace_ms


def extended_ms(state: State, armed_ms: int, due_ms: int) -> int:
    """A duty's end, with the time that outages took of it (RULES §2: our console is the only
    client here)."""
    for outage in state.counters.outages:
        if outage.from_ms <= due_ms and outage.to_ms > armed_ms:
            due_ms += outage.to_ms - max(outage.from_ms, armed_ms)
    return due_ms


def continues(state: State, shift: Shift) -> bool:
    """Whether their next shift begins as this one ends, or within the grace after it."""
    last_ms = shift.to_ms + grace_ms(state)
    return any(
        other is not shift
        and other.state in ("planned", "on")
        and shift.to_ms <= other.from_ms <= last_ms
        for other in state.rota.of(shift.agent)
    )


def owed(state: State, shift: Shift) -> bool:
    """Whether this shift has to be handed over, and was not yet."""
    if not required(state) or shift.handover or shift.judged or not shift.came_ms:
        return False
    if shift.end_set_ms > shift.to_ms - grace_ms(state):
        return False
    return shift.state in ("on", "over") and not continues(state, shift)


def by_supervisor(person: Person) -> bool:
    """Whether somebody else, a person, set their presence."""
    return person.set_by not in ("", person.id, "router")


def left(state: State, person: Person, shift: Shift) -> None:
    """They have gone offline: charged where it was their own act, near the end or after it."""
    if person.set_by != person.id or not owed(state, shift):
        return
    armed_ms = shift.to_ms - grace_ms(state)
    if state.at_ms < armed_ms:
        return
    _charge_outgoing(state, shift, "left_without", armed_ms, state.at_ms, [state.offset])


def filed(state: State, shift: Shift, unnamed: list[HandedLine], *, note: str) -> None:
    """They have handed over: charged where some of it was accounted for nowhere."""
    owes = required(state) and shift.came_ms and not shift.judged
    if owes and unnamed and not note.strip():
        at_ms = state.at_ms
        _charge_outgoing(state, shift, "no_account", at_ms, at_ms, [state.offset])
    shift.judged = True


def not_filed(state: State, shift: Shift) -> None:
    """The grace after the shift's end is over, and nothing was filed."""
    person = state.persons.get(shift.agent)
    excused = person is None or (shift.excused and person.presence == "offline")
    if not shift.judged and not shift.handover and not excused:
        offsets = [shift.came_offset, shift.left_offset]
        _charge_outgoing(state, shift, "late", shift.to_ms, shift.due_ms, offsets)
    shift.judged = True


def _charge_outgoing(
    state: State, shift: Shift, key: str, armed_ms: int, due_ms: int, offsets: Iterable[int]
) -> None:
    shift.judged = True
    shift.breach = _book(state, shift, key, armed_ms, due_ms, offsets)
    state.changed(shift)


def not_acknowledged(state: State, handover: Handover) -> None:
    """The incoming agent's time is over, and not all of it is acknowledged."""
    handover.judged = True
    state.changed(handover)
    person, shift = state.persons.get(handover.to), state.shifts.get(handover.to_shift)
    if person is None or shift is None or not required(state):
        return
    since_ms = min(handover.filed_ms, shift.from_ms)
    if person.presence == "offline" and by_supervisor(person) and person.since_ms >= since_ms:
        return
    armed_ms = max(handover.filed_ms, shift.from_ms)
    offsets = [handover.offset, shift.came_offset, shift.left_offset]
    uncharged = "charged_already" if shift.took_breach else ""
    handover.breach = _book(
        state, shift, "not_acknowledged", armed_ms, handover.due_ms, offsets, uncharged
    )
    shift.took_breach = shift.took_breach or handover.breach
    state.changed(shift)


def _book(
    state: State,
    shift: Shift,
    key: str,
    armed_ms: int,
    due_ms: int,
    offsets: Iterable[int],
    uncharged: str = "",
) -> str:
    """The breach's id. Proofs: the roster's entry, and what was, or was not, done."""
    seats = [s for name in operators.sub_accounts_of(state, shift) if (s := state.seats.get(name))]
    breach = book_breach(
        state,
        rule=RULE,
        key=key,
        armed_ms=armed_ms,
        due_ms=due_ms,
        agent=shift.agent,
        sub_account=seats[0].id if seats else "",
        shop=seats[0].shop if seats else "",
        fine_fen=state.desk.policy.handover_fine_fen,
        uncharged=uncharged,
        proof=(shift.offset, *offsets),
    )
    return breach.id
