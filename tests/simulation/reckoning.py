"""The end of a simulation: the whole inbox through the core again, against all that is stored."""

from __future__ import annotations

from router.core.commands import AdoptDesk
from router.core.facts import AnyFact
from router.core.records import LedgerEntry
from router.core.recovery import all_records
from router.core.thread import Thread
from router.log.codec import decode_facts, decode_record, encode_facts, encode_record, record_key
from router.log.memory import MemoryLog
from router.log.ports import Entry
from router.stepping import Desks
from tests.simulation.auditor import Auditor


async def reckon(log: MemoryLog, auditor: Auditor) -> None:
    """Everything that can be held against everything else."""
    meta = await log.meta()
    if meta.offset != meta.tail:
        auditor.say(f"at the end {meta.offset} of {meta.tail} entries are consumed")
    stored = {key: body async for key, body in log.records()}
    entries = (await log.read(0, limit=1 << 30)).entries
    batches = await log.facts(0, limit=1 << 30)
    committed: list[AnyFact] = [
        fact for batch in batches for _, facts in decode_facts(batch.body) for fact in facts
    ]
    desks = Desks()
    made: list[AnyFact] = []
    for entry in entries:
        if entry.offset <= meta.offset:
            made.extend(_take(desks, entry, auditor))
    for facts in desks.tick(meta.clock_ms).values():
        made.extend(facts)
    _compare_facts(made, committed, auditor)
    _compare_records(desks, stored, auditor)
    _compare_pictures(stored, auditor)
    auditor.outage_findings.extend(auditor.books.sealed_in_outage())
    for key, body in sorted(stored.items()):
        auditor.note(f"{key} {body.hex()}")


def _records_of(desks: Desks) -> dict[str, bytes]:
    return {
        record_key(desk, name): encode_record(record)
        for desk, state in desks.states.items()
        for name, record in all_records(state).items()
    }


def _take(desks: Desks, entry: Entry, auditor: Auditor) -> list[AnyFact]:
    """One entry; a refusal must change nothing."""
    state = desks.states.get("desk")
    facts: list[AnyFact] = []
    clones = None
    if state is not None and entry.offset in auditor.refused:
        for followed in desks.tick(entry.at_ms).values():
            facts.extend(followed)
        clones = _records_of(desks)
    stepped = desks.take(entry)
    if stepped is None:
        auditor.say(f"#{entry.offset} is for no desk")
        return facts
    if clones is not None:
        now = _records_of(desks)
        counters = record_key("desk", "c")
        differing = [k for k in now if k != counters and now[k] != clones.get(k)]
        if differing or len(now) != len(clones):
            auditor.say(f"#{entry.offset} was refused and changed {differing}")
        if len(stepped.facts) != 1:
            auditor.say(f"#{entry.offset} was refused and said {stepped.facts}")
    for one in desks.states.values():
        one.dirty.clear()
    return [*facts, *stepped.facts]


def _compare_facts(made: list[AnyFact], committed: list[AnyFact], auditor: Auditor) -> None:
    if encode_facts([("", made)]) == encode_facts([("", committed)]):
        return
    for place, (one, other) in enumerate(zip(made, committed, strict=False)):
        if one != other:
            auditor.say(f"fact {place} of the replay is {one}, committed {other}")
            return
    auditor.say(f"the replay has {len(made)} facts, committed were {len(committed)}")


def _compare_records(desks: Desks, stored: dict[str, bytes], auditor: Auditor) -> None:
    made = _records_of(desks)
    for key in sorted({**made, **stored}):
        if made.get(key) != stored.get(key):
            one = decode_record(key, made[key]) if key in made else None
            other = decode_record(key, stored[key]) if key in stored else None
            auditor.say(f"record {key!r}: replay {one}\n   stored {other}")


def _compare_pictures(stored: dict[str, bytes], auditor: Auditor) -> None:
    """The records against what the auditor has made of the facts."""
    owed: dict[str, int] = {}
    sessions: dict[str, tuple[str, str]] = {}
    for key, body in stored.items():
        record = decode_record(key, body)[2]
        if isinstance(record, LedgerEntry):
            owed[record.agent] = owed.get(record.agent, 0) + record.fine_fen
        elif isinstance(record, Thread) and record.session:
            sessions[record.session] = (record.agent, record.sub_account)
    if owed != auditor.books.owed_fen:
        auditor.say(f"the ledger says {owed}, charges less lifts {auditor.books.owed_fen}")
    seen = {name: (s.agent, s.seat) for name, s in auditor.floor.sessions.items()}
    if sessions != seen:
        auditor.say(f"open sessions are {sessions}, by the facts {seen}")
    adopted = any(isinstance(known.command, AdoptDesk) for known in auditor.inbox.values())
    if not adopted:
        auditor.say("no desk was ever adopted")
