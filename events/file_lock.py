"""A lock between processes on one machine, held on a file beside a SQLite database.

SQLite's own busy handler polls, and so is unfair: of eight tight writers one made 24,243 appends and another 1, with
flock 4,447 to 5,271 each. It also keeps apart what SQLite libraries before 3.51.3 must not do at once: two connections
that write or checkpoint (the WAL-reset bug).
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as WaitedTooLong
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore, Thread

from events.database import Busy

_MOST_WAITERS = 64
"""Threads one process lets wait, left-behind ones included: a holder that never lets go must not pile them up."""


class FileLock:
    """An exclusive flock on `path`; works between threads too, because every holder opens the file anew."""

    def __init__(self, path: Path, seconds: float) -> None:
        self._path = path
        self._seconds = seconds
        self._waiters = BoundedSemaphore(_MOST_WAITERS)

    @contextmanager
    def held(self, seconds: float | None = None) -> Iterator[None]:
        """Raises Busy when the lock was not to be had in `seconds`, or in the time that every holder has."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._wait(handle, self._seconds if seconds is None else seconds)
        try:
            yield
        finally:
            # Closing is not enough: a child forked meanwhile has the same handle, and would keep the lock.
            fcntl.flock(handle, fcntl.LOCK_UN)
            os.close(handle)

    def _wait(self, handle: int, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        if not self._waiters.acquire(timeout=seconds):
            os.close(handle)
            raise Busy("too many writers wait for the database file")
        turn: Future[None] = Future()
        turn.add_done_callback(lambda _: self._waiters.release())
        # flock knows no time-out, so the wait happens on a thread of its own, which can be left behind; a daemon,
        # because a process that gave up must be able to end while another still holds the lock.
        Thread(target=_take, args=(handle, turn), name="file-lock", daemon=True).start()
        try:
            turn.result(timeout=max(0.0, deadline - time.monotonic()))
        except BaseException as error:
            # The thread may still get the lock; whoever gives up must let go of it then.
            turn.add_done_callback(lambda _: os.close(handle))
            if isinstance(error, WaitedTooLong):
                raise Busy("the database file is locked by another writer") from None
            raise


def _take(handle: int, turn: Future[None]) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError as error:
        turn.set_exception(error)
    else:
        turn.set_result(None)
