import re
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifiers.mail_format import mail_address, mail_bytes
from notifiers.message import Action, Message

SENDER = mail_address("takehold@example.com", "Takehold")
ALICE = mail_address("alice@example.com")
PLAIN = Message("0190c3f2-7c1e", "alice@example.com", "Stuck", "One.\n\nTwo.", (Action("Open", "https://t.example/1"),))
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]


def parsed(message: Message) -> EmailMessage:
    mail = BytesParser(policy=default).parsebytes(mail_bytes(message, SENDER, ALICE))
    assert isinstance(mail, EmailMessage)
    assert not mail.defects
    return mail


def body(mail: EmailMessage, subtype: str) -> str:
    part = mail.get_body((subtype,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_mail_holds_the_same_words_as_text_and_as_html() -> None:
    mail = parsed(PLAIN)
    assert mail.get_content_type() == "multipart/alternative"
    assert body(mail, "plain") == "One.\n\nTwo.\n\nOpen: https://t.example/1\n"
    assert "Two." in body(mail, "html")
    assert 'href="https://t.example/1"' in body(mail, "html")


def test_a_mail_says_who_sent_it_and_that_a_machine_did() -> None:
    mail = parsed(PLAIN)
    assert mail["From"] == "Takehold <takehold@example.com>"
    assert mail["To"] == "alice@example.com"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime.tzinfo is not None


@pytest.mark.parametrize("delivery", ["0190c3f2", "a b>c@d", "x" * 200, "ü/1"])
def test_the_message_id_repeats_with_the_delivery_and_only_then(delivery: str) -> None:
    def message_id(of: str) -> str:
        return str(parsed(Message(of, "alice@example.com", "Stuck", "Text"))["Message-ID"])

    assert message_id(delivery) == message_id(delivery) != message_id(delivery + "1")
    assert re.fullmatch(r"<[^<>@\s]+@example\.com>", message_id(delivery))


@pytest.mark.parametrize(
    "url", ["https://t.example/u/1", "https://t.example/u/" + "t0ken" * 60, "https://t.example/?a=?utf-8?q?b?="]
)
def test_mailbox_providers_can_stop_the_mails_with_one_click(url: str) -> None:
    """A long URL would otherwise be folded into encoded words, which nobody can call."""
    message = Message("d1", "alice@example.com", "Stuck", "Text", unsubscribe_url=url)
    raw = mail_bytes(message, SENDER, ALICE)
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw
    assert f"Stop these messages: {url}" in body(parsed(message), "plain")


def test_without_a_way_out_no_header_promises_one() -> None:
    assert parsed(PLAIN).keys() == HEADERS


def test_an_encoded_word_in_a_subject_stays_text() -> None:
    """The standard library decodes it when the header is set, and the decoded line break started a new header."""
    subject = "About =?utf-8?q?x=0D=0ABcc=3A_eve=40example.com?="
    mail = parsed(Message("d1", "alice@example.com", subject, "Text"))
    assert mail.keys() == HEADERS
    assert b"=0D=0ABcc" not in mail_bytes(Message("d1", "alice@example.com", subject, "Text"), SENDER, ALICE)


@given(subject=st.text(min_size=1), text=st.text(min_size=1))
def test_any_words_come_back_as_they_were(subject: str, text: str) -> None:
    message = Message("d1", "alice@example.com", f"a{subject}b", f"a{text}b")
    raw = mail_bytes(message, SENDER, ALICE)
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    mail = parsed(message)
    assert mail.keys() == HEADERS
    assert mail["Subject"] == message.subject
    assert body(mail, "plain") == message.text + "\n"


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("eve@bücher.example", "eve@xn--bcher-kva.example"),
        ("first.last+tag@mail.example.com", "first.last+tag@mail.example.com"),
        ("o'neill@example.com", "o'neill@example.com"),
    ],
)
def test_an_address_is_used_as_servers_understand_it(given: str, used: str) -> None:
    assert mail_address(given).addr_spec == used


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nobody",
        "@example.com",
        "a@",
        "a@b@example.com",
        "a@example.com, b@example.com",
        "Alice <a@example.com>",
        "a@example.com\r\nBcc: eve@example.com",
        "a@example.com\n",
        "a b@example.com",
        "jörg@example.com",
        "a@b..c",
        "a@" + "x" * 64 + ".example",
        "=?utf-8?q?=0ABcc=3Aeve=40example.com?=@example.com",
    ],
)
def test_anything_but_one_plain_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        mail_address(text)


@pytest.mark.parametrize("name", ["Take\r\nBcc: eve@example.com", "=?utf-8?q?=0ABcc=3Aeve=40example.com?="])
def test_a_sender_name_cannot_start_a_header(name: str) -> None:
    with pytest.raises(ValueError):
        mail_address("takehold@example.com", name)
