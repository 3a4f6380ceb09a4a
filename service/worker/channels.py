"""Whether a channel still works: too many messages given up in a row, and it gets no more."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update

from events.types.reinforcement import ChannelDisabled
from service.directory.tables import CHANNEL
from service.unit import Unit

_GIVEN_UP_TO_DISABLE = 10
"""Messages that were given up, not attempts: a short outage, or Slack asking for patience, disables nothing."""


def handed_over(unit: Unit, channel: UUID | None) -> None:
    """The channel took a message. None stands for a person's own address, which is no channel."""
    if channel:
        _set(unit, channel, failures=0)


def given_up(unit: Unit, channel: UUID | None, reason: str) -> None:
    """A message to the channel was given up; disables it when that repeats. reason: code of the last failure."""
    if not channel:
        return
    here = (CHANNEL.c.workspace_id == unit.workspace.id, CHANNEL.c.channel_id == channel)
    failures = 1 + (unit.connection.scalar(select(CHANNEL.c.failures).where(*here)) or 0)
    _set(unit, channel, failures=failures)
    if failures == _GIVEN_UP_TO_DISABLE:
        _set(unit, channel, disabled=True)
        unit.append(channel, [ChannelDisabled(channel=channel, reason=reason)])


def _set(unit: Unit, channel: UUID, **values: object) -> None:
    unit.connection.execute(
        update(CHANNEL)
        .where(CHANNEL.c.workspace_id == unit.workspace.id, CHANNEL.c.channel_id == channel)
        .values(**values)
    )
