"""What waits for somebody to take it: by shop and group, the earliest deadline first (RULES §3).

Derived from the threads: an entry is valid while the piece of work it names still waits with
that very deadline. `State` puts everything back on recovery.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from typing import NamedTuple


class Piece(NamedTuple):
    """A waiting session (`work` empty) or work item. Orders by deadline, then age."""

    due_ms: int
    no: int
    """The thread's number."""
    work: str
    """`kind/key` of a work item; "" for the session."""
    thread: str
    """The thread's key."""


class Queue:
    """The waiting pieces of a desk; sessions and work items apart, since work needs no capacity."""

    def __init__(self) -> None:
        self._heaps: dict[tuple[str, str, bool], list[Piece]] = {}
        self._valid: dict[tuple[str, str], tuple[Piece, str, str]] = {}

    def __len__(self) -> int:
        return len(self._valid)

    def put(self, shop: str, group: str, piece: Piece) -> None:
        """Let it wait (or wait with another deadline or group)."""
        name = (piece.thread, piece.work)
        if self._valid.get(name) == (piece, shop, group):
            return
        self._valid[name] = (piece, shop, group)
        heap = self._heaps.setdefault((shop, group, bool(piece.work)), [])
        heappush(heap, piece)
        if len(heap) > 64 and len(heap) > 4 * len(self._valid):
            heap[:] = [p for p in dict.fromkeys(heap) if self._is_valid(p, shop, group)]
            heapify(heap)

    def drop(self, thread: str, work: str = "") -> None:
        self._valid.pop((thread, work), None)

    def groups(self, shop: str) -> list[str]:
        """The groups for which something has waited at this shop."""
        return sorted({group: None for of, group, _ in self._heaps if of == shop})

    def first(self, pools: Iterable[tuple[str, str]], *, sessions: bool) -> Piece | None:
        """The piece with the earliest deadline in these (shop, group) pools.

        `sessions` False: work items only (whoever is full can still take those).
        """
        best: Piece | None = None
        for shop, group in pools:
            for work in (False, True) if sessions else (True,):
                piece = self._head(shop, group, work=work)
                if piece is not None and (best is None or piece < best):
                    best = piece
        return best

    def _head(self, shop: str, group: str, *, work: bool) -> Piece | None:
        heap = self._heaps.get((shop, group, work))
        while heap:
            if self._is_valid(heap[0], shop, group):
                return heap[0]
            heappop(heap)
        return None

    def _is_valid(self, piece: Piece, shop: str, group: str) -> bool:
        return self._valid.get((piece.thread, piece.work)) == (piece, shop, group)

    def pieces(self) -> list[tuple[Piece, str, str]]:
        """All that waits, earliest deadline first, with its shop and group."""
        return sorted(self._valid.values())
