"""Contacts and payments outside the platform in an agent's message (RULES §6, off_platform).

Three kinds of evidence: numbers, links and addresses, and the phrases of the list. Each of them
may be split over the agent's latest messages; then the last part is found, with the others as
evidence. What the buyer wrote themselves (their number, to be confirmed) is not a contact.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from router.conduct import links, numbers
from router.conduct.fold import DENSE, HAN_DIGITS, NUMBER, WIRE, dense, span_of
from router.conduct.grammar import HIT
from router.conduct.lexicon import Key, Lexicons
from router.conduct.messages import Line
from router.conduct.phrases import Hit, foremost
from router.conduct.settings import Settings

RULE: Key = ("off_platform", HIT)
CONTEXT = 18
"""So many characters before a number say what it is."""
PART_LIMIT = 24
"""Longer messages are not taken for a part of something split."""
WORDS_BESIDE = 8
"""Other characters that may stand beside the digits of a split number."""
PHRASE_PART = 8
"""Parts of a split phrase are no longer than this."""

_NAMES = {
    "mobile": "手机号",
    "landline": "电话号码",
    "bank_card": "银行卡号",
    "account_number": "银行账号",
    "link": "外部链接",
    "email": "邮箱地址",
}
_MANY_DIGITS = re.compile(r"[0-9](?:[ ,]{0,3}[0-9]){6,}")
_DIGIT = re.compile(f"[0-9{''.join(HAN_DIGITS)}]")
DIGITS_LEAST = 7
"""Texts with fewer digits hold no number; spares most the number view."""
_CIRCLE = re.compile("[○◯]")
"""Digits that the dense view has not."""
_LETTER = re.compile("[a-z]")
_WHICH_DIGITS = re.compile(
    "(?:前面|中间|后面|最后|开头|末尾|前|后|尾)?[一二两三四五六七八九十]位数?字?是?|一[下个起]"
)
"""Which of its digits a part of a number has (中间四位是), and other words with Han digits."""
_ABOUT_MONEY = re.compile(
    "卡号|银行|账号|账户|帐户|户名|开户|[农工建中招交邮]行|打款|转账|汇款|打钱|转钱"
)
_ABOUT_ACCOUNT = re.compile("卡号|账号|帐号|账户|帐户|户名|开户|收款人|公账|公户")
_BUYERS_MAIL = re.compile("(?:您|你|预留|填写?|登记|留下?)的?(?:电子)?(?:邮箱|邮件|mail|email)")
"""Where an invoice goes to: the address is the buyer's."""
_CONTACT_LETTERS = re.compile(
    r"(?<![a-z])(?:v|vx|wx|w|q|qq|tel|phone|call|mob|mobile|weixin|wechat|vxin|vin|tg|x)$"
)

Find = Callable[[str], Mapping[Key, list[Hit]]]


class Contact(NamedTuple):
    """What leads away, at `[start, end)` of the original text."""

    start: int
    end: int
    source: str
    detail: str
    evidence: tuple[str, ...] = ()


