"""E-mail over SMTP."""

import socket
from contextlib import suppress
from dataclasses import dataclass, field
from smtplib import (
    SMTP,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)
from ssl import create_default_context
from typing import Literal, get_args

from notifiers.deadline import SEND_SECONDS, Guard, within
from notifiers.errors import DeliveryError, PermanentFailure, TemporaryFailure, connection_failure
from notifiers.mail_format import mail_address, mail_bytes
from notifiers.message import Message

Security = Literal["starttls", "tls", "none"]


@dataclass(frozen=True)
class MailSettings:
    """Where mail is handed in. Raises ValueError for an unknown `security` and an impossible port.

    user, password: None where the server asks for no login
    security: starttls (usual on port 587), tls from the first byte (465), none (a relay on this machine)
    timeout: seconds, limit of the whole exchange
    """

    host: str
    sender_address: str
    sender_name: str = "Takehold"
    port: int = 587
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    security: Security = "starttls"
    timeout: float = SEND_SECONDS

    def __post_init__(self) -> None:
        # A misspelt setting must not send passwords in the clear.
        if self.security not in get_args(Security):
            raise ValueError(f"mail security is one of {', '.join(get_args(Security))}")
        # The resolver counts round: 65561 would be port 25.
        if not 0 < self.port < 65536:
            raise ValueError("a port is a number from 1 to 65535")


class Mail:
    """`message.to` is the address. Raises ValueError when the sender's address or name cannot be a header."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._sender = mail_address(settings.sender_address, settings.sender_name)

    def send(self, message: Message) -> None:
        try:
            receiver = mail_address(message.to)
        except ValueError:
            raise PermanentFailure("bad_address") from None
        data = mail_bytes(message, self._sender, receiver)
        within(
            self._settings.timeout,
            lambda guard: _hand_in(self._settings, guard, self._sender.addr_spec, receiver.addr_spec, data),
        )


class _Client(SMTP):
    def __init__(self, settings: MailSettings, guard: Guard) -> None:
        self._settings = settings
        self._guard = guard
        # The time-out is for connecting, which the guard cannot interrupt.
        super().__init__(settings.host, settings.port, timeout=settings.timeout)

    # The step smtplib's own SMTP_SSL replaces: the only one early enough to watch the greeting and the handshake.
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connected = self._guard.watch(socket.create_connection((host, port), timeout))
        if self._settings.security == "tls":
            return create_default_context().wrap_socket(connected, server_hostname=host)
        return connected


def _hand_in(settings: MailSettings, guard: Guard, sender: str, receiver: str, data: bytes) -> None:
    try:
        client = _Client(settings, guard)
        try:
            if settings.security == "starttls":
                client.starttls(context=create_default_context())
            if settings.user is not None:
                client.login(settings.user, settings.password or "")
            client.sendmail(sender, [receiver], data)
            # What was accepted is delivered: no answer to the goodbye may turn it into a failure.
            with suppress(OSError):
                client.putcmd("quit")
        finally:
            client.close()
    # First, for an untrusted certificate is an OSError and a ValueError.
    except OSError as error:
        raise _failure(error) from None
    # What smtplib and the resolver make of a password or a host name that cannot be written in ASCII.
    except ValueError:
        raise PermanentFailure("bad_settings") from None


def _failure(error: OSError) -> DeliveryError:
    match error:
        case SMTPRecipientsRefused(recipients=recipients):
            code, _ = next(iter(recipients.values()))
        case SMTPResponseException(smtp_code=code):
            pass
        case SMTPServerDisconnected():
            return connection_failure(error)
        case SMTPException():
            return PermanentFailure("smtp_unsupported")
        case _:
            return connection_failure(error)
    if 500 <= code < 600:
        return PermanentFailure(f"smtp_{code}")
    return TemporaryFailure(f"smtp_{code}" if 400 <= code < 500 else "smtp_protocol")
