"""Weighing a message by its fragments."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from router.conduct import Engine, Finding, LexiconError, check, load
from router.conduct.fold import BOUNDARY, dense
from router.conduct.grammar import HIT, Problem
from router.conduct.lexicon import Source, compile_lists
from router.conduct.phrases import Hit, Phrases
from router.conduct.scales import PIECE, WHOLE, Scales, fragments, pieces_of, worded
from router.conduct.weights import WIDEST, Weights, parse_weights
from tests.conduct.sessions import agent, buyer

WEIGHTS = """
# what a shop might write
base -100
listed 60
asked 30
[text]
90\t坏 很坏
20\t话
-70\t不坏 0
[asked]
50\t吗
-50\t好
"""
WORDS = (*"亲您傻吗不给", "没货", "加微信", "银行", "转账", "发票", "关闭", "订单", "平台")
LIST = "坏透\n[allow]\n坏小孩糖\n"


def lists(weights: str = WEIGHTS, own: str = "") -> Engine:
    layers = [[Source("abuse", "abuse.txt", LIST), Source("abuse", "abuse.weights", weights)]]
    if own:
        layers.append([Source("abuse", "shop/abuse.txt", own)])
    return Engine(compile_lists(layers))


def found(text: str, asked: str = "", engine: Engine | None = None) -> Finding | None:
    before = [buyer(asked)] if asked else []
    findings = (engine or lists()).message(agent(text), before, opens=False)
    return next((finding for finding in findings if finding.rule == "abuse"), None)


@pytest.mark.parametrize(
    ("text", "asked", "broken"),
    [
        ("坏的", "", False),  # 90 of 100
        ("坏话呢", "", True),  # 110
        ("坏坏坏坏", "", False),  # a fragment counts once
        ("很坏哦", "", True),  # 180
        ("不坏的话", "", False),  # 90 - 70 + 20
        ("坏的", "好吗", False),  # for and against it: nothing
        ("坏的", "是吗", True),  # 90 + 30, the most that counts
        ("呃呃呃", "吗", False),  # what is asked convicts nobody
        ("坏话呢", "好", False),  # 110 - 30
        ("坏透了", "", True),  # 90 and 60 of the list
        ("坏透0不坏", "", False),  # 90 + 60 - 140
        ("坏小孩糖话", "", False),  # what is allowed counts nothing
        ("坏小孩糖坏话", "", True),
    ],
)
def test_points_are_added_up(text: str, asked: str, broken: bool) -> None:
    assert (found(text, asked) is not None) is broken


def test_a_finding_says_what_told() -> None:
    finding = found("亲，这个很坏的话，谢谢")
    assert finding is not None
    assert finding.source == "abuse.weights"
    assert finding.matched == "很坏的话"
    assert finding.detail.endswith("(按用词:坏 +90、很坏 +90、话 +20;合计 +100)")


def test_a_list_names_its_line() -> None:
    finding = found("坏透了")
    assert finding is not None
    assert (finding.source, finding.matched) == ("abuse.txt:1", "坏透")


def test_what_a_shops_own_list_says_stands() -> None:
    engine = lists(own="不坏0\n-坏透\n")
    hit = found("不坏0", engine=engine)
    assert hit is not None
    assert hit.source == "shop/abuse.txt:1"
    assert found("坏透话", engine=engine) is None  # taken away: it counts nothing


def test_a_file_without_a_base_turns_weighing_off() -> None:
    engine = lists("# the lists alone\n")
    assert found("很坏的话", engine=engine) is None
    assert found("坏透0不坏", engine=engine) is not None


def test_a_long_message_is_weighed_piece_by_piece() -> None:
    far = "哦" * WHOLE
    assert found("不坏0，你很坏") is None
    assert found(f"不坏0，{far}，你很坏") is not None  # what is said far from it excuses nothing
    assert found("坏话") is not None
    assert found(f"坏{far}话") is None  # nor does it add up


@given(st.text(alphabet="坏好，话0a", max_size=5 * PIECE))
def test_pieces_are_all_of_a_text(text: str) -> None:
    pieces = list(pieces_of(text))
    reached = 0
    for start, piece in pieces:
        assert text[start : start + len(piece)] == piece
        assert len(piece) <= (PIECE if len(text) > WHOLE else WHOLE)
        assert set(text[reached:start]) <= {BOUNDARY}
        reached = start + len(piece)
    assert reached == len(text)


@pytest.mark.parametrize(
    ("text", "view"),
    [
        ("加vx lily88", "加vx····00"),
        ("v88", "v00"),
        ("看 www.example.com/a1 吧", "看···············吧"),
        ("用samsung的", "用·······的"),
        ("3.5元，第2天", "00元，第0天"),
    ],
)
def test_numbers_and_names_are_not_weighed_by_their_letters(text: str, view: str) -> None:
    assert worded(text, dense(text)) == view


@given(
    st.text(alphabet="坏好话很不亲", max_size=PIECE),
    st.dictionaries(
        st.text(alphabet="坏好话很不亲，", min_size=1, max_size=3), st.integers(-900, 900)
    ),
    st.integers(-900, 900),
)
@example("", {}, 0)
def test_all_rules_at_once_are_as_each_by_itself(
    text: str, worth: dict[str, int], base: int
) -> None:
    one = Weights("abuse.weights", base, 100, 0, worth, {})
    other = Weights("prohibited.weights", -base, 0, 0, {w: -p for w, p in worth.items()}, {})
    broken: dict[tuple[str, str], list[Hit]] = {}
    scales = Scales({"abuse": one, "prohibited": other})
    scales.settle(scales.weigh(text, text), broken, str)
    total = base + sum(
        worth.get(words, 0) for words in fragments(BOUNDARY + text + BOUNDARY, WIDEST)
    )
    assert (("abuse", HIT) in broken) is (total >= 0)
    assert (("prohibited", HIT) in broken) is (total <= 0)
    weighed = scales.weigh(text, text)
    assert ("abuse" in weighed.idle) is (total + 100 < 0)


@given(st.lists(st.sampled_from(WORDS)), st.lists(st.sampled_from(WORDS)))
def test_an_idle_list_would_have_changed_nothing(words: list[str], asked: list[str]) -> None:
    text, question = "".join(words), "".join(asked)
    view = dense(text)
    lexicons = load()
    scales, phrases = Scales(lexicons.weights), Phrases(lexicons)
    weighed = scales.weigh(text, view)

    def buyer() -> str:
        return question

    spared, whole = phrases.find(view, buyer, idle=weighed.idle), phrases.find(view, buyer)
    scales.settle(weighed, spared, buyer)
    scales.settle(weighed, whole, buyer)
    assert {key for key in spared if key[1] == HIT} == {key for key in whole if key[1] == HIT}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("base\n", 1, "base, listed or asked, and points"),
        ("base -1\n[txt]\n", 2, "base, listed or asked, and points"),
        ("base -1\n[text]\n滚 5\n", 3, "points, a tab and fragments"),
        ("base -1\n[text]\n5\t四个字了\n", 3, "points, a tab and fragments"),
        ("base -1\n[text]\n55555\t滚\n", 3, "points, a tab and fragments"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, line: int, said: str) -> None:
    problems: list[Problem] = []
    parse_weights("abuse.weights", text, problems)
    assert [problem.line for problem in problems] == [line]
    assert said in problems[0].en


def test_a_file_of_something_else_is_not_told_line_by_line() -> None:
    problems: list[Problem] = []
    parse_weights("abuse.weights", "傻瓜\n" * 5_000, problems)
    assert len(problems) == 10


def test_a_shop_has_weights_of_its_own(tmp_path: Path) -> None:
    text = "你眼睛是瞎了吗"
    assert found(text, engine=Engine(load())) is not None
    (tmp_path / "abuse.weights").write_text("base -5000\n", encoding="utf-8")
    mine = load(overlays=[tmp_path])
    assert found(text, engine=Engine(mine)) is None
    assert mine.version != load().version
    (tmp_path / "abuze.weights").write_text("base -5000\n", encoding="utf-8")
    assert "did you mean abuse.weights?" in check(tmp_path)[0].en
    with pytest.raises(LexiconError):
        load(overlays=[tmp_path])
