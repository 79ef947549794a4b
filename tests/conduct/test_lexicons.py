"""A shop's own lists: what they add and take away, and what is said of mistakes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from router.conduct import Engine, LexiconError, check, load
from router.conduct.pattern import compile_pattern
from tests.conduct.sessions import agent, buyer

HAN = re.compile(r"[\u4e00-\u9fff]")


def rules(overlay: Path, text: str) -> set[str]:
    engine = Engine(load(overlays=[overlay]))
    return {found.rule for found in engine.message(agent(text), [], opens=False)}


def test_a_shop_adds_terms(tmp_path: Path) -> None:
    (tmp_path / "abuse.txt").write_text("大冬瓜  !after: ^桶  # 自己加的\n土(鳖|狗)…4买家\n")
    assert rules(tmp_path, "你这大 冬瓜") == {"abuse"}
    assert rules(tmp_path, "这款大冬瓜桶卖得好") == set()
    assert rules(tmp_path, "土狗一样的买家") == {"abuse"}
    found = Engine(load(overlays=[tmp_path])).message(agent("大冬瓜"), [], opens=False)
    assert found[0].source == f"{tmp_path.name}/abuse.txt:1"


def test_a_shop_takes_terms_away(tmp_path: Path) -> None:
    text = "傻蛋，傻蛋"
    assert rules(tmp_path, text) == {"abuse"}
    (tmp_path / "abuse.txt").write_text("-傻蛋\n")
    assert rules(tmp_path, text) == set()
    assert rules(tmp_path, "你个傻逼") == {"abuse"}


def test_a_shop_allows_phrases_and_domains(tmp_path: Path) -> None:
    (tmp_path / "off_platform.txt").write_text(
        "[allow]\n加我们微信公众平台\n[domain]\nsf-express.com\n"
    )
    assert rules(tmp_path, "查件 www.sf-express.com 亲") == set()
    assert rules(tmp_path, "查件 www.example.com 亲") == {"off_platform"}


def test_conditions(tmp_path: Path) -> None:
    (tmp_path / "abuse.weights").write_text("# the lists alone\n", encoding="utf-8")
    (tmp_path / "abuse.txt").write_text(
        "@let 谁: 张三|李四\n@all !neg !clause: 书\n{谁}坏话  =text: 说\n王五坏话  !before: 听\n"
    )
    assert rules(tmp_path, "说张三坏话的人") == {"abuse"}
    assert rules(tmp_path, "张三坏话的人啊") == set()
    assert rules(tmp_path, "不要说张三坏话") == set()
    assert rules(tmp_path, "要不要说张三坏话") == {"abuse"}
    assert rules(tmp_path, "说张三坏话的书") == set()
    assert rules(tmp_path, "说张三坏话，有书") == {"abuse"}
    assert rules(tmp_path, "听王五坏话的人") == set()


def test_conditions_on_what_the_buyer_said(tmp_path: Path) -> None:
    (tmp_path / "abuse.txt").write_text("弄不成  =talk: 花篮\n也没了  =echo\n")
    engine = Engine(load(overlays=[tmp_path]))

    def found(asked: str, answer: str) -> bool:
        findings = engine.message(agent(answer), [buyer(asked)] if asked else [], opens=False)
        return any(finding.source.startswith(tmp_path.name) for finding in findings)

    assert found("花篮可以弄吗", "这个弄不成的呀")
    assert found("", "花篮真的弄不成呀")
    assert not found("鱼缸可以弄吗", "这个弄不成的呀")
    assert not found("", "这个弄不成的呀")
    assert found("蓝花篮呢", "那个蓝花篮也没了")
    assert not found("红鱼缸呢", "那个蓝花篮也没了")
    assert not found("也没了吗", "那个蓝花篮也没了")


def test_a_bank_card_by_its_digits(tmp_path: Path) -> None:
    (tmp_path / "abuse.txt").write_text("小金库…4<card>\n")
    assert rules(tmp_path, "小金库是6222 0210 0011 2347 890") >= {"abuse"}
    assert "abuse" not in rules(tmp_path, "小金库是12345678")


def test_the_version_follows_the_contents(tmp_path: Path) -> None:
    built_in = load().version
    assert load().version == built_in
    (tmp_path / "abuse.txt").write_text("小垃圾\n")
    assert load(overlays=[tmp_path]).version != built_in


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("帮(您|你取消", "a closing bracket is missing"),
        ("帮您)取消", "brackets come in pairs"),
        ("帮(您||你)取消", "one of the alternatives is empty"),
        ("帮您…99取消", "a gap is 1 to 20 wide"),
        ("微信<nmae>", "<nmae> is unknown"),
        ("…4", "some word with a letter"),
        ("傻", "one character alone"),
        ("傻瓜  !befor: 不", "no condition 'befor'"),
        ("傻瓜  !before", "takes some words"),
        ("傻瓜  !neg: 不", "takes no words"),
        ("傻瓜  !before: (不", "a closing bracket is missing"),
        ("[alow]", "did you mean [allow]?"),
        ("@every !neg", "@all is meant"),
        ("@let 我", "@let NAME: WORD|WORD is meant"),
        ("{我}取消", "was not defined by @let"),
        ("-没有这一条", "cannot be taken out"),
        ("!!", "some word with a letter"),
    ],
)
def test_mistakes_are_said_with_file_and_line(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "abuse.txt"
    file.write_text(f"# 说明\n\n{line}\n")
    for path in (tmp_path, file):
        (problem,) = check(path)
        assert problem.line == 3
        assert problem.file.endswith("abuse.txt")
        assert said in problem.en
        assert HAN.search(problem.zh)
    with pytest.raises(LexiconError, match=r"abuse\.txt:3: "):
        load(overlays=[tmp_path])


def test_wrong_files(tmp_path: Path) -> None:
    (tmp_path / "abus.txt").write_text("x")
    (tmp_path / "prohibited.txt").write_bytes("# 好\n傻瓜".encode("gb18030"))
    unknown, encoded = check(tmp_path)
    assert "did you mean abuse.txt?" in unknown.en
    assert encoded.line == 1
    assert "UTF-8" in encoded.zh
    (missing,) = check(tmp_path / "nothing.txt")
    assert "no such list" in missing.en
    with pytest.raises(LexiconError, match="没有这个文件夹"):
        load(tmp_path / "nothing")


def test_the_built_in_lists_are_right() -> None:
    assert re.fullmatch("[0-9a-f]{16}", load().version)


@pytest.mark.parametrize(
    ("pattern", "within"),
    [
        ("订单…取消", True),
        ("订单…取消(，|$)", True),
        ("(亲)?订单…取消(，)?", True),
        ("订单(，)?…取消", False),
        ("(，|^)订单…取消", False),
        ("订单…取消，$", False),
        ("v信，号", False),
    ],
)
def test_a_pattern_knows_whether_its_matches_stay_within_a_clause(
    pattern: str, within: bool
) -> None:
    assert compile_pattern(pattern).within is within


def test_every_expression_can_be_compiled() -> None:
    """They are compiled when they are first asked: here all of the built-in ones at once."""
    lists = load()
    expressions = [one.expression for one in lists.sieve.terms]
    checks = [one.term.checks for one in lists.sieve.terms]
    expressions += [found for own in checks for _, _, found in own if found is not None]
    assert len(expressions) > 1_000
    for expression in expressions:
        expression.search("亲，您好")
