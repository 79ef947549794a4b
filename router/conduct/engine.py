"""The conduct rules put together: what one message, and what a whole session, breaks.

A message of an agent (a person; bots and automatic replies are not judged) gives at most one
finding for each rule: the first place that breaks it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from router.conduct import pace, stock, wording
from router.conduct.findings import Finding
from router.conduct.fold import DENSE, dense, span_of
from router.conduct.grammar import HIT
from router.conduct.lexicon import Key, Lexicons
from router.conduct.messages import Line
from router.conduct.off_platform import OffPlatform
from router.conduct.phrases import Hit, Phrases, foremost
from router.conduct.scales import Scales
from router.conduct.settings import Settings

_DETAILS = {
    "abuse": "对买家出言不逊",
    "close_order": "客服关闭或提出关闭买家的订单",
    "bank_transfer": "提出银行转账",
    "invoice_refused": "拒开发票,或要买家承担税费、邮费",
    "impersonation": "冒充平台或平台工作人员",
    "prohibited": "违禁内容",
}
_ALTERNATIVES: Key = ("alternatives", HIT)
_STALL: Key = ("slow_stall", HIT)
_JUDGED_KINDS = frozenset({"text", "image", "video", "file"})
"""The words on a card are the platform's."""


class Engine:
    """Judges messages by one set of lists. Holds no state between calls."""

    def __init__(self, lexicons: Lexicons, settings: Settings = Settings()) -> None:  # noqa: B008
        self._settings = settings
        self._phrases = Phrases(lexicons)
        self._scales = Scales(lexicons.weights)
        self._wording = wording.Wording(lexicons)
        self._off_platform = OffPlatform(lexicons, settings, self._phrases.find)
        self._honorifics = settings.honorific_every_message

    def message(self, line: Line, before: Sequence[Line], *, opens: bool) -> list[Finding]:
        """What an agent's message breaks when it is written.

        `before`: the session's earlier lines of both sides. `opens`: it is the first message of
        the agents' side in the session.
        """
        if not line.from_agent:
            return []
        findings: list[Finding] = []
        if before:
            findings += self._pace(line, before)
        if line.text and line.kind in _JUDGED_KINDS:
            self._read(findings, line, before, opens)
        return findings

    def closing(self, lines: Sequence[Line]) -> list[Finding]:
        """Whether the agent's last message carries a closing honorific, for a session that an
        agent closed or whose buyer took leave (RULES §1 row 1)."""
        last = next((line for line in reversed(lines) if self._speaks(line)), None)
        if last is None:
            return []
        found = self._phrases.find(dense(last.text))
        if wording.CLOSING in found:
            return []
        leave = wording.took_leave(lines, self._settings.farewells)
        evidence = (leave.message,) if leave is not None else ()
        detail = "结束语没有敬语(如:感谢、谢谢、祝您、欢迎再来)"
        return [_absence("honorific", last, "honorific.txt:closing", detail, evidence)]

    def session(
        self, lines: Sequence[Line], *, closed_by_agent: bool, opened_here: bool = True
    ) -> list[Finding]:
        """All findings of a session: those of each message, and of its end.

        `opened_here`: the lines begin with the session, so that its opening can be judged.
        """
        findings: list[Finding] = []
        opens = opened_here
        for index, line in enumerate(lines):
            if not line.from_agent:
                continue
            findings += self.message(line, lines[:index], opens=opens)
            opens = opens and not self._speaks(line)
        if closed_by_agent or wording.took_leave(lines, self._settings.farewells) is not None:
            findings += self.closing(lines)
        return findings

    def _speaks(self, line: Line) -> bool:
        """Whether an agent's message has words: pictures, cards and stickers have none."""
        return line.from_agent and line.kind == "text" and bool(self._wording.count(line.text, 1))

    def _read(
        self, findings: list[Finding], line: Line, before: Sequence[Line], opens: bool
    ) -> None:
        """Adds what the words of a message break."""
        folded = dense(line.text)
        polite = opens or self._honorifics
        asked = _Asked(before)
        weighed = self._scales.weigh(line.text, folded)
        found = self._phrases.find(folded, asked, polite=polite, idle=weighed.idle)
        if found or weighed.reached:
            self._scales.settle(weighed, found, asked)
        hits = found.get(("off_platform", HIT), ())
        if found:
            findings += self._listed(line, found)
            findings += self._alternatives(line, before, found)
        contact = self._off_platform.contact(line, before, folded, hits)
        if contact is not None:
            findings.append(_finding("off_platform", line, *contact))
        if line.kind == "text":
            findings += self._worded(line, before, folded, found, opens)

    def _listed(self, line: Line, found: Mapping[Key, list[Hit]]) -> Iterator[Finding]:
        for (rule, section), hits in found.items():
            if section == HIT and rule in _DETAILS:
                yield _listed(rule, line, foremost(hits), _DETAILS[rule])

    def _alternatives(
        self, line: Line, before: Sequence[Line], found: Mapping[Key, list[Hit]]
    ) -> Iterator[Finding]:
        hits = found.get(_ALTERNATIVES)
        if not hits:
            return
        hit = foremost(hits)
        start, _ = span_of(line.text, DENSE, hit.start, hit.end)
        own = self._settings.platform_domains
        shown = stock.recommended(before, own) | stock.linked_ahead(line.text, start, own)
        if len(shown) < self._settings.alternatives_min:
            detail = f"直接回答没有,之前只推荐了 {len(shown)} 个产品"
            yield _listed("alternatives", line, hit, detail)

    def _worded(
        self,
        line: Line,
        before: Sequence[Line],
        folded: str,
        found: Mapping[Key, list[Hit]],
        opens: bool,
    ) -> Iterator[Finding]:
        least = self._settings.short_reply_min
        count = self._wording.count(line.text, max(least, 1))
        if count and opens and not wording.opens_with_honorific(folded, found):
            detail = "开头没有敬语(如:您好、亲、欢迎)"
            yield _absence("honorific", line, "honorific.txt:opening", detail)
        elif count and self._honorifics and not wording.has_honorific(found):
            detail = "这句话没有敬语"
            yield _absence("honorific", line, "honorific.txt:every", detail)
        if not wording.answers(before):
            return
        if count < least:
            detail = f"只有 {count} 个字,至少 {least} 个"
            yield _whole("short_reply", line, "pattern:short", detail)
        elif self._wording.brushes_off(folded):
            yield _whole("short_reply", line, "short_reply.txt", "只有语气词或敷衍的话")

    def _pace(self, line: Line, before: Sequence[Line]) -> Iterator[Finding]:
        last = pace.previous(before)
        if last is None:
            return
        waited_ms = line.sent_ms - last.sent_ms
        if waited_ms > self._settings.stall_ms and last.text:
            if _STALL in self._phrases.find(dense(last.text)):
                detail = f"请买家稍等后,过了 {pace.minutes(waited_ms)} 才回复"
                yield _absence("slow_stall", line, "slow_stall.txt", detail, (last.message,))
        if line.recalled:
            return
        limit, window_ms = self._settings.harassment_messages, self._settings.harassment_window_ms
        row = pace.in_a_row(line, before, window_ms)
        if len(row) <= limit:
            return
        earlier_row = row[:-1]
        # Told once for a row: not again while the message before was one too many, too.
        if not self._too_many(earlier_row[-1], before):
            detail = f"买家没有回应,{pace.minutes(window_ms)} 内连发 {len(row)} 条"
            evidence = tuple(earlier.message for earlier in earlier_row)
            yield _absence("harassment", line, "pattern:in_a_row", detail, evidence)

    def _too_many(self, line: Line, lines: Sequence[Line]) -> bool:
        """Whether this line of the session was one too many in a row itself."""
        before = lines[: next(at for at, earlier in enumerate(lines) if earlier is line)]
        row = pace.in_a_row(line, before, self._settings.harassment_window_ms)
        return len(row) > self._settings.harassment_messages


