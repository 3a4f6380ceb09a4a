"""Activity sets as they were stored, and whose account is whose: what every count of use is made from."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Row, and_, or_, select

from events.activity import NAME as ACTIVITY_FOLLOWER
from events.activity import last_of_each, unpack
from events.tables import ACTIVITY, FEATURE, SOURCE
from events.types.change import Feature
from service.queries.view import View
from service.readmodels.links import links
from service.readmodels.retractions import standing
from service.readmodels.temporal import live

_COUNTED_KINDS = ("use", "success")
"""Passive use and failures do not count as use."""

Ints = npt.NDArray[np.int64]
SetRow = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class Counted:
    """A feature that counts, as it is stored: the same name has a number for each kind and grain it was told by."""

    number: int
    feature: Feature
    grain: str


@dataclass(frozen=True)
class Told:
    """What is known of a feature of a source on a day, an ordinal: accounts that used it, sorted, and how often."""

    feature: int
    day: int
    accounts: Ints
    counts: Ints


def counted(view: View, features: Sequence[Feature]) -> list[Counted]:
    """The stored features that some features of a definition mean."""
    wanted = [
        FEATURE.c.app == one.app
        if one.feature is None
        else and_(FEATURE.c.app == one.app, FEATURE.c.name == one.feature)
        for one in features
    ]
    rows = view.connection.execute(
        select(FEATURE.c.feature_id, FEATURE.c.app, FEATURE.c.name, FEATURE.c.grain).where(
            FEATURE.c.workspace_id == view.workspace.id, FEATURE.c.kind.in_(_COUNTED_KINDS), or_(*wanted)
        )
    )
    return [Counted(row.feature_id, Feature(app=row.app, feature=row.name), row.grain) for row in rows]


def covers(wider: Feature, narrower: Feature) -> bool:
    """All use of the narrower feature is use of the wider one."""
    return wider.app == narrower.app and wider.feature in (None, narrower.feature)


def known(view: View) -> list[ColumnElement[bool]]:
    """Which sets count in a view, as conditions on their table: those known by the end of its day, and not
    retracted by then."""
    wanted = [
        live(ACTIVITY, ACTIVITY_FOLLOWER, view.workspace.id),
        standing(view.connection, view.workspace.id, view.at_midnight),
        ACTIVITY.c.day <= view.today,
    ]
    return wanted if view.at is None else [*wanted, ACTIVITY.c.received_day <= view.today]


def set_rows(view: View, features: Sequence[Counted]) -> Sequence[SetRow]:
    """The stored sets of some features that count, up to the view's running day.

    source: its name, which it keeps when it goes on under another number after a retraction, and by which imports speak
    for it.
    """
    return view.connection.execute(
        select(
            ACTIVITY.c.feature_id,
            ACTIVITY.c.day,
            ACTIVITY.c.received_day,
            ACTIVITY.c.seq,
            ACTIVITY.c.accounts,
            ACTIVITY.c.counts,
            SOURCE.c.name.label("source"),
        )
        .join(SOURCE, _OF_SOURCE)
        .where(*known(view), ACTIVITY.c.feature_id.in_([one.number for one in features]))
    ).all()


def spoken(view: View, apps: Collection[str]) -> Sequence[SetRow]:
    """Who reported anything of some apps on which days: source, app, feature_id, grain, day; import_id of an import.

    Passive use, failures and features that do not count are reports as well: whoever sends them is not silent.
    """
    return view.connection.execute(
        select(
            SOURCE.c.name.label("source"),
            SOURCE.c.import_id,
            FEATURE.c.app,
            FEATURE.c.feature_id,
            FEATURE.c.grain,
            ACTIVITY.c.day,
        )
        .join(SOURCE, _OF_SOURCE)
        .join(FEATURE, _OF_FEATURE)
        .where(*known(view), FEATURE.c.app.in_(apps))
        .distinct()
    ).all()


_OF_SOURCE = and_(SOURCE.c.workspace_id == ACTIVITY.c.workspace_id, SOURCE.c.source_id == ACTIVITY.c.source_id)
_OF_FEATURE = and_(FEATURE.c.workspace_id == ACTIVITY.c.workspace_id, FEATURE.c.feature_id == ACTIVITY.c.feature_id)


def told(rows: Sequence[SetRow], features: Sequence[Counted]) -> Iterator[Told]:
    """Each set as it counts, unpacked one at a time.

    Instants add up, so what was received on several days comes several times. A day's or a week's value is one figure
    that the source restates, itself or by imports: for each account the one received last stands. A value of 0 is no
    use.
    """
    restated: dict[tuple[str, int, Any], list[SetRow]] = {}
    instants = {one.number for one in features if one.grain == "instant"}
    for row in rows:
        if row.feature_id in instants:
            yield _told(row, *unpack(row.accounts, row.counts))
        else:
            restated.setdefault((row.source, row.feature_id, row.day), []).append(row)
    for several in restated.values():
        yield _last(sorted(several, key=lambda row: (row.received_day, row.seq)))


def _last(rows: Sequence[SetRow]) -> Told:
    parts = [unpack(row.accounts, row.counts) for row in rows]
    if len(parts) == 1:
        return _told(rows[0], *parts[0])
    accounts, counts = (np.concatenate(values) for values in zip(*parts, strict=True))
    return _told(rows[0], *last_of_each(accounts, counts))


def _told(row: SetRow, accounts: Ints, counts: Ints) -> Told:
    if not counts.all():
        accounts, counts = accounts[counts > 0], counts[counts > 0]
    return Told(row.feature_id, row.day.toordinal(), accounts, counts)


@dataclass(frozen=True)
class Columns:
    """By account: the column of its person (-1 for somebody else), and whether it has a person at all.

    number: how many columns there are.
    """

    number: int
    person: Ints
    known: npt.NDArray[np.bool_]

    def split(self, accounts: Ints) -> tuple[Ints, Ints, Ints]:
        """Of sorted accounts: columns of people asked for, their places in `accounts`, and accounts of nobody."""
        # Sorted, so whoever is beyond the last linked account comes last.
        inside, beyond = np.split(accounts, [np.searchsorted(accounts, len(self.person))])
        here = self.person[inside]
        places = np.flatnonzero(here >= 0)
        return here[places], places, np.concatenate([inside[~self.known[inside]], beyond])


def columns(view: View, column_of: Mapping[UUID, int]) -> Columns:
    """Who is behind which account, as the view knows it; people have the columns from 0 on."""
    linked = links(view.connection, view.workspace.id, view.at)
    accounts = [row.account_id for row in linked]
    height = max(accounts, default=0) + 1
    person, known = np.full(height, -1, dtype=np.int64), np.zeros(height, dtype=np.bool_)
    person[accounts] = [column_of.get(row.person_id, -1) for row in linked]
    known[accounts] = True
    return Columns(len(column_of), person, known)
