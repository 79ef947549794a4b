"""The status page at `/`: files of our own, under a policy that lets nothing else in."""

from __future__ import annotations

from importlib.resources import files
from typing import NamedTuple

from aiohttp import web

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class File(NamedTuple):
    """A file of the page, as it is served."""

    path: str
    name: str
    content_type: str


FILES = (
    File("/", "index.html", "text/html"),
    File("/page/board.css", "board.css", "text/css"),
    File("/page/board.js", "board.js", "text/javascript"),
    File("/page/live.js", "live.js", "text/javascript"),
    File("/page/words.js", "words.js", "text/javascript"),
)


class Served:
    """One file, read once."""

    def __init__(self, file: File) -> None:
        self._body = files("router.http").joinpath("page", file.name).read_bytes()
        self._content_type = file.content_type

    async def handle(self, request: web.Request) -> web.StreamResponse:
        del request
        return web.Response(
            body=self._body, content_type=self._content_type, charset="utf-8", headers=HEADERS
        )
