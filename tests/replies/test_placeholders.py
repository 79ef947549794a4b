"""What stands in braces, and what takes its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.replies import PLACEHOLDERS, fill
from router.replies.placeholders import bad_placeholders

VALUES = {"buyer": "小红", "order": "12{agent}", "agent": "小李", "shop": "旗舰店"}


@pytest.mark.parametrize(
    ("text", "filled", "missing"),
    [
        ("{buyer}您好", "小红您好", ()),
        ("{买家}您好,{ 客服 }在", "小红您好,小李在", ()),
        ("｛买家｝您好｛说明｝", "小红您好｛说明｝", ()),
        ("订单{order}", "订单12{agent}", ()),
        ("{{buyer}} {{}}", "{buyer} {}", ()),
        ("{{{buyer}}}", "{小红}", ()),
        ("{unknown} {", "{unknown} {", ()),
        ("", "", ()),
    ],
)
def test_filling(text: str, filled: str, missing: tuple[str, ...]) -> None:
    assert fill(text, VALUES) == (filled, missing)


def test_what_has_no_value_is_left_for_the_agent() -> None:
    text = "{买家}您好,订单{order},{buyer}"
    assert fill(text, {"order": ""}) == (text, ("buyer", "order"))
    assert fill(text, {"buyer": "小红"}) == ("小红您好,订单{order},小红", ("order",))


@pytest.mark.parametrize("text", ["{买家}", "{ shop }", "{{x}}", "}}{{", "｛随便｝", "无"])
def test_texts_that_are_well(text: str) -> None:
    assert bad_placeholders(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{name}您好", ["{name}"]),
        ("{}", ["{}"]),
        ("{buyer", ["{"]),
        ("a} {b} {", ["}", "{b}", "{"]),
        ("{Buyer}", ["{Buyer}"]),
    ],
)
def test_texts_that_are_not(text: str, found: list[str]) -> None:
    bad = bad_placeholders(text)
    assert [one.found for one in bad] == found
    assert all(max(one.zh) >= "\u4e00" and one.en.isascii() for one in bad)


@given(st.text(), st.sampled_from(sorted(PLACEHOLDERS)))
def test_escaping_gives_back_any_text(text: str, name: str) -> None:
    text = text.replace("｛", "")  # wide braces need no escape, and so have none
    escaped = text.replace("{", "{{").replace("}", "}}")
    assert bad_placeholders(escaped) == []
    assert fill(f"{escaped}{{{name}}}", VALUES) == (text + VALUES[name], ())
