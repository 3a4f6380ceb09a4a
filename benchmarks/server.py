"""The real server as processes of their own, and clients that speak to it over loopback."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.processes import Connection, await_ready, free_port, running

_START = "from service.cli import main; main()"


class Client:
    """One connection that stays open, with a key."""

    def __init__(self, port: int, key: str) -> None:
        self._connection = Connection(port)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def post(self, path: str, body: object) -> dict[str, Any]:
        return self._call("POST", path, json.dumps(body).encode(), self._headers)

    def post_gzip(self, path: str, body: bytes) -> dict[str, Any]:
        return self._call("POST", path, body, self._headers | {"Content-Encoding": "gzip"})

    def put(self, path: str, body: object) -> dict[str, Any]:
        return self._call("PUT", path, json.dumps(body).encode(), self._headers)

    def get(self, path: str) -> dict[str, Any]:
        return self._call("GET", path, None, self._headers)

    def close(self) -> None:
        self._connection.close()

    def _call(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> dict[str, Any]:
        raw = self._connection.call(method, f"/api/v1{path}", body, headers)
        answer: dict[str, Any] = json.loads(raw) if raw else {}
        return answer


@dataclass(frozen=True)
class Service:
    """Where it answers, and the numbers of the processes that the web and the worker began with."""

    port: int
    web: int
    worker: int


def takehold_command(*words: str) -> list[str]:
    """A command of ours, run by the interpreter that runs the benchmark."""
    return [sys.executable, "-c", _START, *words]


def stores(database_url: str, keys_url: str) -> dict[str, str]:
    """The environment of a process of ours."""
    ours = {"TAKEHOLD_DATABASE_URL": database_url, "TAKEHOLD_KEYS_URL": keys_url, "TAKEHOLD_LOG_LEVEL": "error"}
    return os.environ | ours


@contextmanager
def serving(database_url: str, keys_url: str) -> Iterator[int]:
    """`takehold serve`, web and worker; yields its port once it is ready, and ends it afterwards."""
    port = free_port()
    with running(takehold_command("serve", "--port", str(port)), stores(database_url, keys_url)):
        await_ready(port, "/health/ready")
        yield port


@contextmanager
def serving_apart(database_url: str, keys_url: str, processes: int) -> Iterator[Service]:
    """`takehold web` with so many processes, and `takehold worker`."""
    with (
        web_alone(database_url, keys_url, processes) as (port, web),
        running(takehold_command("worker"), stores(database_url, keys_url)) as worker,
    ):
        yield Service(port, web, worker)


@contextmanager
def web_alone(database_url: str, keys_url: str, processes: int) -> Iterator[tuple[int, int]]:
    """`takehold web` with so many processes: its port, and the number of the first of them."""
    port = free_port()
    web = takehold_command("web", "--port", str(port), "--workers", str(processes))
    with running(web, stores(database_url, keys_url)) as number:
        await_ready(port, "/health/ready")
        yield port, number