class OffPlatform:
    def __init__(self, lexicons: Lexicons, settings: Settings, find: Find) -> None:
        sections = lexicons.sections
        self._contact_words = sections["off_platform", "number"]
        self._harmless_words = sections["off_platform", "harmless_number"]
        self._harmless_message = sections["off_platform", "harmless_message"]
        self._own = (*settings.platform_domains, *lexicons.words["off_platform", "domain"])
        self._settings = settings
        self._find = find

    def contact(
        self, line: Line, before: Sequence[Line], folded: str, hits: Sequence[Hit]
    ) -> Contact | None:
        """The first contact in a message; `hits` are those of the list, or of the scales, in its
        dense view. Of the scales only where nothing else is found: it says less."""
        text = line.text
        found: list[Contact] = []
        if len(_DIGIT.findall(folded)) >= DIGITS_LEAST or _CIRCLE.search(text):
            found += self._numbers(text, folded, before)
        if _LETTER.search(folded):
            found += self._links(text, folded, before)
        weighed = bool(hits) and all(hit.why for hit in hits)
        if hits and not weighed:
            found.append(_phrase(text, hits))
        if found:
            return min(found, key=lambda contact: (contact.start, -contact.end))
        split = self._split(line, before, folded) if len(folded) <= PART_LIMIT else None
        return _phrase(text, hits) if split is None and weighed else split

    def _numbers(self, text: str, folded: str, before: Sequence[Line]) -> Iterator[Contact]:
        view = text.translate(NUMBER)
        if _MANY_DIGITS.search(view) is None:
            return
        for number in numbers.find(view, _context(folded)):
            start, end = span_of(text, NUMBER, number.start, number.end)
            if self._is_harmless(text, start, end, number, folded, before):
                continue
            detail = f"{_NAMES[number.kind]} {number.digits}"
            yield Contact(start, end, f"pattern:{number.kind}", detail)

    def _is_harmless(
        self,
        text: str,
        start: int,
        end: int,
        number: numbers.Number,
        folded: str,
        before: Sequence[Line],
    ) -> bool:
        """An order's or parcel's number, the buyer's own, or a courier's."""
        ahead = dense(text[:start][-CONTEXT:])
        letters = text[:start][-8:].translate(WIRE)
        if letters and _LETTER.match(letters[-1]) and not _CONTACT_LETTERS.search(letters):
            return True  # part of a longer name: SF1381234…
        behind = text[end : end + 1].translate(WIRE)
        if "a" <= behind[:1] <= "z" and behind[:1] not in "vwq":
            return True
        harmless = _last(self._harmless_words, ahead)
        if harmless >= 0 and harmless >= _last(self._contact_words, ahead):
            return True
        if number.kind in ("mobile", "landline"):
            if _stands(self._harmless_message, folded):
                return True
        return any(
            number.digits in _digits(earlier.text)
            for earlier in before
            if earlier.side == "buyer" and len(earlier.text) >= len(number.digits)
        )

    def _links(self, text: str, folded: str, before: Sequence[Line]) -> Iterator[Contact]:
        wire = text.translate(WIRE)
        if not ("." in wire or "点" in wire or "@" in wire or "dot" in wire):
            return
        for link in links.find(wire, self._own):
            start, end = span_of(text, WIRE, link.start, link.end)
            if _said_by_buyer(link.text, before):
                continue
            if link.kind == "email" and _BUYERS_MAIL.search(dense(text[:start][-CONTEXT:])):
                continue
            yield Contact(start, end, f"pattern:{link.kind}", f"{_NAMES[link.kind]} {link.text}")

    def _split(self, line: Line, before: Sequence[Line], folded: str) -> Contact | None:
        parts = self._parts(line, before)
        if len(parts) < 2 or not folded:
            return None
        return self._split_number(line, parts, before, folded) or self._split_phrase(
            line, parts, folded
        )

    def _parts(self, line: Line, before: Sequence[Line]) -> list[Line]:
        """The agent's latest short messages up to this one."""
        parts = [line]
        for earlier in reversed(before):
            if len(parts) >= self._settings.window_messages:
                break
            if not earlier.from_agent:
                continue
            late = line.sent_ms - earlier.sent_ms > self._settings.window_ms
            if late or not earlier.text or _is_long(earlier.text):
                break
            parts.append(earlier)
        parts.reverse()
        return parts

    def _split_number(
        self, line: Line, parts: Sequence[Line], before: Sequence[Line], folded: str
    ) -> Contact | None:
        if not _DIGIT.search(folded) and not _CIRCLE.search(line.text):
            return None
        runs = [_one_run(part.text) for part in parts]
        if not runs[-1]:
            return None
        words = dense("".join(part.text for part in parts))
        context = _context(words)
        for first in range(len(parts) - 1):
            if not all(runs[first:]):
                continue
            digits = "".join(runs[first:])
            for number in numbers.find(digits, context):
                if len(number.digits) != len(digits) or _stands(self._harmless_words, words):
                    continue
                if _said_by_buyer(digits, before):
                    continue
                view = _number_view(line.text)
                at = [place for place, char in enumerate(view) if char.isdigit()]
                start, end = span_of(line.text, NUMBER, at[0], at[-1] + 1)
                return _split_contact(start, end, f"pattern:{number.kind}", digits, parts[first:])
        return None

    def _split_phrase(self, line: Line, parts: Sequence[Line], folded: str) -> Contact | None:
        """A phrase that begins in an earlier message and ends in this one."""
        head = ""
        for first in range(len(parts) - 2, -1, -1):
            head = dense(parts[first].text) + head
            if min(len(head), len(folded)) > PHRASE_PART:
                return None  # further back it only grows longer
            found = self._find(head + folded).get(RULE, ())
            across = [hit for hit in found if hit.start < len(head) < hit.end]
            if across:
                hit = foremost(across)
                start, end = span_of(line.text, DENSE, 0, hit.end - len(head))
                return _split_contact(
                    start, end, hit.source, (head + folded)[hit.start : hit.end], parts[first:]
                )
        return None


def _context(folded: str) -> numbers.Context:
    if _ABOUT_MONEY.search(folded) is None:
        return "other"
    return "account" if _ABOUT_ACCOUNT.search(folded) is not None else "money"


def _phrase(text: str, hits: Sequence[Hit]) -> Contact:
    hit = foremost(list(hits))
    start, end = span_of(text, DENSE, hit.start, hit.end)
    return Contact(start, end, hit.source, f"站外联系或付款:{text[start:end]}{hit.aside}")


def _is_long(text: str) -> bool:
    """Whether it says more than a part of something split; what has no width does not count."""
    return len(text) > PART_LIMIT and len(dense(text)) > PART_LIMIT


def _split_contact(start: int, end: int, source: str, whole: str, parts: Sequence[Line]) -> Contact:
    evidence = tuple(part.message for part in parts[:-1])
    return Contact(start, end, source, f"分 {len(parts)} 条发送:{whole}", evidence)


def _last(expressions: Sequence[re.Pattern[str]], text: str) -> int:
    """Where the last match of any of them ends; -1: there is none."""
    return max(
        (match.end() for expression in expressions for match in expression.finditer(text)),
        default=-1,
    )


def _stands(expressions: Sequence[re.Pattern[str]], text: str) -> bool:
    return any(expression.search(text) is not None for expression in expressions)


def _digits(text: str) -> str:
    return "".join(char for char in text.translate(NUMBER) if char.isdigit())


def _said_by_buyer(text: str, before: Sequence[Line]) -> bool:
    return any(line.side == "buyer" and text in line.text.translate(WIRE) for line in before)


def _number_view(text: str) -> str:
    return _WHICH_DIGITS.sub(_blank, text).translate(NUMBER)


def _blank(found: re.Match[str]) -> str:
    return " " * len(found.group())


def _one_run(text: str) -> str:
    """The digits of a message that is little more than digits; "" if it is not."""
    view = _number_view(text)
    digits = "".join(char for char in view if char.isdigit())
    if not digits or view.count("x") > WORDS_BESIDE:
        return ""
    return digits
