"""Questions to a provider: each with an end in time and a bound in size, and none passed on.

What a provider sends is read as JSON whatever it calls it, up to a limit. A redirect is not
followed: the addresses come from its own description, and nobody else should get what is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
import msgspec

TIMEOUT_S = 8.0
SIZE_LIMIT = 512 * 1024

_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "zhiban"}


class Unavailable(Exception):
    """The provider does not answer, or not as it should; says why, for our log."""


class Fetcher:
    """A client of its own, opened at the first question."""

    def __init__(self) -> None:
        self._http: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    async def get(self, url: str, *, bearer: str = "") -> dict[str, Any]:
        """Raises `Unavailable`."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        status, found = await self._ask("GET", url, headers, None)
        if status != 200:
            raise Unavailable(f"{url} answers {status}")
        return found

    async def post(
        self, url: str, form: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Any]]:
        """The status and the answer. Raises `Unavailable`."""
        return await self._ask("POST", url, headers, form)

    async def _ask(
        self, method: str, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> tuple[int, dict[str, Any]]:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=None), cookie_jar=aiohttp.DummyCookieJar()
            )
        try:
            async with self._http.request(
                method,
                url,
                headers={**_HEADERS, **headers},
                data=form,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            ) as answer:
                return answer.status, _read(await _body(answer, url), url, answer.status)
        except TimeoutError:
            raise Unavailable(f"{url} does not answer within {TIMEOUT_S:g} s") from None
        except aiohttp.ClientError as error:
            raise Unavailable(f"{url}: {type(error).__name__} {error}") from None


async def _body(answer: aiohttp.ClientResponse, url: str) -> bytes:
    found = bytearray()
    async for part in answer.content.iter_any():
        found += part
        if len(found) > SIZE_LIMIT:
            raise Unavailable(f"{url} answers more than {SIZE_LIMIT} bytes")
    return bytes(found)


def _read(body: bytes, url: str, status: int) -> dict[str, Any]:
    """A JSON object; a refusal may have none."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        if status != 200:
            return {}
        raise Unavailable(f"{url} does not answer with a JSON object") from None
