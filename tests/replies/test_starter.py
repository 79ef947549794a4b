"""The starter set: large enough, in good manners, and nothing in it that the rules forbid."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from router.replies import CATEGORIES, PAYMENT_REMINDER, PLACEHOLDERS, Reply, check, fill, starter

OPENINGS = re.compile(r"您好|亲|欢迎|您|感谢|抱歉")
CLOSINGS = re.compile(r"感谢|谢谢|祝您|祝福|欢迎您?再来|晚安")
FORBIDDEN = re.compile(
    r"微信|QQ|vx|加我|扫码|二维码|支付宝|银行卡|转账|邮箱|@|https?:|\.com|\.cn|\d{5,}"
    r"|关闭订单|取消订单|税点|补税|不(?:能|可以|支持)开|开不了"
    r"|没有|无货|缺货|下架|停产|没货|不知道|不清楚|官方客服|平台客服|好评|返现|晒图"
)
VALUES = {"buyer": "小红", "order": "20261201-7", "agent": "小李", "shop": "旗舰店"}


def test_there_is_enough_of_every_category() -> None:
    counts = Counter(one.category for one in starter())
    assert sum(counts.values()) >= 66
    assert counts.keys() == CATEGORIES.keys() - {"other"}
    assert min(counts.values()) >= 6
    assert PAYMENT_REMINDER == "payment_reminder"


def test_ids_titles_and_shortcuts_are_unique() -> None:
    for part in ("id", "title", "text", "shortcut"):
        values = [getattr(one, part) for one in starter()]
        assert len(set(values)) == len(values), part
    assert all(one.scenario and one.shortcut for one in starter())


@pytest.mark.parametrize("one", starter(), ids=lambda one: one.id)
def test_each_is_fit_to_be_sent(one: Reply) -> None:
    assert check(one) == []
    assert not FORBIDDEN.search(one.text)
    filled = fill(one.text, VALUES)
    assert filled.missing == ()
    assert not re.search(r"[{}｛｝]", filled.text)
    assert len(re.findall(r"[\u4e00-\u9fffA-Za-z0-9]", one.text)) >= 5
    assert len(one.text) <= 200
    assert OPENINGS.search(filled.text[:12]), "an honorific at the beginning (RULES §1, row 1)"
    assert "您" in one.text or "亲" in one.text
    if one.category == "farewell":
        assert CLOSINGS.search(one.text), "an honorific at the end (RULES §1, row 1)"
    if one.category == "order_check":
        assert "{订单}" in one.text, "what is checked is shown (RULES §2, order_check)"


def test_names_are_the_chinese_ones() -> None:
    used = set(re.findall(r"\{(.*?)\}", "".join(one.text for one in starter())))
    assert used == set(PLACEHOLDERS.values())
