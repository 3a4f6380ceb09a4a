"""Every write says where it stands in the log; a read can be asked to have come that far, and says if it has not."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select, text, update

from events.connect import open_database
from events.database import Database
from events.envelope import Who
from events.log import head
from events.tables import FOLLOWER
from service.api import reading
from service.app import create_app
from service.commands.changes import load_change, person_of, place_member
from service.organisation import create_workspace, issue_key
from service.readmodels.registry import READMODELS
from service.settings import Settings
from service.takehold import Stopped, Takehold
from service.unit import Unit
from tests.service.api.corpus import ROLE, WRITES
from tests.service.api.office import House, Office
from tests.service.api.test_bad_input import Desk
from tests.service.conftest import Caller

USES = {
    "/changes": {"changes"},
    "/changes/copilot": set(),
    **{
        f"/changes/copilot/{path}": {"members", "links"}
        for path in ("adoption", "lifecycle", "retention", "funnel", "segments", "speed")
    },
    "/changes/copilot/training": {"members", "links", "trainings"},
    "/changes/copilot/adkar": {"members", "assessments", "stages"},
    "/changes/copilot/reminders": {"reminders"},
}
"""Reads, and the read models that they are made from."""


@pytest.fixture(scope="module")
def desk(house: House) -> Desk:
    return Desk(house)


@pytest.fixture
def launched(office: Office) -> Office:
    office.announce(12)
    office.launch()
    office.impact("sales", members=range(1, 11))
    return office


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that waits in vain does not wait long."""
    monkeypatch.setattr(reading, "_PATIENCE_SECONDS", 0.05)


def last(database: Database, workspace_id: str) -> int:
    with database.read() as connection:
        return head(connection, workspace_id)[0]


def behind(office: Office, person: str = "p11") -> int:
    """Places somebody without helping the read models along, as another process might; the position."""
    with office.takehold.database.write("events", office.id) as connection:
        who = Who(actor="test", via="api")
        unit = Unit(connection, office.workspace, office.takehold.vault, who, datetime.now(UTC))
        change = load_change(connection, office.id, "copilot")
        place_member(unit, change, change.roles["sales"], person_of(unit, person), date(2026, 1, 1), None, None)
        return unit.position


def eligible(answer: Any) -> int:
    return answer.get_json()["series"][-1]["eligible"]


@pytest.mark.parametrize("route", WRITES)
def test_every_write_says_where_the_log_is_after_it(desk: Desk, route: str) -> None:
    answer = desk.send(route, json=WRITES[route][2])
    assert answer.status_code in (200, 201, 204)
    at = last(desk.office.takehold.database, desk.office.id)
    if route in ("/usage", "/heartbeats", "/quarantine/replay"):
        # Observations are no events: a number here would be taken for a position.
        assert "Takehold-Position" not in answer.headers
        assert answer.status_code == 204 or "position" not in answer.get_json()
        return
    assert answer.headers["Takehold-Position"] == str(at)
    assert answer.status_code == 204 or answer.get_json()["position"] == at


def test_a_write_that_alters_nothing_says_where_the_log_is_as_well(launched: Office) -> None:
    answer = launched.alice.patch("/changes/copilot", {})
    assert answer.get_json()["position"] == last(launched.takehold.database, launched.id)


def test_who_writes_reads_what_was_written(launched: Office) -> None:
    """Nothing but the request itself helps the read models along here: no worker runs."""
    position = behind(launched)
    assert eligible(launched.alice.get("/changes/copilot/adoption")) == 10
    answer = launched.alice.get("/changes/copilot/adoption", min_position=position)
    assert (eligible(answer), "stale" in answer.get_json()) == (11, False)


def test_a_read_waits_for_what_is_yet_to_come(launched: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_PATIENCE_SECONDS", 20.0)
    soon = last(launched.takehold.database, launched.id) + 1
    caller = Caller(launched.house.app.test_client(), launched.alice.key)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(caller.get, "/changes/copilot/adoption", min_position=soon)
        behind(launched)
        answer = waiting.result(timeout=30)
    assert (eligible(answer), "stale" in answer.get_json()) == (11, False)


@pytest.mark.parametrize("path", USES)
def test_what_has_not_come_in_time_is_said_to_be_missing(launched: Office, hurried: None, path: str) -> None:
    now = last(launched.takehold.database, launched.id)
    answer = launched.alice.get(path, min_position=now + 1)
    assert (answer.status_code, answer.get_json()["stale"]) == (200, True)
    assert "stale_since" not in answer.get_json()
    assert "ETag" not in answer.headers, "the same version with another body"
    for query in ({}, {"min_position": now}, {"min_position": 0}):
        assert "stale" not in launched.alice.get(path, **query).get_json()


@pytest.mark.parametrize("model", [model.name for model in READMODELS])
def test_what_is_made_from_a_stopped_read_model_says_since_when(
    launched: Office, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    # It is not waited for, since it would not come.
    monkeypatch.setattr(reading, "_PATIENCE_SECONDS", 3600.0)
    this = (FOLLOWER.c.workspace_id == launched.id) & (FOLLOWER.c.name == model)
    with launched.takehold.database.write("work", launched.id) as connection:
        connection.execute(update(FOLLOWER).where(this).values(stopped="KeyError at position 9"))
        since = connection.scalar(select(FOLLOWER.c.moved_at).where(this))
    position = behind(launched)
    for path, models in USES.items():
        for query in ({}, {"min_position": position}):
            told = launched.alice.get(path, **query).get_json()
            assert told.get("stale", False) == (model in models), path
            assert told.get("stale_since") == (since.isoformat() if model in models else None), path


@pytest.mark.parametrize("value", ["-1", str(2**63), "1.5", "soon", ""])
def test_a_position_that_makes_no_sense_is_refused(launched: Office, value: str) -> None:
    for path in USES:
        answer = launched.alice.get(path, min_position=value)
        assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "min_position"), path


class Crowded(Takehold):
    """A service with a neighbour that takes the store as soon as a command is done, and keeps it for long."""

    neighbour: Database | None = None

    def catch_up(self, workspace_id: str, seconds: float | None = None, stopped: Stopped = lambda: False) -> None:
        if self.neighbour is None:
            return
        with self.neighbour.write("work", workspace_id) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("LOCK TABLE follower IN ACCESS EXCLUSIVE MODE"))
            super().catch_up(workspace_id, seconds, stopped)


@pytest.fixture
def crowded(settings: Settings) -> Iterator[Crowded]:
    takehold = Crowded(settings)
    create_workspace(takehold)
    patient = open_database(settings.database_url, lock_seconds=60)
    takehold.database.close()
    takehold.database, takehold.neighbour = patient, open_database(settings.database_url)
    yield takehold
    takehold.close()
    takehold.neighbour.close()


def test_an_answer_does_not_wait_for_read_models_that_cannot_follow(crowded: Crowded) -> None:
    """Behind another writer the catch-up after a command would wait as long as a writer may: here a minute."""
    caller = Caller(create_app(crowded).test_client(), issue_key(crowded, "default", "admin"))
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(caller.post, "/people", [{"external_id": ROLE["key"]}]).result(timeout=20)
    assert (answer.status_code, answer.get_json()["position"]) == (200, 1)
    with crowded.database.read() as connection:
        assert set(connection.scalars(select(FOLLOWER.c.position))) == {0}
