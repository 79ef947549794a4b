"""A scenario's text, line by line: what stands where, and what is wrong with it.

Nothing here knows what a verb does: `acts` and `expectations` say which sentences there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from router.core.policy import DAY_MS, HOUR_MS, MINUTE_MS

MIDNIGHT_MS = 1_795_190_400_000
"""2026-11-21, a Saturday, 00:00 in Beijing: the day on which all scenarios happen."""

_TIME = re.compile(r"(\d{1,3}):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?", re.ASCII)
_WORD = re.compile(r'(?:[^\s"“”]|"[^"]*"|“[^”]*”)+')
_QUOTED = re.compile(r'"([^"]*)"|“([^”]*)”')
_OPTION = re.compile(r'([^\s="“”]+)=(.*)', re.DOTALL)
_SENT = re.compile(r"收到\s*\(发于\s*([\d:.]+)\)\s*")
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?", re.ASCII)
REFUSED = "=>"


class BadScenario(Exception):
    """A line that cannot be read, or asks for what is not there; says the file and the line."""


class Unmet(AssertionError):
    """An expectation that does not hold; says the file and the line."""


@dataclass(frozen=True)
class Place:
    """Where something stands."""

    file: str
    number: int

    def bad(self, why: str) -> BadScenario:
        return BadScenario(f"{self.file}:{self.number}: {why}")

    def unmet(self, why: str) -> Unmet:
        return Unmet(f"{self.file}:{self.number}: {why}")


@dataclass(frozen=True)
class Sentence:
    """One timed line, told apart: the words in the template's places, and its options."""

    place: Place
    text: str
    verb: str
    """The template it is an instance of."""
    at_ms: int
    sent_ms: int
    words: Mapping[str, str]
    options: Mapping[str, tuple[str, ...]]
    refused: str = ""
    """The reason for which it is to be refused; "": it is to be accepted."""

    def __getitem__(self, name: str) -> str:
        return self.words[name]

    def option(self, name: str, default: str = "") -> str:
        """The (last) value of an option."""
        return self.options[name][-1] if name in self.options else default

    def many(self, name: str) -> tuple[str, ...]:
        """All values of an option that may stand more than once."""
        return self.options.get(name, ())

    def flag(self, name: str) -> bool:
        return self.option(name) in ("是", "true")

    def pick(self, name: str, words: Mapping[str, str]) -> str:
        """What a word of a fixed list means."""
        if self.words[name] not in words:
            raise self.place.bad(f"{self.words[name]!r} 应为其一:{'、'.join(words)}")
        return words[self.words[name]]

    def time(self, text: str) -> int:
        """The moment of a time of the scenario's day."""
        return moment_ms(text, self.place)


@dataclass(frozen=True)
class Template:
    """A sentence that may stand in a scenario."""

    text: str
    """Words, with `{name}` where one is to be filled in; `{names*}` takes all that follow."""
    english: str
    options: tuple[str, ...] = ()

    @property
    def parts(self) -> list[str]:
        return self.text.split()

    @property
    def literals(self) -> int:
        """How many of its words are fixed: of two sentences that fit, the more exact one is it."""
        return sum(not part.startswith("{") for part in self.parts)

    def match(self, words: list[str]) -> dict[str, str] | None:
        """The words in the template's places; None where it is another sentence."""
        parts = self.parts
        rest = parts[-1].endswith("*}") if parts else False
        if len(words) != len(parts) and not (rest and len(words) >= len(parts)):
            return None
        found: dict[str, str] = {}
        for index, part in enumerate(parts):
            if part.endswith("*}"):
                found[part[1:-2]] = " ".join(words[index:])
            elif part.startswith("{"):
                found[part[1:-1]] = words[index]
            elif part != words[index]:
                return None
        return found


@dataclass
class Scenario:
    """A file's lines: its header, and what happens and is expected, in order of time."""

    file: str
    header: list[tuple[Place, str, str]] = field(default_factory=list)
    """(where, key, value)."""
    sentences: list[Sentence] = field(default_factory=list)

    def values(self, key: str) -> list[tuple[Place, str]]:
        return [(place, value) for place, known, value in self.header if known == key]

    def value(self, key: str) -> str:
        return next((value for _, value in self.values(key)), "")


def read(path: Path, keys: Iterable[str], templates: Iterable[Template]) -> Scenario:
    """Raises `BadScenario`."""
    return read_text(path.read_text(encoding="utf-8"), path.name, keys, templates)


def read_text(text: str, file: str, keys: Iterable[str], templates: Iterable[Template]) -> Scenario:
    """Raises `BadScenario`."""
    scenario = Scenario(file)
    keys = list(keys)
    known = sorted(templates, key=lambda template: -template.literals)
    for number, line in enumerate(text.splitlines(), start=1):
        place = Place(file, number)
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if _TIME.match(line):
            sentence = _sentence(place, line, known)
            if scenario.sentences and sentence.at_ms < scenario.sentences[-1].at_ms:
                raise place.bad("时间不能倒退;迟到的消息写:收到 (发于 时间)")
            scenario.sentences.append(sentence)
            continue
        if scenario.sentences:
            raise place.bad("这一行没有时间;表头要写在所有带时间的行之前")
        scenario.header.append((place, *_header(place, line, keys)))
    return scenario


