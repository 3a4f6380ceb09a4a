"""Reads a person query of Viva Insights: a CSV with a row for every person and week."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import IO

from service.intake.imports import viva_cells as read
from service.intake.imports.cells import Unusable, number_in
from service.intake.imports.files import LeftOut, NotAnExport, open_file, text_lines
from service.intake.imports.viva_cells import TOTAL, find_columns

WEEK_LENGTH = timedelta(days=7)
_MOST_ACTIONS = 999_999
"""A person's actions in one app and week; more is a mistake in the data."""


@dataclass(frozen=True, slots=True)
class Week:
    """What a row says of a person in the week that begins on `start`.

    days: active days, 0 to 7, by feature. actions: how many, by feature; those of `total` are the sum. enabled:
    whether Copilot was enabled on any day, None where the export does not tell.
    """

    line: int
    person: str
    start: date
    organisation: str
    days: dict[str, int]
    actions: dict[str, int]
    enabled: bool | None


class Export:
    """An open export, to be read as often as wanted. Raises NotAnExport, when it is made or while it is read."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self.name, self._file = name, file
        first = next(self._records(), None)
        if first is None:
            raise NotAnExport(f"{name} is empty.")
        self._header = first[1]
        try:
            self._columns = find_columns(self._header)
        except Unusable as unusable:
            raise NotAnExport(
                f"{name} {unusable.reason}; it must be a person query with Copilot metrics, as CSV with commas."
            ) from None

    def rows(self, today: date) -> Iterator[Week | LeftOut]:
        """Every row under the header, judged; a week that is not over on the local day `today` is left out."""
        records = self._records()
        next(records)
        for line, cells in records:
            try:
                yield self._week(line, cells, today)
            except Unusable as unusable:
                yield LeftOut(line, unusable.column, unusable.reason)

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(text_lines(self._file, self.name), strict=True)
        line = 1
        try:
            for cells in reader:
                if cells:
                    yield line, cells
                line = reader.line_num + 1
        except csv.Error as error:
            raise NotAnExport(f"{self.name} is not CSV: line {line}: {error}.") from None

    def _week(self, line: int, cells: Sequence[str], today: date) -> Week:
        here, header = self._columns, self._header
        if len(cells) != len(header):
            raise Unusable(None, f"has {len(cells)} cells, the header has {len(header)}")
        person = read.text_in(read.PERSON, cells[here.person])
        start = read.day_in(read.WEEK, cells[here.week])
        if start > today - WEEK_LENGTH:
            raise Unusable(read.WEEK, "is of a week that is not over yet")
        organisation = read.text_in(read.ORGANISATION, cells[here.organisation])
        days = {name: number_in(header[at], cells[at], 7) for name, at in here.days.items()}
        actions = {name: number_in(header[at], cells[at], _MOST_ACTIONS) for name, at in here.actions.items()}
        at = here.enabled
        enabled = None if at is None else number_in(header[at], cells[at], 7) > 0
        return Week(line, person, start, organisation, days, {TOTAL: sum(actions.values()), **actions}, enabled)


@contextmanager
def open_export(path: Path) -> Iterator[Export]:
    """Opens the file at `path`. Raises NotAnExport."""
    with open_file(path) as file:
        yield Export(file, path.name)
