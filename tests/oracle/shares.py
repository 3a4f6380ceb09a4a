"""Whose share is what, in plain Python: imports, live telemetry, what is retracted of them, and what is undone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import date

Place = tuple[str, str, date]
"""Actor, feature and day."""
Days = tuple[date | None, date | None]
"""First and last, None for any."""


@dataclass(frozen=True)
class Item:
    """A use with an id of the source's own, which always means the same instant."""

    id: str
    actor: str
    feature: str
    day: date
    count: int


@dataclass(eq=False)
class Row:
    """What was stored: of an item, or a value that is set. share: what can be retracted by itself."""

    source: str
    share: Hashable
    place: Place
    count: int
    item: bool


@dataclass(eq=False)
class Retraction:
    """Of which shares, and on which days of use. of_import: of one import's share, not of all that a source told."""

    shares: frozenset[Hashable]
    days: Days
    of_import: bool
    undone: bool = False

    def covers(self, row: Row) -> bool:
        start, end = self.days
        after, before = start is None or start <= row.place[2], end is None or row.place[2] <= end
        return not self.undone and row.share in self.shares and after and before


@dataclass
class Account:
    """held: by which row an item is known again. lives: how often a source went on as another after a retraction."""

    rows: list[Row] = field(default_factory=list)
    held: dict[Hashable, Row] = field(default_factory=dict)
    lives: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    retractions: list[Retraction] = field(default_factory=list)

    def tell(self, source: str, share: Hashable | None, items: Sequence[Item]) -> int:
        """Items of an import, or of the source itself for None; how many were new."""
        own, share = share, share or (source, self.lives[source])
        before, waiting = len(self.rows), []
        for item in items:
            key = (source, item.id)
            if key not in self.held:
                self._hold(key, source, share, item)
            elif self._gone(self.held[key], own):
                waiting.append((key, item))
        # What takes the place of something retracted is stored after what had never been told.
        for key, item in waiting:
            if self._gone(self.held[key], own):
                self._hold(key, source, share, item)
        return len(self.rows) - before

    def _gone(self, row: Row, own: Hashable | None) -> bool:
        """Retracted, and not by a retraction of the very import that tells it again."""
        return any(one.covers(row) and not (one.of_import and own in one.shares) for one in self.retractions)

    def _hold(self, key: Hashable, source: str, share: Hashable, item: Item) -> None:
        self.held[key] = Row(source, share, (item.actor, item.feature, item.day), item.count, item=True)
        self.rows.append(self.held[key])

    def set(self, source: str, share: Hashable, values: dict[Place, int]) -> int:
        """Values of days; how many differed from what stood."""
        stands = self._set()
        differing = {place: count for place, count in values.items() if stands.get((source, place), 0) != count}
        self.rows += [Row(source, share, place, count, item=False) for place, count in differing.items()]
        return len(differing)

    def knows(self, source: str) -> bool:
        return any(row.source == source for row in self.rows)

    def retract_source(self, source: str, days: Days) -> Retraction:
        shares = frozenset(row.share for row in self.rows if row.source == source)
        self.lives[source] += 1
        self.retractions.append(Retraction(shares, days, of_import=False))
        return self.retractions[-1]

    def retract_import(self, share: Hashable, days: Days) -> Retraction:
        """The same said twice is said once."""
        for one in self.retractions:
            if (one.shares, one.days, one.of_import, one.undone) == (frozenset({share}), days, True, False):
                return one
        self.retractions.append(Retraction(frozenset({share}), days, of_import=True))
        return self.retractions[-1]

    def forget(self) -> None:
        """Rows are gone one by one, but for the newest; what they came to stays."""
        self.held = {key: row for key, row in self.held.items() if row is self.rows[-1]}

    def figures(self) -> dict[tuple[str, Place], int]:
        """How often, by source and place: all items that count, and the last value that does."""
        found: dict[tuple[str, Place], int] = defaultdict(int, self._set())
        for row in self._counting():
            if row.item:
                found[row.source, row.place] += row.count
        return {key: count for key, count in found.items() if count}

    def _set(self) -> dict[tuple[str, Place], int]:
        return {(row.source, row.place): row.count for row in self._counting() if not row.item}

    def _counting(self) -> list[Row]:
        return [row for row in self.rows if not any(one.covers(row) for one in self.retractions)]
