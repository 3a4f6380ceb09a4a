"""A hard limit on the total time of one send.

The time-outs of sockets, and so of requests and smtplib, count from one read to the next: a receiver that drips
bytes outlives them for ever. Here the clock is outside: the work runs in a thread of its own, and when time is
up its sockets are shut down under it.
"""

import socket
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock, Thread

from notifiers.errors import TemporaryFailure

# A worker's claim on a delivery lasts 60 s; a send that ended later could be made by two workers.
SEND_SECONDS = 20.0


class Guard:
    """Knows the sockets of one send."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._handles: list[socket.socket] = []
        self._over = False

    def watch(self, connected: socket.socket) -> socket.socket:
        """Call with each new connection, before a byte is sent. Raises TimeoutError when time is up already:
        name resolution and connecting cannot be interrupted, so an abandoned send may only get here late."""
        with self._lock:
            if self._over:
                connected.close()
                raise TimeoutError
            # A duplicate, because TLS takes the original object's descriptor away.
            self._handles.append(connected.dup())
        return connected

    def end(self) -> None:
        """Shuts down every socket watched, and every one that comes later."""
        with self._lock:
            self._over = True
            for handle in self._handles:
                with suppress(OSError):
                    handle.shutdown(socket.SHUT_RDWR)
                handle.close()
            self._handles.clear()


def within(seconds: float, work: Callable[[Guard], None]) -> None:
    """Runs `work` to its end, or for `seconds`: then raises TemporaryFailure(`timeout`). Whatever `work` raises
    passes through."""
    guard = Guard()
    done: Future[None] = Future()

    def run() -> None:
        try:
            work(guard)
        except BaseException as error:
            done.set_exception(error)
        else:
            done.set_result(None)

    # A daemon, so that one stuck in name resolution does not keep the process from ending.
    Thread(target=run, name="send", daemon=True).start()
    try:
        done.result(seconds)
    except TimeoutError:
        raise TemporaryFailure("timeout") from None
    finally:
        guard.end()
