"""Servers that take in what apps and learners do, beside which our ingest is set."""

from __future__ import annotations

import gzip
import json
import subprocess
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.peers.environments import python_of
from benchmarks.processes import Connection, await_ready, free_port, own_environment, running

_IRI = "https://example.org"
_SECRET = "bench"


class Peer(ABC):
    """One that runs already. path, headers: of a request that stores a list."""

    path: str
    headers: Mapping[str, str]

    def __init__(self, port: int, home: Path) -> None:
        self.port, self.home = port, home

    def post_all(self, clients: int, bodies: Sequence[bytes]) -> None:
        """Posts lists, dealt out to so many connections at once."""

        def post(mine: Sequence[bytes]) -> None:
            connection = Connection(self.port)
            try:
                for body in mine:
                    connection.call("POST", self.path, body, self.headers)
            finally:
                connection.close()

        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(post, [bodies[number::clients] for number in range(clients)]))

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        connection = Connection(self.port)
        try:
            return connection.call(method, path, body, self.headers)
        finally:
            connection.close()

    @abstractmethod
    def stored(self) -> int:
        """How many it keeps."""

    def empty(self) -> None:  # noqa: B027
        """Begins anew where it would otherwise grow slower with every row it keeps."""


class ActivityWatch(Peer):
    """aw-server with its default storage, SQLite in WAL through peewee; the one named sqlite answers 500, since it may
    be used by the thread that made it only."""

    path = "/api/0/buckets/bench/events"
    headers = {"Content-Type": "application/json"}  # noqa: RUF012

    def stored(self) -> int:
        return int(json.loads(self.ask("GET", f"{self.path}/count")))


class Ralph(Peer):
    """Ralph with its store of files."""

    path = "/xAPI/statements"
    headers = {  # noqa: RUF012
        "Content-Type": "application/json",
        "X-Experience-API-Version": "1.0.3",
        "Authorization": f"Basic {b64encode(f'{_SECRET}:{_SECRET}'.encode()).decode()}",
    }

    def stored(self) -> int:
        return sum(len(file.read_bytes().splitlines()) for file in self._files())

    def empty(self) -> None:
        # It reads all it has for each request, to find repeats.
        for file in self._files():
            file.unlink()

    def _files(self) -> list[Path]:
        return list((self.home / "statements").glob("*"))


@contextmanager
def activity_watch(folder: Path) -> Iterator[Peer]:
    """Raises NotThere."""
    python, port, home = python_of("aw-server"), free_port(), folder / "aw-server"
    home.mkdir()
    command = [str(python), "-m", "aw_server", "--host", "127.0.0.1", "--port", str(port), "--storage", "peewee"]
    with running(command, own_environment(home), quiet=True):
        await_ready(port, "/api/0/info")
        peer = ActivityWatch(port, home)
        about = {"client": "bench", "type": "use", "hostname": "bench"}
        peer.ask("POST", "/api/0/buckets/bench", json.dumps(about).encode())
        yield peer


@contextmanager
def ralph(folder: Path) -> Iterator[Peer]:
    """Raises NotThere."""
    python, port, home = python_of("ralph"), free_port(), folder / "ralph"
    home.mkdir()
    environment = own_environment(home) | {
        "RALPH_APP_DIR": str(home),
        "RALPH_AUTH_FILE": str(home / "auth.json"),
        "RALPH_RUNSERVER_BACKEND": "fs",
        "RALPH_BACKENDS__LRS__FS__DEFAULT_DIRECTORY_PATH": str(home / "statements"),
    }
    who = ["-u", _SECRET, "-p", _SECRET, "-s", "all", "-M", "mailto:bench@example.org", "-N", "bench"]
    subprocess.run(
        [str(python), "-m", "ralph", "auth", *who, "-w"],
        env=environment, input=b"y\n", capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    command = [str(python), str(Path(__file__).parent / "ralph_app.py"), str(port)]
    with running(command, environment, quiet=True):
        await_ready(port, "/__heartbeat__")
        yield Ralph(port, home)


def _items(body: bytes) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(gzip.decompress(body))["events"]
    return items


def as_events(body: bytes) -> bytes:
    """A batch as ActivityWatch takes it; the id is kept as data, since it looks for no repeats."""
    told = ("id", "app", "feature", "actor")
    return json.dumps(
        [
            {
                "timestamp": item["occurred_at"],
                "duration": item["duration_ms"] / 1000,
                "data": {name: item[name] for name in told},
            }
            for item in _items(body)
        ]
    ).encode()


def as_statements(body: bytes) -> bytes:
    """A batch as xAPI statements."""
    return json.dumps(
        [
            {
                # Its version has to be one that the standard knows.
                "id": str(UUID(item["id"], version=4)),
                "timestamp": item["occurred_at"],
                "actor": {"objectType": "Agent", "account": {"homePage": _IRI, "name": item["actor"]}},
                "verb": {"id": f"{_IRI}/used"},
                "object": {"id": f"{_IRI}/{item['app']}/{item['feature']}"},
                "result": {"duration": f"PT{item['duration_ms'] / 1000}S"},
            }
            for item in _items(body)
        ]
    ).encode()
