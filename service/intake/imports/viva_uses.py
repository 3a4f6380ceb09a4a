"""Turns the active days of a week, which an export counts but does not name, into aggregates by day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from service.intake.imports.aggregates import Aggregate
from service.intake.imports.viva import Week

APP = "copilot"


def aggregates(week: Week) -> Iterator[Aggregate]:
    """One for each feature and day of the week: active on Monday, Tuesday, ... first, Sunday last, 0 on all others.

    count: the week's actions, spread as evenly as whole numbers allow, at least 1 an active day.
    """
    order = _busiest_first(week.start)
    for feature, days in week.days.items():
        each, more = divmod(max(week.actions.get(feature, 0), days), days or 1)
        for number, day in enumerate(order):
            count = each + (number < more) if number < days else 0
            yield Aggregate(APP, feature, week.person, day, count, grain="week")


@lru_cache(maxsize=1000)
def _busiest_first(start: date) -> list[date]:
    # The busiest days of an office first: nobody knows which days they were, and most use is on working days.
    return sorted((start + timedelta(days=n) for n in range(7)), key=date.weekday)
