"""Quick replies (话术): the team's library and each agent's own, found as one types.

`reply` says what one is and what it may hold; `library` keeps them in an SQLite file;
`placeholders` fills in the buyer's name and the like; `search` finds them by text and pinyin;
`exchange` reads and writes them as CSV, XLSX and JSON; `starter` has a set to begin with.
Who may change the team's library is for the caller to say.
"""

from router.replies.categories import CATEGORIES, PAYMENT_REMINDER
from router.replies.exchange import BadReplies, Placed, read_replies, to_csv, to_json, to_xlsx
from router.replies.library import (
    IdTaken,
    Library,
    LibraryFull,
    LibraryUnavailable,
    Saved,
    UnknownReply,
    Usage,
)
from router.replies.placeholders import PLACEHOLDERS, Filled, fill
from router.replies.reply import BadReply, Fault, Reply, check
from router.replies.search import Index
from router.replies.starter import starter

__all__ = [
    "CATEGORIES",
    "PAYMENT_REMINDER",
    "PLACEHOLDERS",
    "BadReplies",
    "BadReply",
    "Fault",
    "Filled",
    "IdTaken",
    "Index",
    "Library",
    "LibraryFull",
    "LibraryUnavailable",
    "Placed",
    "Reply",
    "Saved",
    "UnknownReply",
    "Usage",
    "check",
    "fill",
    "read_replies",
    "starter",
    "to_csv",
    "to_json",
    "to_xlsx",
]
