"""Chunked bodies as the production server passes them on: what a test client cannot show."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(number)]
    server = subprocess.Popen(
        [*command, "--workers-kill-timeout", "5", "--factory", "tests.service.http.app:create_app"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await_answer(server, number)
        yield number
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _await_answer(server: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = monotonic() + 30
    while True:
        try:
            assert _post(port, [b"x"]) == (200, b"1")
        except OSError:
            assert server.poll() is None, "granian did not start"
            assert monotonic() < deadline, "granian does not answer"
        else:
            return


def _post(port: int, chunks: list[bytes]) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(
            "POST", "/size", body=iter(chunks), encode_chunked=True, headers={"Transfer-Encoding": "chunked"}
        )
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_chunked_body_within_the_limit_is_read_whole(port: int) -> None:
    assert _post(port, [b"x" * 500] * 4) == (200, b"2000")


def test_a_chunked_body_over_the_limit_is_answered_413_and_the_server_goes_on(port: int) -> None:
    status, body = _post(port, [b"x" * 500] * 4 + [b"y"])
    assert status == 413
    assert b'"code": "too_large"' in body
    assert _post(port, [b"x"]) == (200, b"1")


def test_a_body_cut_off_before_its_announced_end_is_not_taken_for_whole(port: int) -> None:
    """Granian hands over the part that came as if it were all."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw, raw.makefile("rb") as answer:
        raw.sendall(b"POST /size HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nhello")
        raw.shutdown(socket.SHUT_WR)
        text = answer.read()
    assert b"incomplete_body" in text
    assert _post(port, [b"x"]) == (200, b"1")
