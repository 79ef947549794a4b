"""The server's function library: its text, and the versioned names it is called by.

A digest of the text is part of every name, so that two releases of the program find each
its own functions on one server during a rolling upgrade. Libraries of releases that are
gone stay until somebody deletes them (`FUNCTION LIST`, `FUNCTION DELETE`); each takes
some 100 kB of the server's memory.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

_TEMPLATE = Path(__file__).with_name("functions.lua").read_text(encoding="utf-8")

VERSION = hashlib.sha256(_TEMPLATE.encode()).hexdigest()[:10]

SOURCE = _TEMPLATE.replace("@VERSION@", VERSION)
"""What `FUNCTION LOAD` is given."""


def function(name: str) -> str:
    """What a function of the library is called on the server."""
    return f"zhiban_{VERSION}_{name}"
