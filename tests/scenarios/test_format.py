"""The format itself: what is wrong is told with file and line, and nothing slips through."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.acts import ACTS
from tests.scenarios.desks import HEADER, desk_of
from tests.scenarios.expectations import EXPECTATIONS
from tests.scenarios.reading import BadScenario, Unmet, clock, moment_ms
from tests.scenarios.reading import Place as At
from tests.scenarios.running import run, scenario_of_text

HEAD = "规则: §2 reply\n说明: 试\n客服: 小美\n"
README = (Path(__file__).parent / "README.md").read_text(encoding="utf-8")


def play(body: str, head: str = HEAD) -> None:
    run(scenario_of_text(head + body, "试.txt"))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            "09:00 买家 b1 说 你好\n",
            "试.txt:4: 看不懂 '买家 b1 说 你好';是否想写:买家 {buyer} 问 {text}",
        ),
        ("09:61 买家 b1 问 你好\n", "试.txt:4: '09:61' 不是时间"),
        ("09:01 买家 b1 问 你好\n09:00 买家 b1 问 你好\n", "试.txt:5: 时间不能倒退"),
        ("09:00 买家 b1 问 你好\n客服: 小丽\n", "试.txt:5: 这一行没有时间"),
        ("客人: 小丽\n", "试.txt:4: 看不懂 '客人: 小丽';表头可用:规则"),
        ("09:00 买家 b1 问 你好 颜色=红\n", "没有选项 颜色;可用:店铺"),
        ('09:00 买家 b1 问 "你好\n', "试.txt:4: 引号不成对"),
        ("09:00 客服 小美 关闭会话 b1 => 拒绝\n", "试.txt:4: => 之后应为:拒绝 原因编号"),
        ("政策: reply_ms=五分钟\n09:00 期待 没有违规\n", "试.txt:4: '五分钟' 不是时长"),
        ("政策: replyms=5m\n09:00 期待 没有违规\n", "试.txt:4: 没有 replyms;可用:reply_ms"),
        ("项目: 催付\n09:00 期待 没有违规\n", "试.txt:4: 没有项目 催付;可用:order_check"),
        ("09:00 客服 小丽 答 b1 你好\n09:01 期待 没有违规\n", "试.txt:4: 没有客服 小丽"),
        ("09:00 平台 退款 R1 同意\n09:01 期待 没有违规\n", "试.txt:4: 前面没有出现过 R1"),
        ("09:00 买家 b1 订单 A1 退货\n09:01 期待 没有违规\n", "'退货' 应为其一:下单、付款、发货"),
        ("09:00 买家 b1 问 你好\n", "试.txt:1: 没有任何期待"),
        ("打乱: 可以\n09:00 客服 小美 下线\n09:01 期待 没有违规\n", "试.txt:5: 这样的动作不会迟到"),
    ],
)
def test_what_cannot_be_read_is_told_with_file_and_line(body: str, told: str) -> None:
    with pytest.raises(BadScenario) as error:
        play(body)
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("09:00 买家 b1 问 你好\n12:00 期待 会话 b1 已关闭\n", "还有没写明的违规:reply 小美 20.00"),
        ("09:00 买家 b1 问 你好\n09:01 期待 会话 b1 在 小丽\n", "试.txt:5: 会话在 小美,应在 小丽"),
        ("09:00 买家 b1 问 你好\n09:01 期待 罚款 小美 reply 20.00\n", "试.txt:5: 没有这样的违规"),
        ("09:00 客服 小美 关闭会话 b1\n09:00 期待 没有违规\n", "试.txt:4: 被拒绝:no_open_session"),
        (
            "09:00 客服 小美 上线 => 拒绝 here_already\n09:00 期待 没有违规\n",
            "试.txt:4: 被接受了,应拒绝:here_already",
        ),
        ("09:00 买家 b1 问 你好\n09:01 期待 排队 b1\n", "试.txt:5: 排队的是:空"),
        ("09:00 买家 b1 问 你好\n09:04 期待 预警 小美 reply 于=09:02\n", "有过的时刻:09:03:00.000"),
    ],
)
def test_what_comes_otherwise_is_told_with_file_and_line(body: str, told: str) -> None:
    with pytest.raises(Unmet) as error:
        play(body)
    assert told in str(error.value)


def test_one_breach_does_not_serve_two_lines() -> None:
    twice = "10:00 期待 罚款 小美 reply 20.00\n" * 2
    with pytest.raises(Unmet, match=r"试\.txt:6: 没有这样的违规"):
        play(f"09:00 买家 b1 问 你好\n{twice}")


def test_what_is_due_at_a_ms_comes_after_the_commands_of_that_ms() -> None:
    play(
        "09:00:00.000 买家 b1 问 谢谢\n"
        "09:05:00.000 期待 没有事实 deadline_missed\n"
        "09:05:00.000 客服 小美 答 b1 不客气\n"
        "09:05:00.001 期待 没有事实 deadline_missed\n"
    )


def test_times_are_read_as_they_are_written() -> None:
    here = At("试.txt", 1)
    assert clock(moment_ms("9:05", here)) == "09:05:00.000"
    assert clock(moment_ms("25:30:01.5", here)) == "25:30:01.500"


def test_a_desk_is_made_of_the_header_alone() -> None:
    head = (
        "规则: 试\n说明: 试\n店铺: 淘宝店 lateness_ms=10m groups=pre_sale,after_sale\n"
        "店铺: 自营 console_only=是\n客服: 甲 乙 capacity=3\n策略: weighted\n"
        "政策: reply_ms=3m reply_fine_fen=12.50 away_messages=keep\n"
        "店铺政策: 自营 reply_ms=1m\n项目: cod_confirm fine_fen=5.00\n行为: abuse charge=at_once\n"
    )
    desk = desk_of(scenario_of_text(f"{head}09:00 期待 没有违规\n", "试.txt"))
    assert [s.id for s in desk.sub_accounts] == ["淘宝店:甲", "淘宝店:乙", "自营:甲", "自营:乙"]
    assert [agent.capacity for agent in desk.agents] == [3, 3]
    assert (desk.policy.reply_ms, desk.policy.reply_fine_fen) == (180_000, 1250)
    assert desk.policy.items[-1].fine_fen == 500
    assert desk.policy.conduct_rule("abuse").charge == "at_once"
    taobao, own = desk.shops
    assert (taobao.lateness_ms, taobao.groups) == (600_000, ("pre_sale", "after_sale"))
    assert own.policy is not None
    assert (own.lateness_ms, own.policy.reply_ms, own.policy.reply_fine_fen) == (0, 60_000, 1250)


def test_the_readme_names_every_sentence_and_header() -> None:
    for text in (*ACTS, *EXPECTATIONS, *HEADER):
        assert f"`{text}`" in README, f"README.md 里没有 {text}"
