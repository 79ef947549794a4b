"""`zhiban roster` and `zhiban handover` against a daemon that really answers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from router import cli
from tests.http.harness import MINUTE_MS, Harness

Output = pytest.CaptureFixture[str]


class Terminal:
    """Somebody at a terminal."""

    def __init__(self, desk: Harness, monkeypatch: pytest.MonkeyPatch, output: Output) -> None:
        self._desk = desk
        self._monkeypatch = monkeypatch
        self._output = output
        monkeypatch.setenv("ZHIBAN_URL", f"http://127.0.0.1:{desk.port}")

    async def run(self, who: str, *argv: str) -> tuple[int, str, str]:
        self._monkeypatch.setenv("ZHIBAN_TOKEN", self._desk.tokens[who])
        status = await asyncio.to_thread(cli.main, argv)
        out, err = self._output.readouterr()
        return status, out, err

    async def works(self, who: str, *argv: str) -> str:
        status, out, err = await self.run(who, *argv)
        assert (status, err) == (0, "")
        return out


@pytest.fixture
def terminal(desk: Harness, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> Terminal:
    return Terminal(desk, monkeypatch, capsys)


async def test_a_roster_is_imported_and_shown(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "roster.csv"
    file.write_text("客服,日期,开始,结束\n小艾,2026-11-22,09:00,18:00\n", encoding="gb18030")
    dry = await terminal.works("sue", "roster", "import", str(file), "--dry-run")
    assert "会改 would change: 新增 added 1" in dry
    shown = await terminal.works("sue", "roster", "show", "--from", "2026-11-22")
    assert shown == "没有班次 no shifts\n"
    assert "已导入 imported" in await terminal.works("sue", "roster", "import", str(file))
    shown = await terminal.works("sue", "roster", "show", "--from", "2026-11-22", "--days", "1")
    (row,) = shown.splitlines()[1:]
    assert row.split()[:6] == ["d1-r1", "amy", "11-22", "09:00", "11-22", "18:00"]
    assert "未开始" in row


async def test_two_people_on_one_sub_account_are_a_warning(
    terminal: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "roster.csv"
    rows = "amy,2026-11-22,09:00,18:00,\nbob,2026-11-22,17:00,23:00,shop-a:amy\n"
    file.write_text(f"客服,日期,开始,结束,子账号\n{rows}", encoding="utf-8")
    dry = await terminal.works("sue", "roster", "import", str(file), "--dry-run")
    assert "注意 warning: 1 处" in dry
    last = dry.splitlines()[-1].split()
    assert last == ["11-22", "17:00", "11-22", "18:00", "shop-a:amy", "amy", "/", "bob"]


async def test_what_is_wrong_with_a_file_is_a_table(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "roster.csv"
    file.write_text(
        "客服,日期,开始,结束\n小明,2026-11-22,09:00,18:00\namy,2026-11-22,25:99,18:00\n"
    )
    status, out, err = await terminal.run("sue", "roster", "import", str(file))
    assert status == 1
    assert err.startswith("zhiban: 文件里有错误")
    places = [line.split()[0] for line in out.splitlines()[1:]]
    assert [place[-2:] for place in places] == ["A2", "C3"]
    status, _, err = await terminal.run("amy", "roster", "import", str(file))
    assert (status, "没有权限" in err) == (1, True)
    status, _, err = await terminal.run("sue", "roster", "import", str(tmp_path / "none.csv"))
    assert (status, "none.csv" in err) == (1, True)


async def test_a_handover_from_a_terminal(desk: Harness, terminal: Terminal) -> None:
    await desk.online("amy")
    await desk.advance(MINUTE_MS)
    await desk.says("b1", "什么时候发货")
    drafted = await terminal.works("amy", "handover", "draft")
    assert "d1-s1" in drafted
    assert "什么时候发货" in drafted
    status, _, err = await terminal.run("amy", "handover", "file")
    assert (status, "d1-s1" in err) == (1, True), "nobody is fined for a slip at a terminal"
    status, _, err = await terminal.run("amy", "handover", "file", "--line", "d1-s9", "x")
    assert (status, "d1-s9" in err) == (1, True)
    argv = (
        "handover",
        "file",
        "--line",
        "d1-s1",
        "等补发",
        "--other",
        "打印机坏了",
        "--note",
        "夜里再看",
    )
    filed = await terminal.works("amy", *argv)
    assert "d1-h1: amy" in filed
    assert "打印机坏了" in filed
    await desk.online("bob")
    assert "夜里再看" in await terminal.works("bob", "handover", "list", "--open")
    assert "等补发" in await terminal.works("bob", "handover", "show", "d1-h1")
    await terminal.works("bob", "handover", "ack", "d1-h1", "0")
    done = await terminal.works("bob", "handover", "ack", "d1-h1")
    assert "acknowledged by bob" in done
    assert "没有" in await terminal.works("bob", "handover", "list", "--search", "没写过的")
    status, _, err = await terminal.run("bob", "handover", "ack", "d1-h1")
    assert (status, "已经接过班了" in err) == (1, True)


async def test_a_promise_names_a_time(terminal: Terminal) -> None:
    argv = ("handover", "file", "--promise", "shop-a", "b1", "soon", "查物流")
    with pytest.raises(SystemExit) as usage:
        await terminal.run("amy", *argv)
    assert usage.value.code == 2
