"""Short ways to write a session's lines, and one engine for all tests."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import count
from typing import Literal

import msgspec

from router.conduct import Engine, Finding, Line, Settings, load

_number = count(1)


@cache
def engine() -> Engine:
    return Engine(load())


def strict_engine(**settings: object) -> Engine:
    return Engine(load(), msgspec.convert(settings, Settings))


def agent(text: str = "", at_s: float = 60, **more: object) -> Line:
    return _line("shop", text, at_s, more)


def buyer(text: str = "在吗", at_s: float = 0, **more: object) -> Line:
    return _line("buyer", text, at_s, more)


def _line(side: Literal["buyer", "shop"], text: str, at_s: float, more: dict[str, object]) -> Line:
    fields = {"message": f"m{next(_number)}", "sent_ms": round(at_s * 1000)}
    return msgspec.convert({**fields, "side": side, "text": text, **more}, Line)


def said(text: str, *before: Line, opens: bool = False, **more: object) -> dict[str, Finding]:
    """The findings of an agent's message, by rule."""
    lines: Sequence[Line] = before or (buyer(),)
    found = engine().message(agent(text, lines[-1].sent_ms / 1000 + 1, **more), lines, opens=opens)
    by_rule = {finding.rule: finding for finding in found}
    assert len(by_rule) == len(found)
    return by_rule
