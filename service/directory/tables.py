"""Tables of the directory, which may be altered and erased, unlike the log."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from events.tables import table


class WorkspaceRow(SQLModel, table=True):
    """One organisation. `zone` cuts its days; it is fixed once usage exists."""

    __tablename__ = "workspace"

    workspace_id: str = Field(primary_key=True)
    name: str
    zone: str
    minimum_group: int


class PersonRow(SQLModel, table=True):
    """A person behind a pseudonym. `name` and `email` are boxes under the person's own key."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("workspace_id", "email_index", name="person_email"),)

    workspace_id: str = Field(primary_key=True)
    person_id: UUID = Field(primary_key=True)
    name: str | None = None
    email: str | None = None
    email_index: str | None = None
    zone: str | None = None
    manager_id: UUID | None = None
    provisional: bool = False


class IdentityRow(SQLModel, table=True):
    """What a source calls a person. `external` is a box under the person's key."""

    __tablename__ = "identity"

    workspace_id: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    external_index: str = Field(primary_key=True)
    external: str
    person_id: UUID = Field(index=True)


class AccountRow(SQLModel, table=True):
    """An actor of a usage source, interned. `actor` is a box under a key of its own.

    `email_index` is the blind index of the address that the source gave for it.
    """

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("workspace_id", "source_id", "actor_index", name="account_actor"),)

    workspace_id: str = Field(primary_key=True)
    account_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    source_id: int
    actor_index: str
    actor_key: UUID
    actor: str
    linked: bool = False
    email_index: str | None = Field(default=None, index=True)


class ClaimRow(SQLModel, table=True):
    """A source said that two of its actors are one; settled when the event log says so."""

    __tablename__ = "claim"

    workspace_id: str = Field(primary_key=True)
    account_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    into_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    settled: bool = Field(default=False, index=True)


class SourceTermsRow(SQLModel, table=True):
    """What an organisation agreed with a source. `emails_verified`: an address that it gives proves who somebody is."""

    __tablename__ = "source_terms"

    workspace_id: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    emails_verified: bool = False


class HeartbeatRow(SQLModel, table=True):
    """A source said on a day that it is there, whether or not there was anything to report."""

    __tablename__ = "heartbeat"

    workspace_id: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    day: date = Field(primary_key=True)


class ChannelRow(SQLModel, table=True):
    """Where aggregate alerts go. `target` is a box: a webhook address is a credential."""

    __tablename__ = "channel"

    workspace_id: str = Field(primary_key=True)
    channel_id: UUID = Field(primary_key=True)
    kind: str
    target_key: UUID
    target: str
    change_id: UUID | None = None
    role_id: UUID | None = None
    disabled: bool = False
    failures: int = 0


class ApiKeyRow(SQLModel, table=True):
    """An API key; only its SHA-256 is kept."""

    __tablename__ = "api_key"

    workspace_id: str = Field(primary_key=True)
    prefix: str = Field(primary_key=True, unique=True)
    secret_hash: str
    role: str
    scopes: str
    source: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked: bool = False
    last_used_day: str | None = None


class SignInRow(SQLModel, table=True):
    """A one-time sign-in link; only its SHA-256 is kept."""

    __tablename__ = "sign_in"

    workspace_id: str = Field(primary_key=True)
    token_hash: str = Field(primary_key=True, unique=True)
    role: str
    expires_at: datetime


WORKSPACE = table("workspace")
PERSON = table("person")
IDENTITY = table("identity")
ACCOUNT = table("account")
CLAIM = table("claim")
SOURCE_TERMS = table("source_terms")
HEARTBEAT = table("heartbeat")
CHANNEL = table("channel")
API_KEY = table("api_key")
SIGN_IN = table("sign_in")
