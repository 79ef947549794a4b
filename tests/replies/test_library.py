"""The library's file: who sees what, limits, counts, threads, and what it says of a bad file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from router.replies import (
    BadReply,
    IdTaken,
    Library,
    LibraryFull,
    LibraryUnavailable,
    Reply,
    Saved,
    UnknownReply,
    Usage,
    starter,
)
from router.replies.library import OWN_LIMIT, TEAM_LIMIT
from tests.replies.replies import reply

TEAM = reply(id="team", category="delivery", pictures=("https://a.cn/1.png",), shops=("s1",))
OWN = reply(id="own", owner="li", title="我的")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "replies.db") as opened:
        yield opened


def test_an_agent_sees_the_teams_and_their_own(library: Library) -> None:
    hers = reply(id="hers", owner="wang")
    for one in (OWN, hers, TEAM):
        library.add(one)
    assert library.visible("li") == [TEAM, OWN]
    assert library.visible("") == library.owned("") == [TEAM]
    assert library.owned("wang") == [hers]
    assert library.get("team", "li") == TEAM
    for agent in ("li", ""):
        with pytest.raises(UnknownReply):
            library.get("hers", agent)
        with pytest.raises(UnknownReply):
            library.used("hers", agent, 1)
    with pytest.raises(UnknownReply):
        library.get("nothing", "li")


def test_by_category_then_the_oldest_first(library: Library) -> None:
    for number, category in enumerate(("invoices", "greeting", "delivery", "greeting")):
        library.add(reply(id=f"r{number}", category=category))
    assert [one.id for one in library.visible("li")] == ["r1", "r3", "r2", "r0"]


def test_changing_and_deleting(library: Library) -> None:
    library.add(TEAM)
    library.used("team", "li", 5)
    changed = msgspec.structs.replace(TEAM, title="新", updated_ms=9, uses=0)
    library.update(changed)
    assert library.get("team", "li") == msgspec.structs.replace(changed, uses=1)
    with pytest.raises(UnknownReply):
        library.update(msgspec.structs.replace(TEAM, owner="li"))
    with pytest.raises(UnknownReply):
        library.delete("team", "li")
    library.delete("team", "")
    assert library.visible("li") == []
    assert library.usage("team") == []
    with pytest.raises(UnknownReply):
        library.delete("team", "")


def test_counting(library: Library) -> None:
    library.add(TEAM)
    library.used("team", "li", 10)
    library.used("team", "wang", 20)
    assert library.used("team", "li", 5).uses == 3
    assert library.usage("team") == [Usage("li", 2, 10), Usage("wang", 1, 20)]
    assert library.get("team", "zhao").uses == 3


def test_what_is_wrong_is_not_kept(library: Library) -> None:
    bad = reply(
        id="x y",
        owner="a\x00b",
        category="chat",
        scenario=" x",
        title="",
        text="{name}" + "x" * 2_000,
        pictures=("ftp://x",),
        shops=("",),
        shortcut="a b",
        uses=-1,
        updated_ms=-1,
    )
    for keep in (library.add, library.update):
        with pytest.raises(BadReply) as caught:
            keep(bad)
        assert [fault.field for fault in caught.value.faults] == [
            *("id", "owner", "category", "scenario", "title", "shortcut", "text", "text"),
            *("pictures", "shops", "uses", "updated_ms"),
        ]
        assert str(caught.value).startswith("x y: id: 应为编号")
    for text in ("", " \n", "a\0b", "\ud83d", "\uffff"):
        with pytest.raises(BadReply):
            library.add(reply(text=text))
    with pytest.raises(BadReply):
        library.add(reply(pictures=("https://a.cn/x",) * 10))
    library.add(reply(text="😀👨‍👩‍👧\r\n第二行\t好", pictures=("https://a.cn/x",) * 9))


def test_ids_are_one_space(library: Library) -> None:
    library.add(TEAM)
    with pytest.raises(IdTaken, match="team"):
        library.add(TEAM)
    with pytest.raises(IdTaken) as caught:
        library.save_all("li", [OWN, reply(id="team", owner="li")])
    assert caught.value.ids == ["team"]
    assert library.owned("li") == []


def test_many_at_once_or_none(library: Library) -> None:
    library.add(TEAM)
    library.used("team", "li", 1)
    given = [reply(id="new"), msgspec.structs.replace(TEAM, title="改"), reply(id="new", title="2")]
    assert library.save_all("", given) == Saved(1, 2)
    assert [(one.id, one.title, one.uses) for one in library.owned("")] == [
        *(("new", "2", 0), ("team", "改", 1))
    ]
    with pytest.raises(BadReply):
        library.save_all("", [reply(id="more"), reply(id="bad", title="")])
    with pytest.raises(ValueError, match="not 'li'"):
        library.save_all("li", [reply(id="more")])
    assert len(library.owned("")) == 2


@pytest.mark.parametrize(("owner", "limit"), [("", TEAM_LIMIT), ("li", OWN_LIMIT)])
def test_limits(library: Library, owner: str, limit: int) -> None:
    full = [reply(id=f"r{n}", owner=owner) for n in range(limit)]
    assert library.save_all(owner, full) == Saved(limit, 0)
    one_more = reply(id="more", owner=owner)
    for keep in (lambda: library.add(one_more), lambda: library.save_all(owner, [one_more])):
        with pytest.raises(LibraryFull, match=str(limit)):
            keep()
    assert len(library.owned(owner)) == limit
    library.save_all(owner, full[:2])  # a change takes no room
    library.add(reply(id="other", owner="wang"))


def test_what_is_kept_outlives_the_process(tmp_path: Path) -> None:
    path = tmp_path / "replies.db"
    with Library(path) as library:
        library.save_all("", starter())
    with Library(path) as library, Library(path) as another:
        assert library.owned("") == another.owned("")
        another.add(OWN)
        assert library.get("own", "li") == OWN
    assert path.stat().st_mode & 0o077 == 0


def test_any_thread_may_call(library: Library) -> None:
    library.add(TEAM)

    def work(number: int) -> list[Reply]:
        library.add(reply(id=f"r{number}"))
        library.used("team", f"a{number % 3}", number)
        return library.visible("li")

    with ThreadPoolExecutor(8) as threads:
        seen = list(threads.map(work, range(64)))
    assert all(seen)
    assert len(library.owned("")) == 65
    assert library.get("team", "").uses == sum(one.uses for one in library.usage("team")) == 64


def test_a_file_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "replies.db"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(LibraryUnavailable, match="not a database"):
        Library(path)
    with pytest.raises(LibraryUnavailable):
        Library(tmp_path / "nowhere" / "replies.db")
    newer = tmp_path / "newer.db"
    connection = sqlite3.connect(newer)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(LibraryUnavailable, match="later release"):
        Library(newer)


def test_a_closed_library_says_so(tmp_path: Path) -> None:
    library = Library(tmp_path / "replies.db")
    library.close()
    library.close()
    with pytest.raises(LibraryUnavailable):
        library.visible("li")
