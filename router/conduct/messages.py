"""What the engine reads: one message of a session."""

from __future__ import annotations

from typing import Literal

import msgspec

from router.core import commands as c


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a session, of either side. Lines come in order of `sent_ms`."""

    message: str
    sent_ms: int
    side: Literal["buyer", "shop"]
    by: c.By = "human"
    kind: c.MessageKind = "text"
    text: str = ""
    url: str = ""
    product: str = ""
    order: str = ""
    agent: str = ""
    sub_account: str = ""
    offset: int = 0
    """Where it stands in the inbox, for the proof; 0: not there yet."""
    recalled: bool = False

    @property
    def from_agent(self) -> bool:
        """Whether a person of the shop wrote it: only they are judged."""
        return self.side == "shop" and self.by == "human"
