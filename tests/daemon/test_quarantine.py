"""What can not be read, and what breaks the core, goes to quarantine; the partition goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from router.core import commands as c
from router.core import facts as f
from router.core import step
from router.core.outcome import Rejected
from router.core.state import State
from router.daemon import Daemon
from router.log.archive import Archive
from router.log.codec import encode_command
from router.log.ports import Appended, Draft
from router.place import archive_path
from router.replay import replay
from router.settings import load
from tests.daemon.books import check_once, is_identical, read_books, the_log
from tests.daemon.process import DESK, SHOP, asks, now_ms, stage, until, write_config

GARBAGE = (b"\xff garbage", b"", encode_command(DESK, c.End())[:-2])


async def test_what_can_not_be_decoded_is_put_aside(tmp_path: Path) -> None:
    async with stage(tmp_path) as make:
        daemon = make(follow_up_from="1h", follow_up_to="2h")
        await daemon.start()
        await daemon.hook("message.received", **asks("b0", "q0"))
        async with the_log(daemon.config) as (_, log):
            put = await log.append([Draft(body) for body in GARBAGE])
        await daemon.hook("message.received", **asks("b1", "q1"))

        async def both() -> bool:
            found = await daemon.does("GET", "/v1/sessions")
            return {session["buyer"] for session in found["sessions"]} == {"b0", "b1"}

        await until(both, 10)
        await is_identical(daemon.config)
        # The next process goes on from there, too.
        await daemon.kill()
        await daemon.start()
        await daemon.hook("message.received", **asks("b2", "q2"))
        assert await daemon.terminate() == 0
        await is_identical(daemon.config)
        books = await read_books(daemon.config)
        check_once(books, ["q0", "q1", "q2"])
        aside = books.of(f.EntryQuarantined)
        assert [fact.offset for fact in aside] == [p.offset for p in put if isinstance(p, Appended)]
        assert all(fact.why.startswith("undecodable") for fact in aside)


async def test_what_breaks_the_core_is_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers: dict[type[c.Command], Any] = dict(step._HANDLERS)
    was = handlers[c.MessageReceived]

    def breaks(state: State, command: c.MessageReceived) -> Rejected | None:
        rejected: Rejected | None = was(
            state, command
        )  # it has changed the state by half when it raises
        if command.message == "poison":
            raise ZeroDivisionError("a bug")
        return rejected

    handlers[c.MessageReceived] = breaks
    monkeypatch.setattr(step, "_HANDLERS", handlers)
    config = write_config(tmp_path)
    loaded = load(config)
    async with Daemon(loaded) as daemon:
        for name in ("a", "poison", "b", "poison", "c"):
            message = c.MessageReceived(shop=SHOP, buyer=name, message=name, sent_ms=now_ms())
            await daemon.service.submit(DESK, message)
        owner = daemon.partitions[0].owner

        async def there() -> bool:
            return owner.is_owner and set(daemon.service.state(DESK).threads) == {
                f"{SHOP}\x1f{name}" for name in "abc"
            }

        await until(there, 20, lambda: str(owner.is_owner and daemon.service.state(DESK).threads))
        assert owner.reloads == 3
        state = daemon.service.state(DESK)
        assert len(state.sessions) == state.counters.session_no == 3
    async with the_log(config) as (_, log):
        archive = await Archive.open(archive_path(loaded.settings))
        verdict = await replay(archive, log)
        await archive.close()
    assert not verdict.differences
    books = await read_books(config)
    check_once(books, ["a", "b", "c"])
    aside = books.of(f.EntryQuarantined)
    assert [fact.why for fact in aside] == ["ZeroDivisionError: a bug"] * 2
    monkeypatch.undo()  # a release that has mended it still judges as it was judged then
    await is_identical(config)
