"""The words of a roster's header and cells, in Chinese and English, and how they are compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from enum import Enum, auto

SUGGESTIONS_LIMIT = 50
"""For more words than this no likeness is looked for: it takes long."""

_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−─", "-"))
_SEPARATORS = re.compile(r"[\s、,;|]+")


class Role(Enum):
    """What a column of a roster holds."""

    AGENT = auto()
    PERSON = auto()
    """A person's name: the agent where no other column is, else a remark."""
    DATE = auto()
    SHIFT = auto()
    NAME = auto()
    """The name of a shift, where shifts are defined."""
    START = auto()
    END = auto()
    SUB_ACCOUNTS = auto()
    BREAKS = auto()
    REMARK = auto()
    """For people: not read."""


_HEADERS = {
    Role.AGENT: "客服 客服编号 客服姓名 客服id 员工 人员 agent agents agentid staff",
    Role.PERSON: "姓名 名字 person",
    Role.DATE: "日期 date day",
    Role.SHIFT: "班次 班 班别 班次名 班次名称 shift shifts",
    Role.NAME: "名称 name",
    Role.START: "开始 开始时间 上班 上班时间 start starttime from begin",
    Role.END: "结束 结束时间 下班 下班时间 end endtime to until",
    Role.SUB_ACCOUNTS: "子账号 子帐号 账号 帐号 subaccounts subaccount accounts",
    Role.BREAKS: "休息 休息时间 休息时段 小休 breaks break",
    Role.REMARK: "备注 说明 星期 周几 店铺 部门 组 组别 岗位 工时 合计 总计"
    " remark remarks note notes readme weekday shop team hours total",
}
_ROLES = {word: role for role, words in _HEADERS.items() for word in words.split()}
_OFF = frozenset(("休", "休息", "off", "空", "-", "--"))


def plain(text: str) -> str:
    """Wide forms made narrow, dashes alike, no space around."""
    return unicodedata.normalize("NFKC", text).translate(_DASHES).strip()


def folded(text: str) -> str:
    """For comparing: `plain`, in lower case."""
    return plain(text).casefold()


def role_of(header: str) -> Role | None:
    return _ROLES.get(re.sub(r"[\s_]+", "", folded(header)))


def is_off(text: str) -> bool:
    """Whether the cell says that there is no shift."""
    return folded(text) in _OFF or not text.strip()


def listed(text: str) -> list[str]:
    """The words of a list separated by 、 , ; | or space, each once."""
    return list(dict.fromkeys(filter(None, _SEPARATORS.split(plain(text)))))


class Nearest:
    """Finds the known word that was probably meant."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = list(known)
        self._left = SUGGESTIONS_LIMIT

    def to(self, word: str) -> tuple[str, str]:
        """As the end of a sentence in both languages; empty where nothing is near."""
        if not self._left:
            return "", ""
        self._left -= 1
        close = get_close_matches(word, self._known, n=1, cutoff=0.5)  # one of two Han characters
        return (f",是否想写 {close[0]}?", f"; did you mean {close[0]}?") if close else ("", "")
