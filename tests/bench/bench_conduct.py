"""How many messages a second the conduct engine judges, on one core.

    python -m tests.bench.bench_conduct [--seconds N]

Lines of agents of 10 to 60 characters, most of them ordinary, in sessions of a few messages. Each
is judged with its session so far. Prints messages a second, by the clock and by the processor's
time, and the floor: what the automaton's bare pass over the same texts takes.
"""

from __future__ import annotations

import argparse
import random
import time

from router.conduct import Engine, Line, load
from router.conduct.fold import dense
from tests.conduct.examples import HITS, ORDINARY

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


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5)
    seconds: float = parser.parse_args().seconds
    begun = time.perf_counter()
    lexicons = load()
    loaded_s = time.perf_counter() - begun
    engine = Engine(lexicons)
    made = sessions(random.Random(7))
    texts = [line.text for lines in made for line in lines if line.side == "shop"]
    judged = found = 0
    begun, begun_cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() - begun < seconds:
        for lines in made:
            for at in range(1, len(lines), 2):
                found += len(engine.message(lines[at], lines[:at], opens=at == 1))
                judged += 1
    rate = judged / (time.perf_counter() - begun)
    cpu_rate = judged / (time.process_time() - begun_cpu)
    begun = time.perf_counter()
    for text in texts:
        for _ in lexicons.automaton.iter(dense(text)):
            pass
    floor = len(texts) / (time.perf_counter() - begun)
    length = sum(map(len, texts)) / len(texts)
    print(f"lists loaded in {loaded_s:.2f} s, version {lexicons.version}")
    print(f"{rate:,.0f} messages/s ({length:.0f} characters each, {found / judged:.2f} findings)")
    print(f"{cpu_rate:,.0f} messages/s of processor time, whatever else the machine does")
    print(f"{floor:,.0f} messages/s for the bare automaton; {rate / floor:.2f} of it")
    print(f"wanted {WANTED:,}: {'reached' if rate >= WANTED else 'NOT reached'}")


if __name__ == "__main__":
    main()
