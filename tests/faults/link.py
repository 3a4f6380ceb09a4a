"""A link between the service and its server that can be cut, or swallow whatever is sent over it."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from typing import Literal

State = Literal["up", "cut", "hole"]
_CHUNK = 64 * 1024


class Link:
    """Listens on `port` of the loopback and passes everything on to another port, both ways. A context."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._state: State = "up"
        self._up = Event()
        self._up.set()
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[Thread] = []
        self._ended = False

    def __enter__(self) -> Link:
        self._begin(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.set("cut")
        self._up.set()
        for thread in self._threads:
            thread.join()

    def set(self, state: State) -> None:
        """up: passes on. cut: every connection ends, and new ones at once. hole: nothing arrives any more."""
        self._state = state
        if state == "hole":
            self._up.clear()
        else:
            self._up.set()
        if state == "cut":
            with self._lock:
                for one in self._open:
                    with suppress(OSError):
                        one.shutdown(socket.SHUT_RDWR)

    def _begin(self, what: Callable[..., None], *arguments: object) -> None:
        thread = Thread(target=what, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        while not self._ended:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._state == "cut":
                near.close()
            else:
                self._begin(self._pass_on, near)

    def _pass_on(self, near: socket.socket) -> None:
        with near:
            self._up.wait()
            try:
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                return
            with far, self._known(near, far), selectors.DefaultSelector() as ready:
                other = {near: far, far: near}
                for one in other:
                    ready.register(one, selectors.EVENT_READ)
                with suppress(OSError):
                    while True:
                        for key, _ in ready.select():
                            said = key.fileobj.recv(_CHUNK)  # type: ignore[union-attr]
                            self._up.wait()
                            if not said:
                                return
                            other[key.fileobj].sendall(said)  # type: ignore[index]

    @contextmanager
    def _known(self, *both: socket.socket) -> Iterator[None]:
        with self._lock:
            self._open.update(both)
        try:
            yield
        finally:
            with self._lock:
                self._open.difference_update(both)
