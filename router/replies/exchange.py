"""Quick replies as files: CSV and XLSX for people, JSON for programs; in and out.

An import is all or nothing: what is wrong is said with sheet, row and column, all at once. A
file names neither owners nor counts: whoever imports it says whose the replies become.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec

from router.replies.categories import CATEGORIES, category_of
from router.replies.reply import Reply, check
from router.tables import (
    BYTES_LIMIT,
    BadTable,
    Cell,
    Problem,
    Problems,
    Row,
    Sheet,
    Value,
    column_letter,
    read,
    shown,
    write_csv,
    write_xlsx,
)

COLUMNS = {
    "id": "编号",
    "category": "分类",
    "scenario": "场景",
    "title": "标题",
    "text": "内容",
    "pictures": "图片",
    "shops": "店铺",
    "shortcut": "快捷短语",
}
"""The columns of a table, by the reply's fields."""
NEEDED = ("category", "title", "text")
SHEET = "快捷回复"
SEARCHED_ROWS = 10
JSON_VERSION = 1

_FIELDS = {
    **{name: field for field, name in COLUMNS.items()},
    **{field: field for field in COLUMNS},
    "话术": "text",
    "话术内容": "text",
    "快捷键": "shortcut",
    "快捷编码": "shortcut",
}
_SHOPS = re.compile(r"[\s、,,;;|]+")


class BadReplies(BadTable):
    """The file cannot be imported: all that is wrong with it, and nothing was taken over."""


class Placed(NamedTuple):
    """A reply of a file, and where its text stands there."""

    reply: Reply
    place: str


