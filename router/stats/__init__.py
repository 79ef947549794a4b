"""A desk's day in numbers, by hour: a pure fold of its committed facts.

What counts as what:

- A **wait** begins with the first message of a buyer that nobody has answered and ends with the
  next answer, or with the session (RULES §2); it belongs to the hour in which it began. Times are
  those at which messages were sent. A message that reached us more than a day late is counted as a
  message, and is part of no wait. Recalled messages wait for nothing.
- Whether a wait was answered **in time** is the core's verdict alone: it is late when a reply
  deadline that fell into it was missed, and is not late any more when that was withdrawn or
  reversed. A wait that was cancelled (all recalled, or the session closed) is neither.
- A late wait is held against whom the core charged; before it is sealed, against who held the
  session at `due`.
- A breach belongs to the hour of its `due`, as in the ledger. A reversed one was none; a waived one
  stands.
- An agent has *received* a session when they have written in it (RULES §3: who passed it on
  without a word has not).
- A day is one of Beijing, as everywhere in the rules.

Whatever arrives late is put where it belongs: a thread's waits are made anew from all that is known
of the last day, and what has changed is counted anew. So the order of arrival decides nothing.
"""

from router.stats.fold import Figures, day_of, first_ms_of
from router.stats.hour import Hour, Spans
from router.stats.summary import Day, Part, Rate, Summary, summary

__all__ = [
    "Day",
    "Figures",
    "Hour",
    "Part",
    "Rate",
    "Spans",
    "Summary",
    "day_of",
    "first_ms_of",
    "summary",
]
