"""Senders that never finish, and bodies that unfold to more than any memory: others go on as if they were not there."""

from __future__ import annotations

import gzip
import json
import socket
import time
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread

import requests

from tests.faults.processes import Web
from tests.faults.stores import fresh_store

PATHS = ("/api/v1/usage", "/v1/batch", "/v1/track", "/batch/", "/e/", "/v1/cloudevents", "/xapi/statements")
"""Where anybody may post large bodies."""
_GIBIBYTE = 2**30
_MOST_MORE_MEBIBYTES = 32
_ANSWERED_SECONDS = 1.0


def run(engine: str, full: bool) -> list[str]:
    """200 slow senders beside 200 healthy requests, and three bombs at every path; short: 40, 20 and one path."""
    with fresh_store(engine) as store:
        key, web = store.key("app"), Web(store)
        web.start()
        try:
            web.ready()
            return [_slow(web, key, *((200, 200) if full else (40, 20)), full), _bombs(web, key, full)]
        finally:
            web.end()


def _slow(web: Web, key: str, senders: int, requests_beside: int, judged: bool) -> str:
    with _sending_slowly(web, key, senders) as alive:
        took = []
        for number in range(requests_beside):
            begun = time.monotonic()
            answer = _post(web, "/api/v1/usage", key, json.dumps({"events": [_use(number)]}).encode())
            took.append(time.monotonic() - begun)
            assert answer.json()["stored"] == 1, answer.text
        left = alive()
    assert left == senders, f"{senders - left} of the slow senders were done with before"
    slowest = sorted(took)[max(0, int(len(took) * 0.99) - 1)]
    assert not judged or slowest < _ANSWERED_SECONDS, f"99 % were answered within {slowest:.2f} s"
    return f"{senders} senders that never finish: {len(took)} of {len(took)} others stored, 99 % within {slowest:.2f} s"


def _bombs(web: Web, key: str, full: bool) -> str:
    paths, slowest, most = PATHS if full else PATHS[:1], 0.0, 0.0
    bomb = _gzip_of_zeros(_GIBIBYTE if full else _GIBIBYTE // 16)
    shapes: dict[str, tuple[bytes, dict[str, bool]]] = {
        "a bomb": (bomb, {"gzipped": True}),
        "a bomb in a bomb": (gzip.compress(bomb), {"gzipped": True}),
        "a body without end": (b" " * 2**20 * 8, {"chunked": True}),
    }
    for path in paths:
        for name, (body, how) in shapes.items():
            _post(web, path, key, b"{}")
            before = _memory(web, fresh=True)
            begun = time.monotonic()
            answer = _post(web, path, key, body, **how)
            took, more = time.monotonic() - begun, _memory(web) - before
            # What is unfolded once is no JSON, and is looked at no further.
            wanted = 400 if name == "a bomb in a bomb" else 413
            assert answer.status_code == wanted, f"{name} to {path}: {answer.status_code} {answer.text[:200]}"
            assert more < _MOST_MORE_MEBIBYTES, f"{name} to {path} took {more:.0f} MiB more"
            assert not full or took < _ANSWERED_SECONDS, f"{name} to {path} was answered after {took:.1f} s"
            slowest, most = max(slowest, took), max(most, more)
    assert _post(web, "/api/v1/usage", key, json.dumps({"events": [_use(-1)]}).encode()).json()["stored"] == 1
    number = len(paths) * len(shapes)
    return f"{number} bombs and bodies without end refused within {slowest:.2f} s, at most {most:.0f} MiB more memory"


@contextmanager
def _sending_slowly(web: Web, key: str, number: int) -> Iterator[Callable[[], int]]:
    """Connections that send a little a second, half within the headers, half within the body; how many are open."""
    address = ("127.0.0.1", int(web.url.rsplit(":", 1)[1]))
    head = f"POST /api/v1/usage HTTP/1.1\r\nHost: takehold\r\nAuthorization: Bearer {key}\r\n".encode()
    body = b'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"events": ['
    done = Event()
    with ExitStack() as opened:
        slow = [opened.enter_context(socket.create_connection(address, timeout=10)) for _ in range(number)]
        for place, one in enumerate(slow):
            one.sendall(head if place % 2 else head + body)

        def drip() -> None:
            while not done.wait(1):
                for place, one in enumerate(slow):
                    one.sendall(b"X-Slow: 1\r\n" if place % 2 else b" ")

        dripping = Thread(target=drip)
        dripping.start()
        try:
            yield lambda: sum(_is_open(one) for one in slow)
        finally:
            done.set()
            dripping.join()


def _is_open(connection: socket.socket) -> bool:
    connection.settimeout(0)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        connection.settimeout(10)


def _post(
    web: Web, path: str, key: str, body: bytes, gzipped: bool = False, chunked: bool = False
) -> requests.Response:
    headers = {
        "Authorization": "Basic " + b64encode(f"{key}:".encode()).decode(),
        "Content-Type": "application/json",
        "X-Experience-API-Version": "1.0.3",
    }
    if path.startswith("/api/"):
        headers["Authorization"] = f"Bearer {key}"
    if path.startswith(("/batch", "/e/")):
        # PostHog's key is in the body, which nobody should have to unfold to refuse it.
        headers["Authorization"] = f"Bearer {key}"
    if gzipped:
        headers["Content-Encoding"] = "gzip"
    # requests sends what it cannot measure in chunks.
    data = (body[start : start + 2**16] for start in range(0, len(body), 2**16)) if chunked else body
    return requests.post(web.url + path, data=data, headers=headers, timeout=60)


def _use(number: int) -> dict[str, str]:
    return {"id": str(number), "app": "a", "feature": "f", "actor": "p", "occurred_at": _NOW}


_NOW = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _gzip_of_zeros(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    block = bytes(2**20)
    return b"".join(packer.compress(block) for _ in range(size // len(block))) + packer.flush()


def _memory(web: Web, fresh: bool = False) -> float:
    """The most memory in MiB that the process which serves had resident; `fresh` begins to count anew."""
    process = web.serving()
    if fresh:
        Path(f"/proc/{process}/clear_refs").write_text("5")
    status = Path(f"/proc/{process}/status").read_text()
    [peak] = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(peak.split()[1]) / 1024
