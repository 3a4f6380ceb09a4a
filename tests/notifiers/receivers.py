"""Receivers on loopback: a mail server, one that drips, and an address where nobody listens."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from ssl import SSLContext
from threading import Event, Thread
from threading import enumerate as enumerate_threads
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

PATIENCE = 10.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass
class Post:
    """What an SMTP server keeps and how it answers; `None` takes the message."""

    envelopes: list[Envelope] = field(default_factory=list)
    to_recipient: str | None = None
    to_data: str | None = None
    to_quit: str | None = None
    auth_attempts: int = 0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802
        if self.to_recipient is None:
            envelope.rcpt_tos.append(address)
        return self.to_recipient or "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.to_data is None:
            self.envelopes.append(envelope)
        return self.to_data or "250 OK"

    async def handle_QUIT(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        return self.to_quit or "221 Bye"

    def authenticate(self, server: Any, session: Any, envelope: Envelope, mechanism: str, data: Any) -> Any:
        self.auth_attempts += 1
        known = LoginPassword(b"takehold", b"s3cret")
        return AuthResult(success=data == known, handled=False)

    def mails(self) -> list[EmailMessage]:
        return [self._parsed(envelope.original_content or b"") for envelope in self.envelopes]

    @staticmethod
    def _parsed(content: bytes) -> EmailMessage:
        mail = BytesParser(policy=default).parsebytes(content)
        assert isinstance(mail, EmailMessage)
        return mail


@contextmanager
def smtp_server(post: Post, **options: Any) -> Iterator[int]:
    """Yields the port. Options: `ssl_context` for TLS from the first byte, `tls_context` for STARTTLS."""
    port = free_port()
    controller = Controller(post, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop(no_assert=True)


@dataclass
class Dripper:
    port: int
    hung_up: Event = field(default_factory=Event)

    def saw_the_caller_hang_up(self) -> bool:
        return self.hung_up.wait(PATIENCE)


@contextmanager
def dripping_server(drops: Iterable[bytes], tls: SSLContext | None = None) -> Iterator[Dripper]:
    """Takes one connection, sends a drop every few milliseconds, and notes when the other side goes away. After
    PATIENCE it closes by itself, which is no time-out to anybody."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        dripper = Dripper(listener.getsockname()[1])
        thread = Thread(target=_drip, args=(listener, iter(drops), tls, dripper.hung_up), daemon=True)
        thread.start()
        yield dripper
        thread.join(PATIENCE)
        assert not thread.is_alive()


def _drip(listener: socket.socket, drops: Iterator[bytes], tls: SSLContext | None, hung_up: Event) -> None:
    connection, _ = listener.accept()
    pause = 0.01
    try:
        if tls:
            connection = tls.wrap_socket(connection, server_side=True)
        connection.settimeout(pause)
        for _ in range(int(PATIENCE / pause)):
            if not _still_there(connection):
                hung_up.set()
                break
            connection.sendall(next(drops, b""))
    except OSError:
        hung_up.set()
    connection.close()


def _still_there(connection: socket.socket) -> bool:
    try:
        return connection.recv(65536) != b""
    except TimeoutError:
        return True
    except OSError:
        return False


@contextmanager
def blackhole() -> Iterator[int]:
    """A port that answers no attempt to connect: its queue is full and nobody accepts."""
    with ExitStack() as open_sockets:
        listener = open_sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = open_sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def abandoned_sends_come_to_an_end() -> bool:
    """Within PATIENCE; without a time-out on connecting the system tries for two minutes."""
    for thread in enumerate_threads():
        if thread.name == "send":
            thread.join(PATIENCE)
            if thread.is_alive():
                return False
    return True
