"""SIGTERM under load, with long polls open: nothing acknowledged is lost, and the process ends in time and well."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import requests

from tests.events.cast import until
from tests.faults.asking import Asking, served
from tests.faults.processes import Process, Web, Worker
from tests.faults.stores import Store, fresh_store
from tests.faults.trust import assert_trusted
from tests.running import free_port

_END_SECONDS = 30
"""What supervisors wait between SIGTERM and SIGKILL, or less than that."""

_POLLS = 4
_POLL_SECONDS = (20, 2)
"""In the full form the longest that there is; in the short one what a test can wait for."""


class _Ends(Process):
    """Any of the processes, asked to end and looked at while it does."""

    def end_well(self) -> float:
        """Seconds from SIGTERM to its end with exit code 0."""
        assert self._popen is not None
        begun = time.monotonic()
        self._popen.terminate()
        # Far beyond what is allowed, so that a failure tells how long it takes.
        code = self._popen.wait(timeout=4 * _END_SECONDS)
        assert code == 0, f"it ended with {code}: {self.said()[-2000:]}"
        return time.monotonic() - begun


class _Web(_Ends, Web):
    pass


class _Serve(_Web):
    """Web and worker in one; it is spoken to as a web process is."""

    def __init__(self, store: Store) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        Process.__init__(self, store, "serve", "--port", str(port))


class _Worker(_Ends, Worker):
    pass


KINDS: dict[str, Callable[[Store], _Serve | _Web | _Worker]] = {"serve": _Serve, "web": _Web, "worker": _Worker}


def run(engine: str, full: bool) -> list[str]:
    """serve, web and worker, five times each; short: serve and worker, once."""
    names = KINDS if full else ("serve", "worker")
    return [_end(engine, name, KINDS[name], 5 if full else 1, full) for name in names]


def _end(engine: str, name: str, kind: Callable[[Store], _Serve | _Web | _Worker], times: int, full: bool) -> str:
    seconds, acknowledged, polls = list[float](), 0, 0
    with fresh_store(engine) as store:
        for _ in range(times):
            process = kind(store)
            process.start()
            try:
                process.ready()
                if isinstance(process, _Worker):
                    ended, asking = _under_events(store, process)
                else:
                    with _polling(process.url, store.key(), _POLL_SECONDS[0 if full else 1]) as answered:
                        ended, asking = _under_requests(store, process)
                    polls += len(answered)
            finally:
                process.kill()
            assert asking.wrong == [], asking.wrong[:3]
            seconds.append(ended)
            acknowledged += _still_there(store, asking)
        with store.opened() as takehold:
            assert_trusted(takehold)
    assert acknowledged, "nothing was acknowledged"
    if full:
        assert max(seconds) <= _END_SECONDS, f"{name} took {max(seconds):.1f} s to end"
    told = "" if kind is _Worker else f", {polls} of {times * _POLLS} long polls answered"
    return (
        f"{name} ended {times}x: {acknowledged} acknowledged and all stored{told}, {max(seconds):.1f} s at most, exit 0"
    )


def _under_requests(store: Store, process: _Serve | _Web) -> tuple[float, Asking]:
    with Asking(process.url, store.key(), may_end=True) as asking:
        for _ in until(lambda: len(asking.since(0, 200)) > 20 or bool(asking.wrong), 60):
            time.sleep(0.02)
        return process.end_well(), asking


def _under_events(store: Store, process: _Worker) -> tuple[float, Asking]:
    """The worker follows what is written through another process."""
    with served(store, _END_SECONDS) as url, Asking(url, store.key(), clients=2) as asking:
        for _ in until(lambda: len(asking.since(0, 200)) > 20 or bool(asking.wrong), 60):
            time.sleep(0.02)
        return process.end_well(), asking


@contextmanager
def _polling(url: str, key: str, seconds: float) -> Iterator[list[int]]:
    """Long polls that are open when the block begins; the statuses of those that were answered."""
    answered: list[int] = []

    def poll() -> None:
        # That it is not answered is allowed: nothing was promised.
        with suppress(requests.ConnectionError):
            answered.append(Asking(url, key).wait(seconds).status_code)

    threads = [Thread(target=poll) for _ in range(_POLLS)]
    for thread in threads:
        thread.start()
    yield answered
    for thread in threads:
        thread.join()
    assert set(answered) <= {200}, answered


def _still_there(store: Store, asking: Asking) -> int:
    with served(store, _END_SECONDS) as url:
        afterwards = Asking(url, store.key())
        afterwards.stored = asking.stored
        return afterwards.assert_stored()
