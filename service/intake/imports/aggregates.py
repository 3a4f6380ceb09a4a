"""Sets what sources report by day or by week: the last file says how often somebody used a feature on a day.

Observations are only ever added, and the last one of a day stands. What a file says is therefore compared with what
stands now, and stored only where it differs: the same file again stores nothing, an older one brings its values back.
What an import stored is its own share; retracted, it stands no longer, and what stood before stands again.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from datetime import time as clock
from functools import lru_cache
from itertools import groupby
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from sqlalchemy import Connection, select

from events.activity import NAME, advance_activity, last_of_each, unpack
from events.database import Busy
from events.followers import Overtaken
from events.tables import ACTIVITY, FEATURE, FOLLOWER, SOURCE
from events.types.usage import UsageRetracted
from events.usage_log import last_seq
from service.directory.retracted import retractions
from service.intake.store import Use, store
from service.readmodels.retractions import outside
from service.readmodels.temporal import live
from service.takehold import Takehold
from service.unit import Workspace

_MOST_KEPT = 4_000_000
"""Accounts in the sets that are kept for comparison; 16 bytes each."""
_AT_ONCE = 2000
"""Stored in one transaction: on SQLite every other writer waits meanwhile."""
_PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = 0.05

Feature = tuple[str, str, str, str]
"""App, name, kind and grain."""
_Place = tuple[int, date]
"""A feature by its number, and a day."""
_Set = tuple[np.ndarray, np.ndarray]
"""Accounts and their counts."""
_Value = TypeVar("_Value")


class Aggregate(msgspec.Struct, frozen=True, gc=False):
    """How often an actor used a feature on a local day, 0 included; the fields of Use."""

    app: str
    feature: str
    actor: str
    day: date
    count: int
    duration_ms: int | None = None
    kind: str = "use"
    grain: str = "day"

    @property
    def names(self) -> Feature:
        return self.app, self.feature, self.kind, self.grain


class Setter:
    """Sets aggregates of a source for one import, each of which names an actor, a feature and a day once.

    Raises Busy when what was sent before could not be counted in time.
    """

    def __init__(self, takehold: Takehold, workspace: Workspace, source: str, import_id: UUID) -> None:
        self._takehold, self._workspace, self._source, self.import_id = takehold, workspace, source, import_id
        self._features: dict[Feature, int] = {}
        self._accounts: dict[str, list[int]] = {}
        self._sets: dict[_Place, _Set] = {}
        self._retracted: list[UUID] = []
        _fold(takehold, workspace)

    def known(self, app: str, grain: str = "day") -> list[tuple[str, str]]:
        """Name and kind of every feature of an app that anybody ever reported by this grain."""
        here = FEATURE.c.workspace_id == self._workspace.id, FEATURE.c.app == app, FEATURE.c.grain == grain
        with self._takehold.database.read() as connection:
            rows = connection.execute(select(FEATURE.c.name, FEATURE.c.kind).where(*here).order_by(FEATURE.c.name))
            return [(row.name, row.kind) for row in rows]

    def take(self, told: Sequence[Aggregate]) -> tuple[int, int]:
        """How many were stored, and how many uses were known to be so; a 0 where nothing stands is neither."""
        with self._takehold.database.read() as connection:
            standing = self._standing(connection, told)
        differing = [one for one, count in zip(told, standing, strict=True) if one.count != count]
        known = sum(one.count == count > 0 for one, count in zip(told, standing, strict=True))
        stored = 0
        for some in _parts(differing, _AT_ONCE):
            uses = [self._use(one) for one in some]
            older = [use for one in some for use in self._older(one)]
            new = store(self._takehold, self._workspace.id, self._source, uses + older, import_id=self.import_id)
            stored += sum(new[: len(uses)])
        return stored, known

    def _use(self, one: Aggregate, *more: str) -> Use:
        # With the import in it, so that a value that was taken back can come again.
        item = "\0".join((str(self.import_id), *one.names, one.actor, one.day.isoformat(), *more))
        noon = _noon(one.day, self._workspace.zone)
        return Use(item, one.app, one.feature, one.actor, noon, one.count, one.duration_ms, None, one.kind, one.grain)

    def _older(self, one: Aggregate) -> Iterable[Use]:
        """Takes back what stands of an actor's earlier accounts, which would be counted beside what is told now."""
        place = self._place(one)
        if place is None:
            return
        nothing = msgspec.structs.replace(one, count=0, duration_ms=None)
        for account in self._accounts[one.actor][:-1]:
            if _count(self._sets[place], account):
                yield msgspec.structs.replace(self._use(nothing, str(account)), account=account)

    def _standing(self, connection: Connection, told: Sequence[Aggregate]) -> list[int]:
        """What all accounts of each actor say together."""
        self._look_up(connection, told)
        retracted = retractions(connection, self._workspace.id, self._source)
        events = [recorded.event_id for recorded, _ in retracted]
        too_many = sum(len(accounts) for accounts, _ in self._sets.values()) > _MOST_KEPT
        # A value that was retracted while this runs is none that the file only repeats.
        if too_many or events != self._retracted:
            self._sets.clear()
        self._retracted = events
        places = [self._place(one) for one in told]
        wanted = {place for place in places if place is not None and place not in self._sets}
        self._load(connection, wanted, [event for _, event in retracted])
        return [
            0 if place is None else sum(_count(self._sets[place], account) for account in self._accounts[one.actor])
            for one, place in zip(told, places, strict=True)
        ]

    def _place(self, one: Aggregate) -> _Place | None:
        feature = self._features.get(one.names)
        return None if feature is None or one.actor not in self._accounts else (feature, one.day)

    def _look_up(self, connection: Connection, told: Sequence[Aggregate]) -> None:
        """Finds numbers without giving any out: who never used anything needs none."""
        id = self._workspace.id
        for app in {one.app for one in told if one.names not in self._features}:
            for row in connection.execute(select(FEATURE).where(FEATURE.c.workspace_id == id, FEATURE.c.app == app)):
                self._features[row.app, row.name, row.kind, row.grain] = row.feature_id
        unknown = {one.actor for one in told} - self._accounts.keys()
        self._accounts |= self._takehold.accounts.all_known(connection, id, self._source, unknown)

    def _load(self, connection: Connection, wanted: set[_Place], retracted: Sequence[UsageRetracted]) -> None:
        nothing = np.empty(0, dtype=np.int64)
        self._sets.update(dict.fromkeys(wanted, (nothing, nothing)))
        counting = outside((number, (e.start, e.end, e.received)) for e in retracted for number in e.numbers)
        for feature, places in groupby(sorted(wanted), key=lambda place: place[0]):
            for some in _parts([day for _, day in places]):
                rows = connection.execute(
                    select(ACTIVITY.c.day, ACTIVITY.c.accounts, ACTIVITY.c.counts)
                    .join(SOURCE, SOURCE.c.source_id == ACTIVITY.c.source_id)
                    .where(SOURCE.c.workspace_id == self._workspace.id, SOURCE.c.name == self._source)
                    .where(live(ACTIVITY, NAME, self._workspace.id), counting)
                    .where(ACTIVITY.c.feature_id == feature, ACTIVITY.c.day.in_(some))
                    .order_by(ACTIVITY.c.received_day, ACTIVITY.c.seq)
                )
                for row in rows:
                    before, new = self._sets[feature, row.day], unpack(row.accounts, row.counts)
                    both = [np.concatenate(pair) for pair in zip(before, new, strict=True)]
                    self._sets[feature, row.day] = last_of_each(*both)


