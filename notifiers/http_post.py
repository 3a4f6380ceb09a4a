"""The one way this house posts to somebody else's server."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from requests import Session
from requests.adapters import HTTPAdapter

from notifiers.deadline import SEND_SECONDS, Guard, within
from notifiers.errors import PermanentFailure, TemporaryFailure, connection_failure

# A receiver may ask for patience, not silence a channel for a day.
MAX_RETRY_AFTER_SECONDS = 3600.0


def post_json(url: str, payload: Mapping[str, object], seconds: float = SEND_SECONDS) -> None:
    """Posts once, follows no redirect, and takes the status line and headers for the answer: the body is not
    read, for a receiver that has said 2xx has the message. `seconds` is the limit of the whole exchange.

    Raises TemporaryFailure on 408, 429, 5xx, time-out and connection trouble (with `retry_after`, at most an
    hour, when the answer has one), PermanentFailure on every other status and on a URL nobody can post to.
    """
    within(seconds, lambda guard: _post(url, payload, seconds, guard))


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """Seconds to wait from `now` by a Retry-After header in either form of RFC 9110 section 10.2.3, from 0 to
    MAX_RETRY_AFTER_SECONDS; None when it is absent or neither form."""
    value = (header or "").strip()
    if value.isascii() and value.isdigit():
        # float, because int refuses 5,000 digits.
        return min(float(value), MAX_RETRY_AFTER_SECONDS)
    try:
        date = parsedate_to_datetime(value)
        wait = (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError):
        return None
    return min(max(wait.total_seconds(), 0.0), MAX_RETRY_AFTER_SECONDS)


def _post(url: str, payload: Mapping[str, object], seconds: float, guard: Guard) -> None:
    with Session() as session:
        session.headers["User-Agent"] = "Takehold"
        for scheme in ("https://", "http://"):
            session.mount(scheme, _GuardedAdapter(guard))
        try:
            # The time-out is for connecting, which the guard cannot interrupt.
            with session.post(url, json=payload, timeout=seconds, allow_redirects=False, stream=True) as response:
                status, header = response.status_code, response.headers.get("Retry-After")
        except ValueError:
            raise PermanentFailure("bad_url") from None
        except OSError as error:
            raise connection_failure(error) from None
    _judge(status, retry_after_seconds(header, datetime.now(UTC)))


def _judge(status: int, retry_after: float | None) -> None:
    if 200 <= status < 300:
        return
    if status in (408, 429) or 500 <= status < 600:
        raise TemporaryFailure(f"http_{status}", retry_after)
    raise PermanentFailure(f"http_{status}")


class _GuardedAdapter(HTTPAdapter):
    def __init__(self, guard: Guard) -> None:
        super().__init__()
        self._guard = guard

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        pool.ConnectionCls = _guarded(pool.ConnectionCls, self._guard)
        return pool


def _guarded(connection: Any, guard: Guard) -> Any:
    class Guarded(connection):  # type: ignore[misc]
        def _new_conn(self) -> Any:
            return guard.watch(super()._new_conn())

    return Guarded
