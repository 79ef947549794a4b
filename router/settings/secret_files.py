"""Files that hold secrets should be their owner's alone."""

from __future__ import annotations

import os
from pathlib import Path


def readable_by_others(file: Path) -> bool:
    return os.name == "posix" and file.is_file() and bool(file.stat().st_mode & 0o077)
