"""Clients that never stop asking while a store fails under the service, and note every answer and how long it took."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import requests
from werkzeug.serving import WSGIRequestHandler, make_server

from service.app import create_app
from service.takehold import Takehold
from tests.faults.processes import Web
from tests.faults.stores import Store

PATIENCE_SECONDS = 60
"""Of a client with an answer: whoever waits that long waits for ever."""

_AT = datetime.now(UTC).isoformat()


@dataclass(frozen=True)
class Answer:
    """at: when it came, in seconds of the monotonic clock. seconds: how long it took. code: of a problem."""

    at: float
    seconds: float
    status: int
    code: str
    reads: bool


class Asking:
    """Some clients on threads, each in a tight loop of writes and reads. A context; they end with it.

    may_end: a client whom nobody answers any more ends, where else that is wrong.
    stored: by path, the items that were acknowledged. wrong: what should not have been answered.
    """

    def __init__(self, url: str, key: str, clients: int = 4, padding: int = 0, may_end: bool = False) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {key}"}
        self._padding = "x" * padding
        self._may_end = may_end
        self._numbers = itertools.count()
        self._name = uuid4().hex
        self._stop = Event()
        self._threads = [Thread(target=self._run) for _ in range(clients)]
        self.answers: list[Answer] = []
        self.wrong: list[str] = []
        self.stored: dict[str, list[Any]] = {"/trainings": [], "/usage": []}

    def __enter__(self) -> Asking:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def since(self, moment: float, *statuses: int, reads: bool = False) -> Sequence[Answer]:
        """Answers of these statuses to requests that were made after a moment."""
        made = [one for one in list(self.answers) if one.at - one.seconds >= moment and one.reads == reads]
        return [one for one in made if one.status in statuses]

    def assert_stored(self) -> int:
        """All that was acknowledged is known when it is sent again; how many items that is."""
        for path, items in self.stored.items():
            for start in range(0, len(items), 500):
                some = items[start : start + 500]
                told = self._send("POST", path, {"events": some}).json()
                assert (told["stored"], told["duplicate"]) == (0, len(some)), f"{path}: {told['stored']} were lost"
        return sum(map(len, self.stored.values()))

    def wait(self, seconds: float) -> requests.Response:
        """A long poll for an event that does not come."""
        return self._send("GET", f"/events?after={2**62}&wait={seconds}", None)

    def read(self) -> requests.Response:
        """What anybody with a key may read."""
        return self._send("GET", "/changes", None)

    def _run(self) -> None:
        while not self._stop.is_set():
            number = next(self._numbers)
            try:
                match number % 4:
                    case 0 | 1:
                        self._write("/trainings", self._step(number))
                    case 2:
                        self._write("/usage", self._use(number))
                    case _:
                        self._ask("GET", "/events?limit=5", None)
            except Exception as error:
                if not (self._may_end and isinstance(error, requests.ConnectionError)):
                    self.wrong.append(repr(error))
                return

    def _step(self, number: int) -> dict[str, Any]:
        step = {"id": f"{self._name}-{number}", "person": "p1", "course": "basics", "status": "completed"}
        return {**step, "occurred_at": _AT}

    def _use(self, number: int) -> dict[str, Any]:
        use = {"id": f"{self._name}-{number}", "app": "copilot", "feature": "chat", "actor": "p1", "occurred_at": _AT}
        return {**use, "properties": {"padding": self._padding}}

    def _write(self, path: str, item: dict[str, Any]) -> None:
        answer = self._ask("POST", path, {"events": [item]})
        if answer.status_code == 200:
            told = answer.json()
            assert told["stored"] == 1, f"{path}: {told}"
            self.stored[path].append(item)

    def _ask(self, method: str, path: str, body: object) -> requests.Response:
        begun = time.monotonic()
        answer = self._send(method, path, body)
        now = time.monotonic()
        code = answer.json()["code"] if answer.status_code >= 400 else ""
        self.answers.append(Answer(now, now - begun, answer.status_code, code, method == "GET"))
        if answer.status_code == 503:
            assert answer.headers["Retry-After"]
            assert code in {"busy", "storage_full", "unavailable"}, code
            # A refusal takes no time; without a pause the refused would take all of the processor.
            self._stop.wait(0.02)
        elif answer.status_code != 200:
            self.wrong.append(f"{path}: {answer.status_code} {answer.text}")
        return answer

    def _send(self, method: str, path: str, body: object) -> requests.Response:
        url = f"{self._url}/api/v1{path}"
        return requests.request(method, url, json=body, headers=self._headers, timeout=PATIENCE_SECONDS)


def ready(url: str) -> bool:
    """What /health/ready says."""
    return requests.get(f"{url}/health/ready", timeout=PATIENCE_SECONDS).status_code == 200


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@contextmanager
def served(store: Store, seconds: float | None = None) -> Iterator[str]:
    """Address of the service: a process as it runs in earnest, or in this one with `seconds` as limit of use."""
    if seconds is None:
        web = Web(store)
        web.start()
        try:
            web.ready()
            yield web.url
        finally:
            web.end()
        return
    with store.opened() as takehold:
        takehold.limit_use(seconds)
        with hosted(takehold) as url:
            yield url


@contextmanager
def hosted(takehold: Takehold) -> Iterator[str]:
    """Address of an opened service, served by threads of this process."""
    server = make_server("127.0.0.1", 0, create_app(takehold), threaded=True, request_handler=_Silent)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
