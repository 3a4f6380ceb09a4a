"""The tables that PostgreSQL keeps observations in, one a month of use, are made ahead and dropped when empty."""

from __future__ import annotations

from datetime import datetime, timedelta

from events.partitions import drop_past, make_ahead
from service.takehold import Takehold
from service.worker.retain import LONGEST_AHEAD


def partition(takehold: Takehold, now: datetime) -> tuple[list[str], list[str]]:
    """Names of the tables that were made and dropped. Raises Busy, as while a backup is taken."""
    made = make_ahead(takehold.database, now)
    # Until then apps may still tell of the month, and so belated ones need not go to DEFAULT.
    kept = timedelta(days=takehold.settings.usage_retention_days) + LONGEST_AHEAD
    return made, drop_past(takehold.database, now - kept)
