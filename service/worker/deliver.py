"""Delivery: claim, send outside any transaction, then record what came of it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import select, update

from events.types.base import Event
from events.types.reinforcement import ChannelDisabled, DeliveryFailed, DeliverySent
from notifiers.errors import DeliveryError, PermanentFailure, TemporaryFailure
from service.directory.tables import CHANNEL
from service.takehold import Takehold
from service.unit import Unit, Workspace
from service.worker.addressing import address
from service.worker.outbox import Claim, claim, finish

_log = structlog.get_logger(__name__)
_ATTEMPTS = 8
_FIRST_WAIT = 30.0
_LONGEST_WAIT = 3600.0
_FAILURES_TO_DISABLE = 10


@dataclass(frozen=True)
class Delivered:
    """Numbers of deliveries: handed over, given up, and to be tried again."""

    sent: int = 0
    failed: int = 0
    retried: int = 0


def deliver(takehold: Takehold, workspace: Workspace, now: datetime, most: int = 1000) -> Delivered:
    """Sends what is due at `now`, at most `most` messages."""
    sent = failed = retried = 0
    for _ in range(most):
        claimed = claim(takehold.database, workspace.id, now)
        if claimed is None:
            break
        match _attempt(takehold, workspace, claimed, now):
            case "sent":
                sent += 1
            case "failed":
                failed += 1
            case "retry":
                retried += 1
    return Delivered(sent, failed, retried)


def _attempt(takehold: Takehold, workspace: Workspace, claimed: Claim, now: datetime) -> str:
    kind = "mail" if claimed.channel is None else "channel"
    failure: DeliveryError | None = None
    try:
        addressed = address(takehold, workspace.id, claimed)
        kind = addressed.kind
        addressed.channel.send(addressed.message)
    except DeliveryError as error:
        failure = error
    except Exception as error:
        # One message that cannot be built must not stop the others; its type is enough to find it.
        _log.error("delivery broke", delivery=str(claimed.delivery), error=type(error).__name__)
        failure = PermanentFailure("internal")
    with takehold.command(workspace.id, "system", "worker", now=now) as unit:
        if failure is None:
            return _sent(unit, claimed, kind)
        return _failed(unit, claimed, kind, failure, now)


def _sent(unit: Unit, claimed: Claim, kind: str) -> str:
    told = DeliverySent(
        delivery=claimed.delivery,
        reminder=claimed.reminder,
        channel=claimed.channel,
        kind=kind,
        attempt=claimed.attempt,
    )
    if finish(unit, claimed, {"state": "sent"}):
        unit.append(claimed.reminder, [told])
        if claimed.channel:
            _count(unit, claimed.channel, 0)
    return "sent"


def _failed(unit: Unit, claimed: Claim, kind: str, failure: DeliveryError, now: datetime) -> str:
    retry = None
    if isinstance(failure, TemporaryFailure) and claimed.attempt < _ATTEMPTS:
        retry = now + timedelta(seconds=wait(claimed.attempt, failure.retry_after))
    values = {"state": "due", "due_at": retry} if retry else {"state": "failed"}
    told: Event = DeliveryFailed(
        delivery=claimed.delivery,
        reminder=claimed.reminder,
        channel=claimed.channel,
        kind=kind,
        attempt=claimed.attempt,
        reason=failure.reason,
        retry=retry,
    )
    if finish(unit, claimed, values):
        unit.append(claimed.reminder, [told])
        if claimed.channel:
            _disable_when_hopeless(unit, claimed.channel, failure)
    return "retry" if retry else "failed"


def wait(attempt: int, asked: float | None) -> float:
    """Seconds until the next try: what the receiver asked for, else doubling from 30 s to an hour, with jitter.

    Without jitter, all that failed together would come back together.
    """
    if asked is not None:
        return asked
    longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** (attempt - 1))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 (no secret)


def _disable_when_hopeless(unit: Unit, channel: UUID, failure: DeliveryError) -> None:
    failures = 1 + (
        unit.connection.scalar(
            select(CHANNEL.c.failures).where(
                CHANNEL.c.workspace_id == unit.workspace.id, CHANNEL.c.channel_id == channel
            )
        )
        or 0
    )
    _count(unit, channel, failures)
    if failures == _FAILURES_TO_DISABLE:
        unit.connection.execute(
            update(CHANNEL)
            .where(CHANNEL.c.workspace_id == unit.workspace.id, CHANNEL.c.channel_id == channel)
            .values(disabled=True)
        )
        unit.append(channel, [ChannelDisabled(channel=channel, reason=failure.reason)])


def _count(unit: Unit, channel: UUID, failures: int) -> None:
    unit.connection.execute(
        update(CHANNEL)
        .where(CHANNEL.c.workspace_id == unit.workspace.id, CHANNEL.c.channel_id == channel)
        .values(failures=failures)
    )
