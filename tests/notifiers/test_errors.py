import socket
import ssl

import pytest

from notifiers.errors import connection_failure


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (ConnectionRefusedError(), "refused"),
        (socket.gaierror(), "dns"),
        (ssl.SSLCertVerificationError(), "tls"),
        (TimeoutError(), "timeout"),
        (ConnectionResetError(), "connection"),
        (OSError("https://hooks.example/T0SECRET"), "connection"),
    ],
)
def test_a_broken_connection_is_named_by_its_innermost_cause(cause: OSError, reason: str) -> None:
    try:
        try:
            raise cause
        except OSError as inner:
            raise RuntimeError("for https://hooks.example/T0SECRET") from inner
    except RuntimeError as outer:
        failure = connection_failure(outer)
    assert str(failure) == failure.reason == reason
