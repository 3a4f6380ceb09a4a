"""SIGTERM ends `web`, `serve` and `worker` with 0, after what is in flight and before anything else begins."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from service.settings import Settings
from service.takehold import Takehold
from tests.notifiers.receivers import Post
from tests.running import START_SECONDS, free_port, process_ended, wait_until_ready
from tests.service.worker.cast import PATIENCE, Organisation
from tests.service.worker.conftest import fresh, mail_server, post, settings, slow_post

__all__ = ["fresh", "mail_server", "post", "settings", "slow_post"]
_SUPERVISOR_SECONDS = 30
"""After which a supervisor would kill."""


@contextmanager
def started(settings: Settings, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    said = settings.model_dump(exclude_none=True, exclude={"smtp_password"})
    environment = {**os.environ, **{f"TAKEHOLD_{name.upper()}": str(value) for name, value in said.items()}}
    with subprocess.Popen([sys.executable, "-m", "service", *words], env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def ends_well(process: subprocess.Popen[bytes]) -> bool:
    return process_ended(process, _SUPERVISOR_SECONDS) and process.returncode == 0


def test_a_delivery_in_flight_is_finished_and_no_other_is_begun(
    fresh: Organisation, settings: Settings, slow_post: Any, post: Post
) -> None:
    fresh.alerts(3)
    with started(settings, "worker") as process:
        assert slow_post.arrived.wait(START_SECONDS)
        process.send_signal(signal.SIGTERM)
        assert not process_ended(process)
        slow_post.gate.set()
        assert ends_well(process)
    assert len(fresh.deliveries("sent")) == 1
    assert len(fresh.deliveries("due")) == 2


@pytest.mark.parametrize("command", ["web", "serve"])
def test_a_request_in_flight_is_answered(
    takehold: Takehold, settings: Settings, caller: Callable[..., Any], command: str
) -> None:
    """Half of its body has arrived when the signal comes."""
    key, port = caller("admin").key, free_port()
    body = b'[{"external_id": "ada"}]'
    head = (
        f"POST /api/v1/people HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with started(settings, command, "--port", str(port)) as process:
        wait_until_ready(f"http://127.0.0.1:{port}", process)
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
            client.sendall(head.encode() + body[:5])
            assert not process_ended(process, 0.3)
            process.send_signal(signal.SIGTERM)
            assert not process_ended(process, 0.3)
            client.sendall(body[5:])
            assert client.recv(12) == b"HTTP/1.1 200"
        assert ends_well(process)