def _fold(takehold: Takehold, workspace: Workspace) -> None:
    """Brings the sets to the end of the usage log, as it is now. Raises Busy."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with takehold.database.read() as connection:
        goal = last_seq(connection, workspace.id)
    here = select(FOLLOWER.c.position).where(FOLLOWER.c.workspace_id == workspace.id, FOLLOWER.c.name == NAME)
    while True:
        try:
            while advance_activity(takehold.database, workspace.id, workspace.zone):
                pass
        except Overtaken:
            pass
        with takehold.database.read() as connection:
            if (connection.scalar(here) or 0) >= goal:
                return
        # Another process holds the checkpoint, and will be through with its part in some tens of milliseconds.
        if time.monotonic() > deadline:
            raise Busy("observations of before are still being counted; try again")
        time.sleep(_PAUSE_SECONDS)


def _count(members: _Set, account: int) -> int:
    accounts, counts = members
    at = int(accounts.searchsorted(account))
    return int(counts[at]) if at < len(accounts) and accounts[at] == account else 0


def _parts(values: Sequence[_Value], size: int = 500) -> Iterable[Sequence[_Value]]:
    """SQLite and PostgreSQL both bound the number of parameters in one statement."""
    return (values[start : start + size] for start in range(0, len(values), size))


@lru_cache(maxsize=10_000)
def _noon(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, clock(12), zone).timestamp() * 1000)
