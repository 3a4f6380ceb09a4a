"""Who is known, by pseudonym. Names, addresses and external ids live in the directory, outside the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from events.types.base import Event


@dataclass(frozen=True, kw_only=True)
class PersonRegistered(Event):
    """A person became known, by import or because a training named somebody nobody had announced.

    person: pseudonym, random UUID.
    provisional: true while nobody has announced the person; shown under data quality.
    """

    wire: ClassVar[str] = "person.registered"
    person: UUID
    provisional: bool = False


@dataclass(frozen=True, kw_only=True)
class PersonConfirmed(Event):
    """A provisional person was announced by the organisation.

    person: pseudonym.
    """

    wire: ClassVar[str] = "person.confirmed"
    person: UUID


@dataclass(frozen=True, kw_only=True)
class PersonOptedOut(Event):
    """A person wants no more nudges, or wants them again.

    person: pseudonym.
    opted_out: true for no more, false for again.
    """

    wire: ClassVar[str] = "person.opted_out"
    person: UUID
    opted_out: bool


@dataclass(frozen=True, kw_only=True)
class ActorLinked(Event):
    """An account of a source turned out to be a person's; applied when usage is queried.

    account: number of the account, interned by the usage log.
    person: pseudonym.
    """

    wire: ClassVar[str] = "actor.linked"
    account: int
    person: UUID


@dataclass(frozen=True, kw_only=True)
class ActorsMerged(Event):
    """An app said that two of its actors are one, as when somebody signs in; applied when usage is queried.

    account: number of the account that turned out to be another, such as an anonymous visitor.
    into: number of the account that it is.
    """

    wire: ClassVar[str] = "actors.merged"
    account: int
    into: int
