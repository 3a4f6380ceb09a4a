import ssl
from dataclasses import replace
from itertools import chain, repeat

import pytest

from notifiers.errors import PermanentFailure, TemporaryFailure
from notifiers.mail import Mail, MailSettings
from notifiers.message import Message
from tests.notifiers.receivers import (
    Post,
    abandoned_sends_come_to_an_end,
    blackhole,
    dripping_server,
    free_port,
    smtp_server,
)

MESSAGE = Message("d1", "alice@example.com", "Stuck", "Text")
# So that nothing a test sends needs a real certificate unless it says so.
PLAIN = MailSettings("127.0.0.1", "takehold@example.com", security="none")


def test_mail_goes_to_the_one_it_is_for_and_nobody_else(post: Post) -> None:
    with smtp_server(post) as port:
        Mail(replace(PLAIN, port=port)).send(MESSAGE)
    (envelope,) = post.envelopes
    assert envelope.mail_from == "takehold@example.com"
    assert envelope.rcpt_tos == ["alice@example.com"]
    assert post.mails()[0]["Message-ID"] == "<d1@example.com>"


@pytest.mark.usefixtures("trusted")
def test_starttls_comes_before_the_mail(post: Post, server_tls: ssl.SSLContext) -> None:
    with smtp_server(post, tls_context=server_tls, require_starttls=True) as port:
        Mail(replace(PLAIN, port=port, security="starttls")).send(MESSAGE)
    assert len(post.envelopes) == 1


@pytest.mark.usefixtures("trusted")
def test_tls_from_the_first_byte(post: Post, server_tls: ssl.SSLContext) -> None:
    with smtp_server(post, ssl_context=server_tls) as port:
        Mail(replace(PLAIN, port=port, security="tls")).send(MESSAGE)
    assert len(post.envelopes) == 1


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_server_with_an_untrusted_certificate_gets_no_mail(
    post: Post, server_tls: ssl.SSLContext, security: str
) -> None:
    options = {"ssl_context" if security == "tls" else "tls_context": server_tls}
    with smtp_server(post, **options) as port:
        channel = Mail(MailSettings("127.0.0.1", "takehold@example.com", port=port, security=security))  # type: ignore[arg-type]
        with pytest.raises(TemporaryFailure, match=r"^tls$"):
            channel.send(MESSAGE)
    assert post.envelopes == []


def test_no_mail_and_no_password_go_out_in_the_clear_when_starttls_is_asked_for(post: Post) -> None:
    with smtp_server(post, authenticator=post.authenticate, auth_require_tls=False) as port:
        settings = replace(PLAIN, port=port, security="starttls", user="takehold", password="s3cret")
        with pytest.raises(PermanentFailure, match=r"^smtp_unsupported$"):
            Mail(settings).send(MESSAGE)
    assert post.envelopes == []
    assert post.auth_attempts == 0


def test_a_misspelt_security_is_refused_rather_than_read_as_none() -> None:
    with pytest.raises(ValueError, match="starttls, tls, none"):
        MailSettings("127.0.0.1", "takehold@example.com", security="ssl")  # type: ignore[arg-type]


@pytest.mark.usefixtures("trusted")
def test_a_server_that_wants_a_login_gets_one(post: Post, server_tls: ssl.SSLContext) -> None:
    with smtp_server(post, tls_context=server_tls, authenticator=post.authenticate, auth_required=True) as port:
        Mail(replace(PLAIN, port=port, security="starttls", user="takehold", password="s3cret")).send(MESSAGE)
    assert len(post.envelopes) == 1


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(("password", "reason"), [("wrong", "smtp_535"), ("schlüssel", "bad_settings")])
def test_a_wrong_password_is_permanent(post: Post, server_tls: ssl.SSLContext, password: str, reason: str) -> None:
    with smtp_server(post, tls_context=server_tls, authenticator=post.authenticate, auth_required=True) as port:
        settings = replace(PLAIN, port=port, security="starttls", user="takehold", password=password)
        with pytest.raises(PermanentFailure, match=f"^{reason}$"):
            Mail(settings).send(MESSAGE)
    assert post.envelopes == []


def test_the_password_is_not_shown_with_the_settings() -> None:
    assert "s3cret" not in repr(replace(PLAIN, password="s3cret"))


