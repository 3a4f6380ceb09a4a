import gzip
import io
import tracemalloc
import zlib

import pytest
from flask import Flask, Request
from flask.testing import FlaskClient
from werkzeug.exceptions import ClientDisconnected
from werkzeug.test import EnvironBuilder

from service.http.body import MEBIBYTE, read_body
from service.http.problem import Problem


def request(body: bytes, **headers: str) -> Request:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(EnvironBuilder(method="POST", data=body, headers=names).get_environ())


def chunked(body: io.RawIOBase | io.BytesIO) -> Request:
    """A request as a WSGI server passes it on that takes the chunks apart: no length, an end to the stream."""
    environ = EnvironBuilder(method="POST", headers={"Transfer-Encoding": "chunked"}).get_environ()
    environ.pop("CONTENT_LENGTH", None)
    return Request({**environ, "wsgi.input": body, "wsgi.input_terminated": True})


def refusal(asked: Request, **limits: int) -> tuple[int, str]:
    with pytest.raises(Problem) as refused:
        read_body(asked, **limits)
    return refused.value.status, refused.value.code


class Dripping(io.RawIOBase):
    """Hands over at most ten bytes for each read, and counts them."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        given = min(10, size, self.left)
        self.left -= given
        self.given += given
        return b"x" * given


def test_a_body_at_the_limit_passes_and_one_byte_more_does_not() -> None:
    assert read_body(request(b"x" * 100), wire_limit=100) == b"x" * 100
    assert refusal(request(b"x" * 101), wire_limit=100) == (413, "too_large")


def test_a_body_announced_too_large_is_refused_before_a_byte_is_read() -> None:
    asked = request(b"x" * 101)
    refusal(asked, wire_limit=100)
    assert asked.environ["wsgi.input"].tell() == 0


def test_a_chunked_body_over_the_limit_is_refused_and_not_truncated() -> None:
    """Werkzeug's MAX_CONTENT_LENGTH cut a chunked body off at the limit, and the route stored the first part."""
    assert read_body(chunked(io.BytesIO(b"x" * 100)), wire_limit=100) == b"x" * 100
    assert refusal(chunked(io.BytesIO(b"x" * 101)), wire_limit=100) == (413, "too_large")


def test_an_endless_chunked_body_is_read_no_further_than_one_byte_past_the_limit() -> None:
    stream = Dripping(10**9)
    assert refusal(chunked(stream), wire_limit=1000) == (413, "too_large")
    assert stream.given == 1001


def test_a_stream_that_hands_over_little_by_little_is_read_to_its_end() -> None:
    assert read_body(chunked(Dripping(995))) == b"x" * 995


def test_a_limit_in_the_configuration_does_not_cut_the_body(app: Flask, client: FlaskClient) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 10
    assert client.post("/size", data=b"x" * 1000).text == "1000"


def test_a_body_shorter_than_its_announced_length_is_refused() -> None:
    environ = request(b"x" * 100).environ
    environ["wsgi.input"] = io.BytesIO(b"x" * 60)
    with pytest.raises(ClientDisconnected):
        read_body(Request(dict(environ)))
    environ["wsgi.input"] = io.BytesIO(b"x" * 60)
    assert refusal(Request({**environ, "wsgi.input_terminated": True})) == (400, "incomplete_body")


def test_a_second_reader_gets_the_same_bytes() -> None:
    asked = request(gzip.compress(b"once"))
    assert (read_body(asked), read_body(asked)) == (b"once", b"once")


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", "identity", ""])
def test_gzip_is_read_by_its_label_or_by_its_first_bytes(encoding: str) -> None:
    assert read_body(request(gzip.compress(b"{}"), Content_Encoding=encoding)) == b"{}"
    assert read_body(request(gzip.compress(b"{}"), Content_Type="text/plain")) == b"{}"


def test_a_decompressed_body_at_its_limit_passes_and_one_byte_more_does_not() -> None:
    assert read_body(request(gzip.compress(b"x" * 5000)), inflated_limit=5000) == b"x" * 5000
    assert refusal(request(gzip.compress(b"x" * 5001)), inflated_limit=5000) == (413, "too_large")


def test_a_bomb_is_refused_without_spending_what_it_would_expand_to() -> None:
    bomb = gzip.compress(bytes(100 * MEBIBYTE))
    assert len(bomb) < 110_000
    asked = request(bomb)
    tracemalloc.start()
    try:
        assert refusal(asked) == (413, "too_large")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 25 * MEBIBYTE


GOOD = gzip.compress(b"hello" * 100)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(GOOD[:-1], id="cut in its trailer"),
        pytest.param(GOOD[: len(GOOD) // 2], id="cut in the middle"),
        pytest.param(GOOD[:5], id="cut in its header"),
        pytest.param(GOOD + b"x", id="garbage after its end"),
        pytest.param(GOOD + GOOD, id="a second member"),
        pytest.param(GOOD[:-8] + bytes(4) + GOOD[-4:], id="wrong checksum"),
        pytest.param(b"\x1f\x8bnot gzip at all", id="only the magic"),
    ],
)
def test_gzip_that_is_not_whole_is_refused(body: bytes) -> None:
    assert refusal(request(body)) == (400, "bad_gzip")


@pytest.mark.parametrize("body", [b"{}", b""])
def test_a_plain_body_labelled_gzip_is_refused(body: bytes) -> None:
    assert refusal(request(body, Content_Encoding="gzip")) == (400, "bad_gzip")


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip"])
def test_another_encoding_is_refused_and_told_which_one_works(encoding: str) -> None:
    with pytest.raises(Problem) as refused:
        read_body(request(zlib.compress(b"{}"), Content_Encoding=encoding))
    assert (refused.value.status, refused.value.code) == (415, "unsupported_encoding")
    assert refused.value.headers == {"Accept-Encoding": "gzip"}
