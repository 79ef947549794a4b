"""What every answer tells a browser: take it for what it says it is, and for nothing else.

The console's own files say more (`console_files`); what a route says itself stands.
"""

from __future__ import annotations

from aiohttp import web

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


async def protect(request: web.Request, response: web.StreamResponse) -> None:
    """For `on_response_prepare`."""
    del request
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
