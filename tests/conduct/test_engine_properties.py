"""What holds for every text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from router.conduct import Finding
from router.conduct.fold import DENSE, NUMBER, WIRE, dense, span_of
from router.conduct.numbers import luhn
from tests.conduct.sessions import agent, buyer, engine

BROKEN = (
    *("你是不是有病啊", "加我微信聊", "电话13812345678", "我帮您取消订单吧", "没有发票的亲"),
    *("您可以银行转账给我们", "我是淘宝客服", "五星好评返现5元", "www.baidu.com", "这款没货了"),
    *("一三八一二三四五六七八", "abc123@163.com", "6222021234567890123 银行"),
)
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
PIECES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(BROKEN),
    st.sampled_from(
        ("微信", "1", "138", "没有", "亲", "，", "...", " ", "ﷺ", "①", "İ", "½", "➕v")
    ),
)
TEXTS = st.lists(PIECES, max_size=6).map("".join)
engine()  # loads the lists, before anything is timed


def findings(text: str) -> list[Finding]:
    return engine().message(agent(text), [buyer("有货吗"), agent("加我微", 30)], opens=True)


@given(TEXTS)
def test_spans_lie_in_the_text(text: str) -> None:
    for found in findings(text):
        assert 0 <= found.start <= found.end <= len(text)
        assert text[found.start : found.end] == found.matched
        assert found.source
        assert found.detail


@given(TEXTS)
def test_rules_are_found_once_and_the_same_each_time(text: str) -> None:
    found = findings(text)
    assert len({finding.rule for finding in found}) == len(found)
    again = engine().message(agent(text), [buyer("有货吗"), agent("加我微", 30)], opens=True)
    assert [(f.rule, f.start, f.end) for f in again] == [(f.rule, f.start, f.end) for f in found]


@given(st.sampled_from(BROKEN), st.lists(st.tuples(st.integers(0, 30), st.sampled_from(INVISIBLE))))
def test_what_has_no_width_hides_nothing(text: str, marks: list[tuple[int, str]]) -> None:
    hidden = text
    for place, mark in marks:
        hidden = hidden[: place % (len(hidden) + 1)] + mark + hidden[place % (len(hidden) + 1) :]
    assert {f.rule for f in findings(text)} <= {f.rule for f in findings(hidden)}


@given(st.sampled_from(BROKEN))
def test_full_width_hides_nothing(text: str) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    assert {f.rule for f in findings(text)} <= {f.rule for f in findings(wide)}


@given(TEXTS)
def test_every_part_of_a_view_leads_back(text: str) -> None:
    views = ((DENSE, dense(text)), (WIRE, text.translate(WIRE)), (NUMBER, text.translate(NUMBER)))
    for table, view in views:
        for at in range(len(view)):
            start, end = span_of(text, table, at, at + 1)
            assert end == start + 1
            if table is not DENSE:
                assert view[at] in text[start].translate(table)


@given(st.lists(TEXTS, max_size=8), st.booleans())
def test_no_session_raises(texts: list[str], closed: bool) -> None:
    lines = [(agent if n % 3 else buyer)(text, n) for n, text in enumerate(texts)]
    engine().session(lines, closed_by_agent=closed)
    engine().closing(lines)


@given(st.text("0123456789", min_size=15, max_size=18))
def test_luhn_knows_exactly_one_check_digit(digits: str) -> None:
    assert sum(luhn(f"{digits}{last}") for last in range(10)) == 1
