"""Reads a whole export before anything is stored: who was where when, and which rows cannot be used."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from service.intake.imports.files import LeftOut, NotAnExport, Problems, Progress
from service.intake.imports.viva import WEEK_LENGTH, Export, Week
from service.intake.imports.viva_cells import WEEK

_TOLD_EVERY = 1000
_OVERLAP = range(1 - WEEK_LENGTH.days, WEEK_LENGTH.days)
"""Days between the beginnings of two weeks that share a day; each would say something else of it."""


@dataclass
class Seen:
    """A person in an export: the organisation by week, and the first week with Copilot enabled."""

    weeks: dict[date, str] = field(default_factory=dict)
    enabled: date | None = None


@dataclass
class Survey:
    """What was found. unusable: lines of the rows left out. tells_access: whether it tells who had Copilot enabled."""

    people: dict[str, Seen] = field(default_factory=dict)
    rows: int = 0
    unusable: set[int] = field(default_factory=set)
    problems: Problems = field(default_factory=Problems)
    tells_access: bool = False

    @property
    def first(self) -> date:
        """The first day that the export speaks of."""
        return min(week for seen in self.people.values() for week in seen.weeks)

    @property
    def end(self) -> date:
        """The first day that it no longer speaks of."""
        return max(week for seen in self.people.values() for week in seen.weeks) + WEEK_LENGTH

    @property
    def organisations(self) -> list[str]:
        return sorted({name for seen in self.people.values() for name in seen.weeks.values()})

    def add(self, row: Week | LeftOut) -> None:
        """Takes a row into account; a second one of any day of a person's is left out."""
        self.rows += 1
        if isinstance(row, LeftOut):
            self._leave_out(row)
            return
        seen = self.people.setdefault(row.person, Seen())
        if any(row.start + timedelta(days=off) in seen.weeks for off in _OVERLAP):
            self._leave_out(LeftOut(row.line, WEEK, "is of a week that an earlier row tells of for this person"))
            return
        seen.weeks[row.start] = row.organisation
        self.tells_access = row.enabled is not None
        if row.enabled:
            seen.enabled = min(seen.enabled or row.start, row.start)

    def _leave_out(self, row: LeftOut) -> None:
        self.unusable.add(row.line)
        self.problems.add(row)


def survey(export: Export, today: date, progress: Progress) -> Survey:
    """Reads all of an export. Raises NotAnExport, for one without a single usable row too."""
    found = Survey()
    for row in export.rows(today):
        found.add(row)
        if found.rows % _TOLD_EVERY == 0:
            progress("rows checked", found.rows, None)
    if not found.people:
        first = found.problems.first[0] if found.problems.first else None
        why = f"; line {first.line}: {first.column or 'it'} {first.reason}" if first else ""
        raise NotAnExport(f"{export.name} has no row that can be used{why}.")
    progress("rows checked", found.rows, found.rows)
    return found
