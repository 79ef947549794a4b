"""Times for people and programs outside: RFC 3339 text, integer milliseconds inside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970; finer digits are cut off. `moment` carries its zone."""
    return (moment - _EPOCH) // _MILLISECOND


def parse_ms(text: str) -> int:
    """Raises ValueError for what is no RFC 3339 time with a zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    return to_ms(moment)


def format_ms(at_ms: int) -> str:
    """RFC 3339, UTC, with milliseconds."""
    second, rest_ms = divmod(at_ms, 1000)
    return f"{_second(second)}.{rest_ms:03d}Z"


@lru_cache(maxsize=8_192)
def _second(at_s: int) -> str:
    """What is shown together lies close together: the same seconds come again and again."""
    return (_EPOCH + timedelta(seconds=at_s)).strftime("%Y-%m-%dT%H:%M:%S")
