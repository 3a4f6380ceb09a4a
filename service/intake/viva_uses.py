"""Turns the active days of a week, which an export counts but does not name, into observations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from service.intake.store import Use
from service.intake.viva import Week

APP = "copilot"


def uses(week: Week, zone: ZoneInfo) -> Iterator[Use]:
    """One observation for each feature and active day: on Monday, Tuesday, ... first, Sunday last, at noon.

    count: the week's actions, spread as evenly as whole numbers allow, at least 1 a day.
    """
    noons = _noons(week.start, zone)
    for feature, days in week.days.items():
        if days == 0:
            continue
        each, more = divmod(max(week.actions.get(feature, 0), days), days)
        for number, (day, noon) in enumerate(noons[:days]):
            item = f"{week.person}|{feature}|{day}"
            yield Use(item, APP, feature, week.person, noon, each + (number < more), grain="week")


@lru_cache(maxsize=1000)
def _noons(start: date, zone: ZoneInfo) -> list[tuple[str, int]]:
    # The busiest days of an office first: nobody knows which days they were, and most use is on working days.
    days = sorted((start + timedelta(days=n) for n in range(7)), key=date.weekday)
    return [(day.isoformat(), int(datetime.combine(day, time(12), zone).timestamp() * 1000)) for day in days]
