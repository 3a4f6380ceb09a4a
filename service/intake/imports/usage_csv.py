"""Reads usage from a CSV of anybody's making: a row for each use, or for what was used how often on a day."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import IO

from marshmallow import ValidationError

from service.http.fields import Instant
from service.intake.imports.aggregates import Aggregate
from service.intake.imports.cells import Unusable, name_in, number_in, past_day_in
from service.intake.imports.files import LeftOut, NotAnExport, Tally, tally, text_lines
from service.intake.imports.usage_import import Row
from service.intake.store import Use

_NAMES = {"actor": 256, "app": 128, "feature": 128}
"""Columns that every file has, and how long their cells may be."""
_BY_DAY = (*_NAMES, "day", "count", "duration_ms")
_BY_USE = (*_NAMES, "occurred_at", "id", "count", "duration_ms")
_MOST, _LONGEST_MS = 1_000_000, 86_400_000
_DELIMITERS = ",;\t"
_INSTANT = Instant()


class UsageFile:
    """An open file, to be read as often as wanted. Raises NotAnExport, when it is made or while it is read."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self.name, self._file = name, file
        head = next((line for line in text_lines(file, name) if line.strip()), None)
        if head is None:
            raise NotAnExport(f"{name} is empty.")
        self._delimiter = max(_DELIMITERS, key=head.count)
        self._header = [column.strip().lower() for column in next(self._records())[1]]
        self._by_day = "day" in self._header
        self._check_header()

    def rows(self, today: date, known: Sequence[tuple[str, str]] = ()) -> Iterator[Row | LeftOut]:
        """Every row under the header, judged; `today` is the running day of the workspace."""
        records = self._records()
        next(records)
        with tally() as seen:
            for line, cells in records:
                try:
                    yield Row(line, [self._aggregate(cells, today, seen) if self._by_day else self._use(cells, seen)])
                except Unusable as unusable:
                    yield LeftOut(line, unusable.column, unusable.reason)

    def _check_header(self) -> None:
        header, known = self._header, _BY_DAY if self._by_day else _BY_USE
        if "day" in header and "occurred_at" in header:
            raise NotAnExport(f"{self.name} has both day and occurred_at; rows are of days, or of single uses.")
        missing = [name for name in _NAMES if name not in header]
        if "day" not in header and "occurred_at" not in header:
            missing.append("day or occurred_at")
        if missing:
            raise NotAnExport(
                f"{self.name} has no column {', '.join(missing)}; it must be CSV with a header, and commas, semicolons "
                "or tabs between the cells."
            )
        # Left unread, a mistyped count would be a 1 in every row, and nobody would know.
        if unknown := [name or "without a name" for name in header if name not in known]:
            raise NotAnExport(
                f"{self.name} has a column that is not known: {', '.join(unknown)}; known are {', '.join(known)}."
            )
        if twice := sorted({name for name in header if header.count(name) > 1}):
            raise NotAnExport(f"{self.name} has more than one column {', '.join(twice)}.")

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(text_lines(self._file, self.name), strict=True, delimiter=self._delimiter)
        line = 1
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield line, cells
                line = reader.line_num + 1
        except csv.Error as error:
            raise NotAnExport(f"{self.name} is not CSV: line {line}: {error}.") from None

    def _cells(self, cells: Sequence[str]) -> dict[str, str]:
        if len(cells) != len(self._header):
            raise Unusable(None, f"has {len(cells)} cells, the header has {len(self._header)}")
        return dict(zip(self._header, cells, strict=True))

    def _aggregate(self, cells: Sequence[str], today: date, seen: Tally) -> Aggregate:
        here = self._cells(cells)
        actor, app, feature = (name_in(name, here[name], most) for name, most in _NAMES.items())
        day = past_day_in("day", here["day"], today)
        told = Aggregate(app, feature, actor, day, _count(here, least=0), _duration(here))
        if seen.times("\0".join((actor, app, feature, day.isoformat()))) > 1:
            raise Unusable("day", "is one that an earlier row tells of for this actor and feature")
        return told

    def _use(self, cells: Sequence[str], seen: Tally) -> Use:
        here = self._cells(cells)
        actor, app, feature = (name_in(name, here[name], most) for name, most in _NAMES.items())
        try:
            occurred: datetime = _INSTANT.deserialize(here["occurred_at"].strip())
        except ValidationError as error:
            raise Unusable("occurred_at", str(error.messages[0])) from None
        instant, count, duration = int(occurred.timestamp() * 1000), _count(here, least=1), _duration(here)
        if "id" in here:
            item = name_in("id", here["id"], 256)
        else:
            # Rows that are alike are so many uses; the same file again has as many, and each is known by its number.
            whole = "\0".join((actor, app, feature, str(instant), str(count), str(duration)))
            item = f"{whole}\0{seen.times(whole)}"
        return Use(item, app, feature, actor, instant, count, duration)


def _count(here: dict[str, str], least: int) -> int:
    cell = here.get("count", "").strip()
    return number_in("count", cell, _MOST, least) if cell else 1


def _duration(here: dict[str, str]) -> int | None:
    cell = here.get("duration_ms", "").strip()
    return number_in("duration_ms", cell, _LONGEST_MS) if cell else None
