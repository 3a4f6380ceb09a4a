"""What becomes of a reminder that a rule wants: raised with its deliveries, or dropped with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import insert, select

from adkar.reinforcement.pipeline import Drop, decide
from adkar.reinforcement.reminder import Reminder
from events.envelope import NewEvent, new_id
from events.repeats import contents
from events.types.reinforcement import ReminderDropped, ReminderRaised
from service.directory.tables import CHANNEL
from service.unit import Unit
from service.worker.tables import DELIVERY

_NAMESPACE = UUID("b1f5f7de-95a5-4d7a-8c8c-0d8dbb1d6a52")


def reminder_id(workspace_id: str, cause: str) -> UUID:
    """The id of the reminder of a cause, and of the event that raises it: raised once, whoever evaluates."""
    return uuid5(_NAMESPACE, f"{workspace_id}/{cause}")


class Raising:
    """Collects, over one evaluation, what is to be recorded.

    zones: IANA names of the people who have their own. silenced: who opted out. recent: instants of each person's
    nudges, which grows as this evaluation adds more.
    """

    def __init__(
        self, unit: Unit, zones: Mapping[UUID, str], silenced: set[UUID], recent: dict[UUID, list[datetime]]
    ) -> None:
        self._unit, self._zones, self._silenced, self._recent = unit, zones, silenced, recent
        self._channels = unit.connection.execute(
            select(CHANNEL).where(CHANNEL.c.workspace_id == unit.workspace.id, CHANNEL.c.disabled.is_(False))
        ).all()
        self._raised: list[NewEvent] = []
        self._dropped: dict[UUID, NewEvent] = {}
        self._deliveries: list[dict[str, object]] = []

    def judge(self, reminder: Reminder) -> None:
        """Opt-out, cool-down and quiet hours decide; a reminder that nobody would get is dropped as well."""
        recipient = reminder.recipient
        own_zone = self._zones.get(recipient) if recipient else None
        recent = self._recent.setdefault(recipient, []) if recipient else []
        verdict = decide(
            reminder,
            now=self._unit.now,
            zone=own_zone or self._unit.workspace.zone.key,
            opted_out=recipient in self._silenced,
            recent=recent,
        )
        subscribers = self._subscribers(reminder)
        if isinstance(verdict, Drop):
            self._drop(reminder, verdict.reason)
        elif not subscribers:
            self._drop(reminder, "nobody_to_tell")
        else:
            if reminder.audience == "person":
                recent.append(verdict.at)
            self._raise(reminder, verdict.at, subscribers)

    def record(self) -> tuple[int, int]:
        """Writes events and deliveries; answers how many were raised and how many newly dropped."""
        said_before = contents(self._unit.connection, self._unit.workspace.id, list(self._dropped))
        dropped = [event for id, event in self._dropped.items() if id not in said_before]
        self._unit.append_all([*self._raised, *dropped])
        if self._deliveries:
            self._unit.connection.execute(insert(DELIVERY), self._deliveries)
        return len(self._raised), len(dropped)

    def _subscribers(self, reminder: Reminder) -> list[tuple[UUID | None, UUID | None]]:
        """Channel or person of each; channels carry aggregates only."""
        people: list[tuple[UUID | None, UUID | None]] = [(None, reminder.recipient)] if reminder.recipient else []
        if reminder.audience == "person":
            return people
        return people + [
            (one.channel_id, None)
            for one in self._channels
            if one.change_id in (None, reminder.change) and one.role_id in (None, reminder.role)
        ]

    def _raise(self, reminder: Reminder, due: datetime, subscribers: list[tuple[UUID | None, UUID | None]]) -> None:
        id = reminder_id(self._unit.workspace.id, reminder.cause)
        event = ReminderRaised(
            reminder=id,
            change=reminder.change,
            role=reminder.role,
            rule=reminder.rule,
            cause=reminder.cause,
            audience=reminder.audience,
            subject=reminder.subject,
            recipient=reminder.recipient,
            facts=dict(reminder.facts),
            due=due,
        )
        self._raised.append(NewEvent(stream=id, event=event, occurred_at=self._unit.now, event_id=id))
        for channel, person in subscribers:
            self._deliveries.append(
                {
                    "workspace_id": self._unit.workspace.id,
                    "delivery_id": new_id(),
                    "reminder_id": id,
                    "subscriber": f"channel:{channel}" if channel else f"person:{person}",
                    "cause": reminder.cause,
                    "channel_id": channel,
                    "person_id": person,
                    # What waits for the morning is judged again then.
                    "state": "due" if due <= self._unit.now else "held",
                    "due_at": due,
                    "epoch": 0,
                    "attempts": 0,
                }
            )

    def _drop(self, reminder: Reminder, reason: str) -> None:
        id = reminder_id(self._unit.workspace.id, reminder.cause)
        event = ReminderDropped(
            reminder=id,
            change=reminder.change,
            role=reminder.role,
            rule=reminder.rule,
            cause=reminder.cause,
            audience=reminder.audience,
            recipient=reminder.recipient,
            reason=reason,
        )
        once = uuid5(id, reason)
        self._dropped[once] = NewEvent(stream=id, event=event, occurred_at=self._unit.now, event_id=once)