def _header(place: Place, line: str, keys: list[str]) -> tuple[str, str]:
    key, colon, value = line.replace(":", ":", 1).partition(":")
    if not colon or key.strip() not in keys:
        raise place.bad(f"看不懂 {line!r};表头可用:{'、'.join(keys)}")
    value = value.strip()
    return key.strip(), value if key.strip() in ("规则", "说明") else _without_comment(value)


def _without_comment(line: str) -> str:
    """What stands before a word that begins with `#`."""
    for match in _WORD.finditer(line):
        if match.group().startswith("#"):
            return line[: match.start()].rstrip()
    return line


def _sentence(place: Place, line: str, templates: list[Template]) -> Sentence:
    line = _without_comment(line)
    time, _, rest = line.partition(" ")
    at_ms = sent_ms = moment_ms(time, place)
    rest = rest.strip()
    if late := _SENT.match(rest):
        sent_ms, rest = moment_ms(late.group(1), place), rest[late.end() :]
    words, options = split(place, rest)
    refused = ""
    if REFUSED in words:
        index = words.index(REFUSED)
        if len(words) != index + 3 or words[index + 1] != "拒绝":
            raise place.bad(f"{REFUSED} 之后应为:拒绝 原因编号")
        words, refused = words[:index], words[-1]
    for template in templates:
        found = template.match(words)
        if found is not None:
            _known_options(place, template, options)
            return Sentence(place, line, template.text, at_ms, sent_ms, found, options, refused)
    raise place.bad(_not_understood(words, templates))


def split(place: Place, text: str) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """The words of a sentence, and its options `key=value`."""
    words: list[str] = []
    options: dict[str, tuple[str, ...]] = {}
    end = 0
    for match in _WORD.finditer(text):
        if text[end : match.start()].strip():
            raise place.bad(f"引号不成对:{text!r}")
        end = match.end()
        word = match.group()
        option = _OPTION.fullmatch(word) if word != REFUSED else None
        if option is not None:
            key = option.group(1)
            options[key] = (*options.get(key, ()), unquoted(option.group(2)))
        else:
            words.append(unquoted(word))
    if text[end:].strip():
        raise place.bad(f"引号不成对:{text!r}")
    return words, options


def unquoted(word: str) -> str:
    return _QUOTED.sub(lambda match: match.group(1) or match.group(2) or "", word)


def _known_options(
    place: Place, template: Template, options: Mapping[str, tuple[str, ...]]
) -> None:
    if "*" in template.options:
        return
    for key in options:
        if key not in template.options:
            known = "、".join(template.options) or "(无)"
            raise place.bad(f"{template.text!r} 没有选项 {key};可用:{known}")


def _not_understood(words: list[str], templates: list[Template]) -> str:
    said = " ".join(words)
    known = [template.text for template in templates]
    close = get_close_matches(said, known, n=3, cutoff=0.3)
    hint = f";是否想写:{' / '.join(close)}" if close else ""
    return f"看不懂 {said!r}{hint}"


# Values


def moment_ms(text: str, place: Place) -> int:
    """ "9:05", "09:05:00.001"; hours beyond 24 are of the days after."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise place.bad(f"{text!r} 不是时间(例:09:05、09:04:59.999、25:30 即次日 01:30)")
    hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3] or 0)
    if minutes > 59 or seconds > 59:
        raise place.bad(f"{text!r} 不是时间")
    millis = int((match[4] or "0").ljust(3, "0"))
    return MIDNIGHT_MS + hours * HOUR_MS + minutes * MINUTE_MS + seconds * 1000 + millis


def clock(at_ms: int) -> str:
    """The same, written back."""
    minutes, millis = divmod(at_ms - MIDNIGHT_MS, MINUTE_MS)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{millis // 1000:02d}.{millis % 1000:03d}"


def duration_ms(text: str, place: Place) -> int:
    """ "5m", "1h30m", "0s", "500ms"."""
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        raise place.bad(f"{text!r} 不是时长(例:90s、5m、1h30m)")
    days, hours, minutes, seconds, millis = (int(part or 0) for part in match.groups())
    return days * DAY_MS + hours * HOUR_MS + minutes * MINUTE_MS + seconds * 1000 + millis


def fen(text: str, place: Place) -> int:
    """ "20.00" yuan in fen."""
    match = re.fullmatch(r"(-?)(\d+)(?:\.(\d{1,2}))?", text, re.ASCII)
    if match is None:
        raise place.bad(f"{text!r} 不是金额(例:20.00)")
    amount = int(match[2]) * 100 + int((match[3] or "0").ljust(2, "0"))
    return -amount if match[1] else amount
