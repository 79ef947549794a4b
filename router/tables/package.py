"""Opens an XLSX file's zip so that what is in it can do no harm, and packs it anew.

The reader of workbooks believes what it is given: one cell in the last column of the last row
makes it ask for half a terabyte, and the process is gone. So everything is looked at here
first: how much comes out of the zip, where the cells stand, how many there are, and how much
text they could repeat. What the reader then gets is packed from the very bytes looked at.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib

from router.tables.limits import CELLS_LIMIT, COLUMNS_LIMIT, ROWS_LIMIT

INFLATED_LIMIT = 64 * 1024 * 1024
"""Bytes that may come out of the zip."""
PARTS_LIMIT = 1_000
REPEATED_LIMIT = 512 * 1024 * 1024
"""Bytes of text, if every cell repeated the longest of the shared texts."""

_LOCAL_HEADER = 30
_CHUNK = 256 * 1024
# A cell's tag, whatever its namespace's prefix; group 1 is missing where it is not well formed.
_CELL = re.compile(
    rb"<(?:[^\s<>/:]+:)?c(?=[\s/>])"
    rb"(?:((?:\s+[^\s=<>/]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)\s*(/?)>)?"
)
_ATTRIBUTE = re.compile(rb"([^\s=]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_REFERENCE = re.compile(rb"([A-Za-z]{1,3})([0-9]{1,7})")
_SHARED_TEXTS = re.compile(rb"<(?:[^\s<>/:]+:)?sst[\s>]")


# All that zipfile and zlib raise over what is no zip, or not wholly one.
_BROKEN_ZIP = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(EOFError, NotImplementedError, OverflowError, ValueError),
)


class Refused(Exception):
    """The file is broken or harmful: `zh` and `en` say how."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


BROKEN = ("文件已损坏,请重新保存", "the file is damaged; save it again")
TOO_LARGE = ("解压后太大,请拆成几个文件", "it is too large once unpacked; split it")


def checked(data: bytes) -> bytes:
    """The same workbook, without what a table does not need (pictures, macros).

    Raises `Refused`.
    """
    cells, longest = 0, 0
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as anew:
        for name, part in _parts(data).items():
            cells += _cells(part)
            if cells > CELLS_LIMIT:
                raise Refused(
                    f"单元格超过 {CELLS_LIMIT} 个,请拆成几个文件",
                    f"more than {CELLS_LIMIT} cells; split it",
                )
            if _SHARED_TEXTS.search(part):
                longest = max(longest, *map(len, part.split(b"<si")))
            anew.writestr(name, part)
    if cells * longest > REPEATED_LIMIT:
        raise Refused(*TOO_LARGE)
    return packed.getvalue()


def _parts(data: bytes) -> dict[str, bytes]:
    """What is in the zip, by name: XML only."""
    parts: dict[str, bytes] = {}
    left = INFLATED_LIMIT
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            infos = package.infolist()
            if len(infos) > PARTS_LIMIT:
                raise Refused(*BROKEN)
            for info in infos:
                if not info.filename.lower().endswith((".xml", ".rels")):
                    continue
                if info.filename in parts:
                    raise Refused(*BROKEN)
                part = _inflated(data, info, left)
                parts[info.filename] = part
                left -= len(part)
    except _BROKEN_ZIP as error:
        raise Refused(*BROKEN) from error
    if "xl/workbook.xml" not in parts:
        raise Refused(
            "不是 Excel 工作簿,请另存为 .xlsx 或 .csv",
            "not an Excel workbook; save it as .xlsx or .csv",
        )
    return parts


def _inflated(data: bytes, info: zipfile.ZipInfo, limit: int) -> bytes:
    """One part, by its bytes: the sizes that a zip states of itself are not believed."""
    if info.flag_bits & 1:
        raise Refused("文件有密码,请去掉密码后再保存", "it has a password; save it without")
    head = info.header_offset
    name_length = int.from_bytes(data[head + 26 : head + 28], "little")
    extra_length = int.from_bytes(data[head + 28 : head + 30], "little")
    start = head + _LOCAL_HEADER + name_length + extra_length
    raw = data[start : start + info.compress_size]
    if info.compress_type == zipfile.ZIP_STORED:
        part = raw
    elif info.compress_type == zipfile.ZIP_DEFLATED:
        # One byte more than allowed shows that there is more.
        part = zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, limit + 1)
    else:
        raise Refused(*BROKEN)
    if len(part) > limit:
        raise Refused(*TOO_LARGE)
    if zlib.crc32(part) != info.CRC:
        raise Refused(*BROKEN)
    return part


def _cells(part: bytes) -> int:
    """How many cells of a part are not empty. Raises `Refused` for one outside the limits."""
    if b"\0" in part:  # UTF-16, which could hide a cell from us
        raise Refused(*BROKEN)
    count = 0
    for tag in _CELL.finditer(part):
        if tag[1] is None:
            raise Refused(*BROKEN)
        if tag[2]:
            continue  # a format without a value, which may well stand in the last column
        named = [
            _REFERENCE.fullmatch(attribute[2] or attribute[3] or b"")
            for attribute in _ATTRIBUTE.finditer(tag[1])
            if attribute[1] == b"r"
        ]
        if len(named) != 1 or named[0] is None:
            raise Refused(
                "单元格没有写明位置,请用 Excel 或 WPS 打开后重新保存",
                "a cell does not say where it stands; open it with Excel or WPS and save it again",
            )
        if int(named[0][2]) > ROWS_LIMIT or _column(named[0][1]) > COLUMNS_LIMIT:
            raise Refused(
                f"最多 {ROWS_LIMIT} 行、{COLUMNS_LIMIT} 列,而 {named[0][0].decode()} 里有内容",
                f"at most {ROWS_LIMIT} rows and {COLUMNS_LIMIT} columns,"
                f" but something stands in {named[0][0].decode()}",
            )
        count += 1
    return count


def _column(letters: bytes) -> int:
    """From 1."""
    column = 0
    for letter in letters.upper():
        column = column * 26 + letter - ord("A") + 1
    return column
