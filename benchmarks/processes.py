"""Processes that a run starts, on loopback and free ports, and ends: ours and those of peers."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

_READY_SECONDS = 60
_END_SECONDS = 30
_REQUEST_SECONDS = 120


class Connection:
    """One to a server on this machine, which stays open where the server lets it."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=_REQUEST_SECONDS)

    def call(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> bytes:
        """What it answers. Raises RuntimeError unless that is a success."""
        self._connection.request(method, path, body, dict(headers))
        response = self._connection.getresponse()
        raw = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path} answered {response.status}: {raw[:300]!r}")
        return raw

    def close(self) -> None:
        self._connection.close()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str], quiet: bool = False) -> Iterator[int]:
    """A process and its number; told to end afterwards, and killed when it does not. quiet: what it says is dropped."""
    say = subprocess.DEVNULL if quiet else None
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=say, stderr=say)
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def await_ready(port: int, path: str) -> None:
    """Until a server answers 200 there."""
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            if response.status == 200:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise RuntimeError("the server did not become ready")


def own_environment(folder: Path) -> dict[str, str]:
    """For a program that keeps things in a home: one below `folder`, and nothing that is set for the run's own user."""
    places = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("DATA", "CONFIG", "CACHE", "STATE")}
    return {"HOME": str(folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"} | places


def peak_megabytes(process: int) -> float | None:
    """The most memory that a process, or any one of those it started, ever held; None where the system does not say.

    By VmHWM, because the figure of getrusage includes what the process was copied from.
    """
    parents = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            told = dict(line.split(":", 1) for line in status.read_text().splitlines())
        except OSError:
            continue
        parents[int(told["Pid"])] = (int(told["PPid"]), told.get("VmHWM"))
    family = {process}
    while more := {number for number, (parent, _) in parents.items() if parent in family} - family:
        family |= more
    peaks = [peak for number, (_, peak) in parents.items() if number in family and peak]
    return max((int(peak.split()[0]) / 1024 for peak in peaks), default=None)
