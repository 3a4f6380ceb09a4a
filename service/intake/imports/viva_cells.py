"""The columns of a person query, and what their cells may hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from marshmallow import ValidationError

from service.http.fields import EARLIEST, ExternalId, Text
from service.intake.imports.cells import Unusable

PERSON, WEEK, ORGANISATION = "PersonId", "MetricDate", "Organization"
TOTAL = "total"
"""The feature that stands for any use of Copilot."""

_TOTAL_DAYS, _ENABLED_DAYS = "Total_Copilot_active_days", "Total_Copilot_enabled_days"
_REQUIRED = (PERSON, WEEK, ORGANISATION, _TOTAL_DAYS)
_DAYS = re.compile(r"days-of-active-copilot-(?:usage-in-(.+)|(chat.*)-usage)")
_ACTIONS = re.compile(r"copilot-actions-taken-in-(?:copilot-)?(.+)")
_DAY_FIRST_YEAR = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_DAY_FIRST_MONTH = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_CHECKS = {PERSON: ExternalId(), ORGANISATION: Text(200)}


@dataclass(frozen=True)
class Columns:
    """Where in a row what stands; days and actions by feature."""

    person: int
    week: int
    organisation: int
    enabled: int | None
    days: dict[str, int]
    actions: dict[str, int]


def slug(text: str) -> str:
    """Lower-case letters and digits of ASCII, joined by dashes; empty where there are none."""
    plain = unicodedata.normalize("NFKD", text).casefold().encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def find_columns(header: Sequence[str]) -> Columns:
    """The columns that matter. Raises Unusable where one is missing or named twice."""
    # Some tools write Total_Copilot_active_days where Viva writes Total Copilot active days.
    names = [slug(column) for column in header]
    if missing := [column for column in _REQUIRED if slug(column) not in names]:
        raise Unusable(missing[0], f"has no column {', '.join(missing)}")
    if twice := [column for column in _REQUIRED if names.count(slug(column)) > 1]:
        raise Unusable(twice[0], f"has more than one column {', '.join(twice)}")
    place = {name: index for index, name in enumerate(names)}
    days, actions = {TOTAL: place[slug(_TOTAL_DAYS)]}, {}
    for name, index in place.items():
        if used := _DAYS.fullmatch(name):
            days[used[1] or used[2]] = index
        elif acted := _ACTIONS.fullmatch(name):
            actions[acted[1]] = index
    person, week, organisation = (place[slug(column)] for column in (PERSON, WEEK, ORGANISATION))
    return Columns(person, week, organisation, place.get(slug(_ENABLED_DAYS)), days, actions)


@lru_cache(maxsize=10_000)
def text_in(column: str, cell: str) -> str:
    """A person or an organisation, stripped. Raises Unusable."""
    if not cell.strip():
        raise Unusable(column, "is empty")
    try:
        return str(_CHECKS[column].deserialize(cell.strip()))
    except ValidationError as error:
        raise Unusable(column, str(error.messages[0])) from None


@lru_cache(maxsize=10_000)
def day_in(column: str, cell: str) -> date:
    """A day such as 2024-03-31 or 3/31/2024. Raises Unusable."""
    try:
        if written := _DAY_FIRST_YEAR.fullmatch(cell.strip()):
            year, month, day = map(int, written.groups())
        elif written := _DAY_FIRST_MONTH.fullmatch(cell.strip()):
            month, day, year = map(int, written.groups())
        else:
            raise ValueError
        if year < EARLIEST.year:
            raise ValueError
        return date(year, month, day)
    except ValueError:
        raise Unusable(column, "must be a day such as 2024-03-31 or 3/31/2024, from the year 2000 on") from None
