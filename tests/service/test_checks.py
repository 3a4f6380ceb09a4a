"""The doctor sees what the stores' own rows say of clocks, followers, workers, leases, months and backups."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from events.partitions import make_ahead
from events.tables import FOLLOWER
from service.checks import check_all
from service.intake.store import Use, store
from service.settings import Settings
from service.takehold import Takehold
from service.vitals import Finding, heads, vitals
from service.worker.chores import BACKUP, STORE, TASKS, Chores, note
from service.worker.lease import lease
from service.worker.tables import CHORE, LEASE
from tests.service.conftest import Caller


@pytest.fixture
def look(takehold: Takehold) -> Callable[..., Finding]:
    """What is found under a name, so long after now by this machine's clock."""

    def find(name: str, **later: float) -> Finding:
        with takehold.database.read() as connection:
            found = vitals(connection, ["default"], datetime.now(UTC) + timedelta(**later))
        [one] = [finding for finding in found if finding.name == name]
        return one

    return find


def noted(takehold: Takehold, name: str, workspace: str = "default", detail: str = "", **ago: float) -> None:
    with takehold.database.write("work", workspace) as connection:
        note(connection, workspace, name, datetime.now(UTC) - timedelta(**ago), detail=detail)


def test_everything_is_looked_at(takehold: Takehold, settings: Settings) -> None:
    names = {finding.name for finding in check_all(takehold, settings)}
    assert names >= {"durability", "free disk", "clock", "followers", "worker for default", "backup", "signed heads"}


def test_a_clock_that_is_off_is_told_of(takehold: Takehold, look: Callable[..., Finding]) -> None:
    shared = takehold.database.engine.dialect.name == "sqlite"
    assert look("clock", seconds=3).ok
    assert look("clock", seconds=7).ok is shared
    assert look("clock", seconds=-7).ok is shared


def test_a_follower_that_is_late_or_stopped_is_told_of(
    launched: Caller, takehold: Takehold, look: Callable[..., Finding]
) -> None:
    assert look("followers").ok
    with takehold.database.write("work", "default") as connection:
        here = FOLLOWER.c.name == "changes"
        connection.execute(update(FOLLOWER).where(here).values(position=0))
        # It waits since a moment ago, which is nothing.
    assert "of" not in look("followers").name
    with takehold.database.write("work", "default") as connection:
        connection.execute(update(FOLLOWER).where(here).values(stopped="KeyError at position 1"))
    found = look("follower changes of default")
    assert not found.ok
    assert "KeyError at position 1; mend it, then run: takehold rebuild changes" in found.detail


def test_a_worker_that_was_not_seen_is_told_of(takehold: Takehold, look: Callable[..., Finding]) -> None:
    assert look("worker for default") == Finding(
        "worker for default", False, "follow: never; evaluate: never; deliver: never"
    )
    for task in TASKS:
        noted(takehold, task, seconds=20)
    assert look("worker for default").ok
    noted(takehold, "deliver", minutes=5)
    assert not look("worker for default").ok
    assert look("worker for default").detail.endswith("deliver: 5 min ago")


def test_a_lease_says_who_holds_it_and_one_without_end_is_told_of(
    takehold: Takehold, look: Callable[..., Finding]
) -> None:
    with lease(takehold.database, "default", "evaluate"):
        assert "held by" in look("lease evaluate of default").detail
    assert look("lease evaluate of default").detail.startswith("free")
    with takehold.database.write("work", "default") as connection:
        connection.execute(update(LEASE).values(until=datetime.now(UTC) + timedelta(days=1)))
    assert not look("lease evaluate of default").ok


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_month_that_could_not_be_made_is_told_of_and_one_that_default_has_is_a_note(
    takehold: Takehold, look: Callable[..., Finding]
) -> None:
    assert look("months of use") == Finding("months of use", True, "this one and the next are there")
    later = datetime.now(UTC) + timedelta(days=400)
    this = later.date().replace(day=1)
    following = (this + timedelta(days=31)).replace(day=1)
    found = look("months of use", days=400)
    assert not found.ok
    assert found.detail.startswith(f"not there: usage_{this:%Y_%m}, usage_{following:%Y_%m}; no worker could make it")
    use = Use("1", "app", "ask", "ada", int(later.timestamp() * 1000))
    store(takehold, "default", "app", [use])
    assert f"not there: usage_{following:%Y_%m}; " in look("months of use", days=400).detail
    make_ahead(takehold.database, later)
    kept = f"usage_default holds rows of usage_{this:%Y_%m} and keeps it"
    assert look("months of use", days=400) == Finding("months of use", True, kept, note=True)


def test_a_backup_that_is_old_or_missing_is_told_of(
    launched: Caller, takehold: Takehold, look: Callable[..., Finding]
) -> None:
    assert look("backup").ok, "there is nothing of a week ago to lose"
    noted(takehold, BACKUP, STORE, "b.gz", days=3)
    assert look("backup") == Finding("backup", True, "the last verified, b.gz, is of 3 days ago")
    noted(takehold, BACKUP, STORE, "b.gz", days=8)
    assert not look("backup").ok


def test_where_heads_are_kept_must_be_there(settings: Settings, tmp_path: Path) -> None:
    assert heads(settings).ok
    assert heads(settings.model_copy(update={"heads_file": tmp_path / "heads"})).ok
    assert not heads(settings.model_copy(update={"heads_file": tmp_path / "none" / "heads"})).ok


def test_what_is_worth_knowing_is_a_note_and_no_warning(
    takehold: Takehold, settings: Settings, look: Callable[..., Finding]
) -> None:
    assert (look("backup").ok, look("backup").note) == (True, True)
    assert (heads(settings).ok, heads(settings).note) == (True, True)
    assert not look("clock").note
    assert [one.note for one in check_all(takehold, settings) if one.name == "mail server"] == [True]


def test_chores_are_told_at_most_every_30_seconds_and_none_is_lost(
    takehold: Takehold, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("service.worker.chores.time.monotonic", lambda: clock[0])
    chores = Chores(takehold.database)

    def told() -> tuple[int, str]:
        with takehold.database.read() as connection:
            row = connection.execute(CHORE.select()).one()
        return row.failures, row.detail

    chores.succeeded("default", "follow")
    for _ in range(3):
        chores.failed("default", "follow", KeyError())
    assert told() == (0, "")
    clock[0] = 31.0
    chores.succeeded("default", "follow")
    assert told() == (3, "KeyError")
    clock[0] = 62.0
    chores.failed("default", "follow", ValueError())
    assert told() == (4, "ValueError")


def test_what_the_worker_told_can_be_scraped_from_the_web_process(launched: Caller, takehold: Takehold) -> None:
    with takehold.database.write("work", "default") as connection:
        at = datetime(2026, 5, 5, tzinfo=UTC)
        connection.execute(insert(CHORE).values(workspace_id="default", name="deliver", at=at, failures=3, detail="x"))
        connection.execute(update(FOLLOWER).where(FOLLOWER.c.name == "changes").values(position=0))
    scraped = launched.client.get("/metrics").text
    assert 'takehold_worker_failures{task="deliver",workspace="default"} 3.0' in scraped
    assert f'takehold_worker_last_success_seconds{{task="deliver",workspace="default"}} {at.timestamp()!r}' in (
        scraped.replace("1.7779392e+09", "1777939200.0")
    )
    assert 'takehold_follower_lag_seconds{follower="members",workspace="default"} 0.0' in scraped
    assert 'takehold_follower_lag_seconds{follower="changes",workspace="default"} 0.0\n' not in scraped
