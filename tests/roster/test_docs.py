"""The tables in docs/roster.md, in both languages, import as they stand there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.roster.reading import imported

DOCS = Path(__file__).resolve().parents[2] / "docs"
AGENTS = {"li": "小李", "wang": "小王", "zhao": "", "chen": ""}


def tables(text: str) -> list[list[list[str]]]:
    found: list[list[list[str]]] = [[]]
    for line in text.splitlines():
        if not line.startswith("|"):
            found.append([])
        elif not set(line) <= set("|-"):
            found[-1].append([cell.strip() for cell in line.strip("|").split("|")])
    return [table for table in found if table]


@pytest.mark.parametrize("name", ["roster.md", "roster.zh-CN.md"])
def test_the_tables_of_the_docs_import(name: str) -> None:
    long, _, matrix, definitions, *_ = tables((DOCS / name).read_text(encoding="utf-8"))
    accounts = ("tmall:li", "tmall:wang", "tmall:zhao", "jd:sun")
    assert len(imported(long, agents=AGENTS, sub_accounts=accounts).shifts) == 3
    assert len(imported(matrix, definitions, agents=AGENTS, sub_accounts=accounts).shifts) == 10
