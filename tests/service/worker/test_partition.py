"""A month whose observations are all forgotten gives its space back, and nothing that was known of it is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select, text

from events.activity import NAME
from events.log import read
from events.partitions import make_room
from events.seals import broken_seals
from events.tables import ACTIVITY, FOLLOWER, USAGE
from events.types.usage import UsageSealed
from events.usage_log import last_seq
from service.intake.store import Use, store
from service.readmodels import sources
from service.readmodels.rebuilding import rebuild
from service.takehold import Takehold
from service.verifying import verify_target
from service.worker.follow import follow
from service.worker.loop import Worker
from service.worker.partition import partition
from service.worker.retain import retain
from tests.events.cast import until

NOW = datetime.now(UTC)


def quiet(*_: object) -> None:
    """Tells nobody how far it is."""


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def name_of(moment: datetime) -> str:
    return f"usage_{moment:%Y_%m}"


def use(takehold: Takehold, days_ago: int, *actors: str, told_days_ago: int | None = None) -> None:
    """Actors used the assistant so long ago, and that came in on the same day or later."""
    occurred = NOW - timedelta(days=days_ago)
    received = NOW - timedelta(days=days_ago if told_days_ago is None else told_days_ago)
    uses = [Use(f"{actor} {days_ago}", "assistant", "ask", actor, ms(occurred)) for actor in actors]
    assert all(store(takehold, "default", "assistant", uses, ms(received)))


def months(takehold: Takehold) -> set[str]:
    with takehold.database.read() as connection:
        if connection.dialect.name == "sqlite":
            return set()
        return set(connection.scalars(text("SELECT relid::text FROM pg_partition_tree('usage') WHERE isleaf")))


def sets(takehold: Takehold) -> int:
    with takehold.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(ACTIVITY)) or 0


@pytest.fixture
def long_ago(takehold: Takehold) -> Takehold:
    """A store that has lived for half a year."""
    with takehold.database.write("work", "") as connection:
        make_room(connection, (NOW - timedelta(days=180)).date(), NOW.date())
    return takehold


def test_a_month_past_retention_goes_when_its_observations_are_forgotten(long_ago: Takehold) -> None:
    use(long_ago, 150, "p1", "p2")
    use(long_ago, 120, "p1")
    use(long_ago, 80, "p4", told_days_ago=20)
    use(long_ago, 1, "p3")
    workspace, before = long_ago.workspace(), months(long_ago)
    follow(long_ago, workspace)
    known = sets(long_ago)
    _, dropped = partition(long_ago, NOW)
    assert set(dropped).isdisjoint({name_of(NOW - timedelta(days=days)) for days in (150, 120, 80, 1)})
    assert retain(long_ago, workspace, NOW) == (4, 3)
    _, more = partition(long_ago, NOW)
    if before:
        assert set(more) == {name_of(NOW - timedelta(days=days)) for days in (150, 120)}
        kept = {name_of(NOW - timedelta(days=days)) for days in (80, 1)}
        assert kept < before - {*dropped, *more} == months(long_ago), "something of it came in lately"
    assert partition(long_ago, NOW) == ([], [])
    assert sets(long_ago) == known
    assert rebuild(long_ago.database, "default", sources.sources(workspace.zone)[NAME], quiet).differing == 0
    with long_ago.database.read() as connection:
        assert last_seq(connection, "default") == 5
        assert connection.scalar(select(FOLLOWER.c.position).where(FOLLOWER.c.name == NAME)) == 5
        assert connection.scalar(select(func.count()).select_from(USAGE)) == 2
        told = [one.event for one in read(connection, "default", limit=1000)]
        assert broken_seals(connection, "default", [one for one in told if isinstance(one, UsageSealed)]) == []
    assert verify_target(long_ago.database.url, workspace_id="default").holds
    use(long_ago, 121, "p1", told_days_ago=0)
    follow(long_ago, workspace)
    assert sets(long_ago) == known + 1


def test_the_last_observation_of_a_workspace_that_fell_silent_keeps_its_month(long_ago: Takehold) -> None:
    use(long_ago, 150, "p1", "p2")
    retain(long_ago, long_ago.workspace(), NOW)
    partition(long_ago, NOW)
    with long_ago.database.read() as connection:
        assert last_seq(connection, "default") == 2
    if months(long_ago):
        assert name_of(NOW - timedelta(days=150)) in months(long_ago)
    use(long_ago, 0, "p3")
    follow(long_ago, long_ago.workspace())
    with long_ago.database.read() as connection:
        assert last_seq(connection, "default") == 3
    assert retain(long_ago, long_ago.workspace(), NOW)[1] == 1
    assert partition(long_ago, NOW)[1] == [name_of(NOW - timedelta(days=150))] * bool(months(long_ago))


def test_a_month_within_retention_stays_though_it_is_empty(long_ago: Takehold) -> None:
    partition(long_ago, NOW)
    ready = {name_of(NOW - timedelta(days=days)) for days in (0, 35)}
    assert ready <= months(long_ago) or not months(long_ago)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_worker_makes_the_months_ahead_by_itself(takehold: Takehold) -> None:
    """As the years pass."""
    with time_machine.travel(NOW + timedelta(days=2000)):
        wanted = {name_of(datetime.now(UTC) + timedelta(days=days)) for days in (0, 31)}
        worker = Worker(takehold)
        worker.start()
        try:
            for _ in until(lambda: wanted <= months(takehold)):
                pass
        finally:
            worker.stop()
