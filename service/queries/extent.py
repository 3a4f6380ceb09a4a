"""How much use a retraction takes back, in numbers that tell of nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from sqlalchemy import Connection, select

from events.activity import NAME as ACTIVITY_FOLLOWER
from events.activity import unpack
from events.envelope import Recorded
from events.tables import ACTIVITY
from events.types.usage import UsageRetracted
from service.readmodels.retractions import covered, standing
from service.readmodels.temporal import live


@dataclass(frozen=True)
class Extent:
    """days: on which there was use. accounts: of whom. first, last: of these days; None without any."""

    days: int
    accounts: int
    first: date | None
    last: date | None


def extent_of(connection: Connection, workspace_id: str, told: Recorded) -> Extent:
    """What a retraction takes back of what the activity sets hold; not what was taken back before."""
    retracted = told.event
    assert isinstance(retracted, UsageRetracted)
    rows = connection.execute(
        select(ACTIVITY.c.day, ACTIVITY.c.accounts, ACTIVITY.c.counts).where(
            live(ACTIVITY, ACTIVITY_FOLLOWER, workspace_id),
            covered({*retracted.numbers}, retracted.start, retracted.end, retracted.received),
            standing(connection, workspace_id, told.position - 1),
        )
    )
    days, people = set[date](), set[int]()
    for row in rows:
        accounts, counts = unpack(row.accounts, row.counts)
        # Some restate a day as one without use.
        used = accounts[np.asarray(counts) > 0].tolist()
        if used:
            days.add(row.day)
            people.update(used)
    return Extent(len(days), len(people), min(days, default=None), max(days, default=None))
