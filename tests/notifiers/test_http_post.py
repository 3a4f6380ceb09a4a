import ssl
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import chain, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Response

from notifiers.errors import PermanentFailure, TemporaryFailure
from notifiers.http_post import MAX_RETRY_AFTER_SECONDS, post_json, retry_after_seconds
from tests.notifiers.receivers import abandoned_sends_come_to_an_end, blackhole, dripping_server, free_port

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

DRIPS: dict[str, Iterable[bytes]] = {
    "nothing at all": [],
    "the status line": chain([b"HTTP/1.1 200 "], repeat(b"O")),
    "an endless header": chain([b"HTTP/1.1 200 OK\r\nX-Drip: "], repeat(b"x")),
    "endless interim answers": repeat(b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_is_a_delivery(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request("/hook", method="POST").respond_with_data("", status)
    post_json(httpserver.url_for("/hook"), {"text": "Zoë"})
    ((request, _),) = httpserver.log
    assert request.get_json() == {"text": "Zoë"}
    assert request.content_type == "application/json"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422])
def test_a_4xx_is_permanent(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request("/hook").respond_with_data("no", status)
    with pytest.raises(PermanentFailure, match=f"^http_{status}$"):
        post_json(httpserver.url_for("/hook"), {})


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_5xx_a_timeout_and_too_many_are_temporary(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request("/hook").respond_with_data("later", status)
    with pytest.raises(TemporaryFailure, match=f"^http_{status}$") as failure:
        post_json(httpserver.url_for("/hook"), {})
    assert failure.value.retry_after is None


@pytest.mark.parametrize("status", [429, 503])
def test_the_receiver_says_when_to_come_back(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request("/hook").respond_with_data("", status, {"Retry-After": "30"})
    with pytest.raises(TemporaryFailure) as failure:
        post_json(httpserver.url_for("/hook"), {})
    assert failure.value.retry_after == 30


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_permanent_and_not_followed(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request("/hook").respond_with_data("", status, {"Location": httpserver.url_for("/else")})
    httpserver.expect_request("/else").respond_with_data("ok")
    with pytest.raises(PermanentFailure, match=f"^http_{status}$"):
        post_json(httpserver.url_for("/hook"), {})
    assert [request.path for request, _ in httpserver.log] == ["/hook"]


def test_nobody_listening_is_temporary() -> None:
    with pytest.raises(TemporaryFailure, match=r"^refused$"):
        post_json(f"http://127.0.0.1:{free_port()}/hook", {})


@pytest.mark.parametrize(
    "url", ["", "hook", "ftp://example.com/x", "http://", "http://[::1", "http://a..b/", "http://127.0.0.1:99999/"]
)
def test_a_url_nobody_can_post_to_is_permanent(url: str) -> None:
    with pytest.raises(PermanentFailure, match=r"^bad_url$"):
        post_json(url, {})


@pytest.mark.parametrize("drips", DRIPS)
def test_a_receiver_that_drips_is_abandoned_at_the_deadline(drips: str) -> None:
    """A time-out of requests counts from one read to the next, so each of these outlives it."""
    with dripping_server(DRIPS[drips]) as receiver:
        with pytest.raises(TemporaryFailure, match=r"^timeout$"):
            post_json(f"http://127.0.0.1:{receiver.port}/hook", {}, seconds=0.3)
        assert receiver.saw_the_caller_hang_up()


@pytest.mark.usefixtures("trusted")
def test_a_receiver_that_drips_inside_tls_is_abandoned_too(server_tls: ssl.SSLContext) -> None:
    with dripping_server(chain([b"HTTP/1.1 200 OK\r\nX-Drip: "], repeat(b"x")), server_tls) as receiver:
        with pytest.raises(TemporaryFailure, match=r"^timeout$"):
            post_json(f"https://127.0.0.1:{receiver.port}/hook", {}, seconds=0.5)
        assert receiver.saw_the_caller_hang_up()


def test_a_dripping_proxy_is_abandoned_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with dripping_server(chain([b"HTTP/1.1 200 OK\r\nX-Drip: "], repeat(b"x"))) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(TemporaryFailure, match=r"^timeout$"):
            post_json("https://hooks.example/hook", {}, seconds=0.3)
        assert proxy.saw_the_caller_hang_up()


def test_a_receiver_that_cannot_be_reached_keeps_no_thread_behind() -> None:
    with blackhole() as port:
        with pytest.raises(TemporaryFailure, match=r"^timeout$"):
            post_json(f"http://127.0.0.1:{port}/hook", {}, seconds=0.2)
        assert abandoned_sends_come_to_an_end()


def test_a_2xx_counts_although_its_body_never_ends() -> None:
    """Waiting for the body would report a delivered message as failed, and send it again."""
    with dripping_server(chain([b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"], repeat(b"x"))) as receiver:
        post_json(f"http://127.0.0.1:{receiver.port}/hook", {})
        assert receiver.saw_the_caller_hang_up()


def test_an_untrusted_certificate_is_temporary_and_hears_nothing(server_tls: ssl.SSLContext) -> None:
    with HTTPServer("127.0.0.1", ssl_context=server_tls) as server:
        server.expect_request("/hook").respond_with_data("ok")
        with pytest.raises(TemporaryFailure, match=r"^tls$"):
            post_json(server.url_for("/hook"), {})
        assert server.log == []


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("0", 0),
        (" 120 ", 120),
        ("86400", MAX_RETRY_AFTER_SECONDS),
        ("9" * 5_000, MAX_RETRY_AFTER_SECONDS),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0),
        (format_datetime(NOW + timedelta(days=1), usegmt=True), MAX_RETRY_AFTER_SECONDS),
        ("Mon, 02 Mar 2026 09:00:10 -0000", 10),
        ("Mon, 99 Foo 2026 09:00:10 GMT", None),
        ("Mon, 02 Mar 2026 09:00:10 +" + "9" * 30, None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_capped(header: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(header, NOW) == seconds


@given(st.text() | st.from_regex(r"(Mon, )?[0-9]{1,3} Jan [0-9]{1,5} [0-9:]{1,9} [+-][0-9]{1,9}", fullmatch=True))
def test_no_retry_after_header_breaks_us(header: str) -> None:
    seconds = retry_after_seconds(header, NOW)
    assert seconds is None or 0 <= seconds <= MAX_RETRY_AFTER_SECONDS


def test_a_date_from_the_receiver_is_counted_from_now(httpserver: HTTPServer) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=30), usegmt=True)
    httpserver.expect_request("/hook").respond_with_response(Response("", 429, {"Retry-After": date}))
    with pytest.raises(TemporaryFailure) as failure:
        post_json(httpserver.url_for("/hook"), {})
    assert failure.value.retry_after is not None
    assert 0 < failure.value.retry_after <= 1800
