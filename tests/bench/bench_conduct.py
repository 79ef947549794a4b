"""How many messages a second the conduct engine judges, on one core.

    python -m tests.bench.bench_conduct [--seconds N]

Two kinds of talk, each message judged with its session so far:

* chat: the sessions of the conduct sets as their authors wrote them, one message in twenty of a
  session that breaks a rule (far more than shops have). Half of the others look like a breach.
* long: messages of up to 60 characters put together from lines of which many look like a breach:
  what costs most.

Prints messages a second, by the clock and by the processor's time, and for how many the
automaton's bare pass over the same texts would do.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterable

from router.conduct import Engine, Lexicons, Line, load
from router.conduct.fold import dense
from tests.conduct.examples import HITS, ORDINARY
from tests.conduct.sets import DATA, lines_of

SESSIONS = 2_000
MESSAGES = 3
BROKEN_SHARE = 0.05
WANTED = 20_000


def sessions(chance: random.Random) -> list[list[Line]]:
    ordinary = [line.strip() for line in ORDINARY.splitlines() if line.strip()]
    broken = [line.strip() for lines in HITS.values() for line in lines.splitlines()]
    made: list[list[Line]] = []
    for number in range(SESSIONS):
        lines: list[Line] = []
        for turn in range(MESSAGES):
            at_ms = turn * 30_000
            ask = Line(message=f"b{number}.{turn}", sent_ms=at_ms, side="buyer", text="有货吗亲")
            pool = broken if chance.random() < BROKEN_SHARE else ordinary
            text = chance.choice(pool)
            while len(text) < chance.randint(10, 40):
                text += f"，{chance.choice(ordinary)}"
            answer = Line(
                message=f"a{number}.{turn}", sent_ms=at_ms + 9_000, side="shop", text=text[:60]
            )
            lines += [ask, answer]
        made.append(lines)
    return made


Job = tuple[Line, list[Line], bool]
"""A message, the session before it, and whether it opens the session."""


def jobs_of(sessions: Iterable[list[Line]], opens: bool = True) -> list[Job]:
    found: list[Job] = []
    for lines in sessions:
        opening = opens
        for at, line in enumerate(lines):
            if line.from_agent and line.text:
                found.append((line, lines[:at], opening))
                opening = False
    return found


def chat(chance: random.Random) -> list[Job]:
    innocent: list[Job] = []
    guilty: list[Job] = []
    for path in sorted(DATA.glob("conduct-*.jsonl")):
        for text in path.read_text(encoding="utf-8").splitlines():
            session = json.loads(text)
            jobs = jobs_of([lines_of(session)], session["opens"])
            (guilty if session["flags"] else innocent).extend(jobs)
    made = innocent + chance.sample(guilty, round(len(innocent) * BROKEN_SHARE))
    chance.shuffle(made)
    return made


def measure(name: str, engine: Engine, lexicons: Lexicons, jobs: list[Job], seconds: float) -> bool:
    for line, before, opens in jobs:  # expressions are compiled when they are first asked
        engine.message(line, before, opens=opens)
    judged = found = 0
    begun, begun_cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() - begun < seconds:
        for line, before, opens in jobs:
            found += len(engine.message(line, before, opens=opens))
        judged += len(jobs)
    rate = judged / (time.perf_counter() - begun)
    cpu_rate = judged / (time.process_time() - begun_cpu)
    begun = time.perf_counter()
    for line, _, _ in jobs:
        for _ in lexicons.automaton.iter(dense(line.text)):
            pass
    floor = len(jobs) / (time.perf_counter() - begun)
    length = sum(len(line.text) for line, _, _ in jobs) / len(jobs)
    print(
        f"{name}: {rate:,.0f} messages/s ({length:.0f} characters, {found / judged:.2f} findings)"
    )
    print(f"  {cpu_rate:,.0f} messages/s of processor time, whatever else the machine does")
    print(f"  {floor:,.0f} messages/s for the bare automaton; {rate / floor:.2f} of it")
    return rate >= WANTED


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5)
    seconds: float = parser.parse_args().seconds
    begun = time.perf_counter()
    lexicons = load()
    loaded_s = time.perf_counter() - begun
    print(f"lists loaded in {loaded_s:.2f} s, version {lexicons.version}")
    engine = Engine(lexicons)
    reached = measure("chat", engine, lexicons, chat(random.Random(7)), seconds)
    measure("long", engine, lexicons, jobs_of(sessions(random.Random(7))), seconds)
    print(f"wanted {WANTED:,} of chat: {'reached' if reached else 'NOT reached'}")


if __name__ == "__main__":
    main()
