"""What a cell of a file may hold, whichever export it is of."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from marshmallow import ValidationError

from service.http.fields import EARLIEST, Day, ExternalId

_WHOLE = re.compile(r"([0-9]{1,9})(?:\.0*)?")
_TEXT, _DAY = ExternalId(), Day()


class Unusable(Exception):
    """What stands in a file cannot be used. column: as the file names it, or None. reason: for people."""

    def __init__(self, column: str | None, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


@lru_cache(maxsize=10_000)
def name_in(column: str, cell: str, most: int) -> str:
    """Another system's name for somebody or something, stripped: 1 to `most` characters. Raises Unusable."""
    name = cell.strip()
    if not name:
        raise Unusable(column, "is empty")
    if len(name) > most:
        raise Unusable(column, f"must have 1 to {most} characters")
    try:
        return str(_TEXT.deserialize(name))
    except ValidationError as error:
        raise Unusable(column, str(error.messages[0])) from None


@lru_cache(maxsize=10_000)
def number_in(column: str, cell: str, most: int, least: int = 0) -> int:
    """A whole number from `least` to `most`; 2.0 is one. Raises Unusable."""
    written = _WHOLE.fullmatch(cell.strip())
    if written is None or not least <= int(written[1]) <= most:
        raise Unusable(column, f"must be a whole number from {least} to {most:,}")
    return int(written[1])


@lru_cache(maxsize=10_000)
def past_day_in(column: str, cell: str, today: date) -> date:
    """A day such as 2026-03-01, from the year 2000 to the local day `today`. Raises Unusable."""
    try:
        day: date = _DAY.deserialize(cell.strip())
    except ValidationError as error:
        raise Unusable(column, str(error.messages[0])) from None
    if day.year < EARLIEST.year:
        raise Unusable(column, "must not be before the year 2000")
    if day > today:
        raise Unusable(column, "must not be a day that has not begun")
    return day
