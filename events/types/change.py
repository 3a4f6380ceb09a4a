"""The change itself: its terms, the roles it impacts, who is in them, and what counts as adopted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from events.types.base import Event

Phase = Literal["prepare", "pilot", "rollout", "sustain", "closed"]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What was agreed about a change.

    name: shown to people. announced, go_live: local days; announced may be unknown. zone: IANA name, for scheduling.
    sponsor, champions: pseudonyms. target_rate: share of mature people, above 0 to 1. target_by: day it is due.
    baseline: adoption rate at go-live, 0 to 1; None counts as 0. phase: where the programme stands.
    """

    name: str
    go_live: date
    zone: str
    target_rate: float
    target_by: date
    announced: date | None = None
    baseline: float | None = None
    sponsor: UUID | None = None
    champions: tuple[UUID, ...] = ()
    phase: Phase = "rollout"


@dataclass(frozen=True, kw_only=True)
class Feature:
    """What counts as use: an app, or one feature of it (None: any feature)."""

    app: str
    feature: str | None = None


@dataclass(frozen=True, kw_only=True)
class ChangeLaunched(Event):
    """A change was announced to the service.

    change: id. key: the organisation's own short name, unique in the workspace. terms: see Terms.
    """

    wire: ClassVar[str] = "change.launched"
    change: UUID
    key: str
    terms: Terms


@dataclass(frozen=True, kw_only=True)
class ChangeAmended(Event):
    """The terms of a change were altered.

    change: id. terms: the terms as they stand from now on, complete.
    """

    wire: ClassVar[str] = "change.amended"
    change: UUID
    terms: Terms


@dataclass(frozen=True, kw_only=True)
class AdoptionDefined(Event):
    """What counts as adopted, for a whole change or for one role of it.

    change: id. role: id, or None for the change. number: definition version, 1 for the first of this change.
    features: what counts as use. window_days: length of the trailing window. min_days: distinct days of use in it.
    """

    wire: ClassVar[str] = "adoption.defined"
    change: UUID
    role: UUID | None
    number: int
    features: tuple[Feature, ...]
    window_days: int
    min_days: int


@dataclass(frozen=True, kw_only=True)
class RoleImpacted(Event):
    """A role was named as impacted by a change.

    change, role: ids. key: short name, unique in the change. name: shown to people. manager, champions: pseudonyms.
    courses: keys of the courses required. expected: number of people foreseen, or None.
    """

    wire: ClassVar[str] = "role.impacted"
    change: UUID
    role: UUID
    key: str
    name: str
    manager: UUID | None = None
    champions: tuple[UUID, ...] = ()
    courses: tuple[str, ...] = ()
    expected: int | None = None


@dataclass(frozen=True, kw_only=True)
class MemberPlaced(Event):
    """A person's membership of a role, complete; it replaces what was recorded before for this person and role.

    change, role: ids. person: pseudonym. start: first local day. until: first day no longer a member, or None.
    access: first day with access to the tool, or None for the later of start and go-live.
    """

    wire: ClassVar[str] = "member.placed"
    change: UUID
    role: UUID
    person: UUID
    start: date
    until: date | None = None
    access: date | None = None
