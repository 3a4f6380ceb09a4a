"""Reading a request's body within limits, decompressed, before any memory is spent on more."""

from typing import IO, cast

from flask import Request
from isal import isal_zlib
from isal.igzip_lib import IsalError
from werkzeug.wsgi import get_input_stream

from service.http.problem import Problem

MEBIBYTE = 2**20
WIRE_LIMIT = 1 * MEBIBYTE
INFLATED_LIMIT = 10 * MEBIBYTE

_CHUNK = 64 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 31  # zlib's number for "a gzip header, then the largest window"
_CACHE = "takehold.body"


def read_body(request: Request, wire_limit: int = WIRE_LIMIT, inflated_limit: int = INFLATED_LIMIT) -> bytes:
    """The body's bytes, gunzipped where Content-Encoding or the first two bytes say gzip.

    Limits are in bytes. A second call answers what the first one read. Problem: 413 `too_large`, 415
    `unsupported_encoding`, 400 `incomplete_body` (shorter than its Content-Length), 400 `bad_gzip`. A plain chunked
    body that breaks off looks whole here (granian reports no error), so a format has to show its own end, as JSON does.
    """
    body = request.environ.get(_CACHE)
    if body is None:
        body = request.environ[_CACHE] = _decoded(request, _wire(request, wire_limit), inflated_limit)
    return cast(bytes, body)


def _wire(request: Request, limit: int) -> bytes:
    announced = request.content_length
    if announced is not None and announced > limit:
        raise _too_large("The body", limit)
    # One byte more than the limit tells "too long" from "just fits". Werkzeug's own limit, which request.stream
    # obeys, cuts a chunked body off and reports success.
    raw = _read(get_input_stream(request.environ), limit + 1)
    if len(raw) > limit:
        raise _too_large("The body", limit)
    if announced is not None and len(raw) < announced:
        raise Problem(400, "incomplete_body", "The body ended before its Content-Length.")
    return raw


def _read(stream: IO[bytes], size: int) -> bytes:
    read = bytearray()
    # A stream may hand over less than was asked for; only nothing means its end.
    while chunk := stream.read(min(_CHUNK, size - len(read))):
        read += chunk
    return bytes(read)


def _decoded(request: Request, raw: bytes, limit: int) -> bytes:
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", "x-gzip", ""}:
        raise Problem(
            415,
            "unsupported_encoding",
            "The Content-Encoding is not supported; send gzip or none.",
            headers={"Accept-Encoding": "gzip"},
        )
    # posthog-js labels its gzip text/plain without any Content-Encoding.
    if encoding in {"gzip", "x-gzip"} or raw.startswith(_GZIP_MAGIC):
        return _gunzip(raw, limit)
    return raw


def _gunzip(raw: bytes, limit: int) -> bytes:
    gzip = isal_zlib.decompressobj(wbits=_GZIP_WINDOW)
    try:
        body = gzip.decompress(raw, limit + 1)
    except IsalError:  # type: ignore[misc]  # a class, which its stub calls an instance
        raise Problem(400, "bad_gzip", "The body is not valid gzip.") from None
    if len(body) > limit:
        raise _too_large("The decompressed body", limit)
    if not gzip.eof:
        raise Problem(400, "bad_gzip", "The gzip body is cut off before its end.")
    if gzip.unused_data:
        raise Problem(400, "bad_gzip", "Something follows the end of the gzip body.")
    return body


def _too_large(what: str, limit: int) -> Problem:
    return Problem(413, "too_large", f"{what} is larger than {limit} bytes.")
