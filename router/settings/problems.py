"""What is wrong with a configuration file, said so that a person can mend it: file, key, why.

Every text stands in Chinese first, in English beside it. A secret's value never gets here.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

LONGEST_SHOWN = 60


class Problem(NamedTuple):
    """One thing that is wrong, or (as a warning) probably not meant."""

    file: str
    key: str
    """A path into the file: `shops[1].lateness`; "" for the file as a whole."""
    zh: str
    en: str

    def __str__(self) -> str:
        place = f"{self.file}: {self.key}" if self.key else self.file
        return f"{place}: {self.zh} / {self.en}"


class ConfigError(Exception):
    """The configuration is not usable: all that is wrong with it, not just the first thing."""

    def __init__(self, problems: list[Problem], warnings: list[Problem] | None = None) -> None:
        super().__init__(problems)
        self.problems = problems
        self.warnings = warnings or []

    def __str__(self) -> str:
        first = str(self.problems[0])
        more = len(self.problems) - 1
        return f"{first} (另有 {more} 处 / and {more} more)" if more else first


class Notes:
    """What was found wrong so far."""

    def __init__(self, instead: Mapping[Path, bytes] | None = None) -> None:
        self.instead = instead or {}
        """What is read of these files instead of what stands in them."""
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []
        self.files: list[Path] = []
        """What was read."""

    def error(self, file: str, key: str, zh: str, en: str) -> None:
        self.errors.append(Problem(file, key, zh, en))

    def warn(self, file: str, key: str, zh: str, en: str) -> None:
        self.warnings.append(Problem(file, key, zh, en))


def shown(value: object) -> str:
    """A value as it stands in the file, not longer than fits into a line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{…}"
    if isinstance(value, list):
        return "[…]" if value else "[]"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    text = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"


def nearest(word: str, known: list[str]) -> tuple[str, str]:
    """The known word that was probably meant, as the end of a sentence in both languages."""
    close = get_close_matches(word, known, n=1)
    return (f",是否想写 {close[0]}?", f"; did you mean {close[0]}?") if close else ("", "")
