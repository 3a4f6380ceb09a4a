"""What every channel promises. A new kind joins by a line in CHANNELS and a rig in tests/notifiers/rigs.py."""

import re
import traceback
from collections.abc import Iterator
from dataclasses import replace

import pytest

from notifiers.errors import DeliveryError, PermanentFailure, TemporaryFailure
from notifiers.message import Action, Message
from notifiers.registry import CHANNELS
from tests.notifiers.rigs import RIGS, Rig, rigged

REMOTE = sorted(kind for kind, rig in RIGS.items() if rig.remote)

MESSAGE = Message(
    id="0190c3f2-7c1e-7b52-9a3e-2f6f3d1f8a11",
    to="alice@example.com",
    subject="Claims handlers: usage fell below 60 %",
    text="Usage of the assistant fell.\n\nTalk to the team lead: what is in the way?",
    actions=(
        Action("Show the role", "https://takehold.example/changes/ai?role=claims&week=40"),
        Action("Did it", "https://takehold.example/r/42/done"),
    ),
)

HOSTILE = (
    "Alice\r\nBcc: eve@example.com",
    "Alice\nBcc: eve@example.com\n\nHello",
    "Alice\u2028Cc: eve@example.com\x85Bcc: eve@example.com",
    "<!channel> <!here> <@U1> <#C1>",
    "<script>alert(1)</script> &amp; {{ 7 * 7 }} =?utf-8?q?=0ABcc:_eve=40example.com?=",
    "Zoë Łukasz 李小龙 👩‍👩‍👧‍👦 \u202eesrever",
    "\x1b]0;owned\x07\x1b[2J\x08",
    "broken \ud800 surrogate",
    "%s {0} \\r\\n . \r\n.\r\n",
)


@pytest.fixture(params=sorted(CHANNELS))
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with rigged(request.param) as ready:
        yield ready


@pytest.fixture(params=REMOTE)
def remote_rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with rigged(request.param) as ready:
        yield ready


def test_every_registered_channel_is_run_by_this_suite() -> None:
    assert set(RIGS) == set(CHANNELS)
    for kind in CHANNELS:
        with rigged(kind) as ready:
            assert type(ready.channel) is CHANNELS[kind]


def test_what_the_message_says_arrives(rig: Rig) -> None:
    rig.channel.send(MESSAGE)
    (arrival,) = rig.arrivals()
    assert arrival.subject == MESSAGE.subject
    assert arrival.text.startswith(MESSAGE.text)
    assert arrival.links == [action.url for action in MESSAGE.actions]
    assert arrival.others == []


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_arrive_as_words(rig: Rig, words: str) -> None:
    label = Action(words, "https://takehold.example/r/42")
    message = replace(MESSAGE, subject=f"About {words}", text=f"Dear {words}", actions=(label,))
    rig.channel.send(message)
    (arrival,) = rig.arrivals()
    assert arrival.subject == message.subject
    assert arrival.text.startswith(message.text)
    assert "https://takehold.example/r/42" in arrival.links
    assert arrival.others == []
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", arrival.subject + arrival.text)


@pytest.mark.parametrize("words", ["x" * 10_000, "wörter " * 1_500, "👍" * 10_000])
def test_ten_thousand_characters_arrive_at_least_in_their_beginning(rig: Rig, words: str) -> None:
    message = replace(MESSAGE, subject=words, text=words)
    rig.channel.send(message)
    (arrival,) = rig.arrivals()
    assert arrival.subject[:140] == message.subject[:140]
    assert arrival.text[:2_900] == message.text[:2_900]
    assert arrival.links == [action.url for action in MESSAGE.actions]


def test_a_receiver_that_is_down_is_a_temporary_failure(rig: Rig) -> None:
    rig.go_down()
    with pytest.raises(TemporaryFailure) as failure:
        rig.channel.send(MESSAGE)
    assert_tells_nothing(failure.value, rig)


def test_a_refusal_is_a_permanent_failure(remote_rig: Rig) -> None:
    remote_rig.refuse()
    with pytest.raises(PermanentFailure) as failure:
        remote_rig.channel.send(MESSAGE)
    assert_tells_nothing(failure.value, remote_rig)


def assert_tells_nothing(error: DeliveryError, rig: Rig) -> None:
    """Neither the reason nor a logged traceback names the receiver, the secret URL or what was answered."""
    assert re.fullmatch(r"[a-z0-9_]{1,40}", error.reason)
    logged = "".join(traceback.format_exception(error))
    assert MESSAGE.to not in logged
    for secret in rig.secrets:
        assert secret not in logged
