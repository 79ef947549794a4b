"""When a failed delivery is tried again."""

from __future__ import annotations

import pytest

from tests.workers.stage import HOUR, MINUTE, SECOND, START_MS
from workers.retries import next_attempt_ms, retry_after_ms


def test_the_schedule_goes_on_for_a_day() -> None:
    waits, now_ms, attempts = [], START_MS, 1
    while (
        at_ms := next_attempt_ms(attempts=attempts, first_ms=START_MS, now_ms=now_ms)
    ) is not None:
        waits.append(at_ms - now_ms)
        now_ms, attempts = at_ms, attempts + 1
    assert waits[:8] == [
        5 * SECOND,
        30 * SECOND,
        2 * MINUTE,
        10 * MINUTE,
        30 * MINUTE,
        HOUR,
        2 * HOUR,
        2 * HOUR,
    ]
    assert now_ms == START_MS + 24 * HOUR


def test_retry_after_makes_a_wait_longer_but_never_endless() -> None:
    def wait(retry_ms: int) -> int:
        at_ms = next_attempt_ms(
            attempts=1, first_ms=START_MS, now_ms=START_MS, retry_after_ms=retry_ms
        )
        assert at_ms is not None
        return at_ms - START_MS

    assert wait(1 * SECOND) == 5 * SECOND
    assert wait(77 * SECOND) == 77 * SECOND
    assert wait(999 * HOUR) == 2 * HOUR


@pytest.mark.parametrize(
    ("header", "wait_ms"),
    [
        (None, 0),
        ("", 0),
        ("120", 120_000),
        (" 7 ", 7_000),
        ("9" * 400, 999_999_999_000),
        ("-5", 0),
        ("1.5", 0),
        ("soon", 0),
        ("٣", 0),
        ("Wed, 18 Nov 2026 09:47:00 GMT", 420_000),
        ("Tue, 17 Nov 2026 09:47:00 GMT", 0),
        ("Wed, 99 Nov 2026 09:47:00 GMT", 0),
    ],
)
def test_retry_after_headers(header: str | None, wait_ms: int) -> None:
    assert retry_after_ms(header, 1_794_994_800_000) == wait_ms
