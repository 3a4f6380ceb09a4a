"""What must hold afterwards, whatever was done: the chain verifies, rebuilt = live, activity sets = the raw rows."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from events.activity import NAME, unpack
from events.database import Busy
from events.followers import Overtaken
from events.stored import stored
from events.tables import ACTIVITY, FOLLOWER, USAGE
from events.verify import verify_rows
from service.readmodels.rebuilding import rebuild
from service.readmodels.sources import sources
from service.takehold import Takehold
from service.worker.follow import follow
from tests.events.cast import until
from tests.faults.stores import HOME


def assert_trusted(takehold: Takehold) -> tuple[int, int]:
    """Everything above, once all followers are at the head; answers how many events and observations there are."""
    followed(takehold)
    events = assert_chained(takehold)
    for name, source in sources(takehold.workspace().zone).items():
        rebuilt = rebuild(takehold.database, HOME, source, in_silence)
        assert rebuilt.differing == 0, f"rebuilt {name} differs from live: {rebuilt}"
    return events, assert_activity(takehold)


def followed(takehold: Takehold, seconds: float = 300) -> None:
    """Waits until every follower is at the head."""
    workspace, reached = takehold.workspace(), [False]
    for _ in until(lambda: reached[0], seconds):
        with suppress(Busy, Overtaken):
            reached[0] = follow(takehold, workspace)


def assert_chained(takehold: Takehold) -> int:
    """Every event follows from the one before, in gapless positions; how many there are."""
    with takehold.database.read() as connection:
        verdict = verify_rows(HOME, stored(connection, HOME))
    assert verdict.holds, f"position {verdict.bad_position}: {verdict.reason}"
    return verdict.events


def assert_activity(takehold: Takehold) -> int:
    """The activity sets say what a recount of the raw rows says; how many rows there are."""
    zone = takehold.workspace().zone
    counted: dict[tuple[int, int, date, date], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    number = 0
    with takehold.database.read() as connection:
        for row in connection.execute(select(USAGE).where(USAGE.c.workspace_id == HOME)):
            key = (row.source_id, row.feature_id, _day(row.occurred_ms, zone), _day(row.received_ms, zone))
            counted[key][row.account_id] += row._mapping[USAGE.c.count]
            number += 1
        live = select(FOLLOWER.c.generation).where(FOLLOWER.c.workspace_id == HOME, FOLLOWER.c.name == NAME)
        wanted = ACTIVITY.c.workspace_id == HOME, ACTIVITY.c.generation == live.scalar_subquery()
        sets = connection.execute(select(ACTIVITY).where(*wanted)).all()
    kept = {}
    for row in sets:
        accounts, counts = unpack(row.accounts, row.counts)
        key = (row.source_id, row.feature_id, row.day, row.received_day)
        kept[key] = dict(zip(accounts.tolist(), counts.tolist(), strict=True))
    assert kept == counted, "the activity sets differ from a recount of the raw rows"
    return number


def _day(milliseconds: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(milliseconds // 1000, UTC).astimezone(zone).date()


def in_silence(name: str, done: int, last: int) -> None:
    """Tells nobody how far a rebuild is."""
