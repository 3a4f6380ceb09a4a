"""What can be asked of the read models that only tell of now."""

from __future__ import annotations

import pytest

from service.readmodels.changes import change_ids
from service.readmodels.optouts import opted_out
from service.readmodels.reminders import nudges_since, personal_count, reminders_of
from tests.service.api.office import House, Office
from tests.service.readmodels.history import ADA, CHANGE, CID, NOON, OTHER, id, tell


@pytest.fixture(scope="module")
def told(house: House) -> Office:
    office = house.office()
    tell(office)
    office.follow()
    return office


def test_changes_are_listed_in_the_order_of_their_launch(told: Office) -> None:
    with told.takehold.database.read() as connection:
        assert list(change_ids(connection, told.id)) == [CHANGE, OTHER]
        assert list(change_ids(connection, "elsewhere")) == []


def test_who_changed_their_mind_about_nudges_gets_them_again(told: Office) -> None:
    with told.takehold.database.read() as connection:
        assert opted_out(connection, told.id) == {CID}


def test_a_reminder_stands_as_its_last_event_says_and_an_answer_stands_for_good(told: Office) -> None:
    with told.takehold.database.read() as connection:
        rows = {row.reminder_id: row for row in reminders_of(connection, told.id, CHANGE)}
        assert personal_count(connection, told.id, CHANGE) == 2
    states = {name: rows[id(name)].state for name in ("answered", "failed", "dropped first", "put off", "waiting")}
    assert states == {
        "answered": "acknowledged",
        "failed": "failed",
        "dropped first": "raised",
        "put off": "dropped",
        "waiting": "raised",
    }
    assert rows[id("put off")].reason == "resolved_while_held"


def test_a_persons_nudges_count_and_a_managers_alerts_do_not(told: Office) -> None:
    with told.takehold.database.read() as connection:
        assert {person: len(dues) for person, dues in nudges_since(connection, told.id, NOON).items()} == {ADA: 2}
