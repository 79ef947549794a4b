"""The rules that look at the session: honorifics, answers, recommendations, pace."""

from __future__ import annotations

import pytest

from router.conduct import Line
from tests.conduct.sessions import agent, buyer, engine, said, strict_engine


@pytest.mark.parametrize(
    "text",
    ["您好，在的", "亲在的哦", "在的亲", "欢迎光临", "😊亲，有的", "抱歉让您久等了", "请问要哪款"],
)
def test_an_opening_honorific(text: str) -> None:
    assert "honorific" not in said(text, opens=True)


@pytest.mark.parametrize(
    "text",
    ["在的有什么事", "有货可以拍", "亲肤面料穿着舒服", "父亲节礼盒有货", "这款衣服是纯棉的您放心"],
)
def test_no_opening_honorific(text: str) -> None:
    found = said(text, opens=True)["honorific"]
    assert (found.start, found.end, found.matched) == (0, 0, "")
    assert "honorific" not in said(text, opens=False)


def test_an_honorific_in_every_message_if_the_shop_asks() -> None:
    line = agent("今天下午发货哦")
    asked = strict_engine(honorific_every_message=True)
    assert [f.source for f in asked.message(line, [], opens=False)] == ["honorific.txt:every"]
    assert not asked.message(agent("今天给您发货哦"), [], opens=False)


def closings(*lines: Line, by_agent: bool) -> list[str]:
    found = engine().session(lines, closed_by_agent=by_agent)
    return [f.message for f in found if f.source == "honorific.txt:closing"]


def test_the_last_message_before_a_close_carries_an_honorific() -> None:
    hello, last = agent("您好，有货的哦", 10), agent("今天发货，放心吧", 20)
    assert closings(buyer(), hello, last, by_agent=True) == [last.message]
    assert closings(buyer(), hello, last, by_agent=False) == []
    polite = agent("感谢您的光临", 30)
    assert closings(buyer(), hello, last, polite, by_agent=True) == []
    card = agent("", 40, kind="product_card", product="p")
    assert closings(buyer(), hello, polite, card, by_agent=True) == []


def test_the_last_message_after_a_farewell_carries_one() -> None:
    hello, bye = agent("您好，有货的哦", 10), buyer("谢谢!", 20)
    plain, polite = agent("嗯嗯好的呢没事", 30), agent("祝您生活愉快", 30)
    assert closings(buyer(), hello, bye, plain, by_agent=False) == [plain.message]
    assert closings(buyer(), hello, bye, polite, by_agent=False) == []
    assert closings(buyer(), hello, bye, by_agent=False) == []
    again = buyer("那什么时候发货", 40)
    assert closings(buyer(), hello, bye, plain, again, by_agent=False) == []


def test_only_the_first_words_of_an_agent_open_a_session() -> None:
    greeting = agent("您好，欢迎光临", 1, by="auto")
    picture = agent("", 2, kind="image")
    first, second = agent("这款有货可以拍", 3), agent("今天下午就发货", 4)
    lines = (buyer(), greeting, picture, first, second)
    found = engine().session(lines, closed_by_agent=False)
    assert [(f.rule, f.message) for f in found] == [("honorific", first.message)]
    assert engine().session(lines, closed_by_agent=False, opened_here=False) == []


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("有货的哦", True),
        ("有货的哦亲", False),
        ("有 货,的!哦😊😊", True),
        ("[微笑][微笑]有货", True),
        ("189元", True),
        ("嗯嗯嗯嗯嗯嗯", True),
        ("不知道呢亲亲", True),
        ("我也不太清楚哦亲", True),
        ("不知道您要哪一款", False),
        ("😊😊", True),
    ],
)
def test_short_replies(text: str, short: bool) -> None:
    assert ("short_reply" in said(text)) is short


def test_a_short_reply_answers_a_buyer() -> None:
    assert "short_reply" not in said("好的", buyer(), agent("您好，有货的哦", 1))
    assert "short_reply" in said("好的", buyer(), agent("您好，有货的哦", 1, by="bot"))
    assert "short_reply" not in said("好的", buyer(recalled=True))
    assert "short_reply" not in said("1.jpg", kind="image")
    assert said("好的", by="bot") == {}
    assert engine().message(buyer("傻逼"), [], opens=False) == []


