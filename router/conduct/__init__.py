"""Conduct: what an agent's words break (RULES §1 rows 1, 2, 5, 7 and §6), as pure functions.

`Engine(load()).message(line, before, opens=…)` gives the findings of one message at the moment
it is written, before it is sent or when it is inspected; `closing` and `session` those of a whole
session. A finding is a flag with its evidence; what it costs is the policy's business.

How a text is read, in order:

1. `fold` makes plain views of it in which disguises are gone (full-width, traditional, circled,
   spaced, zero-width) and from which every character leads back to the original;
2. `phrases` looks up all lists at once (one automaton) and drops what the list itself excepts:
   a negation before it, a word after it, an allowed phrase around it;
3. `scales` weighs the fragments of what the lists do not settle, by weights that were learnt;
4. `numbers` and `links` look for what no list can hold;
5. `wording`, `stock` and `pace` judge what needs the session: an opening, an answer, a silence.

Lists and weights are data (`config/lexicons`, `docs/conduct.md`); only `load` reads files.
Otherwise there is no clock, chance or I/O: the same lines, lists and weights always give the same
findings.
"""

from router.conduct.engine import Engine
from router.conduct.findings import RULES, Finding
from router.conduct.lexicon import LexiconError, Lexicons
from router.conduct.load import check, load
from router.conduct.messages import Line
from router.conduct.settings import Settings

__all__ = [
    "RULES",
    "Engine",
    "Finding",
    "LexiconError",
    "Lexicons",
    "Line",
    "Settings",
    "check",
    "load",
]
