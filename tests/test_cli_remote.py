"""`zhiban status`, `away`, `back`, `reassign` against a made-up daemon; aligned tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from router import cli
from router.terminal.columns import table, width

ROOT = Path(__file__).resolve().parent.parent

Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and nothing of the environment's own."""
    for name in ("ZHIBAN_URL", "ZHIBAN_TOKEN", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fails(capsys: Output, *argv: str) -> str:
    """The one line that says why."""
    assert cli.main(argv) == 1
    err = capsys.readouterr().err
    assert err.startswith("zhiban: ")
    assert err.count("\n") == 1
    return err


def works(capsys: Output, *argv: str) -> str:
    status = cli.main(argv)
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    return out


# Against a daemon


class Daemon(ThreadingHTTPServer):
    """Answers what it is told to, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: list[tuple[str, str, Any]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def answer(self) -> None:
        daemon = self.server
        assert isinstance(daemon, Daemon)
        size = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(size)) if size else None
        daemon.asked.append((f"{self.command} {self.path}", self.headers["Authorization"], body))
        status, answer = daemon.answers.get(f"{self.command} {self.path}", (404, {}))
        raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"{daemon.url}/elsewhere")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_PUT = do_POST = answer  # noqa: N815

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    with Daemon() as daemon:
        thread = Thread(target=daemon.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("ZHIBAN_URL", daemon.url)
        monkeypatch.setenv("ZHIBAN_TOKEN", "zb_secret")
        yield daemon
        daemon.shutdown()
        thread.join()


BOARD = {
    "desk": "main",
    "name": "客服一组",
    "now": "2026-11-21T08:00:00.000Z",
    "counts": {"sessions": 3, "waiting": 2, "queued": 1, "breaches_today": 4,
               "fines_today_fen": 8050},
    "agents": [
        {"id": "xiaomei", "name": "小美", "presence": "online", "load": 3, "capacity": 12,
         "reason": "", "back_at": None},
        {"id": "aj", "name": "阿杰", "presence": "away", "load": 0, "capacity": 0,
         "reason": "用餐\x1b[2J", "back_at": None},
    ],
    "queue": [
        {"id": "main-s7", "shop": "tmall", "buyer": "买家甲",
         "waiting_since_at": "2026-11-21T07:59:00.000Z", "due_at": "2026-11-21T08:04:05.000Z"}
    ],
    "deadlines": [
        {"rule": "reply", "session": "main-s7", "shop": "tmall", "buyer": "买家甲", "agent": "",
         "due_at": "2026-11-21T07:59:30.000Z"}
    ],
}  # fmt: skip


def test_status(daemon: Daemon, capsys: Output) -> None:
    daemon.answers["GET /v1/me"] = 200, {"desks": ["main"]}
    daemon.answers["GET /v1/board?desk=main"] = 200, BOARD
    out = works(capsys, "status")
    assert {asked[1] for asked in daemon.asked} == {"Bearer zb_secret"}
    assert "fines ¥80.50" in out
    lines = out.splitlines()
    row = {line.split()[0]: line for line in lines if line}
    assert "3/12" in row["xiaomei"]
    assert "0/∞" in row["aj"]
    assert "\x1b" not in out
    assert row["main-s7"].split()[-2:] == ["1:00", "4:05"]
    assert row["reply"].endswith("-0:30")
    head = lines.index(row["客服"])
    columns = {width(line.split("小美")[0].split("阿杰")[0]) for line in lines[head + 1 : head + 3]}
    assert columns == {width(lines[head].split("姓名")[0])}
    assert "main" in works(capsys, "status", "--desk", "main")


def test_away_and_back(daemon: Daemon, capsys: Output) -> None:
    daemon.answers["PUT /v1/me/presence"] = 200, {"id": "a", "presence": "away"}
    argv = ("away", "--reason", "用餐", "--back-in", "15m", "--inform")
    assert works(capsys, *argv) == "离开 away\n"
    assert daemon.asked[-1][2] == {
        "to": "away", "reason": "用餐", "back_in_s": 900, "open_sessions": "inform",
    }  # fmt: skip
    works(capsys, "away", "--back-in", "60", "--transfer")
    assert daemon.asked[-1][2]["open_sessions"] == "transfer"
    works(capsys, "away")
    assert daemon.asked[-1][2] == {"to": "away", "reason": "", "back_in_s": 0}
    daemon.answers["PUT /v1/me/presence"] = 200, {"id": "a", "presence": "online"}
    assert works(capsys, "back") == "在线 online\n"
    assert daemon.asked[-1][2] == {"to": "online"}


def test_a_refusal_is_said_in_both_languages(daemon: Daemon, capsys: Output) -> None:
    daemon.answers["PUT /v1/me/presence"] = 409, {
        "title": "Refused", "title_zh": "还有买家在等", "detail": "2 buyers wait",
        "reason": "open_sessions_choice_needed",
    }  # fmt: skip
    assert fails(capsys, "away") == (
        "zhiban: 还有买家在等 / 2 buyers wait (--inform | --transfer)\n"
    )


def test_reassign(daemon: Daemon, capsys: Output) -> None:
    daemon.answers["POST /v1/sessions/main-s7/reassign"] = 200, {"sub_account": "店:小美"}
    out = works(capsys, "reassign", "main-s7", "--to", "店:小美", "--reason", "忙")
    assert out == "main-s7 -> 店:小美\n"
    assert daemon.asked[-1][2] == {"to": "店:小美", "reason": "忙"}
    daemon.answers["POST /v1/agents/a%2F%E6%9D%B0/reassign"] = (
        200,
        {"sessions": [{"id": "main-s7", "buyer": "b", "sub_account": "s", "agent": "x"}]},
    )
    out = works(capsys, "reassign", "a/杰")
    assert "1 sessions moved" in out
    assert "main-s7" in out
    assert daemon.asked[-1][2] == {}


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (200, b"<html>", "does not answer like a Zhiban daemon"),
        (200, [], "does not answer like a Zhiban daemon"),
        (502, b"<html>", "HTTP 502"),
        (302, {}, "HTTP 302"),
        (401, {"title_zh": "未认证", "detail": "a valid bearer token is needed"},
         "未认证 / a valid bearer token is needed"),
    ],
)  # fmt: skip
def test_odd_answers(daemon: Daemon, capsys: Output, status: int, answer: Any, said: str) -> None:
    daemon.answers["GET /v1/me"] = status, answer
    assert said in fails(capsys, "status")
    assert len(daemon.asked) == 1


def test_no_daemon_no_token(
    here: Path, daemon: Daemon, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "cannot reach http://127.0.0.1:1:" in fails(
        capsys, "status", "--url", "http://127.0.0.1:1/"
    )
    assert "expected an address" in fails(capsys, "status", "--url", "file:///etc/passwd")
    assert "no token has" in fails(capsys, "status", "--token", "a\nb")
    monkeypatch.delenv("ZHIBAN_TOKEN")
    assert "no token: give --token" in fails(capsys, "status")
    kept = here / "home/.config/zhiban/token"
    kept.parent.mkdir(parents=True)
    kept.write_text("zb_kept\n")
    daemon.answers["GET /v1/me"] = 200, {"desks": []}
    assert works(capsys, "status") == "没有客服台 no desks\n"
    assert daemon.asked[-1][1] == "Bearer zb_kept"


# Tables


def test_han_characters_take_two_columns() -> None:
    assert [width(text) for text in ("abc", "值班", "\uff21\uff22\uff23", "é", "e\u0301", "")] == [
        3,
        4,
        6,
        1,
        1,
        0,
    ]


def test_tables_are_aligned() -> None:
    text = table(["姓名 name", "数 n", "备注"], [["小美", 3, "好"], ["bob", 12, None]])
    assert text.splitlines() == [
        "姓名 name  数 n  备注",
        "小美          3  好",
        "bob          12  -",
    ]
    lines = table(["甲", "b"], [["一二三", "x"], ["a", "y"]]).splitlines()
    assert len({width(line) for line in lines}) == 1


def test_a_cell_stays_on_its_line() -> None:
    assert "\n" not in table(["a"], [["x\ny\x1b[31m"]]).split("\n", 1)[1]
