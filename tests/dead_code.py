"""Dead code, by vulture: names of ours that nothing refers to. Run by `make check`.

Variables are left out: to vulture a field of a Struct that is only written, then encoded, looks
unused; ruff finds the unused locals. What else is used from outside Python stands under
[tool.vulture] in pyproject.toml.
"""

import sys
from pathlib import Path

from vulture.config import make_config
from vulture.core import Vulture


def main() -> int:
    with Path("pyproject.toml").open("rb") as file:
        config = make_config(argv=[], tomlfile=file)
    vulture = Vulture(
        ignore_names=config["ignore_names"], ignore_decorators=config["ignore_decorators"]
    )
    vulture.scavenge(config["paths"])
    unused = [
        item
        for item in vulture.get_unused_code(min_confidence=config["min_confidence"])
        if item.typ != "variable"
    ]
    for item in unused:
        print(item.get_report())
    if not unused:
        print(f"No dead code in {' '.join(config['paths'])}")
    return 1 if unused or vulture.exit_code else 0


if __name__ == "__main__":
    sys.exit(main())
