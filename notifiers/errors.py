"""Why a message did not go out, and what follows from it.

DeliveryError(reason)
├── PermanentFailure              trying again cannot help
└── TemporaryFailure(retry_after) try again later
"""

import socket
import ssl


class DeliveryError(Exception):
    """`reason` is a short code (`http_404`, `smtp_550`, `timeout`, `refused`): it is stored and shown, so it
    never holds an address, a URL or what the receiver answered."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PermanentFailure(DeliveryError):
    """The receiver said no, or the target cannot be one."""


class TemporaryFailure(DeliveryError):
    """`retry_after`: seconds the receiver asked to wait, None when it did not say."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


_CONNECTION_REASONS: dict[type[BaseException], str] = {
    ConnectionRefusedError: "refused",
    socket.gaierror: "dns",
    ssl.SSLError: "tls",
    TimeoutError: "timeout",
}


def connection_failure(error: BaseException) -> TemporaryFailure:
    """The failure for a connection that was not made or broke; `connection` when nothing finer is known.

    Raise it `from None`: what libraries write into their errors names the address or the secret URL.
    """
    cause: BaseException | None = error
    while cause is not None:
        for kind, reason in _CONNECTION_REASONS.items():
            if isinstance(cause, kind):
                return TemporaryFailure(reason)
        cause = cause.__cause__ or cause.__context__
    return TemporaryFailure("connection")
