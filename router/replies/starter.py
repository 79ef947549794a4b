"""The quick replies that a team can begin with (`config/quick-replies.json`)."""

from __future__ import annotations

import config
from router.replies.exchange import read_replies
from router.replies.reply import Reply

FILE = "quick-replies.json"


def starter(at_ms: int = 0) -> list[Reply]:
    """All of them, for `Library.save_all("", …)`; taking them again brings back what they were."""

    def no_id() -> str:
        raise ValueError(f"config/{FILE}: a reply without an id")

    data = config.path(FILE).read_bytes()
    placed = read_replies(data, FILE, owner="", at_ms=at_ms, new_id=no_id)
    return [reply for reply, _ in placed]
