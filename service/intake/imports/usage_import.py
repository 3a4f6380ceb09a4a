"""Takes in a file of usage: read to its end and judged first, so that a spoilt one stores nothing, and then stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from events.envelope import new_id
from service.intake.imports.aggregates import Aggregate, Setter
from service.intake.imports.files import LeftOut, NotAnExport, Problems, Progress
from service.intake.store import Use, store
from service.takehold import Takehold

_AT_ONCE = 2000
_TOLD_EVERY = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """What a line of a file tells."""

    line: int
    told: Sequence[Aggregate | Use]


class Rows(Protocol):
    """An open file that tells of usage, to be read as often as wanted, each time with the same verdicts."""

    name: str

    def rows(self, today: date, known: Sequence[tuple[str, str]] = ()) -> Iterator[Row | LeftOut]:
        """Every row, judged. known: features of the app, and their kinds. Raises NotAnExport."""
        ...


@dataclass(frozen=True)
class Imported:
    """What became of a file. id: of the import. problems: first twenty rows left out."""

    id: UUID
    source: str
    rows: int
    stored: int
    duplicates: int
    left_out: int
    problems: list[LeftOut]


@dataclass
class _Pending:
    """What is to be stored, and what became of what was."""

    aggregates: list[Aggregate] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    stored: int = 0
    duplicates: int = 0

    def add(self, told: Sequence[Aggregate | Use]) -> None:
        for one in told:
            if isinstance(one, Use):
                self.uses.append(one)
            else:
                self.aggregates.append(one)

    def __len__(self) -> int:
        return len(self.aggregates) + len(self.uses)


def import_usage(
    takehold: Takehold,
    workspace_id: str,
    source: str,
    file: Rows,
    progress: Progress,
    today: date | None = None,
    app: str | None = None,
) -> Imported:
    """Stores what a file tells under the name of a source; the same file again stores nothing.

    A run that was broken off is completed by another. app: the one whose features each row tells of completely.
    Raises NotAnExport before anything is stored, NoWorkspace and Busy.
    """
    workspace = takehold.workspace(workspace_id)
    today = today or datetime.now(workspace.zone).date()
    rows, problems = _survey(file, today, progress)
    id = new_id()
    setter = Setter(takehold, workspace, source, id)
    pending = _Pending()
    known = setter.known(app) if app else []
    for number, row in enumerate(file.rows(today, known), start=1):
        if isinstance(row, Row):
            pending.add(row.told)
        if len(pending) >= _AT_ONCE:
            _store(takehold, workspace_id, source, setter, pending)
            progress("rows stored", number, rows)
    _store(takehold, workspace_id, source, setter, pending)
    progress("rows stored", rows, rows)
    return Imported(id, source, rows, pending.stored, pending.duplicates, problems.count, problems.first)


def _survey(file: Rows, today: date, progress: Progress) -> tuple[int, Problems]:
    rows, problems = 0, Problems()
    for rows, row in enumerate(file.rows(today), start=1):
        if isinstance(row, LeftOut):
            problems.add(row)
        if rows % _TOLD_EVERY == 0:
            progress("rows checked", rows, None)
    if rows == problems.count:
        first = problems.first[0] if problems.first else None
        why = f"; line {first.line}: {first.column or 'it'} {first.reason}" if first else ""
        raise NotAnExport(f"{file.name} has no row that can be used{why}.")
    progress("rows checked", rows, rows)
    return rows, problems


def _store(takehold: Takehold, workspace_id: str, source: str, setter: Setter, pending: _Pending) -> None:
    new = store(takehold, workspace_id, source, pending.uses, import_id=setter.import_id)
    stored, known = setter.take(pending.aggregates) if pending.aggregates else (0, 0)
    pending.stored += sum(new) + stored
    pending.duplicates += len(new) - sum(new) + known
    pending.uses.clear()
    pending.aggregates.clear()
