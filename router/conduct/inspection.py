"""Judging what has settled of a course: findings become commands (RULES §1, §6).

All rules are judged at one moment, when the shop's lateness has passed since a message was sent:
hardly a rule depends on the text alone (an exception may stand in the buyer's question), and a
flag that came at once could be contradicted by a message that was already on its way. Where our
console is the agents' only client the lateness is nothing, and so is the wait.

Readings in favour of the agent:

- A message that comes later than the lateness, or in a session whose beginning the inspector has
  not seen, is judged by its words alone: it answers for nothing that others wrote around it.
- An opening honorific is asked of the first message of the agents' side after the session has
  opened; of nobody who writes when no session is open.
- The closing one is judged when a session's end has settled: where the buyer took leave and an
  agent answered, however it ended; or where its holder closed it and wrote the last message. Who
  closes without a word of their own, a supervisor's act, the platform and the clock accuse
  nobody of a missing farewell.
- A sentence without an honorific lacks it once, also when it is the first and the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple, cast

from router.conduct.course import LOOK_BACK, Course, Noted, Span, prune
from router.conduct.engine import Engine
from router.conduct.findings import Finding
from router.conduct.messages import Line
from router.conduct.settings import Settings
from router.conduct.wording import took_leave
from router.core import commands as c
from router.core.flags import AROUND

NEIGHBOURS = frozenset({"honorific", "short_reply", "alternatives", "harassment", "slow_stall"})
"""The rules that depend on what stands around a message."""

TEXT_LIMIT = 200
"""Characters of a match that a flag carries."""


class Examiner(NamedTuple):
    """How a shop's messages are judged."""

    engine: Engine
    settings: Settings
    lexicon: str
    """Digest of the lists."""


class Words(NamedTuple):
    """What a message says."""

    kind: c.MessageKind
    content: c.Content


def words_of(command: c.AnyCommand) -> Words | None:
    """What an inbox entry says; None for one that is no message."""
    match command:
        case c.MessageReceived() | c.MessageSent() | c.WriteMessage() | c.WriteForBot():
            return Words(command.kind, command.content)
        case _:
            return None


def needed(course: Course, clock_ms: int) -> list[int]:
    """The offsets of the messages that `judge` would read at this moment."""
    wanted: dict[int, None] = {}
    for line in course.lines:
        if _is_due(line.settles_ms, clock_ms) and not line.judged:
            for known in (*_before(course, line), line):
                wanted[known.offset] = None
    for span in course.spans:
        if _is_due(span.settles_ms, clock_ms):
            wanted.update(dict.fromkeys(line.offset for line in _within(course, span)))
    return list(wanted)


def judge(
    course: Course,
    shop: str,
    buyer: str,
    words: Mapping[int, Words],
    examiner: Examiner,
    clock_ms: int,
) -> Iterator[c.RaiseFlag]:
    """Judge all that has settled before `clock_ms`, mark it judged, and forget what is done.

    Each message is marked before it is judged: one over which the engine breaks is passed over the
    next time. So is one whose words are in the log no more.
    """
    for line in course.lines:
        if line.judged or not _is_due(line.settles_ms, clock_ms):
            continue
        line.judged = True
        yield from _judge_line(course, line, shop, buyer, words, examiner)
    for span in course.spans:
        if _is_due(span.settles_ms, clock_ms):
            span.settles_ms = -1
            yield from _judge_end(course, span, shop, buyer, words, examiner)
    prune(course)


def _is_due(settles_ms: int, clock_ms: int) -> bool:
    return 0 <= settles_ms < clock_ms


def _judge_line(
    course: Course,
    line: Noted,
    shop: str,
    buyer: str,
    words: Mapping[int, Words],
    examiner: Examiner,
) -> list[c.RaiseFlag]:
    own = words.get(line.offset)
    if own is None:
        return []
    earlier = _before(course, line)
    before = _lines(earlier, words)
    span = course.span_at(line.sent_ms)
    opens = span is not None and len(earlier) < LOOK_BACK and not any(map(speaks, before))
    findings = examiner.engine.message(_line(line, own), before, opens=opens)
    if line.alone:
        findings = [finding for finding in findings if finding.rule not in NEIGHBOURS]
    session = span.session if span is not None else line.session
    of = {known.message: known for known in (*earlier, line)}
    return [_command(f, of, session, shop, buyer, own, examiner) for f in findings]


