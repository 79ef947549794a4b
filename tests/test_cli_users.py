"""`zhiban user`: how the first one gets a password, and others theirs."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from router import cli
from router.http.auth import FILE, People
from router.http.logins import Logins
from router.http.oidc_people import Links
from router.settings.oidc import Oidc
from router.terminal import user_passwords
from tests.test_cli import Output, fails, here, usage, works

__all__ = ["here"]  # which is used by all tests

PASSWORD = "值班 correct horse"
PLACE = ("--data-dir", "data", "--desk", "d")
AT = ("--data-dir", "data")


class Terminal(io.StringIO):
    """A standard input at which somebody sits."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What somebody types; an empty list is the end of it."""
    typed: list[str] = []

    def ask(_: str) -> str:
        if not typed:
            raise EOFError
        return typed.pop(0)

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(user_passwords, "getpass", ask)
    return typed


def fits(user: str, password: str) -> bool:
    people = People(Path("data") / FILE)
    try:
        return Logins(people).check(user, password, address="here") is not None
    finally:
        people.close()


def test_somebody_types_it(capsys: Output, terminal: list[str]) -> None:
    terminal += [PASSWORD, PASSWORD]
    assert works(capsys, "user", "add", "mei", *PLACE) == "mei: agent\n"
    assert fits("mei", PASSWORD)
    # Who has one keeps it: nothing is asked.
    assert works(capsys, "user", "add", "mei", "--name", "小美", *PLACE) == "mei: agent\n"
    terminal += [PASSWORD + "!", PASSWORD + "!"]
    assert works(capsys, "user", "password", "mei", *AT) == "密码已设置 set\n"
    assert fits("mei", PASSWORD + "!")


def test_enter_is_none(capsys: Output, terminal: list[str]) -> None:
    terminal.append("")
    assert works(capsys, "user", "add", "mei", *PLACE) == "mei: agent\n"
    assert not fits("mei", "")


def test_it_is_asked_again(capsys: Output, terminal: list[str]) -> None:
    terminal += ["short", PASSWORD, PASSWORD + "?", PASSWORD, PASSWORD]
    assert cli.main(["user", "add", "mei", *PLACE]) == 0
    said = capsys.readouterr().err
    assert "10 to 200 characters" in said
    assert "the two differ" in said
    assert fits("mei", PASSWORD)


def test_three_times_at_most(capsys: Output, terminal: list[str]) -> None:
    for typed in (["short"] * 4, [], [PASSWORD]):
        terminal[:] = typed
        assert cli.main(["user", "add", "mei", *PLACE]) == 1
        assert "no password was set" in capsys.readouterr().err
    people = People(Path("data") / FILE)
    assert people.users() == []  # all or nothing
    people.close()


def test_from_a_file_or_a_pipe(capsys: Output, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "pw").write_text(f"{PASSWORD}\r\nnot this\n", "utf-8")
    works(capsys, "user", "add", "mei", "--password-file", "pw", *PLACE)
    assert fits("mei", PASSWORD)
    monkeypatch.setattr(sys, "stdin", io.StringIO("another horse\n"))
    works(capsys, "user", "password", "mei", "--password-file", "-", *AT)
    assert fits("mei", "another horse")
    (here / "pw").write_text("mei-mei-mei\n", "utf-8")
    assert "too easy" in fails(capsys, "user", "add", "mei", "--password-file", "pw", *PLACE)
    (here / "pw").write_text("x" * 1_000, "utf-8")
    assert "10 to 200" in fails(capsys, "user", "password", "mei", "--password-file", "pw", *AT)
    assert "gone" in fails(capsys, "user", "password", "mei", "--password-file", "gone", *AT)


def test_made_up(capsys: Output) -> None:
    said = works(capsys, "user", "add", "mei", "--generate", *PLACE)
    found = re.fullmatch(r"mei: agent\n密码 password: ([a-z2-9]{5}(?:-[a-z2-9]{5}){3})\n", said)
    assert found
    assert fits("mei", found[1])
    made = works(capsys, "user", "password", "mei", "--generate", *AT).strip()
    assert fits("mei", made)
    assert made != found[1]
    assert not fits("mei", found[1])


def test_refused(capsys: Output) -> None:
    usage("user", "add", "mei", "--generate", "--password-file", "-")
    capsys.readouterr()
    works(capsys, "user", "add", "mei", *PLACE)  # no terminal: no password, as scripts want it
    assert not fits("mei", PASSWORD)
    assert "no user 'eve'" in fails(capsys, "user", "password", "eve", "--generate", *AT)
    assert "no terminal" in fails(capsys, "user", "password", "mei", *AT)


def test_unlink(capsys: Output) -> None:
    works(capsys, "user", "add", "mei", *PLACE)
    assert "no account" in fails(capsys, "user", "unlink", "mei", *AT)
    people = People(Path("data") / FILE)
    oidc = Oidc(issuer="https://sso.example", client_id="c", client_secret="s", claim="name")
    Links(people).meet(oidc, {"sub": "s", "name": "mei"}, lambda *_: False)
    people.close()
    assert works(capsys, "user", "unlink", "mei", *AT) == "已解除 unlinked\n"
    assert "no account" in fails(capsys, "user", "unlink", "mei", *AT)


def test_on_a_real_terminal(here: Path) -> None:
    """Nothing that is typed is shown."""
    master, slave = pty.openpty()
    root = Path(cli.__file__).parents[1]
    command = [sys.executable, "-m", "router", "user", "add", "mei", *PLACE]
    with subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, cwd=here,
        env={**os.environ, "PYTHONPATH": str(root), "PYTHONUTF8": "1"},
    ) as running:  # fmt: skip
        os.close(slave)
        said = b""
        while b"Password" not in said:
            said += os.read(master, 1_024)
        os.write(master, f"{PASSWORD}\n".encode())
        while b"Again" not in said:
            said += os.read(master, 1_024)
        os.write(master, f"{PASSWORD}\n".encode())
        while b"mei: agent" not in said:
            said += os.read(master, 1_024)
        assert running.wait(20) == 0
    os.close(master)
    assert b"horse" not in said
    assert fits("mei", PASSWORD)
