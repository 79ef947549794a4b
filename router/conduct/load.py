"""Reading lists and weights from files: the built-in ones in `config/lexicons`, and over them a
shop's own."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources.abc import Traversable
from pathlib import Path

import config
from router.conduct.grammar import SECTIONS, Problem
from router.conduct.lexicon import LexiconError, Lexicons, Source, compile_lists
from router.conduct.weights import ENDING as WEIGHTS
from router.conduct.weights import WEIGHED

LISTS = ".txt"
KNOWN = {LISTS: tuple(SECTIONS), WEIGHTS: WEIGHED}
"""Which files there may be, by their ending."""
BYTES_LIMIT = 1_000_000


def load(directory: Path | None = None, overlays: Sequence[Path] = ()) -> Lexicons:
    """The lists of `directory` (None: the built-in set) and, over it, of a shop's own folders.

    Raises `LexiconError` with all that is wrong, by file and line.
    """
    problems: list[Problem] = []
    built_in = config.path("lexicons") if directory is None else directory
    layers = [_read(built_in, "", problems)]
    layers += [_read(folder, f"{folder.name}/", problems) for folder in overlays]
    if problems:
        raise LexiconError(problems)
    return _compiled(tuple(tuple(layer) for layer in layers))


@lru_cache(maxsize=8)
def _compiled(layers: tuple[tuple[Source, ...], ...]) -> Lexicons:
    """Compiling takes a second: lists that have not changed are not compiled again."""
    return compile_lists(layers)


def check(path: Path) -> list[Problem]:
    """What is wrong with a shop's own lists: a folder of them, or one file."""
    problems: list[Problem] = []
    if path.is_dir():
        layer = _read(path, f"{path.name}/", problems)
    else:
        layer = _read_files([path], "", problems)
    try:
        compile_lists([_read(config.path("lexicons"), "", problems), layer])
    except LexiconError as error:
        problems += error.problems
    return problems


def _read(folder: Traversable, prefix: str, problems: list[Problem]) -> list[Source]:
    if not folder.is_dir():
        problems.append(Problem(str(folder), 0, "没有这个文件夹", "there is no such folder"))
        return []
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(tuple(KNOWN))),
        key=lambda f: f.name,
    )
    return _read_files(files, prefix, problems)


def _read_files(files: Sequence[Traversable], prefix: str, problems: list[Problem]) -> list[Source]:
    sources = []
    for file in files:
        name, dot, ending = file.name.rpartition(".")
        shown = prefix + file.name
        known = KNOWN.get(dot + ending, ())
        if name not in known:
            problems.append(_unknown(shown, name, known, dot + ending))
            continue
        try:
            body = file.read_bytes()
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = body.count(b"\n", 0, error.start) + 1
            problems.append(
                Problem(shown, line, "文件要存成 UTF-8", "the file is not encoded in UTF-8")
            )
            continue
        except OSError as error:
            problems.append(
                Problem(shown, 0, f"读不了:{error.strerror}", f"cannot be read: {error}")
            )
            continue
        if len(body) > BYTES_LIMIT:
            problems.append(Problem(shown, 0, "词表超过 1 MB", "a list is at most 1 MB"))
            continue
        sources.append(Source(name, shown, text))
    return sources


def _unknown(shown: str, name: str, names: Sequence[str], ending: str) -> Problem:
    known = "、".join(f"{known}{ending}" for known in names)
    close = get_close_matches(name, names, n=1)
    zh, en = (
        (f",是否想写 {close[0]}{ending}?", f"; did you mean {close[0]}{ending}?")
        if close
        else ("", "")
    )
    return Problem(
        shown, 0, f"没有这个词表,可用 {known}{zh}", f"there is no such list; there are {known}{en}"
    )
