"""The door's batches: whose drafts go together, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from router.ingress import Ingress, Refused
from router.log.memory import MemoryLog
from router.log.ports import Appended, Conflicting, Draft, Repeated


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


class SlowLog(MemoryLog):
    """Appends when the test says so, and notes how many at a time."""

    def __init__(self) -> None:
        super().__init__(0, clock=lambda: 1_000)
        self.batches: list[int] = []
        self.begun = asyncio.Event()
        self.go = asyncio.Event()

    async def append(self, drafts: Sequence[Draft]) -> list[Appended | Repeated | Conflicting]:
        self.batches.append(len(drafts))
        self.begun.set()
        await self.go.wait()
        await turns(6)
        return await super().append(drafts)


async def test_what_gathers_goes_together() -> None:
    log = SlowLog()
    ingress = Ingress(log)
    running = asyncio.create_task(ingress.run())
    first = ingress.submit(Draft(b"0"))
    await log.begun.wait()
    others = [ingress.submit(Draft(b"%d" % number)) for number in range(1, 4)]
    others[1].cancel()  # not sent on yet
    log.go.set()
    receipts = [await first, await others[0], await others[2]]
    assert [receipt.offset for receipt in receipts if isinstance(receipt, Appended)] == [1, 2, 3]
    entries = await log.entries([1, 2, 3])
    assert [entry and entry.body for entry in entries] == [b"0", b"1", b"3"]
    assert (ingress.appended, ingress.waiting) == (3, 0)
    ingress.close()
    await running
    with pytest.raises(Refused):
        await ingress.submit(Draft(b"late"))


async def test_clients_that_wait_for_their_answers_become_two_even_groups() -> None:
    log = SlowLog()
    log.go.set()
    ingress = Ingress(log)
    running = asyncio.create_task(ingress.run())

    async def ask_again_and_again(times: int) -> None:
        for _ in range(times):
            await ingress.submit(Draft(b""))
            await turns(2)  # to the client and back

    alone = asyncio.create_task(ask_again_and_again(20))
    await log.begun.wait()
    await asyncio.gather(alone, *(ask_again_and_again(20) for _ in range(63)))
    assert sum(log.batches) == 64 * 20
    assert log.batches[0] == 1
    assert set(log.batches[5:20]) == {32}
    ingress.close()
    await running
