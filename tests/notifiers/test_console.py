import io

import pytest

from notifiers.console import Console
from notifiers.message import Action, Message

MESSAGE = Message(
    "d1",
    "alice",
    "Łukasz is stuck",
    "One.\n\nTwo.",
    (Action("Open", "https://t.example/1"),),
    "https://t.example/stop",
)


def test_the_console_prints_who_what_and_where_to_go(capsys: pytest.CaptureFixture[str]) -> None:
    Console().send(MESSAGE)
    assert capsys.readouterr().out == (
        "To: alice\n"
        "Subject: Łukasz is stuck\n\n"
        "One.\n\nTwo.\n\n"
        "Open: https://t.example/1\n\n"
        "Stop these messages: https://t.example/stop\n\n"
    )


def test_standard_output_is_looked_up_at_the_time_of_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    console, later = Console(), io.StringIO()
    monkeypatch.setattr("sys.stdout", later)
    console.send(MESSAGE)
    assert "Łukasz" in later.getvalue()


def test_a_terminal_without_unicode_still_gets_the_message() -> None:
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding="ascii")
    Console(stream).send(MESSAGE)
    assert b"Subject: ?ukasz is stuck\n" in buffer.getvalue()
