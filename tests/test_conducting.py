"""Which lists and numbers judge whose messages, and what happens when they change."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.conduct import LexiconError, Line
from router.conducting import Conduct, Folders
from router.core.policy import Desk, Policy, Shop

ODD = "您好,蘑菇头"
"""An insult by a shop's own list alone."""


def desk_with(*shops: Shop) -> Desk:
    return Desk(id="d", shops=shops)


def found(conduct: Conduct, shop: str, text: str) -> list[str]:
    examiner = conduct.examiner(shop)
    assert examiner is not None
    line = Line(message="m", sent_ms=1, side="shop", text=text)
    return [finding.rule for finding in examiner.engine.message(line, [], opens=False)]


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "abuse.txt").write_text("蘑菇头\n", encoding="utf-8")
    return folder


def test_shops_with_the_same_lists_and_numbers_share_an_engine() -> None:
    strict = Policy(short_reply_min=8)
    conduct = Conduct([desk_with(Shop(id="a"), Shop(id="b"), Shop(id="c", policy=strict))])
    first, second, third = (conduct.examiner(shop) for shop in "abc")
    assert first is second
    assert first is not third
    assert third is not None
    assert third.settings.short_reply_min == 8
    assert conduct.examiner("elsewhere") is None


def test_a_shops_own_list_is_laid_over_the_built_in_ones(lists: Path) -> None:
    desk = desk_with(Shop(id="a"), Shop(id="b"))
    conduct = Conduct([desk], Folders(None, {"a": lists}))
    assert found(conduct, "a", ODD) == ["abuse"]
    assert found(conduct, "b", ODD) == []
    assert found(conduct, "a", "您好,你脑残啊") == ["abuse"]
    everybody = Conduct([desk], Folders(lists))
    assert found(everybody, "b", ODD) == ["abuse"]


def test_what_is_learnt_replaces_all_of_it_and_a_broken_list_nothing(lists: Path) -> None:
    desk = desk_with(Shop(id="a", lateness_ms=5))
    conduct = Conduct([desk], Folders(lists))
    (lists / "abuse.txt").write_text("(蘑菇\n", encoding="utf-8")
    with pytest.raises(LexiconError):
        conduct.learn([desk_with(Shop(id="z"))], Folders(lists))
    assert found(conduct, "a", ODD) == ["abuse"]
    assert (conduct.lateness_ms("a"), conduct.lateness_ms("z")) == (5, 120_000)
    (lists / "abuse.txt").write_text("香菇头\n", encoding="utf-8")
    conduct.learn([desk], Folders(lists))
    assert found(conduct, "a", ODD) == []
    assert found(conduct, "a", "您好,你这个香菇头") == ["abuse"]
