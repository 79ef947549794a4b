"""The door: concurrent requests share one append (group commit), and overload is refused early.

One pump per partition appends what has gathered while the append before it was under way. So
with `appendfsync always` a batch costs one flush of the disk, however many wait for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection
from contextlib import suppress
from typing import Protocol

from router.log.ports import (
    Appended,
    Conflicting,
    Draft,
    Log,
    LogError,
    LogFull,
    LogUnavailable,
    Repeated,
)

Receipt = Appended | Repeated | Conflicting
Waiting = tuple[Draft, asyncio.Future[Receipt]]

BATCH_LIMIT = 512
BATCH_BYTES = 4_000_000
WAITING_LIMIT = 8_192


class Refused(Exception):
    """Not taken now: try again in `retry_after_s` (answered 429 or 503)."""

    def __init__(self, why: str, *, retry_after_s: int, known: bool = True) -> None:
        super().__init__(why)
        self.why = why
        self.retry_after_s = retry_after_s
        self.known = known
        """False: it may have been taken all the same; a repeat is recognised by its id."""


class Looking(Protocol):
    """The partition's owner in this process; running, or standing by."""

    looks: int

    def may_take(self) -> bool: ...


class Ingress:
    """Appends to one partition's inbox. Start with `run`, in a task of its own."""

    def __init__(
        self, log: Log, *, waiting_limit: int = WAITING_LIMIT, owner: Looking | None = None
    ) -> None:
        """`owner`: after the log was away, it looks first, so that the log says that we were
        away before anything new is in it (RULES §2)."""
        self._log = log
        self._owner = owner
        self._held_at = -1
        self._waiting_limit = waiting_limit
        self._waiting: deque[Waiting] = deque()
        self._wake = asyncio.Event()
        self._resting = False
        self._last = 0
        self._closed = False
        self.appended = 0
        self.repeated = 0
        self.shed = 0
        self.batches = 0

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def submit(self, draft: Draft) -> asyncio.Future[Receipt]:
        """Append, and answer when it is durable. Raises `Refused`, at once or later.

        Whoever cancels what this gives takes the draft back, if it was not sent on yet.
        """
        if self._closed:
            raise Refused("shutting down", retry_after_s=2)
        if self._owner is not None and self._held(self._owner):
            self.shed += 1
            raise Refused("the log was away; its owner looks first", retry_after_s=1)
        if len(self._waiting) >= self._waiting_limit:
            self.shed += 1
            raise Refused("too much at once", retry_after_s=1)
        future: asyncio.Future[Receipt] = asyncio.Future()
        self._waiting.append((draft, future))
        if self._resting:
            self._wake.set()
        return future

    def _held(self, owner: Looking) -> bool:
        return not (owner.may_take() and owner.looks > self._held_at)

    async def run(self) -> None:
        """Append what waits until `close` was called and nothing waits any more."""
        try:
            while True:
                if not self._waiting:
                    if self._closed:
                        return
                    self._wake.clear()
                    self._resting = True
                    await self._wake.wait()
                    self._resting = False
                    continue
                await self._append_some()
                # Whoever has just been answered goes first: what the answers set off, here and in
                # the clients, then runs while the server writes, and the next batch is larger.
                await asyncio.sleep(0)
        finally:
            self._closed = True
            self._fail_all(Refused("shutting down", retry_after_s=2))

    def close(self) -> None:
        """Take no more; `run` ends when what waits has been appended."""
        self._closed = True
        self._wake.set()

    async def _append_some(self) -> None:
        batch = self._next_batch()
        if not batch:
            return
        try:
            receipts = await self._log.append([draft for draft, _ in batch])
        except LogFull:
            self._fail(batch, Refused("the log is full", retry_after_s=10))
            return
        except LogUnavailable as error:
            why = f"the log is not there: {error}"
            if self._owner is not None:
                self._held_at = self._owner.looks
            self._fail(batch, Refused(why, retry_after_s=5, known=False))
            self._fail_all(Refused(why, retry_after_s=5))
            return
        except LogError as error:
            self._fail(batch, Refused(str(error), retry_after_s=5, known=False))
            return
        self.batches += 1
        appended = 0
        for (_, future), receipt in zip(batch, receipts, strict=True):
            if type(receipt) is Appended:
                appended += 1
            if not future.done():
                future.set_result(receipt)
        self.appended += appended
        self.repeated += len(batch) - appended

    def _next_batch(self) -> list[Waiting]:
        """No more than the mean of what waits and of the batch before.

        Clients that wait for their answers fall into two groups, of which one is here while the
        other is with the log. Taken whole, a large and a small one stay large and small, and we
        idle while the large one is written.
        """
        waiting = self._waiting
        most = min(BATCH_LIMIT, (len(waiting) + self._last + 1) // 2)
        batch: list[Waiting] = []
        size = 0
        while waiting and len(batch) < most and size < BATCH_BYTES:
            draft, future = waits = waiting.popleft()
            if future.done():
                continue  # the client is gone before it was sent on: it was promised nothing
            size += len(draft.body)
            batch.append(waits)
        self._last = len(batch)
        return batch

    def _fail_all(self, refused: Refused) -> None:
        waiting, self._waiting = self._waiting, deque()
        self._fail(waiting, refused)

    def _fail(self, batch: Collection[Waiting], refused: Refused) -> None:
        self.shed += len(batch)
        for _, future in batch:
            if not future.done():
                future.set_exception(refused)
            with suppress(asyncio.InvalidStateError, asyncio.CancelledError):
                future.exception()  # whoever waited may be gone: that is no error of ours
