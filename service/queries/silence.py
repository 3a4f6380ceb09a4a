"""Silence is not zero: on which days sources had to report, and on which they did not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
from sqlalchemy import select

from adkar.coverage import working_days
from service.directory.tables import HEARTBEAT
from service.queries.sets import Counted, spoken
from service.queries.view import View
from service.readmodels.expectations import expected_since

Days = npt.NDArray[np.bool_]

_FOREVER = np.iinfo(np.int32).max


@dataclass
class _Source:
    """What a source said. told: by app, the days (ordinals) that it told anything of. beats: days of its heartbeats.

    counts: whether it ever told use that counts; whoever tells errors alone is not missed on a day without errors.
    comes: whether it told anything by itself; nobody expects that what was imported once goes on.
    """

    told: dict[str, set[int]] = field(default_factory=dict)
    beats: set[int] = field(default_factory=set)
    counts: bool = False
    comes: bool = False

    def of(self, app: str) -> set[int]:
        """Days on which it spoke of an app; that nobody used it is said of all its apps at once."""
        return self.told.get(app, set()) | self.beats

    @property
    def days(self) -> set[int]:
        return self.beats.union(*self.told.values())


@dataclass(frozen=True)
class _Owed:
    """Reports were due on working days from `since` on, before `until`, and came on the days `told`.

    source: from whom, None where nobody had agreed to it. app: of what, None for whatever the source tells of.
    """

    source: str | None
    app: str | None
    since: int
    until: int
    told: Collection[int]


@dataclass(frozen=True)
class Missing:
    """Reports that did not come. days: bool[days]. last: ordinal of the last day that was told of; None without any.

    source: who was silent. app: of what nobody had told yet; its source is the one that was to, if that was agreed.
    """

    source: str | None
    app: str | None
    days: Days
    last: int | None


def silence(
    view: View, features: Sequence[Counted], apps: Collection[str], first_day: int, go_live: date
) -> tuple[Days, Days, tuple[Missing, ...]]:
    """bool[days] from `first_day` to the view's running day: whether a source was silent, and whether one was expected.
    Then who was, which is on the same days.

    A source that tells use is expected on working days from its first report on, or from the day agreed with it;
    one that was only ever imported is not. It reports by anything it says of the apps, or by a heartbeat. Before
    anybody spoke of an app, somebody was expected to from go-live on, or from the day agreed with the source called
    like the app or else with the first to speak: what nobody could have told is silence and not zero.
    features: what counts. apps: those it is of; a source of the same name speaks of it even before anybody used it.
    """
    height = view.today.toordinal() - first_day + 1
    days = np.arange(first_day, first_day + height, dtype=np.int32)
    working = working_days(days)
    # The running day is not over, so nobody has been silent on it yet.
    working[-1] = False
    silent, expected = np.zeros(height, dtype=np.bool_), np.zeros(height, dtype=np.bool_)
    agreed = {
        name: day.toordinal() for name, day in expected_since(view.connection, view.workspace.id, view.at).items()
    }
    sources = _sources(view, features, apps)
    missed = defaultdict[tuple[str | None, str | None], Days](lambda: np.zeros(height, dtype=np.bool_))
    for owed in (*_by_sources(sources, apps, agreed), *_of_apps(sources, apps, agreed, go_live.toordinal())):
        due = working & (owed.since <= days) & (days < owed.until)
        expected |= due
        # A source that was silent altogether need not be named for each of its apps too.
        missed[owed.source, owed.app] |= due & ~np.isin(days, list(owed.told)) & ~missed[owed.source, None]
    # Before the day that was agreed with whoever was to tell of an app, nobody is to blame, and nothing is known.
    spoke = {app: set[int]().union(*(one.of(app) for one in sources.values() if app in one.told)) for app in apps}
    for app in apps:
        missed[None, app] |= working & ~expected & (days >= go_live.toordinal()) & ~np.isin(days, list(spoke[app]))
    said: dict[str | None, set[int]] = {name: source.days for name, source in sources.items()}
    missing = []
    for (name, of), lost in missed.items():
        if lost.any():
            silent |= lost
            told = said[name] if of is None else spoke[of]
            # A week that was reported may not be over.
            missing.append(Missing(name, of, lost, max((day for day in told if day <= days[-1]), default=None)))
    return silent, expected, tuple(missing)


def _by_sources(sources: Mapping[str, _Source], apps: Collection[str], agreed: Mapping[str, int]) -> Iterator[_Owed]:
    """What each source owes from when it began, or was to begin."""
    for name, source in sources.items():
        if name in agreed or (source.comes and (source.counts or name in apps)):
            yield _Owed(name, None, agreed.get(name, min(source.days)), _FOREVER, source.days)


def _of_apps(
    sources: Mapping[str, _Source], apps: Collection[str], agreed: Mapping[str, int], go_live: int
) -> Iterator[_Owed]:
    """What was owed of each app before those who tell use began to speak of it."""
    for app in apps:
        speaking = {name: source.of(app) for name, source in sources.items() if app in source.told or name == app}
        counting = {name: days for name, days in speaking.items() if days and (sources[name].counts or name == app)}
        leading = {name: min(days) for name, days in counting.items() if sources[name].comes}
        # Of two who began on one day, one without an agreement is asked about the days before.
        first = min(leading, key=lambda name: (leading[name], name in agreed), default=app)
        asked = next((name for name in (app, first) if name in agreed), None)
        since = go_live if asked is None else agreed[asked]
        # History may have been imported. Where nobody tells use, whoever tells anything stands in.
        told = set[int]().union(*(counting or speaking).values())
        yield _Owed(asked, app, since, leading.get(first, _FOREVER), told)


def _sources(view: View, features: Sequence[Counted], apps: Collection[str]) -> dict[str, _Source]:
    """Who spoke of some apps. Saying that nobody used it is speaking too."""
    counting, sources = {one.number for one in features}, dict[str, _Source]()
    for row in spoken(view, apps):
        source = sources.setdefault(row.source, _Source())
        source.counts |= row.feature_id in counting
        source.comes |= row.import_id is None
        # A weekly report speaks for all its days, whichever of them it names.
        monday = row.day.toordinal() - row.day.weekday()
        told = range(monday, monday + 7) if row.grain == "week" else (row.day.toordinal(),)
        source.told.setdefault(row.app, set()).update(told)
    for name, day in _heartbeats(view, {*sources, *apps}):
        source = sources.setdefault(name, _Source(comes=True))
        source.beats.add(day.toordinal())
    return sources


def _heartbeats(view: View, sources: Collection[str]) -> list[tuple[str, date]]:
    rows = view.connection.execute(
        select(HEARTBEAT.c.source, HEARTBEAT.c.day).where(
            HEARTBEAT.c.workspace_id == view.workspace.id,
            HEARTBEAT.c.source.in_(sources),
            HEARTBEAT.c.day <= view.today,
        )
    )
    return [(row.source, row.day) for row in rows]
