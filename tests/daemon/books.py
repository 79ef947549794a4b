"""What a daemon's log holds, read as `replay` reads it; and what must hold of it.

An auditor of its own: it looks at the facts and the records only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from router import place, simulate
from router.core import facts as f
from router.core.records import Record
from router.core.recovery import restore
from router.core.state import State
from router.log.archive import Archive, merged_facts
from router.log.codec import decode_facts, decode_record
from router.log.redis import RedisLog
from router.settings import load
from tests.daemon.process import SHOP, command

Json = dict[str, Any]
Deadline = tuple[str, str, str, int]
"""Session, rule, key, due."""


class Books(NamedTuple):
    """All facts of one partition, and its desk's state as stored."""

    facts: list[f.AnyFact]
    state: State

    def of(self, kind: type[f.Fact]) -> list[Any]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    @property
    def ledger(self) -> list[Json]:
        return simulate.ledger_rows(self.state)

    @property
    def breaches(self) -> list[Json]:
        return simulate.breach_rows(self.state)

    def times_noted(self, side: str = "buyer") -> Counter[str]:
        """How often each message became part of a session."""
        return Counter(n.message for n in self.of(f.MessageNoted) if n.side == side)


@asynccontextmanager
async def the_log(config: Path) -> AsyncIterator[tuple[Archive, RedisLog]]:
    """The archive and the log of partition 0."""
    settings = load(config).settings
    async with place.reading_logs(settings) as logs:
        archive = await Archive.open(place.archive_path(settings))
        try:
            yield archive, logs.log(0)
        finally:
            await archive.close()


async def read_books(config: Path) -> Books:
    async with the_log(config) as (archive, log):
        records: list[tuple[str, Record]] = []
        async for key, body in log.records():
            _, name, record = decode_record(key, body)
            records.append((name, record))
        facts = [
            fact
            async for batch in merged_facts(archive, log)
            for _, followed in decode_facts(batch.body)
            for fact in followed
        ]
    return Books(facts, restore(records))


async def is_identical(config: Path) -> str:
    """`zhiban replay --verify`: fails unless it says identical; what it said."""
    code, said = await command("replay", "--verify", "--config", config)
    assert code == 0, said
    assert "identical" in said
    return said


def check_once(books: Books, sent: Iterable[str], side: str = "buyer") -> None:
    """Each of these messages, and no other, is in exactly one session exactly once."""
    noted = books.times_noted(side)
    wanted = set(sent)
    assert set(noted) == wanted, set(noted) ^ wanted
    assert set(noted.values()) <= {1}, [m for m, times in noted.items() if times > 1]


def check_deadlines(books: Books, *, lateness_ms: int) -> None:
    """Each deadline armed is noticed at its due at most once, and at most one breach is
    sealed of it, never early."""

    def which(facts: list[Any]) -> Counter[Deadline]:
        return Counter((x.session, x.rule, x.key, x.due_ms) for x in facts)

    armed = which(books.of(f.DeadlineArmed))
    missed = which(books.of(f.DeadlineMissed))
    withdrawn = which(books.of(f.DeadlineWithdrawn))
    sealed = which(books.of(f.BreachSealed))
    in_time = which([x for x in books.of(f.DeadlineMissed) if x.at_ms == x.due_ms])
    assert not in_time - armed, "noticed in time, though never armed"
    assert not sealed - missed, "sealed, though never noticed"
    assert max(sealed.values(), default=1) == 1, "sealed twice"
    assert max((missed - withdrawn).values(), default=1) == 1, "noticed twice"
    for fact in books.of(f.DeadlineMissed):
        assert fact.at_ms >= fact.due_ms, "noticed early"
    for fact in books.of(f.BreachSealed):
        assert fact.at_ms >= fact.due_ms + lateness_ms, "sealed early"
    assert len(sealed) == len(books.breaches)


def standing(books: Books, rule: str = "reply") -> dict[str, int]:
    """By buyer: how many breaches of the rule stand."""
    rows = [b for b in books.breaches if b["rule"] == rule and not b["reversed"]]
    assert all(row["shop"] == SHOP for row in rows)
    return dict(Counter(row["buyer"] for row in rows))
