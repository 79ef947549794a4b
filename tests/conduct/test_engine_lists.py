"""What the built-in lists find, and what they leave alone."""

from __future__ import annotations

import pytest

from router.conduct import RULES
from tests.conduct.examples import HITS, LOOKALIKES, ORDINARY, QUESTIONS, asking, lines_in
from tests.conduct.sessions import buyer, said

LISTED = frozenset(RULES) - {"honorific", "short_reply", "harassment", "slow_stall"}


@pytest.mark.parametrize("rule", HITS)
def test_lines_that_break_a_rule_are_found(rule: str) -> None:
    missed = [text for text in lines_in(HITS[rule]) if rule not in said(text, buyer(asking(rule)))]
    assert not missed


@pytest.mark.parametrize("rule", LOOKALIKES)
def test_lookalikes_are_left_alone(rule: str) -> None:
    wrong = [text for text in lines_in(LOOKALIKES[rule]) if rule in said(text, buyer(asking(rule)))]
    assert not wrong


@pytest.mark.parametrize("question", QUESTIONS)
def test_ordinary_answers_break_nothing(question: str) -> None:
    wrong = {
        text: found
        for text in lines_in(ORDINARY)
        if (found := LISTED & said(text, buyer(question)).keys())
    }
    assert not wrong


def test_every_listed_rule_has_examples() -> None:
    assert HITS.keys() == LISTED
    assert LOOKALIKES.keys() == LISTED


@pytest.mark.parametrize(
    ("text", "rule", "matched"),
    [
        ("亲，加 微 信 聊吧", "off_platform", "加 微 信"),
        (
            "您好，我们的电话：１３８ １２３４ ５６７８。",
            "off_platform",
            "１３８ １２３４ ５６７８",
        ),
        ("您好,一三八〇〇一三八〇〇〇", "off_platform", "一三八〇〇一三八〇〇〇"),
        ("看 www.example.com/a?b=1 吧", "off_platform", "www.example.com/a?b=1"),
        ("發票開不了哦", "invoice_refused", "發票開不了"),
        ("你這個傻\u200b逼", "abuse", "傻\u200b逼"),
    ],
)
def test_the_span_is_that_of_the_original_text(text: str, rule: str, matched: str) -> None:
    found = said(text)[rule]
    assert text[found.start : found.end] == found.matched
    assert matched in found.matched


def test_a_finding_names_its_list_and_line() -> None:
    assert said("你个傻逼")["abuse"].source.startswith("abuse.txt:")
    assert said("13800138000")["off_platform"].source == "pattern:mobile"