def _judge_end(
    course: Course,
    span: Span,
    shop: str,
    buyer: str,
    words: Mapping[int, Words],
    examiner: Examiner,
) -> list[c.RaiseFlag]:
    within = _within(course, span)
    lines = _lines(within, words)
    last = next((line for line in reversed(lines) if speaks(line)), None)
    if last is None or any(line.alone for line in within if line.message == last.message):
        return []
    closed = bool(span.closed_by) and span.closed_by == last.agent
    if not closed and took_leave(lines, examiner.settings.farewells) is None:
        return []
    of = {known.message: known for known in within}
    found = []
    for finding in examiner.engine.closing(lines):
        own = words[of[finding.message].offset]
        found.append(_command(finding, of, span.session, shop, buyer, own, examiner))
    return found


def _before(course: Course, line: Noted) -> list[Noted]:
    """The earlier lines of the same exchange, the last `LOOK_BACK` of them."""
    since_ms = course.since_ms(line.sent_ms)
    lines = course.lines
    earlier = [known for known in lines if known.place < line.place and known.sent_ms >= since_ms]
    return earlier[-LOOK_BACK:]


def _within(course: Course, span: Span) -> list[Noted]:
    return [line for line in course.lines if span.opened_ms <= line.sent_ms <= span.ended_ms][
        -LOOK_BACK:
    ]


def speaks(line: Line) -> bool:
    """Whether an agent said something in words."""
    return line.from_agent and line.kind == "text" and any(map(str.isalnum, line.text))


def _lines(noted: Iterable[Noted], words: Mapping[int, Words]) -> list[Line]:
    return [_line(line, said) for line in noted if (said := words.get(line.offset)) is not None]


def _line(noted: Noted, said: Words) -> Line:
    content = said.content
    side: Literal["buyer", "shop"] = "shop" if noted.by_shop else "buyer"
    return Line(
        message=noted.message,
        sent_ms=noted.sent_ms,
        side=side,
        by=cast(c.By, noted.by),
        kind=said.kind,
        text=content.text,
        url=content.url,
        product=content.product,
        order=content.order,
        agent=noted.agent,
        sub_account=noted.sub_account,
        offset=noted.offset,
        recalled=noted.recalled,
    )


def _command(
    finding: Finding,
    of: Mapping[str, Noted],
    session: str,
    shop: str,
    buyer: str,
    own: Words,
    examiner: Examiner,
) -> c.RaiseFlag:
    line = of[finding.message]
    ahead, behind = around(own.content.text, finding)
    return c.RaiseFlag(
        flag=name_of(finding),
        rule=finding.rule,
        shop=shop,
        buyer=buyer,
        session=session,
        message=finding.message,
        agent=line.agent,
        sub_account=line.sub_account,
        sent_ms=line.sent_ms,
        offset=line.offset,
        start=finding.start,
        end=finding.end,
        matched=finding.matched[:TEXT_LIMIT],
        source=finding.source,
        detail=finding.detail,
        evidence=tuple(of[name].offset for name in finding.evidence if name in of),
        lexicon=examiner.lexicon,
        by=cast(c.By, line.by),
        ahead=ahead,
        behind=behind,
    )


def name_of(finding: Finding) -> str:
    """The same finding has the same name, whoever finds it and when."""
    return f"{finding.rule}:{finding.message}:{finding.start}"


def around(text: str, finding: Finding) -> tuple[str, str]:
    """A little of the text on both sides of a match, for the allow-list."""
    if not finding.matched:
        return "", ""
    start, end = finding.start, finding.end
    return text[max(0, start - AROUND) : start], text[end : end + AROUND]
