"""Asks a running daemon over its HTTP API, with a bearer token."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from router.terminal.columns import printable
from router.terminal.frame import Failed

DEFAULT_URL = "http://127.0.0.1:8080"
TIMEOUT_S = 20
ANSWER_LIMIT = 64 * 1024 * 1024

Json = dict[str, Any]


def add_daemon(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--url",
        help=f"服务地址,默认 $ZHIBAN_URL 或 {DEFAULT_URL}"
        f" / where the daemon answers, by default $ZHIBAN_URL or {DEFAULT_URL}",
    )
    parser.add_argument(
        "--token",
        help="访问令牌,默认 $ZHIBAN_TOKEN 或 ~/.config/zhiban/token"
        " / by default $ZHIBAN_TOKEN or what stands in ~/.config/zhiban/token",
    )


def _direct() -> urllib.request.OpenerDirector:
    """Without proxies and redirects: the token goes nowhere but to the address asked for."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.HTTPDefaultErrorHandler,
    ):
        opener.add_handler(handler())
    return opener


class Refusal(Failed):
    """The daemon's no, with the problem document as it came (RFC 9457)."""

    def __init__(self, said: str, problem: Json) -> None:
        super().__init__(said)
        self.problem = problem


class Client:
    """One daemon, asked by one user. Its methods raise `Failed`; a refusal is a `Refusal`."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.url = (args.url or os.environ.get("ZHIBAN_URL") or DEFAULT_URL).rstrip("/")
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise Failed(f"{self.url}: 应为 http(s):// 地址 / expected an address http(s)://…")
        self._token = args.token or os.environ.get("ZHIBAN_TOKEN") or _kept_token()
        if not (self._token.isascii() and self._token.isprintable()):
            raise Failed("令牌里有不该有的字符 / the token has characters that no token has")
        self._opener = _direct()

    def get(self, *path: str, **query: str) -> Json:
        return self._ask("GET", path, query=query)

    def put(self, *path: str, body: Json) -> Json:
        return self._ask("PUT", path, body)

    def post(self, *path: str, body: Json) -> Json:
        return self._ask("POST", path, body)

    def upload(self, *path: str, data: bytes, **query: str) -> Json:
        """Send a file."""
        return self._ask("POST", path, data, query)

    def _ask(
        self,
        method: str,
        path: tuple[str, ...],
        body: Json | bytes | None = None,
        query: dict[str, str] | None = None,
    ) -> Json:
        url = "/".join([f"{self.url}/v1", *(quote(part, safe="") for part in path)])
        if query:
            url += "?" + "&".join(f"{key}={quote(value, safe='')}" for key, value in query.items())
        request = urllib.request.Request(  # noqa: S310  # http(s) only: checked above
            url, method=method, headers={"Authorization": f"Bearer {self._token}"}
        )
        if isinstance(body, bytes):
            request.data = body
            request.add_header("Content-Type", "application/octet-stream")
        elif body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as response:
                answer = json.loads(response.read(ANSWER_LIMIT))
        except urllib.error.HTTPError as error:
            problem = _problem(error)
            raise Refusal(_refusal(error, problem), problem) from None
        except (OSError, http.client.HTTPException) as error:
            why = printable(getattr(error, "reason", None) or error)
            raise Failed(f"连不上 {self.url} / cannot reach {self.url}: {why}") from None
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise Failed(f"{self.url} 不像是值班服务 / does not answer like a Zhiban daemon")
        return answer


def _kept_token() -> str:
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    path = Path(home).expanduser() / "zhiban" / "token"
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        token = ""
    except UnicodeDecodeError:
        raise Failed(f"{path}: 不是文本 / not a text file") from None
    if not token:
        raise Failed(
            f"没有令牌:用 --token、ZHIBAN_TOKEN 或 {path}(zhiban token issue 发放)"
            f" / no token: give --token, ZHIBAN_TOKEN or {path} (from zhiban token issue)"
        )
    return token


def _problem(error: urllib.error.HTTPError) -> Json:
    """The problem document; {} where it is none."""
    try:
        problem = json.loads(error.read(ANSWER_LIMIT))
    except (OSError, ValueError, http.client.HTTPException):
        problem = None
    return problem if isinstance(problem, dict) else {}


def _refusal(error: urllib.error.HTTPError, problem: Json) -> str:
    """What a problem document says (RFC 9457), in both languages."""
    if not problem:
        return f"HTTP {error.code} {printable(error.reason)}"
    detail = problem.get("detail") or problem.get("title") or f"HTTP {error.code}"
    said = f"{problem.get('title_zh') or f'HTTP {error.code}'} / {detail}"
    if problem.get("reason") == "open_sessions_choice_needed":
        said += " (--inform | --transfer)"
    return printable(said)
