"""A session's life, as a table (RULES §2, "A session").

            give      queue     ask_close  forget_close  close
  (none)    -         -         -          -             -        `open` makes it "opened"
  opened    held      queued    -          -             closed   `bot` makes it "bot"
  bot       held      queued    closing    -             closed
  queued    held      queued    closing    -             closed
  held      held      queued    closing    -             closed
  closing   closing   closing   closing    held/queued/bot  closed

`closing`: the platform has closed it while a reply was pending; it stays until that is met,
missed or forgotten. Whether it is held or queued meanwhile is told by its holder. `bot`: the
shop's bot has it first, and it has no place in the queue until people get it. What the
table does not have cannot happen: it raises, and changes nothing.
"""

from __future__ import annotations

from router.core.thread import Thread


class IllegalTransition(Exception):
    """A session was asked for something that its state does not allow: a defect of the core."""


TABLE: dict[tuple[str, str], str] = {
    ("", "open"): "opened",
    ("opened", "give"): "held",
    ("opened", "queue"): "queued",
    ("opened", "close"): "",
    ("opened", "bot"): "bot",
    ("bot", "give"): "held",
    ("bot", "queue"): "queued",
    ("bot", "ask_close"): "closing",
    ("bot", "close"): "",
    ("queued", "give"): "held",
    ("queued", "queue"): "queued",
    ("queued", "ask_close"): "closing",
    ("queued", "close"): "",
    ("held", "give"): "held",
    ("held", "queue"): "queued",
    ("held", "ask_close"): "closing",
    ("held", "close"): "",
    ("closing", "give"): "closing",
    ("closing", "queue"): "closing",
    ("closing", "ask_close"): "closing",
    ("closing", "forget_close"): "held",
    ("closing", "close"): "",
}


def change(thread: Thread, event: str) -> None:
    """Take the session through one event. Raises `IllegalTransition`."""
    try:
        state = TABLE[thread.state, event]
    except KeyError:
        raise IllegalTransition(
            f"session {thread.session or '(none)'} of {thread.buyer} is "
            f"{thread.state or 'not open'} and cannot {event}"
        ) from None
    if event == "forget_close" and not thread.agent:
        state = "bot" if thread.with_bot else "queued"
    thread.state = state
