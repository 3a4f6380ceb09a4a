"""Delivery: claim, send outside any transaction, then record what came of it."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import structlog
from sqlalchemy.exc import DBAPIError

from events.database import Busy
from events.types.reinforcement import DeliveryFailed, DeliverySent
from notifiers.errors import DeliveryError, PermanentFailure, TemporaryFailure
from service.takehold import Takehold
from service.unit import Unit, Workspace
from service.worker.addressing import address
from service.worker.channels import given_up, handed_over
from service.worker.outbox import Claim, claim, finish
from service.worker.standing import Withheld, standing, withheld

_log = structlog.get_logger(__name__)
_ATTEMPTS = 8
_FIRST_WAIT = 30.0
_LONGEST_WAIT = 3600.0
_STORE_PAUSE_SECONDS = 1.0
_RECORDINGS = 6
"""Each waits up to 5 s for its turn; with the 20 s of a send that ends well before the claim's 60 s."""
_INTERNAL = "internal"
_ABANDONED = "abandoned"
_OURS = frozenset({_INTERNAL, _ABANDONED, "channel_disabled", "unknown_reminder"})
"""Failures that say nothing about the channel, for nothing was asked of it."""
_Outcome = Literal["sent", "failed", "retried", "withheld"]


@dataclass(frozen=True)
class Delivered:
    """Numbers of deliveries: handed over, given up, and to be tried again."""

    sent: int = 0
    failed: int = 0
    retried: int = 0


def deliver(
    takehold: Takehold,
    workspace: Workspace,
    now: datetime,
    most: int = 1000,
    stopped: Callable[[], bool] = lambda: False,
) -> Delivered:
    """Sends what is due at `now`, at most `most` messages; begins none once `stopped`. Raises Busy."""
    began = time.monotonic()
    outcomes: Counter[_Outcome] = Counter()
    for _ in range(most):
        claimed = None if stopped() else claim(takehold.database, workspace.id, now)
        if claimed is None:
            break
        # A round of slow receivers takes minutes: what happens at its end did not happen at its beginning.
        outcomes[_attempt(takehold, workspace, claimed, lambda: now + timedelta(seconds=time.monotonic() - began))] += 1
    return Delivered(outcomes["sent"], outcomes["failed"], outcomes["retried"])


def _attempt(takehold: Takehold, workspace: Workspace, claimed: Claim, clock: Callable[[], datetime]) -> _Outcome:
    kind = "mail" if claimed.channel is None else "channel"
    result: DeliveryError | Withheld | None
    try:
        with takehold.database.read() as connection:
            stands = standing(connection, workspace.id, claimed.reminder)
            if stands is None:
                raise PermanentFailure("unknown_reminder")
            result = withheld(connection, workspace, stands, clock())
        if result is None and claimed.attempt > _ATTEMPTS:
            # Its claimants died, one after the other, and it may be what they died of.
            raise PermanentFailure(_ABANDONED)
        if result is None:
            addressed = address(takehold, workspace.id, claimed, stands.raised)
            kind = addressed.kind
            addressed.channel.send(addressed.message)
    except DeliveryError as error:
        result = error
    except Exception as error:
        # One message that cannot be built must not stop the others; its type is enough to find it. Temporary, for
        # it may have been the store that failed.
        _log.error("delivery broke", delivery=str(claimed.delivery), error=type(error).__name__)
        result = TemporaryFailure(_INTERNAL)
    return _record(takehold, workspace, claimed, kind, result, clock())


def _record(
    takehold: Takehold,
    workspace: Workspace,
    claimed: Claim,
    kind: str,
    result: DeliveryError | Withheld | None,
    now: datetime,
) -> _Outcome:
    for left in reversed(range(_RECORDINGS)):
        try:
            with takehold.command(workspace.id, "system", "worker", now=now) as unit:
                match result:
                    case None:
                        return _sent(unit, claimed, kind)
                    case Withheld():
                        return _withheld(unit, claimed, result)
                    case _:
                        return _failed(unit, claimed, kind, result)
        except (Busy, DBAPIError) as error:
            # The message has left: given up here, it would be sent a second time when the claim runs out.
            if not left:
                raise
            if not isinstance(error, Busy):
                # Busy has waited for its turn; a store that is gone answers at once, and needs time to come back.
                time.sleep(_STORE_PAUSE_SECONDS)
    raise AssertionError("the last turn returns or raises")


def _sent(unit: Unit, claimed: Claim, kind: str) -> _Outcome:
    told = DeliverySent(
        delivery=claimed.delivery,
        reminder=claimed.reminder,
        channel=claimed.channel,
        kind=kind,
        attempt=claimed.attempt,
    )
    if finish(unit, claimed, {"state": "sent"}):
        unit.append(claimed.reminder, [told])
        handed_over(unit, claimed.channel)
    return "sent"


def _withheld(unit: Unit, claimed: Claim, held: Withheld) -> _Outcome:
    # Nothing was tried, so the claim does not count as an attempt.
    if finish(unit, claimed, {**held.values, "attempts": claimed.attempt - 1}) and held.told:
        unit.append(claimed.reminder, [held.told])
    return "withheld"


def _failed(unit: Unit, claimed: Claim, kind: str, failure: DeliveryError) -> _Outcome:
    retry = None
    if isinstance(failure, TemporaryFailure) and claimed.attempt < _ATTEMPTS:
        retry = unit.now + timedelta(seconds=wait(claimed.attempt, failure.retry_after))
    told = DeliveryFailed(
        delivery=claimed.delivery,
        reminder=claimed.reminder,
        channel=claimed.channel,
        kind=kind,
        attempt=claimed.attempt,
        reason=failure.reason,
        retry=retry,
    )
    if finish(unit, claimed, {"state": "due", "due_at": retry} if retry else {"state": "failed"}):
        unit.append(claimed.reminder, [told])
        if retry is None and failure.reason not in _OURS:
            given_up(unit, claimed.channel, failure.reason)
    return "retried" if retry else "failed"


def wait(attempt: int, asked: float | None) -> float:
    """Seconds until the next try: doubling from 30 s to an hour, with jitter, and never less than was asked for.

    Without jitter, all that failed together would come back together; a receiver that asks each of fifty for one
    second, as Slack does, would see fifty again a second later.
    """
    longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** (attempt - 1))
    return max(asked or 0.0, longest * random.uniform(0.5, 1.0))  # noqa: S311 (no secret)
