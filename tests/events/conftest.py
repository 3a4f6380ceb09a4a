"""Other processes, and a store whose writers do not wait long."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from events.connect import open_database
from events.database import Database

ROOT = Path(__file__).parents[2]
Process = subprocess.Popen[str]


@pytest.fixture
def another_process() -> Iterator[Callable[..., Process]]:
    """Starts `tests.events.another_process` and waits until it is ready; ended with the test."""
    started: list[Process] = []

    def start(*words: str) -> Process:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.events.another_process", *words],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        with process:
            process.kill()


@pytest.fixture
def impatient(database_url: str) -> Iterator[Database]:
    """The same store, by one who waits for the lock for 0.2 s only."""
    opened = open_database(database_url, lock_seconds=0.2)
    yield opened
    opened.close()