def card(product: str, at_s: float = 1) -> Line:
    return agent("", at_s, kind="product_card", product=product)


def test_two_products_come_before_no() -> None:
    ask = buyer("有红色吗")
    link = "https://item.taobao.com/item.htm?id=1234567"
    assert "alternatives" in said("没有哦亲亲", ask)
    assert "alternatives" in said("没有哦亲亲", ask, card("1"))
    assert "alternatives" in said("没有哦亲亲", ask, card("1"), card("1"))
    assert "alternatives" not in said("没有哦亲亲", ask, card("1"), card("2"))
    assert "alternatives" not in said("没有哦亲亲", ask, card("1"), agent(f"看看 {link}", 2))
    assert "alternatives" in said(f"这款没货了，看看 {link}", ask, card("1"))
    assert "alternatives" not in said(f"看看 {link} ，这款没货了", ask, card("1"))
    mine = buyer("", 1, kind="product_card", product="3")
    assert "alternatives" in said("没有哦亲亲", mine, ask, card("1"))


@pytest.mark.parametrize("question", ["有运费险吗", "有色差吗", "会起球吗", "有赠品吗"])
def test_no_to_another_question_is_no_matter(question: str) -> None:
    assert "alternatives" not in said("没有的亲亲", buyer(question))


def test_a_number_over_three_messages() -> None:
    parts = [buyer(), agent("138", 1), agent("1234", 2)]
    found = said("5678", *parts)["off_platform"]
    assert found.evidence == (parts[1].message, parts[2].message)
    assert found.matched == "5678"
    assert "off_platform" not in said("5678", buyer(), agent("订单号138", 1), agent("1234", 2))
    far = [buyer(), agent("138", 1), agent("1234", 400)]
    assert "off_platform" not in said("5678", *far)


def test_a_phrase_over_two_messages() -> None:
    first = agent("加我微", 1)
    found = said("信abc12345", buyer(), first)["off_platform"]
    assert found.evidence == (first.message,)
    assert "off_platform" not in said("信封有货", buyer(), agent("这款是微喇的", 1))


def test_the_buyers_own_number_is_no_contact() -> None:
    assert "off_platform" not in said("13800138000是吗亲", buyer("我电话138 0013 8000"))


def test_a_slow_stall() -> None:
    stall = agent("亲，稍等一下", 10)
    late = agent("您好，查到了", 130.001)
    found = engine().message(late, [buyer(), stall], opens=False)
    assert [(f.rule, f.evidence) for f in found] == [("slow_stall", (stall.message,))]
    assert "2:00" in found[0].detail
    in_time = agent("您好，查到了", 130)
    assert not engine().message(in_time, [buyer(), stall], opens=False)
    bot = agent("稍等", 20, by="bot")
    assert engine().message(late, [buyer(), stall, bot], opens=False)
    for text in ("让您久等了亲", "请耐心等待快递", "稍等几天就到"):
        assert not engine().message(agent("您好，查到了", 500), [agent(text, 0)], opens=False)


def test_harassment_is_found_once() -> None:
    row = [agent(f"亲，还在考虑吗{n}", 60 * n) for n in range(1, 8)]
    found = engine().session([buyer(), *row], closed_by_agent=False)
    assert [(f.rule, f.message) for f in found] == [("harassment", row[5].message)]
    assert found[0].evidence == tuple(line.message for line in row[:5])
    answered = [buyer(), *row[:3], buyer("还有别的吗", 200), *row[3:]]
    assert not engine().session(answered, closed_by_agent=False)


def test_the_harassment_window_includes_its_ends() -> None:
    row = [agent("亲，还在考虑吗", 120 * n) for n in range(6)]
    assert engine().message(row[-1], row[:-1], opens=False)
    row[0] = agent("亲，还在考虑吗", -0.001)
    assert not engine().message(row[-1], row[:-1], opens=False)


def test_own_domains_can_be_given() -> None:
    line = agent("看 https://shop.example.com/1")
    assert engine().message(line, [], opens=False)
    assert not strict_engine(platform_domains=["example.com"]).message(line, [], opens=False)
