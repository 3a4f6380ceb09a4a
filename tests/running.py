"""A running Takehold: real processes, spoken to over real HTTP."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

START_SECONDS = 60
"""Two shared cores may be busy; a server that is not up by then is not coming."""


@dataclass
class Running:
    """Where it listens, the environment its processes have, and the first key of its workspace."""

    url: str
    environment: Mapping[str, str]
    key: str = ""

    def command(self, *words: str) -> str:
        """What a command prints; the test fails when the command does."""
        done = subprocess.run(
            [sys.executable, "-m", "service", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def as_role(self, role: str, source: str = "default") -> Api:
        """Speaks to the API with a fresh key."""
        return Api(self.url, self.command("key", "create", "--role", role, "--source", source).strip())


@dataclass
class Api:
    """The API with a key. Every call answers the JSON, or fails the test with the problem."""

    url: str
    key: str

    def call(self, method: str, path: str, **kwargs: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = requests.request(method, f"{self.url}/api/v1{path}", headers=headers, timeout=30, **kwargs)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", path, params=query)

    def post(self, path: str, body: Any) -> Any:
        return self.call("POST", path, json=body)

    def put(self, path: str, body: Any) -> Any:
        return self.call("PUT", path, json=body)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def running(environment: Mapping[str, str], command: str = "web", zone: str = "UTC") -> Iterator[Running]:
    """Starts `takehold web` (or `serve`) with these settings on a new workspace, and ends it afterwards."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    everything = {**os.environ, "TAKEHOLD_PUBLIC_URL": url, **environment}
    key = Running(url, everything).command("init", "--zone", zone).splitlines()[-1]
    process = subprocess.Popen([sys.executable, "-m", "service", command, "--port", str(port)], env=everything)
    try:
        wait_until_ready(url, process)
        yield Running(url, everything, key)
    finally:
        process.terminate()
        process.wait(timeout=60)


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    """Fails the test when the server ended, or is not up in time."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        try:
            if requests.get(f"{url}/health/ready", timeout=2).ok:
                return
        except requests.ConnectionError:
            # Refused until it listens; the pause keeps the poll from taking the server's processor.
            process_ended(process)
    raise AssertionError("the server did not get ready")


def process_ended(process: subprocess.Popen[bytes], seconds: float = 0.1) -> bool:
    """Waits a moment for the end of a process."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
