"""The event stream: nothing lost, nothing twice, only one's own; and the console's heartbeat."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from router.core import commands as c
from router.http import announcer
from router.log.codec import decode_facts
from router.log.ports import Commit
from tests.http.harness import DESK, MINUTE_MS, Harness


async def all_facts(desk: Harness) -> list[tuple[str, str]]:
    batches = await desk.log.facts(0, limit=10_000)
    return [
        (f"{batch.seq}:{index}", str(fact.__struct_config__.tag))
        for batch in batches
        for _, facts in decode_facts(batch.body)
        for index, fact in enumerate(facts)
    ]


async def take(stream: Any, count: int) -> list[tuple[str, str]]:
    found = []
    for _ in range(count):
        event = await anext(stream)
        assert event["data"]["type"] == event["event"]
        found.append((event["id"], event["event"]))
    return found


async def test_live(desk: Harness) -> None:
    before = len(await all_facts(desk))
    async with desk.stream("sue") as stream:
        await desk.online("amy")
        await desk.says("buyer")
        expected = (await all_facts(desk))[before:]
        assert "session_assigned" in [kind for _, kind in expected]
        assert await take(stream, len(expected)) == expected


async def test_resumes_anywhere(desk: Harness) -> None:
    await desk.online("amy")
    await desk.says("buyer")
    expected = await all_facts(desk)
    for position, (place, _) in enumerate(expected[:-1]):
        rest = expected[position + 1 :]
        async with desk.stream("sue", place) as stream:
            assert await take(stream, len(rest)) == rest
    first = expected[0][0]
    async with desk.stream("sue", query=f"?last_event_id={first}") as stream:
        await desk.says("another")
        now = await all_facts(desk)
        assert await take(stream, len(now) - 1) == now[1:]


async def test_from_the_boards_cursor(desk: Harness) -> None:
    await desk.online("amy")
    cursor = (await desk.get("sue", "/v1/board"))["cursor"]
    before = len(await all_facts(desk))
    await desk.says("buyer")
    expected = (await all_facts(desk))[before:]
    async with desk.stream("sue", cursor) as stream:
        assert await take(stream, len(expected)) == expected


async def test_reset_when_something_could_be_missing(desk: Harness) -> None:
    await desk.online("amy")
    await desk.says("buyer")
    facts = await all_facts(desk)
    await desk.log.trim(inbox_to=0, facts_to=int(facts[-1][0].split(":")[0]) - 1)
    for place in (facts[0][0], "1", "999999:0"):
        async with desk.stream("sue", place) as stream:
            assert (await anext(stream))["event"] == "reset"
            with pytest.raises(StopAsyncIteration):
                await anext(stream)


@pytest.mark.parametrize("place", ["x", "1:x", "1:2:3", "-1", "٣"])
async def test_what_is_no_place(desk: Harness, place: str) -> None:
    reply = await desk.call("sue", "GET", f"/v1/events?last_event_id={place}")
    assert reply.status == 400


async def test_agents_get_their_own(desk: Harness) -> None:
    async with desk.stream("amy") as amy, desk.stream("bob") as bob, desk.stream("cat") as cat:
        await desk.online("amy")
        await desk.says("buyer")
        session = (await desk.get("amy", "/v1/sessions"))["sessions"][0]["id"]
        await desk.online("bob", "cat")
        kinds = [kind for _, kind in await take(amy, 5)]
        assert kinds[0] == "presence_changed"
        assert set(kinds[1:]) == {
            "session_opened",
            "message_noted",
            "session_assigned",
            "deadline_armed",
        }
        await desk.call("amy", "POST", f"/v1/sessions/{session}/transfer", {"to": "shop-a:bob"})
        assert (await anext(amy))["event"] == "session_assigned"
        assert [kind for _, kind in await take(bob, 2)] == ["presence_changed", "session_assigned"]
        await desk.advance(1_000)  # at the moment of the transfer it is still hers, too
        await desk.call("bob", "POST", f"/v1/sessions/{session}/messages", {"text": "您好,我在的"})
        assert (await anext(bob))["event"] == "message_noted"
        assert (await anext(cat))["data"]["agent"] == "cat"
        await desk.call("amy", "PUT", "/v1/me/presence", {"to": "away"})
        assert (await anext(amy))["event"] == "presence_changed"


async def test_too_slow_a_reader_is_told_to_begin_anew(desk: Harness) -> None:
    async with desk.stream("sue") as stream:
        await desk.online("amy")
        await anext(stream)
        for listener in desk.partition.listeners:
            listener.lagging = True
        await desk.says("buyer")
        event = await anext(stream)
        while event["event"] != "reset":
            event = await anext(stream)
    async with desk.stream("sue") as stream:  # from then on it goes on as before
        await desk.online("bob")
        assert (await anext(stream))["data"]["agent"] == "bob"


async def test_a_stream_that_is_far_behind_is_let_go(
    desk: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcer, "HEARD_LIMIT", 3)
    async with desk.stream("sue") as stream, desk.stream("amy") as amy:
        await desk.online("amy")
        assert (await anext(amy))["event"] == "presence_changed"
        await desk.says("buyer")  # four facts in one commit
        event = await anext(stream)
        while event["event"] != "reset":
            event = await anext(stream)


async def test_limits(desk: Harness) -> None:
    streams = [desk.stream("sue") for _ in range(20)]
    for stream in streams:
        await stream.__aenter__()
    reply = await desk.call("sue", "GET", "/v1/events")
    assert (reply.status, reply.json["reason"]) == (429, "shedding")
    for stream in streams:
        await stream.__aexit__(None, None, None)


async def test_shutdown_says_bye(desk: Harness) -> None:
    async with desk.stream("sue") as stream:
        stopping = asyncio.create_task(desk.runner.cleanup())
        assert (await anext(stream))["event"] == "bye"
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
        await stopping


# The console's heartbeat (RULES §4)


async def gone(desk: Harness, agent: str) -> None:
    """Until the server has noticed that the agent's streams are closed."""
    from router.http.context import CONTEXT

    attendance = desk.app[CONTEXT].attendance
    while attendance.streams("d1", agent):
        await asyncio.sleep(0)


