"""Telephone and bank card numbers in a text, however their digits are written and spaced.

Sizes, prices, order and parcel numbers are digits, too. So a number must stand alone, be grouped
as people group one, and be valid: a telephone number by the numbering plan, a card by its
issuer's length and the Luhn digit (RULES §6, off_platform).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

import phonenumbers

NumberKind = Literal["mobile", "landline", "bank_card", "account_number"]

Context = Literal["other", "money", "account"]
"""Of money: a row of digits as long as a card's is one even where its Luhn digit is wrong; of an
account: it is as long as a company's may be."""

_RUN = re.compile(r"[0-9](?:[ ,]{0,3}[0-9]){6,}")
_GROUP = re.compile(r"[0-9]+")
_MOBILE_SPLITS = frozenset(
    {(3, 4, 4), (4, 3, 4), (4, 4, 3), (3, 8), (7, 4), (3, 3, 5), (5, 6), (6, 5)}
)
_DIGITS_LIMIT = 20
_CARD_MIN = 15
_ACCOUNT_MIN = 12


class Number(NamedTuple):
    """A number at `[start, end)` of the number view."""

    kind: NumberKind
    digits: str
    start: int
    end: int


class _Group(NamedTuple):
    digits: str
    start: int
    end: int


def find(view: str, context: Context = "other") -> list[Number]:
    """All numbers in a number view (`fold.NUMBER`), in order, none within another.

    `context`: what the text speaks of besides.
    """
    found: list[Number] = []
    for run in _RUN.finditer(view):
        groups = [
            _Group(part.group(), part.start(), part.end())
            for part in _GROUP.finditer(view, run.start(), run.end())
        ]
        found += _in_run(groups, "," in run.group(), context)
    return found


def _in_run(groups: list[_Group], commas: bool, context: Context) -> list[Number]:
    found: list[Number] = []
    first = 0
    while first < len(groups):
        step = 1
        digits = ""
        for last in range(first, min(first + _DIGITS_LIMIT, len(groups))):
            digits += groups[last].digits
            if len(digits) > _DIGITS_LIMIT:
                break
            part = groups[first : last + 1]
            kind = _kind(digits, part, len(part) == len(groups), commas, context)
            if kind is not None and not _more_singles(groups, first, last):
                found.append(Number(kind, digits, part[0].start, part[-1].end))
                step = last + 1 - first
                break
        first += step
    return found


def _more_singles(groups: list[_Group], first: int, last: int) -> bool:
    """Digits written one by one go on beyond this part: it is another number's part."""
    if last == first or len(groups[first].digits) > 1:
        return False
    before = first > 0 and len(groups[first - 1].digits) == 1
    return before or (last + 1 < len(groups) and len(groups[last + 1].digits) == 1)


def _kind(
    digits: str, groups: list[_Group], whole: bool, commas: bool, context: Context
) -> NumberKind | None:
    count = len(digits)
    if count < 10:
        return None
    widths = tuple(len(group.digits) for group in groups)
    if count in (13, 15) and digits.startswith(("86", "0086")) and len(widths) > 1:
        bare, widths = digits.removeprefix("00").removeprefix("86"), widths[1:]
        return "mobile" if is_mobile(bare) and _mobile_split(widths, whole, commas) else None
    if count == 13 and digits.startswith("86") and is_mobile(digits[2:]):
        return "mobile"
    if count == 11 and is_mobile(digits) and _mobile_split(widths, whole, commas):
        return "mobile"
    if count <= 12 and not commas and _landline_split(digits, widths) and is_landline(digits):
        return "landline"
    least = _ACCOUNT_MIN if context == "account" else _CARD_MIN
    if count >= least and _card_split(widths, whole, commas):
        return _card(digits, context, whole)
    return None


def _mobile_split(widths: tuple[int, ...], whole: bool, commas: bool) -> bool:
    if len(widths) == 1 or widths in _MOBILE_SPLITS:
        return not commas or len(widths) == 1 or widths == (3, 4, 4)
    if commas:
        return False
    if max(widths) == 1:
        return True
    return whole and (max(widths) >= 4 or max(widths) == 2)


def _landline_split(digits: str, widths: tuple[int, ...]) -> bool:
    if len(widths) == 1:
        return True
    if digits.startswith(("400", "800")):
        return widths in ((3, 3, 4), (3, 4, 3), (4, 3, 3), (3, 7), (6, 4)) or max(widths) == 1
    return widths[0] in (3, 4) and len(widths) <= 3 and min(widths) >= 3


def _card_split(widths: tuple[int, ...], whole: bool, commas: bool) -> bool:
    if len(widths) == 1:
        return True
    if set(widths[:-1]) == {4} and widths[-1] <= 4:
        return True
    return whole and not commas and (max(widths) == 1 or max(widths) >= 5)


def _card(digits: str, context: Context, whole: bool) -> NumberKind | None:
    count = len(digits)
    if digits.startswith("62") and 16 <= count <= 19:
        if luhn(digits):
            return "bank_card"
        return "account_number" if context != "other" else None
    if context == "other":
        return None
    issued = (
        (count == 16 and digits[0] in "45")
        or (count == 16 and digits.startswith("35"))
        or (count == 15 and digits.startswith(("34", "37")))
        or (count in (18, 19) and digits.startswith(("9558", "9559", "60", "68")))
    )
    if issued and luhn(digits):
        return "bank_card"
    likely = issued or count in (16, 19) or (context == "account" and whole)
    return "account_number" if likely else None


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


@lru_cache(maxsize=4096)
def is_mobile(digits: str) -> bool:
    """Whether these 11 digits are a mobile number of mainland China."""
    return len(digits) == 11 and digits[0] == "1" and _valid(digits)


@lru_cache(maxsize=4096)
def is_landline(digits: str) -> bool:
    """Whether these digits are a landline number with its area code, or a 400 or 800 number."""
    return digits.startswith(("0", "400", "800")) and _valid(digits)


def _valid(digits: str) -> bool:
    try:
        number = phonenumbers.parse(digits, "CN")
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number)
