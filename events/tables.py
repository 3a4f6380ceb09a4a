"""The tables of the two logs and their followers. Every key starts with `workspace_id`."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text, UniqueConstraint
from sqlmodel import Field, SQLModel


class EventRow(SQLModel, table=True):
    """One fact. Triggers refuse UPDATE and DELETE; `data` is canonical JSON text, since JSONB reorders keys."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("workspace_id", "stream", "stream_version", name="event_stream_version"),
        UniqueConstraint("workspace_id", "event_id", name="event_id_once"),
        Index("event_recorded", "workspace_id", "recorded_at"),
    )

    workspace_id: str = Field(primary_key=True)
    position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    stream: UUID
    stream_version: int
    event_id: UUID
    type: str
    schema_version: int
    data: str = Field(sa_type=Text)
    actor: str
    via: str
    import_id: UUID | None = None
    app_version: str
    correlation: UUID | None = None
    causation: UUID | None = None
    occurred_at: datetime
    recorded_at: datetime
    hash: str


class FollowerRow(SQLModel, table=True):
    """How far a follower has come, and which generation of its rows is the live one.

    `epoch` rises with every step, so that a step taken twice is noticed. `changed` is the position of the last event
    that altered its rows, `stopped` says which event broke it.
    """

    __tablename__ = "follower"

    workspace_id: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    generation: int = 1
    position: int = Field(default=0, sa_type=BigInteger)
    epoch: int = Field(default=0, sa_type=BigInteger)
    changed: int = Field(default=0, sa_type=BigInteger)
    moved_at: datetime
    stopped: str | None = None


class RebuildRow(SQLModel, table=True):
    """A read model being rebuilt: which generation, and how far. The row is there until the generation serves.

    `mark` is what its source said of itself when it began, and must still say at the end.
    """

    __tablename__ = "rebuild"

    workspace_id: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    generation: int
    position: int = Field(default=0, sa_type=BigInteger)
    epoch: int = Field(default=0, sa_type=BigInteger)
    mark: int = 0
    started_at: datetime
    app_version: str


class UsageRow(SQLModel, table=True):
    """One observation by an app. `k` is the time-ordered dedupe key; followers read by `seq`.

    On PostgreSQL there is a table for each month of use beneath it: events/partitions.py.
    """

    __tablename__ = "usage"
    __table_args__ = (
        Index("usage_seq", "workspace_id", "seq"),
        # One B-tree less: the key is appended to, because it begins with the time.
        {"sqlite_with_rowid": False, "postgresql_partition_by": "RANGE (k)"},
    )

    workspace_id: str = Field(primary_key=True)
    k: bytes = Field(primary_key=True, sa_type=LargeBinary(16))
    seq: int = Field(sa_type=BigInteger)
    source_id: int
    account_id: int
    feature_id: int
    occurred_ms: int = Field(sa_type=BigInteger)
    received_ms: int = Field(sa_type=BigInteger)
    sent_ms: int | None = Field(default=None, sa_type=BigInteger)
    count: int = Field(default=1, sa_type=BigInteger)
    duration_ms: int | None = Field(default=None, sa_type=BigInteger)
    properties: str | None = Field(default=None, sa_type=Text)


class SourceRow(SQLModel, table=True):
    """Where observations come from, interned. `retired` is 0 while it reports under this number; when what it reported
    is retracted it goes on under another, so that what it reports from then on is told apart. The keys of its items
    are made from `keyed_by`, None for this number, all the same: what was told before is known again.

    What an import brings in its name has a number of its own, which is nobody's to go on under and retired from the
    first: `import_id` says which import that was. One that still runs when its source is retracted has another from
    then on.
    """

    __tablename__ = "source"
    __table_args__ = (UniqueConstraint("workspace_id", "name", "retired", name="source_name"),)

    workspace_id: str = Field(primary_key=True)
    source_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    name: str
    retired: int = 0
    import_id: UUID | None = None
    keyed_by: int | None = None


class FeatureRow(SQLModel, table=True):
    """What was used, interned: app and feature, what kind of use it is, and the grain it is known by."""

    __tablename__ = "feature"
    __table_args__ = (UniqueConstraint("workspace_id", "app", "name", "kind", "grain", name="feature_name"),)

    workspace_id: str = Field(primary_key=True)
    feature_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    app: str
    name: str
    kind: str
    grain: str


class ActivityRow(SQLModel, table=True):
    """Who used a feature of a source on a local day, as known from what was received on another.

    `accounts` is a serialised roaring bitmap, `counts` little-endian uint32 in the order of its members.
    """

    __tablename__ = "activity"

    workspace_id: str = Field(primary_key=True)
    generation: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    source_id: int = Field(primary_key=True)
    feature_id: int = Field(primary_key=True)
    day: date = Field(primary_key=True)
    received_day: date = Field(primary_key=True)
    accounts: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    counts: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    seq: int = Field(sa_type=BigInteger)


def table(name: str) -> Table:
    """The declared table of that name, for statements below the ORM."""
    return SQLModel.metadata.tables[name]


EVENT = table("event")
FOLLOWER = table("follower")
REBUILD = table("rebuild")
USAGE = table("usage")
SOURCE = table("source")
FEATURE = table("feature")
ACTIVITY = table("activity")
