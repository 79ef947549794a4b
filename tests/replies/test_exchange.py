"""Quick replies as files: what is written is read, and what is wrong is said."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.replies import BadReplies, Reply, read_replies, starter, to_csv, to_json, to_xlsx
from router.tables import Sheet, write_csv, write_xlsx
from tests.replies.replies import replies, reply

HEAD = ["编号", "分类", "场景", "标题", "内容", "图片", "店铺", "快捷短语"]
WRITERS: dict[str, Callable[[list[Reply]], bytes]] = {
    "话术.csv": to_csv,
    "话术.xlsx": to_xlsx,
    "话术.json": to_json,
}


def numbered() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"new-{next(numbers)}"


def read(data: bytes, name: str = "话术.csv", owner: str = "", at_ms: int = 0) -> list[Reply]:
    placed = read_replies(data, name, owner=owner, at_ms=at_ms, new_id=numbered())
    return [reply for reply, _ in placed]


def said(data: bytes, name: str = "话术.csv") -> list[tuple[str, str, str]]:
    with pytest.raises(BadReplies) as caught:
        read(data, name)
    for problem in caught.value.problems:
        assert any("\u4e00" <= char <= "\u9fff" for char in problem.zh), problem
    return [(problem.place, problem.found, problem.en) for problem in caught.value.problems]


@pytest.mark.parametrize("name", WRITERS)
def test_the_starter_set_goes_out_and_in(name: str) -> None:
    assert read(WRITERS[name](starter()), name) == starter()


@given(st.lists(replies, min_size=1, max_size=4, unique_by=lambda one: one.id))
def test_what_is_written_is_read(written: list[Reply]) -> None:
    for name, write in WRITERS.items():
        assert read(write(written), name) == written


def test_whose_it_becomes_and_when() -> None:
    data = to_csv([reply(owner="wang", uses=7, updated_ms=1)])
    assert read(data, owner="li", at_ms=5) == [reply(owner="li", updated_ms=5)]
    assert read(to_json([reply(owner="wang", uses=7)]), "x.JSON", owner="li") == [reply(owner="li")]


def test_a_table_as_people_write_it() -> None:
    rows = [
        ["我们店的话术"],
        ["标题", "分类", "话术内容", "店铺", "图片"],
        [" 问候  语 ", "greeting", "亲,您好~\n欢迎", "s1,s2、s3", "https://a.cn/1 https://a.cn/2"],
        [],
        ["催付", "催付", "亲,订单{订单}还没付款呢"],
    ]
    for data, name in (
        (write_csv(Sheet.of("x", rows)), "x.csv"),
        (write_xlsx([Sheet.of("x", rows), Sheet.of("空", [])]), "x.xlsx"),
    ):
        first, second = read(data, name)
        assert first == reply(
            id="new-1",
            title="问候 语",
            text="亲,您好~\n欢迎",
            shops=("s1", "s2", "s3"),
            pictures=("https://a.cn/1", "https://a.cn/2"),
        )
        assert (second.id, second.category) == ("new-2", "payment_reminder")


def test_all_that_is_wrong_with_a_table_is_said() -> None:
    rows = [
        [*HEAD, "标题", "心情"],
        ["a", "聊天", "", "", "{name}", "x", "a b!", "s c"],
        ["b", "问候", "", "好", "亲,您好~"],
        ["b", "问候", "", "好", "亲,您好~", *[""] * 4, "好"],
    ]
    known = "greeting, stock, care, delivery, ordering, payment_reminder, order_check, farewell"
    assert said(write_csv(Sheet.of("x", rows))) == [
        (
            "话术!I1",
            '"标题"',
            "a column that is unknown or there twice; expected id, category, scenario, title, text,"
            " pictures, shops, shortcut",
        ),
        (
            "话术!J1",
            '"心情"',
            "a column that is unknown or there twice; expected id, category, scenario, title, text,"
            " pictures, shops, shortcut",
        ),
        ("话术!B2", '"聊天"', f"expected a category: {known}, refunds, invoices, other"),
        (
            "话术!D2",
            "空 (empty)",
            "expected 1 to 60 characters on one line, no space around",
        ),
        (
            "话术!E2",
            '"{name}"',
            "there is no placeholder {name}; known: {buyer}, {order}, {agent}, {shop};"
            " for braces write two",
        ),
        ("话术!F2", '"x"', "expected at most 9 addresses of pictures (http:// or https://)"),
        ("话术!G2", '"a b!"', "expected at most 100 ids of shops"),
        ("话术!H2", '"s c"', "expected a shortcut without spaces"),
        ("话术!A4", '"b"', "the same id as in 话术!3"),
    ]


def test_tables_without_replies() -> None:
    assert said(write_csv(Sheet.of("x", [["标题", "内容"], ["a", "b"]]))) == [
        ("话术!1", "", "found no header; expected at least category, title, text")
    ]
    assert said(write_csv(Sheet.of("x", [HEAD]))) == [
        ("话术.csv", "", "there are no quick replies")
    ]
    assert said(b"PK\x03\x04") == [("话术.csv", "", "the file is damaged; save it again")]


def test_all_that_is_wrong_with_a_json_file_is_said() -> None:
    data = b"""{"version": 2, "replies": [
        {"category": "greeting", "title": "t"},
        {"id": "a", "category": "greeting", "title": "t", "text": "{x}"},
        {"id": "a", "category": "greeting", "title": "t", "text": "x", "mood": 1},
        {"id": "a", "category": "greeting", "title": "t", "text": "x"}
    ]}"""
    assert said(data, "x.json") == [
        ("x.json: version", "2", "expected 1"),
        ("x.json: replies[0]", "", "not a reply: Object missing required field `text`"),
        (
            "x.json: replies[1].text",
            '"{x}"',
            "there is no placeholder {x}; known: {buyer}, {order}, {agent}, {shop};"
            " for braces write two",
        ),
        ("x.json: replies[2]", "", "not a reply: Object contains unknown field `mood`"),
        ("x.json: replies[3].id", '"a"', "the same as replies[1]"),
    ]


@pytest.mark.parametrize("data", [b"", b"[]", b'{"version": 1}', b"\xff", b"[" * 100_000])
def test_what_is_no_json_file_of_replies(data: bytes) -> None:
    [(place, _, en)] = said(data, "x.json")
    assert place == "x.json"
    assert en.startswith("no JSON file of quick replies")


def test_a_json_file_that_is_too_large() -> None:
    [(_, _, en)] = said(b" " * (5 * 1024 * 1024 + 1), "x.json")
    assert en == "more than 5 MB"
