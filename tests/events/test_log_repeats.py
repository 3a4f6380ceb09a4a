"""The same fact may arrive more than once, and is recorded once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from events.database import Database
from events.repeats import IdTaken, content, contents
from events.types.people import PersonConfirmed, PersonOptedOut
from tests.events.cast import HOME, NOON, fact, rows_of, tell

ALICE = UUID("00000000-0000-4000-8000-00000000a11c")
BOB = UUID("00000000-0000-4000-8000-000000000b0b")


def test_the_same_fact_arriving_again_is_left_out(database: Database) -> None:
    once = fact(ALICE, event_id=uuid4())
    assert len(tell(database, once, once)) == 1
    elsewhere = replace(once, occurred_at=once.occurred_at.astimezone(ZoneInfo("Asia/Kathmandu")))
    assert tell(database, elsewhere) == []
    assert [one.position for one in tell(database, once, fact())] == [2]


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one after the other"])
def test_an_id_that_says_something_else_now_is_refused_and_nothing_is_stored(
    database: Database, together: bool
) -> None:
    taken = uuid4()
    first = fact(ALICE, PersonOptedOut(person=ALICE, opted_out=True), taken)
    others = {
        "other data": replace(first, event=PersonOptedOut(person=ALICE, opted_out=False)),
        "another type": replace(first, event=PersonConfirmed(person=ALICE)),
        "another instant": replace(first, occurred_at=NOON + timedelta(microseconds=1)),
        "another stream": replace(first, stream=BOB),
    }
    for workspace, second in others.items():
        if not together:
            tell(database, first, workspace=workspace)
        batch = [fact(), first, second] if together else [fact(), second]
        with pytest.raises(IdTaken) as refused:
            tell(database, *batch, workspace=workspace)
        assert refused.value.event_id == taken
        assert len(rows_of(database, workspace)) == (0 if together else 1), workspace


def test_a_fact_of_the_hour_that_comes_twice_is_known_again(database: Database) -> None:
    """Python holds such a local time unequal to the same instant in UTC, which is what the log gives back."""
    berlin = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    for at in (berlin, berlin.replace(fold=1)):
        once = fact(event_id=uuid4(), at=at)
        assert len(tell(database, once)) == 1
        assert tell(database, once) == []
    first, second = rows_of(database)
    assert second.occurred_at - first.occurred_at == timedelta(hours=1)


def test_more_events_than_one_statement_can_name_are_checked_for_repeats_and_versions(database: Database) -> None:
    many = [fact(event_id=uuid4()) for _ in range(1201)]
    assert len(tell(database, *many)) == 1201
    assert tell(database, *many) == []
    assert [one.stream_version for one in tell(database, *(fact(one.stream) for one in many))] == [2] * 1201


def test_more_ids_than_a_statement_has_room_for_can_be_looked_up(database: Database) -> None:
    """PostgreSQL takes 65,535 parameters in one statement."""
    once = fact(event_id=uuid4())
    tell(database, once)
    with database.read() as connection:
        found = contents(connection, HOME, [*(UUID(int=number) for number in range(66_000)), once.event_id or ALICE])
    assert found == {once.event_id: content(once)}
