from dataclasses import replace
from typing import Any

import pytest

from notifiers.message import Action, Message


def test_a_subject_a_receiver_and_a_label_are_one_line() -> None:
    message = Message(
        "d1", "a\r\nb", "  One\r\n\ttwo\u2028three\x85four ", "Text", (Action("a\nb", "https://t.example"),)
    )
    assert message.to == "a b"
    assert message.subject == "One two three four"
    assert message.actions[0].label == "a b"


def test_control_characters_and_lone_surrogates_are_shown_as_unknown() -> None:
    message = Message("d1", "alice", "a\x1bb\x00c\ud800", "a\x07b\tc\udfff")
    assert message.subject == "a\ufffdb\ufffdc\ufffd"
    assert message.text == "a\ufffdb\tc\ufffd"


def test_other_scripts_and_joined_emoji_stay_as_they_are() -> None:
    words = "Zoë Łukasz 李小龙 شيرين 👩‍👩‍👧‍👦"
    assert Message("d1", "alice", words, words).subject == words


def test_paragraphs_are_what_blank_lines_separate() -> None:
    message = Message("d1", "alice", "Subject", "\n One\r\ntwo\r\n \r\n\r\nthree\rfour\n")
    assert message.paragraphs == [["One", "two"], ["three", "four"]]


@pytest.mark.parametrize("blank", ["", " ", "\r\n\u2028"])
@pytest.mark.parametrize("name", ["id", "to", "subject", "text"])
def test_a_message_that_says_nothing_is_refused(name: str, blank: str) -> None:
    changed: dict[str, Any] = {name: blank}
    message = Message("d1", "alice", "Subject", "Text")
    with pytest.raises(ValueError, match="needs"):
        replace(message, **changed)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/relative",
        "javascript:alert(1)",
        "https://",
        "https://t.example/a b",
        "https://t.example/\r\nBcc: eve@example.com",
        "https://t.example/\n",
        "https://t.example/>x",
        "https://t.example/|x",
        'https://t.example/"x',
        "https://bücher.example/",
    ],
)
def test_a_link_that_could_mean_something_else_somewhere_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        Action("Open", url)
    with pytest.raises(ValueError, match="URL"):
        Message("d1", "alice", "Subject", "Text", unsubscribe_url=url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/x", "https://t.example/a%20b?c=d&e=[1]#f", "https://[::1]:8000/~a;b=c,(d)'!*$+@"]
)
def test_an_ordinary_link_is_accepted(url: str) -> None:
    assert Action("", url).label == url
