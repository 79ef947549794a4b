"""The command line: what it accepts, how it ends, what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from router import __version__, cli
from router.core.policy import Desk
from router.http.auth import FILE, People
from router.log.ports import LogUnavailable
from router.settings import EXAMPLE_SECRET, Loaded, load
from router.terminal import frame

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


def usage(*argv: str) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(argv)
    assert caught.value.code == 2


# The frame


def test_version_and_help(capsys: Output) -> None:
    for option, wanted in (("--version", __version__), ("--help", "检查设置文件")):
        with pytest.raises(SystemExit) as caught:
            cli.main([option])
        assert caught.value.code == 0
        assert wanted in capsys.readouterr().out


def test_it_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "router", "--version"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    assert done.stdout == f"zhiban {__version__}\n"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "frob",
        "check",
        "serve --roles http,cook",
        "serve --roles=",
        "serve --port 99999",
        "demo --for soon",
        "bench coffee",
        "simulate --trace t",
        "replay --from x",
        "away --inform --transfer",
        "away --back-in soon",
        "reassign",
        "reassign main-s1 --token t",
        "user",
        "token",
        "user add u --role king",
    ],
)
def test_wrong_usage_is_2(line: str) -> None:
    usage(*line.split())


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (frame.Failed("why\nso"), "zhiban: why so\n"),
        (LogUnavailable("no server"), "zhiban: no server\n"),
        (FileNotFoundError(2, "No such file or directory", "x"),
         "zhiban: x: No such file or directory\n"),
        (OSError(98, "Address already in use"), "zhiban: Address already in use\n"),
    ],
)  # fmt: skip
def test_failures_are_one_line(
    error: Exception, said: str, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, "demo", main=raiser(error))
    assert fails(capsys, "demo") == said


def test_an_interruption_is_quiet(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "demo", main=raiser(KeyboardInterrupt()))
    assert cli.main(["demo"]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_reader_that_has_enough(here: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m router check $(yes {ROOT}/config/demo.toml | head -n 300)"
        " | head -n 1",
        shell=True, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1


def test_what_this_build_lacks(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(frame.Failed, match=r"not in this build: router\.nothing"):
        frame.part("router.nothing")


def raiser(error: BaseException) -> Any:
    def main(*args: object) -> int:
        raise error

    return main


def offer(monkeypatch: pytest.MonkeyPatch, name: str, **functions: Any) -> None:
    """A made-up part of the program."""
    monkeypatch.setitem(sys.modules, f"router.{name}", SimpleNamespace(**functions))


class Recorder:
    """A function that notes what it was called with."""

    def __init__(self, status: int = 0) -> None:
        self.args: Any = ()
        self._status = status

    def __call__(self, *args: Any) -> int:
        self.args = args
        return self._status


# Commands that others carry out


def test_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    main = Recorder()
    offer(monkeypatch, "demo", main=main)
    assert cli.main(["demo"]) == 0
    assert main.args == (None, None)
    assert cli.main(["demo", "--port", "0", "--for", "5"]) == 0
    assert main.args == (0, 5)
    assert cli.main(["demo", "--for", "2m"]) == 0
    assert main.args == (None, 120)


def test_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    main = Recorder(1)
    offer(monkeypatch, "bench", main=main)
    assert cli.main(["bench", "timers", "--json", "x.json"]) == 1
    assert main.args == ("timers", "x.json")


def test_simulate(monkeypatch: pytest.MonkeyPatch, capsys: Output, here: Path) -> None:
    main = Recorder()
    offer(monkeypatch, "simulate", main=main)
    assert cli.main(["simulate", "--trace", "t", "--out", "r"]) == 0
    assert main.args == ("t", None, "r")
    desk = str(ROOT / "config/desk-example.toml")
    assert cli.main(["simulate", "--trace", "t", "--out", "r", "--desk", desk]) == 0
    assert isinstance(main.args[1], Desk)
    monkeypatch.undo()
    os.chdir(here)
    assert "No such file" in fails(capsys, "simulate", "--trace", "gone", "--out", "r")
    (here / "bad").write_text("{}\nnope\n")
    assert "bad: line 1" in fails(capsys, "simulate", "--trace", "bad", "--out", "r")


def test_a_trace_becomes_a_report(capsys: Output, here: Path) -> None:
    line = {"type": "end", "timestamp": "2026-11-21T08:00:00.000Z"}
    (here / "t.jsonl").write_text(json.dumps(line) + "\n")
    assert cli.main(["simulate", "--trace", "t.jsonl", "--out", "r.json"]) == 0
    assert json.loads((here / "r.json").read_text())["sessions"] == 0


def test_serve(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    serve = Recorder()
    offer(monkeypatch, "daemon", serve=serve)
    assert "zhiban init" in fails(capsys, "serve")
    works(capsys, "init")
    assert cli.main(["serve"]) == 0
    loaded, roles, config = serve.args
    assert config == "zhiban.toml"
    assert isinstance(loaded, Loaded)
    assert loaded.settings.http.port == 8080
    assert roles == ("http", "broker", "workers")
    argv = ["serve", "--config", "zhiban.toml", "--roles", "workers,http", "--port", "9"]
    assert cli.main([*argv, "--host", "0.0.0.0"]) == 0
    loaded, roles, _ = serve.args
    assert (loaded.settings.http.host, loaded.settings.http.port) == ("0.0.0.0", 9)
    assert roles == ("http", "workers")


def test_serve_refuses_the_public_secret(capsys: Output) -> None:
    err = fails(capsys, "serve", "--config", str(ROOT / "config/example.toml"))
    assert "anybody could forge" in err
    assert EXAMPLE_SECRET not in err


def test_export_and_replay(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    works(capsys, "init")
    export, replay = Recorder(), Recorder()
    offer(monkeypatch, "export", main=export)
    offer(monkeypatch, "replay", main=replay)
    assert cli.main(["export", "--out", "t.jsonl"]) == 0
    assert export.args[1:] == ("t.jsonl", None)
    assert cli.main(["export", "--out", "t.jsonl", "--desk", "main"]) == 0
    assert export.args[1:] == ("t.jsonl", "main")
    assert "no desk none" in fails(capsys, "export", "--out", "t", "--desk", "none")
    assert cli.main(["replay"]) == 0
    assert replay.args[1:] == (0, False)
    assert cli.main(["replay", "--from", "12", "--verify"]) == 0
    assert replay.args[1:] == (12, True)


# init and check


def test_init_writes_a_good_configuration_once(capsys: Output, here: Path) -> None:
    assert "zhiban.toml" in works(capsys, "init", "new/place")
    place = here / "new/place"
    loaded = load(place / "zhiban.toml", {})
    assert loaded.warnings == []
    secrets = [shop.secrets[0] for shop in loaded.settings.shops.values()]
    assert len(set(secrets)) == 2
    assert (place / "zhiban.toml").stat().st_mode & 0o077 == 0
    before = (place / "zhiban.toml").read_bytes()
    assert "exists and is not overwritten" in fails(capsys, "init", "new/place")
    assert (place / "zhiban.toml").read_bytes() == before
    (place / "zhiban.toml").unlink()
    assert "desk.toml exists" in fails(capsys, "init", "new/place")
    assert not (place / "zhiban.toml").exists()


def test_check_of_good_files(capsys: Output) -> None:
    files = sorted(str(path) for path in (ROOT / "config").glob("*.toml"))
    lines = works(capsys, "check", *files).splitlines()
    assert [line.split(":")[0] for line in lines if "通过 ok" in line] == files
    assert sum("提醒 warning" in line for line in lines) == 2


def test_check_of_wrong_files(capsys: Output, here: Path) -> None:
    (here / "d.toml").write_text('id = "d"\nstrategi = "x"\n[policy]\nreply = 5\n')
    good = str(ROOT / "config/demo.toml")
    assert cli.main(["check", "d.toml", good, "gone.toml"]) == 1
    out, err = capsys.readouterr()
    assert err == "zhiban: 2 个文件有 4 处错误 / 4 errors in 2 of 3 files\n"
    assert "错误 error: d.toml: policy.reply: 应为时长" in out
    assert "found 5" in out
    assert "did you mean strategy?" in out
    assert "gone.toml: 无法读取" in out
    assert f"{good}: 通过 ok" in out


def test_a_wrong_configuration_in_one_line(capsys: Output, here: Path) -> None:
    (here / "zhiban.toml").write_text("[http]\nport = -1\nhost = 3\n")
    err = fails(capsys, "serve")
    assert "zhiban.toml: http.host" in err
    assert "and 1 more" in err


# Users and tokens


def test_people(capsys: Output, here: Path) -> None:
    works(capsys, "init")
    assert works(capsys, "user", "add", "xiaomei") == "xiaomei: agent\n"
    works(capsys, "user", "add", "boss", "--role", "supervisor", "--name", "老板")
    works(capsys, "user", "add", "root", "--role", "admin")
    token = works(capsys, "token", "issue", "xiaomei", "--label", "手机").strip()
    people = People(here / "zhiban-data" / FILE)
    user = people.who(token)
    assert user is not None
    assert (user.id, user.agent, user.desk) == ("xiaomei", "xiaomei", "main")
    assert [(one.id, one.role, one.desk) for one in people.users()] == [
        ("boss", "supervisor", "main"),
        ("root", "admin", ""),
        ("xiaomei", "agent", "main"),
    ]
    listed = works(capsys, "token", "list")
    assert "手机" in listed
    assert token not in listed
    works(capsys, "token", "revoke", "1")
    assert people.who(token) is None
    assert "no such token" in fails(capsys, "token", "revoke", token)
    other = works(capsys, "token", "issue", "boss").strip()
    works(capsys, "token", "revoke", other)
    assert people.who(other) is None
    people.close()


def test_people_refused(capsys: Output) -> None:
    assert "no ./zhiban.toml" in fails(capsys, "token", "list")
    works(capsys, "init")
    assert "no user" in fails(capsys, "token", "issue", "nobody")
    assert "no agent nobody" in fails(capsys, "user", "add", "nobody")
    assert "no desk x" in fails(capsys, "user", "add", "xiaomei", "--desk", "x")


def test_people_without_settings(capsys: Output, here: Path) -> None:
    place = ("--data-dir", "data")
    assert "needs a desk" in fails(capsys, "user", "add", "u", *place)
    works(capsys, "user", "add", "u", "--desk", "d", *place)
    assert works(capsys, "token", "issue", "u", *place).startswith("zb_")
    (here / "data" / FILE).write_bytes(b"not a database, however long it may be" * 100)
    for name in (f"{FILE}-wal", f"{FILE}-shm"):
        (here / "data" / name).unlink(missing_ok=True)
    assert "not a database" in fails(capsys, "token", "list", *place)
