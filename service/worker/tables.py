"""The worker's own tables: what is due, who evaluates, the local mailbox, and what was last done when."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from events.tables import table


class DeliveryRow(SQLModel, table=True):
    """One message to one subscriber.

    `state`: held (quiet hours, snooze), due, claimed, sent, failed or dropped. A claim lasts to `claimed_until`;
    `epoch` rises with every claim, so that a finish by an overtaken claimant is noticed.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("workspace_id", "subscriber", "cause", name="delivery_once"),
        Index("delivery_due", "workspace_id", "state", "due_at"),
    )

    workspace_id: str = Field(primary_key=True)
    delivery_id: UUID = Field(primary_key=True)
    reminder_id: UUID
    subscriber: str
    cause: str
    channel_id: UUID | None = None
    person_id: UUID | None = None
    state: str
    due_at: datetime
    claimed_until: datetime | None = None
    epoch: int = 0
    attempts: int = 0


class LeaseRow(SQLModel, table=True):
    """Who may do a task of which only one may be done at a time, and until when; `epoch` fences off a late holder."""

    __tablename__ = "lease"

    workspace_id: str = Field(primary_key=True)
    task: str = Field(primary_key=True)
    holder: str
    until: datetime
    epoch: int = 0


class MailboxRow(SQLModel, table=True):
    """A message that had nowhere to go, for the local mailbox page. `box` is sealed under the recipient's key."""

    __tablename__ = "mailbox"

    workspace_id: str = Field(primary_key=True)
    delivery_id: str = Field(primary_key=True)
    key_id: UUID
    box: str = Field(sa_type=Text)
    received_at: datetime


class ChoreRow(SQLModel, table=True):
    """When something that has to happen again and again was last done; workspace '' for what is done for the whole
    store.

    `at` is the last success, null before the first; for a backup, the instant that its content is of. `failures` only
    rises, over all workers. `detail`: type of the last failure, or name of the backup's file.
    """

    __tablename__ = "chore"

    workspace_id: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    at: datetime | None = None
    failures: int = Field(default=0, sa_type=BigInteger)
    detail: str = ""


DELIVERY = table("delivery")
LEASE = table("lease")
MAILBOX = table("mailbox")
CHORE = table("chore")
