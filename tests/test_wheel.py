"""The wheel, as a stranger has it: built, installed with its locked packages into an empty
environment, and run from an empty directory, far from this source tree."""

import asyncio
import os
import re
import subprocess
import sys
import zipfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("router", "workers", "config")
ADDRESS = re.compile(rb"http://127\.0\.0\.1:\d+/")
STARTS_WITHIN_S = 60
STOPS_WITHIN_S = 60


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run to the end and give back what it printed; a failure shows it."""
    done = subprocess.run(
        command, cwd=cwd, env=env, stdin=DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (
        f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}"
    )
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", out, ROOT, cwd=out)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` directory of a new environment that has the wheel and nothing but what it needs."""
    environment = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", environment, cwd=environment)
    bin_ = environment / "bin"
    pip = (bin_ / "python", "-m", "pip", "--disable-pip-version-check")
    locked = ROOT / "requirements" / "run.txt"
    run(*pip, "install", "--require-hashes", "-r", locked, cwd=environment)
    run(*pip, "install", "--no-deps", "--no-index", wheel, cwd=environment)
    run(*pip, "check", cwd=environment)
    return bin_


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Nothing of this project's own environment, and an empty home."""
    home = tmp_path / "home"
    home.mkdir()
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    directory = tmp_path / "empty"
    directory.mkdir()
    return directory


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    here = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    there = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert there == here
    assert "router/py.typed" in there
    assert any(name.startswith("config/") and name.endswith(".toml") for name in there)


def test_it_says_its_version(installed: Path, empty: Path, env: dict[str, str]) -> None:
    version = run(installed / "zhiban", "--version", cwd=empty, env=env)
    assert re.search(r"\b\d+\.\d+\.\d+", version)
    assert version.split()[-1] in run(
        installed / "python", "-m", "pip", "show", "zhiban", cwd=empty, env=env
    )


def test_the_example_desks_pass_its_check(
    installed: Path, empty: Path, env: dict[str, str]
) -> None:
    where = "import config; print(config.__path__[0])"
    data = Path(run(installed / "python", "-c", where, cwd=empty, env=env).strip())
    assert ROOT not in data.parents
    desks = sorted(path for path in data.rglob("*.toml") if "desk" in path.as_posix())
    assert desks
    run(installed / "zhiban", "check", *desks, cwd=empty, env=env)


async def test_the_demo_starts_and_answers(
    installed: Path, empty: Path, env: dict[str, str]
) -> None:
    async with demo(installed / "zhiban", cwd=empty, env=env) as (process, address):
        async with aiohttp.ClientSession() as http, http.get(f"{address}healthz") as answer:
            assert answer.status == 200, await answer.text()
        assert process.stdout is not None
        async with asyncio.timeout(STOPS_WITHIN_S):
            await process.stdout.read()
            assert await process.wait() == 0, (empty.parent / "stderr").read_text()


@asynccontextmanager
async def demo(
    command: Path, *, cwd: Path, env: dict[str, str]
) -> AsyncIterator[tuple[Process, str]]:
    """The demo on any free port, once it has printed its address. It is gone afterwards."""
    stderr = cwd.parent / "stderr"
    with stderr.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            command, "demo", "--port", "0", "--for", "5",
            cwd=cwd, env=env, stdin=DEVNULL, stdout=PIPE, stderr=log,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        printed = b""
        async with asyncio.timeout(STARTS_WITHIN_S):
            while not (found := ADDRESS.search(printed)):
                line = await process.stdout.readline()
                assert line, f"the demo ended without an address\n{stderr.read_text()}"
                printed += line
        yield process, found.group().decode()
    finally:
        await stop(process)


async def stop(process: Process) -> None:
    """Asked first: a killed daemon leaves its embedded server running."""
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOPS_WITHIN_S)
        except TimeoutError:
            process.kill()
            await process.wait()
