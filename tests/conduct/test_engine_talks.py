"""Answers of agents whose meaning hangs on what the buyer asked, or that say things sideways."""

from __future__ import annotations

import pytest

from router.conduct import RULES
from tests.conduct.sessions import buyer, said
from tests.conduct.talks import GUILTY, INNOCENT, talks

LISTED = frozenset(RULES) - {"honorific", "short_reply", "harassment", "slow_stall"}


@pytest.mark.parametrize("rule", GUILTY)
def test_what_breaks_a_rule_is_found(rule: str) -> None:
    missed = [
        (asked, answer)
        for asked, answer in talks(GUILTY[rule])
        if rule not in said(answer, buyer(asked))
    ]
    assert not missed


def test_what_breaks_none_is_left_alone() -> None:
    wrong = {
        answer: found
        for asked, answer in talks(INNOCENT)
        if (found := LISTED & said(answer, buyer(asked)).keys())
    }
    assert not wrong