async def presence(desk: Harness, agent: str) -> tuple[str, str]:
    await desk.settle()
    person = desk.state.persons[agent]
    return person.presence, person.reason


async def test_silence(desk: Harness) -> None:
    async with desk.stream("amy"):
        await desk.online("amy", console=True)
        assert desk.later.waiting == []
    await gone(desk, "amy")
    assert [timer.delay_s for timer in desk.later.waiting] == [45.0]
    await desk.advance(45_000)
    desk.later.fire()
    await _until(desk, "offline")
    assert await presence(desk, "amy") == ("offline", "silent")


async def _until(desk: Harness, wanted: str) -> None:
    for _ in range(1_000):
        if desk.state.persons["amy"].presence == wanted:
            return
        await asyncio.sleep(0)
    raise AssertionError("still there")


async def test_back_in_time(desk: Harness) -> None:
    async with desk.stream("amy"):
        await desk.online("amy", console=True)
    await gone(desk, "amy")
    async with desk.stream("amy"):
        assert desk.later.waiting == []
        await desk.advance(5 * MINUTE_MS)
    assert await presence(desk, "amy") == ("online", "")


async def test_presence_without_a_console_needs_no_heartbeat(desk: Harness) -> None:
    async with desk.stream("amy"):
        await desk.online("amy")
    await gone(desk, "amy")
    assert desk.later.waiting == []


async def test_a_console_that_never_opened_a_stream(desk: Harness) -> None:
    await desk.online("amy", console=True)
    async with desk.stream("sue", "1"):  # the app's own follower is told before this one
        assert len(desk.later.waiting) == 1
    await desk.call("amy", "PUT", "/v1/me/presence", {"to": "online"})
    async with desk.stream("sue", "1"):
        assert desk.later.waiting == []


async def test_after_a_restart_everybody_has_the_whole_delay(desk: Harness) -> None:
    async with desk.stream("amy"):
        await desk.online("amy", console=True)
    await gone(desk, "amy")
    await desk.shut()
    assert desk.later.waiting == []
    await desk.advance(10 * MINUTE_MS)
    await desk.open()
    while not desk.later.waiting:
        await asyncio.sleep(0)
    assert [timer.delay_s for timer in desk.later.waiting] == [45.0]
    desk.later.fire()
    await _until(desk, "offline")


async def test_set_anew_since(desk: Harness) -> None:
    """What is told of an old silence does not end a presence that began later."""
    async with desk.stream("amy"):
        await desk.online("amy", console=True)
    await gone(desk, "amy")
    (timer,) = desk.later.waiting
    await desk.advance(1_000)
    await desk.call("amy", "PUT", "/v1/me/presence", {"to": "away", "console": True})
    async with desk.stream("sue", "1"):
        pass
    (later,) = desk.later.waiting
    assert later is not timer


async def test_what_another_process_committed_is_told_too(
    desk: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The partition was somebody else's for a moment: what they committed is stored, no more."""
    monkeypatch.setattr(desk.owner, "_lease_ms", 1_000)  # it looks again soon
    await desk.online("amy")
    await desk.says("buyer")
    async with desk.stream("sue") as stream:
        meta = await desk.log.meta()
        (last,) = await desk.log.facts(meta.seq - 1, limit=1)
        lease = desk.owner._lease
        assert lease is not None
        elsewhere = Commit(
            lease, "elsewhere", meta.seq + 1, meta.offset, meta.clock_ms, last.body, {}
        )
        assert await desk.log.commit(elsewhere)
        begin, begun = desk.owner._begin, asyncio.Event()

        async def noted(committed_ms: int) -> None:
            await begin(committed_ms)
            begun.set()

        monkeypatch.setattr(desk.owner, "_begin", noted)
        await desk.service.submit("d1", c.AdoptDesk(desk=replace(DESK, name="新名字")))
        await desk.log.release(lease)
        async with asyncio.timeout(20):
            await begun.wait()
        await desk.settle()
        expected = [
            place for place, _ in await all_facts(desk) if int(place.split(":")[0]) > meta.seq
        ]
        assert expected[0].startswith(f"{meta.seq + 1}:")
        assert [place for place, _ in await take(stream, len(expected))] == expected
