"""The real server as a process of its own, and clients that speak to it over loopback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

_READY_SECONDS = 60
_END_SECONDS = 30
_REQUEST_SECONDS = 60
_START = "from service.cli import main; main()"


class Client:
    """One connection that stays open, with a key."""

    def __init__(self, port: int, key: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=_REQUEST_SECONDS)
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
        self._connection.request(method, f"/api/v1{path}", body, headers)
        response = self._connection.getresponse()
        raw = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path} answered {response.status}: {raw[:300]!r}")
        answer: dict[str, Any] = json.loads(raw) if raw else {}
        return answer


@contextmanager
def serving(database_url: str, keys_url: str) -> Iterator[int]:
    """`takehold serve`, web and worker; yields its port once it is ready, and ends it afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    stores = {"TAKEHOLD_DATABASE_URL": database_url, "TAKEHOLD_KEYS_URL": keys_url, "TAKEHOLD_LOG_LEVEL": "error"}
    process = subprocess.Popen([sys.executable, "-c", _START, "serve", "--port", str(port)], env=os.environ | stores)
    try:
        _await_ready(process, port)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health/ready")
            response = connection.getresponse()
            response.read()
            if response.status == 200:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise RuntimeError("the server did not become ready")
