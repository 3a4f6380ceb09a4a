"""What is retracted may be told again, by an import or by the source itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Connection, bindparam, select, update

from events.activity import local_days
from events.log import chunks
from events.tables import USAGE
from events.types.usage import UsageRetracted
from events.usage_log import dedupe_key
from service.directory.retracted import retractions
from service.directory.tables import WORKSPACE

_TIME = 6
"""Bytes of a key that say when; the others say what."""


def make_room(
    connection: Connection, workspace_id: str, source: str, keys: Sequence[bytes], import_id: UUID | None = None
) -> bool:
    """Takes keys from observations that are retracted; whether there were any.

    import_id: of the import that tells it again, whose own observations keep theirs: what it repeats of itself would
    count twice once the retraction is undone.
    Inside a transaction that holds the `usage` lock. Only now, and not when it was retracted: a retraction that is
    undone before anything was told again leaves all as it had been.
    """
    # By the log, not by the read model, which may not have followed yet.
    gone: dict[int, list[UsageRetracted]] = defaultdict(list)
    for _, told in retractions(connection, workspace_id, source):
        for number in told.numbers if told.import_id is None or told.import_id != import_id else ():
            gone[number].append(told)
    if not gone:
        return False
    zone = ZoneInfo(connection.scalar(select(WORKSPACE.c.zone).where(WORKSPACE.c.workspace_id == workspace_id)) or "")
    here = USAGE.c.workspace_id == workspace_id
    moved = []
    for some in chunks(keys):
        wanted = select(USAGE.c.k, USAGE.c.seq, USAGE.c.source_id, USAGE.c.occurred_ms, USAGE.c.received_ms)
        rows = connection.execute(wanted.where(here, USAGE.c.k.in_(some), USAGE.c.source_id.in_(gone))).all()
        days, received = (
            local_days(np.array([row[at] for row in rows], dtype=np.int64), zone).tolist() for at in (3, 4)
        )
        for row, day, came in zip(rows, days, received, strict=True):
            if any(_covers(told, date.fromordinal(day), date.fromordinal(came)) for told in gone[row.source_id]):
                # No source has the number 0, so no item ever has such a key.
                own = dedupe_key(0, str(row.seq), None)[_TIME:]
                moved.append({"was": row.k, "is": row.k[:_TIME] + own})
    if moved:
        connection.execute(update(USAGE).where(here, USAGE.c.k == bindparam("was")).values(k=bindparam("is")), moved)
    return bool(moved)


def _covers(told: UsageRetracted, day: date, received: date) -> bool:
    return (
        (told.start is None or told.start <= day)
        and (told.end is None or day <= told.end)
        and told.received in (None, received)
    )
