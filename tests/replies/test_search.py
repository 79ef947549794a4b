"""What is found as one types, and in which order."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.replies import Index, Reply, starter
from router.replies.pinyin import matches, units
from tests.replies.replies import replies, reply


def ids(index: Index, typed: str, **more: str) -> list[str]:
    return [found.id for found in index.search(typed, **{"agent": "li", **more})]  # type: ignore[arg-type]


DELIVERY = reply(id="d", title="发货时间", text="亲,付款后为您发出", scenario="问什么时候发")


@pytest.mark.parametrize(
    "typed",
    ["发货", "发货时", "fh", "fahuo", "fhsj", "fhuo", "fah", "fahu", "发h", "fa货", "FH", "ｆｈ"],
)
def test_ways_to_type_one_title(typed: str) -> None:
    assert ids(Index([DELIVERY]), typed) == ["d"]


@pytest.mark.parametrize("typed", ["hq", "fhx", "fuo", "发送", "huofa", "f-x"])
def test_what_is_no_way_to_type_it(typed: str) -> None:
    assert ids(Index([DELIVERY]), typed) == []


def test_readings_and_initials() -> None:
    assert matches(units("重拍"), 0, "chongpai")
    assert matches(units("重拍"), 0, "zp")
    assert matches(units("绿色"), 0, "lvse")
    assert matches(units("绿色"), 0, "luse")
    assert matches(units("中等"), 0, "zhd")
    assert matches(units("7天无理由"), 0, "7twly")
    assert not matches(units("绿色"), 0, "")


def test_the_order_of_what_fits() -> None:
    index = Index(
        [
            reply(id="text", title="其它", text="请看 fh 说明"),
            reply(id="scenario", title="其它", scenario="发货"),
            reply(id="inside", title="何时发货"),
            reply(id="initials", title="发货时间"),
            reply(id="shortcut-prefix", title="其它", shortcut="fh2"),
            reply(id="title-inside", title="按 FH 键"),
            reply(id="title", title="FH 流程"),
            reply(id="shortcut", title="其它", shortcut="FH"),
        ]
    )
    assert ids(index, "fh") == [
        *("shortcut", "title", "title-inside", "shortcut-prefix", "initials", "inside"),
        *("scenario", "text"),
    ]


def test_use_decides_between_equals() -> None:
    many = [reply(id=f"r{n}", title="发货", uses=n % 3) for n in range(9)]
    expected = [*("r2", "r5", "r8"), *("r1", "r4", "r7"), *("r0", "r3", "r6")]
    for seed in range(5):
        random.Random(seed).shuffle(many)
        assert ids(Index(many), "fh") == expected
        assert ids(Index(many), "") == expected
    assert len(Index(many).search("fh", agent="li", limit=2)) == 2


def test_own_shop_and_category() -> None:
    index = Index(
        [
            reply(id="team"),
            reply(id="mine", owner="li"),
            reply(id="hers", owner="wang"),
            reply(id="s1", shops=("s1", "s2")),
            reply(id="pay", category="payment_reminder", title="问候"),
        ]
    )
    assert ids(index, "wh") == ["mine", "pay", "s1", "team"]
    assert ids(index, "wh", shop="s1") == ["mine", "pay", "s1", "team"]
    assert ids(index, "wh", shop="s3") == ["mine", "pay", "team"]
    assert ids(index, "wh", category="payment_reminder") == ["pay"]
    assert ids(index, "cuifu") == ["pay"]  # a category's name


def test_all_words_must_fit() -> None:
    index = Index([DELIVERY, reply(id="x", title="发票")])
    assert ids(index, "fa 付款") == ["d"]
    assert ids(index, " 发 ") == ["x", "d"] or ids(index, " 发 ") == ["d", "x"]
    assert ids(index, "fa 退款") == []


def test_changes_show_at_once() -> None:
    index = Index()
    index.put(DELIVERY)
    index.put(reply(id="d", title="退款"))
    assert ids(index, "fh") == []
    assert ids(index, "tk") == ["d"]
    index.remove("d")
    index.remove("d")
    assert ids(index, "tk") == []


def test_every_starter_is_found_by_its_shortcut_first() -> None:
    index = Index(starter())
    for one in starter():
        assert index.search(one.shortcut, agent="")[0] == one
        assert one in index.search(one.title, agent="")


@given(st.lists(replies, max_size=4, unique_by=lambda one: one.id), st.text(max_size=12))
def test_anything_may_be_typed(found: list[Reply], typed: str) -> None:
    index = Index(found)
    once = index.search(typed, agent="li")
    assert once == Index(reversed(found)).search(typed, agent="li")
    assert len({one.id for one in once}) == len(once)
