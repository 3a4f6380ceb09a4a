"""Unmodified npm packages, fetched once into pytest's cache, with the programs of `npm/` beside them."""

from __future__ import annotations

import os
import shutil
import subprocess
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).with_name("npm")
_INSTALL = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
# Where there is no network it would otherwise go on for minutes before it says so.
_INSTALL += ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"]


@pytest.fixture(scope="session")
def packages(request: pytest.FixtureRequest) -> Path:
    """Where the packages are installed; skips on a machine that has no Node or cannot fetch them."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} on this machine: the npm clients are not tried")
    folder: Path = request.config.cache.mkdir("npm")  # type: ignore[union-attr]
    # Several processes share the tests out among them, and two that install into one folder break each other's.
    with (folder / "lock").open("w") as lock:
        flock(lock, LOCK_EX)
        _install(folder)
    return folder


def _install(folder: Path) -> None:
    shutil.copytree(PROGRAMS, folder, dirs_exist_ok=True)
    wanted, installed = (PROGRAMS / "package.json").read_text(), folder / "installed.json"
    # Without a lock file npm asks its index about every package again, even if all are there.
    if not installed.exists() or installed.read_text() != wanted:
        try:
            subprocess.run(_INSTALL, cwd=folder, capture_output=True, text=True, timeout=300, check=True)
        except subprocess.TimeoutExpired:
            pytest.skip("npm install took too long: the npm clients are not tried")
        except subprocess.CalledProcessError as failed:
            pytest.skip(f"npm install failed, so the npm clients are not tried: {failed.stderr[:300]}")
        installed.write_text(wanted)


def run(packages: Path, program: str, *words: str, **environment: str) -> None:
    """Runs a client's program to its end; the test fails when the client says that something failed."""
    done = subprocess.run(
        ["node", program, *words],
        cwd=packages,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