class _Asked:
    """What the buyer last said, as a dense view; worked out when it is asked for."""

    __slots__ = ("_before", "_said")

    def __init__(self, before: Sequence[Line]) -> None:
        self._before = before
        self._said: str | None = None

    def __call__(self) -> str:
        if self._said is None:
            self._said = dense(stock.asked(self._before))
        return self._said


def _finding(
    rule: str,
    line: Line,
    start: int,
    end: int,
    source: str,
    detail: str,
    evidence: tuple[str, ...] = (),
) -> Finding:
    return Finding(
        rule=rule,
        message=line.message,
        start=start,
        end=end,
        matched=line.text[start:end],
        source=source,
        detail=detail,
        evidence=evidence,
    )


def _listed(rule: str, line: Line, hit: Hit, detail: str) -> Finding:
    start, end = span_of(line.text, DENSE, hit.start, hit.end)
    detail = f"{detail}:{line.text[start:end]}{hit.aside}"
    return _finding(rule, line, start, end, hit.source, detail)


def _whole(rule: str, line: Line, source: str, detail: str) -> Finding:
    return _finding(rule, line, 0, len(line.text), source, detail)


def _absence(
    rule: str, line: Line, source: str, detail: str, evidence: tuple[str, ...] = ()
) -> Finding:
    return _finding(rule, line, 0, 0, source, detail, evidence)
