"""The console at `/`: its files, read once, under a policy that lets nothing else in.

Nothing is fetched from outside, and no script or style stands in a page; the import map that
names the modules is allowed by its digest alone.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from aiohttp import web

TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
_IMPORT_MAP = re.compile(rb'<script type="importmap">(.*?)</script>', re.DOTALL)

MISSING = (
    "控制台的第三方文件还没有取来:请运行 make venv。\n"
    "The console's third-party files are not there: run `make venv`.\n"
)


def policy(page: bytes) -> str:
    """The Content-Security-Policy of a page with this import map."""
    found = _IMPORT_MAP.search(page)
    digest = b64encode(sha256(found.group(1) if found else b"").digest()).decode()
    return (
        f"default-src 'none'; script-src 'self' 'sha256-{digest}'; style-src 'self';"
        " connect-src 'self'; img-src 'self' data: https:; media-src https:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


class Served:
    """One file."""

    def __init__(self, path: str, body: bytes, csp: str) -> None:
        self.path = path
        self._body = body
        self._content_type = TYPES["." + path.rpartition(".")[2] if "." in path else ".html"]
        self._headers = {
            "Content-Security-Policy": csp,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
            "Cache-Control": "no-cache",
            "ETag": f'"{sha256(body).hexdigest()[:32]}"',
        }

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("If-None-Match") == self._headers["ETag"]:
            return web.Response(status=304, headers=self._headers)
        return web.Response(
            body=self._body,
            content_type=self._content_type,
            charset="utf-8",
            headers=self._headers,
        )


def served() -> list[Served]:
    """All files of the console, with the paths they are served at."""
    root = files("router.http").joinpath("console")
    page = root.joinpath("index.html").read_bytes()
    csp = policy(page)
    if not root.joinpath("vendor").is_dir():
        return [Served("/", f"<!doctype html><pre>{MISSING}</pre>".encode(), csp)]
    return [Served("/", page, csp)] + [
        Served(f"/console/{name}", file.read_bytes(), csp)
        for name, file in _walk(root, "")
        if name != "index.html"
    ]


def _walk(directory: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for child in sorted(directory.iterdir(), key=lambda one: one.name):
        if child.is_dir():
            yield from _walk(child, f"{prefix}{child.name}/")
        elif "." + child.name.rpartition(".")[2] in TYPES:
            yield prefix + child.name, child
