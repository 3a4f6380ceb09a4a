"""The lock between processes on one machine."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from events.database import Busy
from events.file_lock import FileLock
from tests.events.cast import until
from tests.events.conftest import ROOT


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "here.lock"


def run(program: str, path: Path) -> str:
    """What a Python program says that finds the lock file's path in `sys.argv[1]`, and must end within 20 s."""
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=20
    )
    return done.stdout.strip()


def waiting() -> int:
    return sum(thread.name == "file-lock" for thread in threading.enumerate())


def test_one_at_a_time_holds_it(path: Path) -> None:
    inside, most = [0], [0]

    def enter(_: int) -> None:
        with FileLock(path, 30).held():
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            threading.Event().wait(0.002)
            inside[0] -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enter, range(40)))
    assert most == [1]


def test_who_waits_gets_it_as_soon_as_it_is_free(path: Path) -> None:
    lock = FileLock(path, 30)
    with ThreadPoolExecutor(1) as pool:

        def enter() -> str:
            with lock.held():
                return "in"

        with lock.held():
            waiter = pool.submit(enter)
            for _ in until(lambda: waiting() > 0):
                threading.Event().wait(0.001)
            assert not waiter.done()
        assert waiter.result(timeout=20) == "in"


def test_who_gave_up_lets_go_when_its_turn_comes_after_all(path: Path) -> None:
    lock = FileLock(path, 0.05)
    with lock.held(), pytest.raises(Busy), lock.held():
        raise AssertionError("held twice")
    for _ in until(lambda: waiting() == 0):
        threading.Event().wait(0.001)
    with lock.held():
        pass


def test_a_lock_that_is_never_given_back_does_not_pile_up_threads(path: Path) -> None:
    lock = FileLock(path, 0.001)
    with lock.held():
        for _ in range(80):
            with pytest.raises(Busy), lock.held():
                raise AssertionError("held twice")
        assert waiting() == 64
    for _ in until(lambda: waiting() == 0):
        threading.Event().wait(0.001)
    with FileLock(path, 20).held():
        pass


def test_a_process_that_gave_up_can_end_while_another_still_holds_the_lock(path: Path) -> None:
    """A wait that cannot be broken off, on a thread that the interpreter joins, kept such a process for ever."""
    program = """
import sys, pathlib
from events.database import Busy
from events.file_lock import FileLock
try:
    with FileLock(pathlib.Path(sys.argv[1]), 0.05).held():
        print("in")
except Busy:
    print("busy")
"""
    with FileLock(path, 1).held():
        assert run(program, path) == "busy"
    assert run(program, path) == "in"


def test_a_child_forked_while_the_lock_is_held_does_not_keep_it(path: Path) -> None:
    program = """
import os, sys, pathlib
from events.database import Busy
from events.file_lock import FileLock
lock = FileLock(pathlib.Path(sys.argv[1]), 0.3)
ours, theirs = os.pipe()
with lock.held():
    child = os.fork()
    if child == 0:
        os.close(theirs)
        os.read(ours, 1)
        os._exit(0)
try:
    with lock.held():
        print("in")
except Busy:
    print("busy")
os.close(theirs)
os.waitpid(child, 0)
"""
    assert run(program, path) == "in"


def test_the_lock_of_a_process_that_ends_is_free(path: Path) -> None:
    program = """
import os, sys, pathlib
from events.file_lock import FileLock
with FileLock(pathlib.Path(sys.argv[1]), 1).held():
    print("in", flush=True)
    os._exit(0)
"""
    assert run(program, path) == "in"
    with FileLock(path, 0.05).held():
        pass
