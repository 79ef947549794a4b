"""What a quick reply is, and what it may hold."""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from router.replies.categories import CATEGORIES
from router.replies.placeholders import bad_placeholders

TEXT_LIMIT = 2_000
TITLE_LIMIT = 60
SCENARIO_LIMIT = 60
SHORTCUT_LIMIT = 20
PICTURES_LIMIT = 9
URL_LIMIT = 1_000
SHOPS_LIMIT = 100
OWNER_LIMIT = 200

_ID = re.compile(r"[A-Za-z0-9._:@-]{1,64}")
_URL = re.compile(r"https?://[^\s<>\"]+")
_STEERING = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""No text: control characters but for tab and line ends, halves of characters."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A text at hand, for agents to send as it is or changed."""

    id: str
    owner: str
    """"" for the team's library, else the agent whose own it is."""
    category: str
    """Of `CATEGORIES`."""
    scenario: str = ""
    """When it fits: 买家问尺码."""
    title: str
    text: str
    """With placeholders (`router.replies.placeholders`)."""
    pictures: tuple[str, ...] = ()
    """URLs."""
    shops: tuple[str, ...] = ()
    """Ids; empty: all."""
    shortcut: str = ""
    """What an agent types to have it at once."""
    uses: int = 0
    updated_ms: int = 0


class Fault(NamedTuple):
    """One thing that is wrong with a reply."""

    field: str
    zh: str
    en: str


class BadReply(Exception):
    """The reply cannot be saved: all that is wrong with it."""

    def __init__(self, reply: str, faults: list[Fault]) -> None:
        super().__init__(reply, faults)
        self.reply = reply
        self.faults = faults

    def __str__(self) -> str:
        said = "; ".join(f"{fault.field}: {fault.zh} / {fault.en}" for fault in self.faults)
        return f"{self.reply}: {said}"


def check(reply: Reply) -> list[Fault]:
    """All that is wrong with a reply."""
    faults: list[Fault] = []

    def need(right: bool, field: str, zh: str, en: str) -> None:
        if not right:
            faults.append(Fault(field, f"应为{zh}", f"expected {en}"))

    id_zh = "编号(1–64 个字符,限 A-Z a-z 0-9 . _ : @ -)"
    id_en = "an id (1 to 64 characters of A-Z a-z 0-9 . _ : @ -)"
    need(bool(_ID.fullmatch(reply.id)), "id", id_zh, id_en)
    need(
        len(reply.owner) <= OWNER_LIMIT and not _STEERING.search(reply.owner),
        "owner",
        f"空或客服编号(最多 {OWNER_LIMIT} 个字符)",
        f'"" or an agent\'s id (at most {OWNER_LIMIT} characters)',
    )
    need(
        reply.category in CATEGORIES,
        "category",
        f"分类:{'、'.join(CATEGORIES.values())}",
        f"a category: {', '.join(CATEGORIES)}",
    )
    for field, value, least, most in (
        ("scenario", reply.scenario, 0, SCENARIO_LIMIT),
        ("title", reply.title, 1, TITLE_LIMIT),
        ("shortcut", reply.shortcut, 0, SHORTCUT_LIMIT),
    ):
        need(
            least <= len(value) <= most and value == " ".join(value.split()) and _is_text(value),
            field,
            f"{least}–{most} 个字,只有一行,前后没有空格",
            f"{least} to {most} characters on one line, no space around",
        )
    need(" " not in reply.shortcut, "shortcut", "没有空格的快捷短语", "a shortcut without spaces")
    need(
        0 < len(reply.text) <= TEXT_LIMIT and bool(reply.text.strip()) and _is_text(reply.text),
        "text",
        f"1–{TEXT_LIMIT} 个字",
        f"1 to {TEXT_LIMIT} characters",
    )
    faults += [Fault("text", bad.zh, bad.en) for bad in bad_placeholders(reply.text)]
    need(
        len(reply.pictures) <= PICTURES_LIMIT
        and all(_URL.fullmatch(url) and len(url) <= URL_LIMIT for url in reply.pictures),
        "pictures",
        f"最多 {PICTURES_LIMIT} 个图片网址(http:// 或 https://)",
        f"at most {PICTURES_LIMIT} addresses of pictures (http:// or https://)",
    )
    need(
        len(reply.shops) <= SHOPS_LIMIT and all(map(_ID.fullmatch, reply.shops)),
        "shops",
        f"最多 {SHOPS_LIMIT} 个店铺编号",
        f"at most {SHOPS_LIMIT} ids of shops",
    )
    need(reply.uses >= 0, "uses", "不为负的次数", "a count that is not negative")
    need(reply.updated_ms >= 0, "updated_ms", "不为负的时间", "a time that is not negative")
    return faults


def _is_text(value: str) -> bool:
    return not _STEERING.search(value)