@pytest.mark.parametrize("step", ["to_recipient", "to_data"])
def test_a_4xx_answer_is_temporary_and_a_5xx_answer_permanent(post: Post, step: str) -> None:
    with smtp_server(post) as port:
        channel = Mail(replace(PLAIN, port=port))
        setattr(post, step, "451 4.7.1 greylisted")
        with pytest.raises(TemporaryFailure, match=r"^smtp_451$") as temporary:
            channel.send(MESSAGE)
        assert temporary.value.retry_after is None
        setattr(post, step, "550 5.1.1 no such mailbox")
        with pytest.raises(PermanentFailure, match=r"^smtp_550$"):
            channel.send(MESSAGE)


def test_what_was_accepted_is_delivered_whatever_the_goodbye(post: Post) -> None:
    """A failure reported here would send the mail a second time."""
    post.to_quit = "554 no goodbye"
    with smtp_server(post) as port:
        Mail(replace(PLAIN, port=port)).send(MESSAGE)
    assert len(post.envelopes) == 1


def test_nobody_listening_is_temporary() -> None:
    with pytest.raises(TemporaryFailure, match=r"^refused$"):
        Mail(replace(PLAIN, port=free_port())).send(MESSAGE)


def test_a_host_that_cannot_exist_is_permanent() -> None:
    with pytest.raises(PermanentFailure, match=r"^bad_settings$"):
        Mail(replace(PLAIN, host="a..b")).send(MESSAGE)


@pytest.mark.parametrize("port", [0, -25, 65536 + 25])
def test_an_impossible_port_is_refused_rather_than_counted_round(port: int) -> None:
    with pytest.raises(ValueError, match="port"):
        replace(PLAIN, port=port)


@pytest.mark.parametrize(
    "drops",
    [[], chain([b"220-"], repeat(b"x")), chain([b"220 hello\r\n", b"250-"], repeat(b"x"))],
    ids=["nothing at all", "an endless greeting", "an endless answer"],
)
def test_a_server_that_drips_is_abandoned_at_the_deadline(drops: list[bytes]) -> None:
    """A time-out of smtplib counts from one read to the next, so each of these outlives it."""
    with dripping_server(drops) as server:
        with pytest.raises(TemporaryFailure, match=r"^timeout$"):
            Mail(replace(PLAIN, port=server.port, timeout=0.3)).send(MESSAGE)
        assert server.saw_the_caller_hang_up()


@pytest.mark.usefixtures("trusted")
def test_a_server_that_drips_inside_tls_is_abandoned_too(server_tls: ssl.SSLContext) -> None:
    with dripping_server(chain([b"220-"], repeat(b"x")), server_tls) as server:
        with pytest.raises(TemporaryFailure, match=r"^timeout$"):
            Mail(replace(PLAIN, port=server.port, security="tls", timeout=0.5)).send(MESSAGE)
        assert server.saw_the_caller_hang_up()


def test_a_server_that_cannot_be_reached_keeps_no_thread_behind() -> None:
    with blackhole() as port:
        with pytest.raises(TemporaryFailure, match=r"^timeout$"):
            Mail(replace(PLAIN, port=port, timeout=0.2)).send(MESSAGE)
        assert abandoned_sends_come_to_an_end()


def test_an_answer_that_is_no_smtp_is_temporary() -> None:
    with dripping_server([b"HTTP/1.1 400 Bad Request\r\n\r\n"]) as server:
        with pytest.raises(TemporaryFailure):
            Mail(replace(PLAIN, port=server.port)).send(MESSAGE)
        assert server.saw_the_caller_hang_up()


@pytest.mark.parametrize("address", ["nobody", "a@example.com, b@example.com", "a@example.com\r\nBcc: eve@example.com"])
def test_an_address_that_is_none_is_permanent_and_connects_to_nobody(address: str) -> None:
    with pytest.raises(PermanentFailure, match=r"^bad_address$"):
        Mail(replace(PLAIN, port=free_port())).send(replace(MESSAGE, to=address))


def test_a_sender_that_is_none_is_told_at_the_start() -> None:
    with pytest.raises(ValueError):
        Mail(replace(PLAIN, sender_address="takehold"))