class _Written(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """A reply as it stands in a JSON file."""

    id: str = ""
    category: str
    scenario: str = ""
    title: str
    text: str
    pictures: tuple[str, ...] = ()
    shops: tuple[str, ...] = ()
    shortcut: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    replies: list[object]


def read_replies(
    data: bytes, name: str, *, owner: str, at_ms: int, new_id: Callable[[], str]
) -> list[Placed]:
    """The replies of a file, as this owner's ("" for the team's) and of this moment.

    `name` tells JSON by its ending. Whatever has no id in the file gets one of `new_id`. Raises
    `BadReplies`.
    """
    try:
        if name.lower().endswith(".json"):
            return _from_json(data, name, owner, at_ms, new_id)
        return _from_sheets(read(data, name), name, owner, at_ms, new_id)
    except BadReplies:
        raise
    except BadTable as bad:
        raise BadReplies(bad.problems) from bad


def to_csv(replies: Iterable[Reply]) -> bytes:
    return write_csv(_sheet(replies))


def to_xlsx(replies: Iterable[Reply]) -> bytes:
    return write_xlsx([_sheet(replies)])


def to_json(replies: Iterable[Reply]) -> bytes:
    """With line ends and indents, for people and version control."""
    written = [
        msgspec.convert(
            {field: getattr(reply, field) for field in COLUMNS}, _Written, from_attributes=True
        )
        for reply in replies
    ]
    raw = msgspec.json.encode({"version": JSON_VERSION, "replies": written})
    return msgspec.json.format(raw, indent=2) + b"\n"


def _sheet(replies: Iterable[Reply]) -> Sheet:
    rows: list[list[Value]] = [list(COLUMNS.values())]
    rows += [
        [
            reply.id,
            CATEGORIES[reply.category],
            reply.scenario,
            reply.title,
            reply.text,
            "\n".join(reply.pictures),
            "、".join(reply.shops),
            reply.shortcut,
        ]
        for reply in replies
    ]
    return Sheet.of(SHEET, rows)


# Tables


def _from_sheets(
    sheets: list[Sheet], name: str, owner: str, at_ms: int, new_id: Callable[[], str]
) -> list[Placed]:
    problems = Problems()
    replies: list[Placed] = []
    places: dict[str, str] = {}
    for sheet in sheets:
        header = _header(sheet, problems) if sheet.rows else None
        if header is None:
            continue
        head, columns = header
        for row in sheet.rows:
            if row.number <= head or not any(row.cell(c).text.strip() for c in columns.values()):
                continue
            cells = {field: row.cell(column) for field, column in columns.items()}
            reply = _of_row(cells, owner, at_ms, new_id)
            _judge(problems, sheet.name, row, cells, reply, places)
            text = Problem(sheet.name, row.number, column_letter(cells["text"].column), "", "", "")
            replies.append(Placed(reply, text.place))
    if problems.found:
        raise BadReplies(problems.sorted([sheet.name for sheet in sheets]))
    if not replies:
        raise BadReplies([Problem(name, 0, "", "", "没有快捷回复", "there are no quick replies")])
    return replies


def _header(sheet: Sheet, problems: Problems) -> tuple[int, dict[str, int]] | None:
    """The header's row, and the column of each field; None, and noted, where there is none."""
    for row in sheet.rows[:SEARCHED_ROWS]:
        cells = [(cell, _FIELDS.get(cell.text.strip().lower())) for cell in row.filled()]
        columns: dict[str, int] = {}
        for cell, field in cells:
            if field:
                columns.setdefault(field, cell.column)
        if not set(NEEDED) <= columns.keys():
            continue
        for cell, field in cells:
            if field is None or columns[field] != cell.column:
                names = "、".join(COLUMNS.values())
                problems.at(
                    sheet.name,
                    cell,
                    f"未知或重复的列,应为:{names}",
                    f"a column that is unknown or there twice; expected {', '.join(COLUMNS)}",
                )
        return row.number, columns
    needed = "、".join(COLUMNS[field] for field in NEEDED)
    problems.row(
        sheet.name,
        sheet.rows[0].number,
        f"没找到表头,至少要有:{needed}",
        f"found no header; expected at least {', '.join(NEEDED)}",
    )
    return None


def _of_row(cells: Mapping[str, Cell], owner: str, at_ms: int, new_id: Callable[[], str]) -> Reply:
    def raw(field: str) -> str:
        return cells[field].text if field in cells else ""

    def line(field: str) -> str:
        return " ".join(raw(field).split())

    return Reply(
        id=line("id") or new_id(),
        owner=owner,
        category=category_of(raw("category")) or line("category"),
        scenario=line("scenario"),
        title=line("title"),
        text=raw("text"),  # as it is: line ends and indents are the writer's
        pictures=tuple(raw("pictures").split()),
        shops=tuple(filter(None, _SHOPS.split(raw("shops")))),
        shortcut=line("shortcut"),
        updated_ms=at_ms,
    )


def _judge(
    problems: Problems,
    sheet: str,
    row: Row,
    cells: Mapping[str, Cell],
    reply: Reply,
    places: dict[str, str],
) -> None:
    """Note what is wrong with a row; `places` has the ids so far."""
    for fault in check(reply):
        if fault.field in cells:
            problems.at(sheet, cells[fault.field], fault.zh, fault.en)
        else:
            problems.row(sheet, row.number, fault.zh, fault.en)
    first = places.setdefault(reply.id, f"{sheet}!{row.number}")
    if first != f"{sheet}!{row.number}" and "id" in cells:
        problems.at(sheet, cells["id"], f"编号和 {first} 重复", f"the same id as in {first}")


# JSON


def _from_json(
    data: bytes, name: str, owner: str, at_ms: int, new_id: Callable[[], str]
) -> list[Placed]:
    def said(path: str, found: str, zh: str, en: str) -> Problem:
        return Problem(f"{name}: {path}" if path else name, 0, "", found, zh, en)

    if len(data) > BYTES_LIMIT:
        raise BadReplies(
            [said("", "", f"文件超过 {BYTES_LIMIT >> 20} MB", f"more than {BYTES_LIMIT >> 20} MB")]
        )
    try:
        file = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=_File)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadReplies(
            [said("", "", "不是快捷回复的 JSON 文件", f"no JSON file of quick replies: {error}")]
        ) from error
    problems: list[Problem] = []
    if file.version != JSON_VERSION:
        problems.append(
            said("version", str(file.version), f"应为 {JSON_VERSION}", f"expected {JSON_VERSION}")
        )
    replies: list[Placed] = []
    places: dict[str, str] = {}
    for index, raw in enumerate(file.replies):
        at = f"replies[{index}]"
        try:
            written = msgspec.convert(raw, _Written)
        except msgspec.ValidationError as error:
            problems.append(said(at, "", "格式不对", f"not a reply: {error}"))
            continue
        reply = Reply(
            owner=owner,
            updated_ms=at_ms,
            **{**msgspec.structs.asdict(written), "id": written.id or new_id()},
        )
        for fault in check(reply):
            found = shown(str(getattr(reply, fault.field)))
            problems.append(said(f"{at}.{fault.field}", found, fault.zh, fault.en))
        first = places.setdefault(reply.id, at)
        if first != at:
            problems.append(
                said(f"{at}.id", shown(reply.id), f"和 {first} 重复", f"the same as {first}")
            )
        replies.append(Placed(reply, f"{name}: {at}.text"))
    if problems:
        raise BadReplies(problems)
    return replies
