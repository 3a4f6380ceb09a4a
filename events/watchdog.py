"""Frees whoever waits for a server that is stopped, not dead, or behind a link that swallows everything.

libpq's own time-outs do not: they bound connecting, and what the network acknowledges. A kernel goes on acknowledging
for a stopped process, so a query waits for as long as the server stands still.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Hashable
from contextlib import suppress
from threading import Event, Lock, Thread

_TICK_SECONDS = 0.25
"""How late a connection may be cut off. A look at the few connections in use takes microseconds."""


class Watchdog:
    """Shuts a socket down whose use takes longer than it may; the one who waits on it gets an error at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._uses: dict[Hashable, tuple[float, socket.socket]] = {}
        self._ended = Event()
        self._thread: Thread | None = None

    def begin(self, use: Hashable, handle: int, seconds: float) -> None:
        """Gives a use of the socket that `handle` (a file descriptor) names so many seconds, from now on."""
        # A handle of our own: the connection may be closed meanwhile, and its number be another's when time is up.
        watched = socket.socket(fileno=os.dup(handle))
        with self._lock:
            before = self._uses.pop(use, None)
            self._uses[use] = (time.monotonic() + seconds, watched)
            if self._thread is None:
                self._thread = Thread(target=self._watch, name="watchdog", daemon=True)
                self._thread.start()
        if before:
            before[1].close()

    def end(self, use: Hashable) -> None:
        """The use is over; nothing happens if it was cut off, or never began."""
        with self._lock:
            ended = self._uses.pop(use, None)
        if ended:
            ended[1].close()

    def close(self) -> None:
        """Watches no longer; uses that go on are left alone."""
        with self._lock:
            self._ended.set()
            thread, self._thread = self._thread, None
            uses, self._uses = self._uses, {}
        for _, watched in uses.values():
            watched.close()
        if thread:
            thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_TICK_SECONDS):
            now = time.monotonic()
            with self._lock:
                late = [use for use, (due, _) in self._uses.items() if due <= now]
                for use in late:
                    _, watched = self._uses.pop(use)
                    # Its peer may have gone by itself.
                    with watched, suppress(OSError):
                        watched.shutdown(socket.SHUT_RDWR)
