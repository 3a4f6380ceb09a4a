"""For each kind of channel: a real receiver, what arrived there as the receiver reads it, and its bad days."""

import html
import io
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from pytest_httpserver import HTTPServer

from notifiers.channel import Channel
from notifiers.mail import MailSettings
from notifiers.message import Message
from notifiers.registry import CHANNELS
from tests.notifiers.receivers import Post, smtp_server


@dataclass(frozen=True)
class Arrival:
    """others: whoever it would reach or ping besides the one it is for"""

    subject: str
    text: str
    links: list[str]
    others: list[str]


class Rig(Protocol):
    channel: Channel
    # Whether somebody at the other end can say no.
    remote: bool
    secrets: tuple[str, ...]

    def arrivals(self) -> list[Arrival]: ...
    def go_down(self) -> None: ...
    def refuse(self) -> None: ...


class ConsoleRig:
    remote = False
    secrets: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._stream = io.StringIO()
        self.channel = CHANNELS["console"](self._stream)

    def arrivals(self) -> list[Arrival]:
        printed = self._stream.getvalue()
        if not printed:
            return []
        head, _, text = printed.partition("\n\n")
        _, subject, *others = head.split("\n")
        return [Arrival(subject.removeprefix("Subject: "), text, _urls(text), others)]

    def go_down(self) -> None:
        self._stream.close()

    def refuse(self) -> None:
        raise NotImplementedError


class MailboxRig:
    remote = False
    secrets: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._kept: list[Message] = []
        self._full = False
        self.channel = CHANNELS["mailbox"](self._keep)

    def _keep(self, message: Message) -> None:
        if self._full:
            raise OSError("no space left")
        self._kept.append(message)

    def arrivals(self) -> list[Arrival]:
        return [Arrival(kept.subject, kept.text, [action.url for action in kept.actions], []) for kept in self._kept]

    def go_down(self) -> None:
        self._full = True

    def refuse(self) -> None:
        raise NotImplementedError


class MailRig:
    remote = True
    secrets: tuple[str, ...] = ("alice@example.com",)

    def __init__(self) -> None:
        self._post = Post()
        self._running = ExitStack()
        port = self._running.enter_context(smtp_server(self._post))
        settings = MailSettings("127.0.0.1", "takehold@example.com", port=port, security="none")
        self.channel = CHANNELS["mail"](settings)

    def arrivals(self) -> list[Arrival]:
        return [
            Arrival(
                str(mail["Subject"]),
                _part(mail, "plain"),
                _urls(_part(mail, "plain")),
                [receiver for receiver in envelope.rcpt_tos if receiver != "alice@example.com"]
                + [name for name in mail if name in ("Cc", "Bcc")],
            )
            for envelope, mail in zip(self._post.envelopes, self._post.mails(), strict=True)
        ]

    def go_down(self) -> None:
        self._running.close()

    def refuse(self) -> None:
        self._post.to_recipient = "550 5.1.1 <alice@example.com>: no such mailbox"


class SlackRig:
    remote = True
    secrets: tuple[str, ...] = ("T0SECRET", "no_service")

    def __init__(self) -> None:
        self._server = HTTPServer("127.0.0.1")
        self._server.start()
        self._server.expect_request("/T0SECRET", method="POST").respond_with_data("ok")
        self.channel = CHANNELS["slack"](self._server.url_for("/T0SECRET"))

    def arrivals(self) -> list[Arrival]:
        return [as_slack_reads(request.get_json()) for request, _ in self._server.log]

    def go_down(self) -> None:
        if self._server.is_running():
            self._server.stop()

    def refuse(self) -> None:
        self._server.clear()
        self._server.expect_request("/T0SECRET").respond_with_data("no_service", 404)


def as_slack_reads(payload: dict[str, Any]) -> Arrival:
    """Slack's own reading: `<...>` is a link or a ping, the three entities are decoded."""
    header, *sections = [block["text"]["text"] for block in payload["blocks"]]
    marked = [found for text in (payload["text"], header, *sections) for found in re.findall(r"<(.*?)>", text)]
    links = [html.unescape(found.partition("|")[0]) for found in marked if found.startswith("http")]
    pings = [found for found in marked if not found.startswith("http")]
    return Arrival(html.unescape(header), html.unescape(sections[0]), links, pings)


def _urls(text: str) -> list[str]:
    return re.findall(r"https?://\S+", text)


def _part(mail: Any, subtype: str) -> str:
    part = mail.get_body((subtype,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


RIGS: dict[str, type[ConsoleRig | MailRig | MailboxRig | SlackRig]] = {
    "console": ConsoleRig,
    "mail": MailRig,
    "mailbox": MailboxRig,
    "slack": SlackRig,
}


def rigged(kind: str) -> AbstractContextManager[Rig]:
    return _running(RIGS[kind]())


@contextmanager
def _running(rig: Rig) -> Iterator[Rig]:
    try:
        yield rig
    finally:
        rig.go_down()
