"""What the engine gives: a flag with its evidence."""

from __future__ import annotations

import msgspec

RULES = (
    *("honorific", "short_reply", "alternatives", "abuse"),
    *("off_platform", "close_order", "bank_transfer", "invoice_refused"),
    *("impersonation", "prohibited", "harassment", "slow_stall"),
)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One message breaks one rule: at most one finding for each pair of them and `source` of an
    honorific (a message can lack both, the opening and the closing one)."""

    rule: str
    message: str
    """The agent's message it is about."""
    start: int
    """The span in the original text, in code points; 0, 0: the whole message, or an absence."""
    end: int
    matched: str
    """The original text of the span."""
    source: str
    """The list and line (`abuse.txt:12`) or the pattern (`pattern:bank_card`) it came from."""
    detail: str = ""
    """One line for people, in Chinese."""
    evidence: tuple[str, ...] = ()
    """Other messages that belong to it."""
