"""When a delivery that failed is tried again (CONTRACT §4): pure, times come in."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from router.clocktime import to_ms

DELAYS_MS = (5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000, 7_200_000)
"""From the end of an attempt to the next one; the last goes on for as long as we try."""
GIVE_UP_MS = 24 * 3_600_000
"""From the first attempt to the last."""
RETRY_AFTER_MOST_MS = DELAYS_MS[-1]
"""A receiver may ask us to wait longer than the schedule, but no longer than this."""


def next_attempt_ms(
    *, attempts: int, first_ms: int, now_ms: int, retry_after_ms: int = 0
) -> int | None:
    """When to try again after `attempts` (≥ 1) failures, the first at `first_ms`; None: never."""
    give_up_ms = first_ms + GIVE_UP_MS
    if now_ms >= give_up_ms:
        return None
    delay_ms = DELAYS_MS[min(attempts, len(DELAYS_MS)) - 1]
    wait_ms = max(delay_ms, min(retry_after_ms, RETRY_AFTER_MOST_MS))
    return min(now_ms + wait_ms, give_up_ms)


def retry_after_ms(header: str | None, now_ms: int) -> int:
    """A `Retry-After` header's wait: seconds, or an HTTP date; 0 for none or nonsense."""
    text = (header or "").strip()
    if text.isascii() and text.isdecimal():
        return int(text[:9]) * 1000
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError):
        return 0
    return max(0, to_ms(moment) - now_ms) if moment.tzinfo else 0
