"""Folders of conduct lists: `[conduct] lexicons` for all shops, `[shops."id"] lexicons` for one.

They are read here once to be checked, so that `zhiban check` names the file and line of what is
wrong with them; who judges by them reads them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from router.settings.problems import Notes
from router.settings.reading import TEXT, Table


def read_lexicons(
    table: Table, path: Path, shops: Mapping[str, Table], notes: Notes
) -> dict[str, Path]:
    """The folders by shop ("" for all), relative to the file at `path`."""
    conduct = table.table("conduct")
    named = {"": (conduct, conduct.take("lexicons", TEXT, ""))}
    conduct.close()
    for shop, entry in shops.items():
        named[shop] = (entry, entry.take("lexicons", TEXT, ""))
    found = {shop: path.parent / folder for shop, (_, folder) in named.items() if folder}
    for shop, folder in found.items():
        _check(named[shop][0], folder, notes)
    return found


def _check(entry: Table, folder: Path, notes: Notes) -> None:
    # Its libraries take a while to load, and few have lists of their own.
    from router.conduct import check  # noqa: PLC0415

    if not folder.is_dir():
        entry.error("lexicons", f"没有文件夹 {folder}", f"no folder {folder}")
        return
    notes.files += [folder, *sorted((*folder.glob("*.txt"), *folder.glob("*.weights")))]
    for problem in check(folder):
        place = f"{folder.parent / problem.file}" if problem.file else str(folder)
        line = f"第 {problem.line} 行 line {problem.line}" if problem.line else ""
        notes.error(place, line, problem.zh, problem.en)
